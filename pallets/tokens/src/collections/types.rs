//! What is stored of collections.

use crate::{MAX_NAME_BYTES, MAX_SYMBOL_BYTES};
use alloc::string::String;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use hanse_primitives::addresses::AppId;
use scale_info::TypeInfo;
use sp_core::{H160, H256, U256};

/// Longest URI of metadata, in bytes of UTF-8.
pub const MAX_URI_BYTES: u32 = 256;
/// Most items, or receivers, of one call.
pub const MAX_ITEMS: u32 = 1_000;
/// Most beneficiaries of one sale slot, beside the royalty's receiver and the seller.
pub const MAX_SHARES: u32 = 10;
/// A whole, in hundredths of a percent.
pub const MAX_BASIS_POINTS: u16 = 10_000;

/// Where metadata is, in UTF-8.
pub type Uri = BoundedVec<u8, ConstU32<MAX_URI_BYTES>>;

/// A collection of either kind.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Collection {
    /// The app that issued it.
    pub app: AppId,
    /// Number of items that there are; ERC-721 only.
    pub supply: u64,
    /// Only active users, admins and the owner of the app may hold its items.
    pub closed: bool,
    /// Nothing moves, is minted or burnt.
    pub paused: bool,
    /// UTF-8.
    pub name: BoundedVec<u8, ConstU32<MAX_NAME_BYTES>>,
    /// UTF-8.
    pub symbol: BoundedVec<u8, ConstU32<MAX_SYMBOL_BYTES>>,
    /// Of the collection itself (ERC-7572); may be empty.
    pub uri: Uri,
    /// Of each of its items (ERC-2981).
    pub royalty: Option<Share>,
}

/// Who shares in the price of a sale.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Share {
    /// Not zero.
    pub receiver: H160,
    /// Hundredths of a percent: 1 to [`MAX_BASIS_POINTS`].
    pub basis_points: u16,
}

impl Share {
    /// The share in a price, rounded down, in the price's unit.
    pub fn of(&self, price: U256) -> U256 {
        let share = price.full_mul(self.basis_points.into()) / MAX_BASIS_POINTS;
        // At most the price.
        U256::try_from(share).unwrap_or(price)
    }
}

/// Items that wait with their collection for whoever pays the price.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Slot {
    /// Who gets the payment, or the items back.
    pub seller: H160,
    /// The item.
    pub item: U256,
    /// How many are to be sold yet; never zero.
    pub left: U256,
    /// The token that is paid with.
    pub currency: H160,
    /// Of one item, in the currency's smallest unit.
    pub price: U256,
    /// Who has a share in what is paid; the royalty isn't among them.
    pub shares: BoundedVec<Share, ConstU32<MAX_SHARES>>,
    /// The seller's choice, for several slots on the same terms.
    pub salt: H256,
}

/// An ERC-721 item.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Unique {
    /// Who has it.
    pub owner: H160,
    /// Who may move it in the owner's stead; zero for no one.
    pub approved: H160,
}

/// An ERC-1155 item.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Edition {
    /// How many there are.
    pub supply: U256,
    /// Most that there may be; zero for no limit.
    pub cap: U256,
}

/// What an app chooses for its new collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionParams {
    /// [`KIND_COLLECTION_721`](hanse_primitives::addresses::KIND_COLLECTION_721) or its fellow.
    pub kind: u8,
    /// 1 to [`MAX_NAME_BYTES`].
    pub name: String,
    /// 1 to [`MAX_SYMBOL_BYTES`].
    pub symbol: String,
    /// At most [`MAX_URI_BYTES`].
    pub uri: String,
    /// See [`Collection::closed`].
    pub closed: bool,
    /// Zero if and only if `royalty_basis_points` is.
    pub royalty_receiver: H160,
    /// At most [`MAX_BASIS_POINTS`].
    pub royalty_basis_points: u16,
}
