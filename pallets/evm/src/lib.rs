//! The Ethereum virtual machine over FRAME storage.
//!
//! ```text
//!   pallet-ethereum           runtime API (call, estimate)
//!        │ execute, validate       │ simulate
//!        ▼                         ▼
//!   runner ── revm ──── journal::MirroredJournal ──── db::FrameDb (reads)
//!               │                    │
//!               │                    └─ one storage transaction per call frame, opened when a
//!               │                       precompile is about to run
//!               └─ precompile::Precompiles ── Ethereum's own, then T::Precompiles
//!        │
//!        ▼ after a transaction, once
//!   flush (writes)
//! ```
//!
//! Accounts are FRAME's: the nonce is System's, the balance is Balances'. Code is stored once per hash; contract
//! storage is one map keyed by address and slot.
//!
//! # Invariants
//! - revm's journal holds every change of a transaction; FRAME storage changes once, in [`flush`], after it ended.
//! - A precompile changes only its own pallets' storage, never a native balance, nonce or code: revm wouldn't see it.
//!   What it changes is rolled back with the frame that called it ([`journal`]).
//! - An account that sent a transaction or holds code is never reaped: a nonce that fell back to zero would let every
//!   old transaction be replayed.
//! - No contract comes to be in a transaction whose sender isn't one of [`Config::Deployers`].
//! - Total issuance changes by what is burnt (base fees, self-destructs), and by nothing else.
//!
//! # Failure
//! A transaction that can't be executed is refused with a [`TransactionError`] and changes nothing. One that reverts or
//! halts is executed: it costs its gas and keeps its nonce. Nothing panics on input.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod amend;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod code;
mod crypto;
pub mod db;
mod deployment;
pub mod environment;
pub mod flush;
pub mod fork;
pub mod hash_seed;
mod instructions;
pub mod journal;
#[cfg(test)]
mod mock;
pub mod overrides;
pub mod precompile;
pub mod runner;
#[cfg(test)]
mod tests;
#[cfg(feature = "std")]
pub mod tracing;
mod transfers;
pub mod weights;

pub use code::Code;
pub use environment::Environment;
pub use fork::Fork;
pub use hanse_primitives::TransactionError;
pub use pallet::*;
pub use precompile::{Handle, PrecompileError, PrecompileSet};
pub use revm;
pub use runner::Execution;
pub use weights::WeightInfo;

use alloc::vec::Vec;
use frame_support::weights::Weight;
use hanse_primitives::{Account, AccountId20, Balance, Nonce};
use sp_core::{H160, H256, U256};

/// The host functions that a node must offer to a runtime with this pallet, beside the SDK's.
#[cfg(feature = "std")]
pub type HostFunctions = (crypto::HostFunctions, hash_seed::HostFunctions);

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::{
        pallet_prelude::*,
        traits::{Contains, Time, fungible::Unbalanced},
    };
    use frame_system::pallet_prelude::*;
    use sp_runtime::traits::UniqueSaturatedInto;

    #[pallet::config]
    pub trait Config:
        frame_system::Config<
            AccountId = AccountId20,
            Nonce = Nonce,
            AccountData = pallet_balances::AccountData<Balance>,
        >
    {
        /// The native coin; only its total issuance is used, balances are read and written with the account.
        type Currency: Unbalanced<AccountId20, Balance = Balance>;
        /// The native pallets that contracts can call.
        type Precompiles: PrecompileSet;
        /// Who may deploy contracts. Asked for each creation, whose gas pays for a few reads; the answer must not change
        /// under a running transaction.
        type Deployers: Contains<H160>;
        /// Milliseconds since the Unix epoch; the EVM sees whole seconds.
        type Time: Time<Moment = u64>;
        /// The base fee per gas of the current block, in wei (EIP-1559).
        type BaseFee: Get<u128>;
        /// Who receives the tips of the current block.
        type Coinbase: Get<H160>;
        /// Ethereum's hash of an earlier block, for `BLOCKHASH`; zero where unknown.
        type BlockHash: BlockHash<BlockNumberFor<Self>>;
        /// What one unit of gas costs in time.
        type WeightPerGas: Get<Weight>;
        /// What some of the EVM's work takes. Not charged: gas pays, at [`Config::WeightPerGas`]; the integrity test compares the
        /// two.
        type WeightInfo: WeightInfo;
    }

    /// Ethereum's hashes of earlier blocks.
    pub trait BlockHash<Number> {
        /// The hash of a block, or zero when it is unknown or too old.
        fn block_hash(number: Number) -> H256;
    }

    /// Of what is stored; raised together with a migration.
    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// EIP-155: what a signature is bound to.
    #[pallet::storage]
    #[pallet::whitelist_storage]
    pub type ChainId<T> = StorageValue<_, u64, ValueQuery>;

    /// Gas that one block may use.
    #[pallet::storage]
    #[pallet::whitelist_storage]
    pub type BlockGasLimit<T> = StorageValue<_, u64, ValueQuery>;

    /// The code that an account holds. Absent: none.
    #[pallet::storage]
    pub type CodeHashes<T> = StorageMap<_, Blake2_128Concat, H160, H256>;

    /// Code by its keccak-256, stored once however many contracts share it, and kept for ever.
    #[pallet::storage]
    #[pallet::unbounded]
    pub type Codes<T> = StorageMap<_, Identity, H256, Code, ValueQuery>;

    /// Contract storage. Zero is absence.
    #[pallet::storage]
    pub type Storages<T> = StorageDoubleMap<_, Blake2_128Concat, H160, Blake2_128Concat, H256, H256, ValueQuery>;

    /// From which block on which fork's rules hold, in rising order.
    #[pallet::storage]
    #[pallet::whitelist_storage]
    pub type Forks<T> = StorageValue<_, BoundedVec<(u32, Fork), ConstU32<{ fork::MAX_FORKS }>>, ValueQuery>;

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Has another of Ethereum's forks rule from block `from` on, in place of what was planned from there on. Only
        /// root may. A runtime that knows more forks comes first, where the present one doesn't know it.
        #[pallet::call_index(0)]
        #[pallet::weight(T::DbWeight::get().reads_writes(2, 1))]
        pub fn set_fork(origin: OriginFor<T>, from: u32, fork: Fork) -> DispatchResult {
            ensure_root(origin)?;
            let now = frame_system::Pallet::<T>::block_number().unique_saturated_into();
            Self::plan_fork(now, from, fork)
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(
                pays::<T::WeightInfo>(T::WeightPerGas::get()),
                "gas at this WeightPerGas doesn't pay for the measured time"
            );
        }
    }

    #[pallet::genesis_config]
    pub struct GenesisConfig<T> {
        /// EIP-155 chain id; must not be 0.
        pub chain_id: u64,
        /// Gas that one block may use.
        pub block_gas_limit: u64,
        /// Contracts that exist from the start: address and code.
        pub contracts: Vec<(AccountId20, Vec<u8>)>,
        /// Ethereum's rules from the first block on.
        #[serde(default)]
        pub fork: Fork,
        #[serde(skip)]
        pub _config: core::marker::PhantomData<T>,
    }

    /// A development chain.
    impl<T> Default for GenesisConfig<T> {
        fn default() -> Self {
            Self {
                chain_id: 4269,
                block_gas_limit: 30_000_000,
                contracts: Vec::new(),
                fork: Fork::default(),
                _config: core::marker::PhantomData,
            }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            assert!(self.chain_id != 0, "chain_id must not be 0");
            assert!(self.block_gas_limit >= 21_000, "block_gas_limit must hold one transfer");
            ChainId::<T>::put(self.chain_id);
            BlockGasLimit::<T>::put(self.block_gas_limit);
            Forks::<T>::put(BoundedVec::truncate_from(alloc::vec![(0, self.fork)]));
            for (account, code) in &self.contracts {
                flush::put_code::<T>((*account).into(), code);
            }
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Nonce and spendable balance.
    pub fn account(address: H160) -> Account {
        let account = frame_system::Account::<T>::get(AccountId20::from(address));
        Account { nonce: account.nonce, balance: U256::from(db::spendable(&account.data)) }
    }

    /// An account's code; that of a precompile or of a built-in contract is of the runtime.
    pub fn code(address: H160) -> Vec<u8> {
        if let Some(code) = T::Precompiles::code(&address) {
            return code.to_vec();
        }
        code::of::<T>(address)
    }

    /// One slot of a contract's storage.
    pub fn storage(address: H160, slot: H256) -> H256 {
        Storages::<T>::get(address, slot)
    }
}

/// Whether gas at this price pays for what was measured. What is compared is what each further slot or byte costs.
fn pays<W: WeightInfo>(per_gas: Weight) -> bool {
    let enough = |gas: u64, weight: Weight| per_gas.saturating_mul(gas).ref_time() >= weight.ref_time();
    let more = |weight: fn(u32) -> Weight, n: u32| weight(n).saturating_sub(weight(0));
    enough(21_000, W::transfer())
        && enough(22_100 * 100, more(W::store, 100))
        && enough(2_100 * 100, more(W::load, 100))
        && enough(200 * 24_576 + 32_000, more(W::deploy, 24_576))
}
