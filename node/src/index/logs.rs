//! Finding logs: `eth_getLogs` as one SQL query.

use super::{
    error::{IndexError, Result},
    read::{header_of, log_of, word},
    types::LocatedLog,
};
use alloy_primitives::{Address, B256, Log};
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool};

/// Which logs. Values in one list are alternatives; an empty list takes anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// The contracts that emitted.
    pub addresses: Vec<Address>,
    /// By position. A log with fewer topics than this has entries doesn't match.
    pub topics: Vec<Vec<B256>>,
}

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

impl LogFilter {
    /// Whether the log is wanted.
    pub fn matches(&self, log: &Log) -> bool {
        let wanted = |list: &[B256], topic: &B256| list.is_empty() || list.contains(topic);
        (self.addresses.is_empty() || self.addresses.contains(&log.address))
            && self.topics.len() <= log.topics().len()
            && self.topics.iter().zip(log.topics()).all(|(list, topic)| wanted(list, topic))
    }
}

/// The logs in the order of the chain, `limit` of them at most.
pub async fn logs(pool: &SqlitePool, filter: &LogFilter, range: LogRange, limit: u64) -> Result<Vec<LocatedLog>> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT l.*, t.hash AS transaction_hash, b.hash AS block_hash, b.header AS header \
         FROM logs l JOIN blocks b ON b.id = l.block_id \
         JOIN transactions t ON t.block_id = l.block_id AND t.position = l.transaction_position WHERE ",
    );
    match range {
        LogRange::Numbers { from, to } => {
            query
                .push("b.canonical = 1 AND b.number BETWEEN ")
                .push_bind(from as i64)
                .push(" AND ")
                .push_bind(to as i64);
            // Said twice, so that SQLite may take either the blocks' index or a logs' index.
            query.push(" AND l.number BETWEEN ").push_bind(from as i64).push(" AND ").push_bind(to as i64);
        }
        LogRange::Block(hash) => {
            query
                .push("b.id = (SELECT id FROM blocks WHERE hash = ")
                .push_bind(hash.to_vec())
                .push(" ORDER BY canonical DESC LIMIT 1)");
        }
    }
    alternatives(&mut query, "l.address", filter.addresses.iter().map(|address| address.to_vec()));
    for (column, list) in ["l.topic0", "l.topic1", "l.topic2", "l.topic3"].into_iter().zip(&filter.topics) {
        if list.is_empty() {
            query.push(format!(" AND {column} IS NOT NULL"));
        } else {
            alternatives(&mut query, column, list.iter().map(|topic| topic.to_vec()));
        }
    }
    query.push(" ORDER BY l.number, l.block_id, l.position LIMIT ").push_bind(limit as i64);
    query.build().fetch_all(pool).await?.iter().map(located).collect()
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
