//! Schedules: take, read, list, cancel.

use super::tokens::token_ref;
use super::transfers::check_memo;
use super::{Actor, parties};
use crate::db::{
    Amount, Db, Id, Order, OrderedPageQuery, Page, Patch, QueryBuilder, UnixMs, is_unique_violation, new_id, now_ms,
};
use crate::error::{Code, Error, FieldError, Result};
use crate::ledger::{Failure, RequestKey};
use crate::schedules::{Recurrence, recurrence};
use crate::strict::nullable;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use utoipa::{IntoParams, ToSchema};

/// Active schedules of one app at most.
const ACTIVE_MAX: i64 = 100_000;

/// How far ahead a first occurrence may be: ten years.
const AHEAD_MAX_MS: i64 = 10 * 366 * 24 * 60 * 60 * 1_000;

/// Body of `POST /schedules`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSchedule {
    /// `tok_…`
    pub token: String,
    /// Who pays: a user (`usr_…`) or wallet (`wal_…`, 0x…) of the app. When absent: the treasury with a server key, the user
    /// himself with a user's token.
    pub from: Option<String>,
    /// Who receives: `usr_…`, `wal_…` or any 0x address.
    pub to: String,
    /// More than 0.
    pub amount: Amount,
    /// A note of at most 256 bytes; kept off chain.
    pub memo: Option<String>,
    /// When the first is due: from now on, in ten years at most. At once when it is absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub start_at: Option<UnixMs>,
    /// How it recurs; once when absent.
    pub recurrence: Option<Recurrence>,
    /// How many there are at most, where it recurs; without an end when absent.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub occurrences: Option<u32>,
}

/// How far a schedule has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ScheduleStatus {
    /// Something is to come.
    Active,
    /// The last occurrence is settled.
    Finished,
    /// Nothing comes any more.
    Cancelled,
}

crate::named::named!(ScheduleStatus: Active = "active", Finished = "finished", Cancelled = "cancelled");

/// A transfer at a time to come, once or again and again.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// `sch_…`
    #[schema(example = "sch_01939f0c7c2a7f6e9d0e2f6a1c3b4d5e")]
    pub id: String,
    /// Whether anything is to come.
    pub status: ScheduleStatus,
    /// `tok_…`
    pub token: String,
    /// The paying wallet: `wal_…`.
    pub from: String,
    /// Who receives, as it was asked.
    pub to: String,
    /// In the token's smallest unit.
    pub amount: Amount,
    /// The note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    /// When the first is due, or was.
    #[schema(value_type = String, format = DateTime)]
    pub start_at: UnixMs,
    /// How it recurs; once when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    /// How many there are at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurrences: Option<u64>,
    /// How many were accepted or refused.
    pub done: u64,
    /// When the next is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<UnixMs>,
    /// When the last was accepted or refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_at: Option<UnixMs>,
    /// The operation of the last, where it was accepted: `op_…`. What becomes of it is told there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_operation: Option<String>,
    /// Why the last was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<Failure>,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// Filter of `GET /schedules`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SchedulesQuery {
    /// Only schedules that have got as far as this.
    pub status: Option<ScheduleStatus>,
    /// `newest` first when absent.
    #[param(inline)]
    pub order: Option<Order>,
    /// How many items at most: 1 to 200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// Takes a schedule. A repeat with the same key gets the same one, as it stands then.
///
/// # Errors
/// 404, field errors, 403 when a user names another payer; `conflict` when there are too many.
pub async fn create(db: &Db, app: &str, actor: &Actor, body: NewSchedule, request: RequestKey) -> Result<Schedule> {
    if let Some(schedule) = repeated(db, app, actor, &request).await? {
        return Ok(schedule);
    }
    let now = now_ms();
    check(&body, now)?;
    let token = token_ref(db, app, &body.token).await.map_err(|error| match error.code() {
        Code::NotFound => Error::field("token", "not_found", "no such token"),
        _ => error,
    })?;
    let payer = parties::payer(db, app, actor, body.from.as_deref()).await?;
    parties::receiver(db, app, "to", &body.to).await?;
    let start_ms = body.start_at.map_or(now, |at| at.0);
    let mut tx = db.write().await?;
    let active = sqlx::query("SELECT COUNT(*) FROM schedules WHERE app_id = $1 AND status = 'active'").bind(app);
    if active.fetch_one(&mut *tx).await?.try_get::<i64, _>(0)? >= ACTIVE_MAX {
        return Err(Error::new(Code::Conflict, format!("an app has at most {ACTIVE_MAX} active schedules")));
    }
    let id = new_id(Id::Schedule);
    let inserted = sqlx::query(
        "INSERT INTO schedules (id, app_id, user_id, token_id, wallet_id, receiver, amount, memo, start_ms, unit, every, \
         occurrences, status, next_ms, request_key, body_hash, created_at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'active', $13, $14, $15, $16)",
    )
    .bind(&id)
    .bind(app)
    .bind(actor.user_id())
    .bind(&token.id)
    .bind(&payer.id)
    .bind(&body.to)
    .bind(body.amount.to_string())
    .bind(&body.memo)
    .bind(start_ms)
    .bind(body.recurrence.map(|recurrence| recurrence.unit.as_str()))
    .bind(body.recurrence.map(|recurrence| i64::from(recurrence.every)))
    .bind(body.occurrences.map(i64::from))
    .bind(start_ms)
    .bind(&request.key)
    .bind(&request.body_hash)
    .bind(now)
    .execute(&mut *tx)
    .await;
    match inserted {
        Err(error) if is_unique_violation(&error) => {
            drop(tx);
            let first = repeated(db, app, actor, &request).await?;
            return first.ok_or_else(|| Error::internal("a schedule's key is taken by no schedule"));
        }
        inserted => inserted?,
    };
    tx.commit().await?;
    get(db, app, actor, &id).await
}

fn check(body: &NewSchedule, now_ms: i64) -> Result<()> {
    let mut broken = Vec::new();
    if !Id::Token.matches(&body.token) {
        broken.push(FieldError::new("token", "format", "must be tok_ and 32 lowercase hex digits"));
    }
    if body.amount.is_zero() {
        broken.push(FieldError::new("amount", "range", "must be more than 0"));
    }
    broken.extend(check_memo("memo", body.memo.as_deref()).err());
    // A clock that is a little behind is not the caller's fault.
    let ahead = body.start_at.map_or(0, |at| at.0.saturating_sub(now_ms));
    if !(-60_000..=AHEAD_MAX_MS).contains(&ahead) {
        broken.push(FieldError::new("startAt", "range", "must be from now on, in ten years at most"));
    }
    if body.recurrence.is_some_and(|recurrence| !(1..=100).contains(&recurrence.every)) {
        broken.push(FieldError::new("recurrence.every", "range", "must be 1 to 100"));
    }
    match body.occurrences {
        Some(_) if body.recurrence.is_none() => {
            broken.push(FieldError::new("occurrences", "range", "is only for what recurs"));
        }
        Some(0) | Some(1_000_001..) => {
            broken.push(FieldError::new("occurrences", "range", "must be 1 to 1,000,000"));
        }
        _ => {}
    }
    if broken.is_empty() { Ok(()) } else { Err(Error::fields(broken)) }
}

async fn repeated(db: &Db, app: &str, actor: &Actor, request: &RequestKey) -> Result<Option<Schedule>> {
    let row = sqlx::query("SELECT id, body_hash FROM schedules WHERE app_id = $1 AND request_key = $2")
        .bind(app)
        .bind(&request.key)
        .fetch_optional(db.reader())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mine = get(db, app, actor, row.try_get("id")?).await;
    match mine {
        Ok(schedule) if row.try_get::<String, _>("body_hash")? == request.body_hash => Ok(Some(schedule)),
        // Another user's, or another request of the same.
        Ok(_) => Err(reused()),
        Err(error) if error.code() == Code::NotFound => Err(reused()),
        Err(error) => Err(error),
    }
}

fn reused() -> Error {
    Error::new(Code::IdempotencyKeyReused, "this Idempotency-Key made another schedule")
}

/// One schedule. A user sees his own alone.
///
/// # Errors
/// 404.
pub async fn get(db: &Db, app: &str, actor: &Actor, id: &str) -> Result<Schedule> {
    let mut query = QueryBuilder::new("SELECT * FROM schedules WHERE app_id = ");
    query.push_bind(app).push(" AND id = ").push_bind(id);
    own(&mut query, actor);
    let row = query.build().fetch_optional(db.reader()).await?;
    from_row(&row.ok_or_else(|| Error::not_found("schedule"))?)
}

/// The app's schedules, newest first; a user's own for a user.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, app: &str, actor: &Actor, query: &SchedulesQuery) -> Result<Page<Schedule>> {
    let page = OrderedPageQuery { order: query.order, limit: query.limit, cursor: query.cursor.clone() };
    let mut select = QueryBuilder::new("SELECT * FROM schedules WHERE app_id = ");
    select.push_bind(app);
    own(&mut select, actor);
    if let Some(status) = query.status {
        select.push(" AND status = ").push_bind(status.as_str());
    }
    let limit = page.push_ids(&mut select, "id")?;
    let rows = select.build().fetch_all(db.reader()).await?;
    let items = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |schedule| schedule.id.clone()))
}

/// The newest schedules of a user.
pub(super) async fn newest_of_user(db: &Db, app: &str, user: &str, limit: i64) -> Result<Vec<Schedule>> {
    let mut query = QueryBuilder::new("SELECT * FROM schedules WHERE app_id = ");
    query.push_bind(app).push(" AND user_id = ").push_bind(user);
    query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    query.build().fetch_all(db.reader()).await?.iter().map(from_row).collect()
}

/// What is to change of a schedule, for what is still to come: what is absent stays, a `memo` that is null goes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleChange {
    /// More than 0, in the token's smallest unit.
    pub amount: Option<Amount>,
    /// A note of at most 256 bytes; kept off chain.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub memo: Option<Option<String>>,
}

/// Changes what is still to come of a schedule.
///
/// # Errors
/// 404; field errors; 409 when nothing is to come.
pub async fn update(db: &Db, app: &str, actor: &Actor, id: &str, change: ScheduleChange) -> Result<Schedule> {
    let mut broken = Vec::new();
    if change.amount.is_some_and(Amount::is_zero) {
        broken.push(FieldError::new("amount", "range", "must be more than 0"));
    }
    broken.extend(check_memo("memo", change.memo.as_ref().and_then(|memo| memo.as_deref())).err());
    if !broken.is_empty() {
        return Err(Error::fields(broken));
    }
    if get(db, app, actor, id).await?.status != ScheduleStatus::Active {
        return Err(Error::new(Code::Conflict, "nothing of the schedule is to come"));
    }
    Patch::new("UPDATE schedules SET ")
        .set("amount = ", change.amount.map(|amount| amount.to_string()))
        .set("memo = ", change.memo)
        .only(" WHERE status = 'active' AND id = ", id)
        .execute(db)
        .await?;
    get(db, app, actor, id).await
}

/// Ends a schedule. What was accepted goes on.
///
/// # Errors
/// 404.
pub async fn cancel(db: &Db, app: &str, actor: &Actor, id: &str) -> Result<Schedule> {
    get(db, app, actor, id).await?;
    sqlx::query("UPDATE schedules SET status = 'cancelled', next_ms = NULL WHERE id = $1 AND status = 'active'")
        .bind(id)
        .execute(db.writer())
        .await?;
    get(db, app, actor, id).await
}

fn own(query: &mut QueryBuilder, actor: &Actor) {
    if let Some(user) = actor.user_id() {
        query.push(" AND user_id = ").push_bind(user);
    }
}

fn from_row(row: &AnyRow) -> Result<Schedule> {
    let time = |column: &str| -> Result<Option<UnixMs>> { Ok(row.try_get::<Option<i64>, _>(column)?.map(UnixMs)) };
    let count = |value: i64| u64::try_from(value).map_err(Error::internal);
    let (code, detail): (Option<String>, Option<String>) =
        (row.try_get("last_error_code")?, row.try_get("last_error_detail")?);
    Ok(Schedule {
        id: row.try_get("id")?,
        status: ScheduleStatus::parse(&row.try_get::<String, _>("status")?)?,
        token: row.try_get("token_id")?,
        from: row.try_get("wallet_id")?,
        to: row.try_get("receiver")?,
        amount: row.try_get::<String, _>("amount")?.parse().map_err(Error::internal)?,
        memo: row.try_get("memo")?,
        start_at: UnixMs(row.try_get("start_ms")?),
        recurrence: recurrence(row)?,
        occurrences: row.try_get::<Option<i64>, _>("occurrences")?.map(count).transpose()?,
        done: count(row.try_get("done")?)?,
        next_at: time("next_ms")?,
        last_at: time("last_ms")?,
        last_operation: row.try_get("last_operation_id")?,
        last_error: code.map(|code| Failure { code, detail: detail.unwrap_or_default() }),
        created_at: UnixMs(row.try_get("created_at_ms")?),
    })
}
