//! Value moves as on Ethereum.

use super::support::*;
use crate::{mock::*, runner::Status};
use hanse_primitives::AccountId20;
use sp_core::H160;

#[test]
fn a_transfer_moves_value_and_uses_a_nonce() {
    run(|| {
        let execution = execute(with_value(call(ALICE, BOB), 7 * COIN)).expect("is executed");
        assert_eq!(execution.status, Status::Success(vec![]));
        assert_eq!((execution.gas_used, execution.contract_address), (21_000, None));
        assert_eq!((balance(ALICE), balance(BOB)), (993 * COIN, 1_007 * COIN));
        assert_eq!((nonce(ALICE), nonce(BOB)), (1, 0));
        assert_sound();
    });
}

#[test]
fn an_account_comes_to_be_by_receiving() {
    run(|| {
        let new = H160::repeat_byte(9);
        succeed(with_value(call(ALICE, new), 1));
        assert_eq!(balance(new), 1);
        assert_sound();
    });
}

#[test]
fn touching_an_empty_account_leaves_nothing() {
    run(|| {
        let empty = H160::repeat_byte(9);
        succeed(call(ALICE, empty));
        assert!(!frame_system::Account::<Test>::contains_key(AccountId20::from(empty)));
    });
}

#[test]
fn reserved_and_frozen_coins_are_no_part_of_the_balance() {
    use frame_support::traits::{LockIdentifier, LockableCurrency, ReservableCurrency, WithdrawReasons};
    run(|| {
        let alice = AccountId20::from(ALICE);
        let lock: LockIdentifier = *b"a-lock__";
        Balances::reserve(&alice, 100 * COIN).expect("has it");
        Balances::set_lock(lock, &alice, 300 * COIN, WithdrawReasons::all());
        // 300 are locked; 100 of them are the reserved ones.
        assert_eq!(balance(ALICE), 700 * COIN);
        succeed(with_value(call(ALICE, BOB), 700 * COIN));
        assert_eq!((balance(ALICE), balance(BOB)), (0, 1_700 * COIN));
        assert_eq!(Balances::free_balance(alice), 200 * COIN);
        assert_eq!(Balances::reserved_balance(alice), 100 * COIN);
        Balances::remove_lock(lock, &alice);
        assert_eq!(balance(ALICE), 200 * COIN);
    });
}

#[test]
fn a_native_transfer_and_an_ethereum_one_are_of_the_same_coins() {
    use frame_support::traits::{fungible::Mutate, tokens::Preservation};
    run(|| {
        succeed(with_value(call(ALICE, BOB), COIN));
        Balances::transfer(&BOB.into(), &ALICE.into(), 3 * COIN, Preservation::Expendable).expect("has it");
        assert_eq!((balance(ALICE), balance(BOB)), (1_002 * COIN, 998 * COIN));
        assert_sound();
    });
}
