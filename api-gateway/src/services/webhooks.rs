//! Webhooks: where an app wants its events sent.

use crate::custody::Custody;
use crate::db::{Db, Id, Page, PageQuery, QueryBuilder, Statement, UnixMs, new_id, now_ms};
use crate::error::{Code, Error, FieldError, Result};
use crate::events::Kind;
use crate::events::webhooks::new_secret;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::ToSchema;

/// Webhooks of one app at most: each costs a message for each event.
pub const MAX_WEBHOOKS: i64 = 20;

/// A webhook without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// `whk_…`
    pub id: String,
    /// Where events are sent.
    #[schema(format = "uri", example = "https://example.org/hanse")]
    pub url: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Which events; all when empty.
    #[schema(example = json!(["transfer.finalized", "operation.*"]))]
    pub types: Vec<String>,
    /// `enabled`, or `disabled` and nothing is sent.
    #[schema(example = "enabled")]
    pub status: String,
    /// Why the gateway has disabled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<String>,
    /// Since when no attempt has succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub failing_since: Option<UnixMs>,
    /// Until when the secret before this one signs too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub old_secret_until: Option<UnixMs>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// A webhook with its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewWebhook {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// `whsec_…`: what its messages are signed with (Standard Webhooks). Shown this once.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: String,
}

/// What a webhook is to be; checked. `None`: as it is.
#[derive(Debug, Default)]
pub struct Change {
    /// Where events are sent.
    pub url: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Which events.
    pub types: Option<Vec<String>>,
    /// Whether events are sent.
    pub enabled: Option<bool>,
}

/// Kinds of events as a webhook names them.
///
/// # Errors
/// One that doesn't exist.
pub fn types(field: &str, given: Vec<String>) -> Result<Vec<String>, FieldError> {
    if given.len() > 32 {
        return Err(FieldError::new(field, "length", "must have at most 32 kinds"));
    }
    match given.iter().position(|text| Kind::named(text).is_empty()) {
        Some(index) => Err(FieldError::new(
            format!("{field}[{index}]"),
            "format",
            "must be a kind of event such as transfer.finalized or operation.*",
        )),
        None => Ok(given),
    }
}

const COLUMNS: &str =
    "id, url, description, types, status, disabled_reason, failing_since_ms, old_secret_until_ms, created_at_ms";

fn from_row(row: &AnyRow) -> Result<Webhook> {
    let time = |column: &str| -> Result<Option<UnixMs>> { Ok(row.try_get::<Option<i64>, _>(column)?.map(UnixMs)) };
    Ok(Webhook {
        id: row.try_get("id")?,
        url: row.try_get("url")?,
        description: row.try_get("description")?,
        types: serde_json::from_str(row.try_get("types")?).map_err(Error::internal)?,
        status: row.try_get("status")?,
        disabled_reason: row.try_get("disabled_reason")?,
        failing_since: time("failing_since_ms")?,
        old_secret_until: time("old_secret_until_ms")?.filter(|until| until.0 > now_ms()),
        created_at: UnixMs(row.try_get("created_at_ms")?),
    })
}

/// Makes a webhook. It gets what happens from now on.
///
/// # Errors
/// 409 when the app has its fill.
pub async fn create(
    db: &Db,
    custody: &Custody,
    app: &str,
    url: String,
    description: Option<String>,
    types: Vec<String>,
) -> Result<NewWebhook> {
    let (id, secret) = (new_id(Id::Webhook), new_secret());
    let mut tx = db.write().await?;
    let count: i64 = sqlx::query("SELECT COUNT(*) FROM webhooks WHERE app_id = $1")
        .bind(app)
        .fetch_one(&mut *tx)
        .await?
        .try_get(0)?;
    if count >= MAX_WEBHOOKS {
        return Err(Error::new(
            Code::Conflict,
            format!("an app has at most {MAX_WEBHOOKS} webhooks; delete one first"),
        ));
    }
    Statement::new(
        "INSERT INTO webhooks (id, app_id, url, description, types, sealed_secret, status, cursor, created_at_ms) \
         SELECT $1, $2, $3, $4, $5, $6, 'enabled', last, $7 FROM event_heads WHERE id = 1",
    )
    .bind(&id)
    .bind(app)
    .bind(url)
    .bind(description)
    .bind(serde_json::to_string(&types).map_err(Error::internal)?)
    .bind(custody.seal_secret(&id, secret.key.as_slice())?)
    .bind(now_ms())
    .execute(&mut tx)
    .await?;
    tx.commit().await?;
    tracing::info!(app, webhook = id, "webhook made");
    Ok(NewWebhook { webhook: get(db, app, &id).await?, secret: secret.text.to_string() })
}

/// The app's webhooks, newest first.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, app: &str, page: &PageQuery) -> Result<Page<Webhook>> {
    let limit = page.limit()?;
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM webhooks WHERE app_id = ").push_bind(app);
    query.push(" AND id < ").push_bind(page.before()?).push(" ORDER BY id DESC LIMIT ").push_bind(limit + 1);
    let rows = query.build().fetch_all(db.reader()).await?;
    let items = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |webhook| webhook.id.clone()))
}

/// One webhook of the app.
///
/// # Errors
/// 404.
pub async fn get(db: &Db, app: &str, id: &str) -> Result<Webhook> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM webhooks WHERE app_id = ").push_bind(app).push(" AND id = ").push_bind(id);
    let row = query.build().fetch_optional(db.reader()).await?;
    from_row(&row.ok_or_else(|| Error::not_found("webhook"))?)
}

/// Changes a webhook. One that is enabled again gets what has happened meanwhile.
///
/// # Errors
/// 404.
pub async fn update(db: &Db, app: &str, id: &str, change: Change) -> Result<Webhook> {
    let types = change.types.map(|types| serde_json::to_string(&types)).transpose().map_err(Error::internal)?;
    let status = change.enabled.map(|enabled| if enabled { "enabled" } else { "disabled" });
    let done = Statement::new(
        "UPDATE webhooks SET url = COALESCE($1, url), description = COALESCE($2, description), types = COALESCE($3, types), \
         status = COALESCE($4, status), \
         disabled_reason = CASE WHEN CAST($5 AS TEXT) IS NULL THEN disabled_reason ELSE NULL END, \
         failures = CASE WHEN CAST($6 AS TEXT) IS NULL THEN failures ELSE 0 END, \
         failing_since_ms = CASE WHEN CAST($7 AS TEXT) IS NULL THEN failing_since_ms ELSE NULL END \
         WHERE app_id = $8 AND id = $9",
    )
    .bind(change.url)
    .bind(change.description)
    .bind(types)
    .bind(status)
    .bind(status)
    .bind(status)
    .bind(status)
    .bind(app)
    .bind(id)
    .execute(&mut *db.writer().acquire().await?)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Error::not_found("webhook"));
    }
    get(db, app, id).await
}

/// Deletes a webhook and its deliveries.
///
/// # Errors
/// 404.
pub async fn delete(db: &Db, app: &str, id: &str) -> Result<()> {
    get(db, app, id).await?;
    let mut tx = db.write().await?;
    sqlx::query("DELETE FROM webhook_deliveries WHERE webhook_id = $1").bind(id).execute(&mut *tx).await?;
    sqlx::query("DELETE FROM webhooks WHERE app_id = $1 AND id = $2").bind(app).bind(id).execute(&mut *tx).await?;
    tx.commit().await?;
    tracing::info!(app, webhook = id, "webhook deleted");
    Ok(())
}

/// Exchanges the secret. For `overlap_s` seconds messages are signed with both.
///
/// # Errors
/// 404.
pub async fn rotate_secret(db: &Db, custody: &Custody, app: &str, id: &str, overlap_s: i64) -> Result<NewWebhook> {
    let secret = new_secret();
    let done = sqlx::query(
        "UPDATE webhooks SET sealed_old_secret = sealed_secret, old_secret_until_ms = $1, sealed_secret = $2 \
         WHERE app_id = $3 AND id = $4",
    )
    .bind(now_ms() + overlap_s * 1_000)
    .bind(custody.seal_secret(id, secret.key.as_slice())?)
    .bind(app)
    .bind(id)
    .execute(db.writer())
    .await?;
    if done.rows_affected() == 0 {
        return Err(Error::not_found("webhook"));
    }
    tracing::info!(app, webhook = id, "webhook secret exchanged");
    Ok(NewWebhook { webhook: get(db, app, id).await?, secret: secret.text.to_string() })
}

/// Seals under the present root key every secret that hangs on the previous one. Returns how many.
///
/// # Errors
/// A damaged secret or a database error; what was done until then stays.
pub async fn rewrap(db: &Db, custody: &Custody) -> Result<u64> {
    let mut count = 0;
    let rows = sqlx::query("SELECT id, sealed_secret, sealed_old_secret FROM webhooks").fetch_all(db.reader()).await?;
    for row in rows {
        let (id, secret, old): (String, String, Option<String>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if custody.is_current(&secret) && old.as_ref().is_none_or(|old| custody.is_current(old)) {
            continue;
        }
        let anew = |sealed: &str| custody.open_secret(&id, sealed).and_then(|open| custody.seal_secret(&id, &open));
        let done = sqlx::query(
            "UPDATE webhooks SET sealed_secret = $1, sealed_old_secret = $2 WHERE id = $3 AND sealed_secret = $4",
        )
        .bind(anew(&secret)?)
        .bind(old.map(|old| anew(&old)).transpose()?)
        .bind(&id)
        .bind(&secret)
        .execute(db.writer())
        .await?;
        count += done.rows_affected();
    }
    Ok(count)
}
