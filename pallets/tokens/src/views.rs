//! What anyone may ask. Each fails with `TokenNotFound` only.

use crate::{Allowances, Config, Holdings, Pallet, Token, TokenError, Tokens, abi::IToken};
use frame_support::ensure;
use hanse_primitives::convert::address;
use sp_core::{H160, U256};

impl<T: Config> Pallet<T> {
    /// Name, symbol, decimals, supply, cap and state. Reads 1.
    pub fn token(token: H160) -> Result<Token, TokenError> {
        Self::find(token)
    }

    /// In the smallest unit. Reads 2.
    pub fn balance_of(token: H160, account: H160) -> Result<U256, TokenError> {
        Self::ensure_exists(token)?;
        Ok(Holdings::<T>::get(token, account).balance)
    }

    /// What `spender` may still move for `owner`, in the smallest unit. Reads 2.
    pub fn allowance(token: H160, owner: H160, spender: H160) -> Result<U256, TokenError> {
        Self::ensure_exists(token)?;
        Ok(Allowances::<T>::get(token, (owner, spender)))
    }

    /// Whether the account is kept from sending and receiving. Reads 2.
    pub fn is_frozen(token: H160, account: H160) -> Result<bool, TokenError> {
        Self::ensure_exists(token)?;
        Ok(Holdings::<T>::get(token, account).frozen)
    }

    fn ensure_exists(token: H160) -> Result<(), TokenError> {
        ensure!(Tokens::<T>::contains_key(token), IToken::TokenNotFound { token: address(token) });
        Ok(())
    }
}
