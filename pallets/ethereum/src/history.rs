//! The system contract that holds the hashes of earlier blocks (EIP-2935). Its code is Ethereum's; who writes into it is
//! the start of each block.

use crate::{BlockHashes, Config};
use alloy_eips::eip2935::{HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE};
use hanse_primitives::convert;
use sp_core::{H256, U256};

/// Puts the contract into the genesis state.
pub(crate) fn deploy<T: Config>() {
    pallet_evm::flush::put_code::<T>(convert::h160(HISTORY_STORAGE_ADDRESS), &HISTORY_STORAGE_CODE);
}

/// Notes the parent's hash. `number` is that of the block which begins.
pub(crate) fn record<T: Config>(number: u32) {
    let Some(parent) = number.checked_sub(1) else { return };
    let slot = H256(U256::from(parent % HISTORY_SERVE_WINDOW as u32).to_big_endian());
    let contract = convert::h160(HISTORY_STORAGE_ADDRESS);
    pallet_evm::Storages::<T>::insert(contract, slot, BlockHashes::<T>::get(parent));
}
