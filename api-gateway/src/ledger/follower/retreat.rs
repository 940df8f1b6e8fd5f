//! The way back after a reorganisation, or after the node has lost blocks.

use super::super::Inner;
use super::super::chain::{ChainError, Heads};
use super::super::contracts::hash_text;
use super::super::projection;
use super::super::state::{ChainState, big};
use super::{Fault, Step, inconsistent, lock};
use crate::error::Error;
use sqlx::Row as _;

/// Blocks compared at once when looking for the common ancestor.
const ANCESTORS: i64 = 64;

/// Takes the projection back to the last block that both have.
pub(super) async fn retreat(inner: &Inner, state: &ChainState, heads: &Heads) -> Result<Step, Fault> {
    let (number, hash) = common_ancestor(inner, state, heads).await?;
    if number == state.best_number {
        return Err(inconsistent().into());
    }
    let mut tx = inner.db.write_relaxed().await?;
    let mut now = lock(inner, &mut tx, state).await?;
    let changed = projection::revert_to(&inner.db, &mut tx, &mut now, number, hash).await?;
    now.store(&mut tx).await?;
    tx.commit().await?;
    let depth = state.best_number - number;
    metrics::counter!("hanse_gateway_reorganisations_total").increment(1);
    if now.finality_losses > state.finality_losses {
        tracing::error!(
            depth,
            to = number,
            finalized = state.finalized_number,
            operations = changed.len(),
            "the node has lost finalized blocks; their operations are sent again"
        );
    } else {
        tracing::info!(depth, to = number, operations = changed.len(), "the chain has reorganised");
    }
    inner.waiters.wake(&changed);
    inner.to_send.notify_one();
    Ok(Step::Moved { operations: changed.len() })
}

async fn common_ancestor(inner: &Inner, state: &ChainState, heads: &Heads) -> Result<(u64, String), Fault> {
    let mut top = state.best_number.min(heads.best.number());
    loop {
        let rows = sqlx::query("SELECT number, hash FROM blocks WHERE number <= $1 ORDER BY number DESC LIMIT $2")
            .bind(big(top))
            .bind(ANCESTORS)
            .fetch_all(inner.db.reader())
            .await?;
        let mut ours: Vec<(u64, String)> = Vec::with_capacity(rows.len());
        for row in rows {
            ours.push((u64::try_from(row.try_get::<i64, _>(0)?).map_err(Error::internal)?, row.try_get(1)?));
        }
        let theirs = inner.chain.blocks(ours.iter().map(|(number, _)| *number)).await?;
        for ((number, hash), block) in ours.iter().zip(theirs) {
            if block.is_some_and(|block| hash_text(block.hash) == *hash) {
                return Ok((*number, hash.clone()));
            }
        }
        match ours.last() {
            Some((number, _)) if *number > 0 => top = number - 1,
            // Block 0 is stored at first contact and compared at every contact.
            _ => return Err(ChainError::Unusable("it has no block in common with the projection".to_owned()).into()),
        }
    }
}
