//! A developer's chain that makes blocks at once shows what was sent to it: who develops against Hardhat's network asks right
//! after sending, and only once.

use super::{
    context::Context,
    error::{RpcResult, internal},
};
use crate::{
    dev::Dev,
    index::types::{BlockRecord, LocatedTransaction},
    service::seal::Sealing,
};
use alloy_primitives::B256;
use sc_transaction_pool_api::TransactionPool;
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast::error::RecvError;

/// How long a block is waited for that is made at once.
const SEALED_WITHIN: Duration = Duration::from_secs(1);
/// While more transactions than these wait nobody goes through them step by step, and what asks for `latest` isn't held up.
const STEP_BY_STEP: usize = 64;

impl Context {
    /// Notes a transaction that the pool has taken. One behind a gap waits for no block, and hides none that does.
    pub fn note_sent(&self, hash: B256) {
        if let Some(dev) = &self.dev
            && self.is_sealed_at_once(&hash)
        {
            dev.sent(hash);
        }
    }

    /// The newest indexed block. Where blocks are made at once it is one that has what was sent before the question.
    pub async fn latest(&self) -> RpcResult<Arc<BlockRecord>> {
        if let Some(dev) = &self.dev
            && let Some(hash) = dev.last_sent()
            && self.pool.status().ready <= STEP_BY_STEP
        {
            self.sealed(hash).await?;
            dev.seen(hash);
        }
        self.head()
    }

    /// The transaction in the canonical chain, waited for where its block is made at once.
    pub async fn sealed(&self, hash: B256) -> RpcResult<Option<LocatedTransaction>> {
        let mut changes = self.index.changes();
        let located = self.index.transaction(hash).await.map_err(internal)?;
        if located.is_some() || !self.is_sealed_at_once(&hash) {
            return Ok(located);
        }
        let indexed = async {
            while let Ok(_) | Err(RecvError::Lagged(_)) = changes.recv().await {
                if let found @ Some(_) = self.index.transaction(hash).await.map_err(internal)? {
                    return Ok(found);
                }
            }
            Ok(None)
        };
        tokio::time::timeout(SEALED_WITHIN, indexed).await.unwrap_or(Ok(None))
    }

    /// Whether the transaction waits for a block that a developer's chain makes as soon as one is wanted.
    fn is_sealed_at_once(&self, hash: &B256) -> bool {
        let sealing = self.dev.as_ref().map(Dev::sealing);
        sealing == Some(Sealing::Instant) && self.pending.is_executable(&self.pool, hash)
    }
}
