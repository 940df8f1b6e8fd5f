//! Writing events.

use super::Kind;
use crate::db::{Db, Id, QueryBuilder, new_id, now_ms};
use crate::error::{Error, Result};
use serde::Serialize;
use sqlx::{AnyConnection, Row as _};

/// An event that is not written yet.
pub struct Draft {
    pub(crate) app_id: String,
    pub(crate) kind: Kind,
    pub(crate) account: Option<String>,
    pub(crate) other_account: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) other_user_id: Option<String>,
    pub(crate) operation_id: Option<String>,
    pub(crate) data: String,
}

impl Draft {
    /// Something of an app's own that is on no account.
    ///
    /// # Errors
    /// When the data can't be written as JSON: a bug.
    pub(crate) fn notice(app_id: &str, kind: Kind, data: &impl Serialize) -> Result<Self> {
        Ok(Self {
            app_id: app_id.to_owned(),
            kind,
            account: None,
            other_account: None,
            user_id: None,
            other_user_id: None,
            operation_id: None,
            data: serde_json::to_string(data).map_err(Error::internal)?,
        })
    }
}

/// Writes the events. To be the last that a transaction does: it holds the row of the numbers, which all others wait for.
pub async fn append(tx: &mut AnyConnection, drafts: Vec<Draft>) -> Result<()> {
    if drafts.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(drafts.len()).map_err(Error::internal)?;
    let row = sqlx::query("UPDATE event_heads SET last = last + $1 WHERE id = 1 RETURNING last")
        .bind(count)
        .fetch_one(&mut *tx)
        .await?;
    let mut sequence = row.try_get::<i64, _>(0)? - count;
    let now = now_ms();
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO events (sequence, id, app_id, type, account, other_account, user_id, other_user_id, \
             operation_id, data, created_at_ms) ",
        &drafts,
        "",
        |mut row, draft| {
            sequence += 1;
            row.push_bind(sequence)
                .push_bind(new_id(Id::Event))
                .push_bind(&draft.app_id)
                .push_bind(draft.kind.as_str())
                .push_bind(draft.account.clone())
                .push_bind(draft.other_account.clone())
                .push_bind(draft.user_id.clone())
                .push_bind(draft.other_user_id.clone())
                .push_bind(draft.operation_id.clone())
                .push_bind(&draft.data)
                .push_bind(now);
        },
    )
    .await?;
    metrics::counter!("hanse_gateway_events_total").increment(drafts.len() as u64);
    Ok(())
}

/// Makes the numbers go on above all that were given out before. What the last power cut took back from the database is
/// derived from the chain once more; without the gap it would get numbers that readers have seen already.
pub async fn skip_numbers(db: &Db) -> Result<()> {
    const GAP: i64 = 1_000_000;
    sqlx::query("UPDATE event_heads SET last = last + $1 WHERE id = 1 AND last > 0")
        .bind(GAP)
        .execute(db.writer())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::log;
    use super::*;
    use crate::db::ROWS_MAX;

    async fn write(db: &Db, names: &[&str]) {
        let mut tx = db.write().await.unwrap();
        let drafts = names.iter().map(|name| Draft::notice(name, Kind::WebhookDisabled, &()).unwrap()).collect();
        append(&mut tx, drafts).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn numbers_are_in_order_and_start_anew_above_all_given_out() {
        for test in crate::db::testing::all().await {
            let db = &test.db;
            skip_numbers(db).await.unwrap();
            write(db, &["a", "b"]).await;
            // More rows than one statement takes.
            let many = vec!["c"; ROWS_MAX + 1];
            write(db, &many).await;
            let head = log::head(db).await.unwrap();
            assert_eq!(head, many.len() as i64 + 2, "{}", test.name);
            // A power cut may have taken any of a million numbers back that readers have seen.
            skip_numbers(db).await.unwrap();
            write(db, &["d"]).await;
            let numbers: Vec<_> = log::after(db, 0, 10_000).await.unwrap().iter().map(|event| event.sequence).collect();
            assert!(numbers.is_sorted_by(|a, b| a < b), "{}", test.name);
            assert_eq!(numbers[..head as usize], (1..=head).collect::<Vec<_>>(), "{}", test.name);
            assert!(numbers[head as usize] > head + 1_000_000, "{}", test.name);
        }
    }

    #[tokio::test]
    async fn what_is_rolled_back_takes_its_numbers_along() {
        for test in crate::db::testing::all().await {
            let mut tx = test.db.write().await.unwrap();
            append(&mut tx, vec![Draft::notice("a", Kind::WebhookDisabled, &()).unwrap()]).await.unwrap();
            drop(tx);
            write(&test.db, &["b"]).await;
            let left = log::after(&test.db, 0, 10).await.unwrap();
            assert_eq!(left.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1], "{}", test.name);
        }
    }
}
