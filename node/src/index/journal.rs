//! The last blocks, whole.
//!
//! The chain's database writes behind: when the process is killed, blocks that were imported milliseconds before are
//! gone, though clients may have been told that they are final. On a network the peers still have them. On a node of
//! its own nobody has, so the node takes them from here at its next start, before it makes or accepts a new block.

use super::{error::Result, file, read};
use alloy_primitives::B256;
use sqlx::{Row, SqliteConnection};
use std::path::Path;

/// Blocks below the chain's best that the journal keeps. More than these can't have been lost by the chain's database
/// in a crash.
pub const JOURNAL_BLOCKS: u64 = 1024;

/// The journal of a node that isn't running yet.
pub struct Journal(SqliteConnection);

/// A block of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Height.
    pub number: u64,
    /// The chain's own hash.
    pub hash: B256,
    /// Whether it was known to be final.
    pub finalized: bool,
}

impl Journal {
    /// Opens the journal in `folder`; `None` when there is no index.
    ///
    /// # Errors
    /// When the file can't be read.
    pub async fn open(folder: &Path) -> Result<Option<Self>> {
        let file = file::path(folder);
        if !file.exists() {
            return Ok(None);
        }
        Ok(Some(Self(file::connect(&file).await?)))
    }

    /// The blocks from low to high; none when the index is of another chain.
    ///
    /// # Errors
    /// When the file can't be read.
    pub async fn entries(&mut self, genesis: B256) -> Result<Vec<Entry>> {
        sqlx::query(
            "SELECT j.number, j.substrate_hash, j.number <= c.finalized AND b.canonical = 1 AS finalized \
             FROM journal j JOIN chain c JOIN blocks b ON b.substrate_hash = j.substrate_hash \
             WHERE c.genesis_hash = ? AND length(j.block) > 0 ORDER BY j.number",
        )
        .bind(genesis.to_vec())
        .fetch_all(&mut self.0)
        .await?
        .iter()
        .map(|row| {
            Ok(Entry {
                number: row.try_get::<i64, _>("number")? as u64,
                hash: read::word(row, "substrate_hash")?,
                finalized: row.try_get("finalized")?,
            })
        })
        .collect()
    }

    /// SCALE encoding of the block's header and body. All of them may be too much for the memory at once.
    ///
    /// # Errors
    /// When the file can't be read.
    pub async fn block(&mut self, hash: B256) -> Result<Vec<u8>> {
        Ok(sqlx::query_scalar("SELECT block FROM journal WHERE substrate_hash = ?")
            .bind(hash.to_vec())
            .fetch_one(&mut self.0)
            .await?)
    }

    /// Lets go of the file.
    pub async fn close(self) {
        file::close(self.0).await;
    }
}
