//! What holders do: transfer, approve, burn.

use crate::{
    Allowances, Config, MAX_RECEIVERS, Pallet, TokenError, Tokens,
    abi::IToken,
    guard::{Guard, credit, debit},
};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_support::ensure;
use hanse_primitives::{
    Log,
    convert::{address, ru256},
};
use pallet_users::abi::log;
use sp_core::{H160, U256};

impl<T: Config> Pallet<T> {
    /// Moves `value` from `caller` to `to`.
    ///
    /// Errors: `TokenNotFound`, `EnforcedPause`, `ERC20InvalidSender`, `ERC20InvalidReceiver`, `AccountFrozen`,
    /// `HolderNotAllowed`, `ERC20InsufficientBalance`.
    pub fn do_transfer(
        caller: H160,
        token: H160,
        to: H160,
        value: U256,
        logs: &mut Vec<Log>,
    ) -> Result<(), TokenError> {
        let guard = Guard::<T>::load(token)?;
        Self::move_value(&guard, caller, to, value, logs)
    }

    /// Moves `value` from `from` to `to`, out of the caller's allowance. An allowance of 2^256 - 1 isn't used up.
    ///
    /// Errors: those of [`do_transfer`](Self::do_transfer), `ERC20InsufficientAllowance`, `ERC20InvalidApprover`,
    /// `ERC20InvalidSpender`.
    pub fn do_transfer_from(
        caller: H160,
        token: H160,
        from: H160,
        to: H160,
        value: U256,
        logs: &mut Vec<Log>,
    ) -> Result<(), TokenError> {
        let guard = Guard::<T>::load(token)?;
        let left = Self::allowance_after(token, from, caller, value)?;
        Self::move_value(&guard, from, to, value, logs)?;
        Self::put_allowance(token, from, caller, left);
        Ok(())
    }

    /// Moves to many receivers, all or nothing: the result is that of the single transfers one after the other.
    ///
    /// Errors: those of [`do_transfer`](Self::do_transfer) and `TooManyReceivers`.
    pub fn do_transfer_batch(
        caller: H160,
        token: H160,
        transfers: &[(H160, U256)],
        logs: &mut Vec<Log>,
    ) -> Result<(), TokenError> {
        ensure!(
            transfers.len() <= MAX_RECEIVERS as usize,
            IToken::TooManyReceivers {
                given: alloy_primitives::U256::from(transfers.len()),
                max: alloy_primitives::U256::from(MAX_RECEIVERS),
            }
        );
        let guard = Guard::<T>::load(token)?;
        ensure_sender(caller)?;

        // Nothing is written before every transfer is known to be good; each account is read once.
        let mut sender = guard.holding(caller)?;
        let mut receivers = BTreeMap::new();
        for &(to, value) in transfers {
            ensure_receiver(to)?;
            debit(&mut sender, caller, value)?;
            if to == caller {
                credit(&mut sender, value)?;
                continue;
            }
            let receiver = match receivers.entry(to) {
                alloc::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                alloc::collections::btree_map::Entry::Vacant(entry) => entry.insert(guard.holding(to)?),
            };
            credit(receiver, value)?;
        }

        Self::put_holding(token, caller, sender);
        for (account, holding) in receivers {
            Self::put_holding(token, account, holding);
        }
        logs.extend(transfers.iter().map(|&(to, value)| transfer_log(token, caller, to, value)));
        Ok(())
    }

    /// Sets what `spender` may move for `caller`.
    ///
    /// Errors: `TokenNotFound`, `ERC20InvalidApprover`, `ERC20InvalidSpender`.
    pub fn do_approve(
        caller: H160,
        token: H160,
        spender: H160,
        value: U256,
        logs: &mut Vec<Log>,
    ) -> Result<(), TokenError> {
        ensure!(Tokens::<T>::contains_key(token), IToken::TokenNotFound { token: address(token) });
        ensure_approval(caller, spender)?;
        Self::put_allowance(token, caller, spender, value);
        let event = IToken::Approval { owner: address(caller), spender: address(spender), value: ru256(value) };
        logs.push(log(token, &event));
        Ok(())
    }

    /// Burns from the caller.
    ///
    /// Errors: `TokenNotFound`, `EnforcedPause`, `ERC20InvalidSender`, `AccountFrozen`, `HolderNotAllowed`,
    /// `ERC20InsufficientBalance`.
    pub fn do_burn(caller: H160, token: H160, value: U256, logs: &mut Vec<Log>) -> Result<(), TokenError> {
        let guard = Guard::<T>::load(token)?;
        Self::burn_value(guard, caller, value, logs)
    }

    /// Burns from `account`, out of the caller's allowance.
    ///
    /// Errors: those of [`do_burn`](Self::do_burn), `ERC20InsufficientAllowance`, `ERC20InvalidApprover`,
    /// `ERC20InvalidSpender`.
    pub fn do_burn_from(
        caller: H160,
        token: H160,
        account: H160,
        value: U256,
        logs: &mut Vec<Log>,
    ) -> Result<(), TokenError> {
        let guard = Guard::<T>::load(token)?;
        let left = Self::allowance_after(token, account, caller, value)?;
        Self::burn_value(guard, account, value, logs)?;
        Self::put_allowance(token, account, caller, left);
        Ok(())
    }

    fn move_value(guard: &Guard<T>, from: H160, to: H160, value: U256, logs: &mut Vec<Log>) -> Result<(), TokenError> {
        ensure_sender(from)?;
        ensure_receiver(to)?;
        let mut sender = guard.holding(from)?;
        debit(&mut sender, from, value)?;
        if to != from {
            let mut receiver = guard.holding(to)?;
            credit(&mut receiver, value)?;
            Self::put_holding(guard.id, from, sender);
            Self::put_holding(guard.id, to, receiver);
        }
        logs.push(transfer_log(guard.id, from, to, value));
        Ok(())
    }

    fn burn_value(guard: Guard<T>, from: H160, value: U256, logs: &mut Vec<Log>) -> Result<(), TokenError> {
        ensure_sender(from)?;
        let mut holding = guard.holding(from)?;
        debit(&mut holding, from, value)?;
        let mut token = guard.token;
        token.supply = token.supply.checked_sub(value).ok_or(TokenError::Overflow)?;
        Tokens::<T>::insert(guard.id, token);
        Self::put_holding(guard.id, from, holding);
        logs.push(transfer_log(guard.id, from, H160::zero(), value));
        Ok(())
    }

    /// What is left of an allowance after `value` is spent. The zero address has none to give or to use, not even one of
    /// nothing.
    fn allowance_after(token: H160, owner: H160, spender: H160, value: U256) -> Result<U256, TokenError> {
        let allowance = Allowances::<T>::get(token, (owner, spender));
        if allowance == U256::MAX {
            return Ok(allowance);
        }
        let left = allowance.checked_sub(value).ok_or_else(|| IToken::ERC20InsufficientAllowance {
            spender: address(spender),
            allowance: ru256(allowance),
            needed: ru256(value),
        })?;
        ensure_approval(owner, spender)?;
        Ok(left)
    }

    fn put_allowance(token: H160, owner: H160, spender: H160, value: U256) {
        if value.is_zero() {
            Allowances::<T>::remove(token, (owner, spender));
        } else {
            Allowances::<T>::insert(token, (owner, spender), value);
        }
    }
}

/// `Transfer`; from the zero address it is a mint, to it a burn (EIP-20).
pub(crate) fn transfer_log(token: H160, from: H160, to: H160, value: U256) -> Log {
    log(token, &IToken::Transfer { from: address(from), to: address(to), value: ru256(value) })
}

fn ensure_approval(owner: H160, spender: H160) -> Result<(), TokenError> {
    ensure!(!owner.is_zero(), IToken::ERC20InvalidApprover { approver: address(owner) });
    ensure!(!spender.is_zero(), IToken::ERC20InvalidSpender { spender: address(spender) });
    Ok(())
}

fn ensure_sender(account: H160) -> Result<(), TokenError> {
    ensure!(!account.is_zero(), IToken::ERC20InvalidSender { sender: address(account) });
    Ok(())
}

pub(crate) fn ensure_receiver(account: H160) -> Result<(), TokenError> {
    ensure!(!account.is_zero(), IToken::ERC20InvalidReceiver { receiver: address(account) });
    Ok(())
}
