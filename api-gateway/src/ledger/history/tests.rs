//! Random appends, reversals and prepends against a list of blocks.

use super::super::chain::{Block, Receipt, SignedTransaction};
use super::super::contracts::{TOKENS, abi, hash_text};
use super::super::projection::BlockData;
use super::{append, prepend, revert_to};
use crate::db::testing;
use alloy::primitives::{Address, B256, Bytes, U64, U256, keccak256};
use alloy::sol_types::SolEvent as _;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeMap, HashMap};

/// One block in fifteen minutes, so that hours begin and end between them.
const EVERY_S: u64 = 900;

/// A block; each transaction but every third succeeds, and every fifth issues a token.
fn block(number: u64, salt: u64, transactions: u64) -> BlockData {
    let hash = |what: &str, index: u64| keccak256(format!("{what} {number} {salt} {index}"));
    let mut data = BlockData {
        block: Block::new(number, hash("block", 0), B256::ZERO, Vec::new()).at(number * EVERY_S),
        transactions: Vec::new(),
        receipts: Vec::new(),
        failures: HashMap::new(),
    };
    data.block.gas_used = U64::from(21_000 * transactions);
    for index in 0..transactions {
        let issued = abi::ITokens::TokenCreated {
            token: Address::from_word(hash("token", index)),
            app: [7; 16].into(),
            creator: Address::ZERO,
            name: "Nul\0 and Öl".into(),
            symbol: "OIL".into(),
            decimals: 2,
        }
        .encode_log_data();
        let log = super::super::chain::Log {
            address: TOKENS,
            topics: issued.topics().to_vec(),
            data: issued.data,
            log_index: U64::from(index),
        };
        data.block.transactions.push(hash("tx", index));
        data.transactions.push(SignedTransaction {
            hash: hash("tx", index),
            from: Address::repeat_byte(1),
            to: (index % 4 != 0).then(|| Address::repeat_byte(2)),
            nonce: U64::from(index),
            value: U256::from(index),
            gas: U64::from(21_000),
            gas_price: None,
            input: Bytes::from(vec![0xa9; usize::try_from(index % 6).unwrap()]),
            kind: U64::from(2),
            block_hash: None,
            block_number: None,
        });
        data.receipts.push(Receipt {
            transaction_hash: hash("tx", index),
            block_hash: data.block.hash,
            transaction_index: U64::from(index),
            status: U64::from(u64::from(index % 3 != 2)),
            gas_used: U64::from(21_000),
            effective_gas_price: U256::ZERO,
            contract_address: None,
            logs: if index % 5 == 0 { vec![log] } else { Vec::new() },
        });
    }
    data
}

/// What the tables must say of these blocks.
async fn check(connection: &mut AnyConnection, blocks: &BTreeMap<u64, BlockData>, low: u64) {
    let number = |text: &'static str| sqlx::query(text);
    let count = async |connection: &mut AnyConnection, text| -> i64 {
        number(text).fetch_one(connection).await.unwrap().get(0)
    };
    let all = || blocks.values().flat_map(|data| &data.receipts);
    let tokens = all().filter(|receipt| !receipt.logs.is_empty()).count();
    assert_eq!(count(connection, "SELECT COUNT(*) FROM chain_transactions").await, all().count() as i64);
    assert_eq!(count(connection, "SELECT COUNT(*) FROM chain_tokens").await, tokens as i64);
    assert_eq!(count(connection, "SELECT low_number FROM chain_history").await, low as i64);
    let rows = sqlx::query("SELECT number, hash FROM chain_blocks ORDER BY number").fetch_all(&mut *connection).await;
    let rows: Vec<(i64, String)> = rows.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
    let wanted: Vec<_> = blocks.iter().map(|(number, data)| (*number as i64, hash_text(data.block.hash))).collect();
    assert_eq!(rows, wanted);
    let mut hours: BTreeMap<i64, [i64; 4]> = BTreeMap::new();
    for (number, data) in blocks {
        let sums = hours.entry((number * EVERY_S / 3_600) as i64).or_default();
        let failed = data.receipts.iter().filter(|receipt| !receipt.succeeded()).count();
        let gas: i64 = data.block.gas_used.to();
        for (sum, more) in sums.iter_mut().zip([1, data.receipts.len() as i64, failed as i64, gas]) {
            *sum += more;
        }
    }
    let rows =
        sqlx::query("SELECT hour, blocks, transactions, failed, gas_used FROM chain_hours").fetch_all(connection);
    let rows: BTreeMap<i64, [i64; 4]> =
        rows.await.unwrap().iter().map(|row| (row.get(0), [row.get(1), row.get(2), row.get(3), row.get(4)])).collect();
    assert_eq!(rows, hours);
}

#[tokio::test]
async fn rows_and_sums_follow_the_chain_forwards_backwards_and_down() {
    for test in testing::all().await {
        let mut random = StdRng::seed_from_u64(4);
        let mut blocks: BTreeMap<u64, BlockData> = BTreeMap::new();
        let (mut best, mut low, mut salt) = (20_u64, 21_u64, 0_u64);
        for _ in 0..120 {
            let mut tx = test.db.write().await.unwrap();
            salt += 1;
            match random.random_range(0..4) {
                0 if low > 0 && !blocks.is_empty() => {
                    let first = low.saturating_sub(random.random_range(1..4));
                    let data: Vec<_> =
                        (first..low).map(|number| block(number, salt, random.random_range(0..8))).collect();
                    prepend(&mut tx, &data).await.unwrap();
                    low = first;
                    blocks.extend(data.into_iter().map(|data| (data.block.number(), data)));
                }
                1 if best > 5 && !blocks.is_empty() => {
                    best -= random.random_range(1..6);
                    revert_to(&mut tx, best).await.unwrap();
                    blocks.retain(|number, _| *number <= best);
                    low = low.min(best + 1);
                }
                _ => {
                    let count = random.random_range(1..5);
                    let numbers = best + 1..=best + count;
                    let data: Vec<_> = numbers.map(|number| block(number, salt, random.random_range(0..8))).collect();
                    append(&mut tx, &data).await.unwrap();
                    best += count;
                    blocks.extend(data.into_iter().map(|data| (data.block.number(), data)));
                }
            }
            tx.commit().await.unwrap();
            let mut connection = test.db.reader().acquire().await.unwrap();
            check(&mut connection, &blocks, low).await;
        }
        let name = sqlx::query("SELECT name FROM chain_tokens LIMIT 1").fetch_one(test.db.reader()).await.unwrap();
        assert_eq!(name.get::<String, _>(0), "Nul\u{fffd} and Öl", "{}", test.name);
    }
}
