//! How many operations an app may have accepted in a day.
//!
//! Each gateway counts for itself between two looks at the database, [`LOOK`] apart: several together may let a few seconds'
//! worth of operations more pass than one alone.

use super::super::intent::Submission;
use super::super::types::Accepted;
use crate::db::{DAY_MS, Db, Id, day_of, now_ms};
use crate::error::{Code, Error, Result};
use sqlx::AnyConnection;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a count is believed.
const LOOK: Duration = Duration::from_secs(10);

/// Apps remembered at most.
const MAX_APPS: usize = 100_000;

/// What apps have used of their quotas today.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    /// Operations a day of an app for which the operator has said nothing else; 0: no quota.
    per_day: u64,
    used: Mutex<HashMap<String, Used>>,
}

#[derive(Clone, Copy, Debug)]
struct Used {
    day: i64,
    /// 0: no quota.
    per_day: u64,
    count: u64,
    looked: Instant,
}

impl Quotas {
    /// For all apps but those that have their own.
    pub fn new(per_day: u64) -> Self {
        Self { per_day, used: Mutex::default() }
    }

    /// Of these new submissions those that their apps have room for; the others are answered.
    pub async fn admit(
        &self,
        tx: &mut AnyConnection,
        submissions: &[Submission],
        new: Vec<usize>,
        results: &mut [Option<Result<Accepted>>],
    ) -> Result<Vec<usize>> {
        let now = now_ms();
        let day = day_of(now);
        let mut admitted = Vec::with_capacity(new.len());
        for index in new {
            let app = submissions[index].app_id.as_str();
            let known = self.lock().get(app).copied();
            let mut used = match known.filter(|used| used.day == day && used.looked.elapsed() < LOOK) {
                Some(used) => used,
                None => {
                    let per_day = self.of(tx, app).await?;
                    let count = if per_day == 0 { 0 } else { today(tx, app, day).await? };
                    Used { day, per_day, count, looked: Instant::now() }
                }
            };
            if used.per_day == 0 || used.count < used.per_day {
                used.count += 1;
                admitted.push(index);
            } else {
                let left_s = u64::try_from((day + 1) * DAY_MS - now).unwrap_or_default() / 1_000 + 1;
                let detail = format!("the app has had its {} operations of this day (UTC)", used.per_day);
                results[index] = Some(Err(Error::new(Code::QuotaExceeded, detail).retry_after(left_s)));
            }
            let mut all = self.lock();
            if all.len() >= MAX_APPS {
                all.clear();
            }
            all.insert(app.to_owned(), used);
        }
        Ok(admitted)
    }

    /// Operations a day of this app; 0: no quota.
    async fn of(&self, connection: &mut AnyConnection, app: &str) -> Result<u64> {
        // An app that is just being made is not there yet.
        let row: Option<(Option<i64>,)> = sqlx::query_as("SELECT operations_per_day FROM apps WHERE id = $1")
            .bind(app)
            .fetch_optional(connection)
            .await?;
        row.and_then(|(own,)| own).map_or(Ok(self.per_day), |own| u64::try_from(own).map_err(Error::internal))
    }

    /// How many operations an app may have accepted in a day (`None`: as many as it likes), and how many were today.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn used(&self, db: &Db, app: &str) -> Result<(Option<u64>, u64)> {
        let mut connection = db.reader().acquire().await?;
        let per_day = self.of(&mut connection, app).await?;
        let count = today(&mut connection, app, day_of(now_ms())).await?;
        Ok((Some(per_day).filter(|limit| *limit > 0), count))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Used>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Operations that were accepted today. Their ids begin with their time: it is a range of the index by app and id.
async fn today(tx: &mut AnyConnection, app: &str, day: i64) -> Result<u64> {
    let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM operations WHERE app_id = $1 AND id >= $2")
        .bind(app)
        .bind(Id::Operation.since(day * DAY_MS))
        .fetch_one(tx)
        .await?;
    u64::try_from(count).map_err(Error::internal)
}
