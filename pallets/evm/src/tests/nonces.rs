//! A used nonce stays used, whatever becomes of the account: otherwise old transactions could be replayed.

use super::support::*;
use crate::{TransactionError, mock::*};
use frame_support::traits::{fungible::Mutate, tokens::Preservation};
use hanse_primitives::AccountId20;
use sp_core::H160;

#[test]
fn emptied_by_ethereum_and_refilled() {
    run(|| {
        let first = with_value(call(ALICE, BOB), 1_000 * COIN);
        succeed(first.clone());
        assert_eq!((balance(ALICE), nonce(ALICE)), (0, 1));
        succeed(with_value(call(BOB, ALICE), 1_000 * COIN));
        assert_eq!(nonce(ALICE), 1);
        assert_eq!(execute(first), Err(TransactionError::NonceTooLow));
        assert_sound();
    });
}

#[test]
fn emptied_natively_and_refilled() {
    run(|| {
        let first = call(ALICE, BOB);
        succeed(first.clone());
        let alice = AccountId20::from(ALICE);
        Balances::transfer(&alice, &BOB.into(), 1_000 * COIN, Preservation::Expendable).expect("has it");
        assert_eq!((balance(ALICE), nonce(ALICE)), (0, 1));
        Balances::transfer(&BOB.into(), &alice, COIN, Preservation::Expendable).expect("has it");
        assert_eq!(execute(first), Err(TransactionError::NonceTooLow));
        assert_sound();
    });
}

#[test]
fn of_an_account_that_never_had_a_coin() {
    run(|| {
        let poor = H160::repeat_byte(9);
        let first = call(poor, BOB);
        succeed(first.clone());
        assert_eq!(nonce(poor), 1);
        endow(poor, COIN);
        Balances::transfer(&poor.into(), &BOB.into(), COIN, Preservation::Expendable).expect("has it");
        assert_eq!((balance(poor), nonce(poor)), (0, 1));
        assert_eq!(execute(first), Err(TransactionError::NonceTooLow));
        assert_sound();
    });
}

#[test]
fn ten_transactions_of_one_account_in_one_block() {
    run(|| {
        for expected in 1..=10 {
            succeed(call(ALICE, BOB));
            assert_eq!(nonce(ALICE), expected);
        }
    });
}
