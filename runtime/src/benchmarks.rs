//! Which pallets' operations are measured (`scripts/weights`), and how their benchmarks are called.

use crate::{AllPalletsWithSystem, Runtime};
use alloc::{string::String, vec::Vec};
use frame_benchmarking::{BenchmarkBatch, BenchmarkConfig, BenchmarkList, Benchmarking, add_benchmark, list_benchmark};
use frame_support::traits::{StorageInfo, StorageInfoTrait, WhitelistedStorageKeys};
use pallet_precompiles::benchmarking::Pallet as Precompiles;

frame_benchmarking::define_benchmarks!(
    [pallet_users, crate::Users]
    [pallet_tokens, crate::Tokens]
    [pallet_precompiles, Precompiles::<Runtime>]
    [pallet_evm, crate::Evm]
    [pallet_ethereum, crate::Ethereum]
);

/// What can be measured, and the storage it touches.
pub(crate) fn metadata(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
    let mut list = Vec::new();
    list_benchmarks!(list, extra);
    (list, AllPalletsWithSystem::storage_info())
}

/// Runs one benchmark.
pub(crate) fn dispatch(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
    let whitelist = AllPalletsWithSystem::whitelisted_storage_keys();
    let mut batches = Vec::new();
    let params = (&config, &whitelist);
    add_benchmarks!(params, batches);
    Ok(batches)
}
