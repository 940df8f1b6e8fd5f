//! The index against temporary files, driven by a chain that the test reorganises at will.

use super::{
    chain::Chain,
    error::{IndexError, Result},
    follow::Follower,
    journal::{Entry, JOURNAL_BLOCKS, Journal},
    logs::{LogFilter, LogLimits, LogRange},
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
    /// How often a block's state was asked for.
    state_asked: u64,
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

    /// The journal as the node finds it at its next start.
    async fn journal(&self) -> Vec<Entry> {
        let genesis = self.chain.hash_at(0).expect("answers").expect("is there");
        let mut journal = Journal::open(self.folder.path()).await.expect("opens").expect("is there");
        let entries = journal.entries(genesis).await.expect("reads");
        for entry in &entries {
            let block = journal.block(entry.hash).await.expect("reads");
            assert_eq!(block, self.chain.encoded_block(entry.hash).expect("answers"));
        }
        journal.close().await;
        entries
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
    let journal = fixture.journal().await;
    assert_eq!(journal.first().map(|entry| entry.number), Some(1));
    assert_eq!(journal.last().map(|entry| (entry.number, entry.finalized)), Some((100, false)));
    assert!(journal.iter().all(|entry| entry.finalized == (entry.number <= 90)));
    let (index, _) = fixture.open().await;
    assert_eq!(index.finalized(), 90);
}

#[tokio::test]
async fn the_journal_holds_the_last_blocks_only() {
    let fixture = Fixture::new();
    for _ in 0..JOURNAL_BLOCKS + 20 {
        fixture.chain.extend(0, &[]);
    }
    let (index, mut follower) = fixture.open().await;
    // While the index is far behind, nothing that it does is worth a place.
    for _ in 0..=20 {
        assert!(follower.step().await.expect("indexes"));
    }
    assert_eq!(index.head().map(|head| head.number()), Some(20));
    assert_eq!(fixture.journal().await, []);
    follower.catch_up().await.expect("indexes");
    let numbers = |journal: &[Entry]| (journal[0].number, journal[journal.len() - 1].number, journal.len() as u64);
    assert_eq!(numbers(&fixture.journal().await), (21, JOURNAL_BLOCKS + 20, JOURNAL_BLOCKS));
    // Without finality too: what is too old leaves as new blocks come.
    for _ in 0..5 {
        fixture.chain.extend(0, &[]);
    }
    assert!(follower.step().await.expect("indexes"));
    assert_eq!(numbers(&fixture.journal().await), (26, JOURNAL_BLOCKS + 21, JOURNAL_BLOCKS - 4));
}

#[tokio::test]
async fn only_a_block_of_the_index_is_final() {
    let fixture = Fixture::new();
    for _ in 0..5 {
        fixture.chain.extend(0, &[1]);
    }
    fixture.chain.finalize(1);
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    assert_eq!(index.finalized(), 1);
    // Another fork becomes final after the last step.
    fixture.chain.rewind(2);
    for _ in 0..2 {
        fixture.chain.extend(1, &[1]);
    }
    fixture.chain.finalize(4);
    follower.finalize().await.expect("writes");
    assert_eq!(index.finalized(), 1);
    assert_eq!(index.head().map(|head| head.number()), Some(5));
    follower.catch_up().await.expect("indexes");
    assert_eq!(index.finalized(), 4);
    assert_equals_chain(&index, &fixture.chain).await;
}

#[tokio::test]
async fn what_is_indexed_of_the_final_chain_is_final() {
    let fixture = Fixture::new();
    for _ in 0..10 {
        fixture.chain.extend(0, &[1]);
    }
    fixture.chain.finalize(8);
    let (index, mut follower) = fixture.open().await;
    for number in 0..=10 {
        assert!(follower.step().await.expect("indexes"));
        assert_eq!(index.head().map(|head| head.number()), Some(number));
        assert_eq!(index.finalized(), number.min(8));
    }
    assert!(!follower.step().await.expect("indexes"));
}

#[tokio::test]
async fn leaves_out_what_was_pruned() {
    let fixture = Fixture::new();
    for _ in 0..1000 {
        fixture.chain.extend(0, &[1]);
    }
    fixture.chain.finalize(990);
    fixture.chain.0.lock().pruned_below = 900;
    let (index, mut follower) = fixture.open().await;
    follower.begin().await.expect("indexes");
    assert_eq!(index.head().map(|head| head.number()), Some(900));
    assert!(fixture.chain.0.lock().state_asked < 20, "each block was asked for");
    follower.catch_up().await.expect("indexes");
    assert_eq!(index.head().map(|head| head.number()), Some(1000));
    assert_eq!(index.first_height(), 900);
    assert!(index.block_by_number(899).await.expect("reads").is_none());
    assert!(index.block_by_number(900).await.expect("reads").is_some());
    drop((index, follower));

    // The node was away for longer than states are kept.
    for _ in 0..1000 {
        fixture.chain.extend(0, &[1]);
    }
    fixture.chain.finalize(1990);
    fixture.chain.0.lock().pruned_below = 1900;
    let (index, mut follower) = fixture.open().await;
    assert_eq!(index.first_height(), 900);
    follower.catch_up().await.expect("indexes");
    assert_eq!(index.first_height(), 1900);
    assert!(index.block_by_number(1000).await.expect("reads").is_some());
    assert!(index.block_by_number(1001).await.expect("reads").is_none());
}

/// What was put aside in the folder.
fn damaged(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).expect("lists").map(|entry| entry.expect("lists").path());
    files.filter(|path| path.to_string_lossy().contains("index.sqlite.damaged-")).collect()
}

#[tokio::test]
async fn a_damaged_file_is_put_aside() {
    let fixture = Fixture::new();
    fixture.chain.extend(0, &[1]);
    let file = file::path(fixture.folder.path());
    std::fs::write(&file, [7; 9999]).expect("writes");
    assert!(Journal::open(fixture.folder.path()).await.is_err());
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, &fixture.chain).await;
    let aside = damaged(fixture.folder.path());
    assert_eq!(aside.len(), 1);
    assert_eq!(std::fs::read(&aside[0]).expect("reads"), [7; 9999]);
}

#[tokio::test]
async fn a_damaged_schema_is_put_aside() {
    let fixture = Fixture::new();
    fixture.chain.extend(0, &[1]);
    let file = file::path(fixture.folder.path());
    file::close(file::connect(&file).await.expect("opens")).await;
    let mut bytes = std::fs::read(&file).expect("reads");
    bytes[100..4096].fill(0xff);
    std::fs::write(&file, bytes).expect("writes");
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, &fixture.chain).await;
    assert!(!damaged(fixture.folder.path()).is_empty());
}

#[tokio::test]
async fn a_newer_nodes_file_is_put_aside() {
    let fixture = Fixture::new();
    fixture.chain.extend(0, &[1]);
    let mut connection = file::connect(&file::path(fixture.folder.path())).await.expect("opens");
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'newer', 1, x'00', 0)",
    )
    .execute(&mut connection)
    .await
    .expect("writes");
    file::close(connection).await;
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, &fixture.chain).await;
    assert_eq!(damaged(fixture.folder.path()).len(), 1);
}

#[tokio::test]
async fn an_older_nodes_file_learns_its_first_height() {
    let fixture = Fixture::new();
    let mut connection = file::connect(&file::path(fixture.folder.path())).await.expect("opens");
    let older = "ALTER TABLE chain DROP COLUMN first_height; DELETE FROM _sqlx_migrations WHERE version = 2; \
                 INSERT INTO chain (only, genesis_hash, finalized) VALUES (1, x'00', 7); \
                 INSERT INTO blocks (number, hash, substrate_hash, header, size_bytes, canonical) \
                 VALUES (5, x'01', x'01', x'', 0, 0), (6, x'02', x'02', x'', 0, 1), (7, x'03', x'03', x'', 0, 1)";
    sqlx::raw_sql(older).execute(&mut connection).await.expect("writes");
    file::close(connection).await;
    let mut connection = file::connect(&file::path(fixture.folder.path())).await.expect("opens");
    let first: i64 =
        sqlx::query_scalar("SELECT first_height FROM chain").fetch_one(&mut connection).await.expect("reads");
    assert_eq!(first, 6);
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
    let by_other_address = LogFilter { addresses: vec![address(1)], topics: vec![] };
    let in_block = index.logs(&by_other_address, LogRange::Block(head.hash), 999).await.expect("reads");
    assert_eq!(in_block.len(), 2);
}

#[tokio::test]
async fn a_search_for_logs_has_limits() {
    let fixture = Fixture::new();
    for _ in 0..10 {
        fixture.chain.extend(0, &[5, 2]);
    }
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    let filter = LogFilter::default();
    let range = LogRange::Numbers { from: 0, to: 10 };
    let ample = LogLimits { count: 70, bytes: 1 << 20, time: Duration::from_secs(60) };
    let search = async |limits| logs::logs(&index.log_pool, &filter, range, limits).await.map(|logs| logs.len());
    assert_eq!(search(ample).await.expect("reads"), 70);
    // The first seven logs are those of block 1.
    let result = search(LogLimits { count: 7, ..ample }).await;
    assert!(matches!(result, Err(IndexError::TooManyLogs { limit: 7, block: 2 })), "{result:?}");
    let result = search(LogLimits { bytes: 4500, ..ample }).await;
    assert!(matches!(result, Err(IndexError::TooManyBytes { limit: 4500, block: 2 })), "{result:?}");
    // A search that was given up leaves nothing behind.
    for _ in 0..2 * LOG_READERS {
        assert_eq!(search(ample).await.expect("reads"), 70);
    }
}

#[tokio::test]
async fn sqlite_itself_ends_a_search_that_takes_too_long() {
    let fixture = Fixture::new();
    for _ in 0..30 {
        fixture.chain.extend(0, &[9; 20]);
    }
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    // Nothing matches, so that SQLite looks at every log before it says anything.
    let filter = LogFilter { addresses: vec![], topics: vec![vec![], vec![B256::repeat_byte(0xee)]] };
    let limits = LogLimits { count: 1, bytes: 1 << 20, time: Duration::from_secs(60) };
    let range = LogRange::Numbers { from: 0, to: 30 };
    let past = std::time::Instant::now();
    let result = logs::search(&index.log_pool, &filter, range, limits, past).await;
    assert!(matches!(&result, Err(error) if error.is_interrupt()), "{result:?}");
    let result = logs::logs(&index.log_pool, &filter, range, LogLimits { time: Duration::ZERO, ..limits }).await;
    assert!(matches!(result, Err(IndexError::TooSlow(_))), "{result:?}");
    assert_eq!(logs::logs(&index.log_pool, &filter, range, limits).await.expect("reads"), []);
}
