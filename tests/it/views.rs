//! What JSON-RPC says of a block is one thing, however it is asked for.

use alloy::primitives::{Bloom, BloomInput, Bytes, TxKind, U256, hex};
use anyhow::{Context, Result, ensure};
use hanse_tests::{Node, Rpc, Wallet, quantity, until};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::time::Duration;

const TRANSACTIONS: u64 = 120;

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_ask_gives_the_same_block() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    let seed = rand::random();
    let head = random_chain(&rpc, seed).await.with_context(|| format!("seed {seed}"))?;
    for number in 0..=head {
        one_block(&rpc, number).await.with_context(|| format!("block {number}, seed {seed}"))?;
    }
    Ok(())
}

/// Payments, creations, calls that log and calls that fail, of three senders in random order and in blocks of random size.
async fn random_chain(rpc: &Rpc, seed: u64) -> Result<u64> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut nonces = [0; 3];
    let mut last = None;
    rpc.call("evm_setAutomine", json!([false])).await?;
    for _ in 0..TRANSACTIONS {
        let sender = random.random_range(0..nonces.len());
        let to = Wallet::numbered(random.random_range(0..20)).address();
        let (kind, data, gas): (_, Vec<u8>, _) = match random.random_range(0..5) {
            0 => (TxKind::Create, hex!("60015f5fa15f5ff3").to_vec(), 100_000),
            // LOG2 of 32 bytes, then STOP, REVERT or INVALID.
            1 => (TxKind::Create, hex!("600160025f52600360205fa200").to_vec(), 100_000),
            2 => (TxKind::Create, hex!("6001600260205fa25f5ffd").to_vec(), 100_000),
            3 => (TxKind::Create, hex!("fe").to_vec(), 60_000),
            _ => (TxKind::Call(to), Vec::new(), 21_000),
        };
        let wallet = Wallet::dev(sender);
        let mut transaction = wallet.transaction(nonces[sender], kind, Bytes::from(data), gas);
        transaction.value = U256::from(random.random_range(0..2) * u64::from(!kind.is_create()));
        last = Some(rpc.send(&wallet.sign_transaction(transaction)?).await?);
        nonces[sender] += 1;
        if random.random_range(0..6) == 0 {
            rpc.call("evm_mine", json!([])).await?;
        }
    }
    rpc.call("evm_mine", json!([])).await?;
    let last = last.context("transactions were sent")?;
    until("all are in blocks", Duration::from_secs(20), async || {
        Ok((!rpc.call("eth_getTransactionReceipt", json!([last])).await?.is_null()).then_some(()))
    })
    .await?;
    ensure!(rpc.call("txpool_status", json!([])).await?["pending"] == "0x0", "something is left in the pool");
    rpc.number("eth_blockNumber", json!([])).await
}

async fn one_block(rpc: &Rpc, number: u64) -> Result<()> {
    let tag = format!("{number:#x}");
    let block = rpc.call("eth_getBlockByNumber", json!([tag, true])).await?;
    let hash = block["hash"].as_str().context("a hash")?;
    ensure!(rpc.call("eth_getBlockByHash", json!([hash, true])).await? == block, "by hash");
    let transactions = block["transactions"].as_array().context("transactions")?;
    let hashes: Vec<&Value> = transactions.iter().map(|transaction| &transaction["hash"]).collect();
    let short = rpc.call("eth_getBlockByNumber", json!([tag, false])).await?;
    ensure!(short["transactions"] == json!(hashes), "hashes alone");
    let header = rpc.call("eth_getHeaderByHash", json!([hash])).await?;
    for (field, value) in header.as_object().context("a header")? {
        ensure!(block[field] == *value, "the header's {field}");
    }
    let counted = rpc.number("eth_getBlockTransactionCountByHash", json!([hash])).await?;
    ensure!(counted == transactions.len() as u64, "the count");

    let receipts = rpc.call("eth_getBlockReceipts", json!([tag])).await?;
    ensure!(rpc.call("eth_getBlockReceipts", json!([hash])).await? == receipts, "receipts by hash");
    let receipts = receipts.as_array().context("receipts")?;
    ensure!(receipts.len() == transactions.len(), "a receipt for each");
    let (mut gas, mut logs, mut bloom) = (0, Vec::new(), Bloom::ZERO);
    for (index, (transaction, receipt)) in transactions.iter().zip(receipts).enumerate() {
        let of = json!([transaction["hash"]]);
        ensure!(rpc.call("eth_getTransactionByHash", of.clone()).await? == *transaction, "transaction {index}");
        ensure!(rpc.call("eth_getTransactionReceipt", of).await? == *receipt, "receipt {index}");
        let place = json!([tag, format!("{index:#x}")]);
        let placed = rpc.call("eth_getTransactionByBlockNumberAndIndex", place).await?;
        ensure!(placed == *transaction, "transaction {index} by its place");
        for field in ["blockHash", "blockNumber", "transactionIndex", "from", "to", "type"] {
            ensure!(receipt[field] == transaction[field], "{field} of receipt {index}");
        }
        gas += quantity(&receipt["gasUsed"])?;
        ensure!(quantity(&receipt["cumulativeGasUsed"])? == gas, "cumulative gas of receipt {index}");
        let mut own = Bloom::ZERO;
        for log in receipt["logs"].as_array().context("logs")? {
            ensure!(quantity(&log["logIndex"])? == logs.len() as u64, "the log's index");
            ensure!(log["transactionHash"] == transaction["hash"] && log["blockHash"] == hash, "the log's place");
            let topics = log["topics"].as_array().context("topics")?;
            for value in topics.iter().chain([&log["address"]]) {
                own.accrue(BloomInput::Raw(&hex::decode(value.as_str().context("hexadecimal")?)?));
            }
            logs.push(log.clone());
        }
        ensure!(receipt["logsBloom"] == json!(own), "the bloom of receipt {index}");
        bloom.accrue_bloom(&own);
    }
    ensure!(quantity(&block["gasUsed"])? == gas, "the block's gas");
    ensure!(block["logsBloom"] == json!(bloom), "the block's bloom");
    for range in [json!({ "fromBlock": tag, "toBlock": tag }), json!({ "blockHash": hash })] {
        ensure!(rpc.call("eth_getLogs", json!([range])).await? == json!(logs), "logs of {range}");
    }
    if number > 0 {
        let parent = rpc.call("eth_getBlockByNumber", json!([format!("{:#x}", number - 1), false])).await?;
        ensure!(parent["hash"] == block["parentHash"], "the parent");
    }
    Ok(())
}
