//! The pending block: what this node would put on top of the best block now.
//!
//! ```text
//!  best block ─► initialize ─► set the time ─► apply what is ready ─► finalize ─► Ethereum block + changed state
//! ```
//!
//! It is built when somebody asks, as an author builds a block, and kept until the best block or the pool changes. It is
//! no promise: another author may choose others, and the time will be another.
//!
//! # Invariants
//! - An answer holds everything that the pool had accepted when the question came, as far as one block has space.
//! - One build at a time, and after each a pause of three times its length: however many ask, and however fast the pool
//!   changes, building takes a quarter of one processor at most. Who comes in the pause waits for its end.
//! - A block is kept as long as somebody works on it, so that no request mixes two of them.

use super::Pool;
use crate::{
    author::{self, Draft},
    index::types::BlockRecord,
    service::{FullClient, seal},
};
use hanse_primitives::{convert, runtime_api::EthereumApi};
use hanse_runtime::opaque::Block;
use parking_lot::Mutex;
use sc_client_api::HeaderBackend;
use sc_transaction_pool_api::TransactionPool;
use sp_api::{ApiExt, ProvideRuntimeApi};
use sp_blockchain::Error;
use sp_consensus_aura::{Slot, SlotDuration, digests::CompatibleDigestItem, sr25519::AuthoritySignature};
use sp_core::H256;
use sp_inherents::InherentDataProvider as _;
use sp_runtime::{
    Digest, DigestItem,
    traits::{Block as _, HashingFor},
};
use sp_state_machine::OverlayedChanges;
use sp_timestamp::Timestamp;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Stop putting transactions into the block after this time.
const BUDGET: Duration = Duration::from_millis(250);
/// A pause after each build, in lengths of the build.
const PAUSE: u32 = 3;

/// What a runtime API is given to see a state that isn't written.
type Overlay = OverlayedChanges<HashingFor<Block>>;

/// Builds the pending block, and keeps it.
pub struct PendingBlocks {
    client: Arc<FullClient>,
    pool: Arc<Pool>,
    slot_duration: SlotDuration,
    /// Least time from the parent, in milliseconds.
    step_ms: u64,
    /// Taken while building.
    last: tokio::sync::Mutex<Option<Last>>,
    /// The newest, and those that somebody works on.
    built: Mutex<Vec<Arc<PendingBlock>>>,
}

/// The last block that was built.
struct Last {
    version: Version,
    record: Arc<BlockRecord>,
    began: Instant,
    ended: Instant,
}

/// What a pending block depends on: the best block, and what the pool holds.
type Version = (H256, (u64, usize, usize));

/// Builds a block; to be called where work may block.
pub type Build = Box<dyn FnOnce() -> Result<PendingBlock, Error> + Send>;

/// A pending block's state: that of its parent, and changes.
pub struct PendingBlock {
    /// Its parent.
    pub parent: H256,
    record: Arc<BlockRecord>,
    changes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl PendingBlock {
    /// The changes, for [`ApiExt::set_overlayed_changes`] at the parent.
    pub fn overlay(&self) -> Overlay {
        overlay(&self.changes)
    }
}

fn overlay(changes: &[(Vec<u8>, Option<Vec<u8>>)]) -> Overlay {
    let mut overlay = Overlay::default();
    for (key, value) in changes {
        overlay.set_storage(key.clone(), value.clone());
    }
    overlay
}

impl PendingBlocks {
    /// `alone`: blocks of this chain come on demand, not in slots.
    pub fn new(client: Arc<FullClient>, pool: Arc<Pool>, slot_duration: SlotDuration, alone: bool) -> Self {
        let step_ms = if alone { 1 } else { slot_duration.as_millis() };
        Self { client, pool, slot_duration, step_ms, last: tokio::sync::Mutex::new(None), built: Mutex::default() }
    }

    /// The pending block of now. `run` is to run its argument where work may block.
    ///
    /// # Errors
    /// Those of `run`.
    pub async fn get<E, F: Future<Output = Result<PendingBlock, E>>>(
        self: &Arc<Self>,
        run: impl FnOnce(Build) -> F,
    ) -> Result<Arc<BlockRecord>, E> {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(last) = last.as_ref() {
            // One that was begun while this one waited knows all that it has to.
            if last.began >= asked || last.version == self.version() {
                return Ok(last.record.clone());
            }
            tokio::time::sleep_until((last.ended + (last.ended - last.began) * PAUSE).into()).await;
        }
        let began = Instant::now();
        // Before the pool is read: what changes meanwhile makes another version.
        let version = self.version();
        let this = self.clone();
        let block = run(Box::new(move || this.build(version.0))).await?;
        let record = block.record.clone();
        let mut built = self.built.lock();
        // One reference is the block's own.
        built.retain(|block| Arc::strong_count(&block.record) > 1);
        built.push(Arc::new(block));
        *last = Some(Last { version, record: record.clone(), began, ended: Instant::now() });
        Ok(record)
    }

    /// The state of a pending block; `None` when the block is none.
    pub fn state_of(&self, record: &BlockRecord) -> Option<Arc<PendingBlock>> {
        self.built.lock().iter().find(|block| block.record.substrate_hash == record.substrate_hash).cloned()
    }

    fn version(&self) -> Version {
        (self.client.info().best_hash, self.pool.version())
    }

    fn build(&self, parent: H256) -> Result<PendingBlock, Error> {
        let deadline = Instant::now() + BUDGET;
        let timestamp = self.timestamp(parent)?;
        let slot = Slot::from_timestamp(timestamp, self.slot_duration);
        let pre_digest = <DigestItem as CompatibleDigestItem<AuthoritySignature>>::aura_pre_digest(slot);
        let header = self.client.header(parent)?.ok_or_else(|| Error::UnknownBlock(parent.to_string()))?;
        let mut draft = Draft::begin(&self.client, &header, Digest { logs: vec![pre_digest] })?;
        let time = sp_timestamp::InherentDataProvider::new(timestamp);
        let inherents = futures::executor::block_on(time.create_inherent_data());
        draft.add_inherents(inherents.map_err(|error| Error::Application(Box::new(error)))?)?;
        // What the best block has already, and the pool has not yet noticed, is refused.
        draft.fill(self.pool.ready(), author::MAX_BYTES, deadline);
        let drafted = draft.finish()?;
        let changes = drafted.changes.main_storage_changes;
        let mut api = self.client.runtime_api();
        api.set_overlayed_changes(overlay(&changes));
        let block =
            api.block(parent)?.ok_or_else(|| Error::Backend("the runtime has made no Ethereum block".into()))?;
        let hash = convert::b256(drafted.block.header().hash());
        let record = BlockRecord::from_runtime(hash, block).map_err(|error| Error::Application(Box::new(error)))?;
        Ok(PendingBlock { parent, record: Arc::new(record), changes })
    }

    /// Now, or what the parent allows at the earliest.
    fn timestamp(&self, parent: H256) -> Result<Timestamp, Error> {
        let earliest = seal::timestamp_of(&self.client, parent)? + self.step_ms;
        Ok(Timestamp::new(Timestamp::current().as_millis().max(earliest)))
    }
}
