//! Operations as rows.

use super::types::{Failure, Kind, Operation, Status};
use crate::db::{Amount, Db, Id, OrderedPageQuery, Page, QueryBuilder, UnixMs};
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
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only of this token.
    pub token_id: Option<String>,
    /// Only stored at this moment or later.
    pub since: Option<UnixMs>,
    /// Only stored at this moment or earlier.
    pub until: Option<UnixMs>,
}

/// From an operation's id to its row no more time passes: requests end long before.
const QUEUED_MAX_MS: i64 = 3_600_000;

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

/// An app's operations, newest first unless the page says otherwise. Cancellations are the gateway's own business.
pub(crate) async fn list(db: &Db, app_id: &str, filter: &Filter, page: &OrderedPageQuery) -> Result<Page<Operation>> {
    let mut query = QueryBuilder::new(COLUMNS);
    narrow(&mut query, app_id, filter);
    let limit = page.push_ids(&mut query, "o.id")?;
    let items = read(db, query).await?;
    Ok(Page::cut(items, limit, |operation| operation.id.clone()))
}

/// The newest of an app's operations.
pub(crate) async fn newest(db: &Db, app_id: &str, filter: &Filter, limit: i64) -> Result<Vec<Operation>> {
    let mut query = QueryBuilder::new(COLUMNS);
    narrow(&mut query, app_id, filter);
    query.push(" ORDER BY o.id DESC LIMIT ").push_bind(limit);
    read(db, query).await
}

async fn read(db: &Db, query: QueryBuilder) -> Result<Vec<Operation>> {
    query.build().fetch_all(db.reader()).await?.iter().map(from_row).collect()
}

fn narrow(query: &mut QueryBuilder, app_id: &str, filter: &Filter) {
    query.push("o.app_id = ").push_bind(app_id).push(" AND o.kind <> 'cancel'");
    for (column, value) in [
        (" AND o.user_id = ", filter.user_id.as_deref()),
        (" AND o.status = ", filter.status.map(Status::as_str)),
        (" AND o.kind = ", filter.kind.map(Kind::as_str)),
        (" AND o.token_id = ", filter.token_id.as_deref()),
    ] {
        if let Some(value) = value {
            query.push(column).push_bind(value);
        }
    }
    // Ids begin with their time, which is a little before that of the row: a range of the index by app and id.
    if let Some(UnixMs(since)) = filter.since {
        query.push(" AND o.id >= ").push_bind(Id::Operation.since(since.saturating_sub(QUEUED_MAX_MS)));
        query.push(" AND o.created_at_ms >= ").push_bind(since);
    }
    if let Some(UnixMs(until)) = filter.until {
        query.push(" AND o.id < ").push_bind(Id::Operation.since(until.saturating_add(1)));
        query.push(" AND o.created_at_ms <= ").push_bind(until);
    }
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
