//! Searching for logs.

use super::*;
use crate::index::logs;
use alloy_primitives::Address;

const AMPLE: LogLimits = LogLimits { count: 999, bytes: 1 << 20, time: Duration::from_secs(60) };

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
    let address = |byte| Address::repeat_byte(byte);
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
            let in_memory = index.logs(&filter, range, 999).await.expect("reads");
            let stored = logs::stored(&index.log_pool, &filter, range, AMPLE).await.expect("reads");
            let expected: Vec<_> = all
                .iter()
                .filter(|log| (from..=to).contains(&log.block_number) && filter.matches(&log.log))
                .cloned()
                .collect();
            assert_eq!(in_memory, expected, "{filter:?}");
            assert_eq!(stored, expected, "{filter:?}");
        }
    }
    let head = LogRange::Block(index.head().expect("has a head").hash);
    let by_other_address = LogFilter { addresses: vec![address(1)], topics: vec![] };
    for (filter, count) in [(LogFilter::default(), 7), (by_other_address, 2)] {
        assert_eq!(index.logs(&filter, head, 999).await.expect("reads").len(), count);
        assert_eq!(logs::stored(&index.log_pool, &filter, head, AMPLE).await.expect("reads").len(), count);
    }
}

#[tokio::test]
async fn a_range_that_is_not_wholly_in_memory_is_searched_for_in_the_database() {
    let fixture = Fixture::new();
    for _ in 0..10 {
        fixture.chain.extend(0, &[1]);
    }
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    drop((index, follower));
    // Only the head is in memory after a restart.
    let (index, _follower) = fixture.open().await;
    let in_memory = |range| index.recent.read().range(range).is_some();
    for (from, to, expected) in [(10, 10, true), (9, 10, false), (10, 11, false), (0, u64::MAX, false), (11, 10, false)]
    {
        assert_eq!(in_memory(LogRange::Numbers { from, to }), expected, "{from} to {to}");
    }
    let found = index.logs(&LogFilter::default(), LogRange::Numbers { from: 9, to: 10 }, 999).await.expect("reads");
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn a_search_with_too_many_alternatives_for_memory_is_the_databases() {
    let fixture = Fixture::new();
    for _ in 0..10 {
        fixture.chain.extend(0, &[5, 5]);
    }
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    let range = LogRange::Numbers { from: 0, to: 10 };
    let blocks = index.recent.read().range(range).expect("are in memory");
    // A million comparisons, of a hundred logs.
    let filter = |count: u64| {
        let address = |number: u64| Address::left_padding_from(&number.to_be_bytes());
        LogFilter { addresses: (0..count).map(address).collect(), topics: vec![] }
    };
    assert!(logs::is_short(&blocks, &filter(10_000)));
    assert!(!logs::is_short(&blocks, &filter(10_001)));
    assert!(logs::is_short(&blocks, &LogFilter::default()));
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
    let ample = LogLimits { count: 70, ..AMPLE };
    let blocks = index.recent.read().range(range).expect("are in memory");
    let in_memory = |limits| logs::in_memory(&blocks, &filter, limits).map(|logs| logs.len());
    let search = async |limits| logs::stored(&index.log_pool, &filter, range, limits).await.map(|logs| logs.len());
    assert_eq!(search(ample).await.expect("reads"), 70);
    assert_eq!(in_memory(ample).expect("finds"), 70);
    // The first seven logs are those of block 1.
    let few = LogLimits { count: 7, ..ample };
    for result in [search(few).await, in_memory(few)] {
        assert!(matches!(result, Err(IndexError::TooManyLogs { limit: 7, block: 2 })), "{result:?}");
    }
    let short = LogLimits { bytes: 4500, ..ample };
    for result in [search(short).await, in_memory(short)] {
        assert!(matches!(result, Err(IndexError::TooManyBytes { limit: 4500, block: 2 })), "{result:?}");
    }
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
    let result = logs::stored(&index.log_pool, &filter, range, LogLimits { time: Duration::ZERO, ..limits }).await;
    assert!(matches!(result, Err(IndexError::TooSlow(_))), "{result:?}");
    assert_eq!(logs::stored(&index.log_pool, &filter, range, limits).await.expect("reads"), []);
}
