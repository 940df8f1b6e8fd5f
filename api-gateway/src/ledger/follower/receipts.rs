//! Blocks with their receipts, and the reasons of failures.
//!
//! Nodes limit the size of an answer, and a stranger's contract can fill a block with logs. A block whose receipts the
//! node does not give at once is read in the two parts that are projected: the receipts of our own transactions, one by
//! one, and the Transfer events of our own tokens.

use super::super::chain::{Block, PlacedLog, Receipt};
use super::super::contracts::hash_text;
use super::super::projection::BlockData;
use super::super::types::Failure;
use super::super::{Inner, revert};
use super::{Fault, inconsistent};
use crate::db::QueryBuilder;
use crate::error::Error;
use alloy::primitives::{Address, B256, Bytes, U64};
use sqlx::Row as _;
use std::collections::HashMap;

/// Contracts of one filter.
const CONTRACTS: usize = 200;

/// Adds the receipts and the reasons of failures.
pub(super) async fn with_receipts(inner: &Inner, blocks: &[Block]) -> Result<Vec<BlockData>, Fault> {
    let filled: Vec<&Block> = blocks.iter().filter(|block| !block.transactions.is_empty()).collect();
    let mut receipts: HashMap<B256, _> =
        filled.iter().map(|block| block.hash).zip(inner.chain.receipts(&filled).await?).collect();
    let mut data = Vec::with_capacity(blocks.len());
    for block in blocks {
        let receipts = match receipts.remove(&block.hash) {
            Some(Some(receipts)) => receipts,
            Some(None) => return Err(inconsistent().into()),
            None => Vec::new(),
        };
        if receipts.len() != block.transactions.len() {
            return Err(inconsistent().into());
        }
        data.push(complete(inner, block, receipts).await?);
    }
    Ok(data)
}

/// The same for one block without asking for all its receipts. Transactions of others have receipts with our tokens'
/// movements alone, or none.
pub(super) async fn piece_by_piece(inner: &Inner, block: &Block) -> Result<BlockData, Fault> {
    let mut receipts = Vec::new();
    for hash in raw_of_ours(inner, &block.transactions).await?.into_keys() {
        let receipt = inner.chain.receipt(hash).await?.ok_or_else(inconsistent)?;
        receipts.push(Receipt { logs: Vec::new(), ..receipt });
    }
    for contracts in our_tokens(inner).await?.chunks(CONTRACTS) {
        for PlacedLog { log, block_hash, transaction_hash, transaction_index } in
            inner.chain.transfers(block.hash, contracts).await?
        {
            if let Some(receipt) = receipts.iter_mut().find(|one| one.transaction_hash == transaction_hash) {
                receipt.logs.push(log);
            } else {
                receipts.push(Receipt {
                    transaction_hash,
                    block_hash,
                    transaction_index,
                    // What failed has no logs.
                    status: U64::from(1),
                    gas_used: U64::ZERO,
                    logs: vec![log],
                });
            }
        }
    }
    tracing::warn!(
        number = block.number(),
        "the node does not give this block's receipts at once; read piece by piece"
    );
    complete(inner, block, receipts).await
}

/// Checks that all receipts are of this block, and adds the reasons.
async fn complete(inner: &Inner, block: &Block, receipts: Vec<Receipt>) -> Result<BlockData, Fault> {
    if receipts.iter().any(|receipt| receipt.block_hash != block.hash) {
        return Err(inconsistent().into());
    }
    let failures = reasons(inner, block.number(), &receipts).await?;
    Ok(BlockData { block: block.clone(), receipts, failures })
}

/// Why those of ours failed.
async fn reasons(
    inner: &Inner,
    block: u64,
    receipts: &[Receipt],
) -> Result<HashMap<B256, (Failure, Option<Bytes>)>, Fault> {
    let gas_used: HashMap<B256, u64> = receipts
        .iter()
        .filter(|receipt| !receipt.succeeded())
        .map(|receipt| (receipt.transaction_hash, receipt.gas_used.to()))
        .collect();
    let hashes: Vec<B256> = gas_used.keys().copied().collect();
    let mut ours = Vec::new();
    let mut failed = Vec::new();
    for (hash, raw) in raw_of_ours(inner, &hashes).await? {
        ours.push(hash);
        failed.push(revert::Failed { raw, gas_used: gas_used.get(&hash).copied().unwrap_or_default() });
    }
    let reasons = revert::reasons(&inner.chain, &failed, block).await?;
    Ok(ours.into_iter().zip(reasons).collect())
}

/// Those of these transactions that are ours, with their raw bytes.
async fn raw_of_ours(inner: &Inner, hashes: &[B256]) -> Result<HashMap<B256, String>, Fault> {
    let mut ours = HashMap::new();
    for chunk in hashes.chunks(500) {
        let mut query = QueryBuilder::new("SELECT tx_hash, raw_tx FROM operations WHERE tx_hash IN (");
        query.push_list(chunk.iter().map(|hash| hash_text(*hash)));
        query.push(")");
        for row in query.build().fetch_all(inner.db.reader()).await? {
            let hash: String = row.try_get(0)?;
            ours.insert(hash.parse().map_err(Error::internal)?, row.try_get(1)?);
        }
    }
    Ok(ours)
}

async fn our_tokens(inner: &Inner) -> Result<Vec<Address>, Fault> {
    let rows = sqlx::query("SELECT address FROM tokens").fetch_all(inner.db.reader()).await?;
    let mut addresses = Vec::with_capacity(rows.len());
    for row in rows {
        let address: String = row.try_get(0)?;
        addresses.push(address.parse().map_err(Error::internal)?);
    }
    Ok(addresses)
}
