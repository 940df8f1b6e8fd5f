//! What apps issue: fungible tokens, each an ERC-20 at an address of its own, and [`collections`] of items.
//!
//! ```text
//!   ERC-20 call to 0x48414E534520…      ITokens.createToken        operator's native call
//!              │                               │                            │
//!              ▼                               ▼                            ▼
//!        transfers.rs  ◄──────────────── issuance.rs  ◄────────────── dispatchables
//!              │        (mint, burn)           │                            │
//!              └──── guard.rs: exists? paused? frozen? allowed to hold? ────┘
//!                        │                             │
//!                        ▼                             ▼
//!           Tokens Holdings Allowances        logs: &mut Vec<Log> ──► EVM, or LogSink
//! ```
//!
//! Whichever way a token moves, the same function does it, and it can't be called without a place for its logs: so
//! there is a `Transfer` or `Approval` log for every change.
//!
//! # Invariants
//! - For each token, the sum of the balances is its supply, and the supply is at most the cap if there is one.
//! - A token's address is derived from its app and a salt; an app can't take another's.
//! - Nothing of the chain's own coin, of nonces or of code is touched: a precompile may run these functions in the
//!   middle of an EVM execution.
//! - An open token's transfer reads three entries and writes two; a closed one reads one more for the app and one for
//!   each party that is a user (three at most, for an admin or the owner).
//! - Entries with no balance that aren't frozen, and allowances of zero, aren't stored.
//!
//! # Decisions that the interfaces leave open
//! - A closed token's sender is checked like its receiver: suspending a user stops what it holds.
//! - While an app is suspended its admins can't issue, mint, pause or freeze, and its closed tokens stand still; open
//!   tokens, which may be in anyone's hands, move on.
//! - Approving isn't moving: it works while paused or frozen (OpenZeppelin's choice too).
//!
//! # Failure
//! The business functions return [`TokenError`], the Solidity errors of the interfaces, and have then changed nothing:
//! they check before they write. All arithmetic is checked. Dispatchables map to [`Error`]. Nothing panics on outside
//! input.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod abi;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod collections;
pub mod error;
mod guard;
pub mod issuance;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod transfers;
pub mod types;
pub mod views;
pub mod weights;

pub use error::TokenError;
pub use pallet::*;
pub use types::{Holding, MAX_DECIMALS, MAX_NAME_BYTES, MAX_RECEIVERS, MAX_SYMBOL_BYTES, Token, TokenParams};
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use crate::{
        abi::{IToken::ITokenErrors, ITokens::ITokensErrors},
        collections::{Collection, Edition, Slot, Unique, Uri},
    };
    use alloc::vec::Vec;
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use hanse_primitives::{Log, LogSink};
    use sp_core::{H160, H256, U256};

    /// What tokens need of their runtime. Logs of native calls go where those of `pallet-users` go.
    #[pallet::config]
    pub trait Config: frame_system::Config + pallet_users::Config {
        /// Benchmarked weights.
        type WeightInfo: WeightInfo;
    }

    /// Of what is stored; raised together with a migration.
    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Tokens by address. An address holds 14 bytes of a hash already.
    #[pallet::storage]
    pub type Tokens<T> = StorageMap<_, Identity, H160, Token>;

    /// Token, account: balance and whether it is frozen.
    #[pallet::storage]
    pub type Holdings<T> = StorageDoubleMap<_, Identity, H160, Blake2_128Concat, H160, Holding, ValueQuery>;

    /// Token, owner and spender: what the spender may still move, in the smallest unit.
    #[pallet::storage]
    pub type Allowances<T> = StorageDoubleMap<_, Identity, H160, Blake2_128Concat, (H160, H160), U256, ValueQuery>;

    /// Collections by address, which holds 14 bytes of a hash already.
    #[pallet::storage]
    pub type Collections<T> = StorageMap<_, Identity, H160, Collection>;

    /// Collections that were transferred: who issues and pauses, in the place of the app's owner and admins.
    #[pallet::storage]
    pub type CollectionOwners<T> = StorageMap<_, Identity, H160, H160>;

    /// Collection, item: ERC-721 items.
    #[pallet::storage]
    pub type Uniques<T> = StorageDoubleMap<_, Identity, H160, Blake2_128Concat, U256, Unique>;

    /// Collection, account: how many ERC-721 items it owns.
    #[pallet::storage]
    pub type UniqueCounts<T> = StorageDoubleMap<_, Identity, H160, Blake2_128Concat, H160, u64, ValueQuery>;

    /// Collection, item: ERC-1155 items.
    #[pallet::storage]
    pub type Editions<T> = StorageDoubleMap<_, Identity, H160, Blake2_128Concat, U256, Edition>;

    /// Collection, item and account: how many the account has.
    #[pallet::storage]
    pub type EditionHoldings<T> = StorageDoubleMap<_, Identity, H160, Blake2_128Concat, (U256, H160), U256, ValueQuery>;

    /// Collection, item: where the item's metadata is. Apart, since no transfer needs it.
    #[pallet::storage]
    pub type ItemUris<T> = StorageDoubleMap<_, Identity, H160, Blake2_128Concat, U256, Uri, ValueQuery>;

    /// Collection, owner and operator: who may move all that the owner has.
    #[pallet::storage]
    pub type ItemOperators<T> = StorageDoubleMap<_, Identity, H160, Blake2_128Concat, (H160, H160), ()>;

    /// Collection, slot's id: what is for sale. The id is a hash.
    #[pallet::storage]
    pub type Slots<T> = StorageDoubleMap<_, Identity, H160, Identity, H256, Slot>;

    /// Why a native call is refused; contracts get [`TokenError`].
    #[pallet::error]
    pub enum Error<T> {
        /// No token has this address.
        TokenNotFound,
        /// The app used this salt before.
        TokenExists,
        /// The name is empty or too long.
        InvalidName,
        /// The symbol is empty or too long.
        InvalidSymbol,
        /// More than [`MAX_DECIMALS`].
        InvalidDecimals,
        /// The balance is less than the amount.
        InsufficientBalance,
        /// The allowance is less than the amount.
        InsufficientAllowance,
        /// The zero address.
        InvalidAccount,
        /// The supply would be over the cap.
        ExceededCap,
        /// The supply would not fit 256 bits.
        Overflow,
        /// The token is paused.
        EnforcedPause,
        /// The token isn't paused.
        ExpectedPause,
        /// The account is frozen.
        AccountFrozen,
        /// The token is closed, and the account isn't an active user, an admin or the owner of the app.
        HolderNotAllowed,
        /// Only the app's owner or an admin may do this.
        NotTokenAdmin,
        /// Not as many amounts as receivers.
        LengthMismatch,
        /// More than [`MAX_RECEIVERS`].
        TooManyReceivers,
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// `IToken.transferBatch`.
        #[pallet::call_index(0)]
        #[pallet::weight(<T as Config>::WeightInfo::transfer_batch(transfers.len() as u32))]
        pub fn transfer_batch(
            origin: OriginFor<T>,
            token: H160,
            transfers: BoundedVec<(H160, U256), ConstU32<MAX_RECEIVERS>>,
        ) -> DispatchResult {
            let caller = ensure_signed(origin)?.into();
            Self::with_logs(|logs| Self::do_transfer_batch(caller, token, &transfers, logs))
        }

        /// `IToken.mint`.
        #[pallet::call_index(1)]
        #[pallet::weight(<T as Config>::WeightInfo::mint())]
        pub fn mint(origin: OriginFor<T>, token: H160, to: H160, value: U256) -> DispatchResult {
            let caller = ensure_signed(origin)?.into();
            Self::with_logs(|logs| Self::do_mint(caller, token, to, value, logs))
        }

        /// `IToken.burn`.
        #[pallet::call_index(2)]
        #[pallet::weight(<T as Config>::WeightInfo::burn())]
        pub fn burn(origin: OriginFor<T>, token: H160, value: U256) -> DispatchResult {
            let caller = ensure_signed(origin)?.into();
            Self::with_logs(|logs| Self::do_burn(caller, token, value, logs))
        }

        /// `IToken.pause`.
        #[pallet::call_index(3)]
        #[pallet::weight(<T as Config>::WeightInfo::pause())]
        pub fn pause(origin: OriginFor<T>, token: H160) -> DispatchResult {
            let caller = ensure_signed(origin)?.into();
            Self::with_logs(|logs| Self::do_pause(caller, token, logs))
        }

        /// `IToken.unpause`.
        #[pallet::call_index(4)]
        #[pallet::weight(<T as Config>::WeightInfo::unpause())]
        pub fn unpause(origin: OriginFor<T>, token: H160) -> DispatchResult {
            let caller = ensure_signed(origin)?.into();
            Self::with_logs(|logs| Self::do_unpause(caller, token, logs))
        }

        /// `IToken.freeze`.
        #[pallet::call_index(5)]
        #[pallet::weight(<T as Config>::WeightInfo::freeze())]
        pub fn freeze(origin: OriginFor<T>, token: H160, account: H160) -> DispatchResult {
            let caller = ensure_signed(origin)?.into();
            Self::with_logs(|logs| Self::do_freeze(caller, token, account, logs))
        }

        /// `IToken.unfreeze`.
        #[pallet::call_index(6)]
        #[pallet::weight(<T as Config>::WeightInfo::unfreeze())]
        pub fn unfreeze(origin: OriginFor<T>, token: H160, account: H160) -> DispatchResult {
            let caller = ensure_signed(origin)?.into();
            Self::with_logs(|logs| Self::do_unfreeze(caller, token, account, logs))
        }
    }

    impl<T: Config> Pallet<T> {
        /// Runs a business function for a native call: its logs go to the block, its error becomes the pallet's.
        fn with_logs(run: impl FnOnce(&mut Vec<Log>) -> Result<(), TokenError>) -> DispatchResult {
            let mut logs = Vec::new();
            run(&mut logs).map_err(Self::dispatch_error)?;
            T::LogSink::emit(logs);
            Ok(())
        }

        fn dispatch_error(error: TokenError) -> DispatchError {
            match error {
                TokenError::Token(error) => Error::<T>::from(error).into(),
                TokenError::Issuer(error) => Error::<T>::from(error).into(),
                TokenError::Users(error) => pallet_users::Error::<T>::from(error).into(),
                TokenError::Overflow => Error::<T>::Overflow.into(),
            }
        }
    }

    impl<T> From<ITokenErrors> for Error<T> {
        fn from(error: ITokenErrors) -> Self {
            match error {
                ITokenErrors::AccountFrozen(_) => Self::AccountFrozen,
                ITokenErrors::ERC20ExceededCap(_) => Self::ExceededCap,
                ITokenErrors::ERC20InsufficientAllowance(_) => Self::InsufficientAllowance,
                ITokenErrors::ERC20InsufficientBalance(_) => Self::InsufficientBalance,
                ITokenErrors::ERC20InvalidApprover(_)
                | ITokenErrors::ERC20InvalidReceiver(_)
                | ITokenErrors::ERC20InvalidSender(_)
                | ITokenErrors::ERC20InvalidSpender(_) => Self::InvalidAccount,
                ITokenErrors::EnforcedPause(_) => Self::EnforcedPause,
                ITokenErrors::ExpectedPause(_) => Self::ExpectedPause,
                ITokenErrors::HolderNotAllowed(_) => Self::HolderNotAllowed,
                ITokenErrors::LengthMismatch(_) => Self::LengthMismatch,
                ITokenErrors::NotTokenAdmin(_) => Self::NotTokenAdmin,
                ITokenErrors::TokenNotFound(_) => Self::TokenNotFound,
                ITokenErrors::TooManyReceivers(_) => Self::TooManyReceivers,
            }
        }
    }

    impl<T> From<ITokensErrors> for Error<T> {
        fn from(error: ITokensErrors) -> Self {
            match error {
                ITokensErrors::InvalidDecimals(_) => Self::InvalidDecimals,
                ITokensErrors::InvalidName(_) => Self::InvalidName,
                ITokensErrors::InvalidSymbol(_) => Self::InvalidSymbol,
                ITokensErrors::TokenExists(_) => Self::TokenExists,
            }
        }
    }
}
