//! The whole chain as rows for the explorer: blocks, transactions and tokens, whoever sent them.
//!
//! ```text
//!  follower ─► append, revert_to    in the transaction of the projection, so that the explorer is never behind it
//!  backfill ─► prepend              from where the follower began down to block 0, chunk by chunk
//!  deployed ─► names                of tokens that are no code of the chain's own
//! ```
//!
//! `chain_history.low_number` says from which block on everything is there. The rows hold what lists and searches need;
//! the rest of a transaction is asked from the node (see [`super::inspect`]).

mod backfill;
pub(crate) mod deployed;
mod rows;
#[cfg(test)]
mod tests;

pub(crate) use backfill::run;

use super::projection::BlockData;
use super::state::big;
use crate::error::Result;
use sqlx::AnyConnection;

/// Adds blocks on top.
pub(crate) async fn append(tx: &mut AnyConnection, blocks: &[BlockData]) -> Result<()> {
    let Some(first) = blocks.first() else { return Ok(()) };
    sqlx::query("INSERT INTO chain_history (id, low_number) VALUES (1, $1) ON CONFLICT (id) DO NOTHING")
        .bind(big(first.block.number()))
        .execute(&mut *tx)
        .await?;
    rows::insert(tx, blocks).await
}

/// Adds the blocks right below the lowest one, in ascending order. Whoever calls holds the row of `chain_history`.
async fn prepend(tx: &mut AnyConnection, blocks: &[BlockData]) -> Result<()> {
    let Some(first) = blocks.first() else { return Ok(()) };
    rows::insert(tx, blocks).await?;
    sqlx::query("UPDATE chain_history SET low_number = $1 WHERE id = 1")
        .bind(big(first.block.number()))
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// Takes out every block above `number`.
pub(crate) async fn revert_to(tx: &mut AnyConnection, number: u64) -> Result<()> {
    // First the row that the backfill locks as well.
    sqlx::query("UPDATE chain_history SET low_number = $1 WHERE id = 1 AND low_number > $1")
        .bind(big(number).saturating_add(1))
        .execute(&mut *tx)
        .await?;
    rows::subtract_hours(tx, number).await?;
    for sql in [
        "DELETE FROM chain_tokens WHERE block_number > $1",
        "DELETE FROM chain_transactions WHERE block_number > $1",
        "DELETE FROM chain_blocks WHERE number > $1",
    ] {
        sqlx::query(sql).bind(big(number)).execute(&mut *tx).await?;
    }
    Ok(())
}
