//! Weights of `pallet_evm`, as measured. `scripts/weights` writes this file; don't edit it.
//!
//! 2026-11-26, AMD EPYC, 50 steps of 20 repeats in the Wasm runtime, without the database; its share is
//! what the runtime says of it, for each read and write.
#![allow(missing_docs)]

use core::marker::PhantomData;
#[allow(unused_imports)]
use frame_support::{traits::Get, weights::Weight};

/// Weight of each operation of `pallet_evm`.
pub trait WeightInfo {
    fn transfer() -> Weight;
    fn store(n: u32) -> Weight;
    fn load(n: u32) -> Weight;
    fn deploy(n: u32) -> Weight;
}

/// Weights with the runtime's own cost of the database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Storage: `System::ParentHash` (r:1 w:0)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    /// Storage: `System::Account` (r:3 w:2)
    /// Storage: `Evm::CodeHashes` (r:3 w:0)
    fn transfer() -> Weight {
        Weight::from_parts(35_953_000, 0)
            .saturating_add(T::DbWeight::get().reads(8))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `System::ParentHash` (r:1 w:0)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    /// Storage: `System::Account` (r:3 w:1)
    /// Storage: `Evm::CodeHashes` (r:3 w:0)
    /// Storage: `Evm::Codes` (r:1 w:0)
    /// Storage: `Evm::Storages` (r:1000 w:1000)
    /// `n` was measured from 0 to 1000.
    fn store(n: u32) -> Weight {
        Weight::from_parts(39_939_000, 0)
            .saturating_add(Weight::from_parts(5_707_549, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(9))
            .saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(1))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(n.into())))
    }

    /// Storage: `System::ParentHash` (r:1 w:0)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    /// Storage: `System::Account` (r:3 w:1)
    /// Storage: `Evm::CodeHashes` (r:3 w:0)
    /// Storage: `Evm::Codes` (r:1 w:0)
    /// Storage: `Evm::Storages` (r:1000 w:0)
    /// `n` was measured from 0 to 1000.
    fn load(n: u32) -> Weight {
        Weight::from_parts(40_530_000, 0)
            .saturating_add(Weight::from_parts(4_910_060, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(9))
            .saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `System::ParentHash` (r:1 w:0)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    /// Storage: `Users::DeployPolicy` (r:1 w:0)
    /// Storage: `System::Account` (r:3 w:2)
    /// Storage: `Evm::CodeHashes` (r:3 w:1)
    /// Storage: `Evm::Storages` (r:1 w:0)
    /// Storage: `Evm::Codes` (r:1 w:1)
    /// `n` was measured from 0 to 24576.
    fn deploy(n: u32) -> Weight {
        Weight::from_parts(50_107_311, 0)
            .saturating_add(Weight::from_parts(10_931, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(11))
            .saturating_add(T::DbWeight::get().writes(4))
    }
}
