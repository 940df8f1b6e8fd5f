//! Blocks.

use super::range::Range;
use super::{Finality, parse_hash, parse_number};
use crate::db::{Db, Order, Page, PageQuery, QueryBuilder, UnixMs};
use crate::error::{Error, Result};
use crate::ledger::contracts::hash_text;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::{IntoParams, ToSchema};

/// A block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChainBlock {
    /// Blocks before it.
    pub number: u64,
    /// Its hash.
    pub hash: String,
    /// The hash of the block before it.
    pub parent_hash: String,
    /// How sure the chain is of it.
    pub status: Finality,
    /// When it was made; whole seconds.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: UnixMs,
    /// Address of the validator that made it.
    pub author: String,
    /// Transactions in it.
    pub transaction_count: u64,
    /// Those of them that failed.
    pub failed_count: u64,
    /// Gas that they used.
    pub gas_used: u64,
    /// Gas that they may use at most.
    pub gas_limit: u64,
    /// Wei per gas (EIP-1559).
    pub base_fee_per_gas: String,
    /// Size in bytes.
    pub size_bytes: u64,
}

/// Filter of `GET /explorer/blocks`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BlocksQuery {
    /// Only blocks of this moment and later.
    #[param(value_type = Option<String>, format = DateTime)]
    pub since: Option<UnixMs>,
    /// Only blocks of this moment and earlier.
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

const SELECT: &str = "SELECT b.*, s.finalized_number FROM chain_blocks b JOIN chain_state s ON s.id = 1 WHERE ";

/// Blocks, newest first.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, query: &BlocksQuery) -> Result<Page<ChainBlock>> {
    let page = PageQuery { limit: query.limit, cursor: query.cursor.clone() };
    let order = query.order.unwrap_or_default();
    let (limit, [from]) = (page.limit()?, page.position_in(order)?);
    let range = Range::of(db, query.since, query.until, None).await?;
    let mut select = QueryBuilder::new(SELECT);
    select.push("b.number >= ").push_bind(range.low).push(" AND b.number <= ").push_bind(range.high);
    select.push(" AND b.number").push(order.comparison()).push_bind(from);
    select.push(" ORDER BY b.number").push(order.direction()).push(" LIMIT ").push_bind(limit + 1);
    let rows = select.build().fetch_all(db.reader()).await?;
    let items = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |block| block.number.to_string()))
}

/// One block by its number or hash, or `latest` or `finalized`.
///
/// # Errors
/// 404; a field error for anything else.
pub async fn get(db: &Db, name: &str) -> Result<ChainBlock> {
    find(db, name).await?.ok_or_else(|| Error::not_found("block"))
}

pub(super) async fn find(db: &Db, name: &str) -> Result<Option<ChainBlock>> {
    let mut select = QueryBuilder::new(SELECT);
    match name {
        "latest" => select.push("b.number = s.best_number"),
        "finalized" => select.push("b.number = s.finalized_number"),
        _ => match (parse_number(name), parse_hash(name)) {
            (Some(number), _) => select.push("b.number = ").push_bind(number),
            (_, Some(hash)) => select.push("b.hash = ").push_bind(hash_text(hash)),
            _ => {
                return Err(Error::field("path.block", "format", "must be a number, a hash, latest or finalized"));
            }
        },
    };
    select.build().fetch_optional(db.reader()).await?.as_ref().map(from_row).transpose()
}

fn from_row(row: &AnyRow) -> Result<ChainBlock> {
    let count =
        |column: &str| -> Result<u64> { u64::try_from(row.try_get::<i64, _>(column)?).map_err(Error::internal) };
    let (number, finalized): (i64, i64) = (row.try_get("number")?, row.try_get("finalized_number")?);
    Ok(ChainBlock {
        number: count("number")?,
        hash: row.try_get("hash")?,
        parent_hash: row.try_get("parent_hash")?,
        status: Finality::of(number, finalized),
        timestamp: UnixMs(row.try_get("timestamp_ms")?),
        author: row.try_get("author")?,
        transaction_count: count("transaction_count")?,
        failed_count: count("failed_count")?,
        gas_used: count("gas_used")?,
        gas_limit: count("gas_limit")?,
        base_fee_per_gas: row.try_get("base_fee")?,
        size_bytes: count("size_bytes")?,
    })
}
