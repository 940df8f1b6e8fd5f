//! Movements of units as the chain tells them, whoever sent the transaction: the gateway or an outside wallet.

use super::balances::not_found;
use super::explorer::{Finality, Range};
use super::{Actor, parties};
use crate::db::{Db, Id, Order, Page, PageQuery, QueryBuilder, UnixMs};
use crate::error::{Code, Error, Result};
use crate::ledger::contracts::address_text;
use crate::ledger::transactions::{COLUMNS, JOINS, from_row};
use alloy::primitives::Address;
use serde::Deserialize;
use sqlx::any::AnyRow;
use utoipa::{IntoParams, ToSchema};

pub use crate::ledger::Transaction;

/// What a movement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Movement {
    /// Creates units.
    Mint,
    /// Destroys units.
    Burn,
    /// Moves units from one holder to another.
    Transfer,
}

/// Filter of `GET /transactions`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TransactionsFilter {
    /// Only movements of this token (`tok_…`) or item (`itm_…`), or of a collection's items (`col_…`).
    pub token: Option<String>,
    /// Only movements from or to this user (`usr_…`), wallet (`wal_…`) or 0x address. A user's own, and no others, when a
    /// user asks.
    pub party: Option<String>,
    /// Only movements that do this.
    #[serde(rename = "type")]
    #[param(inline)]
    pub movement: Option<Movement>,
    /// Only movements of which the chain is as sure as this. None is `pending`: they are in blocks.
    pub status: Option<Finality>,
    /// Only movements of this moment and later, by their block's time.
    #[param(value_type = Option<String>, format = DateTime)]
    pub since: Option<UnixMs>,
    /// Only movements of this moment and earlier.
    #[param(value_type = Option<String>, format = DateTime)]
    pub until: Option<UnixMs>,
    /// `newest` first when absent.
    #[param(inline)]
    pub order: Option<Order>,
    /// How many items at most: 1 to 200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// The app's movements, newest first unless the filter says otherwise; a user's own for a user.
///
/// # Errors
/// Field errors; 403 for a user who asks about another.
pub async fn list(db: &Db, app_id: &str, actor: &Actor, filter: &TransactionsFilter) -> Result<Page<Transaction>> {
    let page = PageQuery { limit: filter.limit, cursor: filter.cursor.clone() };
    let order = filter.order.unwrap_or_default();
    let (limit, [block, log, place]) = (page.limit()?, page.position_in(order)?);
    let token = filter.token.as_deref();
    let kinds = [Id::Token, Id::Item, Id::Collection];
    if token.is_some_and(|token| !kinds.iter().any(|kind| kind.matches(token))) {
        return Err(Error::field("query.token", "format", "must be tok_, itm_ or col_ and 32 lowercase hex digits"));
    }
    let party = party(db, app_id, actor, filter.party.as_deref()).await?.map(address_text);
    let range = Range::of(db, filter.since, filter.until, filter.status).await?;
    let nobody = address_text(Address::ZERO);
    let narrow = |query: &mut QueryBuilder| {
        query.push("app_id = ").push_bind(app_id);
        if let Some(token) = token {
            if Id::Collection.matches(token) {
                query.push(" AND token_id IN (SELECT id FROM tokens WHERE collection_id = ").push_bind(token).push(")");
            } else {
                query.push(" AND token_id = ").push_bind(token);
            }
        }
        match filter.movement {
            Some(Movement::Mint) => query.push(" AND from_address = ").push_bind(&nobody),
            Some(Movement::Burn) => query.push(" AND to_address = ").push_bind(&nobody),
            Some(Movement::Transfer) => {
                query.push(" AND from_address <> ").push_bind(&nobody);
                query.push(" AND to_address <> ").push_bind(&nobody)
            }
            None => query,
        };
        query.push(" AND block_number >= ").push_bind(range.low).push(" AND block_number <= ").push_bind(range.high);
        query.push(" AND (block_number, log_index, place)").push(order.comparison()).push("(").push_bind(block);
        query.push(", ").push_bind(log).push(", ").push_bind(place).push(")");
    };
    let sort = |query: &mut QueryBuilder| {
        query.push(" ORDER BY block_number").push(order.direction()).push(", log_index").push(order.direction());
        query.push(", place").push(order.direction()).push(" LIMIT ").push_bind(limit + 1);
    };
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM (");
    match &party {
        // Two indexed lookups instead of one OR, which neither engine turns into two index ranges in order.
        Some(address) => {
            for (side, union) in [("from_address = ", " UNION "), ("to_address = ", "")] {
                query.push("SELECT * FROM (SELECT * FROM transfers WHERE ").push(side).push_bind(address).push(" AND ");
                narrow(&mut query);
                sort(&mut query);
                query.push(") AS one_side").push(union);
            }
        }
        None => {
            query.push("SELECT * FROM transfers WHERE ");
            narrow(&mut query);
            sort(&mut query);
        }
    }
    query.push(") AS x").push(JOINS);
    query.push("ORDER BY x.block_number").push(order.direction()).push(", x.log_index").push(order.direction());
    query.push(", x.place").push(order.direction()).push(" LIMIT ").push_bind(limit + 1);
    let rows = query.build().fetch_all(db.reader()).await?;
    cut(&rows, limit)
}

/// Whose movements: for a user his own.
async fn party(db: &Db, app_id: &str, actor: &Actor, asked: Option<&str>) -> Result<Option<Address>> {
    match (actor, asked) {
        (Actor::App, None) => Ok(None),
        (Actor::App, Some(text)) => parties::receiver(db, app_id, "query.party", text).await.map(Some),
        (Actor::User(user), asked) => {
            let own = parties::wallet(db, app_id, "query.party", user).await?.address;
            match asked {
                Some(text) if parties::receiver(db, app_id, "query.party", text).await.ok() != Some(own) => {
                    Err(Error::new(Code::Forbidden, "a user may see only what is its own"))
                }
                _ => Ok(Some(own)),
            }
        }
    }
}

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
