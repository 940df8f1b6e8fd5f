//! The tokens and collections of the chain: those that it keeps itself, whichever app issued them, and those of contracts that
//! somebody has deployed.

use crate::db::{Db, Page, PageQuery, QueryBuilder, Standard};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::ToSchema;

/// A token or a collection as the chain tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChainToken {
    /// Its address.
    pub address: String,
    /// Its interface: a token's is `erc20`.
    pub standard: Standard,
    /// Its name. A deployed contract's is what it says of itself; empty while it was not asked yet, or doesn't answer.
    pub name: String,
    /// Its symbol, likewise. Several tokens may have the same.
    pub symbol: String,
    /// One unit is shown as 10^-decimals; 0 for a collection.
    pub decimals: u8,
    /// The app that issued it: its id on chain, 16 bytes. Absent for a contract that somebody has deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain_app_id: Option<String>,
    /// Who issued or deployed it; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
    /// Where it was issued; of a deployed contract, where it first moved.
    pub block_number: u64,
    /// That event's number in the block.
    pub log_index: u64,
    /// That event's transaction.
    pub transaction_hash: String,
}

/// Tokens and collections, newest first.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, page: &PageQuery) -> Result<Page<ChainToken>> {
    let (limit, [block, log]) = (page.limit()?, page.position()?);
    let mut query = QueryBuilder::new(SELECT);
    query.push("WHERE (k.block_number, k.log_index) < (").push_bind(block).push(", ").push_bind(log);
    query.push(") ORDER BY k.block_number DESC, k.log_index DESC LIMIT ").push_bind(limit + 1);
    let rows = query.build().fetch_all(db.reader()).await?;
    let items = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |token| format!("{}.{}", token.block_number, token.log_index)))
}

/// The token at this address.
pub(super) async fn at(db: &Db, address: &str) -> Result<Option<ChainToken>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("WHERE k.address = ").push_bind(address);
    let row = query.build().fetch_optional(db.reader()).await?;
    row.as_ref().map(from_row).transpose()
}

/// Those whose name or symbol has this in it, exact symbols first.
pub(super) async fn named(db: &Db, text: &str, limit: i64) -> Result<Vec<ChainToken>> {
    let wanted = text.to_lowercase();
    let pattern = wanted.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    let pattern = format!("%{pattern}%");
    let mut query = QueryBuilder::new(SELECT);
    query.push("WHERE k.search_name LIKE ").push_bind(&pattern).push(r" ESCAPE '\' OR k.search_symbol LIKE ");
    query.push_bind(&pattern).push(r" ESCAPE '\' ORDER BY CASE WHEN k.search_symbol = ").push_bind(&wanted);
    query.push(" THEN 0 ELSE 1 END, k.block_number, k.log_index LIMIT ").push_bind(limit);
    let rows = query.build().fetch_all(db.reader()).await?;
    rows.iter().map(from_row).collect()
}

/// Tokens `k`, each with who has deployed it, where that is the contract of a transaction.
const SELECT: &str = "SELECT k.*, (SELECT d.from_address FROM chain_transactions d WHERE d.to_address = k.address \
    AND d.kind = 'create' LIMIT 1) AS deployer FROM chain_tokens k ";

fn from_row(row: &AnyRow) -> Result<ChainToken> {
    let named = |text: String| Some(text).filter(|text| !text.is_empty());
    let count =
        |column: &str| -> Result<u64> { u64::try_from(row.try_get::<i64, _>(column)?).map_err(Error::internal) };
    Ok(ChainToken {
        address: row.try_get("address")?,
        standard: Standard::parse(row.try_get("standard")?)?,
        name: row.try_get("name")?,
        symbol: row.try_get("symbol")?,
        decimals: u8::try_from(row.try_get::<i64, _>("decimals")?).map_err(Error::internal)?,
        chain_app_id: named(row.try_get("chain_app_id")?),
        creator: named(row.try_get("creator")?).or(row.try_get("deployer")?),
        block_number: count("block_number")?,
        log_index: count("log_index")?,
        transaction_hash: row.try_get("tx_hash")?,
    })
}
