//! The blocks below the one where the follower began, downwards to block 0.
//!
//! Each chunk has to fit below what is there: its last block is the parent of the lowest one. So a node that is on
//! another branch, or is another chain, can't slip in a block.

use super::super::Inner;
use super::super::contents::{Reader, inconsistent};
use super::super::contracts::hash_text;
use super::super::fault::Fault;
use super::super::projection::BlockData;
use super::super::state::{ChainState, big};
use super::prepend;
use crate::db::Db;
use crate::error::Error;
use sqlx::{AnyConnection, Row as _};
use std::sync::Arc;
use std::time::Duration;

/// Blocks of one chunk.
const CHUNK: u64 = 200;

/// Between two chunks: the follower and the outbox go first.
const PAUSE: Duration = Duration::from_millis(20);

/// Between two looks when nothing is to do.
const IDLE: Duration = Duration::from_secs(1);

/// Where the history begins.
struct Low {
    number: u64,
    /// The block right below.
    parent_hash: String,
}

/// Runs until it is dropped.
pub(crate) async fn run(inner: Arc<Inner>) {
    let mut reader = Reader::default();
    loop {
        let moved = if inner.lease.is_held() && inner.node.is_identified() {
            step(&inner, &mut reader).await
        } else {
            Ok(false)
        };
        let pause = match moved {
            Ok(true) => PAUSE,
            Ok(false) => IDLE,
            Err(Fault::Chain(error)) => {
                tracing::debug!(%error, "the history waits for the node");
                IDLE
            }
            Err(Fault::Other(error)) => {
                tracing::error!(%error, "old blocks could not be read; trying again");
                IDLE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// One chunk. False when nothing is missing, or nothing is there yet.
pub(super) async fn step(inner: &Inner, reader: &mut Reader) -> Result<bool, Fault> {
    let mut connection = inner.db.reader().acquire().await?;
    let low = low(&mut connection, "").await?;
    drop(connection);
    let Some(low) = low else { return begin(&inner.db).await };
    if low.number == 0 {
        return Ok(false);
    }
    let first = low.number.saturating_sub(CHUNK);
    let mut blocks = Vec::new();
    for block in inner.chain.blocks(first..low.number).await? {
        blocks.push(block.ok_or_else(inconsistent)?);
    }
    let mut above = low.parent_hash.clone();
    for block in blocks.iter().rev() {
        if hash_text(block.hash) != above {
            return Err(inconsistent().into());
        }
        above = hash_text(block.parent_hash);
    }
    let mut data = Vec::with_capacity(blocks.len());
    while data.len() < blocks.len() {
        data.extend(reader.read(inner, &blocks[data.len()..]).await?);
    }
    store(&inner.db, &low, &data).await?;
    if first == 0 {
        tracing::info!("the explorer has the whole chain");
    }
    Ok(true)
}

/// Nothing has been added yet: everything up to the best block is missing. False before the first contact.
async fn begin(db: &Db) -> Result<bool, Fault> {
    let mut tx = db.write_relaxed().await?;
    let Some(state) = ChainState::read(&mut tx, db.for_update()).await? else { return Ok(false) };
    sqlx::query("INSERT INTO chain_history (id, low_number) VALUES (1, $1) ON CONFLICT (id) DO NOTHING")
        .bind(big(state.best_number).saturating_add(1))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}

async fn store(db: &Db, seen: &Low, data: &[BlockData]) -> Result<(), Fault> {
    let mut tx = db.write_relaxed().await?;
    match low(&mut tx, db.for_update()).await? {
        Some(now) if now.number == seen.number && now.parent_hash == seen.parent_hash => {}
        // The chain has gone back below it meanwhile.
        _ => return Ok(()),
    }
    prepend(&mut tx, data).await?;
    tx.commit().await?;
    metrics::gauge!("hanse_gateway_history_low_block").set(seen.number.saturating_sub(data.len() as u64) as f64);
    Ok(())
}

async fn low(connection: &mut AnyConnection, suffix: &'static str) -> Result<Option<Low>, Fault> {
    let sql = match suffix {
        "" => "SELECT low_number FROM chain_history WHERE id = 1",
        _ => "SELECT low_number FROM chain_history WHERE id = 1 FOR UPDATE",
    };
    let Some(row) = sqlx::query(sql).fetch_optional(&mut *connection).await? else { return Ok(None) };
    let number: i64 = row.try_get(0)?;
    let row = sqlx::query(
        "SELECT parent_hash FROM chain_blocks WHERE number = $1 \
         UNION ALL SELECT hash FROM blocks WHERE number = $1 - 1 AND NOT EXISTS (SELECT 1 FROM chain_blocks WHERE number = $1)",
    )
    .bind(number)
    .fetch_optional(&mut *connection)
    .await?;
    let number = u64::try_from(number).map_err(Error::internal)?;
    Ok(match row {
        Some(row) => Some(Low { number, parent_hash: row.try_get(0)? }),
        None => None,
    })
}
