//! Counts: of the whole chain, and hour by hour or day by day.

use crate::db::{Db, UnixMs, now_ms};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};

const HOUR_MS: i64 = 3_600_000;

/// Slots of one answer at most: a year of days, or six weeks of hours.
const SLOTS: i64 = 1_000;

/// The chain in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChainSummary {
    /// Number of the best block.
    pub best_number: u64,
    /// Number of the finalized block.
    pub finalized_number: u64,
    /// From which block on the explorer has everything. It goes down to 0 after the gateway's first start on an old chain.
    pub complete_from: u64,
    /// Blocks.
    pub blocks: u64,
    /// Transactions.
    pub transactions: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Gas that they used.
    pub gas_used: u64,
    /// Tokens that the chain keeps.
    pub tokens: u64,
}

/// The length of a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    /// A full hour.
    #[default]
    Hour,
    /// A day (UTC).
    Day,
}

impl Interval {
    const fn hours(self) -> i64 {
        match self {
            Self::Hour => 1,
            Self::Day => 24,
        }
    }
}

/// Query of `GET /explorer/statistics`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatisticsQuery {
    /// `hour` when absent.
    pub interval: Option<Interval>,
    /// The slot of this moment is the first; a day (of hours) or 30 days before `until` when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    pub since: Option<UnixMs>,
    /// The slot of this moment is the last; now when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    pub until: Option<UnixMs>,
}

/// What happened in an hour or a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    pub time: UnixMs,
    /// Blocks.
    pub blocks: u64,
    /// Transactions.
    pub transactions: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Gas that they used.
    pub gas_used: u64,
}

/// Slots, oldest first; those without a block are there too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// The length of each.
    pub interval: Interval,
    /// The slots.
    pub items: Vec<Bucket>,
}

/// The chain in numbers.
///
/// # Errors
/// When the database is away.
pub async fn summary(db: &Db) -> Result<ChainSummary> {
    let row = sqlx::query(
        "SELECT COALESCE((SELECT best_number FROM chain_state WHERE id = 1), 0) AS best, \
         COALESCE((SELECT finalized_number FROM chain_state WHERE id = 1), 0) AS finalized, \
         COALESCE((SELECT low_number FROM chain_history WHERE id = 1), 0) AS low, \
         (SELECT COUNT(*) FROM chain_tokens) AS tokens, COALESCE(CAST(SUM(blocks) AS BIGINT), 0) AS blocks, \
         COALESCE(CAST(SUM(transactions) AS BIGINT), 0) AS transactions, \
         COALESCE(CAST(SUM(failed) AS BIGINT), 0) AS failed, COALESCE(CAST(SUM(gas_used) AS BIGINT), 0) AS gas_used \
         FROM chain_hours",
    )
    .fetch_one(db.reader())
    .await?;
    let count =
        |column: &str| -> Result<u64> { u64::try_from(row.try_get::<i64, _>(column)?).map_err(Error::internal) };
    Ok(ChainSummary {
        best_number: count("best")?,
        finalized_number: count("finalized")?,
        complete_from: count("low")?,
        blocks: count("blocks")?,
        transactions: count("transactions")?,
        failed: count("failed")?,
        gas_used: count("gas_used")?,
        tokens: count("tokens")?,
    })
}

/// Hour by hour or day by day.
///
/// # Errors
/// A range of more than 1,000 slots, or one that ends before it begins.
pub async fn series(db: &Db, query: &StatisticsQuery) -> Result<Series> {
    let interval = query.interval.unwrap_or_default();
    let length_ms = interval.hours() * HOUR_MS;
    let usual = match interval {
        Interval::Hour => 24,
        Interval::Day => 30,
    };
    let last = query.until.unwrap_or_else(|| UnixMs(now_ms())).0.div_euclid(length_ms);
    let first = query.since.map_or(last - usual + 1, |since| since.0.div_euclid(length_ms));
    if first > last {
        return Err(Error::field("query.since", "range", "must not be after until"));
    }
    if last - first >= SLOTS {
        return Err(Error::field("query.since", "range", "must be at most 1000 slots before until"));
    }
    let rows = sqlx::query(
        "SELECT hour / $1 AS slot, CAST(SUM(blocks) AS BIGINT) AS blocks, \
         CAST(SUM(transactions) AS BIGINT) AS transactions, CAST(SUM(failed) AS BIGINT) AS failed, \
         CAST(SUM(gas_used) AS BIGINT) AS gas_used FROM chain_hours WHERE hour >= $2 AND hour < $3 GROUP BY 1",
    )
    .bind(interval.hours())
    .bind(first * interval.hours())
    .bind((last + 1) * interval.hours())
    .fetch_all(db.reader())
    .await?;
    let mut slots = HashMap::new();
    for row in rows {
        let count =
            |column: &str| -> Result<u64> { u64::try_from(row.try_get::<i64, _>(column)?).map_err(Error::internal) };
        let slot = Bucket {
            time: UnixMs(0),
            blocks: count("blocks")?,
            transactions: count("transactions")?,
            failed: count("failed")?,
            gas_used: count("gas_used")?,
        };
        slots.insert(row.try_get::<i64, _>("slot")?, slot);
    }
    let items = (first..=last)
        .map(|slot| Bucket { time: UnixMs(slot * length_ms), ..slots.remove(&slot).unwrap_or_default() })
        .collect();
    Ok(Series { interval, items })
}
