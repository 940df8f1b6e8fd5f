//! What every part of Hanse agrees on.
//!
//! ```text
//!   contracts/*.sol     (addresses::*)          clients
//!        │                                        │ Ethereum JSON-RPC
//!        ▼                                        ▼
//!   pallets ──── Log, TransactionError ──── runtime_api::EthereumApi ──── node
//!        │
//!        └── AccountId20, EthereumSignature (FRAME's account id and signature)
//! ```
//!
//! # Invariants
//! - One key, one address: an account id *is* the Ethereum address of its secp256k1 key.
//! - A signature is valid in one form only (low s, a recovery id of 0 or 1), so that no one can make a second valid one
//!   from it.
//! - [`TransactionError`] codes are stable: they travel through the transaction pool as one byte.
//! - Everything here is SCALE-encoded across the runtime's border; add fields only together with a new version of
//!   [`runtime_api::EthereumApi`].
//!
//! # Failure
//! Nothing here panics on any input; decoding and recovery answer with `None` or an error.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod account;
pub mod addresses;
pub mod convert;
pub mod error;
#[cfg(feature = "std")]
pub mod keys;
pub mod log;
pub mod runtime_api;
pub mod signature;
pub mod transaction;
pub mod types;

pub use account::AccountId20;
pub use error::TransactionError;
pub use log::{Log, LogSink};
pub use signature::{EthereumSignature, EthereumSigner};
pub use transaction::Transaction;
pub use types::{
    Accesses, Account, AccountOverride, Amendment, Authorization, BlockOverrides, CallOutcome, CallRequest, CallStatus,
    EthereumBlock, ExecutedTransaction, Overrides, SimulatedBlock, SimulatedOutcome, Simulation, SimulationError,
    StorageOverride,
};

/// Marks the digest item of a Substrate header that holds the Ethereum block's hash (32 bytes).
pub const ENGINE_ID: sp_runtime::ConsensusEngineId = *b"heth";

/// Balance of the chain's own coin, in wei (10^-18 coin).
pub type Balance = u128;
/// Block number; Ethereum's and Substrate's are the same.
pub type BlockNumber = u32;
/// Number of transactions an account has sent.
pub type Nonce = u64;
/// Substrate's block hash and trie hash (BLAKE2b-256).
pub type Hash = sp_core::H256;
