//! Who may call a precompile, how, and for how much.

use super::{asm::Asm, support::*};
use crate::{
    mock::*,
    precompile::{CODE, Handle, PrecompileError, revert_with},
    revm::bytecode::opcode as op,
};
use frame_support::weights::Weight;
use hanse_primitives::Log;
use sp_core::{H160, H256};

const OUTER: u8 = 0x52;

#[test]
fn staticcall_reads() {
    run(|| {
        let contract = H160::repeat_byte(OUTER);
        Counters::insert(contract, 5);
        let code = Asm::new().call(op::STATICCALL, COUNTER, READ).store_top(0).push(32).op(op::MLOAD).store_top(1);
        install(OUTER, code.build());
        succeed(call(ALICE, contract));
        assert_eq!((slot(contract, 0), slot(contract, 1)), (1, 5));
    });
}

#[test]
fn staticcall_never_writes() {
    run(|| {
        for operation in [INCREMENT, INCREMENT_CARELESSLY] {
            let code = Asm::new().call_with_gas(op::STATICCALL, COUNTER, operation, 50_000).store_top(0);
            let contract = install(OUTER, code.sstore(1, 7).build());
            succeed(call(ALICE, contract));
            assert_eq!((slot(contract, 0), slot(contract, 1)), (0, 7));
            assert!(!Counters::contains_key(contract));
        }
    });
}

/// What a static frame calls is static too.
#[test]
fn nor_does_a_call_inside_a_staticcall() {
    run(|| {
        let inner = install(0x51, Asm::new().call(op::CALL, COUNTER, INCREMENT).build());
        let contract = install(OUTER, Asm::new().call_with_gas(op::STATICCALL, inner, 0, 50_000).build());
        succeed(call(ALICE, contract));
        assert_eq!(Counters::iter().count(), 0);
    });
}

/// With them a contract would act in the name of its own caller.
#[test]
fn delegatecall_and_callcode_are_refused() {
    run(|| {
        for scheme in [op::DELEGATECALL, op::CALLCODE] {
            let code = Asm::new().call(scheme, COUNTER, INCREMENT).store_top(0).op(op::RETURNDATASIZE).store_top(1);
            let contract = install(OUTER, code.build());
            succeed(call(ALICE, contract));
            assert_eq!(slot(contract, 0), 0);
            assert_eq!(slot(contract, 1) as usize, revert_with(&"x".repeat(52)).len());
            assert_eq!(Counters::iter().count(), 0);
        }
    });
}

/// A delegate's call is in the name of whoever delegated.
#[test]
fn a_delegates_call_is_its_borrowers() {
    run(|| {
        let library = install(0x51, Asm::new().call(op::CALL, COUNTER, INCREMENT).build());
        let contract = install(OUTER, Asm::new().call(op::DELEGATECALL, library, 0).build());
        succeed(call(ALICE, contract));
        assert_eq!((Counters::get(contract), Counters::get(library)), (1, 0));
    });
}

/// EIP-7702: an account can't lend itself a precompile; what it runs is the code that the precompile shows, an invalid opcode.
#[test]
fn a_delegation_to_a_precompile_runs_nothing() {
    run(|| {
        let mut designator = vec![0xef, 0x01, 0x00];
        designator.extend_from_slice(&COUNTER.0);
        crate::flush::put_code::<Test>(BOB, &designator);
        let mut tx = call(ALICE, BOB);
        tx.data = vec![INCREMENT].into();
        let execution = execute(tx).expect("is executed");
        assert_eq!(execution.status, crate::runner::Status::Halt("invalid opcode: INVALID"));
        assert_eq!(Counters::iter().count(), 0);
    });
}

#[test]
fn a_precompile_has_code_and_no_storage() {
    run(|| {
        assert_eq!(Evm::code(COUNTER), CODE);
        let code = Asm::new().address(COUNTER).op(op::EXTCODESIZE).store_top(0);
        let contract = install(OUTER, code.address(COUNTER).op(op::EXTCODEHASH).store_top(1).build());
        succeed(call(ALICE, contract));
        assert_eq!(slot(contract, 0), 1);
        assert_eq!(Evm::storage(contract, H256::from_low_u64_be(1)).0, sp_io::hashing::keccak_256(&CODE));
        // Being called leaves no trace of it as a contract of its own.
        assert_eq!(crate::CodeHashes::<Test>::get(COUNTER), None);
    });
}

#[test]
fn gas_is_charged_by_weight() {
    run(|| {
        let gas = |operation: u8| {
            let mut tx = call(ALICE, COUNTER);
            tx.data = vec![operation].into();
            execute(tx).expect("is executed").gas_used
        };
        // One zero byte of data costs 4, any other 16; the log of one topic and one word 375 * 2 + 8 * 32.
        assert_eq!(gas(READ), 21_000 + 4 + COUNTER_GAS);
        assert_eq!(gas(INCREMENT), 21_000 + 16 + COUNTER_GAS + 1_006);
        assert_eq!(gas(INCREMENT_AND_REVERT), 21_000 + 16 + COUNTER_GAS);
        assert_eq!(gas(INCREMENT_AND_RUN_OUT), GAS);
    });
}

#[test]
fn value_that_comes_with_a_reverted_call_goes_back() {
    run(|| {
        let mut tx = with_value(call(ALICE, COUNTER), COIN);
        tx.data = vec![INCREMENT_AND_REVERT].into();
        assert!(!execute(tx).expect("is executed").succeeded());
        assert_eq!((balance(ALICE), balance(COUNTER)), (1_000 * COIN, 0));
        assert_sound();
    });
}

#[test]
fn ethereums_own_precompiles_answer() {
    run(|| {
        // SHA-256 of nothing.
        let mut tx = call(ALICE, H160::from_low_u64_be(2));
        let empty = sp_io::hashing::sha2_256(&[]);
        assert_eq!(succeed(tx.clone()), empty);
        // ECRECOVER of a real signature, and of garbage: no output.
        use sp_core::{Pair, ecdsa};
        let pair = ecdsa::Pair::from_seed(&[7; 32]);
        let hash = sp_io::hashing::keccak_256(b"message");
        let signature = pair.sign_prehashed(&hash).0;
        let mut input = hash.to_vec();
        input.extend_from_slice(&H256::from_low_u64_be(27 + u64::from(signature[64])).0);
        input.extend_from_slice(&signature[..64]);
        let key = sp_io::crypto::secp256k1_ecdsa_recover(&signature, &hash).unwrap_or([0; 64]);
        tx = call(ALICE, H160::from_low_u64_be(1));
        tx.data = input.into();
        assert_eq!(succeed(tx)[12..], sp_io::hashing::keccak_256(&key)[12..]);
        tx = call(ALICE, H160::from_low_u64_be(1));
        tx.data = vec![7; 128].into();
        assert!(succeed(tx).is_empty());
    });
}

#[test]
fn a_handle_counts_its_gas() {
    let mut handle = Handle::new(ALICE, COUNTER, &[], 2_000, Weight::from_parts(10, 0));
    assert_eq!(handle.charge_gas(100), Ok(()));
    assert_eq!(handle.charge_weight(Weight::from_parts(11, 0)), Ok(()));
    assert_eq!(handle.gas_left(), 1_898, "rounded up");
    let log = Log { address: COUNTER, topics: vec![], data: vec![0; 10] };
    assert_eq!(handle.emit(vec![log.clone()]), Ok(()));
    assert_eq!(handle.gas_left(), 1_898 - 375 - 80);
    assert_eq!(handle.charge_gas(1_444), Err(PrecompileError::OutOfGas));
    assert_eq!(handle.gas_left(), 1_443, "what can't be paid isn't taken");
    handle.is_static = true;
    assert_eq!(handle.emit(vec![log]), Err(PrecompileError::StaticViolation));
    assert_eq!(handle.logs().len(), 1);
}

#[test]
fn a_handle_without_time_per_gas_divides_by_no_zero() {
    let mut handle = Handle::new(ALICE, COUNTER, &[], 50, Weight::zero());
    assert_eq!(handle.charge_weight(Weight::from_parts(50, 0)), Ok(()));
    assert_eq!(handle.charge_weight(Weight::from_parts(1, 0)), Err(PrecompileError::OutOfGas));
}

/// `Error("…")` as Solidity encodes it.
#[test]
fn a_reason_is_encoded_as_solidity_does() {
    let data = revert_with("no");
    assert_eq!(data[..4], hex_literal::hex!("08c379a0"));
    assert_eq!(data.len(), 4 + 3 * 32);
    assert_eq!((word(&data[4..36]), word(&data[36..68])), (32.into(), 2.into()));
    assert_eq!(&data[68..71], b"no\0");
    assert_eq!(revert_with("").len(), 4 + 2 * 32);
    assert_eq!(revert_with(&"x".repeat(32)).len(), 4 + 3 * 32);
}
