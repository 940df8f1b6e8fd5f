//! Users of an app: the business functions behind `IUsers` and the native calls.

use crate::{
    Admins, App, AppId, Apps, Config, MAX_ACCOUNTS, Pallet, Status, Users, UsersError,
    abi::{IUsers, users_log},
    apps::ensure_account,
};
use alloc::vec::Vec;
use frame_support::ensure;
use hanse_primitives::{Log, convert::address};
use sp_core::H160;

impl<T: Config> Pallet<T> {
    /// Adds users. One that is a user already is left as it is, suspended or not.
    ///
    /// Errors: `TooManyAccounts`, `AppNotFound`, `AppSuspended`, `NotAppAdmin`, `InvalidAccount`.
    pub fn do_add_users(caller: H160, app: AppId, accounts: &[H160], logs: &mut Vec<Log>) -> Result<(), UsersError> {
        ensure!(
            accounts.len() <= MAX_ACCOUNTS as usize,
            IUsers::TooManyAccounts {
                given: alloy_primitives::U256::from(accounts.len()),
                max: alloy_primitives::U256::from(MAX_ACCOUNTS),
            }
        );
        let info = Self::ensure_admin(app, caller)?;
        for &account in accounts {
            ensure_account(account)?;
            if !Users::<T>::contains_key(app, account) {
                Self::with_voucher(app, &info, account)?;
            }
        }
        for &account in accounts {
            // Again, since one may be named twice.
            if Users::<T>::contains_key(app, account) {
                continue;
            }
            Self::vouch(app, &info, account)?;
            Users::<T>::insert(app, account, Status::Active);
            logs.push(users_log(&IUsers::UserAdded { app: app.into(), account: address(account) }));
        }
        Ok(())
    }

    /// Activates or suspends a user.
    ///
    /// Errors: `AppNotFound`, `AppSuspended`, `NotAppAdmin`, `UserNotFound`, `InvalidAccount`.
    pub fn do_set_user_status(
        caller: H160,
        app: AppId,
        account: H160,
        status: Status,
        logs: &mut Vec<Log>,
    ) -> Result<(), UsersError> {
        let info = Self::ensure_admin(app, caller)?;
        let before =
            Users::<T>::get(app, account).ok_or(IUsers::UserNotFound { app: app.into(), account: address(account) })?;
        if before == status {
            return Ok(());
        }
        if status == Status::Active {
            Self::vouch(app, &info, account)?;
        }
        Users::<T>::insert(app, account, status);
        if status == Status::Suspended {
            Self::withdraw_voucher(app, &info, account);
        }
        logs.push(users_log(&IUsers::UserStatusChanged {
            app: app.into(),
            account: address(account),
            status: status.into(),
        }));
        Ok(())
    }

    /// `IUsers.isUser`: an active user of an active app.
    pub fn is_user(app: AppId, account: H160) -> bool {
        Users::<T>::get(app, account) == Some(Status::Active)
            && Apps::<T>::get(app).is_some_and(|info| info.is_active())
    }

    /// Whether the account is an active user, an admin or the owner, whatever the app's status. `info` is the app's
    /// entry, which a caller that asks for several accounts reads once.
    pub fn is_member(app: AppId, info: &App, account: H160) -> bool {
        // Users first: they are the most.
        Users::<T>::get(app, account) == Some(Status::Active)
            || info.owner == account
            || Admins::<T>::contains_key(app, account)
    }
}
