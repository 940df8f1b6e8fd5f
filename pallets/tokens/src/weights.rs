//! Weights of `pallet_tokens`, as measured. `scripts/weights` writes this file; don't edit it.
//!
//! 2026-11-24, AMD EPYC, 50 steps of 20 repeats in the Wasm runtime, without the database; its share is
//! what the runtime says of it, for each read and write.
//!
//! Those of collections (from `create_collection` on) are not measured yet: the reads and writes are counted in the code,
//! the time is that of tokens' like operations, and as much again. The next run of `scripts/weights` replaces them.
#![allow(missing_docs)]

use core::marker::PhantomData;
#[allow(unused_imports)]
use frame_support::{traits::Get, weights::Weight};

/// Weight of each operation of `pallet_tokens`.
pub trait WeightInfo {
    fn create_token() -> Weight;
    fn mint() -> Weight;
    fn burn() -> Weight;
    fn burn_from() -> Weight;
    fn transfer(c: u32) -> Weight;
    fn transfer_from(c: u32) -> Weight;
    fn transfer_batch(n: u32) -> Weight;
    fn transfer_batch_open(n: u32) -> Weight;
    fn approve() -> Weight;
    fn pause() -> Weight;
    fn unpause() -> Weight;
    fn freeze() -> Weight;
    fn unfreeze() -> Weight;
    fn create_collection() -> Weight;
    fn pause_collection() -> Weight;
    fn unpause_collection() -> Weight;
    fn mint_uniques(n: u32) -> Weight;
    fn transfer_unique() -> Weight;
    fn burn_unique() -> Weight;
    fn approve_unique() -> Weight;
    fn approve_operator() -> Weight;
    fn create_edition() -> Weight;
    fn mint_edition(n: u32) -> Weight;
    fn transfer_editions(n: u32) -> Weight;
    fn burn_edition() -> Weight;
    fn open_slot(n: u32) -> Weight;
    fn buy(n: u32) -> Weight;
    fn close_slot() -> Weight;
}

/// Weights with the runtime's own cost of the database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:2 w:0)
    /// Storage: `Tokens::Tokens` (r:1 w:1)
    /// Storage: `Tokens::Holdings` (r:1 w:1)
    /// Storage: `Users::Users` (r:1 w:0)
    fn create_token() -> Weight {
        Weight::from_parts(18_257_000, 0)
            .saturating_add(T::DbWeight::get().reads(6))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:1)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:2 w:0)
    /// Storage: `Tokens::Holdings` (r:1 w:1)
    /// Storage: `Users::Users` (r:1 w:0)
    /// Storage: `Ethereum::NativeLogs` (r:1 w:1)
    fn mint() -> Weight {
        Weight::from_parts(22_663_000, 0)
            .saturating_add(T::DbWeight::get().reads(7))
            .saturating_add(T::DbWeight::get().writes(3))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:1)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::Holdings` (r:1 w:1)
    /// Storage: `Users::Users` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    /// Storage: `Ethereum::NativeLogs` (r:1 w:1)
    fn burn() -> Weight {
        Weight::from_parts(20_891_000, 0)
            .saturating_add(T::DbWeight::get().reads(6))
            .saturating_add(T::DbWeight::get().writes(3))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:1)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::Allowances` (r:1 w:1)
    /// Storage: `Tokens::Holdings` (r:1 w:1)
    /// Storage: `Users::Users` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    fn burn_from() -> Weight {
        Weight::from_parts(22_464_000, 0)
            .saturating_add(T::DbWeight::get().reads(6))
            .saturating_add(T::DbWeight::get().writes(3))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::Holdings` (r:2 w:2)
    /// Storage: `Users::Users` (r:2 w:0)
    /// Storage: `Users::Admins` (r:2 w:0)
    /// `c` was measured from 0 to 1.
    fn transfer(c: u32) -> Weight {
        Weight::from_parts(11_525_688, 0)
            .saturating_add(Weight::from_parts(11_760_211, 0).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads(3))
            .saturating_add(T::DbWeight::get().reads(5_u64.saturating_mul(c.into())))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::Allowances` (r:1 w:1)
    /// Storage: `Tokens::Holdings` (r:2 w:2)
    /// Storage: `Users::Users` (r:2 w:0)
    /// Storage: `Users::Admins` (r:2 w:0)
    /// `c` was measured from 0 to 1.
    fn transfer_from(c: u32) -> Weight {
        Weight::from_parts(16_498_452, 0)
            .saturating_add(Weight::from_parts(11_781_090, 0).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads(4))
            .saturating_add(T::DbWeight::get().reads(5_u64.saturating_mul(c.into())))
            .saturating_add(T::DbWeight::get().writes(3))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::Holdings` (r:1001 w:1001)
    /// Storage: `Users::Users` (r:1001 w:0)
    /// Storage: `Users::Admins` (r:1001 w:0)
    /// Storage: `Ethereum::NativeLogs` (r:1 w:1)
    /// `n` was measured from 0 to 1000.
    fn transfer_batch(n: u32) -> Weight {
        Weight::from_parts(16_604_000, 0)
            .saturating_add(Weight::from_parts(9_223_749, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(6))
            .saturating_add(T::DbWeight::get().reads(3_u64.saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(2))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(n.into())))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:0)
    /// Storage: `Tokens::Holdings` (r:1001 w:1001)
    /// `n` was measured from 0 to 1000.
    fn transfer_batch_open(n: u32) -> Weight {
        Weight::from_parts(7_481_000, 0)
            .saturating_add(Weight::from_parts(4_071_396, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(2))
            .saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(1))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(n.into())))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:0)
    /// Storage: `Tokens::Allowances` (r:0 w:1)
    fn approve() -> Weight {
        Weight::from_parts(4_757_000, 0)
            .saturating_add(T::DbWeight::get().reads(1))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:1)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    /// Storage: `Ethereum::NativeLogs` (r:1 w:1)
    fn pause() -> Weight {
        Weight::from_parts(14_772_000, 0)
            .saturating_add(T::DbWeight::get().reads(4))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:1)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    /// Storage: `Ethereum::NativeLogs` (r:1 w:1)
    fn unpause() -> Weight {
        Weight::from_parts(14_592_000, 0)
            .saturating_add(T::DbWeight::get().reads(4))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    /// Storage: `Tokens::Holdings` (r:1 w:1)
    /// Storage: `Ethereum::NativeLogs` (r:1 w:1)
    fn freeze() -> Weight {
        Weight::from_parts(17_166_000, 0)
            .saturating_add(T::DbWeight::get().reads(5))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    /// Storage: `Tokens::Holdings` (r:1 w:1)
    /// Storage: `Ethereum::NativeLogs` (r:1 w:1)
    fn unfreeze() -> Weight {
        Weight::from_parts(17_546_000, 0)
            .saturating_add(T::DbWeight::get().reads(5))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    fn create_collection() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 1))
    }

    fn pause_collection() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(3, 1))
    }

    fn unpause_collection() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(3, 1))
    }

    fn mint_uniques(n: u32) -> Weight {
        Weight::from_parts(30_000_000, 0)
            .saturating_add(Weight::from_parts(30_000_000, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads_writes(4, 1))
            .saturating_add(T::DbWeight::get().reads_writes(5, 3).saturating_mul(n.into()))
    }

    fn transfer_unique() -> Weight {
        Weight::from_parts(45_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(10, 3))
    }

    fn burn_unique() -> Weight {
        Weight::from_parts(40_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(8, 4))
    }

    fn approve_unique() -> Weight {
        Weight::from_parts(20_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(3, 1))
    }

    fn approve_operator() -> Weight {
        Weight::from_parts(15_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn create_edition() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 2))
    }

    fn mint_edition(n: u32) -> Weight {
        Weight::from_parts(30_000_000, 0)
            .saturating_add(Weight::from_parts(20_000_000, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads_writes(4, 1))
            .saturating_add(T::DbWeight::get().reads_writes(3, 1).saturating_mul(n.into()))
    }

    fn transfer_editions(n: u32) -> Weight {
        Weight::from_parts(45_000_000, 0)
            .saturating_add(Weight::from_parts(25_000_000, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads_writes(7, 0))
            .saturating_add(T::DbWeight::get().reads_writes(2, 2).saturating_mul(n.into()))
    }

    fn burn_edition() -> Weight {
        Weight::from_parts(40_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(7, 2))
    }

    fn open_slot(n: u32) -> Weight {
        Weight::from_parts(60_000_000, 0)
            .saturating_add(Weight::from_parts(1_000_000, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(9))
            .saturating_add(T::DbWeight::get().writes(4))
    }

    fn buy(n: u32) -> Weight {
        Weight::from_parts(100_000_000, 0)
            .saturating_add(Weight::from_parts(12_000_000, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(18))
            .saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(7))
            .saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
    }

    fn close_slot() -> Weight {
        Weight::from_parts(60_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(10))
            .saturating_add(T::DbWeight::get().writes(4))
    }
}
