//! Apps and their admins: the business functions behind `IUsers` and the native calls.
//!
//! Each takes the account that acts and the log vector that its events go to, so that no change of state can be made
//! without its log.

use crate::{
    Admins, App, AppId, Apps, Config, Operators, Pallet, Policy, Standing, Status, TransactPolicy, UsersError,
    abi::{IUsers, users_log},
};
use alloc::vec::Vec;
use frame_support::ensure;
use hanse_primitives::{Log, addresses::app_id, convert::address};
use sp_core::{H160, H256};

impl<T: Config> Pallet<T> {
    /// Creates an app that `caller` owns; an operator's is admitted at once.
    ///
    /// Errors: `AppExists`; `NotOperator` where only registered accounts may transact; `InvalidAccount` for the zero
    /// address.
    pub fn do_create_app(caller: H160, salt: H256, logs: &mut Vec<Log>) -> Result<AppId, UsersError> {
        ensure_account(caller)?;
        let standing = if Operators::<T>::contains_key(caller) { Standing::Admitted } else { Standing::Unadmitted };
        ensure!(
            standing == Standing::Admitted || TransactPolicy::<T>::get() == Policy::Open,
            IUsers::NotOperator { account: address(caller) }
        );
        let app = app_id(&caller, &salt.0);
        ensure!(!Apps::<T>::contains_key(app), IUsers::AppExists { app: app.into() });
        let info = App { owner: caller, status: Status::Active, standing };
        Self::vouch(app, &info, caller)?;
        Apps::<T>::insert(app, info);
        logs.push(users_log(&IUsers::AppCreated { app: app.into(), owner: address(caller) }));
        Ok(app)
    }

    /// Makes `new_owner` the owner. The former owner keeps what it has as an admin or a user.
    ///
    /// Errors: `AppNotFound`, `AppSuspended` (blocked), `NotAppOwner`, `InvalidAccount`.
    pub fn do_transfer_app_ownership(
        caller: H160,
        app: AppId,
        new_owner: H160,
        logs: &mut Vec<Log>,
    ) -> Result<(), UsersError> {
        let mut info = Self::ensure_owner(app, caller)?;
        ensure_account(new_owner)?;
        if new_owner == info.owner {
            return Ok(());
        }
        Self::vouch(app, &info, new_owner)?;
        info.owner = new_owner;
        Apps::<T>::insert(app, &info);
        Self::withdraw_voucher(app, &info, caller);
        logs.push(users_log(&IUsers::AppOwnershipTransferred {
            app: app.into(),
            previousOwner: address(caller),
            newOwner: address(new_owner),
        }));
        Ok(())
    }

    /// Activates or suspends the app.
    ///
    /// Errors: `AppNotFound`, `AppSuspended` (blocked), `NotAppOwner`.
    pub fn do_set_app_status(caller: H160, app: AppId, status: Status, logs: &mut Vec<Log>) -> Result<(), UsersError> {
        let mut info = Self::ensure_owner(app, caller)?;
        if info.status != status {
            info.status = status;
            Apps::<T>::insert(app, info);
            logs.push(users_log(&IUsers::AppStatusChanged { app: app.into(), status: status.into() }));
        }
        Ok(())
    }

    /// The network's own decision on an app; the caller of this function has checked that it may.
    ///
    /// Errors: `AppNotFound`.
    pub fn do_set_app_standing(app: AppId, standing: Standing, logs: &mut Vec<Log>) -> Result<(), UsersError> {
        let mut info = Self::find_app(app)?;
        let before = info.visible_status();
        info.standing = standing;
        let status = info.visible_status();
        Apps::<T>::insert(app, info);
        if status != before {
            logs.push(users_log(&IUsers::AppStatusChanged { app: app.into(), status: status.into() }));
        }
        Ok(())
    }

    /// Makes an account an admin.
    ///
    /// Errors: `AppNotFound`, `AppSuspended` (blocked), `NotAppOwner`, `InvalidAccount`.
    pub fn do_add_admin(caller: H160, app: AppId, admin: H160, logs: &mut Vec<Log>) -> Result<(), UsersError> {
        let info = Self::ensure_owner(app, caller)?;
        ensure_account(admin)?;
        if !Admins::<T>::contains_key(app, admin) {
            Self::vouch(app, &info, admin)?;
            Admins::<T>::insert(app, admin, ());
            logs.push(users_log(&IUsers::AdminAdded { app: app.into(), admin: address(admin) }));
        }
        Ok(())
    }

    /// Ends an account's being an admin; nothing happens if it is none.
    ///
    /// Errors: `AppNotFound`, `AppSuspended` (blocked), `NotAppOwner`.
    pub fn do_remove_admin(caller: H160, app: AppId, admin: H160, logs: &mut Vec<Log>) -> Result<(), UsersError> {
        let info = Self::ensure_owner(app, caller)?;
        if Admins::<T>::take(app, admin).is_some() {
            Self::withdraw_voucher(app, &info, admin);
            logs.push(users_log(&IUsers::AdminRemoved { app: app.into(), admin: address(admin) }));
        }
        Ok(())
    }

    /// The app, if `account` is its owner or an admin and the app is active.
    ///
    /// Errors: `AppNotFound`, `AppSuspended`, `NotAppAdmin`.
    pub fn ensure_admin(app: AppId, account: H160) -> Result<App, UsersError> {
        let info = Self::ensure_active(app)?;
        ensure!(
            info.owner == account || Admins::<T>::contains_key(app, account),
            IUsers::NotAppAdmin { app: app.into(), account: address(account) }
        );
        Ok(info)
    }

    /// An app that may do something.
    ///
    /// Errors: `AppNotFound`, `AppSuspended`.
    pub fn ensure_active(app: AppId) -> Result<App, UsersError> {
        let info = Self::find_app(app)?;
        ensure!(info.is_active(), IUsers::AppSuspended { app: app.into() });
        Ok(info)
    }

    /// `IUsers.isAdmin`: true for the owner and for admins, whatever the app's status.
    pub fn is_admin(app: AppId, account: H160) -> bool {
        Apps::<T>::get(app).is_some_and(|info| info.owner == account || Admins::<T>::contains_key(app, account))
    }

    // A suspended app still obeys its owner, who could not activate it otherwise; a blocked one doesn't.
    fn ensure_owner(app: AppId, account: H160) -> Result<App, UsersError> {
        let info = Self::find_app(app)?;
        ensure!(info.owner == account, IUsers::NotAppOwner { app: app.into(), account: address(account) });
        ensure!(info.standing != Standing::Blocked, IUsers::AppSuspended { app: app.into() });
        Ok(info)
    }

    fn find_app(app: AppId) -> Result<App, UsersError> {
        Apps::<T>::get(app).ok_or_else(|| IUsers::AppNotFound { app: app.into() }.into())
    }
}

/// Refuses the zero address, which owns no key.
pub(crate) fn ensure_account(account: H160) -> Result<(), UsersError> {
    ensure!(!account.is_zero(), IUsers::InvalidAccount { account: address(account) });
    Ok(())
}
