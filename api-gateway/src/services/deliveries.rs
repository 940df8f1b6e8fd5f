//! What was sent to a webhook, and sending on demand: a test, or a range of the past.

use super::webhooks::get;
use crate::custody::Custody;
use crate::db::{Db, Id, Page, PageQuery, QueryBuilder, UnixMs, new_id, now_ms};
use crate::error::{Error, Result};
use crate::events::webhooks::{Attempt, Sender};
use crate::events::{Kind, render};
use serde::Serialize;
use serde_json::json;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::ToSchema;

/// One event on its way to one webhook.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// `evt_…`
    pub event: String,
    /// `pending`, `delivered`, or `failed`: given up.
    #[schema(example = "delivered")]
    pub status: String,
    /// How often it was tried.
    pub attempts: u64,
    /// When it is tried again, if it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_attempt_at: Option<UnixMs>,
    /// HTTP status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_status: Option<u16>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long the last attempt took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// When it was tried last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub attempted_at: Option<UnixMs>,
    /// When the gateway gave it to this webhook.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// How a test went.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Test {
    /// Whether the receiver has taken it.
    pub succeeded: bool,
    /// HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_status: Option<u16>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: u64,
}

/// What of an app's past a webhook is to get again.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// From this moment on.
    pub since: UnixMs,
    /// Until this moment.
    pub until: UnixMs,
}

/// How many events are on their way again.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// Their number.
    pub events: u64,
}

/// Sends a message of the kind `webhook.test`, which is no event, and says what the receiver answers.
///
/// # Errors
/// 404.
pub async fn test(db: &Db, custody: &Custody, sender: &Sender, app: &str, id: &str) -> Result<Test> {
    let row = sqlx::query("SELECT url, sealed_secret FROM webhooks WHERE app_id = $1 AND id = $2")
        .bind(app)
        .bind(id)
        .fetch_optional(db.reader())
        .await?
        .ok_or_else(|| Error::not_found("webhook"))?;
    let (url, sealed): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    let keys = [custody.open_secret(id, &sealed)?];
    let event = new_id(Id::Event);
    let body = render(&event, "webhook.test", UnixMs(now_ms()), &json!({ "webhook": id }).to_string());
    let Attempt { status, error, duration_ms } = sender.send(&url, &keys, &event, body).await;
    Ok(Test {
        succeeded: error.is_none(),
        response_status: status,
        error,
        duration_ms: u64::try_from(duration_ms).unwrap_or_default(),
    })
}

/// Sends the events of a range of time once more, with the ids that they had. Those that still wait are not doubled.
///
/// # Errors
/// 404.
pub async fn replay(db: &Db, app: &str, id: &str, range: Range) -> Result<Replayed> {
    let types = get(db, app, id).await?.types;
    let kinds: Vec<&str> = types.iter().flat_map(|text| Kind::named(text)).map(Kind::as_str).collect();
    let now = now_ms();
    let mut query = QueryBuilder::new(
        "INSERT INTO webhook_deliveries (webhook_id, sequence, event_id, status, next_attempt_ms, created_at_ms) \
         SELECT w.id, e.sequence, e.id, 'pending', CAST(",
    );
    query.push_bind(now).push(" AS BIGINT), CAST(").push_bind(now);
    query.push(
        " AS BIGINT) FROM webhooks w JOIN events e ON e.app_id = w.app_id AND e.sequence <= w.cursor WHERE w.id = ",
    );
    query.push_bind(id).push(" AND e.created_at_ms >= ").push_bind(range.since.0);
    query.push(" AND e.created_at_ms <= ").push_bind(range.until.0);
    if !kinds.is_empty() {
        query.push(" AND e.type IN (").push_list(kinds).push(")");
    }
    query.push(
        " ON CONFLICT (webhook_id, sequence) DO UPDATE SET status = 'pending', \
         next_attempt_ms = excluded.next_attempt_ms, created_at_ms = excluded.created_at_ms \
         WHERE webhook_deliveries.status <> 'pending'",
    );
    let mut tx = db.write().await?;
    let done = query.execute(&mut tx).await?;
    tx.commit().await?;
    tracing::info!(app, webhook = id, events = done.rows_affected(), "events are sent once more");
    Ok(Replayed { events: done.rows_affected() })
}

/// A webhook's deliveries, newest first.
///
/// # Errors
/// 404; a bad page query.
pub async fn list(
    db: &Db,
    app: &str,
    id: &str,
    status: Option<&'static str>,
    page: &PageQuery,
) -> Result<Page<Delivery>> {
    get(db, app, id).await?;
    let limit = page.limit()?;
    let before = page.number()?.unwrap_or(i64::MAX);
    let mut query = QueryBuilder::new(
        "SELECT sequence, event_id, status, attempts, next_attempt_ms, response_status, error, duration_ms, \
         attempted_at_ms, created_at_ms FROM webhook_deliveries WHERE webhook_id = ",
    );
    query.push_bind(id).push(" AND sequence < ").push_bind(before);
    if let Some(status) = status {
        query.push(" AND status = ").push_bind(status);
    }
    query.push(" ORDER BY sequence DESC LIMIT ").push_bind(limit + 1);
    let rows = query.build().fetch_all(db.reader()).await?;
    let items =
        rows.iter().map(|row| Ok((row.try_get::<i64, _>("sequence")?, delivery(row)?))).collect::<Result<Vec<_>>>()?;
    let page = Page::cut(items, limit, |(sequence, _)| sequence.to_string());
    Ok(Page { items: page.items.into_iter().map(|(_, delivery)| delivery).collect(), next_cursor: page.next_cursor })
}

fn delivery(row: &AnyRow) -> Result<Delivery> {
    let status: String = row.try_get("status")?;
    let waits = status == "pending";
    let unsigned = |value: Option<i64>| value.map(u64::try_from).transpose().map_err(Error::internal);
    let response: Option<i64> = row.try_get("response_status")?;
    Ok(Delivery {
        event: row.try_get("event_id")?,
        status,
        attempts: unsigned(Some(row.try_get("attempts")?))?.unwrap_or_default(),
        next_attempt_at: waits.then_some(UnixMs(row.try_get("next_attempt_ms")?)),
        response_status: response.map(u16::try_from).transpose().map_err(Error::internal)?,
        error: row.try_get("error")?,
        duration_ms: unsigned(row.try_get("duration_ms")?)?,
        attempted_at: row.try_get::<Option<i64>, _>("attempted_at_ms")?.map(UnixMs),
        created_at: UnixMs(row.try_get("created_at_ms")?),
    })
}
