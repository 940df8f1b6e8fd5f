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
//! block for `resend_after` (its bytes may have fallen out of the node's pool); all sent rows when the node was away
//! (a restarted node has an empty pool). Sending the same bytes again is harmless.
//!
//! Ids only grow and a wallet's nonces are assigned in their order, so ordering by id sends every wallet's
//! transactions in nonce order.

use super::Inner;
use super::chain::{ChainError, ChainResult};
use super::refusal::{PATIENCE_MS, Verdict, refuse, skip_used_nonces, verdict};
use super::state::big;
use super::types::Kind;
use crate::db::{QueryBuilder, now_ms};
use crate::error::{Error, Result};
use alloy::primitives::{Address, B256};
use sqlx::Row as _;
use std::sync::Arc;
use std::time::Duration;

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
    first_refused_at_ms: Option<i64>,
}

/// Runs until it is dropped.
pub(crate) async fn run(inner: Arc<Inner>) {
    let mut pause = Pause::new(&inner);
    // After a start nobody knows what the node still has.
    let mut resend_all = true;
    loop {
        if !inner.lease.is_held() || inner.node.refusal().is_some() {
            resend_all = true;
            tokio::time::sleep(SWEEP).await;
            continue;
        }
        match round(&inner, &mut resend_all).await {
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
                resend_all = true;
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

/// One batch.
async fn round(inner: &Inner, resend_all: &mut bool) -> Result<Progress> {
    if *resend_all {
        let mut tx = inner.db.write_relaxed().await?;
        sqlx::query("UPDATE operations SET next_send_at_ms = 0 WHERE status = 'sent' AND next_send_at_ms > 0")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
    }
    let rows = due(inner).await?;
    if rows.is_empty() {
        *resend_all = false;
        return Ok(Progress::Nothing);
    }
    let raws: Vec<String> = rows.iter().map(|row| row.raw.clone()).collect();
    let results = match inner.chain.send_raw(&raws).await {
        Ok(results) => results,
        Err(error) => return Ok(Progress::NodeAway(error.to_string())),
    };
    *resend_all = false;
    inner.node.set_reachable(true);
    settle(inner, rows, results).await
}

async fn due(inner: &Inner) -> Result<Vec<Outgoing>> {
    let rows = sqlx::query(
        "SELECT id, kind, wallet_id, sender, nonce, tx_hash, raw_tx, send_attempts, first_refused_at_ms \
         FROM operations WHERE status IN ('accepted', 'sent') AND next_send_at_ms <= $1 ORDER BY id LIMIT $2",
    )
    .bind(now_ms())
    .bind(i64::try_from(inner.settings.send_batch_max).unwrap_or(i64::MAX))
    .fetch_all(inner.db.reader())
    .await?;
    let mut outgoing = Vec::with_capacity(rows.len());
    let mut size = 0;
    for row in rows {
        let raw: String = row.try_get("raw_tx")?;
        size += raw.len();
        if size > BATCH_BYTES && !outgoing.is_empty() {
            break;
        }
        outgoing.push(Outgoing {
            id: row.try_get("id")?,
            kind: row.try_get("kind")?,
            wallet_id: row.try_get("wallet_id")?,
            sender: row.try_get("sender")?,
            nonce: row.try_get("nonce")?,
            hash: row.try_get("tx_hash")?,
            attempts: row.try_get("send_attempts")?,
            first_refused_at_ms: row.try_get("first_refused_at_ms")?,
            raw,
        });
    }
    Ok(outgoing)
}

/// Records what the node said to each.
async fn settle(inner: &Inner, rows: Vec<Outgoing>, results: Vec<ChainResult<B256>>) -> Result<Progress> {
    let mut taken = Vec::new();
    let mut later = Vec::new();
    let mut away = None;
    for (row, result) in rows.into_iter().zip(results) {
        match result {
            Ok(_) => taken.push(row),
            Err(ChainError::Away(reason)) => away = Some(reason),
            Err(ChainError::Unusable(reason)) => later.push((row, reason)),
            Err(ChainError::Answer { message, .. }) => match verdict(&message) {
                Verdict::Known => taken.push(row),
                Verdict::NonceUsed => match nonce_used(inner, &row).await {
                    Ok(true) => taken.push(row),
                    Ok(false) => later.push((row, message)),
                    Err(error) if error.is_away() => away = Some(error.to_string()),
                    Err(_) => later.push((row, message)),
                },
                Verdict::Never(code) => match never(inner, &row, code, &message).await {
                    Ok(true) => {}
                    Ok(false) => later.push((row, message)),
                    Err(error) => return Err(error),
                },
                Verdict::NotNow if has_lost_patience(&row) => {
                    if !never(inner, &row, "refused_by_node", &message).await? {
                        later.push((row, message));
                    }
                }
                Verdict::NotNow => later.push((row, message)),
            },
        }
    }
    mark_sent(inner, &taken).await?;
    postpone(inner, &later).await?;
    if !taken.is_empty() {
        inner.node.set_sent();
        inner.to_follow.notify_one();
    }
    Ok(match away {
        Some(reason) => Progress::NodeAway(reason),
        None => Progress::Sent,
    })
}

fn has_lost_patience(row: &Outgoing) -> bool {
    row.first_refused_at_ms.is_some_and(|since| now_ms() - since > PATIENCE_MS)
}

/// The nonce is used. True: by these very bytes. False: not clear yet. A stranger's use in a finalized block makes
/// the operation fail here.
async fn nonce_used(inner: &Inner, row: &Outgoing) -> std::result::Result<bool, ChainError> {
    if inner.chain.knows(&row.hash).await? {
        return Ok(true);
    }
    let Ok(sender) = row.sender.parse::<Address>() else { return Ok(false) };
    let finalized = inner.chain.nonce(sender, "finalized").await?;
    // Asked again after the nonce: it may have been included between the two questions.
    if big(finalized) <= row.nonce || inner.chain.knows(&row.hash).await? {
        return Ok(false);
    }
    let latest = inner.chain.nonce(sender, "latest").await?;
    let done = async {
        if row.kind == Kind::Cancel.as_str() {
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

/// The cancellation is not needed any more: its nonce is used.
async fn abandon_cancellation(inner: &Inner, id: &str) -> Result<()> {
    sqlx::query(
        "UPDATE operations SET status = 'failed', error_code = 'nonce_taken', error_detail = 'its nonce is used' \
         WHERE id = $1 AND kind = 'cancel' AND status IN ('accepted', 'sent') AND block_hash IS NULL",
    )
    .bind(id)
    .execute(inner.db.writer())
    .await?;
    Ok(())
}

/// A final refusal. False when it can't be acted upon now: a cancellation has nothing to give up and is tried for
/// ever, and an operation whose nonce is used or whose bytes are known is not refused at all.
async fn never(inner: &Inner, row: &Outgoing, code: &'static str, message: &str) -> Result<bool> {
    if row.kind == Kind::Cancel.as_str() {
        return Ok(false);
    }
    let sender: Address = row.sender.parse().map_err(Error::internal)?;
    let unused = async {
        let nonce = inner.chain.nonce(sender, "latest").await?;
        Ok::<_, ChainError>(big(nonce) <= row.nonce && !inner.chain.knows(&row.hash).await?)
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
    query.push("), first_refused_at_ms = NULL, send_attempts = send_attempts + 1 ");
    query.push("WHERE status IN ('accepted', 'sent') AND id IN (");
    query.push_list(rows.iter().map(|row| row.id.clone()));
    query.push(")");
    let mut tx = inner.db.write_relaxed().await?;
    query.build().execute(&mut *tx).await?;
    tx.commit().await?;
    inner.waiters.wake(rows.iter().map(|row| &row.id));
    metrics::counter!("hanse_gateway_transactions_sent_total").increment(rows.len() as u64);
    Ok(())
}

async fn postpone(inner: &Inner, rows: &[(Outgoing, String)]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let now = now_ms();
    let mut tx = inner.db.write_relaxed().await?;
    for (row, message) in rows {
        let tries = u32::try_from(row.attempts).unwrap_or(u32::MAX).min(16);
        let wait = inner.settings.retry_min_ms.saturating_mul(1 << tries).min(inner.settings.retry_max_ms);
        tracing::debug!(operation = row.id, message, wait_ms = wait, "the node does not take it now");
        sqlx::query(
            "UPDATE operations SET next_send_at_ms = $1, send_attempts = send_attempts + 1, \
             first_refused_at_ms = COALESCE(first_refused_at_ms, $2) WHERE id = $3 AND status IN ('accepted', 'sent')",
        )
        .bind(now + big(wait))
        .bind(now)
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
