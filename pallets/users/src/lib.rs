//! Apps, their users, and who may transact.
//!
//! An *app* is a tenant: an owner, admins, and user accounts. The registry serves two questions: "may this account do
//! this in that app?" (asked by the tokens and by contracts through `IUsers`), and "may this account send a transaction
//! at all?" (asked before a transaction enters the pool, and again when it is executed).
//!
//! ```text
//!   native call          IUsers precompile             pool and execution
//!        │                     │                    (Ethereum and native alike)
//!        ▼                     ▼                               │
//!   dispatchable ──►  apps.rs, members.rs  ◄── tokens          ▼
//!        │             │            │                  permission::can_transact
//!        ▼             ▼            ▼                          │ a read each
//!    LogSink ◄──── logs: Vec<Log>   Apps Admins Users          ▼
//!                                   Vouchers ◄──── policy, operators, root, vouchers, app
//! ```
//!
//! # Who may transact
//! Under [`Policy::Registered`] an account needs to be root or an operator, or to have an app that vouches for it.
//! `Vouchers` lists, per account, the apps in which it is the owner, an admin or an active user; the app's own state
//! is looked up at the check. So suspending an app cuts off all its users with one write, however many they are, and
//! a user keeps its access if another app vouches for it. A check costs five reads in the usual case and never more
//! than 4 + [`MAX_VOUCHERS`].
//! Only an admitted app vouches ([`Standing`]): one that an operator created, or that root let in. Others may come to
//! be while the network is open; when it is closed they let no one in. The list of vouchers is short. In a full one
//! an admitted app takes the place of one that doesn't vouch, and an account that [`MAX_VOUCHERS`] apps do vouch for
//! takes no further role in such an app, unless it is an operator or root. An app that found no place, or lost it,
//! gets one when the role is given again: suspend the user, and activate it.
//!
//! Native calls cost nothing. Where transactions pay for gas only root and operators make them.
//!
//! # Who may deploy contracts
//! Under [`Deployment::Listed`] root, the operators and the accounts in `Deployers`, if they may transact at all. Root
//! sets the policy, root and operators keep the list. What that covers is explained in `pallet_evm`.
//!
//! # Invariants
//! - An app's id is derived from its first owner and a salt, so no one can take another's id.
//! - `Vouchers[a]` holds an app only if `a` is its owner, an admin or an active user, and never twice. Of such apps
//!   it lacks only those that didn't vouch when places were short, and what is too much for an operator's or root's
//!   list.
//! - Root and operators have an account of their own from the start, also without a coin, so that their native calls
//!   have a nonce.
//! - A suspended app: its admins and users have no rights, its owner keeps what only the owner may do. A blocked app
//!   (the network's decision): not even that.
//! - While the policy is `Registered` there is at least one operator, and only operators create apps, since whoever
//!   runs an app can admit anyone.
//!
//! # Failure
//! The functions under [`apps`] and [`members`] return [`UsersError`], the Solidity errors of `IUsers.sol`, and have
//! then changed nothing: they check before they write. Dispatchables map to [`Error`]. Nothing panics on outside
//! input; a genesis that would lock everyone out does, before there is a chain.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod abi;
pub mod apps;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod extension;
pub mod members;
#[cfg(test)]
mod mock;
pub mod permission;
#[cfg(test)]
mod tests;
pub mod types;
pub mod weights;

pub use abi::UsersError;
pub use extension::CheckPermission;
pub use hanse_primitives::addresses::AppId;
pub use pallet::*;
pub use types::{App, Deployment, Policy, Standing, Status};
pub use weights::WeightInfo;

use frame_support::{BoundedVec, traits::ConstU32};

/// Most accounts that one call adds.
pub const MAX_ACCOUNTS: u32 = 1_000;
/// Most apps that vouch for one account.
pub const MAX_VOUCHERS: u32 = 16;

/// The apps that vouch for one account.
pub type VoucherList = BoundedVec<AppId, ConstU32<MAX_VOUCHERS>>;

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::vec::Vec;
    use frame_support::{pallet_prelude::*, traits::Contains};
    use frame_system::pallet_prelude::*;
    use hanse_primitives::LogSink;
    use sp_core::{H160, H256};

    /// What the registry needs of its runtime.
    #[pallet::config]
    pub trait Config:
        frame_system::Config<RuntimeEvent: From<Event<Self>>, AccountId: From<H160> + Into<H160>>
    {
        /// Where the logs of native calls go.
        type LogSink: LogSink;
        /// The account that acts as root, if there is one. It may always transact.
        type Root: Get<Option<Self::AccountId>>;
        /// Whether transactions pay for gas; native calls never do.
        type ChargesForGas: Get<bool>;
        /// What a signed native extrinsic may call.
        type SignedCalls: Contains<<Self as frame_system::Config>::RuntimeCall>;
        /// Benchmarked weights.
        type WeightInfo: WeightInfo;
    }

    /// Of what is stored; raised together with a migration.
    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Who may transact.
    #[pallet::storage]
    #[pallet::whitelist_storage]
    pub type TransactPolicy<T> = StorageValue<_, Policy, ValueQuery>;

    /// Accounts of the network's operators: they may always transact, and create apps.
    #[pallet::storage]
    pub type Operators<T> = CountedStorageMap<_, Blake2_128Concat, H160, ()>;

    /// Who may deploy contracts.
    #[pallet::storage]
    pub type DeployPolicy<T> = StorageValue<_, Deployment, ValueQuery>;

    /// Accounts that may deploy contracts where only listed ones do.
    #[pallet::storage]
    pub type Deployers<T> = StorageMap<_, Blake2_128Concat, H160, ()>;

    /// Apps by id. The id is a hash already.
    #[pallet::storage]
    pub type Apps<T> = StorageMap<_, Identity, AppId, App>;

    /// Admins of an app, other than its owner.
    #[pallet::storage]
    pub type Admins<T> = StorageDoubleMap<_, Identity, AppId, Blake2_128Concat, H160, ()>;

    /// Users of an app.
    #[pallet::storage]
    pub type Users<T> = StorageDoubleMap<_, Identity, AppId, Blake2_128Concat, H160, Status>;

    /// Apps that vouch for an account.
    #[pallet::storage]
    pub type Vouchers<T> = StorageMap<_, Blake2_128Concat, H160, VoucherList, ValueQuery>;

    /// What operators watch. Changes of apps and users are Ethereum logs.
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Who may transact changed.
        TransactPolicySet {
            /// The policy from now on.
            policy: Policy,
        },
        /// An operator was added or removed.
        OperatorSet {
            /// The account.
            account: H160,
            /// Whether it is one now.
            operator: bool,
        },
        /// Who may deploy contracts changed.
        DeployPolicySet {
            /// The policy from now on.
            policy: Deployment,
        },
        /// An account was put on the list of those who deploy contracts, or taken off it.
        DeployerSet {
            /// The account.
            account: H160,
            /// Whether it is listed now.
            deployer: bool,
        },
        /// The network let an app in, or shut it out.
        AppStandingSet {
            /// The app.
            app: AppId,
            /// What the network thinks of it from now on.
            standing: Standing,
        },
    }

    /// Why a native call is refused; contracts get [`UsersError`].
    #[pallet::error]
    pub enum Error<T> {
        /// The owner used this salt before.
        AppExists,
        /// No app has this id.
        AppNotFound,
        /// The app is suspended, or blocked by the network.
        AppSuspended,
        /// Only the app's owner may do this.
        NotAppOwner,
        /// Only the app's owner or an admin may do this.
        NotAppAdmin,
        /// The account is no user of the app.
        UserNotFound,
        /// The status can't be set.
        InvalidStatus,
        /// More than [`MAX_ACCOUNTS`].
        TooManyAccounts,
        /// The zero address, or an account that [`MAX_VOUCHERS`] apps vouch for already.
        InvalidAccount,
        /// Only an operator, or root, may do this on this network.
        NotOperator,
        /// A network of registered accounts needs an operator.
        LastOperator,
    }

    /// State of the registry at the first block.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// Who may transact.
        pub policy: Policy,
        /// The network's operators.
        pub operators: Vec<T::AccountId>,
        /// Who may deploy contracts.
        pub deploy_policy: Deployment,
        /// Who may where only listed accounts do.
        pub deployers: Vec<T::AccountId>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            assert!(
                self.policy == Policy::Open || !self.operators.is_empty(),
                "a network of registered accounts needs at least one operator in its genesis"
            );
            TransactPolicy::<T>::put(self.policy);
            for operator in &self.operators {
                Operators::<T>::insert(Into::<H160>::into(operator.clone()), ());
                Pallet::<T>::keep_account(operator);
            }
            DeployPolicy::<T>::put(self.deploy_policy);
            for deployer in &self.deployers {
                Deployers::<T>::insert(Into::<H160>::into(deployer.clone()), ());
            }
            // The runtime's genesis has set its key before.
            if let Some(root) = T::Root::get() {
                Pallet::<T>::keep_account(&root);
            }
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Root: sets who may transact.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::set_transact_policy())]
        pub fn set_transact_policy(origin: OriginFor<T>, policy: Policy) -> DispatchResult {
            ensure_root(origin)?;
            ensure!(policy == Policy::Open || Operators::<T>::count() > 0, Error::<T>::LastOperator);
            TransactPolicy::<T>::put(policy);
            Self::deposit_event(Event::TransactPolicySet { policy });
            Ok(())
        }

        /// Root: makes an account an operator, or ends that.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::set_operator())]
        pub fn set_operator(origin: OriginFor<T>, account: H160, operator: bool) -> DispatchResult {
            ensure_root(origin)?;
            ensure!(!account.is_zero(), Error::<T>::InvalidAccount);
            if operator {
                Operators::<T>::insert(account, ());
                Self::keep_account(&account.into());
            } else {
                Operators::<T>::remove(account);
                let needed = TransactPolicy::<T>::get() == Policy::Registered;
                ensure!(!needed || Operators::<T>::count() > 0, Error::<T>::LastOperator);
            }
            Self::deposit_event(Event::OperatorSet { account, operator });
            Ok(())
        }

        /// Root: shuts an app out of the network, its owner included, lets it in, or only tolerates it.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::set_app_standing())]
        pub fn set_app_standing(origin: OriginFor<T>, app: AppId, standing: Standing) -> DispatchResult {
            ensure_root(origin)?;
            Self::with_logs(|logs| Self::do_set_app_standing(app, standing, logs))?;
            Self::deposit_event(Event::AppStandingSet { app, standing });
            Ok(())
        }

        /// `IUsers.createApp`.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::create_app())]
        pub fn create_app(origin: OriginFor<T>, salt: H256) -> DispatchResult {
            let caller = ensure_signed(origin)?.into();
            Self::with_logs(|logs| Self::do_create_app(caller, salt, logs)).map(|_| ())
        }

        /// `IUsers.transferAppOwnership`.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::transfer_app_ownership())]
        pub fn transfer_app_ownership(origin: OriginFor<T>, app: AppId, new_owner: H160) -> DispatchResult {
            let caller = ensure_signed(origin)?.into();
            Self::with_logs(|logs| Self::do_transfer_app_ownership(caller, app, new_owner, logs))
        }

        /// `IUsers.setAppStatus`.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::set_app_status())]
        pub fn set_app_status(origin: OriginFor<T>, app: AppId, status: Status) -> DispatchResult {
            let caller = ensure_signed(origin)?.into();
            Self::with_logs(|logs| Self::do_set_app_status(caller, app, status, logs))
        }

        /// `IUsers.addAdmin`.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::add_admin())]
        pub fn add_admin(origin: OriginFor<T>, app: AppId, admin: H160) -> DispatchResult {
            let caller = ensure_signed(origin)?.into();
            Self::with_logs(|logs| Self::do_add_admin(caller, app, admin, logs))
        }

        /// `IUsers.removeAdmin`.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::remove_admin())]
        pub fn remove_admin(origin: OriginFor<T>, app: AppId, admin: H160) -> DispatchResult {
            let caller = ensure_signed(origin)?.into();
            Self::with_logs(|logs| Self::do_remove_admin(caller, app, admin, logs))
        }

        /// `IUsers.addUsers`.
        #[pallet::call_index(8)]
        #[pallet::weight(
            T::WeightInfo::add_users(accounts.len() as u32)
                .saturating_add(Pallet::<T>::weight_of_full_lists(accounts.len() as u32))
        )]
        pub fn add_users(
            origin: OriginFor<T>,
            app: AppId,
            accounts: BoundedVec<H160, ConstU32<MAX_ACCOUNTS>>,
        ) -> DispatchResult {
            let caller = ensure_signed(origin)?.into();
            Self::with_logs(|logs| Self::do_add_users(caller, app, &accounts, logs))
        }

        /// `IUsers.setUserStatus`.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::set_user_status())]
        pub fn set_user_status(origin: OriginFor<T>, app: AppId, account: H160, status: Status) -> DispatchResult {
            let caller = ensure_signed(origin)?.into();
            Self::with_logs(|logs| Self::do_set_user_status(caller, app, account, status, logs))
        }

        /// Root: sets who may deploy contracts.
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::set_deploy_policy())]
        pub fn set_deploy_policy(origin: OriginFor<T>, policy: Deployment) -> DispatchResult {
            ensure_root(origin)?;
            DeployPolicy::<T>::put(policy);
            Self::deposit_event(Event::DeployPolicySet { policy });
            Ok(())
        }

        /// Root or an operator: lists an account among those who deploy contracts, or takes it off the list.
        #[pallet::call_index(11)]
        #[pallet::weight(T::WeightInfo::set_deployer())]
        pub fn set_deployer(origin: OriginFor<T>, account: H160, deployer: bool) -> DispatchResult {
            if let Some(caller) = ensure_signed_or_root(origin)? {
                ensure!(Self::runs_network(caller.into()), Error::<T>::NotOperator);
            }
            ensure!(!account.is_zero(), Error::<T>::InvalidAccount);
            if deployer {
                Deployers::<T>::insert(account, ());
            } else {
                Deployers::<T>::remove(account);
            }
            Self::deposit_event(Event::DeployerSet { account, deployer });
            Ok(())
        }
    }

    impl<T: Config> Pallet<T> {
        /// Gives an account a nonce of its own, also if it holds no coin. That is never taken back: the EVM counts on
        /// the same reference, and with its last one an account would lose its nonce, and everything could be
        /// replayed.
        fn keep_account(account: &T::AccountId) {
            if frame_system::Pallet::<T>::sufficients(account) == 0 {
                frame_system::Pallet::<T>::inc_sufficients(account);
            }
        }

        /// Runs a business function for a native call: its logs go to the block, its error becomes the pallet's.
        fn with_logs<R>(
            run: impl FnOnce(&mut Vec<hanse_primitives::Log>) -> Result<R, UsersError>,
        ) -> Result<R, DispatchError> {
            let mut logs = Vec::new();
            let result = run(&mut logs).map_err(Error::<T>::from)?;
            T::LogSink::emit(logs);
            Ok(result)
        }
    }

    impl<T> From<UsersError> for Error<T> {
        fn from(error: UsersError) -> Self {
            match error {
                UsersError::AppExists(_) => Self::AppExists,
                UsersError::AppNotFound(_) => Self::AppNotFound,
                UsersError::AppSuspended(_) => Self::AppSuspended,
                UsersError::NotAppOwner(_) => Self::NotAppOwner,
                UsersError::NotAppAdmin(_) => Self::NotAppAdmin,
                UsersError::UserNotFound(_) => Self::UserNotFound,
                UsersError::InvalidStatus(_) => Self::InvalidStatus,
                UsersError::TooManyAccounts(_) => Self::TooManyAccounts,
                UsersError::InvalidAccount(_) => Self::InvalidAccount,
                UsersError::NotOperator(_) => Self::NotOperator,
            }
        }
    }
}
