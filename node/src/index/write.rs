//! Writing blocks: one SQL transaction a block.

use super::{
    error::Result,
    types::{BlockRecord, TransactionRecord},
};
use alloy_primitives::B256;
use sqlx::{Connection, QueryBuilder, Sqlite, SqliteConnection};

/// Rows in one INSERT. SQLite takes 32,766 bound values in a statement; 64 rows of 12 stay far below that and make the
/// round trip to SQLite's thread cheap.
const ROWS: usize = 64;

/// What one SQL transaction changes.
pub struct Change<'a> {
    /// Substrate hashes of the blocks that leave the canonical chain, newest first.
    pub retracted: &'a [B256],
    /// The block that becomes the head.
    pub enacted: Option<&'a BlockRecord>,
    /// SCALE encoding of that block, if the journal is to keep it.
    pub encoded: Option<Vec<u8>>,
    /// The journal forgets the blocks at and below this height.
    pub forget: u64,
    /// The chain went back to this height, and the blocks above it shall not come back.
    pub reverted_to: Option<u64>,
    /// From this height on no block is missing, if that changes.
    pub first: Option<u64>,
    /// Height and substrate hash of the block that the chain calls final.
    pub finalized: Option<(u64, B256)>,
}

/// Applies the change; on error nothing is written. Says what is final from now on: nothing new if the index has
/// another block at that height.
pub async fn apply(connection: &mut SqliteConnection, change: Change<'_>) -> Result<Option<u64>> {
    let mut transaction = connection.begin().await?;
    for hash in change.retracted {
        sqlx::query("UPDATE blocks SET canonical = 0 WHERE substrate_hash = ?")
            .bind(hash.as_slice())
            .execute(&mut *transaction)
            .await?;
    }
    if let Some(block) = change.enacted {
        enact(&mut transaction, block).await?;
        if let Some(encoded) = change.encoded {
            sqlx::query("INSERT OR REPLACE INTO journal (number, substrate_hash, block) VALUES (?, ?, ?)")
                .bind(block.number() as i64)
                .bind(block.substrate_hash.as_slice())
                .bind(encoded)
                .execute(&mut *transaction)
                .await?;
        }
    }
    if let Some(number) = change.reverted_to {
        sqlx::query("DELETE FROM journal WHERE number > ?").bind(number as i64).execute(&mut *transaction).await?;
        sqlx::query("DELETE FROM blocks WHERE number > ?").bind(number as i64).execute(&mut *transaction).await?;
    }
    sqlx::query("DELETE FROM journal WHERE number <= ?").bind(change.forget as i64).execute(&mut *transaction).await?;
    if let Some(number) = change.first {
        sqlx::query("UPDATE chain SET first_height = ?").bind(number as i64).execute(&mut *transaction).await?;
    }
    let finalized = match change.finalized {
        Some((number, hash)) => note_finalized(&mut transaction, number, hash).await?.then_some(number),
        None => None,
    };
    transaction.commit().await?;
    Ok(finalized)
}

/// Notes the final block and drops the non-canonical blocks at or below it, which no reorganisation can bring back.
/// `false`, and nothing is done, if the index has another block at that height.
pub async fn finalize(connection: &mut SqliteConnection, number: u64, hash: B256) -> Result<bool> {
    let mut transaction = connection.begin().await?;
    let noted = note_finalized(&mut transaction, number, hash).await?;
    if noted {
        sqlx::query("DELETE FROM blocks WHERE canonical = 0 AND number <= ?")
            .bind(number as i64)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(noted)
}

/// The chain may have made a block final that the index doesn't follow yet: only a block of the index counts.
async fn note_finalized(connection: &mut SqliteConnection, number: u64, hash: B256) -> Result<bool> {
    let noted = sqlx::query(
        "UPDATE chain SET finalized = ? \
         WHERE EXISTS (SELECT 1 FROM blocks WHERE canonical = 1 AND number = ? AND substrate_hash = ?)",
    )
    .bind(number as i64)
    .bind(number as i64)
    .bind(hash.as_slice())
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() > 0)
}

async fn enact(connection: &mut SqliteConnection, block: &BlockRecord) -> Result<()> {
    // The rows are still there when a reorganisation brings a block back.
    let known = sqlx::query("UPDATE blocks SET canonical = 1 WHERE substrate_hash = ?")
        .bind(block.substrate_hash.as_slice())
        .execute(&mut *connection)
        .await?;
    if known.rows_affected() > 0 {
        return Ok(());
    }
    let id = sqlx::query(
        "INSERT INTO blocks (number, hash, substrate_hash, header, size_bytes, canonical) VALUES (?, ?, ?, ?, ?, 1)",
    )
    .bind(block.number() as i64)
    .bind(block.hash.as_slice())
    .bind(block.substrate_hash.as_slice())
    .bind(block.header_rlp.as_slice())
    .bind(block.size_bytes as i64)
    .execute(&mut *connection)
    .await?
    .last_insert_rowid();
    let numbered: Vec<_> = block.transactions.iter().enumerate().collect();
    for rows in numbered.chunks(ROWS) {
        insert_transactions(connection, id, rows).await?;
    }
    let logs: Vec<_> = block.logs().collect();
    for rows in logs.chunks(ROWS) {
        insert_logs(connection, id, rows).await?;
    }
    Ok(())
}

async fn insert_transactions(
    connection: &mut SqliteConnection,
    block: i64,
    rows: &[(usize, &TransactionRecord)],
) -> Result<()> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO transactions (block_id, position, hash, raw, sender, recipient, contract_address, gas_used, \
         cumulative_gas_used, effective_gas_price, success, first_log) ",
    );
    query.push_values(rows, |mut row, (position, transaction)| {
        row.push_bind(block)
            .push_bind(*position as i64)
            .push_bind(transaction.hash.to_vec())
            .push_bind(transaction.raw.to_vec())
            .push_bind(transaction.from.to_vec())
            .push_bind(transaction.to.map(|to| to.to_vec()))
            .push_bind(transaction.contract_address.map(|address| address.to_vec()))
            .push_bind(transaction.gas_used as i64)
            .push_bind(transaction.cumulative_gas_used as i64)
            .push_bind(transaction.effective_gas_price.to_be_bytes().to_vec())
            .push_bind(transaction.success)
            .push_bind(transaction.first_log as i64);
    });
    query.build().execute(connection).await?;
    Ok(())
}

async fn insert_logs(connection: &mut SqliteConnection, block: i64, rows: &[super::types::LocatedLog]) -> Result<()> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO logs (block_id, position, number, transaction_position, address, topic0, topic1, topic2, topic3, \
         data) ",
    );
    query.push_values(rows, |mut row, log| {
        let topic = |i: usize| log.log.topics().get(i).map(|topic| topic.to_vec());
        row.push_bind(block)
            .push_bind(log.position as i64)
            .push_bind(log.block_number as i64)
            .push_bind(log.transaction_position as i64)
            .push_bind(log.log.address.to_vec())
            .push_bind(topic(0))
            .push_bind(topic(1))
            .push_bind(topic(2))
            .push_bind(topic(3))
            .push_bind(log.log.data.data.to_vec());
    });
    query.build().execute(connection).await?;
    Ok(())
}
