//! Movements of units as rows.

use super::types::{Status, Transaction};
use crate::db::UnixMs;
use crate::error::{Error, Result};
use sqlx::Row as _;
use sqlx::any::AnyRow;

/// What [`from_row`] reads; `x` is a row of `transfers`, of which the caller says where it comes from.
pub(crate) const COLUMNS: &str = "x.block_number, x.log_index, x.place, x.block_hash, x.tx_hash, x.token_id, x.from_address, x.to_address, \
    x.amount, x.operation_id, x.timestamp_ms, t.decimals, o.memo, s.finalized_number";

/// What stands beside `transfers x` for [`COLUMNS`].
pub(crate) const JOINS: &str = " JOIN tokens t ON t.id = x.token_id JOIN chain_state s ON s.id = 1 \
    LEFT JOIN operations o ON o.id = x.operation_id ";

/// From a row of `transfers` with its token's `decimals`, its operation's `memo` and the chain's `finalized_number`.
pub(crate) fn from_row(row: &AnyRow) -> Result<Transaction> {
    let block_number: i64 = row.try_get("block_number")?;
    let finalized: i64 = row.try_get("finalized_number")?;
    let amount: String = row.try_get("amount")?;
    Ok(Transaction {
        transaction_hash: row.try_get("tx_hash")?,
        log_index: u64::try_from(row.try_get::<i64, _>("log_index")?).map_err(Error::internal)?,
        place: u64::try_from(row.try_get::<i64, _>("place")?).map_err(Error::internal)?,
        block_number: u64::try_from(block_number).map_err(Error::internal)?,
        block_hash: row.try_get("block_hash")?,
        status: if block_number <= finalized { Status::Finalized } else { Status::Included },
        token: row.try_get("token_id")?,
        from: row.try_get("from_address")?,
        to: row.try_get("to_address")?,
        amount: amount.parse().map_err(|error: crate::db::NotAnAmount| Error::internal(error))?,
        decimals: u8::try_from(row.try_get::<i64, _>("decimals")?).map_err(Error::internal)?,
        operation: row.try_get("operation_id")?,
        memo: row.try_get("memo")?,
        timestamp: UnixMs(row.try_get("timestamp_ms")?),
    })
}
