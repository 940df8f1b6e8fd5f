//! How far the projection has got, and what the node last said.

use super::Inner;
use super::types::{BlockRef, Network, NodeStatus};
use crate::db::{Db, UnixMs};
use crate::error::{Error, Result};
use sqlx::{AnyConnection, Row as _};
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What the node last said. In memory: another gateway's view is its own.
#[derive(Debug, Default)]
pub(crate) struct NodeView {
    reachable: AtomicBool,
    /// Times that it went away.
    outages: AtomicU64,
    /// It is the right chain, followed from a known block on, and not behind what was final: our transactions may go
    /// there. Sent earlier, they might get into a block that is never projected.
    identified: AtomicBool,
    best_number: AtomicU64,
    /// Something was sent since the follower last asked.
    sent: AtomicBool,
    /// Why the node is not followed, when it is the wrong one.
    refused: RwLock<Option<String>>,
    /// What it tells of itself.
    status: RwLock<Option<NodeStatus>>,
}

impl NodeView {
    pub fn set_reachable(&self, reachable: bool) {
        let before = self.reachable.swap(reachable, Ordering::Relaxed);
        if before && !reachable {
            self.outages.fetch_add(1, Ordering::Relaxed);
        }
        if before != reachable {
            tracing::info!(reachable, "the node's reachability has changed");
        }
        metrics::gauge!("hanse_gateway_node_reachable").set(f64::from(u8::from(reachable)));
    }

    pub fn is_reachable(&self) -> bool {
        self.reachable.load(Ordering::Relaxed)
    }

    pub fn outages(&self) -> u64 {
        self.outages.load(Ordering::Relaxed)
    }

    pub fn set_identified(&self, identified: bool) {
        self.identified.store(identified, Ordering::Relaxed);
    }

    pub fn is_identified(&self) -> bool {
        self.identified.load(Ordering::Relaxed)
    }

    /// Transactions have gone out: blocks with them are to be expected.
    pub fn set_sent(&self) {
        self.sent.store(true, Ordering::Relaxed);
    }

    /// Whether transactions have gone out since the last call.
    pub fn has_open_work(&self) -> bool {
        self.sent.swap(false, Ordering::Relaxed)
    }

    pub fn set_best(&self, number: u64) {
        self.best_number.store(number, Ordering::Relaxed);
    }

    pub fn best(&self) -> u64 {
        self.best_number.load(Ordering::Relaxed)
    }

    pub fn refuse(&self, reason: Option<String>) {
        if let Ok(mut refused) = self.refused.write()
            && *refused != reason
        {
            if let Some(reason) = &reason {
                tracing::error!(reason, "the node is not followed");
            }
            *refused = reason;
        }
    }

    pub fn refusal(&self) -> Option<String> {
        self.refused.read().ok().and_then(|refused| refused.clone())
    }

    /// `None`: it does not answer.
    pub fn set_status(&self, status: Option<NodeStatus>) {
        if let Ok(mut kept) = self.status.write() {
            *kept = status;
        }
    }

    pub fn status(&self) -> Option<NodeStatus> {
        self.status.read().ok().and_then(|status| status.clone())
    }
}

/// The row of `chain_state`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChainState {
    pub chain_id: u64,
    pub genesis_hash: String,
    pub best_number: u64,
    pub best_hash: String,
    pub finalized_number: u64,
    pub finalized_hash: String,
    pub verified_number: u64,
    pub mismatches: u64,
    pub finality_losses: u64,
    pub updated_at_ms: i64,
}

/// A number for a BIGINT column. Blocks and counts never get near 2^63.
pub(crate) fn big(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl ChainState {
    /// The state; `None` before the first contact with a node.
    pub async fn read(connection: &mut AnyConnection, suffix: &'static str) -> Result<Option<Self>> {
        let sql = match suffix {
            "" => "SELECT * FROM chain_state WHERE id = 1",
            _ => "SELECT * FROM chain_state WHERE id = 1 FOR UPDATE",
        };
        let Some(row) = sqlx::query(sql).fetch_optional(connection).await? else { return Ok(None) };
        let number =
            |column: &str| -> Result<u64> { u64::try_from(row.try_get::<i64, _>(column)?).map_err(Error::internal) };
        Ok(Some(Self {
            chain_id: number("chain_id")?,
            genesis_hash: row.try_get("genesis_hash")?,
            best_number: number("best_number")?,
            best_hash: row.try_get("best_hash")?,
            finalized_number: number("finalized_number")?,
            finalized_hash: row.try_get("finalized_hash")?,
            verified_number: number("verified_number")?,
            mismatches: number("mismatches")?,
            finality_losses: number("finality_losses")?,
            updated_at_ms: row.try_get("updated_at_ms")?,
        }))
    }

    /// Reads it outside a transaction.
    pub async fn load(db: &Db) -> Result<Option<Self>> {
        let mut connection = db.reader().acquire().await?;
        Self::read(&mut connection, "").await
    }

    /// Writes the positions.
    pub async fn store(&self, connection: &mut AnyConnection) -> Result<()> {
        sqlx::query(
            "INSERT INTO chain_state (id, chain_id, genesis_hash, best_number, best_hash, finalized_number, \
             finalized_hash, verified_number, mismatches, finality_losses, updated_at_ms) \
             VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO UPDATE SET \
             best_number = excluded.best_number, best_hash = excluded.best_hash, \
             finalized_number = excluded.finalized_number, finalized_hash = excluded.finalized_hash, \
             verified_number = excluded.verified_number, mismatches = excluded.mismatches, \
             finality_losses = excluded.finality_losses, updated_at_ms = excluded.updated_at_ms",
        )
        .bind(big(self.chain_id))
        .bind(&self.genesis_hash)
        .bind(big(self.best_number))
        .bind(&self.best_hash)
        .bind(big(self.finalized_number))
        .bind(&self.finalized_hash)
        .bind(big(self.verified_number))
        .bind(big(self.mismatches))
        .bind(big(self.finality_losses))
        .bind(crate::db::now_ms())
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// See [`super::Ledger::network`].
pub(crate) async fn network(inner: &Inner) -> Result<Network> {
    let open_operations = open_operations(&inner.db).await?;
    describe(inner, open_operations).await
}

/// See [`super::Ledger::glance`].
pub(crate) async fn glance(inner: &Inner) -> Result<Network> {
    describe(inner, inner.open_operations.load(Ordering::Relaxed)).await
}

async fn describe(inner: &Inner, open_operations: u64) -> Result<Network> {
    let state = ChainState::load(&inner.db).await?;
    let node_best_number = inner.node.best();
    let none = || BlockRef { number: 0, hash: String::new() };
    Ok(Network {
        chain_id: inner.chain_settings.chain_id,
        genesis_hash: state.as_ref().map(|state| state.genesis_hash.clone()).unwrap_or_default(),
        node_reachable: inner.node.is_reachable(),
        problem: inner.node.refusal(),
        best: state
            .as_ref()
            .map_or_else(none, |state| BlockRef { number: state.best_number, hash: state.best_hash.clone() }),
        finalized: state
            .as_ref()
            .map_or_else(none, |state| BlockRef { number: state.finalized_number, hash: state.finalized_hash.clone() }),
        lag_blocks: node_best_number.saturating_sub(state.as_ref().map_or(0, |state| state.best_number)),
        node_best_number,
        verified_number: state.as_ref().map_or(0, |state| state.verified_number),
        mismatches: state.as_ref().map_or(0, |state| state.mismatches),
        finality_losses: state.as_ref().map_or(0, |state| state.finality_losses),
        open_operations,
        node: inner.node.status(),
        updated_at: UnixMs(state.map_or(0, |state| state.updated_at_ms)),
    })
}

/// Operations stored and not yet in a block.
pub(crate) async fn open_operations(db: &Db) -> Result<u64> {
    let row = sqlx::query("SELECT COUNT(*) FROM operations WHERE status IN ('accepted', 'sent')")
        .fetch_one(db.reader())
        .await?;
    u64::try_from(row.try_get::<i64, _>(0)?).map_err(Error::internal)
}
