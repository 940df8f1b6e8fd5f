//! Operations as rows.

use super::types::{Failure, Kind, Operation, Status};
use crate::db::{Amount, Db, QueryBuilder, UnixMs};
use crate::error::{Error, Result};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this user's.
    pub user_id: Option<String>,
    /// Only with this status.
    pub status: Option<Status>,
    /// Only of this token.
    pub token_id: Option<String>,
    /// Only older than this id.
    pub before: Option<String>,
}

/// Everything but the raw bytes, which are large for bulk transfers.
const COLUMNS: &str = "SELECT o.id, o.kind, o.status, o.sender, o.nonce, o.tx_hash, o.token_id, o.from_address, \
    o.to_address, o.amount, o.memo, o.resource_id, o.error_code, o.error_detail, o.block_number, o.block_hash, \
    o.gas_used, o.created_at_ms, o.sent_at_ms, o.included_at_ms, o.finalized_at_ms, t.decimals, \
    o.app_id, o.user_id FROM operations o LEFT JOIN tokens t ON t.id = o.token_id WHERE ";

/// One operation of an app; of one user, where `user_id` is given.
pub(crate) async fn find(db: &Db, app_id: &str, user_id: Option<&str>, id: &str) -> Result<Option<Operation>> {
    let mut query = QueryBuilder::new(COLUMNS);
    query.push("o.app_id = ").push_bind(app_id.to_owned()).push(" AND o.id = ").push_bind(id.to_owned());
    if let Some(user_id) = user_id {
        query.push(" AND o.user_id = ").push_bind(user_id.to_owned());
    }
    query.build().fetch_optional(db.reader()).await?.as_ref().map(from_row).transpose()
}

/// An app's operations, newest first, at most `limit`. Cancellations are the gateway's own business.
pub(crate) async fn list(db: &Db, app_id: &str, filter: &Filter, limit: i64) -> Result<Vec<Operation>> {
    let mut query = QueryBuilder::new(COLUMNS);
    query.push("o.app_id = ").push_bind(app_id.to_owned()).push(" AND o.kind <> 'cancel'");
    if let Some(user_id) = &filter.user_id {
        query.push(" AND o.user_id = ").push_bind(user_id.clone());
    }
    if let Some(status) = filter.status {
        query.push(" AND o.status = ").push_bind(status.as_str());
    }
    if let Some(token_id) = &filter.token_id {
        query.push(" AND o.token_id = ").push_bind(token_id.clone());
    }
    if let Some(before) = &filter.before {
        query.push(" AND o.id < ").push_bind(before.clone());
    }
    query.push(" ORDER BY o.id DESC LIMIT ").push_bind(limit);
    query.build().fetch_all(db.reader()).await?.iter().map(from_row).collect()
}

/// Operations of any app, each with its app and its user. Cancellations are left out.
pub(crate) async fn by_ids(
    connection: &mut AnyConnection,
    ids: &[String],
) -> Result<Vec<(String, Option<String>, Operation)>> {
    let mut query = QueryBuilder::new(COLUMNS);
    query.push("o.kind <> 'cancel' AND o.id IN (").push_list(ids).push(") ORDER BY o.block_number, o.tx_index, o.id");
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get("app_id")?, row.try_get("user_id")?, from_row(row)?))).collect()
}

fn from_row(row: &AnyRow) -> Result<Operation> {
    let unsigned = |column: &str| -> Result<Option<u64>> {
        row.try_get::<Option<i64>, _>(column)?.map(u64::try_from).transpose().map_err(Error::internal)
    };
    let time = |column: &str| -> Result<Option<UnixMs>> { Ok(row.try_get::<Option<i64>, _>(column)?.map(UnixMs)) };
    let kind: String = row.try_get("kind")?;
    let status: String = row.try_get("status")?;
    let code: Option<String> = row.try_get("error_code")?;
    let detail: Option<String> = row.try_get("error_detail")?;
    let amount: Option<String> = row.try_get("amount")?;
    let status = Status::parse(&status)?;
    Ok(Operation {
        id: row.try_get("id")?,
        kind: Kind::parse(&kind)?,
        status,
        transaction_hash: row.try_get("tx_hash")?,
        sender: row.try_get("sender")?,
        nonce: unsigned("nonce")?.unwrap_or_default(),
        token: row.try_get("token_id")?,
        from: row.try_get("from_address")?,
        to: row.try_get("to_address")?,
        amount: amount.map(|text| text.parse::<Amount>()).transpose().map_err(Error::internal)?,
        decimals: row.try_get::<Option<i64>, _>("decimals")?.map(u8::try_from).transpose().map_err(Error::internal)?,
        memo: row.try_get("memo")?,
        resource: row.try_get("resource_id")?,
        error: code
            .filter(|_| matches!(status, Status::Accepted | Status::Sent | Status::Failed))
            .map(|code| Failure { code, detail: detail.unwrap_or_default() }),
        block_number: unsigned("block_number")?,
        block_hash: row.try_get("block_hash")?,
        gas_used: unsigned("gas_used")?,
        created_at: UnixMs(row.try_get("created_at_ms")?),
        sent_at: time("sent_at_ms")?,
        included_at: time("included_at_ms")?,
        finalized_at: time("finalized_at_ms")?,
    })
}
