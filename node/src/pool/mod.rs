//! The transaction pool: the SDK's, behind Ethereum's rules of admission.
//!
//! ```text
//!  JSON-RPC ─┐                                    ┌─► noted, by hash and sender
//!  gossip ───┴─► admission ─► validation ─────────┤
//!                (limits,      nonce, funds, gas  └─► ready │ queued behind a gap
//!                 price)
//! ```
//!
//! The SDK's pool knows transactions by tags and priorities. It takes any number of them from one sender, and when it is
//! full it drops what it has accepted. Here a transaction that finds no place is refused before it gets in, whichever way
//! it comes, so that what was accepted stays.
//!
//! # Invariants
//! - A transaction is replaced only by one of the same sender and nonce that offers a tenth more, in fee cap and in tip.
//! - No sender has more than its share, and who sends with gaps takes no place from those who don't.
//! - Who pays more goes first; equals go as they came.
//! - A full pool gives way only to who pays more than the least that is in it.
//! - What a reorganisation takes out of the chain comes back, unless it isn't valid any more.

mod admission;
pub mod block;
mod client;
mod known;
mod local;
mod order;
pub mod pending;
mod sdk;

pub use admission::{PoolParams, Refusal, Total};
use client::PoolClient;
pub use local::LocalTransactions;
pub use sdk::{SdkPool, sdk_pool};

use crate::service::FullClient;
use async_trait::async_trait;
use hanse_runtime::opaque::{Block, UncheckedExtrinsic};
use log::debug;
use order::InOrder;
use parking_lot::Mutex;
use pending::PendingTransactions;
use sc_client_api::BlockBackend;
use sc_transaction_pool::{TimedTransactionSource, ValidateTransactionPriority};
use sc_transaction_pool_api::{
    ChainEvent, ImportNotificationStream, LocalTransactionPool, MaintainedTransactionPool, PoolStatus,
    ReadyTransactions, TransactionPool, TransactionSource, TransactionStatusStreamFor, TxInvalidityReportMap,
};
use sp_blockchain::{HashAndNumber, HeaderBackend, tree_route};
use sp_core::H256;
use sp_runtime::generic::BlockId;
use std::{
    collections::{HashMap, HashSet},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

type InPool = <SdkPool as TransactionPool>::InPoolTransaction;
type Error = <SdkPool as TransactionPool>::Error;
type Ready = Box<dyn ReadyTransactions<Item = Arc<InPool>> + Send>;

/// Between two best blocks that are further apart nothing is looked for: the node was synchronising.
const LONGEST_ROUTE: u32 = 1_000;

/// The pool.
pub struct Pool {
    inner: SdkPool,
    client: Arc<FullClient>,
    pending: PendingTransactions,
    params: PoolParams,
    changes: AtomicU64,
    arrived: Notify,
    /// The best block as the pool has last seen it.
    best: Mutex<H256>,
}

impl Pool {
    /// Puts the rules before the SDK's pool.
    pub fn new(inner: SdkPool, client: Arc<FullClient>, params: PoolParams) -> Self {
        let best = Mutex::new(client.info().best_hash);
        Self {
            inner,
            client,
            pending: PendingTransactions::default(),
            params,
            changes: AtomicU64::new(0),
            arrived: Notify::new(),
            best,
        }
    }

    /// Its transactions by Ethereum hash and by sender.
    pub fn pending(&self) -> &PendingTransactions {
        &self.pending
    }

    /// Its limits.
    pub fn params(&self) -> &PoolParams {
        &self.params
    }

    /// Changes whenever the transactions in the pool may have.
    pub fn version(&self) -> (u64, usize, usize) {
        // What the SDK drops by itself shows in the counts alone.
        let status = self.inner.status();
        (self.changes.load(Ordering::Acquire), status.ready, status.ready_bytes)
    }

    /// Waits until a transaction has come since this was last waited for, or a block has changed what is executable. For one
    /// who waits; unlike the SDK's stream it remembers no more than that.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Whether a transaction is ready for the block after `at`.
    pub async fn is_any_ready(&self, at: H256, timeout: Duration) -> bool {
        self.inner.ready_at_with_timeout(at, timeout).await.next().is_some()
    }

    /// Takes transactions out, with what can't be executed without them. Says how many that were.
    pub async fn remove(&self, extrinsics: impl IntoIterator<Item = H256>) -> usize {
        let removed: TxInvalidityReportMap<H256> = extrinsics.into_iter().map(|extrinsic| (extrinsic, None)).collect();
        if removed.is_empty() {
            return 0;
        }
        let removed = self.report_invalid(None, removed).await;
        let mut known = self.pending.known();
        removed.iter().for_each(|in_pool| known.forget(&in_pool.hash));
        removed.len()
    }

    /// Takes all transactions out, and forgets those that have gone into blocks.
    pub async fn clear(&self) {
        let ready = self.inner.ready().map(|in_pool| in_pool.hash);
        let all: Vec<_> = ready.chain(self.inner.futures().into_iter().map(|in_pool| in_pool.hash)).collect();
        self.remove(all).await;
        self.pending.known().clear();
    }

    fn in_order(&self, ready: Ready) -> Ready {
        let ready: Vec<_> = ready.collect();
        let arrivals: Vec<_> = {
            let mut known = self.pending.known();
            ready.iter().map(|in_pool| known.arrival(&in_pool.hash)).collect()
        };
        Box::new(InOrder::new(ready.into_iter().zip(arrivals), pending::tag_before))
    }

    fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Judges anew what a reorganisation has taken out of the chain. The SDK's pool does so only where it looks at all that it
    /// holds after each block.
    async fn bring_back(&self, from: H256, to: H256) -> sp_blockchain::Result<()> {
        let number = self.client.expect_block_number_from_id(&BlockId::Hash(to))?;
        if number.abs_diff(self.client.expect_block_number_from_id(&BlockId::Hash(from))?) > LONGEST_ROUTE {
            return Ok(());
        }
        let route = tree_route(&*self.client, from, to)?;
        if route.retracted().is_empty() {
            return Ok(());
        }
        let mut enacted = HashSet::new();
        for block in route.enacted() {
            let body = self.client.block_body(block.hash)?.unwrap_or_default();
            enacted.extend(body.iter().map(|extrinsic| self.hash_of(extrinsic)));
        }
        let mut lost = Vec::new();
        for block in route.retracted().iter().rev() {
            let body = self.client.block_body(block.hash)?.unwrap_or_default();
            lost.extend(body.into_iter().filter(|extrinsic| !enacted.contains(&self.hash_of(extrinsic))));
        }
        debug!(target: "pool", "{} extrinsics are in no block any more", lost.len());
        let lost = lost.into_iter().map(|extrinsic| (TimedTransactionSource::new_external(false), Arc::new(extrinsic)));
        let at = HashAndNumber { hash: to, number };
        // What is not valid any more, as the blocks' inherents, is refused.
        self.inner.pool().resubmit_at(&at, lost, ValidateTransactionPriority::Submitted).await;
        Ok(())
    }
}

#[async_trait]
impl TransactionPool for Pool {
    type Block = Block;
    type Hash = H256;
    type InPoolTransaction = InPool;
    type Error = Error;

    async fn submit_at(
        &self,
        at: H256,
        source: TransactionSource,
        extrinsics: Vec<UncheckedExtrinsic>,
    ) -> Result<Vec<Result<H256, Error>>, Error> {
        let mut results = Vec::with_capacity(extrinsics.len());
        for extrinsic in extrinsics {
            results.push(self.submit_one(at, source, extrinsic).await);
        }
        Ok(results)
    }

    async fn submit_one(
        &self,
        at: H256,
        source: TransactionSource,
        extrinsic: UncheckedExtrinsic,
    ) -> Result<H256, Error> {
        let admitted = self.admit(at, &extrinsic)?;
        let hash = self.inner.submit_one(at, source, extrinsic).await?;
        self.settle(admitted).await;
        Ok(hash)
    }

    async fn submit_and_watch(
        &self,
        at: H256,
        source: TransactionSource,
        extrinsic: UncheckedExtrinsic,
    ) -> Result<Pin<Box<TransactionStatusStreamFor<Self>>>, Error> {
        let admitted = self.admit(at, &extrinsic)?;
        let events = self.inner.submit_and_watch(at, source, extrinsic).await?;
        self.settle(admitted).await;
        Ok(events)
    }

    async fn ready_at(&self, at: H256) -> Ready {
        self.in_order(self.inner.ready_at(at).await)
    }

    fn ready(&self) -> Ready {
        self.in_order(self.inner.ready())
    }

    async fn report_invalid(&self, at: Option<H256>, invalid: TxInvalidityReportMap<H256>) -> Vec<Arc<InPool>> {
        let removed = self.inner.report_invalid(at, invalid).await;
        self.changed();
        removed
    }

    fn futures(&self) -> Vec<InPool> {
        self.inner.futures()
    }

    fn status(&self) -> PoolStatus {
        self.inner.status()
    }

    fn import_notification_stream(&self) -> ImportNotificationStream<H256> {
        self.inner.import_notification_stream()
    }

    fn on_broadcasted(&self, propagations: HashMap<H256, Vec<String>>) {
        self.inner.on_broadcasted(propagations);
    }

    fn hash_of(&self, extrinsic: &UncheckedExtrinsic) -> H256 {
        self.inner.hash_of(extrinsic)
    }

    fn ready_transaction(&self, hash: &H256) -> Option<Arc<InPool>> {
        self.inner.ready_transaction(hash)
    }

    async fn ready_at_with_timeout(&self, at: H256, timeout: Duration) -> Ready {
        self.in_order(self.inner.ready_at_with_timeout(at, timeout).await)
    }
}

#[async_trait]
impl MaintainedTransactionPool for Pool {
    async fn maintain(&self, event: ChainEvent<Block>) {
        let moved = match event {
            ChainEvent::NewBestBlock { hash, .. } => Some((std::mem::replace(&mut *self.best.lock(), hash), hash)),
            ChainEvent::NewBlock { .. } | ChainEvent::Finalized { .. } => None,
        };
        self.inner.maintain(event).await;
        if let Some((from, to)) = moved
            && let Err(error) = self.bring_back(from, to).await
        {
            debug!(target: "pool", "no way from block {from} to {to}: {error}");
        }
        self.changed();
        self.arrived.notify_one();
    }
}

impl LocalTransactionPool for Pool {
    type Block = Block;
    type Hash = H256;
    type Error = Error;

    /// Judges anew what the SDK's pool has refused or dropped since the last block, too.
    fn submit_local(&self, at: H256, extrinsic: UncheckedExtrinsic) -> Result<H256, Error> {
        self.inner.pool().validated_pool().unban_if_validation(&self.hash_of(&extrinsic));
        futures::executor::block_on(self.submit_one(at, TransactionSource::Local, extrinsic))
    }
}
