//! State as a simulation shall find it: `eth_call`'s overrides.

use crate::{Config, Storages, code, db, flush};
use hanse_primitives::{AccountId20, AccountOverride, StorageOverride};
use sp_core::{H160, H256};

/// Writes them. To be called in a storage transaction that is rolled back: the total issuance isn't kept true.
pub fn apply<T: Config>(accounts: &[AccountOverride]) {
    for account in accounts {
        let who = account.address;
        if account.nonce.is_some() || account.balance.is_some() {
            frame_system::Account::<T>::mutate(AccountId20::from(who), |info| {
                if let Some(nonce) = account.nonce {
                    info.nonce = nonce;
                }
                if let Some(balance) = account.balance {
                    let locked = info.data.free.saturating_sub(db::spendable(&info.data));
                    info.data.free = locked.saturating_add(balance);
                }
            });
        }
        if let Some(code) = &account.code {
            // The nonce stays: it is overridden by itself.
            code::put_bytes::<T>(who, code);
        }
        match &account.storage {
            StorageOverride::Keep => {}
            StorageOverride::Replace(slots) => {
                flush::clear_storage::<T>(who);
                put_slots::<T>(who, slots);
            }
            StorageOverride::Change(slots) => put_slots::<T>(who, slots),
        }
    }
}

fn put_slots<T: Config>(who: H160, slots: &[(H256, H256)]) {
    for (slot, value) in slots {
        if value.is_zero() {
            Storages::<T>::remove(who, slot);
        } else {
            Storages::<T>::insert(who, slot, value);
        }
    }
}
