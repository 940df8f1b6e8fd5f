//! The state transition function of a Hanse chain.
//!
//! ```text
//!   Ethereum transaction ──► AuthorizeCall ──► Ethereum::transact ──► Evm ──► precompiles ──► Tokens, Users
//!   native extrinsic ──► CheckPermission, CheckNonce … ──► Tokens, Users, Sudo ──► Ethereum (logs)
//!   Timestamp inherent ──► Aura (slot) ──► Timing (slot length)
//! ```
//!
//! - `config.rs`: each pallet's configuration.
//! - `apis.rs`: the runtime APIs the node calls.
//! - `timing.rs`: slot length, and whether blocks come on demand.
//! - `development.rs`: what only a developer's chain may do.
//! - `genesis.rs`: presets of the genesis state.
//! - `benchmarks.rs`: which pallets are measured; only with the feature `runtime-benchmarks`.
//! - `extrinsic.rs`: how an Ethereum transaction becomes an extrinsic, and back.
//!
//! # Invariants
//! - Account ids are Ethereum addresses; the existential deposit is 0.
//! - Nobody but root calls anything else than Tokens, Users and Sudo, or what carries its own authorization.
//! - The genesis of Sudo is built before that of Users, which gives its key an account.
//! - Changing the order of pallets, or of [`TxExtension`], breaks clients: raise `transaction_version`.
//! - Every change of behaviour raises `spec_version`.

#![cfg_attr(not(feature = "std"), no_std)]
// The SDK's runtime macro needs it.
#![recursion_limit = "256"]

extern crate alloc;

pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
mod config;
pub mod development;
pub mod extrinsic;
pub mod genesis;
#[cfg(test)]
mod tests;
pub mod timing;

#[cfg(feature = "std")]
pub use apis::RuntimeApiImpl;
pub use apis::{RuntimeApi, api};
pub use extrinsic::{
    amendment_extrinsic, decode_extrinsic, ethereum_extrinsic, impersonation_extrinsic, raw_transaction,
};
pub use hanse_primitives::{
    AccountId20 as AccountId, Balance, BlockNumber, EthereumSignature as Signature, Hash, Nonce,
};
pub use pallet_evm::Fork;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
    generic,
    traits::{BlakeTwo256, Block as BlockT},
};
use sp_version::RuntimeVersion;

/// A block's header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// A native extrinsic names its signer by address.
pub type Address = AccountId;
/// What a signed native extrinsic, and every general one, is checked by.
pub type TxExtension = (
    frame_system::AuthorizeCall<Runtime>,
    frame_system::CheckNonZeroSender<Runtime>,
    frame_system::CheckSpecVersion<Runtime>,
    frame_system::CheckTxVersion<Runtime>,
    frame_system::CheckGenesis<Runtime>,
    frame_system::CheckEra<Runtime>,
    frame_system::CheckNonce<Runtime>,
    frame_system::CheckWeight<Runtime>,
    pallet_users::CheckPermission<Runtime>,
    frame_system::WeightReclaim<Runtime>,
);
/// An extrinsic as it travels.
pub type UncheckedExtrinsic = generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What a runtime upgrade does to the state before its first block, in this order. Nothing yet: all pallets are at
/// their first storage version. A pallet whose storage changes raises it, and its migration is entered here.
pub type Migrations = ();
/// Executes blocks.
pub type Executive =
    frame_executive::Executive<Runtime, Block, frame_system::ChainContext<Runtime>, Runtime, AllPalletsWithSystem>;

/// Blocks whose extrinsics are bytes, for a node that needn't understand them.
pub mod opaque {
    pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

    /// A block.
    pub type Block = sp_runtime::generic::Block<super::Header, UncheckedExtrinsic>;
    /// A block's id.
    pub type BlockId = sp_runtime::generic::BlockId<Block>;
    /// A block's hash.
    pub type Hash = <Block as super::BlockT>::Hash;
}

/// The keys a validator signs blocks and finality votes with.
pub mod keys {
    use alloc::vec::Vec;

    sp_runtime::impl_opaque_keys! {
        /// One key for each task.
        pub struct SessionKeys {
            /// Block production (sr25519).
            pub aura: super::Aura,
            /// Finality (ed25519).
            pub grandpa: super::Grandpa,
        }
    }
}

/// This runtime's version.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: Cow::Borrowed("hanse"),
    impl_name: Cow::Borrowed("hanse"),
    authoring_version: 1,
    spec_version: 3,
    impl_version: 1,
    apis: apis::RUNTIME_API_VERSIONS,
    transaction_version: 1,
    system_version: 1,
};

/// Slots are this long unless the genesis says otherwise, in milliseconds.
pub const DEFAULT_SLOT_MS: u64 = 500;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Runtime;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Timing = crate::timing;
    #[runtime::pallet_index(2)]
    pub type Timestamp = pallet_timestamp;
    #[runtime::pallet_index(3)]
    pub type Aura = pallet_aura;
    #[runtime::pallet_index(4)]
    pub type Grandpa = pallet_grandpa;
    #[runtime::pallet_index(5)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(6)]
    pub type Sudo = pallet_sudo;
    #[runtime::pallet_index(10)]
    pub type Users = pallet_users;
    #[runtime::pallet_index(11)]
    pub type Tokens = pallet_tokens;
    #[runtime::pallet_index(20)]
    pub type Evm = pallet_evm;
    #[runtime::pallet_index(21)]
    pub type Ethereum = pallet_ethereum;
    #[runtime::pallet_index(22)]
    pub type Development = crate::development;
}
