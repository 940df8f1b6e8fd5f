//! The sender: stored bytes go to the node in batches, oldest first, again and again until they are in a block.
//!
//! ```text
//!  accepted rows ─┐
//!                 ├─► eth_sendRawTransaction batch ─► taken: sent │ not now: later │ never: refusal.rs
//!  sent rows that ┘
//!  are overdue
//! ```
//!
//! A row is due when `next_send_at_ms` has passed. A new row is due at once; a sent one when it has been out of a
//! block for `resend_after` (its bytes may have fallen out of the node's pool); all open rows when the node was away
//! (a restarted node has an empty pool). Sending the same bytes again is harmless.
//!
//! Nothing is sent before the follower has identified the node and knows from which block on it follows.
//!
//! Ids only grow and a wallet's nonces are assigned in their order, so ordering by id sends every wallet's
//! transactions in nonce order.

use super::Inner;
use super::chain::{ChainError, ChainResult};
use super::contracts::hash_text;
use super::refusal::{
    PATIENCE_MS, RENEW_AFTER_MS, Verdict, abandon_cancellation, refuse, renew_cancellation, skip_used_nonces, verdict,
};
use super::state::{ChainState, big};
use super::types::Kind;
use crate::db::{QueryBuilder, now_ms};
use crate::error::{Error, Result};
use alloy::primitives::{Address, B256};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Text of one JSON-RPC batch at most; nodes limit the size of a request.
const BATCH_BYTES: usize = 2 * 1024 * 1024;

/// How often overdue rows are looked for.
const SWEEP: Duration = Duration::from_millis(250);

/// Time between two batches.
const GATHER: Duration = Duration::from_millis(5);

/// A row to send.
struct Outgoing {
    id: String,
    kind: String,
    wallet_id: String,
    sender: String,
    nonce: i64,
    hash: String,
    raw: String,
    attempts: i64,
    /// The code of the last refusal, since when that has been the reason, and the best block at that time.
    refused_as: Option<String>,
    first_refused_at_ms: Option<i64>,
    first_refused_number: Option<i64>,
}

impl Outgoing {
    fn is_cancellation(&self) -> bool {
        self.kind == Kind::Cancel.as_str()
    }

    fn refused_for_ms(&self) -> i64 {
        self.first_refused_at_ms.map_or(0, |since| now_ms() - since)
    }
}

/// A row that the node does not take now, with a code and its words.
type Refused = (Outgoing, &'static str, String);

/// What is kept between rounds.
struct Outbox {
    /// After a start or an outage nobody knows what the node still has.
    resend_all: bool,
    /// Outages of the node that were seen.
    outages: u64,
    /// When overdue rows were last looked for; `None`: look at once.
    swept: Option<Instant>,
}

/// Runs until it is dropped.
pub(crate) async fn run(inner: Arc<Inner>) {
    let mut pause = Pause::new(&inner);
    let mut outbox = Outbox { resend_all: true, outages: inner.node.outages(), swept: None };
    loop {
        if inner.node.outages() != outbox.outages || !inner.lease.is_held() {
            outbox.outages = inner.node.outages();
            outbox.resend_all = true;
        }
        if !inner.lease.is_held() || !inner.node.is_identified() {
            tokio::time::sleep(SWEEP).await;
            continue;
        }
        match outbox.round(&inner).await {
            Ok(Progress::Sent) => {
                pause.reset();
                // The first of a burst went out at once; the others may as well share a batch.
                tokio::time::sleep(GATHER).await;
            }
            Ok(Progress::Nothing) => {
                pause.reset();
                let _ = tokio::time::timeout(SWEEP, inner.to_send.notified()).await;
            }
            Ok(Progress::NodeAway(reason)) => {
                tracing::debug!(reason, "the outbox waits for the node");
                inner.node.set_reachable(false);
                // It may be another node when it comes back.
                inner.node.set_identified(false);
                outbox.resend_all = true;
                pause.wait().await;
            }
            Err(error) => {
                tracing::error!(%error, "the outbox failed; trying again");
                pause.wait().await;
            }
        }
    }
}

/// Waiting time that doubles while things go wrong.
struct Pause {
    min: Duration,
    max: Duration,
    next: Duration,
}

impl Pause {
    fn new(inner: &Inner) -> Self {
        let min = Duration::from_millis(inner.settings.retry_min_ms);
        Self { min, max: Duration::from_millis(inner.settings.retry_max_ms), next: min }
    }

    fn reset(&mut self) {
        self.next = self.min;
    }

    async fn wait(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(self.max);
    }
}

enum Progress {
    Sent,
    Nothing,
    NodeAway(String),
}

impl Outbox {
    /// One batch.
    async fn round(&mut self, inner: &Inner) -> Result<Progress> {
        if self.resend_all {
            make_all_due(inner).await?;
            self.resend_all = false;
            self.swept = None;
        }
        let rows = self.due(inner).await?;
        if rows.is_empty() {
            return Ok(Progress::Nothing);
        }
        let raws: Vec<String> = rows.iter().map(|row| row.raw.clone()).collect();
        match inner.chain.send_raw(&raws).await {
            Ok(results) => settle(inner, rows, results).await,
            Err(error) => Ok(Progress::NodeAway(error.to_string())),
        }
    }

    /// The rows of one batch, in the order of their ids: now and then overdue ones, and always new ones.
    async fn due(&mut self, inner: &Inner) -> Result<Vec<Outgoing>> {
        let most = inner.settings.send_batch_max;
        let mut rows = Vec::new();
        if self.swept.is_none_or(|at| at.elapsed() >= SWEEP) {
            rows = fetch(inner, OVERDUE, most).await?;
            // A full batch: there are more.
            self.swept = (rows.len() < most).then(Instant::now);
        }
        if rows.len() < most {
            rows.extend(fetch(inner, NEW, most - rows.len()).await?);
        }
        let mut outgoing = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
        outgoing.sort_by(|one, other| one.id.cmp(&other.id));
        let mut size = 0;
        let fits = outgoing.iter().take_while(|row| {
            size += row.raw.len();
            size <= BATCH_BYTES
        });
        let count = fits.count().max(1);
        if count < outgoing.len() {
            outgoing.truncate(count);
            self.swept = None;
        }
        Ok(outgoing)
    }
}

/// The node was away: it may have lost its pool, and what it refused before says nothing about now.
async fn make_all_due(inner: &Inner) -> Result<()> {
    let mut tx = inner.db.write_relaxed().await?;
    sqlx::query(MAKE_ALL_DUE).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) const MAKE_ALL_DUE: &str = "UPDATE operations SET next_send_at_ms = 0, first_refused_at_ms = NULL, \
    first_refused_number = NULL \
    WHERE status IN ('accepted', 'sent') AND (next_send_at_ms > 0 OR first_refused_at_ms IS NOT NULL)";

/// Both conditions on the status: the first one chooses, the second one is the index's own, which SQLite has to see.
pub(super) const NEW: &str = "SELECT id, kind, wallet_id, sender, nonce, tx_hash, raw_tx, send_attempts, \
    error_code, first_refused_at_ms, first_refused_number FROM operations WHERE status = 'accepted' AND status IN ('accepted', 'sent') \
    AND next_send_at_ms <= $1 ORDER BY id LIMIT $2";

pub(super) const OVERDUE: &str = "SELECT id, kind, wallet_id, sender, nonce, tx_hash, raw_tx, send_attempts, \
    error_code, first_refused_at_ms, first_refused_number FROM operations WHERE status = 'sent' AND next_send_at_ms <= $1 \
    ORDER BY next_send_at_ms, id LIMIT $2";

async fn fetch(inner: &Inner, sql: &'static str, most: usize) -> Result<Vec<AnyRow>> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    Ok(sqlx::query(sql).bind(now_ms()).bind(most).fetch_all(inner.db.reader()).await?)
}

fn from_row(row: &AnyRow) -> Result<Outgoing> {
    Ok(Outgoing {
        id: row.try_get("id")?,
        kind: row.try_get("kind")?,
        wallet_id: row.try_get("wallet_id")?,
        sender: row.try_get("sender")?,
        nonce: row.try_get("nonce")?,
        hash: row.try_get("tx_hash")?,
        raw: row.try_get("raw_tx")?,
        attempts: row.try_get("send_attempts")?,
        refused_as: row.try_get("error_code")?,
        first_refused_at_ms: row.try_get("first_refused_at_ms")?,
        first_refused_number: row.try_get("first_refused_number")?,
    })
}

/// Records what the node said to each.
async fn settle(inner: &Inner, rows: Vec<Outgoing>, results: Vec<ChainResult<B256>>) -> Result<Progress> {
    let mut taken = Vec::new();
    let mut later: Vec<Refused> = Vec::new();
    let mut away = None;
    for (row, result) in rows.into_iter().zip(results) {
        let message = match result {
            Ok(_) => {
                taken.push(row);
                continue;
            }
            Err(ChainError::Answer { message, .. }) => message,
            Err(ChainError::Unusable(reason)) => {
                later.push((row, NODE_FAILED, reason));
                continue;
            }
            Err(ChainError::Away(reason) | ChainError::TooLarge(reason)) => {
                away = Some(reason);
                continue;
            }
        };
        match verdict(&message) {
            Verdict::Known => taken.push(row),
            Verdict::NonceUsed => match nonce_used(inner, &row).await {
                Ok(true) => taken.push(row),
                Ok(false) => later.push((row, "nonce_used", message)),
                Err(error) if error.is_away() => away = Some(error.to_string()),
                Err(_) => later.push((row, "nonce_used", message)),
            },
            Verdict::NotNow(code) => later.push((row, code, message)),
            Verdict::Unclear => {
                let lost_patience = has_lost_patience(inner, &row).await?;
                if !lost_patience || !never(inner, &row, REFUSED, &message, Nonce::Next).await? {
                    later.push((row, REFUSED, message));
                }
            }
            Verdict::Never(code) => {
                if !never(inner, &row, code, &message, Nonce::Unused).await? {
                    later.push((row, code, message));
                }
            }
        }
    }
    mark_sent(inner, &taken).await?;
    postpone(inner, &later).await?;
    for (row, _, _) in later.iter().filter(|(row, _, _)| row.is_cancellation()) {
        if row.refused_for_ms() > RENEW_AFTER_MS {
            renew_cancellation(inner, &row.id).await?;
        }
    }
    if !taken.is_empty() {
        inner.node.set_sent();
        inner.to_follow.notify_one();
    }
    Ok(match away {
        Some(reason) => Progress::NodeAway(reason),
        None => Progress::Sent,
    })
}

/// Codes of refusals that have none of their own.
const NODE_FAILED: &str = "node_failed";
const REFUSED: &str = "refused_by_node";

/// Whether an unclear refusal has lasted long enough, and the chain has moved on meanwhile.
async fn has_lost_patience(inner: &Inner, row: &Outgoing) -> Result<bool> {
    if row.refused_as.as_deref() != Some(REFUSED) || row.refused_for_ms() <= PATIENCE_MS {
        return Ok(false);
    }
    let state = ChainState::load(&inner.db).await?;
    let best = state.map_or(0, |state| big(state.best_number));
    Ok(row.first_refused_number.is_some_and(|number| best > number))
}

/// The nonce is used. True: by these very bytes. False: not clear yet. A stranger's use in a finalized block makes
/// the operation fail here, once the projection has got there too and has not found the operation.
async fn nonce_used(inner: &Inner, row: &Outgoing) -> std::result::Result<bool, ChainError> {
    if inner.chain.knows(&row.hash).await? {
        return Ok(true);
    }
    let Ok(sender) = row.sender.parse::<Address>() else { return Ok(false) };
    let finalized = inner.chain.heads().await?.finalized;
    let nonce = inner.chain.nonce(sender, &format!("{:#x}", finalized.number())).await?;
    // Asked again after the nonce: it may have been included between the two questions.
    if big(nonce) <= row.nonce || inner.chain.knows(&row.hash).await? {
        return Ok(false);
    }
    let latest = inner.chain.nonce(sender, "latest").await?;
    let done = async {
        if !has_projected(inner, finalized.number(), &hash_text(finalized.hash)).await? {
            return Ok(());
        }
        if row.is_cancellation() {
            abandon_cancellation(inner, &row.id).await?;
        } else {
            let detail = "another transaction has used the wallet's nonce; the gateway did not send it";
            refuse(inner, &row.id, "nonce_taken", detail, false).await?;
        }
        skip_used_nonces(inner, &row.wallet_id, latest).await
    };
    if let Err(error) = done.await {
        tracing::error!(%error, operation = row.id, "can't record that a nonce is taken; trying again");
    }
    Ok(false)
}

/// Whether this block is in the projected chain, and finalized there.
async fn has_projected(inner: &Inner, number: u64, hash: &str) -> Result<bool> {
    let row = sqlx::query(
        "SELECT b.hash FROM blocks b JOIN chain_state s ON s.finalized_number >= b.number \
         WHERE s.id = 1 AND b.number = $1",
    )
    .bind(big(number))
    .fetch_optional(inner.db.reader())
    .await?;
    Ok(row.map(|row| row.try_get::<String, _>(0)).transpose()?.is_some_and(|ours| ours == hash))
}

/// What the wallet's next nonce has to be for a refusal to be final.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nonce {
    /// The row's, or an earlier one.
    Unused,
    /// The row's: nothing earlier holds it up.
    Next,
}

/// A final refusal. False when it can't be acted upon now: a cancellation has nothing to give up and is tried for
/// ever, and an operation whose nonce is used or whose bytes are known is not refused at all.
async fn never(inner: &Inner, row: &Outgoing, code: &'static str, message: &str, nonce: Nonce) -> Result<bool> {
    if row.is_cancellation() {
        return Ok(false);
    }
    let sender: Address = row.sender.parse().map_err(Error::internal)?;
    let unused = async {
        let next = big(inner.chain.nonce(sender, "latest").await?);
        let fits = next == row.nonce || (nonce == Nonce::Unused && next < row.nonce);
        Ok::<_, ChainError>(fits && !inner.chain.knows(&row.hash).await?)
    };
    match unused.await {
        Ok(true) => refuse(inner, &row.id, code, message, true).await,
        Ok(false) | Err(_) => Ok(false),
    }
}

async fn mark_sent(inner: &Inner, rows: &[Outgoing]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let now = now_ms();
    let mut query = QueryBuilder::new("UPDATE operations SET status = 'sent', next_send_at_ms = ");
    query.push_bind(now + resend_after_ms(inner));
    query.push(", sent_at_ms = COALESCE(sent_at_ms, ").push_bind(now);
    query.push("), first_refused_at_ms = NULL, first_refused_number = NULL, error_code = NULL, error_detail = NULL, ");
    query.push("send_attempts = send_attempts + 1 ");
    query.push("WHERE status IN ('accepted', 'sent') AND id IN (");
    query.push_list(rows.iter().map(|row| row.id.clone()));
    query.push(")");
    let mut tx = inner.db.write_relaxed().await?;
    query.execute(&mut tx).await?;
    tx.commit().await?;
    inner.waiters.wake(rows.iter().map(|row| &row.id));
    metrics::counter!("hanse_gateway_transactions_sent_total").increment(rows.len() as u64);
    Ok(())
}

async fn postpone(inner: &Inner, rows: &[Refused]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let now = now_ms();
    let mut tx = inner.db.write_relaxed().await?;
    for (row, code, message) in rows {
        let tries = u32::try_from(row.attempts).unwrap_or(u32::MAX).min(16);
        let wait = inner.settings.retry_min_ms.saturating_mul(1 << tries).min(inner.settings.retry_max_ms);
        tracing::debug!(operation = row.id, code, message, wait_ms = wait, "the node does not take it now");
        sqlx::query(
            "UPDATE operations SET next_send_at_ms = $1, send_attempts = send_attempts + 1, error_detail = $2, \
             first_refused_at_ms = CASE WHEN error_code = $3 THEN COALESCE(first_refused_at_ms, $4) ELSE $5 END, \
             first_refused_number = CASE WHEN error_code = $6 AND first_refused_number IS NOT NULL \
             THEN first_refused_number ELSE (SELECT best_number FROM chain_state WHERE id = 1) END, \
             error_code = $7 WHERE id = $8 AND status IN ('accepted', 'sent')",
        )
        .bind(now + big(wait))
        .bind(message)
        .bind(*code)
        .bind(now)
        .bind(now)
        .bind(*code)
        .bind(*code)
        .bind(&row.id)
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

fn resend_after_ms(inner: &Inner) -> i64 {
    big(inner.settings.resend_after_ms)
}
