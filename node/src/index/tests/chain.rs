//! A chain in memory.

use super::*;
use alloy_consensus::{SignableTransaction, TxEnvelope, TxLegacy};
use alloy_eips::Encodable2718;
use alloy_primitives::{Bloom, BloomInput, Signature, U256, keccak256};
use hanse_primitives::{EthereumBlock, ExecutedTransaction, Log};
use parking_lot::Mutex;
use sp_core::{H160, H256};
use std::collections::HashMap;

pub const TOPIC: H256 = H256([0xdd; 32]);

#[derive(Default)]
pub struct State {
    pub blocks: HashMap<B256, (B256, EthereumBlock)>,
    pub best: Vec<B256>,
    pub finalized: u64,
    pub pruned_below: u64,
    /// How often a block's state was asked for.
    pub state_asked: u64,
}

/// A chain in memory.
#[derive(Default)]
pub struct TestChain(pub Mutex<State>);

impl Chain for TestChain {
    fn best(&self) -> (u64, B256) {
        let state = self.0.lock();
        (state.best.len() as u64 - 1, *state.best.last().expect("has genesis"))
    }

    fn finalized(&self) -> (u64, B256) {
        let state = self.0.lock();
        (state.finalized, state.best[state.finalized as usize])
    }

    fn hash_at(&self, number: u64) -> Result<Option<B256>> {
        Ok(self.0.lock().best.get(number as usize).copied())
    }

    fn parent(&self, hash: B256) -> Result<Option<B256>> {
        Ok(self.0.lock().blocks.get(&hash).map(|(parent, _)| *parent))
    }

    fn has_state(&self, hash: B256) -> Result<bool> {
        let mut state = self.0.lock();
        state.state_asked += 1;
        let number = state.best.iter().position(|best| *best == hash).unwrap_or(usize::MAX) as u64;
        Ok(number >= state.pruned_below)
    }

    fn ethereum_block(&self, hash: B256) -> Result<EthereumBlock> {
        if !self.has_state(hash)? {
            return Err(IndexError::StateGone(hash));
        }
        Ok(self.0.lock().blocks[&hash].1.clone())
    }

    fn encoded_block(&self, hash: B256) -> Result<Vec<u8>> {
        Ok(hash.to_vec())
    }
}

impl TestChain {
    pub fn new(seed: u8) -> Arc<Self> {
        let chain = Arc::new(Self::default());
        chain.extend(seed, &[]);
        chain
    }

    /// Adds a block with one transaction for each number, which emits that many logs.
    pub fn extend(&self, fork: u8, transactions: &[u8]) -> B256 {
        let mut state = self.0.lock();
        let parent = state.best.last().copied().unwrap_or_default();
        let number = state.best.len() as u64;
        let parent_hash = state.blocks.get(&parent).map(|(_, block)| convert::b256(block.hash)).unwrap_or_default();
        let transactions: Vec<_> =
            transactions.iter().enumerate().map(|(i, logs)| executed(number, i, *logs)).collect();
        let header = Header {
            number,
            parent_hash,
            extra_data: vec![fork].into(),
            logs_bloom: bloom(&transactions),
            ..Default::default()
        };
        let rlp = alloy_rlp::encode(&header);
        let hash = keccak256(&rlp);
        let substrate_hash = keccak256(hash);
        let block = EthereumBlock { hash: convert::h256(hash), header: rlp, transactions };
        state.blocks.insert(substrate_hash, (parent, block));
        state.best.push(substrate_hash);
        hash
    }

    /// Takes the best chain back to a height.
    pub fn rewind(&self, number: u64) {
        self.0.lock().best.truncate(number as usize + 1);
    }

    pub fn finalize(&self, number: u64) {
        self.0.lock().finalized = number;
    }
}

fn bloom(transactions: &[ExecutedTransaction]) -> Bloom {
    let mut bloom = Bloom::ZERO;
    for log in transactions.iter().flat_map(|transaction| &transaction.logs) {
        bloom.accrue(BloomInput::Raw(log.address.as_bytes()));
        log.topics.iter().for_each(|topic| bloom.accrue(BloomInput::Raw(topic.as_bytes())));
    }
    bloom
}

fn executed(number: u64, i: usize, logs: u8) -> ExecutedTransaction {
    let tx = TxLegacy { chain_id: Some(4269), nonce: number, gas_limit: i as u64, ..Default::default() };
    let envelope = TxEnvelope::Legacy(tx.into_signed(Signature::new(U256::from(1), U256::from(1), false)));
    let raw = envelope.encoded_2718();
    let log = |n: u8| Log {
        address: H160::repeat_byte(n + 1),
        topics: (0..n.min(4)).map(|topic| if topic == 0 { TOPIC } else { H256::repeat_byte(topic) }).collect(),
        data: vec![n; usize::from(n)],
    };
    ExecutedTransaction {
        hash: convert::h256(keccak256(&raw)),
        raw,
        from: H160::repeat_byte(9),
        to: i.is_multiple_of(2).then(|| H160::repeat_byte(8)),
        contract_address: (i % 2 == 1).then(|| H160::repeat_byte(7)),
        gas_used: 21_000,
        effective_gas_price: u128::MAX - i as u128,
        success: !i.is_multiple_of(3),
        logs: (0..logs).map(log).collect(),
    }
}
