//! Deliveries as rows.

use super::Attempt;
use crate::db::{Db, QueryBuilder, now_ms};
use crate::error::{Error, Result};
use crate::events::{Draft, Kind, Scope, append, log};
use serde_json::json;
use sqlx::Row as _;
use std::collections::HashMap;

/// So many deliveries wait, and new events get theirs later.
const WINDOW: i64 = 1_000;
/// Events that get their deliveries at once.
const BATCH: i64 = 500;

/// A webhook, as its worker needs it.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub id: String,
    pub app_id: String,
    pub url: String,
    pub sealed_secrets: Vec<String>,
    pub failures: i64,
    pub failing_since_ms: Option<i64>,
    kinds: Vec<Kind>,
    cursor: i64,
}

/// A delivery that waits.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub sequence: i64,
    pub attempts: i64,
    pub next_attempt_ms: i64,
    pub created_at_ms: i64,
    pub event_id: String,
    pub account: Option<String>,
    pub other_account: Option<String>,
}

impl Pending {
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        [&self.account, &self.other_account].into_iter().flatten().map(String::as_str)
    }
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Delivered,
    /// To be tried again then.
    Again(i64),
    GivenUp,
}

/// An attempt that has ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub sequence: i64,
    pub attempt: Attempt,
    pub outcome: Outcome,
}

/// The webhooks that want events: id and app.
pub(super) async fn enabled(db: &Db) -> Result<Vec<(String, String)>> {
    Ok(sqlx::query_as("SELECT id, app_id FROM webhooks WHERE status = 'enabled'").fetch_all(db.reader()).await?)
}

/// The webhook, if it is enabled.
pub(super) async fn load(db: &Db, id: &str) -> Result<Option<Endpoint>> {
    let row = sqlx::query(
        "SELECT id, app_id, url, types, sealed_secret, sealed_old_secret, old_secret_until_ms, cursor, failures, \
         failing_since_ms FROM webhooks WHERE id = $1 AND status = 'enabled'",
    )
    .bind(id)
    .fetch_optional(db.reader())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let types: Vec<String> = serde_json::from_str(row.try_get("types")?).map_err(Error::internal)?;
    let old: Option<String> = row.try_get("sealed_old_secret")?;
    let until: Option<i64> = row.try_get("old_secret_until_ms")?;
    let old = old.filter(|_| until.is_some_and(|until| until > now_ms()));
    Ok(Some(Endpoint {
        id: row.try_get("id")?,
        app_id: row.try_get("app_id")?,
        url: row.try_get("url")?,
        sealed_secrets: [Some(row.try_get("sealed_secret")?), old].into_iter().flatten().collect(),
        failures: row.try_get("failures")?,
        failing_since_ms: row.try_get("failing_since_ms")?,
        kinds: types.iter().flat_map(|text| Kind::named(text)).collect(),
        cursor: row.try_get("cursor")?,
    }))
}

/// Gives new events their deliveries, as far as there is space. Says whether there may be more.
pub(super) async fn fan_out(db: &Db, endpoint: &Endpoint) -> Result<bool> {
    let waiting: i64 =
        sqlx::query("SELECT COUNT(*) FROM webhook_deliveries WHERE webhook_id = $1 AND status = 'pending'")
            .bind(&endpoint.id)
            .fetch_one(db.reader())
            .await?
            .try_get(0)?;
    if waiting >= WINDOW {
        return Ok(false);
    }
    let scope = Scope { app_id: endpoint.app_id.clone(), user_id: None, kinds: endpoint.kinds.clone() };
    let events = log::list(db, &scope, endpoint.cursor, BATCH).await?;
    let Some(last) = events.last().map(|event| event.sequence) else { return Ok(false) };
    let now = now_ms();
    let mut tx = db.write_relaxed().await?;
    // Somebody else may have been here meanwhile.
    let moved = sqlx::query("UPDATE webhooks SET cursor = $1 WHERE id = $2 AND cursor = $3")
        .bind(last)
        .bind(&endpoint.id)
        .bind(endpoint.cursor)
        .execute(&mut *tx)
        .await?;
    if moved.rows_affected() == 0 {
        return Ok(true);
    }
    let mut query = QueryBuilder::new(
        "INSERT INTO webhook_deliveries (webhook_id, sequence, event_id, status, next_attempt_ms, created_at_ms) ",
    );
    query.push_values(&events, |mut row, event| {
        row.push_bind(&endpoint.id)
            .push_bind(event.sequence)
            .push_bind(&event.id)
            .push_bind("pending")
            .push_bind(now)
            .push_bind(now);
    });
    // One that is replayed is there already.
    query.push(" ON CONFLICT DO NOTHING");
    query.execute(&mut tx).await?;
    tx.commit().await?;
    Ok(events.len() as i64 == BATCH)
}

/// The deliveries that wait, oldest first.
pub(super) async fn pending(db: &Db, endpoint: &Endpoint) -> Result<Vec<Pending>> {
    let rows = sqlx::query(
        "SELECT d.sequence, d.event_id, d.attempts, d.next_attempt_ms, d.created_at_ms, e.account, e.other_account \
         FROM webhook_deliveries d JOIN events e ON e.sequence = d.sequence \
         WHERE d.webhook_id = $1 AND d.status = 'pending' ORDER BY d.sequence LIMIT $2",
    )
    .bind(&endpoint.id)
    .bind(WINDOW + BATCH)
    .fetch_all(db.reader())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Pending {
                sequence: row.try_get("sequence")?,
                attempts: row.try_get("attempts")?,
                next_attempt_ms: row.try_get("next_attempt_ms")?,
                created_at_ms: row.try_get("created_at_ms")?,
                event_id: row.try_get("event_id")?,
                account: row.try_get("account")?,
                other_account: row.try_get("other_account")?,
            })
        })
        .collect()
}

/// The messages of deliveries, by the numbers of their events.
pub(super) async fn messages(db: &Db, chosen: &[&Pending]) -> Result<HashMap<i64, String>> {
    let events = log::by_sequences(db, chosen.iter().map(|one| one.sequence)).await?;
    Ok(events.into_iter().map(|event| (event.sequence, event.json())).collect())
}

/// Notes how attempts ended.
pub(super) async fn settle(db: &Db, endpoint: &Endpoint, ended: &[Ended]) -> Result<()> {
    let now = now_ms();
    let mut query = QueryBuilder::new(
        "UPDATE webhook_deliveries SET status = v.column2, next_attempt_ms = v.column3, attempts = attempts + 1, \
         response_status = v.column4, error = v.column5, duration_ms = v.column6, attempted_at_ms = ",
    );
    query.push_bind(now).push(" FROM (");
    query.push_values(ended, |mut row, one| {
        let (status, next) = match one.outcome {
            Outcome::Delivered => ("delivered", now),
            Outcome::Again(at) => ("pending", at),
            Outcome::GivenUp => ("failed", now),
        };
        row.push_bind(one.sequence)
            .push_bind(status)
            .push_bind(next)
            .push_bind(one.attempt.status.map(i64::from))
            .push_bind(one.attempt.error.clone())
            .push_bind(one.attempt.duration_ms);
    });
    query.push(") AS v WHERE webhook_deliveries.webhook_id = ").push_bind(&endpoint.id);
    query.push(" AND webhook_deliveries.sequence = v.column1");
    let mut tx = db.write_relaxed().await?;
    query.execute(&mut tx).await?;
    let failures = ended.iter().filter(|one| !one.attempt.succeeded()).count();
    if failures < ended.len() {
        sqlx::query("UPDATE webhooks SET failures = 0, failing_since_ms = NULL WHERE id = $1 AND failures > 0")
            .bind(&endpoint.id)
            .execute(&mut *tx)
            .await?;
        if endpoint.failures > 0 {
            // It is back: what waited for it is due, but for what has just failed.
            sqlx::query(
                "UPDATE webhook_deliveries SET next_attempt_ms = $1 \
                 WHERE webhook_id = $2 AND status = 'pending' AND attempted_at_ms < $3",
            )
            .bind(now)
            .bind(&endpoint.id)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        }
    } else {
        sqlx::query(
            "UPDATE webhooks SET failures = failures + $1, failing_since_ms = COALESCE(failing_since_ms, $2) WHERE id = $3",
        )
        .bind(i64::try_from(failures).unwrap_or(1))
        .bind(now)
        .bind(&endpoint.id)
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Sends nothing more to a webhook, and tells its app so by an event, which its other webhooks get.
pub(super) async fn disable(db: &Db, endpoint: &Endpoint, reason: &str) -> Result<()> {
    let mut tx = db.write().await?;
    let done = sqlx::query(
        "UPDATE webhooks SET status = 'disabled', disabled_reason = $1 WHERE id = $2 AND status = 'enabled'",
    )
    .bind(reason)
    .bind(&endpoint.id)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 1 {
        let data = json!({ "id": endpoint.id, "url": endpoint.url, "reason": reason });
        append(&mut tx, vec![Draft::notice(&endpoint.app_id, Kind::WebhookDisabled, &data)?]).await?;
    }
    tx.commit().await?;
    tracing::warn!(webhook = endpoint.id, reason, "a webhook is disabled");
    Ok(())
}
