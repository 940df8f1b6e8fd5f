//! Pauses and freezes of known tokens, as rows.

use super::super::contracts::{abi, address_text};
use super::super::state::big;
use super::BlockData;
use super::tokens::TokenCache;
use crate::db::QueryBuilder;
use crate::error::Result;
use alloy::primitives::{Address, B256};
use alloy::sol_types::SolEvent as _;
use sqlx::AnyConnection;

/// Whether a log with this first topic stops units, and whether those of one account.
fn meaning(topic: B256) -> Option<(bool, bool)> {
    match topic {
        abi::IToken::Paused::SIGNATURE_HASH => Some((true, false)),
        abi::IToken::Unpaused::SIGNATURE_HASH => Some((false, false)),
        abi::IToken::Frozen::SIGNATURE_HASH => Some((true, true)),
        abi::IToken::Unfrozen::SIGNATURE_HASH => Some((false, true)),
        _ => None,
    }
}

/// Writes what the blocks bring.
pub(super) async fn insert(tx: &mut AnyConnection, tokens: &mut TokenCache, blocks: &[BlockData]) -> Result<()> {
    let mut found = Vec::new();
    for data in blocks {
        for log in data.receipts.iter().flat_map(|receipt| &receipt.logs) {
            let Some((active, of_account)) = log.topics.first().and_then(|topic| meaning(*topic)) else { continue };
            let account = match (of_account, log.topics.get(1)) {
                (true, Some(topic)) => address_text(Address::from_word(*topic)),
                (true, None) => continue,
                (false, _) => String::new(),
            };
            found.push((data.block.number(), log.log_index.to::<u64>(), log.address, account, active));
        }
    }
    tokens.learn(tx, found.iter().map(|(_, _, token, _, _)| (*token, None)).collect()).await?;
    let rows: Vec<_> = found
        .into_iter()
        .filter_map(|(block, index, token, account, active)| {
            let (token, _) = tokens.get(&(token, None))?.clone();
            Some((block, index, token, account, active))
        })
        .collect();
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO token_controls (block_number, log_index, token_id, account, active) ",
        &rows,
        "",
        |mut row, (block, index, token, account, active)| {
            row.push_bind(big(*block)).push_bind(big(*index)).push_bind(token).push_bind(account).push_bind(*active);
        },
    )
    .await?;
    Ok(())
}
