//! Server keys: what an app's own server authenticates with. The secret is shown once; the database keeps its hash.

use crate::auth::{Authenticator, opaque};
use crate::db::{Db, Id, Page, PageQuery, UnixMs, new_id, now_ms};
use crate::error::{Code, Error, Result};
use serde::Serialize;
use utoipa::ToSchema;

/// Live keys of one app at most: enough to rotate, few enough to know them all.
pub const MAX_LIVE_KEYS: i64 = 20;

/// A server key without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerKey {
    /// `key_…`
    pub id: String,
    /// What it is for.
    #[schema(example = "production")]
    pub name: String,
    /// How the secret begins, to tell keys apart.
    #[schema(example = "hk_a1B2c3")]
    pub hint: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
    /// When it was last used, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<UnixMs>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<UnixMs>,
}

/// A new key with its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewServerKey {
    /// The key.
    #[serde(flatten)]
    pub key: ServerKey,
    /// `hk_…`: shown this once. Keep it where your server's secrets are.
    #[schema(example = "hk_a1B2c3…")]
    pub secret: String,
}

type Row = (String, String, String, i64, Option<i64>, Option<i64>);

fn from_row((id, name, hint, created_at_ms, last_used_at_ms, revoked_at_ms): Row) -> ServerKey {
    ServerKey {
        id,
        name,
        hint,
        created_at: UnixMs(created_at_ms),
        last_used_at: last_used_at_ms.map(UnixMs),
        revoked_at: revoked_at_ms.map(UnixMs),
    }
}

/// Makes a key.
pub async fn create(db: &Db, app: &str, name: String) -> Result<NewServerKey> {
    let secret = opaque::generate(opaque::SERVER_KEY_PREFIX);
    let key = ServerKey {
        id: new_id(Id::ServerKey),
        name,
        hint: opaque::hint(&secret),
        created_at: UnixMs(now_ms()),
        last_used_at: None,
        revoked_at: None,
    };
    let mut transaction = db.write().await?;
    let (live,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM server_keys WHERE app_id = $1 AND revoked_at_ms IS NULL")
            .bind(app)
            .fetch_one(&mut *transaction)
            .await?;
    if live >= MAX_LIVE_KEYS {
        return Err(Error::new(
            Code::Conflict,
            format!("an app has at most {MAX_LIVE_KEYS} live keys; revoke one first"),
        ));
    }
    sqlx::query(
        "INSERT INTO server_keys (id, app_id, name, secret_hash, secret_prefix, created_at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&key.id)
    .bind(app)
    .bind(&key.name)
    .bind(opaque::hash(&secret))
    .bind(&key.hint)
    .bind(key.created_at.0)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    tracing::info!(app, key = key.id, "server key made");
    Ok(NewServerKey { key, secret: secret.to_string() })
}

/// The app's keys, newest first, revoked ones too.
pub async fn list(db: &Db, app: &str, page: &PageQuery) -> Result<Page<ServerKey>> {
    let limit = page.limit()?;
    let before = page.before()?;
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, name, secret_prefix, created_at_ms, last_used_at_ms, revoked_at_ms FROM server_keys \
         WHERE app_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
    )
    .bind(app)
    .bind(before)
    .bind(limit + 1)
    .fetch_all(db.reader())
    .await?;
    Ok(Page::cut(rows.into_iter().map(from_row).collect(), limit, |key| key.id.clone()))
}

/// One key of the app.
pub async fn get(db: &Db, app: &str, id: &str) -> Result<ServerKey> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, name, secret_prefix, created_at_ms, last_used_at_ms, revoked_at_ms FROM server_keys \
         WHERE app_id = $1 AND id = $2",
    )
    .bind(app)
    .bind(id)
    .fetch_optional(db.reader())
    .await?;
    row.map(from_row).ok_or_else(|| Error::not_found("server key"))
}

/// Revokes a key. Revoking twice is the same as once.
pub async fn revoke(db: &Db, auth: &Authenticator, app: &str, id: &str) -> Result<()> {
    let found =
        sqlx::query("UPDATE server_keys SET revoked_at_ms = COALESCE(revoked_at_ms, $1) WHERE app_id = $2 AND id = $3")
            .bind(now_ms())
            .bind(app)
            .bind(id)
            .execute(db.writer())
            .await?;
    if found.rows_affected() == 0 {
        return Err(Error::not_found("server key"));
    }
    auth.forget_key(id);
    tracing::info!(app, key = id, "server key revoked");
    Ok(())
}
