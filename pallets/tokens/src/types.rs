//! What the pallet stores.

use alloc::string::String;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use hanse_primitives::addresses::AppId;
use scale_info::TypeInfo;
use sp_core::{H160, U256};

/// Longest name, in bytes of UTF-8.
pub const MAX_NAME_BYTES: u32 = 64;
/// Longest symbol, in bytes of UTF-8.
pub const MAX_SYMBOL_BYTES: u32 = 16;
/// Most decimals.
pub const MAX_DECIMALS: u8 = 36;
/// Most receivers of one batch.
pub const MAX_RECEIVERS: u32 = 1_000;

/// A fungible token. One entry, since a transfer needs most of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Token {
    /// The app that issued it.
    pub app: AppId,
    /// Sum of all balances, in the smallest unit.
    pub supply: U256,
    /// Most that `supply` may be; zero for no limit.
    pub cap: U256,
    /// Digits after the point when shown.
    pub decimals: u8,
    /// Only active users, admins and the owner of the app may hold it.
    pub closed: bool,
    /// Nothing moves, is minted or burnt.
    pub paused: bool,
    /// UTF-8.
    pub name: BoundedVec<u8, ConstU32<MAX_NAME_BYTES>>,
    /// UTF-8.
    pub symbol: BoundedVec<u8, ConstU32<MAX_SYMBOL_BYTES>>,
}

/// What one account has of one token. The default isn't stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Holding {
    /// In the smallest unit.
    pub balance: U256,
    /// The account neither sends nor receives.
    pub frozen: bool,
}

/// What an app chooses for its new token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenParams {
    /// 1 to [`MAX_NAME_BYTES`].
    pub name: String,
    /// 1 to [`MAX_SYMBOL_BYTES`].
    pub symbol: String,
    /// 0 to [`MAX_DECIMALS`].
    pub decimals: u8,
    /// Most that may ever exist at once, in the smallest unit; zero for no limit.
    pub cap: U256,
    /// Minted to `holder` at once; the holder doesn't matter when this is zero.
    pub initial_supply: U256,
    /// First holder.
    pub holder: H160,
    /// See [`Token::closed`].
    pub closed: bool,
}
