//! The tokens and collections that the chain keeps, whichever app issued them.

use crate::db::{Db, Page, PageQuery, Standard};
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
    /// Its name.
    pub name: String,
    /// Its symbol. Several tokens may have the same.
    pub symbol: String,
    /// One unit is shown as 10^-decimals; 0 for a collection.
    pub decimals: u8,
    /// The app that issued it: its id on chain, 16 bytes.
    pub chain_app_id: String,
    /// Who issued it.
    pub creator: String,
    /// Where it was issued.
    pub block_number: u64,
    /// Its event's number in that block.
    pub log_index: u64,
    /// The transaction that issued it.
    pub transaction_hash: String,
}

/// Tokens and collections, newest first.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, page: &PageQuery) -> Result<Page<ChainToken>> {
    let (limit, [block, log]) = (page.limit()?, page.position()?);
    let rows = sqlx::query(
        "SELECT * FROM chain_tokens WHERE (block_number, log_index) < ($1, $2) \
         ORDER BY block_number DESC, log_index DESC LIMIT $3",
    )
    .bind(block)
    .bind(log)
    .bind(limit + 1)
    .fetch_all(db.reader())
    .await?;
    let items = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |token| format!("{}.{}", token.block_number, token.log_index)))
}

/// The token at this address.
pub(super) async fn at(db: &Db, address: &str) -> Result<Option<ChainToken>> {
    let row =
        sqlx::query("SELECT * FROM chain_tokens WHERE address = $1").bind(address).fetch_optional(db.reader()).await?;
    row.as_ref().map(from_row).transpose()
}

/// Those whose name or symbol has this in it, exact symbols first.
pub(super) async fn named(db: &Db, text: &str, limit: i64) -> Result<Vec<ChainToken>> {
    let wanted = text.to_lowercase();
    let pattern = wanted.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    let rows = sqlx::query(
        r"SELECT * FROM chain_tokens WHERE search_name LIKE $1 ESCAPE '\' OR search_symbol LIKE $1 ESCAPE '\'
          ORDER BY CASE WHEN search_symbol = $2 THEN 0 ELSE 1 END, block_number, log_index LIMIT $3",
    )
    .bind(format!("%{pattern}%"))
    .bind(wanted)
    .bind(limit)
    .fetch_all(db.reader())
    .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &AnyRow) -> Result<ChainToken> {
    let count =
        |column: &str| -> Result<u64> { u64::try_from(row.try_get::<i64, _>(column)?).map_err(Error::internal) };
    Ok(ChainToken {
        address: row.try_get("address")?,
        standard: Standard::parse(row.try_get("standard")?)
            .ok_or_else(|| Error::internal("a token's row has an unknown standard"))?,
        name: row.try_get("name")?,
        symbol: row.try_get("symbol")?,
        decimals: u8::try_from(row.try_get::<i64, _>("decimals")?).map_err(Error::internal)?,
        chain_app_id: row.try_get("chain_app_id")?,
        creator: row.try_get("creator")?,
        block_number: count("block_number")?,
        log_index: count("log_index")?,
        transaction_hash: row.try_get("tx_hash")?,
    })
}
