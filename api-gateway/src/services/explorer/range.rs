//! Times and finality as ranges of block numbers, so that every list walks one index.

use super::Finality;
use crate::db::{Db, UnixMs};
use crate::error::Result;
use sqlx::Row as _;

/// Numbers of blocks, both included; empty when `low > high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::services) struct Range {
    pub low: i64,
    pub high: i64,
}

impl Range {
    pub const ALL: Self = Self { low: 0, high: i64::MAX };

    /// The blocks of a time and of a finality. Times of blocks never go back.
    pub async fn of(db: &Db, since: Option<UnixMs>, until: Option<UnixMs>, finality: Option<Finality>) -> Result<Self> {
        let mut range = Self::ALL;
        if let Some(since) = since {
            let sql = "SELECT number FROM chain_blocks WHERE timestamp_ms >= $1 ORDER BY timestamp_ms, number LIMIT 1";
            range.low = number(db, sql, since.0).await?.unwrap_or(i64::MAX);
        }
        if let Some(until) = until {
            let sql = "SELECT number FROM chain_blocks WHERE timestamp_ms <= $1 ORDER BY timestamp_ms DESC, number DESC LIMIT 1";
            range.high = number(db, sql, until.0).await?.unwrap_or(-1);
        }
        if let Some(finality) = finality {
            let finalized =
                number(db, "SELECT finalized_number FROM chain_state WHERE id = $1", 1).await?.unwrap_or(-1);
            match finality {
                Finality::Finalized => range.high = range.high.min(finalized),
                Finality::Included => range.low = range.low.max(finalized.saturating_add(1)),
                Finality::Pending => range.high = -1,
            }
        }
        Ok(range)
    }
}

async fn number(db: &Db, sql: &'static str, parameter: i64) -> Result<Option<i64>> {
    let row = sqlx::query(sql).bind(parameter).fetch_optional(db.reader()).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}
