//! Weights of `pallet-tokens`.
//!
//! Estimates: storage accesses counted from the code in its worst case, computation rounded up. Running the
//! benchmarks replaces this file.

#![allow(clippy::unnecessary_cast)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight of each operation of `pallet-tokens`.
pub trait WeightInfo {
    /// Storage: app, admin, token, holder's three membership entries, holding. Longest name and symbol.
    fn create_token() -> Weight;
    /// Storage: token, app, caller's admin entry, receiver's membership, holding. A closed token.
    fn mint() -> Weight;
    /// Storage: token, app, membership, holding. A closed token.
    fn burn() -> Weight;
    /// Storage: token, allowance, app, membership, holding. A closed token.
    fn burn_from() -> Weight;
    /// Storage: token, two holdings; if closed (`c` is 1) app and both parties' memberships.
    fn transfer(c: u32) -> Weight;
    /// As `transfer`, and the allowance.
    fn transfer_from(c: u32) -> Weight;
    /// As `transfer` of a closed token, with `n` receivers.
    fn transfer_batch(n: u32) -> Weight;
    /// As `transfer` of an open token, with `n` receivers.
    fn transfer_batch_open(n: u32) -> Weight;
    /// Storage: token, allowance.
    fn approve() -> Weight;
    /// Storage: token, app, admin.
    fn pause() -> Weight;
    /// Storage: token, app, admin.
    fn unpause() -> Weight;
    /// Storage: token, app, admin, holding.
    fn freeze() -> Weight;
    /// Storage: token, app, admin, holding.
    fn unfreeze() -> Weight;
}

/// Weights with the runtime's own cost of the database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn create_token() -> Weight {
        Weight::from_parts(40_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(6_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    fn mint() -> Weight {
        Weight::from_parts(30_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(6_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    fn burn() -> Weight {
        Weight::from_parts(28_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    fn burn_from() -> Weight {
        Weight::from_parts(32_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(6_u64))
            .saturating_add(T::DbWeight::get().writes(3_u64))
    }

    fn transfer(c: u32) -> Weight {
        Weight::from_parts(24_000_000, 0)
            .saturating_add(Weight::from_parts(10_000_000, 0).saturating_mul(c as u64))
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().reads(5_u64.saturating_mul(c as u64)))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    fn transfer_from(c: u32) -> Weight {
        Weight::from_parts(28_000_000, 0)
            .saturating_add(Weight::from_parts(10_000_000, 0).saturating_mul(c as u64))
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().reads(5_u64.saturating_mul(c as u64)))
            .saturating_add(T::DbWeight::get().writes(3_u64))
    }

    fn transfer_batch(n: u32) -> Weight {
        Weight::from_parts(20_000_000, 0)
            .saturating_add(Weight::from_parts(14_000_000, 0).saturating_mul(n as u64))
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().reads(3_u64.saturating_mul(n as u64)))
            .saturating_add(T::DbWeight::get().writes(1_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(n as u64)))
    }

    fn transfer_batch_open(n: u32) -> Weight {
        Weight::from_parts(20_000_000, 0)
            .saturating_add(Weight::from_parts(9_000_000, 0).saturating_mul(n as u64))
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(n as u64)))
            .saturating_add(T::DbWeight::get().writes(1_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(n as u64)))
    }

    fn approve() -> Weight {
        Weight::from_parts(18_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(1_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    fn pause() -> Weight {
        Weight::from_parts(20_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    fn unpause() -> Weight {
        Weight::from_parts(20_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    fn freeze() -> Weight {
        Weight::from_parts(22_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    fn unfreeze() -> Weight {
        Weight::from_parts(22_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }
}
