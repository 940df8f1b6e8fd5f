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
//! - Every state that a reader can see is a whole chain: from its head down to genesis each block's parent is the block
//!   below it, and no block is there without its transactions and logs.
//! - `latest` in JSON-RPC is the index's head. So once `newHeads` names a block every method knows it, and no method
//!   mixes two heads.
//! - A block is written before anybody is told of it. What a client has seen survives `kill -9` of the node: the
//!   journal holds the last blocks whole, for the case that the chain's database lost its last writes.
//! - The index is derived: when its file is missing or belongs to another chain it is written anew.
//!
//! # Failure
//! A failed write leaves the older, true view; the follower reports it and tries again. Blocks whose state was pruned
//! before they were indexed are left out with a warning: JSON-RPC answers `null` for them.

pub mod cache;
pub mod chain;
pub mod error;
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
use log::info;
use logs::{LogFilter, LogRange};
use metrics::Metrics;
use parking_lot::RwLock;
use read::BlockKey;
use sqlx::{
    ConnectOptions, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::broadcast;
use types::{BlockRecord, LocatedLog, LocatedTransaction};

/// Connections for readers. SQLite reads in parallel; each connection has its own thread.
const READERS: u32 = 8;
/// Head changes that a slow subscriber may lag behind before its subscription is closed.
const BACKLOG: usize = 1024;
/// More blocks than this can't have been lost by the chain's database in a crash.
const MAX_LOST_BLOCKS: u64 = 1024;

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
    recent: Arc<RwLock<Recent>>,
    changes: broadcast::Sender<Arc<HeadChange>>,
}

impl Index {
    /// Opens the index of `chain` in `folder`, making or remaking the file when there is none or it belongs to
    /// another chain, and gives the task that keeps it up to date.
    ///
    /// # Errors
    /// When the folder or the file can't be used.
    pub async fn open<C: Chain>(folder: &Path, chain: Arc<C>, metrics: Option<Metrics>) -> Result<(Self, Follower<C>)> {
        std::fs::create_dir_all(folder)?;
        let file = folder.join("index.sqlite");
        let genesis = chain.hash_at(0)?.unwrap_or_default();
        let mut connection = connect(&file).await?;
        if !belongs_to(&mut connection, genesis, chain.best().0).await? {
            info!(target: "index", "the index belongs to another chain; writing it anew");
            sqlx::Connection::close(connection).await?;
            for suffix in ["", "-wal", "-shm"] {
                let path = folder.join(format!("index.sqlite{suffix}"));
                if path.exists() {
                    std::fs::remove_file(path)?;
                }
            }
            connection = connect(&file).await?;
            belongs_to(&mut connection, genesis, chain.best().0).await?;
        }
        let pool = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .connect_with(options(&file).read_only(true))
            .await?;
        let index =
            Self { pool, recent: Arc::new(RwLock::new(Recent::default())), changes: broadcast::channel(BACKLOG).0 };
        let head = read::below(&mut connection, i64::MAX as u64).await?.map(Arc::new);
        if let Some(head) = &head {
            let finalized: i64 = sqlx::query_scalar("SELECT finalized FROM chain").fetch_one(&mut connection).await?;
            let mut recent = index.recent.write();
            recent.push(head.clone());
            recent.set_finalized(finalized as u64);
        }
        let head = head.map(|head| (head.number(), head.substrate_hash));
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

    /// Head changes from now on.
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
        Ok(read::block(&self.pool, BlockKey::Number(number)).await?.map(Arc::new))
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
        read::transaction(&self.pool, hash).await
    }

    /// The headers of the canonical blocks `from..=to`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn headers(&self, from: u64, to: u64) -> Result<Vec<Header>> {
        read::headers(&self.pool, from, to).await
    }

    /// Logs in chain order, `limit` at most.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn logs(&self, filter: &LogFilter, range: LogRange, limit: u64) -> Result<Vec<LocatedLog>> {
        logs::logs(&self.pool, filter, range, limit).await
    }

    /// Takes a committed change into memory, then tells subscribers.
    fn moved(
        &self,
        retracted: Vec<Arc<BlockRecord>>,
        base: Option<Arc<BlockRecord>>,
        enacted: Option<Arc<BlockRecord>>,
        finalized: Option<u64>,
    ) {
        {
            let mut recent = self.recent.write();
            for block in &retracted {
                recent.remove(block.number());
            }
            for block in base.into_iter().chain(enacted.clone()) {
                recent.push(block);
            }
            if let Some(number) = finalized {
                recent.set_finalized(number);
            }
        }
        // No receiver is no error.
        let _ = self.changes.send(Arc::new(HeadChange { retracted, enacted }));
    }

    fn finalized_moved(&self, number: u64) {
        self.recent.write().set_finalized(number);
    }
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        // With WAL this survives the death of the process; after the death of the machine the follower fills in what
        // is missing.
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(10))
        .pragma("cache_size", "-16384")
        .disable_statement_logging()
}

async fn connect(file: &Path) -> Result<SqliteConnection> {
    let mut connection = options(file).create_if_missing(true).connect().await?;
    sqlx::migrate!("./migrations").run(&mut connection).await?;
    Ok(connection)
}

/// Whether the file is of this chain; a new file is made to be. An index far above the chain belongs to one that was
/// deleted.
async fn belongs_to(connection: &mut SqliteConnection, genesis: B256, best: u64) -> Result<bool> {
    let of: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT genesis_hash FROM chain").fetch_optional(&mut *connection).await?;
    let head: Option<i64> =
        sqlx::query_scalar("SELECT MAX(number) FROM blocks WHERE canonical = 1").fetch_one(&mut *connection).await?;
    match of {
        Some(of) => Ok(of == genesis.as_slice() && head.is_none_or(|head| head as u64 <= best + MAX_LOST_BLOCKS)),
        None => {
            sqlx::query("INSERT INTO chain (only, genesis_hash, finalized) VALUES (1, ?, 0)")
                .bind(genesis.as_slice())
                .execute(connection)
                .await?;
            Ok(true)
        }
    }
}
