//! Finding logs: `eth_getLogs` as one SQL query, which is given up when it finds too much or takes too long.

use super::{
    error::{IndexError, Result},
    read::{header_of, log_of, word},
    types::LocatedLog,
};
use alloy_primitives::{B256, Log};
use futures::TryStreamExt;
pub use hanse_rpc_params::input::LogFilter;
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool};
use std::time::{Duration, Instant};

/// Steps of SQLite's machine from one look at the clock to the next; some 100 µs.
const STEPS: i32 = 10_000;

/// In which blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogRange {
    /// Canonical blocks, both ends included.
    Numbers {
        /// First height.
        from: u64,
        /// Last height.
        to: u64,
    },
    /// The block with this Ethereum hash.
    Block(B256),
}

/// How much one search may find, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct LogLimits {
    /// Logs.
    pub count: u64,
    /// Bytes of the logs as JSON.
    pub bytes: usize,
    /// From the question to the last row, waiting for a connection included.
    pub time: Duration,
}

/// All logs that match, in the order of the chain; an error if they exceed one of the limits.
pub async fn logs(
    pool: &SqlitePool,
    filter: &LogFilter,
    range: LogRange,
    limits: LogLimits,
) -> Result<Vec<LocatedLog>> {
    let deadline = Instant::now() + limits.time;
    match tokio::time::timeout_at(deadline.into(), search(pool, filter, range, limits, deadline)).await {
        Ok(Err(error)) if error.is_interrupt() => Err(IndexError::TooSlow(limits.time)),
        Ok(result) => result,
        Err(_) => Err(IndexError::TooSlow(limits.time)),
    }
}

/// [`logs`] until `deadline`; then SQLite itself gives up.
pub(super) async fn search(
    pool: &SqlitePool,
    filter: &LogFilter,
    range: LogRange,
    limits: LogLimits,
    deadline: Instant,
) -> Result<Vec<LocatedLog>> {
    let mut connection = pool.acquire().await?;
    // Without this SQLite would go on with a search that nobody waits for any more.
    connection.lock_handle().await?.set_progress_handler(STEPS, move || Instant::now() < deadline);
    let mut query = query(filter, range, limits.count.saturating_add(1));
    let mut rows = query.build().fetch(&mut *connection);
    let mut found = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.try_next().await? {
        let log = located(&row)?;
        let block = log.block_number;
        if found.len() as u64 >= limits.count {
            return Err(IndexError::TooManyLogs { limit: limits.count, block });
        }
        bytes += json_bytes(&log.log);
        if bytes > limits.bytes {
            return Err(IndexError::TooManyBytes { limit: limits.bytes, block });
        }
        found.push(log);
    }
    Ok(found)
}

/// Length of the log as JSON, about: its place in the chain has 400 bytes, a topic 69, a byte of data two.
fn json_bytes(log: &Log) -> usize {
    400 + 69 * log.topics().len() + 2 * log.data.data.len()
}

/// The inner query finds the keys and the outer one reads the rows, one at a time as they are asked for. So logs are
/// never sorted together with their data; and they needn't be sorted at all unless there are several alternatives in
/// the column that leads. `CROSS JOIN` is SQLite's word for a join in the order as it stands.
pub(super) fn query(filter: &LogFilter, range: LogRange, limit: u64) -> QueryBuilder<Sqlite> {
    let index = match range {
        LogRange::Block(_) => None,
        LogRange::Numbers { .. } if !filter.addresses.is_empty() => Some("logs_address"),
        LogRange::Numbers { .. } => filter.topics.first().filter(|list| !list.is_empty()).map(|_| "logs_topic0"),
    };
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT l.*, t.hash AS transaction_hash, b.hash AS block_hash, b.header AS header \
         FROM (SELECT l.block_id, l.position FROM ",
    );
    let (number, order) = match index {
        Some(index) => {
            query.push(format_args!("logs l INDEXED BY {index} CROSS JOIN blocks b ON b.id = l.block_id"));
            ("l.number", "l.number, l.block_id, l.position")
        }
        None => {
            query.push("blocks b CROSS JOIN logs l ON l.block_id = b.id");
            ("b.number", "b.number, l.position")
        }
    };
    match range {
        LogRange::Numbers { from, to } => {
            query
                .push(format_args!(" WHERE b.canonical = 1 AND {number} BETWEEN "))
                .push_bind(from as i64)
                .push(" AND ")
                .push_bind(to as i64);
        }
        LogRange::Block(hash) => {
            query
                .push(" WHERE b.id = (SELECT id FROM blocks WHERE hash = ")
                .push_bind(hash.to_vec())
                .push(" ORDER BY canonical DESC LIMIT 1)");
        }
    }
    alternatives(&mut query, "l.address", filter.addresses.iter().map(|address| address.to_vec()));
    for (column, list) in ["l.topic0", "l.topic1", "l.topic2", "l.topic3"].into_iter().zip(&filter.topics) {
        if list.is_empty() {
            query.push(format_args!(" AND {column} IS NOT NULL"));
        } else {
            alternatives(&mut query, column, list.iter().map(|topic| topic.to_vec()));
        }
    }
    query.push(format_args!(" ORDER BY {order} LIMIT ")).push_bind(i64::try_from(limit).unwrap_or(i64::MAX)).push(
        ") found CROSS JOIN logs l ON l.block_id = found.block_id AND l.position = found.position \
         CROSS JOIN blocks b ON b.id = l.block_id \
         CROSS JOIN transactions t ON t.block_id = l.block_id AND t.position = l.transaction_position",
    );
    query
}

fn alternatives(query: &mut QueryBuilder<Sqlite>, column: &str, values: impl ExactSizeIterator<Item = Vec<u8>>) {
    if values.len() == 0 {
        return;
    }
    query.push(format!(" AND {column} IN ("));
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value);
    }
    query.push(")");
}

fn located(row: &sqlx::sqlite::SqliteRow) -> Result<LocatedLog> {
    let header = header_of(row.try_get::<&[u8], _>("header")?)?;
    let number = |column: &str| -> Result<u64> {
        u64::try_from(row.try_get::<i64, _>(column)?).map_err(|_| IndexError::Damaged("a negative position"))
    };
    Ok(LocatedLog {
        block_number: number("number")?,
        block_hash: word(row, "block_hash")?,
        block_timestamp: header.timestamp,
        transaction_hash: word(row, "transaction_hash")?,
        transaction_position: number("transaction_position")?,
        position: number("position")?,
        log: log_of(row)?,
    })
}
