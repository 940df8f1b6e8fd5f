//! Following the chain: what is there, what left it, what is final, what was pruned.

use super::*;

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
async fn what_is_written_and_not_yet_the_head_is_not_shown() {
    let fixture = Fixture::new();
    let (index, mut follower) = fixture.open().await;
    for _ in 0..2 {
        fixture.chain.extend(0, &[1]);
    }
    follower.catch_up().await.expect("indexes");
    let head = index.head().expect("has a head");
    let transaction = head.transactions[0].hash;
    assert!(index.transaction(transaction).await.expect("reads").is_some());
    // As between the commit and the memory.
    index.recent.write().remove(head.number());
    assert_eq!(index.head().map(|block| block.number()), Some(head.number() - 1));
    assert!(index.transaction(transaction).await.expect("reads").is_none());
    assert!(index.block_by_number(head.number()).await.expect("reads").is_none());
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
