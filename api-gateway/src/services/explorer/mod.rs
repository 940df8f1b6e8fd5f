//! The chain as everybody on it may see it: blocks, transactions, addresses, tokens, whoever sent them.
//!
//! ```text
//!  lists, searches, sums ─► rows of ledger::history (the database alone; as new as the best block that is followed)
//!  one thing in full     ─► its row and what the node says (ledger::inspect)
//! ```
//!
//! What the chain says is no tenant's secret: every caller sees the same, and nothing here tells whose user an address is.

mod addresses;
mod blocks;
mod calls;
mod range;
mod search;
mod statistics;
mod tokens;
mod transactions;

pub use addresses::{AddressDetail, get as address};
pub use blocks::{BlocksQuery, ChainBlock, get as block, list as blocks};
pub use calls::{InternalCall, list as calls};
pub(super) use range::Range;
pub use search::{Hit, Hits, SearchQuery, search};
pub use statistics::{Bucket, ChainSummary, Interval, Series, StatisticsQuery, series, summary};
pub use tokens::{ChainToken, list as tokens};
pub use transactions::{
    ChainTransaction, EventLog, TransactionDetail, TransactionKind, TransactionsQuery, get as transaction,
    list as transactions,
};

use alloy::primitives::B256;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How sure the chain is of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Finality {
    /// In no block yet.
    Pending,
    /// In the best chain; a reorganisation may take it out.
    Included,
    /// In a finalized block.
    Finalized,
}

impl Finality {
    fn of(number: i64, finalized: i64) -> Self {
        if number <= finalized { Self::Finalized } else { Self::Included }
    }
}

/// A hash as the chain writes it: `0x` and 64 hex digits of any case.
fn parse_hash(text: &str) -> Option<B256> {
    let digits = text.strip_prefix("0x")?;
    (digits.len() == 64).then(|| digits.parse().ok()).flatten()
}

/// A block's number in decimal digits.
fn parse_number(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}
