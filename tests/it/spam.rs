//! A node under spam: it goes on making blocks, takes every valid transaction, and its memory stays bounded.

use alloy::primitives::{Bytes, TxKind, U256};
use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use hanse_tests::{Node, Wallet, until};
use serde_json::json;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// How many transactions of spam, unless `HANSE_SPAM` says otherwise.
const SPAM: usize = 20_000;
const CONNECTIONS: usize = 8;
const BATCH: usize = 200;
/// Most that the node's memory may grow. The pool holds 36,000 transactions, 3,600 of them behind gaps; at some 2 KiB each
/// with what is noted beside them that is 72 MiB. The rest is for the requests on their way, blocks and caches.
const GROWTH_BYTES: u64 = 256 << 20;

/// One piece of spam: malformed, of another chain, without funds, without gas, a duplicate, a rival of a valid one, and
/// behind a gap from one sender or from ever new ones.
fn spam(number: usize) -> Result<Bytes> {
    let to = TxKind::Call(Wallet::dev(9).address());
    let sender = Wallet::numbered(1_000_000 + number as u64);
    let mut transaction = sender.transaction(0, to, Bytes::new(), 21_000);
    match number % 8 {
        0 => return Ok(vec![0x02; 100].into()),
        1 => transaction.chain_id += 1,
        2 => transaction.value = U256::from(1),
        3 => transaction.gas_limit = 20_999,
        4 => return Wallet::dev(8).sign(1, to, Bytes::new(), 21_000),
        5 => return Wallet::dev(0).sign(number as u64 % 64, to, Bytes::new(), 21_001),
        6 => return Wallet::dev(7).sign(1 + number as u64, to, Bytes::new(), 21_000),
        _ => transaction.nonce = 1,
    }
    sender.sign_transaction(transaction)
}

#[tokio::test(flavor = "multi_thread")]
async fn spam_stops_neither_blocks_nor_valid_transactions() -> Result<()> {
    let count = std::env::var("HANSE_SPAM").map_or(Ok(SPAM), |text| text.parse()).context("HANSE_SPAM")?;
    let node = Node::start_with(&["--dev", "--sealing", "500"]).await?;
    let (before, _) = node.process()?.memory_bytes()?;
    let first = node.block_number("latest").await?;
    let done = AtomicBool::new(false);

    let flood = async {
        try_join_all((0..CONNECTIONS).map(|connection| {
            let rpc = node.rpc();
            async move {
                let mut mine = (connection..count).step_by(CONNECTIONS);
                loop {
                    let batch: Vec<_> = mine.by_ref().take(BATCH).map(spam).collect::<Result<_>>()?;
                    if batch.is_empty() {
                        return anyhow::Ok(());
                    }
                    // Each is answered, most of them with a refusal.
                    rpc.batch("eth_sendRawTransaction", batch.iter().map(|raw| json!([raw]))).await?;
                }
            }
        }))
        .await?;
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    // Each waits for the one before, as long as the flood goes on.
    let work = async {
        let (rpc, wallet) = (node.rpc(), Wallet::dev(0));
        let mut nonce = 0;
        while nonce < 3 || !done.load(Ordering::Relaxed) {
            let raw = wallet.sign(nonce, TxKind::Call(Wallet::dev(1).address()), Bytes::new(), 21_000)?;
            match rpc.try_call("eth_sendRawTransaction", json!([raw])).await? {
                Ok(_) => {}
                // One of the rivals was there first, and is as valid.
                Err(error) => ensure!(error.message == "replacement transaction underpriced", "{nonce}: {error}"),
            }
            until("the transaction is in a block", Duration::from_secs(30), async || {
                let now = rpc.number("eth_getTransactionCount", json!([wallet.address(), "latest"])).await?;
                Ok((now > nonce).then_some(()))
            })
            .await?;
            nonce = rpc.number("eth_getTransactionCount", json!([wallet.address(), "pending"])).await?;
        }
        anyhow::Ok(nonce)
    };
    let (flooded, worked) = tokio::join!(flood, work);
    flooded?;
    let included: u64 = worked?;
    let blocks = node.block_number("latest").await? - first;
    ensure!(blocks >= included.min(3), "{blocks} blocks for {included} transactions");
    let (after, peak) = node.process()?.memory_bytes()?;
    eprintln!(
        "{count} of spam, {included} valid in {blocks} blocks; memory {} MiB before, {} after, {} at most",
        before >> 20,
        after >> 20,
        peak >> 20
    );
    ensure!(peak < before + GROWTH_BYTES, "memory grew from {before} to {peak} bytes");
    Ok(())
}
