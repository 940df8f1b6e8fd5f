//! The Ethereum index: what JSON-RPC asks for and the chain's own database can't find.
//!
//! ```text
//!  chain ── import, finality ──► follow ── one SQL transaction a block ──► SQLite (WAL)
//!    ▲        (look again)         │                                          │
//!    └── runtime API: block() ─────┤                                          │
//!                                  ├──► Recent: the last blocks, the head     │
//!                                  └──► broadcast: HeadChange                 │
//!                                           │               │                 │
//!                          newHeads, logs ◄─┘     rpc ◄─────┴─────────────────┘
//! ```
//!
//! # Invariants
//! - Every state that a reader can see is a whole chain: from its head down to [`Index::first_height`] (genesis unless
//!   state was pruned) each block's parent is the block below it, and no block is there without its transactions and
//!   logs.
//! - `latest` in JSON-RPC is the index's head. So once `newHeads` names a block every method knows it, and no method
//!   mixes two heads.
//! - A block is written before anybody is told of it. What a client has seen survives `kill -9` of the node: the
//!   journal holds the last blocks whole, for the case that the chain's database lost its last writes.
//! - `finalized` is a block of the index, never of a fork that the index doesn't follow yet.
//! - The index is derived: when its file is missing, damaged or of another chain it is written anew.
//!
//! # Failure
//! A failed write leaves the older, true view; the follower reports it and tries again. Blocks whose state was pruned
//! before they were indexed are left out with a warning: JSON-RPC answers `null` for them, and refuses to search for
//! logs there. A search for logs that finds too much or takes too long is given up, and has connections of its own.

pub mod cache;
pub mod chain;
pub mod error;
mod file;
pub mod follow;
pub mod journal;
pub mod logs;
pub mod metrics;
pub mod read;
pub mod types;
mod write;

#[cfg(test)]
mod tests;

use alloy_consensus::Header;
use alloy_primitives::B256;
use cache::Recent;
use chain::Chain;
use error::Result;
use follow::Follower;
use logs::{LogFilter, LogLimits, LogRange};
use metrics::Metrics;
use parking_lot::RwLock;
use read::BlockKey;
use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::broadcast;
use types::{BlockRecord, LocatedLog, LocatedTransaction};

/// Connections for readers. SQLite reads in parallel; each connection has its own thread.
const READERS: u32 = 8;
/// Connections for searching logs, so that long searches don't keep other readers waiting.
const LOG_READERS: u32 = 4;
/// One search for logs may take so long.
const LOG_TIME: Duration = Duration::from_secs(10);
/// JSON of the logs that one search may find: below the 15 MiB that an answer of the RPC server may have by default.
const LOG_BYTES: usize = 14 << 20;
/// Head changes, with whole blocks, that a slow subscriber may lag behind before its subscription is closed.
const BACKLOG: usize = 64;

/// Where the index of a chain with its data in `data_path` lives.
pub fn folder(data_path: &Path) -> PathBuf {
    data_path.join("index")
}

/// One move of the head.
#[derive(Debug)]
pub struct HeadChange {
    /// Blocks that left the canonical chain, newest first.
    pub retracted: Vec<Arc<BlockRecord>>,
    /// The new head; `None` if the chain only became shorter.
    pub enacted: Option<Arc<BlockRecord>>,
}

/// A handle for readers; cheap to clone.
#[derive(Clone)]
pub struct Index {
    pool: SqlitePool,
    log_pool: SqlitePool,
    recent: Arc<RwLock<Recent>>,
    changes: broadcast::Sender<Arc<HeadChange>>,
}

impl Index {
    /// Opens the index of `chain` in `folder`, making or remaking the file when there is none or it is no use, and
    /// gives the task that keeps it up to date.
    ///
    /// # Errors
    /// When the folder or the file can't be used.
    pub async fn open<C: Chain>(folder: &Path, chain: Arc<C>, metrics: Option<Metrics>) -> Result<(Self, Follower<C>)> {
        std::fs::create_dir_all(folder)?;
        let file = file::path(folder);
        let genesis = chain.hash_at(0)?.unwrap_or_default();
        let (connection, stored) = file::open(&file, genesis, chain.best().0).await?;
        let readers = |most| {
            SqlitePoolOptions::new().max_connections(most).test_before_acquire(false).connect_with(file::reader(&file))
        };
        let mut recent = Recent::default();
        recent.set_finalized(stored.finalized);
        recent.set_first(stored.first);
        let head = stored.head.as_ref().map(|head| (head.number(), head.substrate_hash));
        if let Some(head) = stored.head {
            recent.push(Arc::new(head));
        }
        let index = Self {
            pool: readers(READERS).await?,
            log_pool: readers(LOG_READERS).await?,
            recent: Arc::new(RwLock::new(recent)),
            changes: broadcast::channel(BACKLOG).0,
        };
        let follower = Follower::new(index.clone(), chain, connection, metrics, head);
        Ok((index, follower))
    }

    /// The newest indexed block: JSON-RPC's `latest`. `None` only until the first block has been indexed.
    pub fn head(&self) -> Option<Arc<BlockRecord>> {
        self.recent.read().head()
    }

    /// Height of the last final block that is indexed.
    pub fn finalized(&self) -> u64 {
        self.recent.read().finalized()
    }

    /// From this height to the head every block is indexed. Above 0 when state was pruned before it could be indexed:
    /// then blocks below may be missing.
    pub fn first_height(&self) -> u64 {
        self.recent.read().first()
    }

    /// Head changes from now on. A receiver that lags behind too far is told so, and has to begin anew.
    pub fn changes(&self) -> broadcast::Receiver<Arc<HeadChange>> {
        self.changes.subscribe()
    }

    /// The canonical block at this height.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn block_by_number(&self, number: u64) -> Result<Option<Arc<BlockRecord>>> {
        if let Some(block) = self.recent.read().number(number) {
            return Ok(Some(block));
        }
        if i64::try_from(number).is_err() {
            return Ok(None);
        }
        let stored = read::block(&self.pool, BlockKey::Number(number)).await?;
        Ok(stored.filter(|block| self.is_shown(block.number())).map(Arc::new))
    }

    /// The block with this Ethereum hash; not necessarily canonical.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn block_by_hash(&self, hash: B256) -> Result<Option<Arc<BlockRecord>>> {
        if let Some(block) = self.recent.read().hash(&hash) {
            return Ok(Some(block));
        }
        Ok(read::block(&self.pool, BlockKey::Hash(hash)).await?.map(Arc::new))
    }

    /// The transaction in the canonical chain.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn transaction(&self, hash: B256) -> Result<Option<LocatedTransaction>> {
        if let Some(transaction) = self.recent.read().transaction(&hash) {
            return Ok(Some(transaction));
        }
        let stored = read::transaction(&self.pool, hash).await?;
        Ok(stored.filter(|located| self.is_shown(located.header.number)))
    }

    /// A block is written before it becomes the head. Who had seen it meanwhile would find `latest` behind what he knows.
    fn is_shown(&self, number: u64) -> bool {
        self.head().is_some_and(|head| number <= head.number())
    }

    /// The headers of the canonical blocks `from..=to`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn headers(&self, from: u64, to: u64) -> Result<Vec<Header>> {
        read::headers(&self.pool, from, to).await
    }

    /// All logs that match, in chain order.
    ///
    /// # Errors
    /// When the database fails; when there are more than `limit`, or too many for one answer; when it takes too long.
    pub async fn logs(&self, filter: &LogFilter, range: LogRange, limit: u64) -> Result<Vec<LocatedLog>> {
        let limits = LogLimits { count: limit, bytes: LOG_BYTES, time: LOG_TIME };
        let recent = self.recent.read().range(range);
        match recent {
            Some(blocks) if logs::is_short(&blocks, filter) => logs::in_memory(&blocks, filter, limits),
            _ => logs::stored(&self.log_pool, filter, range, limits).await,
        }
    }

    /// Takes a committed change into memory, and tells subscribers: who sees it in memory finds it told.
    fn moved(
        &self,
        retracted: Vec<Arc<BlockRecord>>,
        base: Option<Arc<BlockRecord>>,
        enacted: Option<Arc<BlockRecord>>,
        first: Option<u64>,
        finalized: Option<u64>,
    ) {
        let mut recent = self.recent.write();
        for block in &retracted {
            recent.remove(block.number());
        }
        for block in base.into_iter().chain(enacted.clone()) {
            recent.push(block);
        }
        if let Some(number) = first {
            recent.set_first(number);
        }
        if let Some(number) = finalized {
            recent.set_finalized(number);
        }
        // No receiver is no error.
        let _ = self.changes.send(Arc::new(HeadChange { retracted, enacted }));
    }

    fn finalized_moved(&self, number: u64) {
        self.recent.write().set_finalized(number);
    }
}
