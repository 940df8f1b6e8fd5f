//! Weights of `pallet_tokens`, as measured. `scripts/weights` writes this file; don't edit it.
//!
//! 2026-11-26, AMD EPYC, 50 steps of 20 repeats in the Wasm runtime, without the database; its share is
//! what the runtime says of it, for each read and write.
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
    fn transfer_collection() -> Weight;
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
        Weight::from_parts(25_828_000, 0)
            .saturating_add(T::DbWeight::get().reads(6))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:1)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:2 w:0)
    /// Storage: `Tokens::Holdings` (r:1 w:1)
    /// Storage: `Users::Users` (r:1 w:0)
    fn mint() -> Weight {
        Weight::from_parts(30_755_000, 0)
            .saturating_add(T::DbWeight::get().reads(6))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:1)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::Holdings` (r:1 w:1)
    /// Storage: `Users::Users` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    fn burn() -> Weight {
        Weight::from_parts(28_232_000, 0)
            .saturating_add(T::DbWeight::get().reads(5))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:1)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::Allowances` (r:1 w:1)
    /// Storage: `Tokens::Holdings` (r:1 w:1)
    /// Storage: `Users::Users` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    fn burn_from() -> Weight {
        Weight::from_parts(31_006_000, 0)
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
        Weight::from_parts(17_316_159, 0)
            .saturating_add(Weight::from_parts(13_357_465, 0).saturating_mul(c.into()))
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
        Weight::from_parts(24_857_311, 0)
            .saturating_add(Weight::from_parts(12_493_063, 0).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads(4))
            .saturating_add(T::DbWeight::get().reads(5_u64.saturating_mul(c.into())))
            .saturating_add(T::DbWeight::get().writes(3))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::Holdings` (r:1001 w:1001)
    /// Storage: `Users::Users` (r:1001 w:0)
    /// Storage: `Users::Admins` (r:1001 w:0)
    /// `n` was measured from 0 to 1000.
    fn transfer_batch(n: u32) -> Weight {
        Weight::from_parts(22_984_000, 0)
            .saturating_add(Weight::from_parts(13_802_984, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(5))
            .saturating_add(T::DbWeight::get().reads(3_u64.saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(1))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(n.into())))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:0)
    /// Storage: `Tokens::Holdings` (r:1001 w:1001)
    /// `n` was measured from 0 to 1000.
    fn transfer_batch_open(n: u32) -> Weight {
        Weight::from_parts(11_417_000, 0)
            .saturating_add(Weight::from_parts(6_122_239, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(2))
            .saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(1))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(n.into())))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:0)
    /// Storage: `Tokens::Allowances` (r:0 w:1)
    fn approve() -> Weight {
        Weight::from_parts(7_651_000, 0)
            .saturating_add(T::DbWeight::get().reads(1))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:1)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    fn pause() -> Weight {
        Weight::from_parts(18_838_000, 0)
            .saturating_add(T::DbWeight::get().reads(3))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:1)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    fn unpause() -> Weight {
        Weight::from_parts(18_698_000, 0)
            .saturating_add(T::DbWeight::get().reads(3))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    /// Storage: `Tokens::Holdings` (r:1 w:1)
    fn freeze() -> Weight {
        Weight::from_parts(23_175_000, 0)
            .saturating_add(T::DbWeight::get().reads(4))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Tokens::Tokens` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    /// Storage: `Tokens::Holdings` (r:1 w:1)
    fn unfreeze() -> Weight {
        Weight::from_parts(23_044_000, 0)
            .saturating_add(T::DbWeight::get().reads(4))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    /// Storage: `Tokens::Collections` (r:1 w:1)
    fn create_collection() -> Weight {
        Weight::from_parts(13_791_000, 0)
            .saturating_add(T::DbWeight::get().reads(3))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Tokens::Collections` (r:1 w:1)
    /// Storage: `Tokens::CollectionOwners` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    fn pause_collection() -> Weight {
        Weight::from_parts(16_673_000, 0)
            .saturating_add(T::DbWeight::get().reads(4))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Tokens::Collections` (r:1 w:1)
    /// Storage: `Tokens::CollectionOwners` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    fn unpause_collection() -> Weight {
        Weight::from_parts(16_432_000, 0)
            .saturating_add(T::DbWeight::get().reads(4))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Tokens::Collections` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::CollectionOwners` (r:1 w:1)
    fn transfer_collection() -> Weight {
        Weight::from_parts(16_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(3))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Tokens::Collections` (r:1 w:1)
    /// Storage: `Tokens::CollectionOwners` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1001 w:0)
    /// Storage: `Users::Users` (r:1000 w:0)
    /// Storage: `Tokens::Uniques` (r:1000 w:1000)
    /// Storage: `Tokens::UniqueCounts` (r:1000 w:1000)
    /// Storage: `Tokens::ItemUris` (r:0 w:1000)
    /// `n` was measured from 0 to 1000.
    fn mint_uniques(n: u32) -> Weight {
        Weight::from_parts(15_170_000, 0)
            .saturating_add(Weight::from_parts(19_208_434, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(4))
            .saturating_add(T::DbWeight::get().reads(4_u64.saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(1))
            .saturating_add(T::DbWeight::get().writes(3_u64.saturating_mul(n.into())))
    }

    /// Storage: `Tokens::Collections` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::Uniques` (r:1 w:1)
    /// Storage: `Tokens::ItemOperators` (r:1 w:0)
    /// Storage: `Users::Users` (r:2 w:0)
    /// Storage: `Users::Admins` (r:2 w:0)
    /// Storage: `Tokens::UniqueCounts` (r:2 w:2)
    fn transfer_unique() -> Weight {
        Weight::from_parts(40_971_000, 0)
            .saturating_add(T::DbWeight::get().reads(10))
            .saturating_add(T::DbWeight::get().writes(3))
    }

    /// Storage: `Tokens::Collections` (r:1 w:1)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::Uniques` (r:1 w:1)
    /// Storage: `Tokens::ItemOperators` (r:1 w:0)
    /// Storage: `Users::Users` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    /// Storage: `Tokens::UniqueCounts` (r:1 w:1)
    /// Storage: `Tokens::ItemUris` (r:0 w:1)
    fn burn_unique() -> Weight {
        Weight::from_parts(34_871_000, 0)
            .saturating_add(T::DbWeight::get().reads(7))
            .saturating_add(T::DbWeight::get().writes(4))
    }

    /// Storage: `Tokens::Collections` (r:1 w:0)
    /// Storage: `Tokens::Uniques` (r:1 w:1)
    /// Storage: `Tokens::ItemOperators` (r:1 w:0)
    fn approve_unique() -> Weight {
        Weight::from_parts(15_003_000, 0)
            .saturating_add(T::DbWeight::get().reads(3))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Tokens::Collections` (r:1 w:0)
    /// Storage: `Tokens::ItemOperators` (r:0 w:1)
    fn approve_operator() -> Weight {
        Weight::from_parts(7_431_000, 0)
            .saturating_add(T::DbWeight::get().reads(1))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Tokens::Collections` (r:1 w:0)
    /// Storage: `Tokens::CollectionOwners` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    /// Storage: `Tokens::Editions` (r:1 w:1)
    /// Storage: `Tokens::ItemUris` (r:0 w:1)
    fn create_edition() -> Weight {
        Weight::from_parts(23_543_000, 0)
            .saturating_add(T::DbWeight::get().reads(5))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `Tokens::Collections` (r:1 w:0)
    /// Storage: `Tokens::CollectionOwners` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1001 w:0)
    /// Storage: `Tokens::Editions` (r:1 w:1)
    /// Storage: `Users::Users` (r:1000 w:0)
    /// Storage: `Tokens::EditionHoldings` (r:1000 w:1000)
    /// `n` was measured from 0 to 1000.
    fn mint_edition(n: u32) -> Weight {
        Weight::from_parts(20_719_000, 0)
            .saturating_add(Weight::from_parts(13_227_454, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(5))
            .saturating_add(T::DbWeight::get().reads(3_u64.saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(1))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(n.into())))
    }

    /// Storage: `Tokens::Collections` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::ItemOperators` (r:1 w:0)
    /// Storage: `Users::Users` (r:2 w:0)
    /// Storage: `Users::Admins` (r:2 w:0)
    /// Storage: `Tokens::EditionHoldings` (r:2000 w:2000)
    /// `n` was measured from 0 to 1000.
    fn transfer_editions(n: u32) -> Weight {
        Weight::from_parts(25_779_000, 0)
            .saturating_add(Weight::from_parts(16_340_947, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(7))
            .saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(2_u64.saturating_mul(n.into())))
    }

    /// Storage: `Tokens::Collections` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::ItemOperators` (r:1 w:0)
    /// Storage: `Users::Users` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    /// Storage: `Tokens::EditionHoldings` (r:1 w:1)
    /// Storage: `Tokens::Editions` (r:1 w:1)
    fn burn_edition() -> Weight {
        Weight::from_parts(32_999_000, 0)
            .saturating_add(T::DbWeight::get().reads(7))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `Tokens::Collections` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Users` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    /// Storage: `Tokens::Tokens` (r:1 w:0)
    /// Storage: `Tokens::Slots` (r:1 w:1)
    /// Storage: `Tokens::Uniques` (r:1 w:1)
    /// Storage: `Tokens::UniqueCounts` (r:2 w:2)
    /// `n` was measured from 0 to 10.
    fn open_slot(n: u32) -> Weight {
        Weight::from_parts(41_677_601, 0)
            .saturating_add(Weight::from_parts(520_477, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(9))
            .saturating_add(T::DbWeight::get().writes(4))
    }

    /// Storage: `Tokens::Collections` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::Slots` (r:1 w:1)
    /// Storage: `Users::Users` (r:13 w:0)
    /// Storage: `Users::Admins` (r:13 w:0)
    /// Storage: `Tokens::Uniques` (r:1 w:1)
    /// Storage: `Tokens::Tokens` (r:1 w:0)
    /// Storage: `Tokens::Holdings` (r:13 w:13)
    /// Storage: `Tokens::UniqueCounts` (r:2 w:2)
    /// `n` was measured from 0 to 10.
    fn buy(n: u32) -> Weight {
        Weight::from_parts(78_204_511, 0)
            .saturating_add(Weight::from_parts(12_412_136, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(16))
            .saturating_add(T::DbWeight::get().reads(3_u64.saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(7))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(n.into())))
    }

    /// Storage: `Tokens::Collections` (r:1 w:0)
    /// Storage: `Tokens::CollectionOwners` (r:1 w:0)
    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Tokens::Slots` (r:1 w:1)
    /// Storage: `Users::Admins` (r:2 w:0)
    /// Storage: `Users::Users` (r:1 w:0)
    /// Storage: `Tokens::Uniques` (r:1 w:1)
    /// Storage: `Tokens::UniqueCounts` (r:2 w:2)
    fn close_slot() -> Weight {
        Weight::from_parts(43_883_000, 0)
            .saturating_add(T::DbWeight::get().reads(10))
            .saturating_add(T::DbWeight::get().writes(4))
    }
}
