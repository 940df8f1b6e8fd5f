//! The index against temporary files, driven by a chain that the test reorganises at will.

mod chain;
mod file;
mod follow;
mod logs;
mod plans;
mod reorgs;

use super::{
    chain::Chain,
    error::{IndexError, Result},
    follow::Follower,
    journal::{Entry, JOURNAL_BLOCKS, Journal},
    logs::{LogFilter, LogLimits, LogRange},
    *,
};
use chain::{TOPIC, TestChain};
use hanse_primitives::convert;

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
