//! One field for everything: hash, number, address, name.

use super::blocks::{self, ChainBlock};
use super::tokens::{self, ChainToken};
use super::transactions::{self, ChainTransaction};
use super::{parse_hash, parse_number};
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::contracts::address_text;
use crate::services::address::parse_address;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Tokens found by name at most.
const NAMED: i64 = 20;

/// Query of `GET /explorer/search`.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// A hash, a block's number, an address, or a part of a token's name or symbol: 1 to 100 characters.
    #[param(min_length = 1, max_length = 100)]
    pub q: String,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum Hit {
    /// A block.
    Block {
        /// It.
        block: ChainBlock,
    },
    /// A transaction.
    Transaction {
        /// It.
        transaction: ChainTransaction,
    },
    /// An address; every address exists.
    Address {
        /// It.
        address: String,
    },
    /// A token.
    Token {
        /// It.
        token: ChainToken,
    },
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hits {
    /// The best first; at most 21.
    pub items: Vec<Hit>,
}

/// Finds what a text may mean. Pending transactions are found while the node is there.
///
/// # Errors
/// A field error for an empty or long text, or a mistyped address.
pub async fn search(ledger: &Ledger, query: &SearchQuery) -> Result<Hits> {
    let text = query.q.trim();
    if text.is_empty() || query.q.chars().count() > 100 {
        return Err(Error::field("query.q", "length", "must have 1 to 100 characters"));
    }
    let db = ledger.db();
    let mut items = Vec::new();
    if let Some(hash) = parse_hash(text) {
        if let Some(transaction) = transactions::find(db, hash).await? {
            items.push(Hit::Transaction { transaction });
        } else if let Some(block) = blocks::find(db, text).await? {
            items.push(Hit::Block { block });
        } else if let Ok(Some(signed)) = ledger.signed(hash).await
            && signed.block_hash.is_none()
        {
            items.push(Hit::Transaction { transaction: transactions::unplaced(&signed) });
        }
        return Ok(Hits { items });
    }
    if text.len() == 42 && text.starts_with("0x") {
        let address = parse_address("query.q", text).map_err(|broken| Error::fields(vec![broken]))?;
        let address = address_text(address);
        if let Some(token) = tokens::at(db, &address).await? {
            items.push(Hit::Token { token });
        }
        items.push(Hit::Address { address });
        return Ok(Hits { items });
    }
    if parse_number(text).is_some()
        && let Some(block) = blocks::find(db, text).await?
    {
        items.push(Hit::Block { block });
    }
    items.extend(tokens::named(db, text, NAMED).await?.into_iter().map(|token| Hit::Token { token }));
    Ok(Hits { items })
}
