//! What the pallet's own work costs. The EVM's work is paid in gas.

use frame_support::weights::Weight;

/// Measured by `benchmarking.rs`.
pub trait WeightInfo {
    /// The least that any transaction takes, beside its gas.
    fn base() -> Weight;
}

impl WeightInfo for () {
    fn base() -> Weight {
        Weight::from_parts(50_000_000, 0)
    }
}
