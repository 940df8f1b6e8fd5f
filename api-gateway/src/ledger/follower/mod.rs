//! Follows the node's chain and keeps the projection at its head.
//!
//! ```text
//!  heads (best, finalized) ─► same as projected?  ─► finality moved? finalize
//!                             continues it?       ─► fetch blocks and receipts, apply, finalize
//!                             something else?     ─► common ancestor, revert_to, and again
//!                             less of the same?   ─► below our finality the node is behind: wait (see [`retreat`])
//! ```
//!
//! Polling, not a subscription: a poll can't miss anything, needs no recovery of its own, and is as fast while
//! operations are open (see [`pace`]). Everything is resumed from `chain_state`, so a restart, an outage of hours or
//! a lost connection all are the same case: the projection is behind.

mod pace;
mod retreat;

use super::Inner;
use super::chain::{Block, Heads};
use super::contents::{Reader, inconsistent};
use super::contract_logs;
use super::contracts::hash_text;
use super::fault::Fault;
use super::history;
use super::projection::{self, BlockData, TokenCache};
use super::publish::{self, Way};
use super::state::{ChainState, big};
use crate::error::{Error, Result};
use crate::events::{self, Kind};
use alloy::primitives::B256;
use pace::Pace;
use retreat::{Behind, retreat};
use sqlx::Row as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

enum Step {
    /// The projection is at the node's head.
    AtHead,
    /// There may be more to do at once.
    Moved { operations: usize },
}

/// What is kept between steps.
#[derive(Default)]
struct Follower {
    tokens: TokenCache,
    /// The best number at the last look at the heads, and when that was.
    looked: Option<(u64, Instant)>,
    reader: Reader,
    /// The node's chain is the beginning of the projected one.
    behind: Option<Behind>,
}

/// Runs until it is dropped.
pub(crate) async fn run(inner: Arc<Inner>) {
    let mut follower = Follower::default();
    let mut pace = Pace { idle: Duration::from_millis(inner.settings.poll_ms), busy_until: Instant::now() };
    let (min, max) = (inner.settings.retry_min_ms, inner.settings.retry_max_ms);
    let mut pause_ms = min;
    loop {
        if !inner.lease.is_held() {
            follower = Follower::default();
            inner.node.set_identified(false);
            tokio::time::sleep(pace.idle).await;
            continue;
        }
        let began = Instant::now();
        match follower.step(&inner).await {
            Ok(Step::Moved { operations }) => {
                pause_ms = min;
                if operations > 0 {
                    pace.stay_busy();
                }
            }
            Ok(Step::AtHead) => {
                pause_ms = min;
                let sleep = tokio::time::sleep(pace.wait(began.elapsed()));
                if pace.is_busy() {
                    sleep.await;
                } else {
                    tokio::select! {
                        () = inner.to_follow.notified() => {}
                        () = sleep => {}
                    }
                }
                if inner.node.has_open_work() {
                    pace.stay_busy();
                }
            }
            Err(fault) => {
                match fault {
                    Fault::Chain(error) => {
                        if error.is_away() {
                            inner.node.set_reachable(false);
                        }
                        tracing::debug!(%error, "the follower waits for the node");
                    }
                    Fault::Other(error) => tracing::error!(%error, "the follower failed; trying again"),
                }
                // It may be another node when it comes back.
                inner.node.set_identified(false);
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
                pause_ms = (pause_ms * 2).min(max);
            }
        }
    }
}

impl Follower {
    async fn step(&mut self, inner: &Inner) -> Result<Step, Fault> {
        if !inner.node.is_identified() && !identify(inner).await? {
            tokio::time::sleep(Duration::from_millis(inner.settings.retry_max_ms)).await;
            return Ok(Step::AtHead);
        }
        if let Some((number, at)) = self.looked
            && at.elapsed() < Pace::SAME_NUMBER
            && inner.chain.best_number().await? == number
        {
            return Ok(Step::AtHead);
        }
        let heads = inner.chain.heads().await?;
        inner.node.set_reachable(true);
        inner.node.set_best(heads.best.number());
        let Some(state) = ChainState::load(&inner.db).await? else {
            begin(inner, &heads).await?;
            return Ok(Step::Moved { operations: 0 });
        };
        observe(&state);
        self.looked = None;
        let step = if hash_text(heads.best.hash) == state.best_hash {
            self.behind = None;
            self.looked = Some((heads.best.number(), Instant::now()));
            self.follow_finality(inner, &state, &heads).await?
        } else if let Some(blocks) = next_blocks(inner, &state, &heads).await? {
            self.behind = None;
            self.advance(inner, &state, &heads, blocks).await?
        } else {
            retreat(inner, &state, &heads, &mut self.behind).await?
        };
        // What is sent now is executed after all that is projected, or not at all.
        inner.node.set_identified(self.behind.is_none());
        Ok(step)
    }

    async fn follow_finality(&mut self, inner: &Inner, state: &ChainState, heads: &Heads) -> Result<Step, Fault> {
        if heads.finalized.number() <= state.finalized_number {
            return Ok(Step::AtHead);
        }
        self.write(inner, state, heads, &[]).await?;
        Ok(Step::AtHead)
    }

    /// Projects blocks that continue the projected chain.
    async fn advance(
        &mut self,
        inner: &Inner,
        state: &ChainState,
        heads: &Heads,
        blocks: Vec<Block>,
    ) -> Result<Step, Fault> {
        let mut state = state.clone();
        let mut operations = 0;
        let mut rest = blocks.as_slice();
        while !rest.is_empty() {
            let data = self.reader.read(inner, rest).await?;
            rest = &rest[data.len()..];
            operations += self.write(inner, &state, heads, &data).await?;
            state = ChainState::load(&inner.db).await?.ok_or_else(|| Error::internal("chain_state is gone"))?;
        }
        Ok(Step::Moved { operations })
    }

    /// One database transaction: blocks on top, then finality as far as it goes.
    async fn write(&mut self, inner: &Inner, seen: &ChainState, heads: &Heads, data: &[BlockData]) -> Result<usize> {
        let mut tx = inner.db.write_relaxed().await?;
        let mut state = lock(inner, &mut tx, seen).await?;
        let (best_before, finalized_before) = (state.best_number, state.finalized_number);
        let mut changed = projection::apply(&inner.db, &mut tx, &mut state, &mut self.tokens, data).await?;
        history::append(&mut tx, data).await?;
        contract_logs::append(&mut tx, data).await?;
        let mut drafts = publish::operations(&mut tx, &changed, Way::Forwards).await?;
        let best = state.best_number;
        drafts.extend(publish::transfers(&mut tx, best_before, best, Kind::TransferIncluded).await?);
        drafts.extend(publish::contract_events(&mut tx, best_before, best, Kind::ContractEventIncluded).await?);
        let number = heads.finalized.number().min(state.best_number);
        let hash = if number == state.best_number {
            Some(state.best_hash.clone())
        } else {
            sqlx::query("SELECT hash FROM blocks WHERE number = $1")
                .bind(big(number))
                .fetch_optional(&mut *tx)
                .await?
                .map(|row| row.try_get(0))
                .transpose()?
        };
        // A finalized block that is not in the projected chain means that best has moved too: the next step finds
        // out. Below best, the number of a canonical block decides.
        let consistent = number < heads.finalized.number() || hash.as_ref() == Some(&hash_text(heads.finalized.hash));
        let mut finalized = Vec::new();
        if let Some(hash) = hash.filter(|_| consistent) {
            finalized = projection::finalize(&inner.db, &mut tx, &mut state, number, hash).await?;
        }
        state.store(&mut tx).await?;
        drafts.extend(publish::operations(&mut tx, &finalized, Way::Forwards).await?);
        let until = state.finalized_number;
        drafts.extend(publish::transfers(&mut tx, finalized_before, until, Kind::TransferFinalized).await?);
        let told = publish::contract_events(&mut tx, finalized_before, until, Kind::ContractEventFinalized).await?;
        drafts.extend(told);
        events::append(&mut tx, drafts).await?;
        tx.commit().await?;
        changed.extend(finalized);
        inner.waiters.wake(&changed);
        inner.tail.wake();
        if state.finalized_number > finalized_before {
            inner.to_verify.notify_one();
        }
        metrics::counter!("hanse_gateway_blocks_projected_total").increment(data.len() as u64);
        Ok(changed.len())
    }
}

/// The state, locked; an error when somebody else has moved it.
async fn lock(inner: &Inner, tx: &mut sqlx::AnyConnection, seen: &ChainState) -> Result<ChainState> {
    let state = ChainState::read(tx, inner.db.for_update()).await?;
    state
        .filter(|state| state.best_hash == seen.best_hash && state.finalized_number == seen.finalized_number)
        .ok_or_else(|| Error::internal("another gateway has moved the projection"))
}

/// Is it the right chain? Sets the reason in the node's view when it is not.
async fn identify(inner: &Inner) -> Result<bool, Fault> {
    let (chain_id, genesis) = inner.chain.identity().await?;
    let expected = inner.chain_settings.chain_id;
    let genesis = hash_text(genesis);
    let refusal = match ChainState::load(&inner.db).await? {
        _ if chain_id != expected => Some(format!("the node's chain id is {chain_id}, the settings say {expected}")),
        Some(state) if state.genesis_hash != genesis => {
            Some(format!("the node's genesis is {genesis}, this database belongs to {}", state.genesis_hash))
        }
        _ => None,
    };
    let right = refusal.is_none();
    inner.node.set_reachable(true);
    inner.node.refuse(refusal);
    Ok(right)
}

fn observe(state: &ChainState) {
    metrics::gauge!("hanse_gateway_best_block").set(state.best_number as f64);
    metrics::gauge!("hanse_gateway_finalized_block").set(state.finalized_number as f64);
    metrics::gauge!("hanse_gateway_verified_block").set(state.verified_number as f64);
    metrics::gauge!("hanse_gateway_cache_mismatches").set(state.mismatches as f64);
    metrics::gauge!("hanse_gateway_finality_losses").set(state.finality_losses as f64);
}

/// First contact: projects from the finalized block on. Nothing of ours is older than this database. Block 0 is kept
/// as the ancestor of everything.
async fn begin(inner: &Inner, heads: &Heads) -> Result<(), Fault> {
    let (chain_id, genesis) = inner.chain.identity().await?;
    let start = &heads.finalized;
    let mut tx = inner.db.write_relaxed().await?;
    for (number, hash, parent, time) in [
        (0, hash_text(genesis), hash_text(B256::ZERO), 0),
        (start.number(), hash_text(start.hash), hash_text(start.parent_hash), start.timestamp_ms()),
    ] {
        sqlx::query(
            "INSERT INTO blocks (number, hash, parent_hash, timestamp_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(big(number))
        .bind(hash)
        .bind(parent)
        .bind(time)
        .execute(&mut *tx)
        .await?;
    }
    let state = ChainState {
        chain_id,
        genesis_hash: hash_text(genesis),
        best_number: start.number(),
        best_hash: hash_text(start.hash),
        finalized_number: start.number(),
        finalized_hash: hash_text(start.hash),
        verified_number: start.number(),
        mismatches: 0,
        finality_losses: 0,
        updated_at_ms: 0,
    };
    state.store(&mut tx).await?;
    tx.commit().await?;
    tracing::info!(number = start.number(), hash = %start.hash, "following the chain from here");
    Ok(())
}

/// The blocks that come next; `None` when the node's chain does not continue the projected one.
async fn next_blocks(inner: &Inner, state: &ChainState, heads: &Heads) -> Result<Option<Vec<Block>>, Fault> {
    let best = heads.best.number();
    if best <= state.best_number {
        return Ok(None);
    }
    let first = state.best_number + 1;
    let blocks = if best == first {
        vec![heads.best.clone()]
    } else {
        let last = best.min(state.best_number + inner.settings.catch_up_blocks);
        let fetched = inner.chain.blocks(first..=last).await?;
        // The node may have gone back meanwhile; what is there still counts.
        fetched.into_iter().map_while(|block| block).collect()
    };
    let mut parent = state.best_hash.clone();
    for block in &blocks {
        if hash_text(block.parent_hash) != parent {
            // The first does not fit: another branch. A later one: the node has switched between two answers.
            return if block.number() == first { Ok(None) } else { Err(inconsistent().into()) };
        }
        parent = hash_text(block.hash);
    }
    if blocks.is_empty() { Err(inconsistent().into()) } else { Ok(Some(blocks)) }
}
