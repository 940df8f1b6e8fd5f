//! Movements of units as the chain tells them, whoever sent the transaction: the gateway or an outside wallet.

use super::balances::not_found;
use super::{Actor, parties, tokens};
use crate::db::{Db, Page, PageQuery, UnixMs};
use crate::error::{Error, Result};
use crate::ledger::contracts::address_text;
use crate::ledger::transactions::from_row;
use sqlx::any::AnyRow;

pub use crate::ledger::Transaction;

/// A token's movements, newest first.
///
/// # Errors
/// 404 for an unknown token, 403 for a user.
pub async fn of_token(db: &Db, app_id: &str, token_id: &str, page: &PageQuery) -> Result<Page<Transaction>> {
    tokens::get(db, app_id, token_id).await?;
    let (limit, (block, log)) = (page.limit()?, after(page)?);
    let rows = sqlx::query(
        "SELECT x.block_number, x.log_index, x.block_hash, x.tx_hash, x.token_id, x.from_address, x.to_address, \
         x.amount, x.operation_id, x.timestamp_ms, t.decimals, o.memo, s.finalized_number \
         FROM transfers x JOIN tokens t ON t.id = x.token_id JOIN chain_state s ON s.id = 1 \
         LEFT JOIN operations o ON o.id = x.operation_id \
         WHERE x.app_id = $1 AND x.token_id = $2 AND (x.block_number, x.log_index) < ($3, $4) \
         ORDER BY x.block_number DESC, x.log_index DESC LIMIT $5",
    )
    .bind(app_id)
    .bind(token_id)
    .bind(block)
    .bind(log)
    .bind(limit + 1)
    .fetch_all(db.reader())
    .await?;
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
    let rows = sqlx::query(
        "SELECT x.block_number, x.log_index, x.block_hash, x.tx_hash, x.token_id, x.from_address, x.to_address, \
         x.amount, x.operation_id, x.timestamp_ms, t.decimals, o.memo, s.finalized_number \
         FROM transfers x JOIN tokens t ON t.id = x.token_id JOIN chain_state s ON s.id = 1 \
         LEFT JOIN operations o ON o.id = x.operation_id \
         WHERE x.app_id = $1 AND x.token_id = $2 AND (x.block_number, x.log_index) > ($3, $4) \
         AND x.timestamp_ms >= $5 AND x.timestamp_ms <= $6 ORDER BY x.block_number, x.log_index LIMIT $7",
    )
    .bind(app_id)
    .bind(token_id)
    .bind(block)
    .bind(log)
    .bind(since.0)
    .bind(until.0)
    .bind(limit)
    .fetch_all(db.reader())
    .await?;
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
    let (limit, (block, log)) = (page.limit()?, after(page)?);
    // Two indexed lookups instead of one OR, which neither engine turns into two index ranges in order.
    let rows = sqlx::query(
        "SELECT x.block_number, x.log_index, x.block_hash, x.tx_hash, x.token_id, x.from_address, x.to_address, \
         x.amount, x.operation_id, x.timestamp_ms, t.decimals, o.memo, s.finalized_number FROM ( \
           SELECT * FROM (SELECT * FROM transfers WHERE app_id = $1 AND from_address = $2 \
             AND (block_number, log_index) < ($3, $4) \
             ORDER BY block_number DESC, log_index DESC LIMIT $5) AS a \
           UNION \
           SELECT * FROM (SELECT * FROM transfers WHERE app_id = $6 AND to_address = $7 \
             AND (block_number, log_index) < ($8, $9) \
             ORDER BY block_number DESC, log_index DESC LIMIT $10) AS b \
         ) AS x JOIN tokens t ON t.id = x.token_id JOIN chain_state s ON s.id = 1 \
         LEFT JOIN operations o ON o.id = x.operation_id \
         ORDER BY x.block_number DESC, x.log_index DESC LIMIT $11",
    )
    .bind(app_id)
    .bind(&address)
    .bind(block)
    .bind(log)
    .bind(limit + 1)
    .bind(app_id)
    .bind(&address)
    .bind(block)
    .bind(log)
    .bind(limit + 1)
    .bind(limit + 1)
    .fetch_all(db.reader())
    .await?;
    cut(&rows, limit)
}

/// The position after which the page begins: block and log index.
fn after(page: &PageQuery) -> Result<(i64, i64)> {
    let Some(key) = page.after()? else { return Ok((i64::MAX, i64::MAX)) };
    key.split_once('.')
        .and_then(|(block, log)| Some((block.parse().ok()?, log.parse().ok()?)))
        .ok_or_else(|| Error::field("query.cursor", "format", "must be a nextCursor of this list"))
}

fn cut(rows: &[AnyRow], limit: i64) -> Result<Page<Transaction>> {
    let items = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |item| format!("{}.{}", item.block_number, item.log_index)))
}
