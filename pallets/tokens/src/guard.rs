//! The checks that stand before every move of a token.

use crate::{Config, Holding, Holdings, Pallet, Token, TokenError, Tokens, abi::IToken};
use core::marker::PhantomData;
use frame_support::ensure;
use hanse_primitives::convert::{address, ru256};
use pallet_users::{App, Apps};
use sp_core::{H160, U256};

/// A token that may move now, with all that the checks of single accounts need, read once.
pub(crate) struct Guard<T> {
    pub(crate) id: H160,
    pub(crate) token: Token,
    /// The issuing app if it limits who may hold the token.
    app: Option<App>,
    _runtime: PhantomData<T>,
}

impl<T: Config> Guard<T> {
    /// Errors: `TokenNotFound`, `EnforcedPause`.
    pub(crate) fn load(id: H160) -> Result<Self, TokenError> {
        let token = Pallet::<T>::find(id)?;
        let app = if token.closed { Apps::<T>::get(token.app) } else { None };
        Self::new(id, token, app)
    }

    /// With the app that the caller has read already.
    ///
    /// Errors: `EnforcedPause`.
    pub(crate) fn with_app(id: H160, token: Token, app: App) -> Result<Self, TokenError> {
        Self::new(id, token, Some(app))
    }

    fn new(id: H160, token: Token, app: Option<App>) -> Result<Self, TokenError> {
        ensure!(!token.paused, IToken::EnforcedPause {});
        Ok(Self { id, token, app, _runtime: PhantomData })
    }

    /// What the account holds, if it may send and receive.
    ///
    /// Errors: `AccountFrozen`, `HolderNotAllowed`.
    pub(crate) fn holding(&self, account: H160) -> Result<Holding, TokenError> {
        let holding = Holdings::<T>::get(self.id, account);
        ensure!(!holding.frozen, IToken::AccountFrozen { account: address(account) });
        ensure!(self.may_hold(account), IToken::HolderNotAllowed { account: address(account) });
        Ok(holding)
    }

    fn may_hold(&self, account: H160) -> bool {
        !self.token.closed
            || self.app.as_ref().is_some_and(|app| {
                app.is_active() && pallet_users::Pallet::<T>::is_member(self.token.app, app, account)
            })
    }
}

/// Takes from a balance.
///
/// Errors: `ERC20InsufficientBalance`.
pub(crate) fn debit(holding: &mut Holding, account: H160, value: U256) -> Result<(), TokenError> {
    holding.balance = holding.balance.checked_sub(value).ok_or_else(|| IToken::ERC20InsufficientBalance {
        sender: address(account),
        balance: ru256(holding.balance),
        needed: ru256(value),
    })?;
    Ok(())
}

/// Adds to a balance. It can't overflow while balances sum up to the supply; should they not, it is an error.
pub(crate) fn credit(holding: &mut Holding, value: U256) -> Result<(), TokenError> {
    holding.balance = holding.balance.checked_add(value).ok_or(TokenError::Overflow)?;
    Ok(())
}

impl<T: Config> Pallet<T> {
    /// Errors: `TokenNotFound`.
    pub(crate) fn find(token: H160) -> Result<Token, TokenError> {
        Tokens::<T>::get(token).ok_or_else(|| IToken::TokenNotFound { token: address(token) }.into())
    }

    pub(crate) fn put_holding(token: H160, account: H160, holding: Holding) {
        if holding == Holding::default() {
            Holdings::<T>::remove(token, account);
        } else {
            Holdings::<T>::insert(token, account, holding);
        }
    }
}
