//! Finding logs: `eth_getLogs` in the blocks that are in memory, or else as one SQL query; given up when it finds too
//! much or takes too long.

use super::{
    error::{IndexError, Result},
    read::{header_of, log_of, word},
    types::{BlockRecord, LocatedLog},
};
use alloy_primitives::{B256, Bloom, BloomInput, Log};
use futures::TryStreamExt;
pub use hanse_rpc_params::input::LogFilter;
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool, sqlite::SqliteRow};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Steps of SQLite's machine from one look at the clock to the next; some 100 µs.
const STEPS: i32 = 10_000;

/// Comparisons that a search in memory may take: some milliseconds of a thread that has other requests to answer.
const COMPARISONS: usize = 1_000_000;

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

/// Whether a search in these blocks is short enough for memory. A longer one is SQLite's, which searches in a thread of its
/// own and can be interrupted.
pub fn is_short(blocks: &[Arc<BlockRecord>], filter: &LogFilter) -> bool {
    let transactions = blocks.iter().flat_map(|block| &block.transactions);
    let logs: usize = transactions.map(|transaction| transaction.logs.len()).sum();
    let alternatives = filter.addresses.len() + filter.topics.iter().map(Vec::len).sum::<usize>();
    logs.saturating_mul(alternatives.max(1)) <= COMPARISONS
}

/// All logs of the blocks that match, in the order of the blocks; an error if they exceed one of the limits.
pub fn in_memory(blocks: &[Arc<BlockRecord>], filter: &LogFilter, limits: LogLimits) -> Result<Vec<LocatedLog>> {
    let wanted = blooms(filter);
    let may_match = |block: &&Arc<BlockRecord>| {
        wanted.iter().all(|list| list.iter().any(|bloom| block.header.logs_bloom.contains(bloom)))
    };
    let mut found = Found::within(limits);
    for block in blocks.iter().filter(may_match) {
        for log in block.logs_where(|log| filter.matches(log)) {
            found.push(log)?;
        }
    }
    Ok(found.logs)
}

/// For each list of alternatives their blooms: a block's bloom contains one of each list, or no log of it matches.
fn blooms(filter: &LogFilter) -> Vec<Vec<Bloom>> {
    let of = |value: &[u8]| Bloom::from(BloomInput::Raw(value));
    let addresses = filter.addresses.iter().map(|address| of(address.as_slice())).collect();
    let topics = filter.topics.iter().map(|list| list.iter().map(|topic| of(topic.as_slice())).collect());
    std::iter::once(addresses).chain(topics).filter(|list: &Vec<Bloom>| !list.is_empty()).collect()
}

/// All logs in the database that match, in the order of the chain; an error if they exceed one of the limits.
pub async fn stored(
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
    let mut found = Found::within(limits);
    let mut last = None;
    while let Some(row) = rows.try_next().await? {
        let id: i64 = row.try_get("block_id")?;
        let block = match last {
            Some((last, block)) if last == id => block,
            _ => BlockOfLogs::read(&row)?,
        };
        last = Some((id, block));
        found.push(located(&row, block)?)?;
    }
    Ok(found.logs)
}

/// What a search has found, within its limits.
struct Found {
    logs: Vec<LocatedLog>,
    bytes: usize,
    limits: LogLimits,
}

impl Found {
    fn within(limits: LogLimits) -> Self {
        Self { logs: Vec::new(), bytes: 0, limits }
    }

    fn push(&mut self, log: LocatedLog) -> Result<()> {
        let LogLimits { count, bytes, .. } = self.limits;
        let block = log.block_number;
        if self.logs.len() as u64 >= count {
            return Err(IndexError::TooManyLogs { limit: count, block });
        }
        self.bytes += json_bytes(&log.log);
        if self.bytes > bytes {
            return Err(IndexError::TooManyBytes { limit: bytes, block });
        }
        self.logs.push(log);
        Ok(())
    }
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

/// What all logs of a block say of it.
#[derive(Clone, Copy)]
struct BlockOfLogs {
    number: u64,
    hash: B256,
    timestamp: u64,
}

impl BlockOfLogs {
    fn read(row: &SqliteRow) -> Result<Self> {
        let header = header_of(row.try_get::<&[u8], _>("header")?)?;
        Ok(Self { number: header.number, hash: word(row, "block_hash")?, timestamp: header.timestamp })
    }
}

fn located(row: &SqliteRow, block: BlockOfLogs) -> Result<LocatedLog> {
    let position = |column: &str| -> Result<u64> {
        u64::try_from(row.try_get::<i64, _>(column)?).map_err(|_| IndexError::Damaged("a negative position"))
    };
    Ok(LocatedLog {
        block_number: block.number,
        block_hash: block.hash,
        block_timestamp: block.timestamp,
        transaction_hash: word(row, "transaction_hash")?,
        transaction_position: position("transaction_position")?,
        position: position("position")?,
        log: log_of(row)?,
    })
}
