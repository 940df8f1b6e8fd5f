//! Weights of `pallet_ethereum`, as measured. `scripts/weights` writes this file; don't edit it.
//!
//! 2026-11-26, AMD EPYC, 50 steps of 20 repeats in the Wasm runtime, without the database; its share is
//! what the runtime says of it, for each read and write.
#![allow(missing_docs)]

use core::marker::PhantomData;
#[allow(unused_imports)]
use frame_support::{traits::Get, weights::Weight};

/// Weight of each operation of `pallet_ethereum`.
pub trait WeightInfo {
    fn authorize() -> Weight;
    fn transact() -> Weight;
    fn seal() -> Weight;
}

/// Weights with the runtime's own cost of the database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Storage: `System::ParentHash` (r:1 w:0)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    /// Storage: `System::Account` (r:1 w:0)
    /// Storage: `Evm::CodeHashes` (r:1 w:0)
    fn authorize() -> Weight {
        Weight::from_parts(62_634_000, 0).saturating_add(T::DbWeight::get().reads(4))
    }

    /// Storage: `System::ParentHash` (r:1 w:0)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    /// Storage: `System::Account` (r:3 w:3)
    /// Storage: `Evm::CodeHashes` (r:3 w:0)
    fn transact() -> Weight {
        Weight::from_parts(109_303_000, 0)
            .saturating_add(T::DbWeight::get().reads(8))
            .saturating_add(T::DbWeight::get().writes(3))
    }

    /// Storage: `System::ParentHash` (r:1 w:0)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    /// Storage: `Ethereum::BlockHashes` (r:1 w:1)
    /// Storage: `Ethereum::CurrentBlock` (r:0 w:1)
    fn seal() -> Weight {
        Weight::from_parts(14_862_000, 0)
            .saturating_add(T::DbWeight::get().reads(3))
            .saturating_add(T::DbWeight::get().writes(2))
    }
}
