//! The last canonical blocks in memory, and where the chain's ends are.

use super::{
    logs::LogRange,
    types::{BlockRecord, LocatedTransaction},
};
use alloy_primitives::B256;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Blocks kept.
const BLOCKS: usize = 256;
/// Transactions kept, over all blocks; bounds the memory when blocks have many of them.
const TRANSACTIONS: usize = 20_000;
/// Bytes kept; bounds the memory when blocks are large.
const BYTES: usize = 64 << 20;

/// The newest canonical blocks. The head is always in it once the index has one.
#[derive(Default)]
pub struct Recent {
    by_number: BTreeMap<u64, Arc<BlockRecord>>,
    by_hash: HashMap<B256, Arc<BlockRecord>>,
    transactions: HashMap<B256, (Arc<BlockRecord>, u64)>,
    /// Memory of all blocks.
    bytes: usize,
    finalized: u64,
    first: u64,
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

    /// From this height to the head no block is missing.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Sets the height from which no block is missing.
    pub fn set_first(&mut self, number: u64) {
        self.first = number;
    }

    /// By height.
    pub fn number(&self, number: u64) -> Option<Arc<BlockRecord>> {
        self.by_number.get(&number).cloned()
    }

    /// By Ethereum hash.
    pub fn hash(&self, hash: &B256) -> Option<Arc<BlockRecord>> {
        self.by_hash.get(hash).cloned()
    }

    /// All blocks of the range, in order; `None` if one isn't here.
    pub fn range(&self, range: LogRange) -> Option<Vec<Arc<BlockRecord>>> {
        match range {
            LogRange::Block(hash) => Some(vec![self.hash(&hash)?]),
            LogRange::Numbers { from, to } => {
                if to.checked_sub(from)? >= BLOCKS as u64 {
                    return None;
                }
                (from..=to).map(|number| self.number(number)).collect()
            }
        }
    }

    /// By transaction hash.
    pub fn transaction(&self, hash: &B256) -> Option<LocatedTransaction> {
        let (block, position) = self.transactions.get(hash)?;
        block.located(*position)
    }

    /// Makes the block the head.
    pub fn push(&mut self, block: Arc<BlockRecord>) {
        self.remove(block.number());
        for (position, transaction) in block.transactions.iter().enumerate() {
            self.transactions.insert(transaction.hash, (block.clone(), position as u64));
        }
        self.bytes += block.memory();
        self.by_hash.insert(block.hash, block.clone());
        self.by_number.insert(block.number(), block);
        while self.by_number.len() > 1 && self.is_full() {
            let oldest = self.by_number.first_key_value().map(|(number, _)| *number);
            if let Some(number) = oldest {
                self.remove(number);
            }
        }
    }

    fn is_full(&self) -> bool {
        self.by_number.len() > BLOCKS || self.transactions.len() > TRANSACTIONS || self.bytes > BYTES
    }

    /// Takes the block at this height out.
    pub fn remove(&mut self, number: u64) {
        let Some(block) = self.by_number.remove(&number) else { return };
        self.bytes -= block.memory();
        self.by_hash.remove(&block.hash);
        for transaction in &block.transactions {
            // A reorganisation may have put the same transaction into another block.
            if self.transactions.get(&transaction.hash).is_some_and(|(holder, _)| Arc::ptr_eq(holder, &block)) {
                self.transactions.remove(&transaction.hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::types::TransactionRecord, *};
    use alloy_consensus::Header;
    use alloy_primitives::Address;

    /// A block with one transaction of so many bytes.
    fn block(number: u64, bytes: usize) -> Arc<BlockRecord> {
        let hash = B256::left_padding_from(&number.to_be_bytes());
        let transaction = TransactionRecord {
            hash,
            raw: vec![0; bytes].into(),
            from: Address::ZERO,
            to: None,
            contract_address: None,
            gas_used: 0,
            cumulative_gas_used: 0,
            effective_gas_price: 0,
            success: true,
            first_log: 0,
            logs: Vec::new(),
        };
        Arc::new(BlockRecord {
            hash,
            substrate_hash: hash,
            header: Header { number, ..Default::default() },
            header_rlp: Vec::new(),
            size_bytes: 0,
            transactions: vec![transaction],
        })
    }

    #[test]
    fn keeps_no_more_bytes_than_it_may() {
        let mut recent = Recent::default();
        for number in 0..20 {
            recent.push(block(number, BYTES / 8));
            assert!(recent.bytes <= BYTES);
        }
        assert_eq!(recent.by_number.len(), 7);
        assert!(recent.number(12).is_none());
        assert!(recent.transaction(&block(13, 0).hash).is_some());
        // The head stays, however large it is.
        recent.push(block(20, 2 * BYTES));
        assert_eq!(recent.by_number.len(), 1);
        assert_eq!(recent.head().map(|head| head.number()), Some(20));
    }

    #[test]
    fn counts_each_block_once() {
        let mut recent = Recent::default();
        recent.push(block(1, 10));
        let bytes = recent.bytes;
        recent.push(block(1, 10));
        assert_eq!(recent.bytes, bytes);
        recent.remove(1);
        recent.remove(1);
        assert_eq!(recent.bytes, 0);
        assert!(recent.by_hash.is_empty() && recent.transactions.is_empty());
    }
}
