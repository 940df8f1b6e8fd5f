//! What can go wrong in the index.

use alloy_primitives::B256;

/// An error of the index. None of them is a client's fault.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// SQLite failed: disk full, file locked or damaged.
    #[error("index database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema can't be brought up to date, for example because a newer node wrote the file.
    #[error("index schema: {0}")]
    Schema(#[from] sqlx::migrate::MigrateError),
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
    /// The file's folder can't be made.
    #[error("index folder: {0}")]
    Folder(#[from] std::io::Error),
}

/// The index's result.
pub type Result<T> = std::result::Result<T, IndexError>;
