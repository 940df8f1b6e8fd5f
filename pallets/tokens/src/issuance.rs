//! What an app's owner and admins do: issue, mint, pause, freeze.

use crate::{
    Config, Holdings, MAX_DECIMALS, MAX_NAME_BYTES, MAX_SYMBOL_BYTES, Pallet, Token, TokenError, TokenParams, Tokens,
    abi::{IToken, ITokens},
    guard::{Guard, credit},
    transfers::{ensure_receiver, transfer_log},
};
use alloc::vec::Vec;
use frame_support::ensure;
use hanse_primitives::{
    Log,
    addresses::{self, AppId, token_address},
    convert::{address, ru256},
};
use pallet_users::{App, UsersError, abi::log};
use sp_core::{H160, H256, U256};

impl<T: Config> Pallet<T> {
    /// Issues a token, and mints its initial supply.
    ///
    /// Errors: `AppNotFound`, `AppSuspended`, `NotAppAdmin`, `InvalidName`, `InvalidSymbol`, `InvalidDecimals`,
    /// `TokenExists`; for the initial supply those of [`do_mint`](Self::do_mint).
    pub fn do_create_token(
        caller: H160,
        app: AppId,
        salt: H256,
        params: TokenParams,
        logs: &mut Vec<Log>,
    ) -> Result<H160, TokenError> {
        let info = pallet_users::Pallet::<T>::ensure_admin(app, caller)?;
        let TokenParams { name, symbol, decimals, cap, initial_supply, holder, closed } = params;
        ensure!((1..=MAX_NAME_BYTES as usize).contains(&name.len()), ITokens::InvalidName {});
        ensure!((1..=MAX_SYMBOL_BYTES as usize).contains(&symbol.len()), ITokens::InvalidSymbol {});
        ensure!(decimals <= MAX_DECIMALS, ITokens::InvalidDecimals { decimals });
        let event_name = name.clone();
        let event_symbol = symbol.clone();
        let token = Token {
            app,
            supply: U256::zero(),
            cap,
            decimals,
            closed,
            paused: false,
            name: name.into_bytes().try_into().map_err(|_| ITokens::InvalidName {})?,
            symbol: symbol.into_bytes().try_into().map_err(|_| ITokens::InvalidSymbol {})?,
        };

        let id = token_address(&app, &salt.0);
        ensure!(!Tokens::<T>::contains_key(id), ITokens::TokenExists { token: address(id) });
        let created = log(
            addresses::TOKENS,
            &ITokens::TokenCreated {
                token: address(id),
                app: app.into(),
                creator: address(caller),
                name: event_name,
                symbol: event_symbol,
                decimals,
            },
        );
        if initial_supply.is_zero() {
            Tokens::<T>::insert(id, token);
            logs.push(created);
        } else {
            let mut minted = Vec::new();
            Self::mint_value(Guard::with_app(id, token, info)?, holder, initial_supply, &mut minted)?;
            logs.push(created);
            logs.append(&mut minted);
        }
        Ok(id)
    }

    /// Makes `value` of new tokens for `to`.
    ///
    /// Errors: `TokenNotFound`, `AppSuspended`, `NotTokenAdmin`, `EnforcedPause`, `ERC20InvalidReceiver`,
    /// `AccountFrozen`, `HolderNotAllowed`, `ERC20ExceededCap`, overflow.
    pub fn do_mint(caller: H160, token: H160, to: H160, value: U256, logs: &mut Vec<Log>) -> Result<(), TokenError> {
        let (info, app) = Self::ensure_token_admin(token, caller)?;
        Self::mint_value(Guard::with_app(token, info, app)?, to, value, logs)
    }

    /// Stops every transfer, mint and burn.
    ///
    /// Errors: `TokenNotFound`, `AppSuspended`, `NotTokenAdmin`, `EnforcedPause` if paused already.
    pub fn do_pause(caller: H160, token: H160, logs: &mut Vec<Log>) -> Result<(), TokenError> {
        let (mut info, _) = Self::ensure_token_admin(token, caller)?;
        ensure!(!info.paused, IToken::EnforcedPause {});
        info.paused = true;
        Tokens::<T>::insert(token, info);
        logs.push(log(token, &IToken::Paused { account: address(caller) }));
        Ok(())
    }

    /// Ends a pause.
    ///
    /// Errors: `TokenNotFound`, `AppSuspended`, `NotTokenAdmin`, `ExpectedPause` if not paused.
    pub fn do_unpause(caller: H160, token: H160, logs: &mut Vec<Log>) -> Result<(), TokenError> {
        let (mut info, _) = Self::ensure_token_admin(token, caller)?;
        ensure!(info.paused, IToken::ExpectedPause {});
        info.paused = false;
        Tokens::<T>::insert(token, info);
        logs.push(log(token, &IToken::Unpaused { account: address(caller) }));
        Ok(())
    }

    /// Keeps an account from sending and receiving this token. Freezing twice changes nothing.
    ///
    /// Errors: `TokenNotFound`, `AppSuspended`, `NotTokenAdmin`.
    pub fn do_freeze(caller: H160, token: H160, account: H160, logs: &mut Vec<Log>) -> Result<(), TokenError> {
        if Self::set_frozen(caller, token, account, true)? {
            logs.push(log(token, &IToken::Frozen { account: address(account) }));
        }
        Ok(())
    }

    /// Ends a freeze. Unfreezing twice changes nothing.
    ///
    /// Errors: `TokenNotFound`, `AppSuspended`, `NotTokenAdmin`.
    pub fn do_unfreeze(caller: H160, token: H160, account: H160, logs: &mut Vec<Log>) -> Result<(), TokenError> {
        if Self::set_frozen(caller, token, account, false)? {
            logs.push(log(token, &IToken::Unfrozen { account: address(account) }));
        }
        Ok(())
    }

    // Whether anything changed.
    fn set_frozen(caller: H160, token: H160, account: H160, frozen: bool) -> Result<bool, TokenError> {
        Self::ensure_token_admin(token, caller)?;
        let mut holding = Holdings::<T>::get(token, account);
        if holding.frozen == frozen {
            return Ok(false);
        }
        holding.frozen = frozen;
        Self::put_holding(token, account, holding);
        Ok(true)
    }

    fn mint_value(guard: Guard<T>, to: H160, value: U256, logs: &mut Vec<Log>) -> Result<(), TokenError> {
        ensure_receiver(to)?;
        let mut holding = guard.holding(to)?;
        let mut token = guard.token;
        token.supply = token.supply.checked_add(value).ok_or(TokenError::Overflow)?;
        ensure!(
            token.cap.is_zero() || token.supply <= token.cap,
            IToken::ERC20ExceededCap { increasedSupply: ru256(token.supply), cap: ru256(token.cap) }
        );
        credit(&mut holding, value)?;
        Tokens::<T>::insert(guard.id, token);
        Self::put_holding(guard.id, to, holding);
        logs.push(transfer_log(guard.id, H160::zero(), to, value));
        Ok(())
    }

    fn ensure_token_admin(token: H160, account: H160) -> Result<(Token, App), TokenError> {
        let info = Self::find(token)?;
        match pallet_users::Pallet::<T>::ensure_admin(info.app, account) {
            Ok(app) => Ok((info, app)),
            // In the token's own words.
            Err(UsersError::NotAppAdmin(_)) => Err(IToken::NotTokenAdmin { account: address(account) }.into()),
            Err(error) => Err(error.into()),
        }
    }
}
