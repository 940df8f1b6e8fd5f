//! The last canonical blocks in memory, and where the chain's ends are.

use super::types::{BlockRecord, LocatedTransaction};
use alloy_primitives::B256;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Blocks kept.
const BLOCKS: usize = 256;
/// Transactions kept, over all blocks; bounds the memory when blocks are full.
const TRANSACTIONS: usize = 20_000;

/// The newest canonical blocks. The head is always in it once the index has one.
#[derive(Default)]
pub struct Recent {
    by_number: BTreeMap<u64, Arc<BlockRecord>>,
    by_hash: HashMap<B256, Arc<BlockRecord>>,
    transactions: HashMap<B256, (Arc<BlockRecord>, u64)>,
    finalized: u64,
}

impl Recent {
    /// The head: the newest block that has been indexed.
    pub fn head(&self) -> Option<Arc<BlockRecord>> {
        self.by_number.last_key_value().map(|(_, block)| block.clone())
    }

    /// Height of the last final block that has been indexed.
    pub fn finalized(&self) -> u64 {
        self.finalized
    }

    /// Sets the height of the last final block.
    pub fn set_finalized(&mut self, number: u64) {
        self.finalized = number;
    }

    /// By height.
    pub fn number(&self, number: u64) -> Option<Arc<BlockRecord>> {
        self.by_number.get(&number).cloned()
    }

    /// By Ethereum hash.
    pub fn hash(&self, hash: &B256) -> Option<Arc<BlockRecord>> {
        self.by_hash.get(hash).cloned()
    }

    /// By transaction hash.
    pub fn transaction(&self, hash: &B256) -> Option<LocatedTransaction> {
        let (block, position) = self.transactions.get(hash)?;
        block.located(*position)
    }

    /// Makes the block the head.
    pub fn push(&mut self, block: Arc<BlockRecord>) {
        for (position, transaction) in block.transactions.iter().enumerate() {
            self.transactions.insert(transaction.hash, (block.clone(), position as u64));
        }
        self.by_hash.insert(block.hash, block.clone());
        self.by_number.insert(block.number(), block);
        while self.by_number.len() > 1 && (self.by_number.len() > BLOCKS || self.transactions.len() > TRANSACTIONS) {
            let oldest = self.by_number.first_key_value().map(|(number, _)| *number);
            if let Some(number) = oldest {
                self.remove(number);
            }
        }
    }

    /// Takes the block at this height out.
    pub fn remove(&mut self, number: u64) {
        let Some(block) = self.by_number.remove(&number) else { return };
        self.by_hash.remove(&block.hash);
        for transaction in &block.transactions {
            // A reorganisation may have put the same transaction into another block.
            if self.transactions.get(&transaction.hash).is_some_and(|(holder, _)| Arc::ptr_eq(holder, &block)) {
                self.transactions.remove(&transaction.hash);
            }
        }
    }
}
