//! What a question costs doesn't grow with the chain: SQLite's plan for each is a search in an index, never a walk
//! through a table.

use super::*;
use crate::index::logs;
use alloy_primitives::Address;
use sqlx::AssertSqlSafe;

/// The steps of SQLite's plan for a statement.
async fn plan(index: &Index, sql: &str) -> Vec<String> {
    let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
        .fetch_all(&index.pool)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.into_iter().map(|(_, _, _, detail)| detail).collect()
}

/// No step reads a whole table, and nothing is sorted that an index has in order.
async fn assert_constant(index: &Index, sql: &str) {
    let steps = plan(index, sql).await;
    assert!(steps.iter().any(|step| step.starts_with("SEARCH ")), "{sql}: {steps:?}");
    for step in &steps {
        assert!(!step.starts_with("SCAN ") && !step.contains("AUTOMATIC"), "{sql}: {steps:?}");
        assert!(!step.contains("TEMP B-TREE"), "{sql}: {steps:?}");
    }
}

async fn indexed() -> (Fixture, Index) {
    let fixture = Fixture::new();
    for n in 1..20 {
        fixture.chain.extend(0, &[n % 5, 3]);
    }
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    (fixture, index)
}

#[tokio::test]
async fn blocks_transactions_and_receipts_are_searched_for() {
    let (_fixture, index) = indexed().await;
    for sql in [
        read::BLOCK_BY_NUMBER,
        read::BLOCK_BY_SUBSTRATE_HASH,
        read::TRANSACTIONS_OF_BLOCK,
        read::LOGS_OF_BLOCK,
        read::TRANSACTION,
        read::LOGS_OF_TRANSACTION,
        read::HEADERS,
        read::HIGHEST_BELOW,
    ] {
        assert_constant(&index, sql).await;
    }
    // Blocks of one hash, of which there are hardly ever two, are sorted.
    let steps = plan(&index, read::BLOCK_BY_HASH).await;
    assert_eq!(steps, ["SEARCH blocks USING INDEX blocks_hash (hash=?)", "USE TEMP B-TREE FOR ORDER BY"]);
}

#[tokio::test]
async fn logs_are_searched_for() {
    let (_fixture, index) = indexed().await;
    let (address, topic) = (Address::repeat_byte(3), B256::repeat_byte(1));
    let numbers = LogRange::Numbers { from: 3, to: 9 };
    let block = LogRange::Block(B256::repeat_byte(1));
    for (addresses, topics, range, first) in [
        (vec![address], vec![], numbers, "INDEX logs_address (address=? AND number>? AND number<?)"),
        (vec![], vec![vec![topic]], numbers, "INDEX logs_topic0 (topic0=? AND number>? AND number<?)"),
        (vec![], vec![], numbers, "INDEX blocks_canonical (number>? AND number<?)"),
        (vec![], vec![vec![], vec![topic]], numbers, "INDEX blocks_canonical (number>? AND number<?)"),
        (vec![address], vec![vec![topic]], block, "INTEGER PRIMARY KEY (rowid=?)"),
    ] {
        let filter = LogFilter { addresses, topics };
        let steps = plan(&index, logs::query(&filter, range, 10).sql().as_str()).await;
        assert!(steps.iter().any(|step| step.starts_with("SEARCH ") && step.ends_with(first)), "{filter:?}: {steps:?}");
        // The keys that were found, and no table, are what the outer query goes through.
        let scanned: Vec<_> = steps.iter().filter(|step| step.starts_with("SCAN ")).collect();
        assert_eq!(scanned, ["SCAN found"], "{filter:?}: {steps:?}");
        assert!(!steps.iter().any(|step| step.contains("AUTOMATIC")), "{filter:?}: {steps:?}");
    }
}
