//! What can go wrong in the index.

use alloy_primitives::B256;
use sqlx::migrate::MigrateError;
use std::time::Duration;

/// SQLite's primary result codes.
const SQLITE_ERROR: i32 = 1;
const SQLITE_INTERRUPT: i32 = 9;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_NOTADB: i32 = 26;

/// An error of the index. Only those of a search for logs that was too wide are a client's fault.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// SQLite failed: disk full, file locked or damaged.
    #[error("index database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema can't be brought up to date, for example because a newer node wrote the file.
    #[error("index schema: {0}")]
    Schema(#[from] MigrateError),
    /// A row isn't what this node writes.
    #[error("index row is damaged: {0}")]
    Damaged(&'static str),
    /// The chain's own database failed.
    #[error("chain: {0}")]
    Chain(String),
    /// The state of the block is gone (pruned), so that the runtime can't be asked about it.
    #[error("the state of block {0} is gone")]
    StateGone(B256),
    /// The runtime's answer isn't an Ethereum block.
    #[error("the runtime's Ethereum block of {0} is malformed: {1}")]
    Malformed(B256, alloy_rlp::Error),
    /// The runtime has no Ethereum block for the block.
    #[error("the runtime made no Ethereum block in {0}")]
    NoBlock(B256),
    /// The file's folder can't be made, or the file can't be moved.
    #[error("index folder: {0}")]
    Folder(#[from] std::io::Error),
    /// More logs match than one answer may have.
    #[error("more than {limit} logs match")]
    TooManyLogs {
        /// So many may match.
        limit: u64,
        /// Height of the first log above the limit.
        block: u64,
    },
    /// The logs that match are larger than one answer may be.
    #[error("more than {limit} bytes of logs match")]
    TooManyBytes {
        /// So large may the answer be.
        limit: usize,
        /// Height of the first log above the limit.
        block: u64,
    },
    /// The search for logs took more than this time.
    #[error("the search took more than {0:?}")]
    TooSlow(Duration),
}

impl IndexError {
    /// Whether an index file that can't be opened is itself the reason, so that only a new one helps.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(_) => true,
            Self::Database(error)
            | Self::Schema(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
                // The plain error is that of a statement which doesn't fit the file's schema.
                matches!(sqlite_code(error), Some(SQLITE_ERROR | SQLITE_CORRUPT | SQLITE_NOTADB))
            }
            // A newer node wrote it, or one with another schema.
            Self::Schema(_) => true,
            _ => false,
        }
    }

    /// Whether SQLite gave up because it was told to.
    pub(super) fn is_interrupt(&self) -> bool {
        matches!(self, Self::Database(error) if sqlite_code(error) == Some(SQLITE_INTERRUPT))
    }
}

/// The primary part of SQLite's result code.
fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

/// The index's result.
pub type Result<T> = std::result::Result<T, IndexError>;
