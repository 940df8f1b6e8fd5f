//! Writes what a transaction changed, once, after it ended.

use crate::{Code, CodeHashes, Config, Storages, code, db};
use alloc::vec::Vec;
use frame_support::traits::fungible::Inspect;
use frame_support::traits::fungible::Unbalanced;
use hanse_primitives::{AccountId20, Balance, convert};
use revm::{
    primitives::U256,
    state::{Account, EvmState},
};
use sp_core::{H160, H256};

/// How the sum of all balances moved.
#[derive(Default)]
pub(crate) struct Issuance {
    minted: Balance,
    burnt: Balance,
}

impl Issuance {
    fn note(&mut self, before: Balance, after: Balance) {
        self.minted = self.minted.saturating_add(after.saturating_sub(before));
        self.burnt = self.burnt.saturating_add(before.saturating_sub(after));
    }

    pub(crate) fn apply<T: Config>(self) {
        if self.minted != self.burnt {
            let total = T::Currency::total_issuance().saturating_add(self.minted).saturating_sub(self.burnt);
            T::Currency::set_total_issuance(total);
        }
    }
}

/// Writes the state that revm's journal came to. Untouched accounts and unchanged slots cost nothing.
pub fn flush<T: Config>(state: EvmState) {
    let mut issuance = Issuance::default();
    for (address, account) in state {
        if !account.is_touched() {
            continue;
        }
        let who = convert::h160(address);
        // EIP-161: an account that was touched and is empty doesn't exist.
        if account.is_selfdestructed() || account.is_empty() {
            if account.is_selfdestructed() || !account.original_info().is_empty() {
                remove::<T>(who, &mut issuance);
            }
            continue;
        }
        write::<T>(who, &account, &mut issuance);
    }
    issuance.apply::<T>();
}

fn write<T: Config>(who: H160, account: &Account, issuance: &mut Issuance) {
    let original = account.original_info();
    if account.info.code_hash != original.code_hash {
        code::put::<T>(who, account.info.code_hash, || account.info.code.as_ref().map(Code::from));
    }
    if account.info.nonce != original.nonce || account.info.balance != original.balance {
        put_nonce_and_balance::<T>(who, account.info.nonce, account.info.balance, issuance);
    }
    for (slot, value) in account.changed_storage_slots() {
        let slot = db::slot(*slot);
        if value.present_value.is_zero() {
            Storages::<T>::remove(who, slot);
        } else {
            Storages::<T>::insert(who, slot, H256(value.present_value.to_be_bytes()));
        }
    }
}

pub(crate) fn put_nonce_and_balance<T: Config>(who: H160, nonce: u64, balance: U256, issuance: &mut Issuance) {
    frame_system::Account::<T>::mutate(AccountId20::from(who), |account| {
        let before = db::spendable(&account.data);
        let locked = account.data.free.saturating_sub(before);
        // The sum of all balances is a u128, so that no single one can be more.
        let after = Balance::try_from(balance).unwrap_or(Balance::MAX);
        issuance.note(before, after);
        account.data.free = locked.saturating_add(after);
        account.nonce = nonce;
        // Keeps the account, and with it the nonce, whatever becomes of its balance.
        account.sufficients = account.sufficients.max(1);
    });
}

/// Gives an account code, as at genesis.
pub fn put_code<T: Config>(who: H160, code: &[u8]) {
    code::put_bytes::<T>(who, code);
    frame_system::Account::<T>::mutate(AccountId20::from(who), |account| {
        account.nonce = account.nonce.max(1);
        account.sufficients = account.sufficients.max(1);
    });
}

fn remove<T: Config>(who: H160, issuance: &mut Issuance) {
    CodeHashes::<T>::remove(who);
    clear_storage::<T>(who);
    let id = AccountId20::from(who);
    frame_system::Account::<T>::mutate_exists(id, |entry| {
        let Some(account) = entry else { return };
        let spendable = db::spendable(&account.data);
        issuance.note(spendable, 0);
        account.data.free = account.data.free.saturating_sub(spendable);
        account.nonce = 0;
        account.sufficients = 0;
        let unused = account.providers == 0 && account.consumers == 0;
        if unused && account.data.free == 0 && account.data.reserved == 0 {
            *entry = None;
        }
    });
}

/// Takes all slots of an account away.
pub(crate) fn clear_storage<T: Config>(who: H160) {
    let mut cursor: Option<Vec<u8>> = None;
    loop {
        let result = Storages::<T>::clear_prefix(who, u32::MAX, cursor.as_deref());
        match result.maybe_cursor {
            Some(next) => cursor = Some(next),
            None => return,
        }
    }
}
