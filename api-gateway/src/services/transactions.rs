//! Movements of units as the chain tells them, whoever sent the transaction: the gateway or an outside wallet.

use super::balances::not_found;
use super::{Actor, parties};
use crate::db::{Db, Page, PageQuery, QueryBuilder, UnixMs};
use crate::error::Result;
use crate::ledger::contracts::address_text;
use crate::ledger::transactions::{COLUMNS, JOINS, from_row};
use sqlx::any::AnyRow;

pub use crate::ledger::Transaction;

/// A token's or an item's movements, newest first.
///
/// The caller has looked it up.
///
/// # Errors
/// A bad page query.
pub async fn of_token(db: &Db, app_id: &str, token_id: &str, page: &PageQuery) -> Result<Page<Transaction>> {
    let (limit, [block, log, place]) = (page.limit()?, page.position()?);
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM transfers x").push(JOINS);
    query.push("WHERE x.app_id = ").push_bind(app_id).push(" AND x.token_id = ").push_bind(token_id);
    query.push(" AND (x.block_number, x.log_index, x.place) < (").push_bind(block).push(", ").push_bind(log);
    query.push(", ").push_bind(place);
    query.push(") ORDER BY x.block_number DESC, x.log_index DESC, x.place DESC LIMIT ").push_bind(limit + 1);
    let rows = query.build().fetch_all(db.reader()).await?;
    cut(&rows, limit)
}

/// A token's movements in a range of time after a position (block and log index), oldest first, at most `limit`.
pub(super) async fn forwards(
    db: &Db,
    app_id: &str,
    token_id: &str,
    (since, until): (UnixMs, UnixMs),
    (block, log): (i64, i64),
    limit: i64,
) -> Result<Vec<Transaction>> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM transfers x").push(JOINS);
    query.push("WHERE x.app_id = ").push_bind(app_id).push(" AND x.token_id = ").push_bind(token_id);
    query.push(" AND (x.block_number, x.log_index) > (").push_bind(block).push(", ").push_bind(log);
    query.push(") AND x.timestamp_ms >= ").push_bind(since.0).push(" AND x.timestamp_ms <= ").push_bind(until.0);
    query.push(" ORDER BY x.block_number, x.log_index LIMIT ").push_bind(limit);
    let rows = query.build().fetch_all(db.reader()).await?;
    rows.iter().map(from_row).collect()
}

/// A user's movements in all tokens of the app, newest first. A user sees his own alone.
///
/// # Errors
/// 404 for an unknown user, 403 for a user who asks about another.
pub async fn of_user(
    db: &Db,
    app_id: &str,
    actor: &Actor,
    user_id: &str,
    page: &PageQuery,
) -> Result<Page<Transaction>> {
    actor.require_self(user_id)?;
    let wallet = parties::wallet(db, app_id, "path.user", user_id).await.map_err(|error| not_found(error, "user"))?;
    let address = address_text(wallet.address);
    let (limit, [block, log, place]) = (page.limit()?, page.position()?);
    // Two indexed lookups instead of one OR, which neither engine turns into two index ranges in order.
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM (");
    for (side, union) in [("from_address = ", " UNION "), ("to_address = ", "")] {
        query.push("SELECT * FROM (SELECT * FROM transfers WHERE app_id = ").push_bind(app_id).push(" AND ");
        query.push(side).push_bind(&address);
        query.push(" AND (block_number, log_index, place) < (").push_bind(block).push(", ").push_bind(log);
        query.push(", ").push_bind(place);
        query
            .push(") ORDER BY block_number DESC, log_index DESC, place DESC LIMIT ")
            .push_bind(limit + 1)
            .push(") AS one_side")
            .push(union);
    }
    query
        .push(") AS x")
        .push(JOINS)
        .push("ORDER BY x.block_number DESC, x.log_index DESC, x.place DESC LIMIT ")
        .push_bind(limit + 1);
    let rows = query.build().fetch_all(db.reader()).await?;
    cut(&rows, limit)
}

/// The position after which the page begins: block, log index and place in the log.
fn cut(rows: &[AnyRow], limit: i64) -> Result<Page<Transaction>> {
    let items = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |item| format!("{}.{}.{}", item.block_number, item.log_index, item.place)))
}
