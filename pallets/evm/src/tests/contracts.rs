//! Contracts: deployment, storage, failure, destruction, and what they see of their block.

use super::{asm::Asm, support::*};
use crate::{
    CodeHashes, Codes, Environment, Storages,
    mock::*,
    revm::{bytecode::opcode as op, primitives::hardfork::SpecId},
    runner::{self, Status},
};
use sp_core::{H160, H256};

fn slots(address: H160) -> usize {
    Storages::<Test>::iter_prefix(address).count()
}

#[test]
fn a_deployed_contract_runs() {
    run(|| {
        let runtime = Asm::new().push(42).return_top().build();
        let contract = deploy(Asm::new().sstore(0, 5).deploying(&runtime));
        assert_eq!(Evm::code(contract), runtime);
        assert_eq!((nonce(contract), slot(contract, 0)), (1, 5));
        assert_eq!(word(&succeed(call(BOB, contract))), 42.into());
        assert_sound();
    });
}

#[test]
fn equal_code_is_stored_once() {
    run(|| {
        let init = Asm::new().deploying(&[op::STOP]);
        let (one, two) = (deploy(init.clone()), deploy(init));
        assert_ne!(one, two);
        assert_eq!(CodeHashes::<Test>::get(one), CodeHashes::<Test>::get(two));
        assert_eq!(Codes::<Test>::iter().count(), 1);
    });
}

#[test]
fn zero_is_not_stored() {
    run(|| {
        // Writes the caller's word (its first byte of data is the value) to slot 0.
        let code = Asm::new().push(0).op(op::CALLDATALOAD).push(0).op(op::SSTORE).build();
        let contract = install(0x77, code);
        let write = |value: u64| {
            let mut tx = call(ALICE, contract);
            tx.data = H256::from_low_u64_be(value).0.to_vec().into();
            succeed(tx);
        };
        write(3);
        assert_eq!((slot(contract, 0), slots(contract)), (3, 1));
        write(4);
        assert_eq!((slot(contract, 0), slots(contract)), (4, 1));
        write(0);
        assert_eq!((slot(contract, 0), slots(contract)), (0, 0));
    });
}

#[test]
fn a_revert_undoes_all_but_nonce_and_gas() {
    run(|| {
        BaseFee::set(10);
        let contract = install(0x77, Asm::new().sstore(0, 1).revert_with(9).build());
        let before = balance(ALICE);
        let execution = execute(with_fees(with_value(call(ALICE, contract), COIN), 10, 0)).expect("is executed");
        let Status::Revert(reason) = &execution.status else { panic!("{:?}", execution.status) };
        assert_eq!(word(reason), 9.into());
        assert!(execution.gas_used < GAS);
        assert_eq!((slots(contract), balance(contract), nonce(ALICE)), (0, 0, 1));
        assert_eq!(balance(ALICE), before - u128::from(execution.gas_used) * 10);
        assert_sound();
    });
}

#[test]
fn running_out_of_gas_takes_all_of_it() {
    run(|| {
        let forever = Asm::new().sstore(0, 1).op(op::JUMPDEST).push(4).op(op::JUMP).build();
        let contract = install(0x77, forever);
        let execution = execute(call(ALICE, contract)).expect("is executed");
        assert_eq!(execution.status, Status::Halt("out of gas"));
        assert_eq!(execution.gas_used, GAS);
        assert_eq!((slots(contract), nonce(ALICE)), (0, 1));
        assert!(execution.logs.is_empty());
    });
}

#[test]
fn a_failed_deployment_leaves_no_contract() {
    run(|| {
        let execution = execute(create(ALICE, Asm::new().sstore(0, 1).revert().build())).expect("is executed");
        assert!(!execution.succeeded());
        assert_eq!(nonce(ALICE), 1);
        assert_eq!((CodeHashes::<Test>::iter().count(), Storages::<Test>::iter().count()), (0, 0));
    });
}

/// EIP-6780: only a contract of this very transaction is destroyed; any other only gives away its balance.
#[test]
fn selfdestruct_of_an_old_contract_only_sends_its_balance() {
    run(|| {
        let code = Asm::new().address(BOB).op(op::SELFDESTRUCT).build();
        let contract = deploy(Asm::new().sstore(0, 1).deploying(&code));
        succeed(with_value(call(ALICE, contract), COIN));
        assert_eq!((balance(contract), balance(BOB)), (0, 1_001 * COIN));
        assert_eq!((Evm::code(contract), slot(contract, 0), nonce(contract)), (code, 1, 1));
        assert_sound();
    });
}

#[test]
fn selfdestruct_in_the_transaction_of_creation_leaves_nothing() {
    run(|| {
        let init = Asm::new().sstore(0, 1).address(BOB).op(op::SELFDESTRUCT).build();
        let execution = execute(with_value(create(ALICE, init), COIN)).expect("is executed");
        let contract = execution.contract_address.expect("it was created");
        assert_eq!(balance(BOB), 1_001 * COIN);
        assert!(!frame_system::Account::<Test>::contains_key(hanse_primitives::AccountId20::from(contract)));
        assert_eq!((slots(contract), CodeHashes::<Test>::get(contract)), (0, None));
        assert_sound();
    });
}

#[test]
fn selfdestruct_to_itself_in_the_transaction_of_creation_burns() {
    run(|| {
        let init = Asm::new().op(op::ADDRESS).op(op::SELFDESTRUCT).build();
        assert!(execute(with_value(create(ALICE, init), COIN)).expect("is executed").succeeded());
        assert_eq!(Balances::total_issuance(), 1_999 * COIN);
        assert_sound();
    });
}

/// EIP-7610: no contract is made where storage is already, though there be neither code nor nonce.
#[test]
fn storage_makes_an_address_taken() {
    run(|| {
        let init = Asm::new().deploying(&[op::STOP]);
        let simulated = runner::simulate::<Test>(Environment::current::<Test>(), create(ALICE, init.clone()));
        let address = simulated.expect("is executed").contract_address.expect("would be created");
        Storages::<Test>::insert(address, H256::from_low_u64_be(7), H256::repeat_byte(1));
        let execution = execute(create(ALICE, init)).expect("is executed");
        assert_eq!(execution.status, Status::Halt("contract address collision"));
        assert_eq!((slots(address), CodeHashes::<Test>::get(address)), (1, None));
    });
}

#[test]
fn a_contract_sees_its_block() {
    run(|| {
        BaseFee::set(7);
        let environment = Environment::current::<Test>();
        assert_eq!(environment.cfg.spec, SpecId::OSAKA);
        for (opcode, expected) in [
            (op::NUMBER, 1_000u64),
            (op::TIMESTAMP, 1_700_000_000),
            (op::CHAINID, 4269),
            (op::BASEFEE, 7),
            (op::GASLIMIT, 30_000_000),
            (op::BLOBBASEFEE, 1),
        ] {
            let contract = install(0x77, Asm::new().op(opcode).return_top().build());
            assert_eq!(word(&succeed(with_fees(call(ALICE, contract), 7, 0))), expected.into(), "{opcode:x}");
        }
        let contract = install(0x77, Asm::new().op(op::COINBASE).return_top().build());
        assert_eq!(succeed(with_fees(call(ALICE, contract), 7, 0))[12..], Coinbase::get().0);
        for (number, expected) in [(999u64, 999u64), (744, 744), (743, 0), (1_000, 0), (1_001, 0)] {
            let contract = install(0x77, Asm::new().push(number).op(op::BLOCKHASH).return_top().build());
            assert_eq!(word(&succeed(with_fees(call(ALICE, contract), 7, 0))), expected.into(), "block {number}");
        }
    });
}

/// EIP-7702: an account lends itself a contract's code.
#[test]
fn a_delegated_account_runs_its_delegate() {
    run(|| {
        let delegate = install(0x77, Asm::new().sstore(0, 6).build());
        let mut designator = vec![0xef, 0x01, 0x00];
        designator.extend_from_slice(&delegate.0);
        crate::flush::put_code::<Test>(BOB, &designator);
        succeed(call(ALICE, BOB));
        assert_eq!((slot(BOB, 0), slot(delegate, 0)), (6, 0));
        assert_eq!(Evm::code(BOB), designator);
        // And it stays an account that can send transactions (EIP-3607 as amended).
        succeed(call(BOB, ALICE));
    });
}
