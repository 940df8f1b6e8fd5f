//! The way back after a reorganisation, or after the node has lost blocks.
//!
//! A node whose chain is merely the beginning of ours has reorganised nothing. It may be a replacement that is still
//! syncing, one that writes its index anew, or the slower one behind a load balancer: what it has not got yet it will
//! have. Above the finalized block going back costs nothing; below it, operations that are final would be open again.
//! So the projection waits there, until the node says that it is not syncing and has stood still for [`PATIENCE`]: then
//! the blocks are lost.

use super::super::Inner;
use super::super::chain::{ChainError, Heads};
use super::super::contents::inconsistent;
use super::super::contract_logs;
use super::super::contracts::hash_text;
use super::super::fault::Fault;
use super::super::history;
use super::super::projection;
use super::super::publish::{self, Way};
use super::super::state::{ChainState, big};
use super::{Step, lock};
use crate::error::Error;
use crate::events::{self, Kind};
use sqlx::Row as _;
use std::time::{Duration, Instant};

/// Blocks compared at once when looking for the common ancestor.
const ANCESTORS: i64 = 64;

/// How long a node may stand still below our finalized block before its blocks count as lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// A node that is behind.
#[derive(Debug)]
pub(super) struct Behind {
    best: u64,
    /// Since when it stands still there.
    since: Instant,
}

/// The last block that both have.
struct Ancestor {
    number: u64,
    hash: String,
    /// Whether the node has another block where we have one. Otherwise it has only fewer.
    differs: bool,
}

/// Takes the projection back to the last block that both have.
pub(super) async fn retreat(
    inner: &Inner,
    state: &ChainState,
    heads: &Heads,
    behind: &mut Option<Behind>,
) -> Result<Step, Fault> {
    let Ancestor { number, hash, differs } = common_ancestor(inner, state, heads).await?;
    if number == state.best_number {
        return Err(inconsistent().into());
    }
    if !differs && number < state.finalized_number && !has_lost_blocks(inner, state, heads, behind).await? {
        return Ok(Step::AtHead);
    }
    *behind = None;
    let mut tx = inner.db.write_relaxed().await?;
    let mut now = lock(inner, &mut tx, state).await?;
    let best = now.best_number;
    let mut drafts = publish::transfers(&mut tx, number, best, Kind::TransferReverted).await?;
    drafts.extend(publish::contract_events(&mut tx, number, best, Kind::ContractEventReverted).await?);
    let changed = projection::revert_to(&inner.db, &mut tx, &mut now, number, hash).await?;
    history::revert_to(&mut tx, number).await?;
    contract_logs::revert_to(&mut tx, number).await?;
    now.store(&mut tx).await?;
    drafts.extend(publish::operations(&mut tx, &changed, Way::Back).await?);
    events::append(&mut tx, drafts).await?;
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
    inner.tail.wake();
    inner.to_send.notify_one();
    Ok(Step::Moved { operations: changed.len() })
}

/// Whether a node that is behind our finalized block will not catch up by itself.
async fn has_lost_blocks(
    inner: &Inner,
    state: &ChainState,
    heads: &Heads,
    behind: &mut Option<Behind>,
) -> Result<bool, Fault> {
    let best = heads.best.number();
    if behind.is_none() {
        tracing::warn!(best, finalized = state.finalized_number, "the node is behind what was final; waiting for it");
    }
    if let Some(before) = behind.as_ref().filter(|before| before.best == best)
        && !inner.chain.is_syncing().await?
    {
        return Ok(before.since.elapsed() >= PATIENCE);
    }
    *behind = Some(Behind { best, since: Instant::now() });
    Ok(false)
}

async fn common_ancestor(inner: &Inner, state: &ChainState, heads: &Heads) -> Result<Ancestor, Fault> {
    let mut top = state.best_number.min(heads.best.number());
    let mut differs = false;
    loop {
        let rows = sqlx::query("SELECT number, hash FROM blocks WHERE number <= $1 ORDER BY number DESC LIMIT $2")
            .bind(big(top))
            // A node that is behind is looked at often: its best block alone tells.
            .bind(if differs { ANCESTORS } else { 1 })
            .fetch_all(inner.db.reader())
            .await?;
        let mut ours: Vec<(u64, String)> = Vec::with_capacity(rows.len());
        for row in rows {
            ours.push((u64::try_from(row.try_get::<i64, _>(0)?).map_err(Error::internal)?, row.try_get(1)?));
        }
        let theirs = inner.chain.blocks(ours.iter().map(|(number, _)| *number)).await?;
        for ((number, hash), block) in ours.iter().zip(theirs) {
            match block {
                Some(block) if hash_text(block.hash) == *hash => {
                    return Ok(Ancestor { number: *number, hash: hash.clone(), differs });
                }
                Some(_) => differs = true,
                // It has gone back since it named its best block.
                None => return Err(inconsistent().into()),
            }
        }
        match ours.last() {
            Some((number, _)) if *number > 0 => top = number - 1,
            // Block 0 is stored at first contact and compared at every contact.
            _ => return Err(ChainError::Unusable("it has no block in common with the projection".to_owned()).into()),
        }
    }
}
