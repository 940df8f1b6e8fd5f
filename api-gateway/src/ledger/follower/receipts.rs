//! Blocks with their receipts, and the reasons of failures.

use super::super::chain::Block;
use super::super::contracts::hash_text;
use super::super::projection::BlockData;
use super::super::types::Failure;
use super::super::{Inner, revert};
use super::{Fault, inconsistent};
use crate::db::QueryBuilder;
use crate::error::Error;
use alloy::primitives::{B256, Bytes};
use sqlx::Row as _;
use std::collections::HashMap;

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
        let complete = receipts.len() == block.transactions.len()
            && receipts.iter().all(|receipt| receipt.block_hash == block.hash);
        if !complete {
            return Err(inconsistent().into());
        }
        let failed: Vec<(B256, u64)> = receipts
            .iter()
            .filter(|receipt| !receipt.succeeded())
            .map(|receipt| (receipt.transaction_hash, receipt.gas_used.to()))
            .collect();
        let failures = reasons(inner, block.number(), &failed).await?;
        data.push(BlockData { block: block.clone(), receipts, failures });
    }
    Ok(data)
}

/// Why those of ours failed.
async fn reasons(
    inner: &Inner,
    block: u64,
    failed: &[(B256, u64)],
) -> Result<HashMap<B256, (Failure, Option<Bytes>)>, Fault> {
    let mut reasons = HashMap::new();
    for chunk in failed.chunks(500) {
        let mut query = QueryBuilder::new("SELECT tx_hash, raw_tx FROM operations WHERE tx_hash IN (");
        query.push_list(chunk.iter().map(|(hash, _)| hash_text(*hash)));
        query.push(")");
        for row in query.build().fetch_all(inner.db.reader()).await? {
            let (hash, raw): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let hash: B256 = hash.parse().map_err(Error::internal)?;
            let gas_used = chunk.iter().find(|(one, _)| *one == hash).map_or(0, |(_, gas)| *gas);
            reasons.insert(hash, revert::reason(&inner.chain, &raw, block, gas_used).await?);
        }
    }
    Ok(reasons)
}
