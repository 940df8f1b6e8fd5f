//! Why a token refuses.

use crate::abi::{IToken, ITokens};
use alloc::vec::Vec;
use alloy_sol_types::{Panic, PanicKind, SolError, SolInterface};
use pallet_users::UsersError;

/// Why a token, or the issuer of tokens, refuses: a custom error of one of the interfaces, with its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Of `IToken.sol`.
    Token(IToken::ITokenErrors),
    /// Of `ITokens.sol`.
    Issuer(ITokens::ITokensErrors),
    /// Of `IUsers.sol`: the app is the reason.
    Users(UsersError),
    /// The total supply would not fit 256 bits.
    Overflow,
}

impl TokenError {
    /// What a contract that fails so reverts with. Overflow is Solidity's `Panic(0x11)`.
    pub fn abi_encode(&self) -> Vec<u8> {
        match self {
            Self::Token(error) => error.abi_encode(),
            Self::Issuer(error) => error.abi_encode(),
            Self::Users(error) => error.abi_encode(),
            Self::Overflow => Panic::from(PanicKind::UnderOverflow).abi_encode(),
        }
    }
}

impl From<UsersError> for TokenError {
    fn from(error: UsersError) -> Self {
        Self::Users(error)
    }
}

/// `?` on each custom error of an interface.
macro_rules! from_each {
    ($into:ident::$variant:ident: $interface:ident: $($error:ident),*) => {
        $(impl From<$interface::$error> for $into {
            fn from(error: $interface::$error) -> Self {
                Self::$variant(error.into())
            }
        })*
    };
}
pub(crate) use from_each;

from_each!(TokenError::Token: IToken:
    AccountFrozen, ERC20ExceededCap, ERC20InsufficientAllowance, ERC20InsufficientBalance, ERC20InvalidApprover,
    ERC20InvalidReceiver, ERC20InvalidSender, ERC20InvalidSpender, EnforcedPause, ExpectedPause, HolderNotAllowed,
    LengthMismatch, NotTokenAdmin, TokenNotFound, TooManyReceivers);
from_each!(TokenError::Issuer: ITokens: InvalidDecimals, InvalidName, InvalidSymbol, TokenExists);
