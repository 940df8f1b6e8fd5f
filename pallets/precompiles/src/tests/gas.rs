//! What operations cost.

use super::support::*;
use crate::mock::*;
use alloy_sol_types::SolCall;
use hanse_primitives::convert::{address, ru256};
use pallet_evm::{Handle, PrecompileError, PrecompileSet};
use pallet_tokens::{WeightInfo, abi::IToken};

/// Runs a call with so much gas and gives what it used.
fn used(data: &[u8], gas: u64) -> Result<u64, PrecompileError> {
    let mut handle = Handle::new(ALICE, token(), data, gas, WeightPerGas::get());
    crate::HansePrecompiles::<Test>::call(&mut handle).map(|_| gas - handle.gas_left())
}

#[test]
fn an_operation_is_paid_for_by_its_weight() {
    with_probe(|_| {
        let data = IToken::transferCall { to: address(BOB), value: ru256(1.into()) }.abi_encode();
        let weight = <Test as pallet_tokens::Config>::WeightInfo::transfer(0);
        let read = <Test as frame_system::Config>::DbWeight::get().reads(1);
        let operation = (weight.ref_time() + read.ref_time()).div_ceil(WeightPerGas::get().ref_time());
        let log = 375 * 4 + 8 * 32;
        assert_eq!(used(&data, 10_000_000), Ok(200 + 6 * 3 + operation + log));
    });
}

#[test]
fn nothing_runs_on_credit() {
    with_probe(|_| {
        let data = IToken::transferCall { to: address(BOB), value: ru256(1.into()) }.abi_encode();
        let enough = used(&data, 10_000_000).expect("succeeds");
        for gas in [0, 199, 218, enough / 2, enough - 1] {
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

#[test]
fn reading_is_paid_for_too() {
    with_probe(|_| {
        let read = <Test as frame_system::Config>::DbWeight::get().reads(1).ref_time() / 10_000;
        let name = used(&IToken::nameCall {}.abi_encode(), 1_000_000).expect("succeeds");
        assert_eq!(name, 200 + 6 + read);
        let balance = IToken::balanceOfCall { account: address(BOB) }.abi_encode();
        assert_eq!(used(&balance, 1_000_000), Ok(200 + 6 * 2 + 2 * read));
    });
}
