//! The audit log, read.

use crate::db::{Db, Page, PageQuery, QueryBuilder, UnixMs};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::ToSchema;

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Its number in the whole log, which has those of other apps as well.
    pub sequence: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub time: UnixMs,
    /// Who: `owner`, `serverKey`, `user`, or the `operator` by the command line.
    pub actor_kind: String,
    /// `own_…`, `key_…` or `usr_…`; of the operator the program.
    pub actor: String,
    /// `app_…` that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Method and route; of the operator the command.
    #[schema(example = "POST /tokens/{token}/mint")]
    pub action: String,
    /// The path with its ids; of the operator the command's arguments.
    pub path: String,
    /// HTTP status of the answer.
    pub status: u64,
    /// The request's id, as in the answer and in the operator's log; empty where there was none.
    pub request_id: String,
    /// Where from: an IP address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// SHA-256 over this entry and the hash of the one before it.
    pub hash: String,
}

/// Whose entries.
#[derive(Clone, Copy, Debug)]
pub enum Of<'a> {
    /// About an app, whoever did it.
    App(&'a str),
    /// By an owner.
    Owner(&'a str),
}

/// Entries, newest first.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, of: Of<'_>, page: &PageQuery) -> Result<Page<AuditEntry>> {
    let limit = page.limit()?;
    let before = page.number()?.unwrap_or(i64::MAX);
    let mut query = QueryBuilder::new("SELECT * FROM audit_log WHERE ");
    match of {
        Of::App(id) => query.push("app_id = ").push_bind(id),
        Of::Owner(id) => query.push("owner_id = ").push_bind(id),
    };
    query.push(" AND sequence < ").push_bind(before).push(" ORDER BY sequence DESC LIMIT ").push_bind(limit + 1);
    let rows = query.build().fetch_all(db.reader()).await?;
    let items = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |entry| entry.sequence.to_string()))
}

fn from_row(row: &AnyRow) -> Result<AuditEntry> {
    let count =
        |column: &str| -> Result<u64> { u64::try_from(row.try_get::<i64, _>(column)?).map_err(Error::internal) };
    Ok(AuditEntry {
        sequence: count("sequence")?,
        time: UnixMs(row.try_get("created_at_ms")?),
        actor_kind: row.try_get("actor_kind")?,
        actor: row.try_get("actor_id")?,
        app: row.try_get("app_id")?,
        action: row.try_get("action")?,
        path: row.try_get("path")?,
        status: count("status")?,
        request_id: row.try_get("request_id")?,
        address: row.try_get("address")?,
        hash: row.try_get("hash")?,
    })
}
