//! Reading blocks and transactions back.

use super::{
    error::{IndexError, Result},
    types::{BlockRecord, LocatedTransaction, TransactionRecord},
};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Log, LogData};
use alloy_rlp::Decodable;
use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

pub(super) const BLOCK_BY_NUMBER: &str =
    "SELECT id, hash, substrate_hash, header, size_bytes FROM blocks WHERE canonical = 1 AND number = ?";
pub(super) const BLOCK_BY_HASH: &str = "SELECT id, hash, substrate_hash, header, size_bytes FROM blocks \
     WHERE hash = ? ORDER BY canonical DESC LIMIT 1";
pub(super) const BLOCK_BY_SUBSTRATE_HASH: &str =
    "SELECT id, hash, substrate_hash, header, size_bytes FROM blocks WHERE substrate_hash = ?";
pub(super) const HIGHEST_BELOW: &str = "SELECT MAX(number) FROM blocks WHERE canonical = 1 AND number < ?";
pub(super) const TRANSACTIONS_OF_BLOCK: &str = "SELECT * FROM transactions WHERE block_id = ? ORDER BY position";
pub(super) const LOGS_OF_BLOCK: &str = "SELECT * FROM logs WHERE block_id = ? ORDER BY position";
pub(super) const TRANSACTION: &str = "SELECT t.*, b.hash AS block_hash, b.header AS header FROM transactions t \
     JOIN blocks b ON b.id = t.block_id WHERE t.hash = ? AND b.canonical = 1";
pub(super) const LOGS_OF_TRANSACTION: &str =
    "SELECT * FROM logs WHERE block_id = ? AND transaction_position = ? ORDER BY position";
pub(super) const HEADERS: &str =
    "SELECT header FROM blocks WHERE canonical = 1 AND number BETWEEN ? AND ? ORDER BY number";

/// How a block is asked for.
#[derive(Clone, Copy, Debug)]
pub enum BlockKey {
    /// The canonical block at this height.
    Number(u64),
    /// By Ethereum hash; the canonical one first should two have the same.
    Hash(B256),
    /// By the chain's own hash.
    Substrate(B256),
}

/// The whole block.
pub async fn block(pool: &SqlitePool, key: BlockKey) -> Result<Option<BlockRecord>> {
    let mut connection = pool.acquire().await?;
    // One snapshot for the three reads.
    let mut transaction = sqlx::Connection::begin(&mut *connection).await?;
    block_in(&mut transaction, key).await
}

/// The highest canonical block that is lower than `number`.
pub async fn below(connection: &mut SqliteConnection, number: u64) -> Result<Option<BlockRecord>> {
    let number: Option<i64> = sqlx::query_scalar(HIGHEST_BELOW).bind(number as i64).fetch_one(&mut *connection).await?;
    match number {
        Some(number) => block_in(connection, BlockKey::Number(number as u64)).await,
        None => Ok(None),
    }
}

/// [`block`] on a connection of the caller's.
pub async fn block_in(connection: &mut SqliteConnection, key: BlockKey) -> Result<Option<BlockRecord>> {
    let Some(row) = block_row(connection, key).await? else { return Ok(None) };
    let id: i64 = row.try_get("id")?;
    let mut transactions: Vec<_> = sqlx::query(TRANSACTIONS_OF_BLOCK)
        .bind(id)
        .fetch_all(&mut *connection)
        .await?
        .iter()
        .map(transaction_of)
        .collect::<Result<_>>()?;
    let logs = sqlx::query(LOGS_OF_BLOCK).bind(id).fetch_all(&mut *connection).await?;
    for row in &logs {
        let position: i64 = row.try_get("transaction_position")?;
        let transaction =
            transactions.get_mut(position as usize).ok_or(IndexError::Damaged("a log without transaction"))?;
        transaction.logs.push(log_of(row)?);
    }
    let header_rlp: Vec<u8> = row.try_get("header")?;
    Ok(Some(BlockRecord {
        hash: word(&row, "hash")?,
        substrate_hash: word(&row, "substrate_hash")?,
        header: header_of(&header_rlp)?,
        header_rlp,
        size_bytes: row.try_get::<i64, _>("size_bytes")? as u64,
        transactions,
    }))
}

/// The transaction in the canonical chain, with its receipt.
pub async fn transaction(pool: &SqlitePool, hash: B256) -> Result<Option<LocatedTransaction>> {
    let mut connection = pool.acquire().await?;
    let mut snapshot = sqlx::Connection::begin(&mut *connection).await?;
    let Some(row) = sqlx::query(TRANSACTION).bind(hash.as_slice()).fetch_optional(&mut *snapshot).await? else {
        return Ok(None);
    };
    let mut transaction = transaction_of(&row)?;
    let position: i64 = row.try_get("position")?;
    let logs = sqlx::query(LOGS_OF_TRANSACTION)
        .bind(row.try_get::<i64, _>("block_id")?)
        .bind(position)
        .fetch_all(&mut *snapshot)
        .await?;
    transaction.logs = logs.iter().map(log_of).collect::<Result<_>>()?;
    let header: Vec<u8> = row.try_get("header")?;
    Ok(Some(LocatedTransaction {
        header: header_of(&header)?,
        block_hash: word(&row, "block_hash")?,
        position: position as u64,
        transaction,
    }))
}

/// The headers of the canonical blocks `from..=to`, in order.
pub async fn headers(pool: &SqlitePool, from: u64, to: u64) -> Result<Vec<Header>> {
    sqlx::query(HEADERS)
        .bind(from as i64)
        .bind(to as i64)
        .fetch_all(pool)
        .await?
        .iter()
        .map(|row| header_of(row.try_get::<&[u8], _>("header")?))
        .collect()
}

async fn block_row(connection: &mut SqliteConnection, key: BlockKey) -> Result<Option<SqliteRow>> {
    let query = match key {
        BlockKey::Number(number) => sqlx::query(BLOCK_BY_NUMBER).bind(number as i64),
        BlockKey::Hash(hash) => sqlx::query(BLOCK_BY_HASH).bind(hash.to_vec()),
        BlockKey::Substrate(hash) => sqlx::query(BLOCK_BY_SUBSTRATE_HASH).bind(hash.to_vec()),
    };
    Ok(query.fetch_optional(connection).await?)
}

pub(super) fn header_of(mut rlp: &[u8]) -> Result<Header> {
    Header::decode(&mut rlp).map_err(|_| IndexError::Damaged("a header that is no RLP"))
}

fn transaction_of(row: &SqliteRow) -> Result<TransactionRecord> {
    let price: &[u8] = row.try_get("effective_gas_price")?;
    Ok(TransactionRecord {
        hash: word(row, "hash")?,
        raw: row.try_get::<Vec<u8>, _>("raw")?.into(),
        from: address(row.try_get("sender")?)?,
        to: row.try_get::<Option<&[u8]>, _>("recipient")?.map(address).transpose()?,
        contract_address: row.try_get::<Option<&[u8]>, _>("contract_address")?.map(address).transpose()?,
        gas_used: row.try_get::<i64, _>("gas_used")? as u64,
        cumulative_gas_used: row.try_get::<i64, _>("cumulative_gas_used")? as u64,
        effective_gas_price: u128::from_be_bytes(
            price.try_into().map_err(|_| IndexError::Damaged("a gas price that isn't 16 bytes"))?,
        ),
        success: row.try_get("success")?,
        first_log: row.try_get::<i64, _>("first_log")? as u64,
        logs: Vec::new(),
    })
}

pub(super) fn log_of(row: &SqliteRow) -> Result<Log> {
    let mut topics = Vec::with_capacity(4);
    for column in ["topic0", "topic1", "topic2", "topic3"] {
        match row.try_get::<Option<&[u8]>, _>(column)? {
            Some(topic) => topics.push(hash(topic)?),
            None => break,
        }
    }
    let data = row.try_get::<Vec<u8>, _>("data")?.into();
    Ok(Log { address: address(row.try_get("address")?)?, data: LogData::new_unchecked(topics, data) })
}

pub(super) fn word(row: &SqliteRow, column: &str) -> Result<B256> {
    hash(row.try_get(column)?)
}

fn hash(bytes: &[u8]) -> Result<B256> {
    B256::try_from(bytes).map_err(|_| IndexError::Damaged("a hash that isn't 32 bytes"))
}

fn address(bytes: &[u8]) -> Result<Address> {
    Address::try_from(bytes).map_err(|_| IndexError::Damaged("an address that isn't 20 bytes"))
}
