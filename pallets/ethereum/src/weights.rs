//! What the pallet's own work costs; the EVM's is paid in gas.

use frame_support::weights::Weight;

/// Measured by `benchmarking.rs`.
pub trait WeightInfo {
    /// Validation of a transaction: signature, nonce, funds.
    fn authorize() -> Weight;
    /// Execution beside its gas: decoding, noting the receipt.
    fn transact() -> Weight;
    /// Sealing a block without transactions.
    fn on_finalize_empty() -> Weight;
}

impl WeightInfo for () {
    fn authorize() -> Weight {
        Weight::from_parts(80_000_000, 0)
    }

    fn transact() -> Weight {
        Weight::from_parts(40_000_000, 0)
    }

    fn on_finalize_empty() -> Weight {
        Weight::from_parts(100_000_000, 0)
    }
}
