//! The index against temporary files, driven by a chain that the test reorganises at will.

use super::{
    chain::Chain,
    error::{IndexError, Result},
    follow::Follower,
    logs::{LogFilter, LogRange},
    *,
};
use alloy_consensus::{SignableTransaction, TxEnvelope, TxLegacy};
use alloy_eips::Encodable2718;
use alloy_primitives::{Signature, U256, keccak256};
use hanse_primitives::{EthereumBlock, ExecutedTransaction, Log, convert};
use parking_lot::Mutex;
use sp_core::{H160, H256};
use std::collections::HashMap;

const TOPIC: H256 = H256([0xdd; 32]);

#[derive(Default)]
struct State {
    blocks: HashMap<B256, (B256, EthereumBlock)>,
    best: Vec<B256>,
    finalized: u64,
    pruned_below: u64,
}

/// A chain in memory.
#[derive(Default)]
struct TestChain(Mutex<State>);

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

    fn ethereum_block(&self, hash: B256) -> Result<EthereumBlock> {
        let state = self.0.lock();
        let number = state.best.iter().position(|best| *best == hash).unwrap_or(usize::MAX) as u64;
        if number < state.pruned_below {
            return Err(IndexError::StateGone(hash));
        }
        Ok(state.blocks[&hash].1.clone())
    }

    fn encoded_block(&self, hash: B256) -> Result<Vec<u8>> {
        Ok(hash.to_vec())
    }
}

impl TestChain {
    fn new(seed: u8) -> Arc<Self> {
        let chain = Arc::new(Self::default());
        chain.extend(seed, &[]);
        chain
    }

    /// Adds a block with one transaction for each number, which emits that many logs.
    fn extend(&self, fork: u8, transactions: &[u8]) -> B256 {
        let mut state = self.0.lock();
        let parent = state.best.last().copied().unwrap_or_default();
        let number = state.best.len() as u64;
        let parent_hash = state.blocks.get(&parent).map(|(_, block)| convert::b256(block.hash)).unwrap_or_default();
        let header = Header { number, parent_hash, extra_data: vec![fork].into(), ..Default::default() };
        let rlp = alloy_rlp::encode(&header);
        let hash = keccak256(&rlp);
        let substrate_hash = keccak256(hash);
        let transactions = transactions.iter().enumerate().map(|(i, logs)| executed(number, i, *logs)).collect();
        let block = EthereumBlock { hash: convert::h256(hash), header: rlp, transactions };
        state.blocks.insert(substrate_hash, (parent, block));
        state.best.push(substrate_hash);
        hash
    }

    /// Takes the best chain back to a height.
    fn rewind(&self, number: u64) {
        self.0.lock().best.truncate(number as usize + 1);
    }

    fn finalize(&self, number: u64) {
        self.0.lock().finalized = number;
    }
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

struct Fixture {
    folder: tempfile::TempDir,
    chain: Arc<TestChain>,
}

impl Fixture {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), chain: TestChain::new(0) }
    }

    async fn open(&self) -> (Index, Follower<TestChain>) {
        Index::open(self.folder.path(), self.chain.clone(), None).await.expect("opens")
    }
}

/// Every height's block as readers see it, from the database and from the cache.
async fn assert_equals_chain(index: &Index, chain: &TestChain) {
    let best = chain.best().0;
    assert_eq!(index.head().map(|head| head.number()), Some(best));
    assert!(index.block_by_number(best + 1).await.expect("reads").is_none());
    for number in 0..=best {
        let substrate_hash = chain.hash_at(number).expect("answers").expect("is there");
        let expected = chain.ethereum_block(substrate_hash).expect("is there");
        let expected = BlockRecord::from_runtime(substrate_hash, expected).expect("decodes");
        let stored = read::block(&index.pool, BlockKey::Number(number)).await.expect("reads").expect("is there");
        assert_eq!(stored, expected);
        let served = index.block_by_hash(expected.hash).await.expect("reads").expect("is there");
        assert_eq!(*served, expected);
        for (i, transaction) in expected.transactions.iter().enumerate() {
            let located = index.transaction(transaction.hash).await.expect("reads").expect("is there");
            assert_eq!(located, expected.located(i as u64).expect("is there"));
            let stored = read::transaction(&index.pool, transaction.hash).await.expect("reads");
            assert_eq!(stored, Some(located));
        }
    }
    let range = LogRange::Numbers { from: 0, to: best };
    let logs = index.logs(&LogFilter::default(), range, 10_000).await.expect("reads");
    let mut expected = Vec::new();
    for number in 0..=best {
        expected.extend(index.block_by_number(number).await.expect("reads").expect("is there").logs());
    }
    assert_eq!(logs, expected);
}

#[tokio::test]
async fn indexes_what_the_chain_has() {
    let fixture = Fixture::new();
    for n in 1..20 {
        fixture.chain.extend(0, &[n % 5, 3, 0]);
    }
    let (index, mut follower) = fixture.open().await;
    assert!(index.head().is_none());
    follower.begin().await.expect("indexes genesis");
    assert_eq!(index.head().map(|head| head.number()), Some(0));
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, &fixture.chain).await;
}

#[tokio::test]
async fn many_rows_fit_into_one_block() {
    let fixture = Fixture::new();
    fixture.chain.extend(0, &[2; 300]);
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, &fixture.chain).await;
}

#[tokio::test]
async fn follows_reorganisations_and_tells_of_them() {
    let fixture = Fixture::new();
    let (index, mut follower) = fixture.open().await;
    for _ in 0..5 {
        fixture.chain.extend(0, &[1, 2]);
    }
    follower.catch_up().await.expect("indexes");
    let old_head = index.head().expect("has a head");
    let mut changes = index.changes();

    fixture.chain.rewind(2);
    for _ in 0..4 {
        fixture.chain.extend(1, &[3]);
    }
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, &fixture.chain).await;
    let change = changes.try_recv().expect("was told");
    let retracted: Vec<_> = change.retracted.iter().map(|block| block.number()).collect();
    assert_eq!(retracted, [5, 4, 3]);
    assert_eq!(change.enacted.as_ref().map(|block| block.number()), Some(3));
    for number in 4..=6 {
        let change = changes.try_recv().expect("was told");
        assert!(change.retracted.is_empty());
        assert_eq!(change.enacted.as_ref().map(|block| block.number()), Some(number));
    }

    // A block off the chain is still found by its hash, its transactions are not.
    assert!(index.block_by_hash(old_head.hash).await.expect("reads").is_some());
    let gone = old_head.transactions[0].hash;
    let there = index.transaction(gone).await.expect("reads");
    assert!(there.is_none_or(|located| located.block_hash != old_head.hash));

    // Back to the first branch.
    let branch = fixture.chain.0.lock().best.clone();
    fixture.chain.rewind(2);
    for _ in 0..6 {
        fixture.chain.extend(0, &[1, 2]);
    }
    assert_ne!(branch, fixture.chain.0.lock().best);
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, &fixture.chain).await;
}

#[tokio::test]
async fn a_chain_may_become_shorter() {
    let fixture = Fixture::new();
    for _ in 0..400 {
        fixture.chain.extend(0, &[1]);
    }
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    // Further back than the cache reaches.
    fixture.chain.rewind(10);
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, &fixture.chain).await;
}

#[tokio::test]
async fn goes_on_after_a_restart_wherever_the_chain_went() {
    let fixture = Fixture::new();
    for _ in 0..8 {
        fixture.chain.extend(0, &[1]);
    }
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    drop((index, follower));

    // The database of the chain lost blocks, and others were made.
    fixture.chain.rewind(6);
    fixture.chain.extend(1, &[4]);
    let (index, mut follower) = fixture.open().await;
    assert_eq!(index.head().map(|head| head.number()), Some(8));
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, &fixture.chain).await;
}

#[tokio::test]
async fn is_written_anew_when_missing_or_of_another_chain() {
    let mut fixture = Fixture::new();
    fixture.chain.extend(0, &[1]);
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    drop((index, follower));

    fixture.chain = TestChain::new(7);
    fixture.chain.extend(7, &[2]);
    let (index, mut follower) = fixture.open().await;
    assert!(index.head().is_none());
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, &fixture.chain).await;
    drop((index, follower));

    for entry in std::fs::read_dir(fixture.folder.path()).expect("lists") {
        std::fs::remove_file(entry.expect("lists").path()).expect("removes");
    }
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, &fixture.chain).await;
}

#[tokio::test]
async fn finality_sweeps_what_can_not_come_back() {
    let fixture = Fixture::new();
    let (index, mut follower) = fixture.open().await;
    let lost = fixture.chain.extend(0, &[1]);
    follower.catch_up().await.expect("indexes");
    fixture.chain.rewind(0);
    for _ in 0..100 {
        fixture.chain.extend(1, &[1]);
    }
    follower.catch_up().await.expect("indexes");
    assert!(index.block_by_hash(lost).await.expect("reads").is_some());
    fixture.chain.finalize(90);
    follower.catch_up().await.expect("indexes");
    assert_eq!(index.finalized(), 90);
    assert!(index.block_by_hash(lost).await.expect("reads").is_none());
    let orphans: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM logs WHERE block_id NOT IN (SELECT id FROM blocks)")
        .fetch_one(&index.pool)
        .await
        .expect("counts");
    assert_eq!(orphans, 0);
    assert_equals_chain(&index, &fixture.chain).await;

    drop((index, follower));
    let journal = journal::read(fixture.folder.path(), fixture.chain.hash_at(0).expect("answers").expect("is there"))
        .await
        .expect("reads");
    assert_eq!(journal.first().map(|entry| entry.number), Some(26));
    assert_eq!(journal.last().map(|entry| (entry.number, entry.finalized)), Some((100, false)));
    assert!(journal.iter().all(|entry| entry.finalized == (entry.number <= 90)));
    let (index, _) = fixture.open().await;
    assert_eq!(index.finalized(), 90);
}

#[tokio::test]
async fn leaves_out_what_was_pruned() {
    let fixture = Fixture::new();
    for _ in 0..10 {
        fixture.chain.extend(0, &[1]);
    }
    fixture.chain.finalize(9);
    fixture.chain.0.lock().pruned_below = 5;
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    assert_eq!(index.head().map(|head| head.number()), Some(10));
    assert!(index.block_by_number(4).await.expect("reads").is_none());
    assert!(index.block_by_number(5).await.expect("reads").is_some());
}

#[tokio::test]
async fn logs_are_found_by_address_and_topics() {
    let fixture = Fixture::new();
    for _ in 0..10 {
        fixture.chain.extend(0, &[5, 2]);
    }
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    let all: Vec<_> =
        index.logs(&LogFilter::default(), LogRange::Numbers { from: 0, to: 10 }, 999).await.expect("reads");
    assert_eq!(all.len(), 70);
    let address = |byte| alloy_primitives::Address::repeat_byte(byte);
    let topic = convert::b256(TOPIC);
    let (one, two) = (B256::repeat_byte(1), B256::repeat_byte(2));
    for filter in [
        LogFilter { addresses: vec![address(3)], topics: vec![] },
        LogFilter { addresses: vec![address(3), address(2)], topics: vec![] },
        LogFilter { addresses: vec![], topics: vec![vec![topic]] },
        LogFilter { addresses: vec![], topics: vec![vec![], vec![one]] },
        LogFilter { addresses: vec![], topics: vec![vec![], vec![one, two], vec![]] },
        LogFilter { addresses: vec![address(5)], topics: vec![vec![topic, one], vec![one], vec![two], vec![]] },
        LogFilter { addresses: vec![], topics: vec![vec![one]] },
    ] {
        for (from, to) in [(0, 10), (3, 4), (10, 10)] {
            let range = LogRange::Numbers { from, to };
            let found = index.logs(&filter, range, 999).await.expect("reads");
            let expected: Vec<_> = all
                .iter()
                .filter(|log| (from..=to).contains(&log.block_number) && filter.matches(&log.log))
                .cloned()
                .collect();
            assert_eq!(found, expected, "{filter:?}");
        }
    }
    let head = index.head().expect("has a head");
    let in_block = index.logs(&LogFilter::default(), LogRange::Block(head.hash), 999).await.expect("reads");
    assert_eq!(in_block.len(), 7);
    assert_eq!(
        index.logs(&LogFilter::default(), LogRange::Numbers { from: 0, to: 10 }, 4).await.expect("reads").len(),
        4
    );
}
