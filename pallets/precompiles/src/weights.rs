//! Weights of `pallet_precompiles`, as measured. `scripts/weights` writes this file; don't edit it.
//!
//! 2026-11-26, AMD EPYC, 50 steps of 20 repeats in the Wasm runtime, without the database; its share is
//! what the runtime says of it, for each read and write.
#![allow(missing_docs)]

use core::marker::PhantomData;
#[allow(unused_imports)]
use frame_support::{traits::Get, weights::Weight};

/// Weight of each operation of `pallet_precompiles`.
pub trait WeightInfo {
    fn decode(n: u32) -> Weight;
}

/// Weights with the runtime's own cost of the database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// `n` was measured from 8 to 4000.
    fn decode(n: u32) -> Weight {
        Weight::from_parts(1_639_342, 0).saturating_add(Weight::from_parts(8_227, 0).saturating_mul(n.into()))
    }
}
