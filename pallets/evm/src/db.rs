//! FRAME storage as revm's database.

use crate::{CodeHashes, Config, PrecompileSet, Storages, code, environment::Hashes, journal::HoldsStorage};
use core::{convert::Infallible, marker::PhantomData};
use hanse_primitives::{AccountId20, Balance, convert};
use revm::{
    Database,
    bytecode::Bytecode,
    primitives::{Address, B256, Bytes, KECCAK_EMPTY, StorageKey, StorageValue, U256},
    state::AccountInfo,
};
use sp_core::H256;

/// Reads accounts from System and Balances, code and storage from this pallet.
#[derive(Debug)]
pub struct FrameDb<T>(PhantomData<T>);

impl<T> Default for FrameDb<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// What an account may spend: locked funds are no part of its Ethereum balance.
pub fn spendable(data: &pallet_balances::AccountData<Balance>) -> Balance {
    data.free.saturating_sub(data.frozen.saturating_sub(data.reserved))
}

impl<T: Config> Database for FrameDb<T> {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        let who = convert::h160(address);
        let account = frame_system::Account::<T>::get(AccountId20::from(who));
        let balance = U256::from(spendable(&account.data));
        if let Some(code) = T::Precompiles::code(&who) {
            let code = Bytecode::new_legacy(Bytes::from_static(code));
            return Ok(Some(AccountInfo::new(balance, account.nonce, code.hash_slow(), code)));
        }
        let code_hash = CodeHashes::<T>::get(who).map_or(KECCAK_EMPTY, convert::b256);
        let info = AccountInfo { balance, nonce: account.nonce, code_hash, code: None, account_id: None };
        Ok((!info.is_empty()).then_some(info))
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, Infallible> {
        Ok(code::load::<T>(code_hash))
    }

    fn storage(&mut self, address: Address, index: StorageKey) -> Result<StorageValue, Infallible> {
        let value = Storages::<T>::get(convert::h160(address), slot(index));
        Ok(U256::from_be_bytes(value.0))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Infallible> {
        Ok(convert::b256(Hashes::<T>::get(number)))
    }
}

impl<T: Config> HoldsStorage for FrameDb<T> {
    fn holds_storage(&self, address: Address) -> bool {
        Storages::<T>::iter_key_prefix(convert::h160(address)).next().is_some()
    }
}

/// A slot's number as the key of its storage.
pub fn slot(index: StorageKey) -> H256 {
    H256(index.to_be_bytes())
}
