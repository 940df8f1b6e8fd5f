//! How every function runs: pay, then act.

use alloc::vec::Vec;
use frame_support::{traits::Get, weights::Weight};
use hanse_primitives::Log;
use pallet_evm::{Handle, PrecompileError};

/// Runs a function that changes state and hands its logs to the EVM.
pub(crate) fn write<R, E: RevertData>(
    handle: &mut Handle,
    weight: Weight,
    run: impl FnOnce(&mut Vec<Log>) -> Result<R, E>,
) -> Result<R, PrecompileError> {
    handle.require_writable()?;
    handle.charge_weight(weight)?;
    let mut logs = Vec::new();
    let result = run(&mut logs).map_err(revert)?;
    handle.emit(logs)?;
    Ok(result)
}

/// Pays for a function that reads this many storage entries.
pub(crate) fn charge_reads<T: frame_system::Config>(handle: &mut Handle, reads: u64) -> Result<(), PrecompileError> {
    handle.charge_weight(T::DbWeight::get().reads(reads))
}

/// An error that has an ABI encoding.
pub(crate) trait RevertData {
    fn revert_data(&self) -> Vec<u8>;
}

impl RevertData for pallet_users::UsersError {
    fn revert_data(&self) -> Vec<u8> {
        alloy_sol_types::SolInterface::abi_encode(self)
    }
}

impl RevertData for pallet_tokens::TokenError {
    fn revert_data(&self) -> Vec<u8> {
        self.abi_encode()
    }
}

impl RevertData for pallet_tokens::collections::CollectionError {
    fn revert_data(&self) -> Vec<u8> {
        self.abi_encode()
    }
}

/// A revert with a custom error.
pub(crate) fn revert<E: RevertData>(error: E) -> PrecompileError {
    PrecompileError::Revert(error.revert_data())
}
