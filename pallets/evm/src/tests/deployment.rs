//! Contracts come to be only for senders who may deploy.

use super::{asm::Asm, support::*};
use crate::{
    Environment, Execution, TransactionError,
    mock::*,
    precompile::revert_with,
    revm::{bytecode::opcode as op, context::TxEnv},
    runner::{self, Status},
};
use hanse_primitives::convert;
use sp_core::H160;

/// Runs a test on a chain where Alice may deploy and Bob may not.
fn run_restricted(test: impl FnOnce()) {
    run(|| {
        Undeploying::set(Some(BOB));
        test();
        Undeploying::set(None);
    });
}

fn simulate(tx: TxEnv) -> Result<Execution, TransactionError> {
    runner::simulate::<Test>(Environment::current::<Test>().for_simulation(false), tx)
}

/// Creates an empty contract and leaves its address, or zero, on the stack.
fn creation(opcode: u8) -> Asm {
    let code = if opcode == op::CREATE2 { Asm::new().push(7) } else { Asm::new() };
    code.push(0).push(0).push(0).op(opcode)
}

/// What Solidity makes of `return address(new C())`: reverts with what the creation returned, if that failed.
fn factory(opcode: u8) -> Vec<u8> {
    let code = creation(opcode);
    let failed = code.clone().build().len() as u64 + 11;
    code.op(op::DUP1)
        .op(op::ISZERO)
        .push(failed)
        .op(op::JUMPI)
        .return_top()
        .op(op::JUMPDEST)
        .op(op::RETURNDATASIZE)
        .push(0)
        .push(0)
        .op(op::RETURNDATACOPY)
        .op(op::RETURNDATASIZE)
        .push(0)
        .op(op::REVERT)
        .build()
}

#[test]
fn a_transaction_that_creates() {
    run_restricted(|| {
        let init_code = Asm::new().deploying(&[op::STOP]);
        let before = sp_io::storage::root(sp_runtime::StateVersion::V1);
        let refused = Err(TransactionError::DeploymentNotPermitted);
        assert_eq!(execute(create(BOB, init_code.clone())), refused);
        assert_eq!(simulate(create(BOB, init_code.clone())), refused);
        let environment = Environment::current::<Test>();
        assert_eq!(runner::accesses::<Test>(environment.clone(), create(BOB, init_code.clone())).err(), refused.err());
        let in_pool = runner::validate::<Test>(environment.for_pool(), create(BOB, init_code.clone()));
        assert_eq!(in_pool, Err(TransactionError::DeploymentNotPermitted));
        assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), before);

        let contract = deploy(init_code);
        assert!(succeed(call(BOB, contract)).is_empty(), "what is there serves everyone");
    });
}

#[test]
fn a_contract_that_creates() {
    for opcode in [op::CREATE, op::CREATE2] {
        run_restricted(|| {
            let contract = install(0x77, factory(opcode));
            let before = nonce(contract);
            let execution = execute(call(BOB, contract)).expect("is executed");
            let reason = revert_with("sender is not permitted to deploy contracts on this network");
            assert_eq!(execution.status, Status::Revert(reason));
            assert!(execution.gas_used < GAS / 2, "it doesn't take all gas");
            assert_eq!(nonce(contract), before);

            // The same contract, called by one who may.
            let created = H160::from_slice(&succeed(call(ALICE, contract))[12..]);
            assert!(!created.is_zero());
            assert_eq!((nonce(contract), nonce(created)), (before + 1, 1));
            assert_sound();
        });
    }
}

/// Whoever is between: the sender counts.
#[test]
fn a_contract_that_another_calls() {
    run_restricted(|| {
        let factory = install(0x77, factory(op::CREATE));
        for scheme in [op::CALL, op::CALLCODE, op::DELEGATECALL] {
            let code = Asm::new().call(scheme, factory, 0).return_top().build();
            let proxy = install(scheme, code);
            assert_eq!(word(&succeed(call(BOB, proxy))), 0.into());
            assert_eq!(word(&succeed(call(ALICE, proxy))), 1.into());
        }
    });
}

/// The frame goes on after it, and what it wrote stays.
#[test]
fn a_refused_creation_can_be_dealt_with() {
    run_restricted(|| {
        let code = Asm::new().sstore(0, 5).push(0).push(0).push(0).op(op::CREATE).store_top(1);
        let contract = install(0x77, code.op(op::RETURNDATASIZE).store_top(2).sstore(3, 6).build());
        succeed(call(BOB, contract));
        assert_eq!([0, 1, 2, 3].map(|index| slot(contract, index)), [5, 0, 4 + 4 * 32, 6]);
    });
}

#[test]
fn a_refused_creation_halts_where_any_does() {
    run_restricted(|| {
        let halt = |code: Vec<u8>, gas_limit| {
            let tx = TxEnv { gas_limit, ..call(BOB, install(0x77, code)) };
            match execute(tx).expect("is executed").status {
                Status::Halt(reason) => reason,
                other => panic!("did not halt: {other:?}"),
            }
        };
        for opcode in [op::CREATE, op::CREATE2] {
            assert_eq!(halt(Asm::new().push(0).push(0).op(opcode).build(), GAS), "stack underflow");
            // The creation itself costs 32,000.
            assert_eq!(halt(creation(opcode).build(), 21_000 + 32_000), "out of gas");
        }
        let factory = install(0x78, factory(op::CREATE));
        let code = Asm::new().call_with_gas(op::STATICCALL, factory, 0, 100_000).return_top().build();
        let execution = execute(call(BOB, install(0x79, code))).expect("is executed");
        assert_eq!(execution.status, Status::Success(vec![0; 32]));
        assert!(execution.gas_used > 100_000, "write protection takes all gas of the frame");
    });
}

/// `eth_call` without a sender.
#[test]
fn a_call_of_no_one_may_create() {
    run_restricted(|| {
        Undeploying::set(Some(H160::zero()));
        let returned = simulate(create(H160::zero(), Asm::new().deploying(&[op::STOP]))).expect("is executed");
        assert_eq!(returned.status, Status::Success(vec![op::STOP]));
        let factory = install(0x77, factory(op::CREATE2));
        assert!(
            simulate(TxEnv { caller: convert::address(H160::zero()), ..call(ALICE, factory) })
                .expect("is executed")
                .succeeded()
        );
    });
}
