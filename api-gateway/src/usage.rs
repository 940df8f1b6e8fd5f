//! What apps use, counted in memory and written every few seconds. A crash takes the last seconds along: these are
//! statistics, and a request must not wait for them.

use crate::db::{Db, Statement, day_of, now_ms};
use crate::error::Result;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How often it is written.
const EVERY: Duration = Duration::from_secs(10);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Requests with a token that was good.
    Requests,
    /// Sessions that users have opened.
    Sessions,
}

impl Metric {
    /// As in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Sessions => "sessions",
        }
    }
}

/// App, day, what.
type Key = (String, i64, Metric);

/// Counts of the last seconds.
#[derive(Debug, Default)]
pub struct Usage(Mutex<HashMap<Key, i64>>);

impl Usage {
    /// Counts one.
    pub fn count(&self, app: &str, metric: Metric) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((app.to_owned(), day_of(now_ms()), metric)).or_default() += 1;
    }

    /// Writes what was counted since the last time. What can't be written is counted on.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn write(&self, db: &Db) -> Result<()> {
        let mut counts: Vec<_> = {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            counts.drain().collect()
        };
        if counts.is_empty() {
            return Ok(());
        }
        // In one order on all replicas: none waits for the other's row.
        counts.sort_unstable_by(|(one, _), (other, _)| {
            (&one.0, one.1, one.2.as_str()).cmp(&(&other.0, other.1, other.2.as_str()))
        });
        let outcome = store(db, &counts).await;
        if outcome.is_err() {
            let mut again = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, count) in counts {
                *again.entry(key).or_default() += count;
            }
        }
        outcome
    }
}

async fn store(db: &Db, counts: &[(Key, i64)]) -> Result<()> {
    let mut tx = db.write_relaxed().await?;
    for ((app, day, metric), count) in counts {
        Statement::new(
            "INSERT INTO usage_days (app_id, day, metric, count) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (app_id, day, metric) DO UPDATE SET count = usage_days.count + excluded.count",
        )
        .bind(app)
        .bind(*day)
        .bind(metric.as_str())
        .bind(*count)
        .execute(&mut tx)
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Writes until told to stop, and once more then.
pub async fn run(usage: &Usage, db: &Db, mut stopped: watch::Receiver<bool>) {
    let mut stop = false;
    while !stop {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => stop = true,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = usage.write(db).await {
            tracing::warn!(%error, "usage can't be written; it is counted on");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn counts_add_up_and_are_written_once() {
        for test in crate::db::testing::all().await {
            let (one, other) = (Usage::default(), Usage::default());
            for _ in 0..3 {
                one.count("app_1", Metric::Requests);
                other.count("app_1", Metric::Requests);
            }
            one.count("app_1", Metric::Sessions);
            for usage in [&one, &other, &one] {
                usage.write(&test.db).await.unwrap();
            }
            let rows: Vec<(String, i64)> = sqlx::query_as("SELECT metric, count FROM usage_days ORDER BY metric")
                .fetch_all(test.db.reader())
                .await
                .unwrap();
            assert_eq!(rows, [("requests".to_owned(), 6), ("sessions".to_owned(), 1)], "{}", test.name);
        }
    }
}
