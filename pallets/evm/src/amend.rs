//! Changes of the state that no transaction makes: for a developer's chain.

use crate::{
    Config, Pallet, Storages, code,
    flush::{Issuance, put_nonce_and_balance},
};
use hanse_primitives::{AccountId20, Amendment, convert};
use revm::primitives::U256;

/// Makes one change. Total issuance moves with the balances.
pub fn amend<T: Config>(amendment: Amendment) {
    let mut issuance = Issuance::default();
    match amendment {
        Amendment::Balance(who, balance) => {
            let nonce = Pallet::<T>::account(who).nonce;
            put_nonce_and_balance::<T>(who, nonce, U256::from(balance), &mut issuance);
        }
        Amendment::Nonce(who, nonce) => {
            let balance = convert::ru256(Pallet::<T>::account(who).balance);
            put_nonce_and_balance::<T>(who, nonce, balance, &mut issuance);
        }
        Amendment::Code(who, code) => {
            code::put_bytes::<T>(who, &code);
            frame_system::Account::<T>::mutate(AccountId20::from(who), |account| {
                account.sufficients = account.sufficients.max(1);
            });
        }
        Amendment::Storage(who, slot, value) if value.is_zero() => Storages::<T>::remove(who, slot),
        Amendment::Storage(who, slot, value) => Storages::<T>::insert(who, slot, value),
    }
    issuance.apply::<T>();
}
