//! A simulated call answers as if executed and leaves no trace.

use super::{asm::Asm, support::*};
use crate::{
    Environment, Execution, TransactionError,
    mock::*,
    revm::{bytecode::opcode as op, context::TxEnv},
    runner,
};
use sp_core::H160;

fn simulate(tx: TxEnv, with_fees: bool) -> Result<Execution, TransactionError> {
    let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
    let environment = Environment::current::<Test>().for_simulation(with_fees);
    let result = runner::simulate::<Test>(environment, tx);
    assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), root, "a trace is left");
    result
}

#[test]
fn it_says_what_execution_will_say() {
    run(|| {
        let code = Asm::new().sstore(0, 1).call(op::CALL, COUNTER, INCREMENT).op(op::POP).push(32).op(op::MLOAD);
        let contract = install(0x77, code.return_top().build());
        let simulated = simulate(call(ALICE, contract), false).expect("is executed");
        assert_eq!((Counters::get(contract), slot(contract, 0), nonce(ALICE)), (0, 0, 0));
        assert_eq!(execute(call(ALICE, contract)), Ok(simulated));
        assert_eq!((Counters::get(contract), slot(contract, 0), nonce(ALICE)), (1, 1, 1));
    });
}

#[test]
fn it_deploys_nothing() {
    run(|| {
        let init = Asm::new().call(op::CALL, COUNTER, INCREMENT).deploying(&[op::STOP]);
        let simulated = simulate(create(ALICE, init.clone()), false).expect("is executed");
        assert_eq!(Some(deploy(init)), simulated.contract_address);
    });
}

#[test]
fn a_refusal_leaves_nothing_either() {
    run(|| {
        let tx = with_value(call(ALICE, BOB), 2_000 * COIN);
        assert_eq!(simulate(tx, false), Err(TransactionError::InsufficientFunds));
    });
}

#[test]
fn anyone_may_call_from_anywhere_at_any_nonce() {
    run(|| {
        let contract = install(0x77, Asm::new().op(op::CALLER).return_top().build());
        BaseFee::set(100);
        for from in [contract, COUNTER, H160::repeat_byte(0x99), H160::zero()] {
            let tx = TxEnv { nonce: 55, gas_limit: 30_000_000, ..call(from, contract) };
            let execution = simulate(tx, false).expect("is executed");
            let runner::Status::Success(output) = execution.status else { panic!("{:?}", execution.status) };
            assert_eq!(output[12..], from.0);
        }
    });
}

#[test]
fn fees_count_when_they_are_named() {
    run(|| {
        BaseFee::set(100);
        let tx = with_fees(call(ALICE, BOB), 99, 0);
        assert_eq!(simulate(tx, true), Err(TransactionError::FeeCapTooLow));
        assert!(simulate(with_fees(call(ALICE, BOB), 100, 0), true).is_ok());
    });
}

#[test]
fn validation_leaves_nothing() {
    run(|| {
        let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
        let tx = with_fees(with_value(call(ALICE, BOB), COIN), 5, 5);
        assert_eq!(runner::validate::<Test>(Environment::current::<Test>(), tx), Ok(()));
        assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), root);
    });
}
