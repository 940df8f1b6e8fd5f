//! Jobs: take, read, list, cancel.

use super::tokens::token_ref;
use super::{Actor, parties};
use crate::db::{
    Amount, Db, Id, OrderedPageQuery, Page, PageQuery, QueryBuilder, UnixMs, is_unique_violation, new_id, now_ms,
};
use crate::error::{Code, Error, Result};
use crate::jobs::{self, Counts, JobKind, JobStatus, TransferLine, UserLine};
use crate::ledger::contracts::address_text;
use crate::ledger::{Failure, RequestKey, Status, balances};
use alloy::primitives::U256;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::{IntoParams, ToSchema};

/// Most lines of a job.
pub const LINES_MAX: usize = 10_000;

/// Jobs of one app that may run at once.
const RUNNING_MAX: i64 = 10;

/// Much work behind one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// `job_…`
    pub id: String,
    /// What it does.
    pub kind: JobKind,
    /// Whether anything is left to do.
    pub status: JobStatus,
    /// The token that it moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Its lines.
    pub total: u64,
    /// How many lines have got how far.
    pub counts: Counts,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
    /// When the last outcome became final.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<UnixMs>,
}

/// How far a line has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum LineStatus {
    /// Not begun.
    Waiting,
    /// On the way to a block.
    Underway,
    /// In a block of the best chain.
    Included,
    /// In a finalized block.
    Finalized,
    /// Refused, or failed on the chain. See `error`.
    Failed,
    /// Cancelled before it began.
    Cancelled,
}

/// A line of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobLine {
    /// Its place in the request, from 0.
    pub line: u64,
    /// How far it has got.
    pub status: LineStatus,
    /// The operation that does it. Several users may share one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// What it made: `usr_…`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// What was asked; gone once it is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub request: Option<Value>,
}

/// Filter of `GET /jobs/{job}/lines`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LinesQuery {
    /// Only lines that have got as far as this.
    pub status: Option<LineStatus>,
    /// How many items at most: 1 to 200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// What a job is to do, checked.
pub enum Work {
    /// Moves units of a token.
    Transfers {
        /// `tok_…`
        token: String,
        /// Who pays; the treasury when absent.
        from: Option<String>,
        /// 1 to [`LINES_MAX`].
        lines: Vec<TransferLine>,
    },
    /// Makes users: 1 to [`LINES_MAX`].
    Users(Vec<UserLine>),
}

/// Takes a job. A repeat with the same key gets the same job, as it stands then.
///
/// # Errors
/// 404, field errors, `insufficient_balance` when the payer has less than all lines together, `conflict` when too many
/// jobs run.
pub async fn create(db: &Db, app_id: &str, work: Work, request: RequestKey) -> Result<Job> {
    if let Some(job) = repeated(db, app_id, &request).await? {
        return Ok(job);
    }
    let (kind, token, wallet, payloads) = match work {
        Work::Transfers { token, from, lines } => {
            let wallet = check_funds(db, app_id, &token, from.as_deref(), &lines).await?;
            (JobKind::Transfers, Some(token), Some(wallet), payloads(&lines)?)
        }
        Work::Users(lines) => (JobKind::Users, None, None, payloads(&lines)?),
    };
    let id = new_id(Id::Job);
    let mut tx = db.write().await?;
    let running = sqlx::query("SELECT COUNT(*) FROM jobs WHERE app_id = $1 AND status = 'running'").bind(app_id);
    if running.fetch_one(&mut *tx).await?.try_get::<i64, _>(0)? >= RUNNING_MAX {
        return Err(Error::new(Code::Conflict, "10 jobs of this app run already; wait for one of them to finish"));
    }
    let inserted = sqlx::query(
        "INSERT INTO jobs (id, app_id, kind, status, token_id, wallet_id, total, request_key, body_hash, created_at_ms) \
         VALUES ($1, $2, $3, 'running', $4, $5, $6, $7, $8, $9)",
    )
    .bind(&id)
    .bind(app_id)
    .bind(kind.as_str())
    .bind(token)
    .bind(wallet)
    .bind(i64::try_from(payloads.len()).unwrap_or(i64::MAX))
    .bind(&request.key)
    .bind(&request.body_hash)
    .bind(now_ms())
    .execute(&mut *tx)
    .await;
    match inserted {
        Err(error) if is_unique_violation(&error) => {
            drop(tx);
            let first = repeated(db, app_id, &request).await?;
            return first.ok_or_else(|| Error::internal("a job's key is taken by no job"));
        }
        inserted => inserted?,
    };
    let makes_users = kind == JobKind::Users;
    let lines: Vec<(i64, String)> = (0..).zip(payloads).collect();
    let insert = "INSERT INTO job_lines (job_id, line, status, payload, resource_id) ";
    QueryBuilder::insert_all(&mut tx, insert, &lines, "", |mut row, (line, payload)| {
        let made = makes_users.then(|| new_id(Id::User));
        row.push_bind(&id).push_bind(*line).push("'waiting'").push_bind(payload).push_bind(made);
    })
    .await?;
    tx.commit().await?;
    get(db, app_id, &id).await
}

fn payloads(lines: &[impl Serialize]) -> Result<Vec<String>> {
    lines.iter().map(|line| serde_json::to_string(line).map_err(Error::internal)).collect()
}

/// The job that this request made before.
async fn repeated(db: &Db, app_id: &str, request: &RequestKey) -> Result<Option<Job>> {
    let row = sqlx::query("SELECT id, body_hash FROM jobs WHERE app_id = $1 AND request_key = $2")
        .bind(app_id)
        .bind(&request.key)
        .fetch_optional(db.reader())
        .await?;
    let Some(row) = row else { return Ok(None) };
    if row.try_get::<String, _>("body_hash")? != request.body_hash {
        return Err(Error::new(Code::IdempotencyKeyReused, "this Idempotency-Key made another job"));
    }
    get(db, app_id, row.try_get("id")?).await.map(Some)
}

/// The payer's wallet, if it has what all lines together move.
async fn check_funds(db: &Db, app_id: &str, token: &str, from: Option<&str>, lines: &[TransferLine]) -> Result<String> {
    let token = token_ref(db, app_id, token).await?;
    let payer = parties::payer(db, app_id, &Actor::App, from).await?;
    let sum = lines.iter().try_fold(U256::ZERO, |sum, line| sum.checked_add(line.amount.0));
    let sum = sum.ok_or_else(|| Error::field("transfers", "range", "the amounts together exceed 2^256 - 1"))?;
    let balance = balances::of_token(db, app_id, &token, &address_text(payer.address)).await?;
    if balance.available < Amount(sum) {
        let detail = format!("{} are available, all transfers together need {}", balance.available, Amount(sum));
        return Err(Error::new(Code::InsufficientBalance, detail));
    }
    Ok(payer.id)
}

/// One job.
///
/// # Errors
/// 404.
pub async fn get(db: &Db, app_id: &str, id: &str) -> Result<Job> {
    let row = sqlx::query("SELECT * FROM jobs WHERE app_id = $1 AND id = $2")
        .bind(app_id)
        .bind(id)
        .fetch_optional(db.reader())
        .await?
        .ok_or_else(|| Error::not_found("job"))?;
    from_row(db, &row).await
}

/// The app's jobs, newest first.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, app_id: &str, page: &OrderedPageQuery) -> Result<Page<Job>> {
    let mut query = QueryBuilder::new("SELECT * FROM jobs WHERE app_id = ");
    query.push_bind(app_id);
    let limit = page.push_ids(&mut query, "id")?;
    let rows = query.build().fetch_all(db.reader()).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        items.push(from_row(db, row).await?);
    }
    Ok(Page::cut(items, limit, |job| job.id.clone()))
}

/// Cancels the lines that have not begun. What is on its way goes on.
///
/// # Errors
/// 404.
pub async fn cancel(db: &Db, app_id: &str, id: &str) -> Result<Job> {
    get(db, app_id, id).await?;
    sqlx::query("UPDATE job_lines SET status = 'cancelled' WHERE job_id = $1 AND status = 'waiting'")
        .bind(id)
        .execute(db.writer())
        .await?;
    get(db, app_id, id).await
}

/// The lines of a job, in the order of the request.
///
/// # Errors
/// 404; a bad page query.
pub async fn lines(db: &Db, app_id: &str, id: &str, query: &LinesQuery) -> Result<Page<JobLine>> {
    let page = PageQuery { limit: query.limit, cursor: query.cursor.clone() };
    let limit = page.limit()?;
    let after = page.number()?.unwrap_or(-1);
    get(db, app_id, id).await?;
    let mut select = QueryBuilder::new(
        "SELECT l.*, o.status AS operation_status, o.error_code AS chain_code, o.error_detail AS chain_detail \
         FROM job_lines l LEFT JOIN operations o ON o.id = l.operation_id WHERE l.job_id = ",
    );
    select.push_bind(id).push(" AND l.line > ").push_bind(after);
    select.push(match query.status {
        None => "",
        Some(LineStatus::Waiting) => " AND l.status = 'waiting'",
        Some(LineStatus::Underway) => " AND l.status = 'accepted' AND o.status IN ('accepted', 'sent')",
        Some(LineStatus::Included) => " AND l.status = 'accepted' AND o.status = 'included'",
        Some(LineStatus::Finalized) => " AND l.status = 'accepted' AND o.status = 'finalized'",
        Some(LineStatus::Failed) => " AND (l.status = 'refused' OR o.status = 'failed')",
        Some(LineStatus::Cancelled) => " AND l.status = 'cancelled'",
    });
    select.push(" ORDER BY l.line LIMIT ").push_bind(limit + 1);
    let rows = select.build().fetch_all(db.reader()).await?;
    let items = rows.iter().map(line_from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |line| line.line.to_string()))
}

async fn from_row(db: &Db, row: &AnyRow) -> Result<Job> {
    let (id, kind, status): (String, String, String) =
        (row.try_get("id")?, row.try_get("kind")?, row.try_get("status")?);
    let counts = match row.try_get::<Option<String>, _>("counts")? {
        Some(counts) => serde_json::from_str(&counts).map_err(Error::internal)?,
        None => jobs::counts(db, &id).await?,
    };
    Ok(Job {
        kind: JobKind::parse(&kind)?,
        status: if status == JobStatus::Finished.as_str() { JobStatus::Finished } else { JobStatus::Running },
        token: row.try_get("token_id")?,
        total: u64::try_from(row.try_get::<i64, _>("total")?).map_err(Error::internal)?,
        counts,
        created_at: UnixMs(row.try_get("created_at_ms")?),
        finished_at: row.try_get::<Option<i64>, _>("finished_at_ms")?.map(UnixMs),
        id,
    })
}

fn line_from_row(row: &AnyRow) -> Result<JobLine> {
    let (status, chain): (String, Option<String>) = (row.try_get("status")?, row.try_get("operation_status")?);
    let status = match (status.as_str(), chain.as_deref().map(Status::parse).transpose()?) {
        ("waiting", _) => LineStatus::Waiting,
        ("cancelled", _) => LineStatus::Cancelled,
        ("refused", _) | (_, Some(Status::Failed)) => LineStatus::Failed,
        (_, Some(Status::Included)) => LineStatus::Included,
        (_, Some(Status::Finalized)) => LineStatus::Finalized,
        _ => LineStatus::Underway,
    };
    let text = |own: &str, chain: &str| -> Result<Option<String>> {
        Ok(row.try_get::<Option<String>, _>(own)?.or(row.try_get(chain)?))
    };
    let operation: Option<String> = row.try_get("operation_id")?;
    let error = match (text("error_code", "chain_code")?, text("error_detail", "chain_detail")?) {
        (Some(code), detail) => Some(Failure { code, detail: detail.unwrap_or_default() }),
        (None, _) => None,
    };
    let payload: Option<String> = row.try_get("payload")?;
    Ok(JobLine {
        line: u64::try_from(row.try_get::<i64, _>("line")?).map_err(Error::internal)?,
        status,
        resource: if operation.is_some() { row.try_get("resource_id")? } else { None },
        operation,
        error,
        request: payload.map(|payload| serde_json::from_str(&payload)).transpose().map_err(Error::internal)?,
    })
}
