//! revm's journal, mirrored by storage transactions.
//!
//! revm opens a checkpoint for every call frame and commits or reverts it when the frame ends. A precompile writes FRAME
//! storage, of which revm's journal knows nothing; so each checkpoint gets a storage transaction with the same fate.
//!
//! ```text
//!   checkpoint()         push a layer, not yet open
//!   a precompile runs    open every layer that isn't, outermost first
//!   checkpoint_commit()  pop; commit the storage transaction if the layer was open
//!   checkpoint_revert()  pop; roll it back if it was open
//! ```
//!
//! Opening late is the same as opening at once, because between a checkpoint and the first precompile nothing writes
//! storage: the EVM's own changes stay in the journal. Transactions without a precompile pay nothing.

use alloc::vec::Vec;
use revm::{
    Database,
    bytecode::Bytecode,
    context::{
        Journal, JournalEntry, JournalTr,
        journaled_state::{AccountLoad, JournalCheckpoint, TransferError, account::JournaledAccount},
    },
    context_interface::{
        context::{SStoreResult, SelfDestructResult, StateLoad},
        journaled_state::{AccountInfoLoad, JournalLoadError},
    },
    inspector::JournalExt,
    primitives::{
        Address, AddressMap, AddressSet, B256, HashSet, Log, StorageKey, StorageValue, U256, hardfork::SpecId,
    },
    state::{Account, EvmState},
};

/// The storage transactions that mirror revm's open checkpoints.
#[derive(Debug, Default)]
struct Layers {
    /// One entry a checkpoint, outermost first: whether its storage transaction is open.
    open: Vec<bool>,
}

impl Layers {
    fn push(&mut self) {
        self.open.push(false);
    }

    fn open_all(&mut self) {
        for open in self.open.iter_mut().filter(|open| !**open) {
            sp_io::storage::start_transaction();
            *open = true;
        }
    }

    fn commit(&mut self) {
        if self.open.pop() == Some(true) {
            sp_io::storage::commit_transaction();
        }
    }

    fn rollback(&mut self) {
        if self.open.pop() == Some(true) {
            sp_io::storage::rollback_transaction();
        }
    }
}

/// Whatever ends early, no storage transaction stays open.
impl Drop for Layers {
    fn drop(&mut self) {
        while !self.open.is_empty() {
            self.rollback();
        }
    }
}

/// A database that can tell whether an account holds storage.
pub trait HoldsStorage {
    /// Whether any slot of the account is set.
    fn holds_storage(&self, address: Address) -> bool;
}

/// revm's [`Journal`] with a storage transaction per checkpoint.
#[derive(Debug)]
pub struct MirroredJournal<DB> {
    inner: Journal<DB>,
    layers: Layers,
}

impl<DB> MirroredJournal<DB> {
    /// Opens the storage transactions of all frames that are running. To be called before anything writes storage.
    pub fn open_layers(&mut self) {
        self.layers.open_all();
    }
}

impl<DB: Database + HoldsStorage> JournalTr for MirroredJournal<DB> {
    type Database = DB;
    type State = EvmState;
    type JournaledAccount<'a>
        = JournaledAccount<'a, DB>
    where
        DB: 'a;

    fn new(database: DB) -> Self {
        Self { inner: Journal::new(database), layers: Layers::default() }
    }

    fn checkpoint(&mut self) -> JournalCheckpoint {
        self.layers.push();
        self.inner.checkpoint()
    }

    fn checkpoint_commit(&mut self) {
        self.inner.checkpoint_commit();
        self.layers.commit();
    }

    fn checkpoint_revert(&mut self, checkpoint: JournalCheckpoint) {
        self.inner.checkpoint_revert(checkpoint);
        self.layers.rollback();
    }

    fn create_account_checkpoint(
        &mut self,
        caller: Address,
        address: Address,
        balance: U256,
        spec_id: SpecId,
    ) -> Result<JournalCheckpoint, TransferError> {
        // EIP-7610, which revm leaves to its database: storage makes an address as taken as code does.
        if self.inner.db().holds_storage(address) {
            return Err(TransferError::CreateCollision);
        }
        // On an error revm has reverted its checkpoint already.
        let checkpoint = self.inner.create_account_checkpoint(caller, address, balance, spec_id)?;
        self.layers.push();
        Ok(checkpoint)
    }

    fn discard_tx(&mut self) {
        self.inner.discard_tx();
        self.layers = Layers::default();
    }

    fn commit_tx(&mut self) {
        self.inner.commit_tx();
    }

    fn finalize(&mut self) -> EvmState {
        self.inner.finalize()
    }

    // Everything below is revm's journal as it is.

    fn db_and_state(&self) -> (&DB, &EvmState) {
        self.inner.db_and_state()
    }

    fn db_and_state_mut(&mut self) -> (&mut DB, &mut EvmState) {
        self.inner.db_and_state_mut()
    }

    fn sload_skip_cold_load(
        &mut self,
        address: Address,
        key: StorageKey,
        skip_cold_load: bool,
    ) -> Result<StateLoad<StorageValue>, JournalLoadError<DB::Error>> {
        self.inner.sload_skip_cold_load(address, key, skip_cold_load)
    }

    fn sstore_skip_cold_load(
        &mut self,
        address: Address,
        key: StorageKey,
        value: StorageValue,
        skip_cold_load: bool,
    ) -> Result<StateLoad<SStoreResult>, JournalLoadError<DB::Error>> {
        self.inner.sstore_skip_cold_load(address, key, value, skip_cold_load)
    }

    fn tload(&mut self, address: Address, key: StorageKey) -> StorageValue {
        self.inner.tload(address, key)
    }

    fn tstore(&mut self, address: Address, key: StorageKey, value: StorageValue) {
        self.inner.tstore(address, key, value);
    }

    fn log(&mut self, log: Log) {
        self.inner.log(log);
    }

    fn take_logs(&mut self) -> Vec<Log> {
        self.inner.take_logs()
    }

    fn logs(&self) -> &[Log] {
        self.inner.logs()
    }

    fn selfdestruct(
        &mut self,
        address: Address,
        target: Address,
        skip_cold_load: bool,
    ) -> Result<StateLoad<SelfDestructResult>, JournalLoadError<DB::Error>> {
        self.inner.selfdestruct(address, target, skip_cold_load)
    }

    fn warm_access_list(&mut self, access_list: AddressMap<HashSet<StorageKey>>) {
        self.inner.warm_access_list(access_list);
    }

    fn warm_coinbase_account(&mut self, address: Address) {
        self.inner.warm_coinbase_account(address);
    }

    fn warm_precompiles(&mut self, addresses: &AddressSet) {
        self.inner.warm_precompiles(addresses);
    }

    fn precompile_addresses(&self) -> &AddressSet {
        self.inner.precompile_addresses()
    }

    fn set_spec_id(&mut self, spec_id: SpecId) {
        self.inner.set_spec_id(spec_id);
    }

    fn set_eip7708_config(&mut self, disabled: bool, eip8246_delayed_clear_disabled: bool) {
        self.inner.set_eip7708_config(disabled, eip8246_delayed_clear_disabled);
    }

    fn touch_account(&mut self, address: Address) {
        self.inner.touch_account(address);
    }

    fn transfer(&mut self, from: Address, to: Address, balance: U256) -> Result<Option<TransferError>, DB::Error> {
        self.inner.transfer(from, to, balance)
    }

    fn transfer_loaded(&mut self, from: Address, to: Address, balance: U256) -> Option<TransferError> {
        self.inner.transfer_loaded(from, to, balance)
    }

    #[expect(deprecated, reason = "required by the trait")]
    fn caller_accounting_journal_entry(&mut self, address: Address, old_balance: U256, bump_nonce: bool) {
        self.inner.caller_accounting_journal_entry(address, old_balance, bump_nonce);
    }

    fn balance_incr(&mut self, address: Address, balance: U256) -> Result<(), DB::Error> {
        self.inner.balance_incr(address, balance)
    }

    #[expect(deprecated, reason = "required by the trait")]
    fn nonce_bump_journal_entry(&mut self, address: Address) {
        self.inner.nonce_bump_journal_entry(address);
    }

    fn load_account(&mut self, address: Address) -> Result<StateLoad<&Account>, DB::Error> {
        self.inner.load_account(address)
    }

    fn load_account_with_code(&mut self, address: Address) -> Result<StateLoad<&Account>, DB::Error> {
        self.inner.load_account_with_code(address)
    }

    fn load_account_delegated(&mut self, address: Address) -> Result<StateLoad<AccountLoad>, DB::Error> {
        self.inner.load_account_delegated(address)
    }

    fn load_account_mut_skip_cold_load(
        &mut self,
        address: Address,
        skip_cold_load: bool,
    ) -> Result<StateLoad<JournaledAccount<'_, DB>>, JournalLoadError<DB::Error>> {
        self.inner.load_account_mut_skip_cold_load(address, skip_cold_load)
    }

    fn load_account_mut_optional_code(
        &mut self,
        address: Address,
        load_code: bool,
    ) -> Result<StateLoad<JournaledAccount<'_, DB>>, DB::Error> {
        self.inner.load_account_mut_optional_code(address, load_code)
    }

    fn set_code_with_hash(&mut self, address: Address, code: Bytecode, hash: B256) {
        self.inner.set_code_with_hash(address, code, hash);
    }

    fn depth(&self) -> usize {
        JournalTr::depth(&self.inner)
    }

    fn load_account_info_skip_cold_load(
        &mut self,
        address: Address,
        load_code: bool,
        skip_cold_load: bool,
    ) -> Result<AccountInfoLoad<'_>, JournalLoadError<DB::Error>> {
        self.inner.load_account_info_skip_cold_load(address, load_code, skip_cold_load)
    }
}

/// What has changed so far, for tracers.
impl<DB: Database + HoldsStorage> JournalExt for MirroredJournal<DB> {
    fn journal(&self) -> &[JournalEntry] {
        self.inner.journal()
    }
}
