//! What operations cost.

use super::support::*;
use crate::{WeightInfo as _, mock::*};
use alloy_sol_types::SolCall;
use frame_support::weights::Weight;
use hanse_primitives::{
    addresses,
    convert::{address, ru256},
};
use pallet_evm::{Handle, PrecompileError, PrecompileSet};
use pallet_tokens::{WeightInfo as _, abi::IToken};
use pallet_users::{MAX_VOUCHERS, abi::IUsers};
use sp_core::{H160, H256};

/// Runs a call with so much gas and gives what it used.
fn used(data: &[u8], gas: u64) -> Result<u64, PrecompileError> {
    let mut handle = Handle::new(ALICE, token(), data, gas, WeightPerGas::get());
    crate::HansePrecompiles::<Test>::call(&mut handle).map(|_| gas - handle.gas_left())
}

/// What decoding so many words costs, and so much time beside it.
fn gas_of(words: u32, weight: Weight) -> u64 {
    let per_gas = WeightPerGas::get().ref_time();
    let decode = <Test as crate::Config>::WeightInfo::decode(words);
    decode.ref_time().div_ceil(per_gas) + weight.ref_time().div_ceil(per_gas)
}

#[test]
fn an_operation_is_paid_for_by_its_weight() {
    with_probe(|_| {
        let data = IToken::transferCall { to: address(BOB), value: ru256(1.into()) }.abi_encode();
        let weight = <Test as pallet_tokens::Config>::WeightInfo::transfer(0);
        let read = <Test as frame_system::Config>::DbWeight::get().reads(1);
        let log = 375 * 4 + 8 * 32;
        assert_eq!(used(&data, 10_000_000), Ok(gas_of(3, weight + read) + log));
    });
}

#[test]
fn nothing_runs_on_credit() {
    with_probe(|_| {
        let data = IToken::transferCall { to: address(BOB), value: ru256(1.into()) }.abi_encode();
        let enough = used(&data, 10_000_000).expect("succeeds");
        let decoding = gas_of(3, Weight::zero());
        for gas in [0, decoding - 1, decoding, enough / 2, enough - 1] {
            let outcome = frame_support::storage::with_transaction(|| {
                sp_runtime::TransactionOutcome::Rollback(Ok::<_, sp_runtime::DispatchError>(used(&data, gas)))
            });
            assert_eq!(outcome, Ok(Err(PrecompileError::OutOfGas)));
        }
        assert_eq!(used(&data, enough), Ok(enough));
    });
}

#[test]
fn a_batch_is_paid_for_by_its_length() {
    with_probe(|_| {
        let batch = |n: usize| {
            let (to, values) = (vec![address(BOB); n], vec![ru256(0.into()); n]);
            used(&IToken::transferBatchCall { to, values }.abi_encode(), 1_000_000_000).expect("succeeds")
        };
        let (one, ten, thousand) = (batch(1), batch(10), batch(1_000));
        assert!(ten > one && thousand > 50 * ten / 10);
    });
}

/// Where the list of an account's vouchers is full, a place in it has to be looked for.
#[test]
fn a_full_list_of_vouchers_is_paid_for() {
    with_probe(|_| {
        let users = |account| {
            let call = IUsers::addUsersCall { app: app().into(), accounts: vec![address(account)] };
            let data = call.abi_encode();
            let mut handle = Handle::new(OWNER, addresses::USERS, &data, 1_000_000, WeightPerGas::get());
            crate::HansePrecompiles::<Test>::call(&mut handle).map(|_| 1_000_000 - handle.gas_left())
        };
        for salt in 0..u64::from(MAX_VOUCHERS) {
            let logs = &mut Vec::new();
            let app = Users::do_create_app(ALICE, H256::from_low_u64_be(salt), logs).expect("is new");
            Users::do_add_users(ALICE, app, &[BOB], logs).expect("is allowed");
        }
        let reads = <Test as frame_system::Config>::DbWeight::get().reads(MAX_VOUCHERS.into());
        let (usual, full) = (users(ALICE), users(BOB));
        assert_eq!(
            users(H160::repeat_byte(0x77)).map(|gas| gas + reads.ref_time() / WeightPerGas::get().ref_time()),
            full
        );
        assert_eq!(usual, full, "the owner of so many has a full list as well");
    });
}

#[test]
fn reading_is_paid_for_too() {
    with_probe(|_| {
        let reads = |n| <Test as frame_system::Config>::DbWeight::get().reads(n);
        let name = IToken::nameCall {}.abi_encode();
        assert_eq!(used(&name, 1_000_000), Ok(gas_of(1, reads(1))));
        let balance = IToken::balanceOfCall { account: address(BOB) }.abi_encode();
        assert_eq!(used(&balance, 1_000_000), Ok(gas_of(2, reads(2))));
    });
}
