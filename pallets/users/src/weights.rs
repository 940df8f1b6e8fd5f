//! Weights of `pallet_users`, as measured. `scripts/weights` writes this file; don't edit it.
//!
//! 2026-11-26, AMD EPYC, 50 steps of 20 repeats in the Wasm runtime, without the database; its share is
//! what the runtime says of it, for each read and write.
#![allow(missing_docs)]

use core::marker::PhantomData;
#[allow(unused_imports)]
use frame_support::{traits::Get, weights::Weight};

/// Weight of each operation of `pallet_users`.
pub trait WeightInfo {
    fn set_transact_policy() -> Weight;
    fn set_operator() -> Weight;
    fn set_app_standing() -> Weight;
    fn create_app() -> Weight;
    fn transfer_app_ownership() -> Weight;
    fn set_app_status() -> Weight;
    fn add_admin() -> Weight;
    fn remove_admin() -> Weight;
    fn add_users(n: u32) -> Weight;
    fn set_user_status() -> Weight;
    fn set_deploy_policy() -> Weight;
    fn set_deployer() -> Weight;
    fn can_deploy() -> Weight;
    fn can_transact() -> Weight;
}

/// Weights with the runtime's own cost of the database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Storage: `Users::CounterForOperators` (r:1 w:0)
    fn set_transact_policy() -> Weight {
        Weight::from_parts(5_318_000, 0).saturating_add(T::DbWeight::get().reads(1))
    }

    /// Storage: `Users::Operators` (r:1 w:1)
    /// Storage: `Users::CounterForOperators` (r:1 w:1)
    /// Storage: `System::Account` (r:1 w:1)
    fn set_operator() -> Weight {
        Weight::from_parts(16_164_000, 0)
            .saturating_add(T::DbWeight::get().reads(3))
            .saturating_add(T::DbWeight::get().writes(3))
    }

    /// Storage: `Users::Apps` (r:1 w:1)
    fn set_app_standing() -> Weight {
        Weight::from_parts(12_429_000, 0)
            .saturating_add(T::DbWeight::get().reads(1))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Users::Operators` (r:1 w:0)
    /// Storage: `Users::Apps` (r:17 w:1)
    /// Storage: `Users::Vouchers` (r:1 w:1)
    fn create_app() -> Weight {
        Weight::from_parts(51_647_000, 0)
            .saturating_add(T::DbWeight::get().reads(19))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `Users::Apps` (r:17 w:1)
    /// Storage: `Users::Vouchers` (r:2 w:2)
    /// Storage: `Users::Users` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    fn transfer_app_ownership() -> Weight {
        Weight::from_parts(57_796_000, 0)
            .saturating_add(T::DbWeight::get().reads(21))
            .saturating_add(T::DbWeight::get().writes(3))
    }

    /// Storage: `Users::Apps` (r:1 w:1)
    fn set_app_status() -> Weight {
        Weight::from_parts(10_215_000, 0)
            .saturating_add(T::DbWeight::get().reads(1))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Users::Apps` (r:17 w:0)
    /// Storage: `Users::Admins` (r:1 w:1)
    /// Storage: `Users::Vouchers` (r:1 w:1)
    fn add_admin() -> Weight {
        Weight::from_parts(51_737_000, 0)
            .saturating_add(T::DbWeight::get().reads(19))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:1)
    /// Storage: `Users::Users` (r:1 w:0)
    /// Storage: `Users::Vouchers` (r:1 w:1)
    fn remove_admin() -> Weight {
        Weight::from_parts(20_420_000, 0)
            .saturating_add(T::DbWeight::get().reads(4))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `Users::Apps` (r:1 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    /// Storage: `Users::Users` (r:1000 w:1000)
    /// Storage: `Users::Vouchers` (r:1000 w:1000)
    /// `n` was measured from 0 to 1000.
    fn add_users(n: u32) -> Weight {
        Weight::from_parts(8_513_000, 0)
            .saturating_add(Weight::from_parts(15_324_734, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(2))
            .saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(2_u64.saturating_mul(n.into())))
    }

    /// Storage: `Users::Apps` (r:17 w:0)
    /// Storage: `Users::Admins` (r:1 w:0)
    /// Storage: `Users::Users` (r:1 w:1)
    /// Storage: `Users::Vouchers` (r:1 w:1)
    fn set_user_status() -> Weight {
        Weight::from_parts(56_824_000, 0)
            .saturating_add(T::DbWeight::get().reads(20))
            .saturating_add(T::DbWeight::get().writes(2))
    }

    /// Storage: `Users::DeployPolicy` (r:0 w:1)
    fn set_deploy_policy() -> Weight {
        Weight::from_parts(4_577_000, 0).saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Users::Operators` (r:1 w:0)
    /// Storage: `Users::Deployers` (r:0 w:1)
    fn set_deployer() -> Weight {
        Weight::from_parts(10_105_000, 0)
            .saturating_add(T::DbWeight::get().reads(1))
            .saturating_add(T::DbWeight::get().writes(1))
    }

    /// Storage: `Users::DeployPolicy` (r:1 w:0)
    /// Storage: `Users::Deployers` (r:1 w:0)
    /// Storage: `Users::Operators` (r:1 w:0)
    /// Storage: `Sudo::Key` (r:1 w:0)
    fn can_deploy() -> Weight {
        Weight::from_parts(8_663_000, 0).saturating_add(T::DbWeight::get().reads(4))
    }

    /// Storage: `Users::Operators` (r:1 w:0)
    /// Storage: `Sudo::Key` (r:1 w:0)
    /// Storage: `Users::Vouchers` (r:1 w:0)
    /// Storage: `Users::Apps` (r:16 w:0)
    fn can_transact() -> Weight {
        Weight::from_parts(42_353_000, 0).saturating_add(T::DbWeight::get().reads(19))
    }
}
