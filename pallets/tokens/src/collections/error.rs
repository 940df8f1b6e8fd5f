//! Why a collection refuses.

use crate::{
    TokenError,
    abi::{ICollection, ICollection721, ICollection1155, ICollections, ISaleSlots},
};
use alloc::vec::Vec;
use alloy_sol_types::{Panic, PanicKind, SolError, SolInterface};
use pallet_users::UsersError;

/// Why a collection, or the issuer of collections, refuses: a custom error of one of the interfaces, with its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CollectionError {
    /// Of `ICollection.sol`.
    Collection(ICollection::ICollectionErrors),
    /// Of `ICollection721.sol`.
    Unique(ICollection721::ICollection721Errors),
    /// Of `ICollection1155.sol`.
    Edition(ICollection1155::ICollection1155Errors),
    /// Of `ICollections.sol`.
    Issuer(ICollections::ICollectionsErrors),
    /// Of `ISaleSlots.sol`.
    Slots(ISaleSlots::ISaleSlotsErrors),
    /// Of the token that a sale is paid with.
    Payment(TokenError),
    /// Of `IUsers.sol`: the app is the reason.
    Users(UsersError),
    /// A sum would not fit its type.
    Overflow,
}

impl CollectionError {
    /// What a contract that fails so reverts with. Overflow is Solidity's `Panic(0x11)`.
    pub fn abi_encode(&self) -> Vec<u8> {
        match self {
            Self::Collection(error) => error.abi_encode(),
            Self::Unique(error) => error.abi_encode(),
            Self::Edition(error) => error.abi_encode(),
            Self::Issuer(error) => error.abi_encode(),
            Self::Slots(error) => error.abi_encode(),
            Self::Payment(error) => error.abi_encode(),
            Self::Users(error) => error.abi_encode(),
            Self::Overflow => Panic::from(PanicKind::UnderOverflow).abi_encode(),
        }
    }
}

impl From<UsersError> for CollectionError {
    fn from(error: UsersError) -> Self {
        Self::Users(error)
    }
}

impl From<TokenError> for CollectionError {
    fn from(error: TokenError) -> Self {
        Self::Payment(error)
    }
}

crate::error::from_each!(CollectionError::Collection: ICollection:
    CollectionNotFound, EnforcedPause, ExpectedPause, HolderNotAllowed, InvalidUri, LengthMismatch, NotCollectionAdmin,
    OwnableInvalidOwner, OwnableUnauthorizedAccount, TooManyItems);
crate::error::from_each!(CollectionError::Unique: ICollection721:
    ERC721IncorrectOwner, ERC721InsufficientApproval, ERC721InvalidApprover, ERC721InvalidOperator, ERC721InvalidOwner,
    ERC721InvalidReceiver, ERC721InvalidSender, ERC721NonexistentToken);
crate::error::from_each!(CollectionError::Edition: ICollection1155:
    ERC1155InsufficientBalance, ERC1155InvalidArrayLength, ERC1155InvalidOperator, ERC1155InvalidReceiver,
    ERC1155InvalidSender, ERC1155MissingApprovalForAll, ExceededCap, ItemExists, ItemNotFound);
crate::error::from_each!(CollectionError::Issuer: ICollections:
    CollectionExists, InvalidName, InvalidRoyalty, InvalidSymbol, InvalidUri);
crate::error::from_each!(CollectionError::Slots: ISaleSlots:
    InvalidAmount, InvalidShares, NotSlotSeller, SlotExists, SlotNotFound);
