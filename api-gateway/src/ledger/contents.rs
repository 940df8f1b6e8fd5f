//! Blocks with their transactions, receipts, and the reasons of failures.
//!
//! Nodes limit the size of an answer, and a stranger's contract can fill a block with logs. [`Reader`] asks for as many
//! blocks at once as the node answers. A block that is too large by itself is read piece by piece: its transactions and
//! receipts one by one, and of a receipt that is too large by itself the logs of our own tokens and collections.

use super::chain::{Block, ChainError, Log, PlacedLog, Receipt, SignedTransaction};
use super::contracts::hash_text;
use super::fault::Fault;
use super::projection::BlockData;
use super::types::Failure;
use super::{Inner, revert};
use crate::db::{QueryBuilder, ROWS_MAX};
use crate::error::Error;
use alloy::primitives::{Address, B256, Bytes, U64, U256};
use sqlx::Row as _;
use std::collections::HashMap;

/// Transactions whose contents are asked for in one batch; nodes limit the size of an answer.
const TRANSACTIONS: usize = 1_000;

/// Blocks of such a batch.
const BLOCKS: usize = 256;

/// Contracts of one filter.
const CONTRACTS: usize = 200;

/// The node's answers belong to different chains.
pub(super) fn inconsistent() -> ChainError {
    ChainError::Unusable("its answers belong to different chains; it is switching branches".to_owned())
}

/// Reads blocks in parts of the size that the node answers.
#[derive(Debug)]
pub(super) struct Reader {
    /// Blocks of one part at most: halved when the node does not answer.
    at_once: usize,
}

impl Default for Reader {
    fn default() -> Self {
        Self { at_once: BLOCKS }
    }
}

impl Reader {
    /// The contents of the first few of these blocks; at least of one, where there is one.
    ///
    /// # Errors
    /// When the node is away, or changes its chain meanwhile.
    pub async fn read(&mut self, inner: &Inner, blocks: &[Block]) -> Result<Vec<BlockData>, Fault> {
        loop {
            let mut transactions = 0;
            let count = blocks
                .iter()
                .take(self.at_once)
                .take_while(|block| {
                    let before = transactions;
                    transactions += block.transactions.len();
                    before == 0 || transactions <= TRANSACTIONS
                })
                .count();
            let part = &blocks[..count];
            match (at_once(inner, part).await, part) {
                (Ok(data), _) => {
                    self.at_once = (self.at_once * 2).min(BLOCKS);
                    return Ok(data);
                }
                (Err(Fault::Chain(ChainError::Unusable(reason))), _) => {
                    return Err(ChainError::Unusable(reason).into());
                }
                (Err(Fault::Chain(_)), [block]) => return Ok(vec![piece_by_piece(inner, block).await?]),
                (Err(Fault::Chain(error)), _) => {
                    self.at_once = part.len() / 2;
                    if error.is_away() {
                        return Err(error.into());
                    }
                }
                (Err(fault), _) => return Err(fault),
            }
        }
    }
}

async fn at_once(inner: &Inner, blocks: &[Block]) -> Result<Vec<BlockData>, Fault> {
    let filled: Vec<&Block> = blocks.iter().filter(|block| !block.transactions.is_empty()).collect();
    let mut contents: HashMap<B256, _> =
        filled.iter().map(|block| block.hash).zip(inner.chain.contents(&filled).await?).collect();
    let mut data = Vec::with_capacity(blocks.len());
    for block in blocks {
        let (transactions, receipts) = match contents.remove(&block.hash) {
            Some(contents) => contents.ok_or_else(inconsistent)?,
            None => (Vec::new(), Vec::new()),
        };
        data.push(complete(inner, block, transactions, receipts).await?);
    }
    Ok(data)
}

async fn piece_by_piece(inner: &Inner, block: &Block) -> Result<BlockData, Fault> {
    tracing::warn!(number = block.number(), "the node does not answer with this block at once; read piece by piece");
    let (mut transactions, mut receipts) = (Vec::new(), Vec::new());
    for (index, hash) in block.transactions.iter().enumerate() {
        transactions.push(inner.chain.transaction(*hash).await?.ok_or_else(inconsistent)?);
        match inner.chain.receipt(*hash).await {
            Ok(receipt) => receipts.push(receipt.ok_or_else(inconsistent)?),
            Err(ChainError::TooLarge(_)) => receipts.push(Receipt {
                transaction_hash: *hash,
                block_hash: block.hash,
                transaction_index: U64::from(index),
                // What failed has no logs, and nothing else makes a receipt large.
                status: U64::from(1),
                // Told in the receipt alone.
                gas_used: U64::ZERO,
                effective_gas_price: U256::ZERO,
                contract_address: None,
                logs: ours_in(inner, block, *hash).await?,
            }),
            Err(error) => return Err(error.into()),
        }
    }
    complete(inner, block, transactions, receipts).await
}

/// The logs of our tokens and collections in a transaction.
async fn ours_in(inner: &Inner, block: &Block, transaction: B256) -> Result<Vec<Log>, Fault> {
    let mut logs = Vec::new();
    for contracts in our_tokens(inner).await?.chunks(CONTRACTS) {
        let found = inner.chain.logs(block.hash, contracts).await?;
        let inside = found.into_iter().filter(|placed| placed.transaction_hash == transaction);
        logs.extend(inside.map(|PlacedLog { log, .. }| log));
    }
    Ok(logs)
}

/// Checks that all receipts are of this block, and adds the reasons.
async fn complete(
    inner: &Inner,
    block: &Block,
    transactions: Vec<SignedTransaction>,
    receipts: Vec<Receipt>,
) -> Result<BlockData, Fault> {
    let all = transactions.len() == block.transactions.len() && receipts.len() == block.transactions.len();
    if !all || receipts.iter().any(|receipt| receipt.block_hash != block.hash) {
        return Err(inconsistent().into());
    }
    let failures = reasons(inner, block.number(), &receipts).await?;
    Ok(BlockData { block: block.clone(), transactions, receipts, failures })
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
    for chunk in hashes.chunks(ROWS_MAX) {
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
    let rows = sqlx::query("SELECT address FROM tokens WHERE item IS NULL").fetch_all(inner.db.reader()).await?;
    let mut addresses = Vec::with_capacity(rows.len());
    for row in rows {
        let address: String = row.try_get(0)?;
        addresses.push(address.parse().map_err(Error::internal)?);
    }
    Ok(addresses)
}
