//! The last blocks, whole.
//!
//! The chain's database writes behind: when the process is killed, blocks that were imported milliseconds before are
//! gone, though clients may have been told that they are final. On a network the peers still have them. On a node of
//! its own nobody has, so the node takes them from here at its next start, before it makes or accepts a new block.

use super::error::Result;
use alloy_primitives::B256;
use sqlx::{ConnectOptions, Row};
use std::path::Path;

/// A block of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Height.
    pub number: u64,
    /// The chain's own hash.
    pub hash: B256,
    /// SCALE encoding of header and body.
    pub block: Vec<u8>,
    /// Whether it was known to be final.
    pub finalized: bool,
}

/// The journal in `folder` from low to high; empty when there is no index.
///
/// # Errors
/// When the file can't be read.
pub async fn read(folder: &Path, genesis: B256) -> Result<Vec<Entry>> {
    let file = folder.join("index.sqlite");
    if !file.exists() {
        return Ok(Vec::new());
    }
    let mut connection = super::options(&file).connect().await?;
    sqlx::migrate!("./migrations").run(&mut connection).await?;
    let entries = sqlx::query(
        "SELECT j.number, j.substrate_hash, j.block, j.number <= c.finalized AND b.canonical = 1 AS finalized \
         FROM journal j JOIN chain c JOIN blocks b ON b.substrate_hash = j.substrate_hash \
         WHERE c.genesis_hash = ? AND length(j.block) > 0 ORDER BY j.number",
    )
    .bind(genesis.to_vec())
    .fetch_all(&mut connection)
    .await?
    .iter()
    .map(|row| {
        Ok(Entry {
            number: row.try_get::<i64, _>("number")? as u64,
            hash: super::read::word(row, "substrate_hash")?,
            block: row.try_get("block")?,
            finalized: row.try_get("finalized")?,
        })
    })
    .collect::<Result<_>>()?;
    sqlx::Connection::close(connection).await?;
    Ok(entries)
}
