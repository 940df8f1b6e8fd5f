//! The same checks again, as a block is built or imported.

use super::support::*;
use crate::mock::*;
use alloy_consensus::TxLegacy;
use alloy_primitives::U256;
use hanse_primitives::{AccountId20, TransactionError};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};

fn refused(raw: &[u8], invalid: InvalidTransaction) {
    assert_eq!(apply(raw), Err(TransactionValidityError::Invalid(invalid)));
}

#[test]
fn nonces_must_be_the_next() {
    run(|| {
        begin_block();
        refused(&transfer(1), InvalidTransaction::Future);
        assert!(apply(&transfer(0)).is_ok());
        refused(&transfer(0), InvalidTransaction::Stale);
        assert!(apply(&transfer(1)).is_ok());
        assert_eq!(end_block().1.transactions.len(), 2);
        begin_block();
        refused(&transfer(1), InvalidTransaction::Stale);
        end_block();
    });
}

#[test]
fn what_is_refused_leaves_nothing() {
    run(|| {
        begin_block();
        let before = System::account(AccountId20::from(address(1)));
        let custom = |error: TransactionError| InvalidTransaction::Custom(error.code());
        let too_much = TxLegacy { value: U256::from(ENDOWMENT + 1), ..legacy(0) };
        refused(&signed(1, too_much), custom(TransactionError::InsufficientFunds));
        refused(&signed(1, TxLegacy { chain_id: Some(1), ..legacy(0) }), custom(TransactionError::InvalidChainId));
        refused(&signed(1, TxLegacy { chain_id: None, ..legacy(0) }), custom(TransactionError::Unprotected));
        Banned::set(Some(address(1)));
        refused(&transfer(0), custom(TransactionError::NotPermitted));
        Banned::set(None);
        assert_eq!(System::account(AccountId20::from(address(1))), before);
        assert_eq!(crate::GasUsed::<Test>::get(), 0);
        assert!(end_block().1.transactions.is_empty());
    });
}

/// Funds that were there when the pool looked may be gone when the block is built.
#[test]
fn funds_are_checked_again() {
    run(|| {
        let all = TxLegacy { value: U256::from(ENDOWMENT), ..legacy(0) };
        let more = TxLegacy { value: U256::from(1), ..legacy(1) };
        assert!(validate(&signed(1, more.clone())).is_ok());
        begin_block();
        assert!(apply(&signed(1, all)).is_ok());
        refused(&signed(1, more), InvalidTransaction::Custom(TransactionError::InsufficientFunds.code()));
    });
}

/// A block's gas limit holds for the gas limits of those that still come, and the gas used of those that came.
#[test]
fn a_full_block_makes_the_rest_wait() {
    run(|| {
        pallet_evm::BlockGasLimit::<Test>::put(100_000);
        begin_block();
        let greedy = |nonce| signed(1, TxLegacy { gas_limit: 60_000, ..legacy(nonce) });
        assert!(apply(&greedy(0)).is_ok());
        assert!(apply(&greedy(1)).is_ok(), "the first used 21,000 of its 60,000");
        refused(&greedy(2), InvalidTransaction::ExhaustsResources);
        assert!(apply(&transfer(2)).is_ok());
        let block = end_block().1;
        assert_eq!(block.transactions.iter().map(|tx| tx.gas_used).sum::<u64>(), 63_000);
        begin_block();
        assert!(apply(&greedy(3)).is_ok(), "the next block starts empty");
    });
}

/// What the gas limit reserved and execution didn't need is given back to the block.
#[test]
fn unused_weight_is_given_back() {
    run(|| {
        let weight_of = |gas_limit| {
            begin_block();
            let before = System::block_weight().total();
            assert!(apply(&signed(1, TxLegacy { gas_limit, ..legacy(nonce(address(1))) })).is_ok());
            let taken = System::block_weight().total().saturating_sub(before);
            end_block();
            taken.ref_time()
        };
        let (exact, generous) = (weight_of(21_000), weight_of(10_000_000));
        assert_eq!(exact, generous);
        assert!(exact >= 21_000 * WeightPerGas::get().ref_time());
    });
}
