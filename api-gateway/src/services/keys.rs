//! Server keys: what an app's own server authenticates with. The secret is shown once; the database keeps its hash.

use crate::auth::{Authenticator, opaque};
use crate::db::{Db, Id, Page, PageQuery, QueryBuilder, UnixMs, new_id, now_ms};
use crate::error::{Code, Error, Result};
use serde::Serialize;
use sqlx::Row as _;
use sqlx::any::AnyRow;
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
    /// What it may do; everything when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["tokens:write", "users:read"]))]
    pub scopes: Option<Vec<String>>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
    /// When it was last used, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<UnixMs>,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<UnixMs>,
    /// Until when the secret before this one works too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub old_secret_until: Option<UnixMs>,
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

const SELECT: &str = "SELECT id, name, secret_prefix, scopes, created_at_ms, last_used_at_ms, expires_at_ms, old_secret_until_ms, \
    revoked_at_ms FROM server_keys WHERE app_id = ";

fn from_row(row: &AnyRow) -> Result<ServerKey> {
    let time = |column: &str| -> Result<Option<UnixMs>> { Ok(row.try_get::<Option<i64>, _>(column)?.map(UnixMs)) };
    Ok(ServerKey {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        hint: row.try_get("secret_prefix")?,
        scopes: match row.try_get::<Option<String>, _>("scopes")? {
            Some(json) => serde_json::from_str(&json).map_err(Error::internal)?,
            None => None,
        },
        created_at: UnixMs(row.try_get("created_at_ms")?),
        last_used_at: time("last_used_at_ms")?,
        expires_at: time("expires_at_ms")?,
        old_secret_until: time("old_secret_until_ms")?.filter(|until| until.0 > now_ms()),
        revoked_at: time("revoked_at_ms")?,
    })
}

/// A key to be made, checked.
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// What it may do; `None`: everything.
    pub scopes: Option<Vec<String>>,
    /// When it is to end by itself.
    pub expires_at: Option<UnixMs>,
}

/// Makes a key.
pub async fn create(db: &Db, app: &str, request: NewKey) -> Result<NewServerKey> {
    let secret = opaque::generate(opaque::SERVER_KEY_PREFIX);
    let key = ServerKey {
        id: new_id(Id::ServerKey),
        name: request.name,
        hint: opaque::hint(&secret),
        scopes: request.scopes,
        created_at: UnixMs(now_ms()),
        last_used_at: None,
        expires_at: request.expires_at,
        old_secret_until: None,
        revoked_at: None,
    };
    let scopes = key.scopes.as_ref().map(serde_json::to_string).transpose().map_err(Error::internal)?;
    let mut transaction = db.write().await?;
    let (live,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM server_keys WHERE app_id = $1 AND revoked_at_ms IS NULL AND (expires_at_ms IS NULL OR expires_at_ms > $2)")
            .bind(app)
            .bind(now_ms())
            .fetch_one(&mut *transaction)
            .await?;
    if live >= MAX_LIVE_KEYS {
        return Err(Error::new(
            Code::Conflict,
            format!("an app has at most {MAX_LIVE_KEYS} live keys; revoke one first"),
        ));
    }
    sqlx::query(
        "INSERT INTO server_keys (id, app_id, name, secret_hash, secret_prefix, scopes, created_at_ms, expires_at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&key.id)
    .bind(app)
    .bind(&key.name)
    .bind(opaque::hash(&secret))
    .bind(&key.hint)
    .bind(scopes)
    .bind(key.created_at.0)
    .bind(key.expires_at.map(|at| at.0))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    tracing::info!(app, key = key.id, "server key made");
    Ok(NewServerKey { key, secret: secret.to_string() })
}

/// Exchanges a key's secret. The one before works for `overlap_s` seconds more, so that a server can change over without
/// a gap.
///
/// # Errors
/// 404; 409 for a revoked key.
pub async fn rotate(db: &Db, auth: &Authenticator, app: &str, id: &str, overlap_s: i64) -> Result<NewServerKey> {
    if get(db, app, id).await?.revoked_at.is_some() {
        return Err(Error::new(Code::Conflict, "the key is revoked"));
    }
    let secret = opaque::generate(opaque::SERVER_KEY_PREFIX);
    sqlx::query(
        "UPDATE server_keys SET old_secret_hash = secret_hash, old_secret_until_ms = $1, secret_hash = $2, secret_prefix = $3 \
         WHERE app_id = $4 AND id = $5",
    )
    .bind(now_ms() + overlap_s * 1_000)
    .bind(opaque::hash(&secret))
    .bind(opaque::hint(&secret))
    .bind(app)
    .bind(id)
    .execute(db.writer())
    .await?;
    auth.forget_key(id);
    tracing::info!(app, key = id, overlap_s, "server key exchanged");
    Ok(NewServerKey { key: get(db, app, id).await?, secret: secret.to_string() })
}

/// The app's keys, newest first, revoked ones too.
pub async fn list(db: &Db, app: &str, page: &PageQuery) -> Result<Page<ServerKey>> {
    let limit = page.limit()?;
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(app).push(" AND id < ").push_bind(page.before()?);
    query.push(" ORDER BY id DESC LIMIT ").push_bind(limit + 1);
    let rows = query.build().fetch_all(db.reader()).await?;
    let items = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |key| key.id.clone()))
}

/// One key of the app.
pub async fn get(db: &Db, app: &str, id: &str) -> Result<ServerKey> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(app).push(" AND id = ").push_bind(id);
    let row = query.build().fetch_optional(db.reader()).await?;
    from_row(&row.ok_or_else(|| Error::not_found("server key"))?)
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
