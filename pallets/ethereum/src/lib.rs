//! Ethereum transactions, blocks and receipts.
//!
//! ```text
//!   transact(transaction)   a general extrinsic: no Substrate signature, its own authorizes it
//!        │
//!        ├─ authorize   in the pool, and again as the block is built or imported: signature, permission, nonce,
//!        │              funds, gas (validation)
//!        └─ dispatch    pallet-evm executes; the receipt is noted
//!                             │
//!   native calls ── LogSink ──┤
//!                             ▼
//!   on_finalize      the Ethereum block: transactions root, receipts root, bloom, next base fee (block);
//!                    its hash goes into the Substrate header's digest
//! ```
//!
//! # Invariants
//! - One Ethereum block per Substrate block, of the same number.
//! - A transaction that was authorized in a block is executed in it, so that its nonce is used up.
//! - The hash in the digest binds the Ethereum header to the Substrate header, and so to GRANDPA's justification.
//! - The header's `stateRoot` is the Substrate state root that the block starts from: a block can't hold its own.
//!
//! # Failure
//! What can't be executed is refused with a [`TransactionError`], as one byte in `InvalidTransaction::Custom`; a used
//! nonce is `Stale`, and one that lies ahead is `Future` in a block and waits in the pool.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod block;
mod blocks;
mod history;
#[cfg(test)]
mod mock;
mod simulation;
#[cfg(test)]
mod tests;
mod validation;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

use alloc::{boxed::Box, vec::Vec};
use frame_support::{
    dispatch::{DispatchResultWithPostInfo, PostDispatchInfo, WithPostDispatchInfo},
    weights::Weight,
};
use hanse_primitives::{
    ENGINE_ID, EthereumBlock, ExecutedTransaction, Log, LogSink, Transaction, TransactionError, convert,
};
use pallet_evm::{BlockHash, Environment, Execution};
use sp_core::{H160, H256};

/// Ethereum block hashes that are kept: those that `BLOCKHASH` can name.
pub const BLOCK_HASH_WINDOW: u32 = 256;

/// Gas of a transfer of value (yellow paper, `Gtransaction`): no transaction uses less.
const TRANSFER_GAS: u64 = 21_000;

/// Decides who may send transactions.
pub trait Permission {
    /// Whether this network lets the account transact.
    fn can_transact(account: &H160) -> bool;
}

/// Everyone may.
impl Permission for () {
    fn can_transact(_: &H160) -> bool {
        true
    }
}

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use sp_runtime::traits::UniqueSaturatedInto;

    #[pallet::config]
    pub trait Config: frame_system::Config + pallet_evm::Config {
        /// Who may send transactions.
        type Permission: Permission;
        /// Measured costs.
        type WeightInfo: WeightInfo;
    }

    /// Of what is stored; raised together with a migration.
    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The transactions of the block that is being built, with their receipts.
    #[pallet::storage]
    #[pallet::whitelist_storage]
    #[pallet::unbounded]
    pub type Executed<T> = StorageValue<_, Vec<ExecutedTransaction>, ValueQuery>;

    /// Gas used so far in the block that is being built.
    #[pallet::storage]
    #[pallet::whitelist_storage]
    pub type GasUsed<T> = StorageValue<_, u64, ValueQuery>;

    /// Logs of native calls in the block that is being built.
    #[pallet::storage]
    #[pallet::whitelist_storage]
    #[pallet::unbounded]
    pub type NativeLogs<T> = StorageValue<_, Vec<Log>, ValueQuery>;

    /// The last finished Ethereum block.
    #[pallet::storage]
    #[pallet::unbounded]
    pub type CurrentBlock<T> = StorageValue<_, EthereumBlock>;

    /// Ethereum's hashes of the last [`BLOCK_HASH_WINDOW`] blocks.
    #[pallet::storage]
    pub type BlockHashes<T> = StorageMap<_, Twox64Concat, u32, H256, ValueQuery>;

    /// The Substrate state root that the block which is being built starts from.
    #[pallet::storage]
    #[pallet::whitelist_storage]
    pub type ParentStateRoot<T> = StorageValue<_, H256, ValueQuery>;

    /// The current block's base fee per gas in wei (EIP-1559). Absent: the chain is gasless.
    #[pallet::storage]
    #[pallet::whitelist_storage]
    pub type BaseFeePerGas<T> = StorageValue<_, u64>;

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T> {
        /// First base fee per gas in wei, adjusted from then on by EIP-1559. Without it the chain is gasless: base fee
        /// 0, gas price 0 admitted.
        pub base_fee_per_gas: Option<u64>,
        #[serde(skip)]
        pub _config: core::marker::PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            if let Some(base_fee) = self.base_fee_per_gas {
                BaseFeePerGas::<T>::put(base_fee);
            }
            history::deploy::<T>();
            Pallet::<T>::seal();
        }
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The transaction passed validation and yet could not be executed.
        NotExecutable,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(number: BlockNumberFor<T>) -> Weight {
            history::record::<T>(number.unique_saturated_into());
            <T as Config>::WeightInfo::seal().saturating_add(T::DbWeight::get().reads_writes(1, 1))
        }

        fn on_finalize(_: BlockNumberFor<T>) {
            let hash = Self::seal();
            let item = sp_runtime::DigestItem::Consensus(ENGINE_ID, hash.0.to_vec());
            frame_system::Pallet::<T>::deposit_log(item);
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Executes a signed Ethereum transaction. The extrinsic needs no other signature than the transaction's own.
        #[pallet::call_index(0)]
        #[pallet::weight(Pallet::<T>::weight_of(transaction))]
        #[pallet::authorize(|source, transaction| {
            Pallet::<T>::authorize(Environment::current::<T>(), source, transaction).map(|valid| (valid, Weight::zero()))
        })]
        #[pallet::weight_of_authorize(<T as Config>::WeightInfo::authorize())]
        pub fn transact(origin: OriginFor<T>, transaction: Box<Transaction>) -> DispatchResultWithPostInfo {
            // Who has no right to the call has taken none of its time.
            ensure_authorized(origin).map_err(|error| error.with_weight(Weight::zero()))?;
            Self::execute(Environment::current::<T>(), *transaction)
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Time for a whole gas limit; what isn't used is given back after execution.
    pub fn weight_of(transaction: &Transaction) -> Weight {
        use alloy_consensus::Transaction as _;
        Self::weight_of_gas(transaction.envelope().gas_limit())
    }

    /// A transfer is measured whole; gas pays for what is beyond it.
    fn weight_of_gas(gas: u64) -> Weight {
        use frame_support::traits::Get;
        let per_gas = <T as pallet_evm::Config>::WeightPerGas::get();
        let beyond = per_gas.saturating_mul(gas.saturating_sub(TRANSFER_GAS));
        <T as Config>::WeightInfo::transact().max(per_gas.saturating_mul(TRANSFER_GAS)).saturating_add(beyond)
    }

    /// Executes a transaction that was authorized in this environment, and notes its receipt.
    pub fn execute(environment: Environment, transaction: Transaction) -> DispatchResultWithPostInfo {
        use alloy_consensus::Transaction as _;
        let effective_gas_price = transaction.effective_gas_price(u128::from(environment.block.basefee));
        let (from, execution) = Self::run(environment, &transaction).map_err(|error| {
            log::error!(target: "ethereum", "{:?} passed validation, but: {error}", transaction.hash());
            Error::<T>::NotExecutable
        })?;
        let (gas_used, gas_spent) = (execution.gas_used, execution.gas_spent);
        let envelope = transaction.envelope();
        let created = envelope.is_create().then(|| convert::address(from).create(envelope.nonce()));
        Executed::<T>::append(ExecutedTransaction {
            hash: transaction.hash(),
            from,
            to: envelope.to().map(convert::h160),
            contract_address: created.map(convert::h160),
            gas_used,
            effective_gas_price,
            success: execution.succeeded(),
            logs: execution.logs,
            raw: transaction.raw().to_vec(),
        });
        GasUsed::<T>::mutate(|total| *total = total.saturating_add(gas_used));
        // A refund takes back no time.
        let actual_weight = Self::weight_of_gas(gas_used.max(gas_spent));
        Ok(PostDispatchInfo { actual_weight: Some(actual_weight), ..Default::default() })
    }

    fn run(environment: Environment, transaction: &Transaction) -> Result<(H160, Execution), TransactionError> {
        let from = transaction.sender().ok_or(TransactionError::InvalidSignature)?;
        let mut tx = validation::tx_env(transaction, from)?;
        tx.authorization_list = validation::recovered_authorizations::<T>(validation::authorizations(transaction));
        let execution = pallet_evm::runner::execute::<T>(environment, tx)?;
        Ok((from, execution))
    }

    /// Notes the state root that the coming block starts from. The runtime calls it before anything is written.
    pub fn note_parent_state_root() {
        let version = sp_runtime::StateVersion::V1;
        let root = sp_io::storage::root(version);
        let mut bytes = [0u8; 32];
        let n = root.len().min(32);
        bytes[..n].copy_from_slice(&root[..n]);
        ParentStateRoot::<T>::put(H256(bytes));
    }

    /// The current block's base fee per gas, in wei; 0 on a gasless chain.
    pub fn base_fee() -> u128 {
        BaseFeePerGas::<T>::get().map_or(0, u128::from)
    }
}

impl<T: Config> frame_support::traits::Get<u128> for Pallet<T> {
    fn get() -> u128 {
        Self::base_fee()
    }
}

impl<T: Config> BlockHash<frame_system::pallet_prelude::BlockNumberFor<T>> for Pallet<T> {
    fn block_hash(number: frame_system::pallet_prelude::BlockNumberFor<T>) -> H256 {
        use sp_runtime::traits::UniqueSaturatedInto;
        BlockHashes::<T>::get(UniqueSaturatedInto::<u32>::unique_saturated_into(number))
    }
}

impl<T: Config> LogSink for Pallet<T> {
    fn emit(logs: Vec<Log>) {
        for log in logs {
            NativeLogs::<T>::append(log);
        }
    }
}
