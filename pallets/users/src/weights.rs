//! Weights of `pallet-users`.
//!
//! Estimates: storage accesses counted from the code in its worst case, computation rounded up. Running the
//! benchmarks replaces this file.

#![allow(clippy::unnecessary_cast)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight of each operation of `pallet-users`.
pub trait WeightInfo {
    /// Storage: policy, operators' count.
    fn set_transact_policy() -> Weight;
    /// Storage: operator, operators' count, policy.
    fn set_operator() -> Weight;
    /// Storage: app.
    fn set_app_standing() -> Weight;
    /// Storage: policy, operator, app, vouchers.
    fn create_app() -> Weight;
    /// Storage: app, user, admin, two vouchers.
    fn transfer_app_ownership() -> Weight;
    /// Storage: app.
    fn set_app_status() -> Weight;
    /// Storage: app, admin, vouchers.
    fn add_admin() -> Weight;
    /// Storage: app, admin, user, vouchers.
    fn remove_admin() -> Weight;
    /// Storage: app, admin; for each of `n` accounts user and vouchers.
    fn add_users(n: u32) -> Weight;
    /// Storage: app, caller's admin entry, user, account's admin entry, vouchers.
    fn set_user_status() -> Weight;
    /// Storage: policy, operator, vouchers, and every app that may vouch.
    fn can_transact() -> Weight;
}

/// Weights with the runtime's own cost of the database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn set_transact_policy() -> Weight {
        Weight::from_parts(10_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(1_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    fn set_operator() -> Weight {
        Weight::from_parts(12_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    fn set_app_standing() -> Weight {
        Weight::from_parts(14_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(1_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    fn create_app() -> Weight {
        Weight::from_parts(20_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    fn transfer_app_ownership() -> Weight {
        Weight::from_parts(26_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(3_u64))
    }

    fn set_app_status() -> Weight {
        Weight::from_parts(14_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(1_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    fn add_admin() -> Weight {
        Weight::from_parts(20_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    fn remove_admin() -> Weight {
        Weight::from_parts(22_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    fn add_users(n: u32) -> Weight {
        Weight::from_parts(15_000_000, 0)
            .saturating_add(Weight::from_parts(9_000_000, 0).saturating_mul(n as u64))
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(n as u64)))
            .saturating_add(T::DbWeight::get().writes(2_u64.saturating_mul(n as u64)))
    }

    fn set_user_status() -> Weight {
        Weight::from_parts(24_000_000, 0)
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    fn can_transact() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads(19_u64))
    }
}
