//! Settles what is due.

use super::{Recurrence, Unit};
use crate::db::{Amount, Db, Statement, now_ms};
use crate::error::{Error, Result};
use crate::events::{self, Draft, Kind};
use crate::ledger::{Intent, Ledger, RequestKey};
use crate::services::{Actor, parties, tokens};
use serde_json::json;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::time::Duration;

/// How often is looked for what is due.
const LOOK: Duration = Duration::from_secs(1);

/// Settled before it is looked once more.
const PIECE: i64 = 100;

/// What is due of a schedule.
struct Due {
    id: String,
    app_id: String,
    user_id: Option<String>,
    token_id: String,
    wallet_id: String,
    receiver: String,
    amount: Amount,
    memo: Option<String>,
    start_ms: i64,
    recurrence: Option<Recurrence>,
    occurrences: Option<u64>,
    /// Its number, from 0.
    number: u64,
}

/// Settles what is due as long as this gateway leads, for ever.
pub async fn run(db: &Db, ledger: &Ledger) {
    loop {
        let full = ledger.is_leader() && round(db, ledger).await;
        if !full {
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Whether there may be more.
async fn round(db: &Db, ledger: &Ledger) -> bool {
    let due = match due(db).await {
        Ok(due) => due,
        Err(error) => {
            tracing::debug!(%error, "schedules can't be read; trying again");
            return false;
        }
    };
    let mut settled = 0;
    for one in &due {
        match settle(db, ledger, one).await {
            Ok(()) => settled += 1,
            Err(error) => tracing::warn!(schedule = one.id, %error, "an occurrence waits"),
        }
    }
    settled > 0 && due.len() as i64 == PIECE
}

async fn due(db: &Db) -> Result<Vec<Due>> {
    let rows =
        sqlx::query("SELECT * FROM schedules WHERE status = 'active' AND next_ms <= $1 ORDER BY next_ms LIMIT $2")
            .bind(now_ms())
            .bind(PIECE)
            .fetch_all(db.reader())
            .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &AnyRow) -> Result<Due> {
    let count = |value: i64| u64::try_from(value).map_err(Error::internal);
    Ok(Due {
        id: row.try_get("id")?,
        app_id: row.try_get("app_id")?,
        user_id: row.try_get("user_id")?,
        token_id: row.try_get("token_id")?,
        wallet_id: row.try_get("wallet_id")?,
        receiver: row.try_get("receiver")?,
        amount: row.try_get::<String, _>("amount")?.parse().map_err(Error::internal)?,
        memo: row.try_get("memo")?,
        start_ms: row.try_get("start_ms")?,
        recurrence: recurrence(row)?,
        occurrences: row.try_get::<Option<i64>, _>("occurrences")?.map(count).transpose()?,
        number: count(row.try_get("done")?)?,
    })
}

/// Out of a schedule's row.
pub(crate) fn recurrence(row: &AnyRow) -> Result<Option<Recurrence>> {
    let unit: Option<String> = row.try_get("unit")?;
    let every: Option<i64> = row.try_get("every")?;
    let (Some(unit), Some(every)) = (unit.map(|unit| Unit::parse(&unit)).transpose()?, every) else { return Ok(None) };
    Ok(Some(Recurrence { unit, every: u32::try_from(every).map_err(Error::internal)? }))
}

impl Due {
    /// When the one after this is due; `None` when this is the last.
    fn next_ms(&self) -> Option<i64> {
        let next = self.number + 1;
        let recurrence = self.recurrence.filter(|_| self.occurrences.is_none_or(|most| next < most))?;
        recurrence.due_ms(self.start_ms, next)
    }

    /// The row, once this occurrence is settled. It moves on once, and stays cancelled if it was.
    fn settled(&self, operation: Option<&str>, error: Option<&Error>) -> Statement {
        let next_ms = self.next_ms();
        Statement::new(
            "UPDATE schedules SET done = done + 1, next_ms = $1, status = $2, last_ms = $3, last_operation_id = $4, \
             last_error_code = $5, last_error_detail = $6 WHERE id = $7 AND done = $8 AND status = 'active'",
        )
        .bind(next_ms)
        .bind(if next_ms.is_some() { "active" } else { "finished" })
        .bind(now_ms())
        .bind(operation)
        .bind(error.map(|error| error.code().as_str()))
        .bind(error.map(|error| error.detail().to_owned()))
        .bind(&self.id)
        .bind(i64::try_from(self.number).unwrap_or(i64::MAX))
    }
}

/// Accepts an occurrence, or tells why it can't be.
///
/// # Errors
/// What passes by itself: it is still due then.
async fn settle(db: &Db, ledger: &Ledger, due: &Due) -> Result<()> {
    let Err(error) = accept(db, ledger, due).await else { return Ok(()) };
    if error.passes() {
        return Err(error);
    }
    tracing::info!(schedule = due.id, number = due.number, %error, "an occurrence is refused");
    let mut tx = db.write().await?;
    let moved = due.settled(None, Some(&error)).execute(&mut tx).await?;
    if moved.rows_affected() == 1 {
        let data = json!({
            "id": due.id,
            "occurrence": due.number,
            "token": due.token_id,
            "error": { "code": error.code().as_str(), "detail": error.detail() },
        });
        let draft = Draft { user_id: due.user_id.clone(), ..Draft::notice(&due.app_id, Kind::ScheduleFailed, &data)? };
        events::append(&mut tx, vec![draft]).await?;
    }
    tx.commit().await?;
    ledger.tail().wake();
    Ok(())
}

async fn accept(db: &Db, ledger: &Ledger, due: &Due) -> Result<()> {
    let token = tokens::token_ref(db, &due.app_id, &due.token_id).await?;
    let to = parties::receiver(db, &due.app_id, "to", &due.receiver).await?;
    let intent = Intent::Transfer { token, to, amount: due.amount.0 };
    let request = RequestKey::new(&due.id, due.number.to_string(), "", &[]);
    let actor = due.user_id.clone().map_or(Actor::App, Actor::User);
    let wallet = due.wallet_id.clone();
    let mut submission = tokens::submission(&due.app_id, wallet, intent, request, &actor, due.memo.clone());
    submission.rows.push(due.settled(Some(&submission.operation_id), None));
    ledger.submit(submission).await?;
    Ok(())
}
