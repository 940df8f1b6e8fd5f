//! Weights of `pallet_precompiles`.
#![allow(clippy::unnecessary_cast)]

use core::marker::PhantomData;
use frame_support::weights::Weight;

/// Weight of each operation of `pallet_precompiles`.
pub trait WeightInfo {
    /// Reading call data of `n` words.
    fn decode(n: u32) -> Weight;
}

/// Weights with the runtime's own cost of the database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn decode(n: u32) -> Weight {
        Weight::from_parts(2_000_000, 0).saturating_add(Weight::from_parts(60_000, 0).saturating_mul(n.into()))
    }
}
