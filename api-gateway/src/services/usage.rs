//! What an app has used, day by day.

use crate::db::{DAY_MS, Db, Id, UnixMs, day_of, now_ms};
use crate::error::{Error, Result};
use crate::usage::Metric;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use utoipa::{IntoParams, ToSchema};

/// Days of one answer at most.
const DAYS_MAX: i64 = 366;

/// Days when nothing is said.
const DAYS: i64 = 30;

/// Query of `GET /apps/{app}/usage`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// A moment of the first day; 29 days before the last when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    pub since: Option<UnixMs>,
    /// A moment of the last day; now when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    pub until: Option<UnixMs>,
    /// `json` when absent.
    pub format: Option<UsageFormat>,
}

/// How it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum UsageFormat {
    /// An object.
    Json,
    /// A table (RFC 4180).
    Csv,
}

/// What an app has used.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageReport {
    /// The sum of all days.
    pub total: UsageCounts,
    /// Each day (UTC), from the first to the last.
    pub days: Vec<UsageDay>,
}

/// A day's counts.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageDay {
    /// Its first moment (UTC).
    #[schema(value_type = String, format = DateTime)]
    pub start: UnixMs,
    /// Its counts.
    #[serde(flatten)]
    pub counts: UsageCounts,
}

/// Counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageCounts {
    /// Requests of server keys and users; to a few seconds.
    pub requests: u64,
    /// Sessions that users have opened; to a few seconds.
    pub sessions: u64,
    /// Operations that were accepted.
    pub operations: u64,
    /// Those of them that brought tokens, items or units into being.
    pub issuances: u64,
    /// The operations by their kind.
    pub kinds: BTreeMap<String, u64>,
}

/// Kinds that bring something into being.
const ISSUING: [&str; 5] = ["createToken", "createCollection", "createItem", "mint", "mintBatch"];

impl UsageCounts {
    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.sessions += other.sessions;
        self.operations += other.operations;
        self.issuances += other.issuances;
        for (kind, count) in &other.kinds {
            *self.kinds.entry(kind.clone()).or_default() += count;
        }
    }
}

/// What an app has used in a range of days.
///
/// # Errors
/// A field error for a bad range.
pub async fn report(db: &Db, app: &str, query: &UsageQuery) -> Result<UsageReport> {
    let last = day_of(query.until.map_or_else(now_ms, |until| until.0));
    let first = query.since.map_or(last - (DAYS - 1), |since| day_of(since.0));
    if first > last || last - first >= DAYS_MAX || first < 0 {
        return Err(Error::field(
            "query.since",
            "range",
            format!("must be before query.until, by {DAYS_MAX} days at most"),
        ));
    }
    let mut days: Vec<UsageDay> =
        (first..=last).map(|day| UsageDay { start: UnixMs(day * DAY_MS), counts: UsageCounts::default() }).collect();
    let length = days.len();
    let at = |day: i64| usize::try_from(day - first).ok().filter(|index| *index < length);
    let mut found = Vec::new();
    let rows = sqlx::query("SELECT day, metric, count FROM usage_days WHERE app_id = $1 AND day BETWEEN $2 AND $3")
        .bind(app)
        .bind(first)
        .bind(last)
        .fetch_all(db.reader())
        .await?;
    for row in rows {
        found.push((at(row.try_get(0)?), row.try_get::<String, _>(1)?, number(row.try_get(2)?)?, false));
    }
    // An id begins with the time at which it was made: the range is one of the index by app and id.
    let rows = sqlx::query(
        "SELECT created_at_ms / 86400000 AS day, kind, COUNT(*) AS count FROM operations \
         WHERE app_id = $1 AND id >= $2 AND id < $3 GROUP BY created_at_ms / 86400000, kind",
    )
    .bind(app)
    // A little more on both sides: the operation is dated when it is accepted, its id a moment before.
    .bind(Id::Operation.since(first * DAY_MS - 600_000))
    .bind(Id::Operation.since((last + 1) * DAY_MS + 600_000))
    .fetch_all(db.reader())
    .await?;
    for row in rows {
        found.push((at(row.try_get(0)?), row.try_get::<String, _>(1)?, number(row.try_get(2)?)?, true));
    }
    for (index, name, count, operation) in found {
        let Some(counts) = index.map(|index| &mut days[index].counts) else { continue };
        if operation {
            counts.operations += count;
            if ISSUING.contains(&name.as_str()) {
                counts.issuances += count;
            }
            counts.kinds.insert(name, count);
        } else if name == Metric::Requests.as_str() {
            counts.requests = count;
        } else if name == Metric::Sessions.as_str() {
            counts.sessions = count;
        }
    }
    let mut total = UsageCounts::default();
    days.iter().for_each(|day| total.add(&day.counts));
    Ok(UsageReport { total, days })
}

fn number(count: i64) -> Result<u64> {
    u64::try_from(count).map_err(Error::internal)
}

/// The report as a table.
pub fn csv(report: &UsageReport) -> String {
    let mut table = String::from("day,requests,sessions,operations,issuances\r\n");
    for UsageDay { start, counts } in &report.days {
        let UsageCounts { requests, sessions, operations, issuances, .. } = counts;
        let day = start.to_rfc3339();
        let day = day.get(..10).unwrap_or_default();
        // Writing to a text doesn't fail.
        let _ = write!(table, "{day},{requests},{sessions},{operations},{issuances}\r\n");
    }
    table
}
