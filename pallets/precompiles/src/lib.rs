//! The native pallets as contracts.
//!
//! ```text
//!   CALL to 0x48414E5345…
//!        │
//!        ▼
//!   HansePrecompiles ── gas for decoding ── no coin accepted ── input not too long
//!        │
//!        ├─ …000001  users.rs        IUsers        ──► pallet-users
//!        ├─ …000002  issuer.rs       ITokens       ──► pallet-tokens
//!        ├─ …000003  collections.rs  ICollections  ──► pallet-tokens
//!        ├─ …000004  collection.rs   what collections call, each at an address 21… (ERC-721) or 55… (ERC-1155)
//!        └─ 20…      token.rs        IToken        ──► pallet-tokens   (any address of the range, issued or not)
//!                       │
//!        abi.rs: strict decoding ── call.rs: static? ── gas for the operation ── run ── logs ── encode
//! ```
//!
//! # Invariants
//! - Every operation is paid for, by its benchmarked weight, before it runs; its logs are paid for as `LOG` opcodes are.
//! - An operation that changes state is refused in a static call, and its logs reach the EVM together with its change.
//! - Only storage of the pallets is written: never a native balance, nonce or code. pallet-evm rolls it back with the
//!   frame, so returning an error is all that is needed here.
//! - No precompile calls back into the EVM, so none can be re-entered. A collection's code calls receivers, in frames of
//!   their own, after its change is made.
//! - Whoever calls is the one who acts: pallet-evm refuses `DELEGATECALL` and `CALLCODE`, which would act for another.
//! - Which addresses are precompiles depends on the address alone. A call to a token that isn't issued reverts with
//!   `TokenNotFound`, where an empty account would have answered "success" and kept the coin sent to it.
//!
//! # Failure
//! Reverts carry the custom errors of `contracts/*.sol`. Input that isn't the ABI encoding of a known call (unknown
//! selector, dirty upper bits, a `bool` that is neither 0 nor 1, offsets other than a compiler's, text that isn't
//! UTF-8, an array longer than its data) reverts with `Error(string)`, before anything is allocated for it. Nothing
//! panics on input.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod abi;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod call;
mod collection;
mod collections;
mod issuer;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
mod token;
mod users;
pub mod weights;

pub use weights::WeightInfo;

use alloc::vec::Vec;
use core::marker::PhantomData;
use hanse_primitives::addresses;
use pallet_evm::{Handle, PrecompileError, PrecompileSet, precompile::revert_with};
use sp_core::H160;

/// Longest call data, in bytes: twice the largest meaningful call, a batch of 1,000 transfers.
const MAX_INPUT_BYTES: usize = 128 * 1024;

/// What the precompiles need of a runtime.
pub trait Config: pallet_users::Config + pallet_tokens::Config {
    /// Weights of what the precompiles do beside the pallets' operations.
    type WeightInfo: WeightInfo;
}

/// The precompiles of a runtime with Hanse's pallets.
#[derive(Debug)]
pub struct HansePrecompiles<T>(PhantomData<T>);

impl<T: Config> PrecompileSet for HansePrecompiles<T> {
    fn contains(address: &H160) -> bool {
        Contract::at(address).is_some()
    }

    fn code(address: &H160) -> Option<&'static [u8]> {
        match addresses::kind(address) {
            Some(addresses::KIND_COLLECTION_721) => Some(&collection::CODE_721),
            Some(addresses::KIND_COLLECTION_1155) => Some(&collection::CODE_1155),
            _ => Self::contains(address).then_some(&pallet_evm::precompile::CODE),
        }
    }

    fn call(handle: &mut Handle) -> Result<Vec<u8>, PrecompileError> {
        handle.charge_weight(weight_of_decoding::<T>(handle.input.len()))?;
        if !handle.value.is_zero() {
            return Err(refuse("no coin accepted"));
        }
        if handle.input.len() > MAX_INPUT_BYTES {
            return Err(refuse("input too long"));
        }
        match Contract::at(&handle.address) {
            Some(Contract::Users) => users::call::<T>(handle),
            Some(Contract::Issuer) => issuer::call::<T>(handle),
            Some(Contract::Collections) => collections::call::<T>(handle),
            Some(Contract::CollectionEngine) => collection::call::<T>(handle),
            Some(Contract::Token) => token::call::<T>(handle),
            None => Err(refuse("no such precompile")),
        }
    }
}

/// What an address stands for.
enum Contract {
    /// `IUsers`.
    Users,
    /// `ITokens`.
    Issuer,
    /// `ICollections`.
    Collections,
    /// What the code of collections calls.
    CollectionEngine,
    /// `IToken`, for a token that may not have been issued.
    Token,
}

impl Contract {
    fn at(address: &H160) -> Option<Self> {
        if *address == addresses::USERS {
            Some(Self::Users)
        } else if *address == addresses::TOKENS {
            Some(Self::Issuer)
        } else if *address == addresses::COLLECTIONS {
            Some(Self::Collections)
        } else if *address == addresses::COLLECTION_ENGINE {
            Some(Self::CollectionEngine)
        } else if addresses::is_token(address) {
            Some(Self::Token)
        } else {
            None
        }
    }
}

/// What it takes to read so many bytes of call data, or to write them.
fn weight_of_decoding<T: Config>(bytes: usize) -> frame_support::weights::Weight {
    <T as Config>::WeightInfo::decode(u32::try_from(bytes.div_ceil(32)).unwrap_or(u32::MAX))
}

/// A revert with `Error(string)`.
fn refuse(reason: &str) -> PrecompileError {
    PrecompileError::Revert(revert_with(reason))
}
