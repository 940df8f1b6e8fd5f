//! To whom known collections were given, as rows.

use super::super::contracts::{abi, address_text};
use super::super::state::big;
use super::BlockData;
use super::tokens::TokenCache;
use crate::db::QueryBuilder;
use crate::error::Result;
use alloy::primitives::Address;
use alloy::sol_types::SolEvent as _;
use sqlx::AnyConnection;

/// Writes what the blocks bring.
pub(super) async fn insert(tx: &mut AnyConnection, tokens: &mut TokenCache, blocks: &[BlockData]) -> Result<()> {
    let mut found = Vec::new();
    for data in blocks {
        for log in data.receipts.iter().flat_map(|receipt| &receipt.logs) {
            if let [abi::ICollection::OwnershipTransferred::SIGNATURE_HASH, _, owner] = log.topics[..] {
                let owner = address_text(Address::from_word(owner));
                found.push((data.block.number(), log.log_index.to::<u64>(), log.address, owner));
            }
        }
    }
    // Any contract may tell so; of the apps' own, only collections do.
    tokens.learn(tx, found.iter().map(|(_, _, contract, _)| (*contract, None)).collect()).await?;
    let rows: Vec<_> = found
        .into_iter()
        .filter_map(|(block, index, contract, owner)| {
            let (collection, _) = tokens.get(&(contract, None))?.clone();
            Some((block, index, collection, owner))
        })
        .collect();
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO collection_owners (block_number, log_index, collection_id, owner) ",
        &rows,
        "",
        |mut row, (block, index, collection, owner)| {
            row.push_bind(big(*block)).push_bind(big(*index)).push_bind(collection).push_bind(owner);
        },
    )
    .await?;
    Ok(())
}
