//! Weights of `pallet-evm`.
//!
//! Nothing here is charged: gas pays for the EVM's work, at `Config::WeightPerGas`. These weights say what some of that work
//! takes, and [`covers`] compares: a runtime in which gas is too cheap doesn't pass its integrity test.
//!
//! Estimates: storage accesses counted from the code, computation rounded up from calls of the Wasm runtime. Running the
//! benchmarks replaces this file.

#![allow(clippy::unnecessary_cast)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight of some of the EVM's work.
pub trait WeightInfo {
    /// Executing a transfer between two accounts: 21,000 gas.
    fn transfer() -> Weight;
    /// Executing a transaction that stores `n` new slots: 22,100 gas each.
    fn store(n: u32) -> Weight;
    /// Executing a transaction that reads `n` slots for the first time: 2,100 gas each.
    fn load(n: u32) -> Weight;
    /// Executing a transaction that deploys `n` bytes of code: 200 gas each, and 32,000.
    fn deploy(n: u32) -> Weight;
}

/// Weights with the runtime's own cost of the database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Storage: sender, recipient, their codes, chain id, gas limit, time, issuance.
    fn transfer() -> Weight {
        Weight::from_parts(40_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    /// Storage: each slot.
    fn store(n: u32) -> Weight {
        Weight::from_parts(80_000_000, 0)
            .saturating_add(Weight::from_parts(8_000_000, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(5_u64.saturating_add(n.into())))
            .saturating_add(T::DbWeight::get().writes(2_u64.saturating_add(n.into())))
    }

    /// Storage: each slot.
    fn load(n: u32) -> Weight {
        Weight::from_parts(80_000_000, 0)
            .saturating_add(Weight::from_parts(5_000_000, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(5_u64.saturating_add(n.into())))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    /// Storage: the code and who has it.
    fn deploy(n: u32) -> Weight {
        Weight::from_parts(120_000_000, 0)
            .saturating_add(Weight::from_parts(40_000, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(7_u64))
            .saturating_add(T::DbWeight::get().writes(5_u64))
    }
}
