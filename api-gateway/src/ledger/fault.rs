//! Why a background task did not get on.

use super::chain::ChainError;
use crate::error::Error;

/// The node or anything else: one is waited for, the other is reported.
pub(crate) enum Fault {
    /// The node.
    Chain(ChainError),
    /// The database, or a bug.
    Other(Error),
}

impl From<ChainError> for Fault {
    fn from(error: ChainError) -> Self {
        Self::Chain(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Other(error.into())
    }
}
