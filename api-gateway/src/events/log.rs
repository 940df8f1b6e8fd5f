//! Events from the table.

use super::{Scope, Stored};
use crate::db::{Db, QueryBuilder};
use crate::error::Result;
use sqlx::Row as _;
use sqlx::any::AnyRow;

const COLUMNS: &str = "sequence, id, app_id, type, user_id, other_user_id, data, created_at_ms";

/// The events of a scope after a number, oldest first, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn list(db: &Db, scope: &Scope, after: i64, limit: i64) -> Result<Vec<Stored>> {
    let mut query = QueryBuilder::new("SELECT * FROM (");
    match &scope.user_id {
        None => narrow(&mut query, scope, "app_id = ", &scope.app_id, after, limit),
        // Two indexed lookups instead of one OR, which neither engine turns into two index ranges in order.
        Some(user) => {
            query.push("SELECT * FROM (");
            narrow(&mut query, scope, "user_id = ", user, after, limit);
            query.push(") AS a UNION SELECT * FROM (");
            narrow(&mut query, scope, "other_user_id = ", user, after, limit);
            query.push(") AS b");
        }
    }
    query.push(") AS e ORDER BY sequence LIMIT ").push_bind(limit);
    query.build().fetch_all(db.reader()).await?.iter().map(from_row).collect()
}

fn narrow(query: &mut QueryBuilder, scope: &Scope, column: &'static str, value: &str, after: i64, limit: i64) {
    query.push("SELECT ").push(COLUMNS).push(" FROM events WHERE ").push(column).push_bind(value);
    query.push(" AND sequence > ").push_bind(after);
    if scope.user_id.is_some() {
        query.push(" AND app_id = ").push_bind(&scope.app_id);
    }
    if !scope.kinds.is_empty() {
        query.push(" AND type IN (").push_list(scope.kinds.iter().map(|kind| kind.as_str())).push(")");
    }
    query.push(" ORDER BY sequence LIMIT ").push_bind(limit);
}

/// One event of a scope.
///
/// # Errors
/// When the database is away.
pub async fn find(db: &Db, scope: &Scope, id: &str) -> Result<Option<Stored>> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM events WHERE id = ").push_bind(id);
    let row = query.build().fetch_optional(db.reader()).await?;
    Ok(row.as_ref().map(from_row).transpose()?.filter(|event| scope.holds(event)))
}

/// All events after a number, oldest first, at most `limit`.
pub(super) async fn after(db: &Db, after: i64, limit: i64) -> Result<Vec<Stored>> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM events WHERE sequence > ").push_bind(after);
    query.push(" ORDER BY sequence LIMIT ").push_bind(limit);
    query.build().fetch_all(db.reader()).await?.iter().map(from_row).collect()
}

/// The events with these numbers.
pub(super) async fn by_sequences(db: &Db, sequences: impl Iterator<Item = i64>) -> Result<Vec<Stored>> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM events WHERE sequence IN (").push_list(sequences).push(")");
    query.build().fetch_all(db.reader()).await?.iter().map(from_row).collect()
}

/// The last number given out.
pub(super) async fn head(db: &Db) -> Result<i64> {
    Ok(sqlx::query("SELECT last FROM event_heads WHERE id = 1").fetch_one(db.reader()).await?.try_get(0)?)
}

fn from_row(row: &AnyRow) -> Result<Stored> {
    Ok(Stored {
        sequence: row.try_get("sequence")?,
        id: row.try_get("id")?,
        app_id: row.try_get("app_id")?,
        kind: row.try_get("type")?,
        user_id: row.try_get("user_id")?,
        other_user_id: row.try_get("other_user_id")?,
        data: row.try_get("data")?,
        created_at_ms: row.try_get("created_at_ms")?,
    })
}
