//! A property: whatever the chain did, the index is the chain.

use super::*;
use alloy_primitives::keccak256;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Depth of the deepest reorganisation.
const DEEPEST: u64 = 100;
/// Blocks before the first one.
const BEFORE: usize = 120;

/// What happens between two looks at the index.
#[derive(Clone, Debug)]
struct Step {
    /// Blocks that leave the chain; fewer where they are final.
    depth: u64,
    /// Blocks that come.
    length: usize,
    /// A fork that was there before gives the same blocks again.
    fork: u8,
    /// How many of the new chain's last blocks are not final, if finality moves.
    not_final: Option<u64>,
    /// The follower misses this move, and sees it together with the next.
    missed: bool,
    /// The node starts anew.
    restart: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let finality = prop_oneof![3 => Just(None), 1 => (20..=DEEPEST).prop_map(Some)];
    (1..=DEEPEST, 0..=DEEPEST as usize + 20, 0..3u8, finality, prop::bool::weighted(0.3), prop::bool::weighted(0.2))
        .prop_map(|(depth, length, fork, not_final, missed, restart)| Step {
            depth,
            length,
            fork,
            not_final,
            missed,
            restart,
        })
}

/// The logs of each transaction of a block: the same block always has the same.
fn transactions(fork: u8, number: u64) -> Vec<u8> {
    let mut seed = number.to_be_bytes().to_vec();
    seed.push(fork);
    let random = keccak256(seed);
    random[1..].iter().take(usize::from(random[0] % 4)).map(|logs| logs % 4).collect()
}

impl TestChain {
    /// Adds blocks of a fork.
    fn grow(&self, fork: u8, length: usize) {
        for _ in 0..length {
            let number = self.0.lock().best.len() as u64;
            self.extend(fork, &transactions(fork, number));
        }
    }

    /// The hashes of all transactions that any fork ever had.
    fn every_transaction(&self) -> BTreeSet<B256> {
        let state = self.0.lock();
        let transactions = state.blocks.values().flat_map(|(_, block)| &block.transactions);
        transactions.map(|transaction| convert::b256(transaction.hash)).collect()
    }
}

/// Beside what the chain has, the index must not serve what the chain lost.
async fn assert_nothing_else(index: &Index, chain: &TestChain) {
    let best = chain.best().0;
    let mut there = BTreeSet::new();
    for number in 0..=best {
        let block = index.block_by_number(number).await.expect("reads").expect("is there");
        there.extend(block.transactions.iter().map(|transaction| transaction.hash));
    }
    for lost in chain.every_transaction().difference(&there) {
        assert_eq!(index.transaction(*lost).await.expect("reads"), None);
        assert_eq!(read::transaction(&index.pool, *lost).await.expect("reads"), None);
    }
    let canonical: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM blocks WHERE canonical = 1")
        .fetch_one(&index.pool)
        .await
        .expect("counts");
    assert_eq!(canonical as u64, best + 1);
    assert_eq!(index.finalized(), chain.finalized().0);
}

async fn walk(steps: Vec<Step>) {
    let fixture = Fixture::new();
    let chain = &fixture.chain;
    chain.grow(0, BEFORE);
    let (mut index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    for step in steps {
        let (best, finalized) = (chain.best().0, chain.finalized().0);
        chain.rewind(best.saturating_sub(step.depth).max(finalized));
        chain.grow(step.fork, step.length);
        if let Some(not_final) = step.not_final {
            chain.finalize(chain.best().0.saturating_sub(not_final).max(finalized));
        }
        if step.restart {
            drop((index, follower));
            (index, follower) = fixture.open().await;
        }
        if step.missed {
            continue;
        }
        follower.catch_up().await.expect("indexes");
        assert_equals_chain(&index, chain).await;
        assert_nothing_else(&index, chain).await;
    }
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, chain).await;
    assert_nothing_else(&index, chain).await;
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 12,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn the_index_is_the_chain_after_any_reorganisations(steps in prop::collection::vec(step(), 2..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("starts");
        runtime.block_on(walk(steps));
    }
}
