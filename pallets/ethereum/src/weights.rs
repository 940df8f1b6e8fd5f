//! Weights of `pallet-ethereum`: what it does beside the EVM, whose work is paid in gas.
//!
//! Estimates: storage accesses counted from the code, computation rounded up from calls of the Wasm runtime. Running the
//! benchmarks replaces this file.

#![allow(clippy::unnecessary_cast)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight of each operation of `pallet-ethereum`.
pub trait WeightInfo {
    /// Validation of a transaction: signature, permission, nonce, funds.
    fn authorize() -> Weight;
    /// A transfer (21,000 gas) and what it takes to put it and its receipt into the block.
    fn transact() -> Weight;
    /// Sealing a block without transactions.
    fn seal() -> Weight;
}

/// Weights with the runtime's own cost of the database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Storage: sender and its code, chain id, gas limit, gas used, time, base fee.
    fn authorize() -> Weight {
        Weight::from_parts(80_000_000, 0).saturating_add(T::DbWeight::get().reads(2_u64))
    }

    /// Storage: sender, recipient, executed transactions, gas used.
    fn transact() -> Weight {
        Weight::from_parts(90_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    /// Storage: block, hash of the oldest and of the newest, base fee, parent's state root.
    fn seal() -> Weight {
        Weight::from_parts(100_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(8_u64))
            .saturating_add(T::DbWeight::get().writes(5_u64))
    }
}
