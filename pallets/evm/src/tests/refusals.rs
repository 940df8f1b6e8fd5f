//! What can't be executed is refused, says why, and changes nothing.

use super::{asm::Asm, support::*};
use crate::{
    Environment, TransactionError,
    mock::*,
    revm::{context::TxEnv, primitives::B256},
    runner,
};
use hanse_primitives::convert;
use sp_core::H160;

/// Refused at execution, at simulation where it applies, and by the pool; the state stays as it was.
fn refused(tx: TxEnv, error: TransactionError) {
    let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
    assert_eq!(execute(tx.clone()), Err(error));
    let pool = runner::validate::<Test>(Environment::current::<Test>().for_pool(), tx);
    let in_pool = matches!(error, TransactionError::NonceTooLow | TransactionError::NonceTooHigh);
    assert_eq!(pool, if in_pool { Ok(()) } else { Err(error) });
    assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), root);
}

#[test]
fn nonces() {
    run(|| {
        refused(TxEnv { nonce: 1, ..call(ALICE, BOB) }, TransactionError::NonceTooHigh);
        succeed(call(ALICE, BOB));
        refused(TxEnv { nonce: 0, ..call(ALICE, BOB) }, TransactionError::NonceTooLow);
    });
}

/// EIP-2681: 2^64 - 1 is never used.
#[test]
fn the_last_nonce() {
    run(|| {
        frame_system::Account::<Test>::mutate(hanse_primitives::AccountId20::from(ALICE), |account| {
            account.nonce = u64::MAX;
        });
        let environment = Environment::current::<Test>();
        let result = runner::execute::<Test>(environment, call(ALICE, BOB));
        assert_eq!(result, Err(TransactionError::NonceMax));
    });
}

#[test]
fn funds() {
    run(|| {
        refused(with_value(call(ALICE, BOB), 1_000 * COIN + 1), TransactionError::InsufficientFunds);
        // The whole gas limit must be covered at the fee cap, not just at the price paid.
        let tx = with_fees(with_value(call(ALICE, BOB), 1_000 * COIN), 1, 0);
        refused(tx, TransactionError::InsufficientFunds);
        let tx = with_fees(call(H160::repeat_byte(9), BOB), 1, 0);
        refused(tx, TransactionError::InsufficientFunds);
    });
}

#[test]
fn fees() {
    run(|| {
        BaseFee::set(100);
        refused(call(ALICE, BOB), TransactionError::FeeCapTooLow);
        refused(with_fees(call(ALICE, BOB), 99, 0), TransactionError::FeeCapTooLow);
        refused(with_fees(call(ALICE, BOB), 200, 201), TransactionError::TipAboveFeeCap);
    });
}

#[test]
fn gas_limits() {
    run(|| {
        refused(TxEnv { gas_limit: 20_999, ..call(ALICE, BOB) }, TransactionError::IntrinsicGas);
        refused(TxEnv { gas_limit: 53_000, ..create(ALICE, vec![0]) }, TransactionError::IntrinsicGas);
        // EIP-7825
        refused(TxEnv { gas_limit: (1 << 24) + 1, ..call(ALICE, BOB) }, TransactionError::GasLimitTooHigh);
        // EIP-7623: 1,000 bytes other than zero cost 21,000 + 16,000 to run, but no less than 21,000 + 40,000.
        let tx = TxEnv { gas_limit: 50_000, data: vec![1; 1_000].into(), ..call(ALICE, BOB) };
        refused(tx, TransactionError::FloorDataGas);
        crate::BlockGasLimit::<Test>::put(100_000);
        refused(TxEnv { gas_limit: 100_001, ..call(ALICE, BOB) }, TransactionError::GasLimitReached);
    });
}

#[test]
fn chains() {
    run(|| {
        refused(TxEnv { chain_id: Some(1), ..call(ALICE, BOB) }, TransactionError::InvalidChainId);
    });
}

/// EIP-3860
#[test]
fn init_code_over_its_limit() {
    run(|| {
        let tx = TxEnv { gas_limit: 16_000_000, ..create(ALICE, vec![0; 49_153]) };
        refused(tx, TransactionError::InitCodeTooLarge);
        let tx = TxEnv { gas_limit: 16_000_000, ..create(ALICE, vec![0; 49_152]) };
        assert!(execute(tx).is_ok());
    });
}

/// EIP-3607
#[test]
fn a_sender_with_code() {
    run(|| {
        let contract = install(0x77, Asm::new().push(1).build());
        refused(TxEnv { nonce: nonce(contract), ..call(contract, BOB) }, TransactionError::SenderNotEoa);
        refused(TxEnv { nonce: 0, ..call(COUNTER, BOB) }, TransactionError::SenderNotEoa);
    });
}

#[test]
fn blob_transactions() {
    run(|| {
        let mut hash = B256::ZERO;
        hash.0[0] = 1;
        let tx = TxEnv {
            tx_type: 3,
            blob_hashes: vec![hash],
            max_fee_per_blob_gas: 0,
            gas_priority_fee: Some(0),
            ..call(ALICE, BOB)
        };
        refused(tx, TransactionError::TypeNotSupported);
    });
}

/// EIP-7702
#[test]
fn authorization_lists() {
    run(|| {
        let tx = TxEnv { tx_type: 4, gas_priority_fee: Some(0), ..call(ALICE, BOB) };
        refused(tx, TransactionError::InvalidAuthorizationList);
    });
}

#[test]
fn the_recipient_may_hold_any_balance() {
    run(|| {
        // Value beyond what a balance can hold never gets past the sender's funds.
        let mut tx = call(ALICE, BOB);
        tx.value = convert::ru256(sp_core::U256::MAX);
        refused(tx, TransactionError::InsufficientFunds);
    });
}
