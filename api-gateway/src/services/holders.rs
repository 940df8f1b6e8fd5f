//! Who holds a token or an item.

use crate::db::{Amount, Db, NotAnAmount, Page, PageQuery};
use crate::error::{Error, Result};
use crate::ledger::Confirmed;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::ToSchema;

/// An address with units of a token.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// The address.
    pub address: String,
    /// `usr_…`, where it is one of the app's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What the chain says that it has.
    pub balance: Confirmed,
    /// Whether its units are stopped, as the best block says.
    pub frozen: bool,
}

/// The addresses that have units of a token or item, in the order of addresses.
///
/// The caller has looked the token up.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, app_id: &str, token_id: &str, page: &PageQuery) -> Result<Page<Holder>> {
    let limit = page.limit()?;
    let rows = sqlx::query(
        "SELECT b.address, b.included, b.finalized, w.user_id, (SELECT c.active FROM token_controls c \
         WHERE c.token_id = b.token_id AND c.account = b.address ORDER BY c.block_number DESC, c.log_index DESC LIMIT 1) \
         AS frozen FROM balances b LEFT JOIN wallets w ON w.address = b.address AND w.app_id = b.app_id \
         WHERE b.token_id = $1 AND b.address > $2 AND b.app_id = $3 AND (b.included <> '0' OR b.finalized <> '0') \
         ORDER BY b.address LIMIT $4",
    )
    .bind(token_id)
    .bind(page.after()?.unwrap_or_default())
    .bind(app_id)
    .bind(limit + 1)
    .fetch_all(db.reader())
    .await?;
    let items = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |holder| holder.address.clone()))
}

fn from_row(row: &AnyRow) -> Result<Holder> {
    let amount = |column: &str| -> Result<Amount> {
        row.try_get::<String, _>(column)?.parse().map_err(|error: NotAnAmount| Error::internal(error))
    };
    Ok(Holder {
        address: row.try_get("address")?,
        user: row.try_get("user_id")?,
        balance: Confirmed { included: amount("included")?, finalized: amount("finalized")? },
        frozen: row.try_get::<Option<i64>, _>("frozen")? == Some(1),
    })
}
