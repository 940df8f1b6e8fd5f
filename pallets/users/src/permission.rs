//! Who may transact. The scheme and its price are explained at the top of the crate.

use crate::{App, AppId, Apps, Config, Operators, Pallet, Policy, TransactPolicy, Vouchers};
use sp_core::H160;

impl<T: Config> Pallet<T> {
    /// Whether the network takes transactions of this account.
    ///
    /// Reads: 1 on an open network; else 2 for an operator, 4 for a user of one active app, at most
    /// 3 + [`MAX_VOUCHERS`](crate::MAX_VOUCHERS).
    pub fn can_transact(account: H160) -> bool {
        match TransactPolicy::<T>::get() {
            Policy::Open => true,
            Policy::Registered => {
                Operators::<T>::contains_key(account)
                    || Vouchers::<T>::get(account).into_iter().any(|app| Self::speaks_for(app, account))
            }
        }
    }

    // The owner of a suspended app may come back to activate it; the owner of a blocked one may not.
    fn speaks_for(app: AppId, account: H160) -> bool {
        Apps::<T>::get(app).is_some_and(|info| info.is_active() || (info.owner == account && !info.blocked))
    }

    /// Records that `account` became owner, admin or active user of `app`.
    pub(crate) fn vouch(app: AppId, account: H160) {
        Vouchers::<T>::mutate(account, |apps| {
            if !apps.contains(&app) {
                // A full list stays as it is: the account has enough apps that vouch for it.
                let _ = apps.try_push(app);
            }
        });
    }

    /// Drops the record if `account`, which just lost a role in `app`, is left without any.
    pub(crate) fn withdraw_voucher(app: AppId, info: &App, account: H160) {
        if Self::is_member(app, info, account) {
            return;
        }
        Vouchers::<T>::mutate_exists(account, |entry| {
            if let Some(apps) = entry {
                apps.retain(|other| *other != app);
                if apps.is_empty() {
                    *entry = None;
                }
            }
        });
    }
}
