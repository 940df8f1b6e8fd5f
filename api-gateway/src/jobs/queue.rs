//! Jobs and lines as rows, as the worker needs them.

use super::JobKind;
use crate::db::{DAY_MS, Db, QueryBuilder, Statement, now_ms};
use crate::error::{Error, Result};
use crate::events::{self, Draft, Kind};
use crate::ledger::Status;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::Row as _;
use utoipa::ToSchema;

/// A job that runs.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub id: String,
    pub app_id: String,
    pub kind: JobKind,
    pub token_id: Option<String>,
    pub wallet_id: Option<String>,
}

/// A line that waits.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub line: i64,
    /// JSON
    pub payload: String,
    /// What it is to make.
    pub resource_id: Option<String>,
}

/// How many lines have got how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Not begun.
    pub waiting: u64,
    /// On the way to a block.
    pub underway: u64,
    /// In a block of the best chain.
    pub included: u64,
    /// In a finalized block.
    pub finalized: u64,
    /// Refused, or failed on the chain.
    pub failed: u64,
    /// Cancelled before they began.
    pub cancelled: u64,
}

/// The jobs that run, oldest first.
pub(super) async fn running(db: &Db) -> Result<Vec<Running>> {
    let rows =
        sqlx::query("SELECT id, app_id, kind, token_id, wallet_id FROM jobs WHERE status = 'running' ORDER BY id")
            .fetch_all(db.reader())
            .await?;
    rows.iter()
        .map(|row| {
            let kind: String = row.try_get("kind")?;
            Ok(Running {
                id: row.try_get("id")?,
                app_id: row.try_get("app_id")?,
                kind: JobKind::parse(&kind)?,
                token_id: row.try_get("token_id")?,
                wallet_id: row.try_get("wallet_id")?,
            })
        })
        .collect()
}

/// The job's next lines.
pub(super) async fn waiting(db: &Db, job: &str, limit: i64) -> Result<Vec<Waiting>> {
    let rows = sqlx::query(
        "SELECT line, payload, resource_id FROM job_lines WHERE job_id = $1 AND status = 'waiting' ORDER BY line LIMIT $2",
    )
    .bind(job)
    .bind(limit)
    .fetch_all(db.reader())
    .await?;
    rows.iter()
        .map(|row| {
            let payload: Option<String> = row.try_get("payload")?;
            let resource_id = row.try_get("resource_id")?;
            Ok(Waiting { line: row.try_get("line")?, payload: payload.unwrap_or_default(), resource_id })
        })
        .collect()
}

/// For the transaction that accepts a line. It holds for one that was cancelled at the same moment as well: it happens.
pub(super) fn accepted(job: &str, line: i64, operation: &str) -> Statement {
    Statement::new(
        "UPDATE job_lines SET status = 'accepted', payload = NULL, operation_id = $1 WHERE job_id = $2 AND line = $3",
    )
    .bind(operation)
    .bind(job)
    .bind(line)
}

/// A line that can't be accepted.
pub(super) async fn refuse(db: &Db, job: &str, line: i64, error: &Error) -> Result<()> {
    sqlx::query(
        "UPDATE job_lines SET status = 'refused', error_code = $1, error_detail = $2 \
         WHERE job_id = $3 AND line = $4 AND status = 'waiting'",
    )
    .bind(error.code().as_str())
    .bind(error.detail())
    .bind(job)
    .bind(line)
    .execute(db.writer())
    .await?;
    Ok(())
}

/// How far the lines have got.
///
/// # Errors
/// When the database is away.
pub async fn counts(db: &Db, job: &str) -> Result<Counts> {
    let rows = sqlx::query(
        "SELECT l.status, o.status AS operation, COUNT(*) AS count FROM job_lines l \
         LEFT JOIN operations o ON o.id = l.operation_id WHERE l.job_id = $1 GROUP BY l.status, o.status",
    )
    .bind(job)
    .fetch_all(db.reader())
    .await?;
    let mut counts = Counts::default();
    for row in rows {
        let (status, operation): (String, Option<String>) = (row.try_get("status")?, row.try_get("operation")?);
        let place = match (status.as_str(), operation.as_deref().map(Status::parse).transpose()?) {
            ("waiting", _) => &mut counts.waiting,
            ("cancelled", _) => &mut counts.cancelled,
            ("refused", _) | (_, Some(Status::Failed)) => &mut counts.failed,
            (_, Some(Status::Included)) => &mut counts.included,
            (_, Some(Status::Finalized)) => &mut counts.finalized,
            _ => &mut counts.underway,
        };
        *place += u64::try_from(row.try_get::<i64, _>("count")?).map_err(Error::internal)?;
    }
    Ok(counts)
}

/// Ends a job whose outcomes all are final, and tells it. False while some are not.
pub(super) async fn finish(db: &Db, job: &Running) -> Result<bool> {
    let open = sqlx::query(
        "SELECT 1 FROM job_lines l LEFT JOIN operations o ON o.id = l.operation_id WHERE l.job_id = $1 \
         AND (l.status = 'waiting' OR (l.status = 'accepted' AND o.finalized_at_ms IS NULL)) LIMIT 1",
    )
    .bind(&job.id)
    .fetch_optional(db.reader())
    .await?;
    if open.is_some() {
        return Ok(false);
    }
    let counts = counts(db, &job.id).await?;
    let data = json!({ "id": job.id, "kind": job.kind, "counts": counts });
    let mut tx = db.write().await?;
    let done = sqlx::query(
        "UPDATE jobs SET status = 'finished', finished_at_ms = $1, counts = $2 WHERE id = $3 AND status = 'running'",
    )
    .bind(now_ms())
    .bind(serde_json::to_string(&counts).map_err(Error::internal)?)
    .bind(&job.id)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() > 0 {
        events::append(&mut tx, vec![Draft::notice(&job.app_id, Kind::JobFinished, &data)?]).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Deletes jobs that finished more than so many days ago, with their lines. Returns how many.
///
/// # Errors
/// When the database is away.
pub async fn forget(db: &Db, days: u32) -> Result<u64> {
    let before = now_ms().saturating_sub(i64::from(days).saturating_mul(DAY_MS));
    let rows = sqlx::query("SELECT id FROM jobs WHERE status = 'finished' AND finished_at_ms < $1 LIMIT 20")
        .bind(before)
        .fetch_all(db.reader())
        .await?;
    let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
    if ids.is_empty() {
        return Ok(0);
    }
    let mut tx = db.write_relaxed().await?;
    for table in ["DELETE FROM job_lines WHERE job_id IN (", "DELETE FROM jobs WHERE id IN ("] {
        let mut query = QueryBuilder::new(table);
        query.push_list(&ids).push(")");
        query.execute(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(ids.len() as u64)
}
