//! Why a transaction is refused.

use codec::{Decode, DecodeWithMemTracking, Encode};
use core::fmt;
use scale_info::TypeInfo;

macro_rules! transaction_errors {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// Why a transaction can't be executed or pooled. `Display` gives geth's text; the code is the byte that
        /// travels in `InvalidTransaction::Custom`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
        #[repr(u8)]
        pub enum TransactionError {
            $($(#[$doc])* #[codec(index = $code)] $name = $code,)*
        }

        impl TransactionError {
            /// Every variant, by code.
            pub const ALL: &'static [TransactionError] = &[$(TransactionError::$name),*];

            /// The stable byte of this error.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The error with this code.
            pub fn from_code(code: u8) -> Option<Self> {
                Self::ALL.iter().copied().find(|error| error.code() == code)
            }

            const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

transaction_errors! {
    /// The bytes are no transaction (RLP, EIP-2718).
    Malformed = 1, "malformed transaction";
    /// No key made this signature, or it isn't in low-s form (EIP-2).
    InvalidSignature = 2, "invalid sender";
    /// Signed for another chain (EIP-155).
    InvalidChainId = 3, "invalid chain id for signer";
    /// Without EIP-155 protection.
    Unprotected = 4, "only replay-protected (EIP-155) transactions allowed over RPC";
    /// A type that this chain doesn't take, such as blob transactions.
    TypeNotSupported = 5, "transaction type not supported";
    /// The nonce was used.
    NonceTooLow = 6, "nonce too low";
    /// The nonce lies ahead.
    NonceTooHigh = 7, "nonce too high";
    /// The nonce is 2^64 - 1 (EIP-2681).
    NonceMax = 8, "nonce has max value";
    /// Value plus gas limit times fee cap is more than the balance.
    InsufficientFunds = 9, "insufficient funds for gas * price + value";
    /// Gas limit under the transaction's fixed cost.
    IntrinsicGas = 10, "intrinsic gas too low";
    /// Gas limit over the block's.
    GasLimitReached = 11, "exceeds block gas limit";
    /// Fee cap under the block's base fee (EIP-1559).
    FeeCapTooLow = 12, "max fee per gas less than block base fee";
    /// Priority fee over the fee cap (EIP-1559).
    TipAboveFeeCap = 13, "max priority fee per gas higher than max fee per gas";
    /// Init code over its limit (EIP-3860).
    InitCodeTooLarge = 14, "max initcode size exceeded";
    /// The sender has code (EIP-3607).
    SenderNotEoa = 15, "sender not an eoa";
    /// This network doesn't let the sender transact.
    NotPermitted = 16, "sender is not permitted to transact on this network";
    /// Gas limit under the floor for call data (EIP-7623).
    FloorDataGas = 17, "insufficient gas for floor data gas cost";
    /// The bytes are more than a transaction may have.
    Oversized = 18, "oversized data";
    /// Gas limit over the cap of one transaction (EIP-7825).
    GasLimitTooHigh = 19, "transaction gas limit too high";
    /// A product of gas and price doesn't fit 256 bits.
    Overflow = 20, "gas uint64 overflow";
    /// An authorization list that is empty, or of a transaction that creates a contract (EIP-7702).
    InvalidAuthorizationList = 21, "invalid authorization list";
    /// The virtual machine failed in a way that isn't the transaction's fault.
    Internal = 22, "internal error";
    /// This network doesn't let the sender deploy contracts.
    DeploymentNotPermitted = 23, "sender is not permitted to deploy contracts on this network";
}

impl fmt::Display for TransactionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for TransactionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_lead_back() {
        for error in TransactionError::ALL {
            assert_eq!(TransactionError::from_code(error.code()), Some(*error));
        }
        assert_eq!(TransactionError::from_code(0), None);
        assert_eq!(TransactionError::from_code(255), None);
    }
}
