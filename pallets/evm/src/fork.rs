//! Which of Ethereum's forks rules which blocks.

use crate::{Config, Forks, Pallet};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::ensure;
use revm::primitives::hardfork::SpecId;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::DispatchError;

/// Changes of the fork that one chain can have had.
pub const MAX_FORKS: u32 = 64;

/// A set of Ethereum's rules. Only the EVM's: a block's header has the newest one's fields under all of them.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Fork {
    /// March 2024.
    #[codec(index = 0)]
    Cancun,
    /// May 2025.
    #[codec(index = 1)]
    Prague,
    /// December 2025; the newest that is live on Ethereum's main network.
    #[default]
    #[codec(index = 2)]
    Osaka,
}

impl Fork {
    /// revm's name for it.
    pub fn spec(self) -> SpecId {
        match self {
            Self::Cancun => SpecId::CANCUN,
            Self::Prague => SpecId::PRAGUE,
            Self::Osaka => SpecId::OSAKA,
        }
    }
}

impl<T: Config> Pallet<T> {
    /// The fork that rules a block.
    pub fn fork_at(number: u32) -> Fork {
        Forks::<T>::get().iter().rev().find(|(from, _)| *from <= number).map(|(_, fork)| *fork).unwrap_or_default()
    }

    /// Has another fork rule from block `from` on, in place of what was planned from there on.
    ///
    /// # Errors
    /// When the block `from` isn't ahead of the current one `now`, or [`MAX_FORKS`] are reached.
    pub fn plan_fork(now: u32, from: u32, fork: Fork) -> Result<(), DispatchError> {
        ensure!(from > now, DispatchError::Other("the fork's first block must be ahead"));
        Forks::<T>::try_mutate(|forks| {
            forks.retain(|(planned, _)| *planned < from);
            forks.try_push((from, fork)).map_err(|_| DispatchError::Exhausted)
        })
    }
}
