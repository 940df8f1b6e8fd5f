//! Who may transact, and who may deploy contracts. The scheme and its price are explained at the top of the crate.

use crate::{
    App, AppId, Apps, Config, DeployPolicy, Deployers, Deployment, MAX_VOUCHERS, Operators, Pallet, Policy, Standing,
    TransactPolicy, UsersError, VoucherList, Vouchers, abi::IUsers,
};
use frame_support::{ensure, traits::Get, weights::Weight};
use hanse_primitives::convert::address;
use sp_core::H160;

impl<T: Config> Pallet<T> {
    /// Whether the network takes transactions of this account.
    ///
    /// Reads: 1 on an open network; else 2 for an operator, 5 for a user of one active app, at most
    /// 4 + [`MAX_VOUCHERS`].
    pub fn can_transact(account: H160) -> bool {
        match TransactPolicy::<T>::get() {
            Policy::Open => true,
            Policy::Registered => {
                Self::runs_network(account)
                    || Vouchers::<T>::get(account).into_iter().any(|app| Self::speaks_for(app, account))
            }
        }
    }

    /// Whether the network takes native calls of this account. They pay no gas: where transactions do, they are for
    /// those who run the network.
    ///
    /// Reads: one more than [`Self::can_transact`] at most.
    pub fn can_call(account: H160) -> bool {
        if T::ChargesForGas::get() { Self::runs_network(account) } else { Self::can_transact(account) }
    }

    /// Whether transactions of this account may create contracts, provided that it may transact.
    ///
    /// Reads: 1 where everyone deploys; else 2 for a listed account, at most 4.
    pub fn can_deploy(account: H160) -> bool {
        match DeployPolicy::<T>::get() {
            Deployment::Open => true,
            Deployment::Listed => Deployers::<T>::contains_key(account) || Self::runs_network(account),
        }
    }

    /// Operators, and root.
    pub(crate) fn runs_network(account: H160) -> bool {
        Operators::<T>::contains_key(account) || T::Root::get() == Some(account.into())
    }

    fn speaks_for(app: AppId, account: H160) -> bool {
        Apps::<T>::get(app).is_some_and(|info| info.vouches_for(account))
    }

    /// Records that `account` became owner, admin or active user of `app`.
    ///
    /// Errors: `InvalidAccount`, as [`Self::with_voucher`].
    pub(crate) fn vouch(app: AppId, info: &App, account: H160) -> Result<(), UsersError> {
        Vouchers::<T>::insert(account, Self::with_voucher(app, info, account)?);
        Ok(())
    }

    /// The account's vouchers with this app among them. In a full list an admitted app takes the place of one that
    /// doesn't speak for the account, so that nobody can be kept out by being entered in apps that mean nothing; any
    /// other app is left out. Who runs the network needs no voucher, and may have a role in more apps than the list
    /// holds.
    ///
    /// Errors: `InvalidAccount` when all that are in the list speak for the account.
    pub(crate) fn with_voucher(app: AppId, info: &App, account: H160) -> Result<VoucherList, UsersError> {
        let mut apps = Vouchers::<T>::get(account);
        if !apps.contains(&app) && apps.try_push(app).is_err() && info.standing == Standing::Admitted {
            match apps.iter_mut().find(|other| !Self::speaks_for(**other, account)) {
                Some(silent) => *silent = app,
                None => ensure!(Self::runs_network(account), IUsers::InvalidAccount { account: address(account) }),
            }
        }
        Ok(apps)
    }

    /// How many of these accounts have a full list of vouchers, in which a place has to be looked for.
    pub fn full_lists(accounts: &[H160]) -> u32 {
        let full = |account: &&H160| Vouchers::<T>::decode_len(*account) == Some(MAX_VOUCHERS as usize);
        accounts.iter().filter(full).count() as u32
    }

    /// What looking for a place in so many full lists takes. `add_users` itself is measured without it, as it hardly
    /// happens.
    pub fn weight_of_full_lists(lists: u32) -> Weight {
        T::DbWeight::get().reads(u64::from(lists).saturating_mul(MAX_VOUCHERS.into()))
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
