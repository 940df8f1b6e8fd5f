//! Whether old blocks are answered for as quickly on a long chain as on a short one.

use crate::report::{Latencies, Report};
use alloy::primitives::U256;
use anyhow::{Context, Result, ensure};
use hanse_tests::{Node, Rpc, Wallet, erc20, erc20::Erc20, quantity};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The long chain's height, unless `HANSE_BENCH_BLOCKS` says otherwise.
const BLOCKS: u64 = 20_000;
const SHORT: u64 = 1_000;
/// Most that one request makes.
const STEP: u64 = 200;

pub async fn measure(report: &mut Report, scale: u32) -> Result<()> {
    let blocks = std::env::var("HANSE_BENCH_BLOCKS").map_or(Ok(BLOCKS), |text| text.parse());
    let blocks = blocks.context("HANSE_BENCH_BLOCKS")? / u64::from(scale);
    let requests = 1_000 / scale;
    let long = Chain::with(blocks).await?;
    let short = Chain::with(SHORT).await?;

    report.section(
        "Old blocks on a long chain",
        &format!(
            "{requests} requests of each kind, one after the other, for block {EARLY} and its one transaction (p50 and p99 in ms): by \
             turns on a chain of {SHORT} blocks and on one of {blocks}."
        ),
    );
    report.head(&["request", "p50, short", "p99", "p50, long", "p99", "p50, long to short"]);
    let number = format!("{EARLY:#x}");
    for method in ["eth_getTransactionReceipt", "eth_getBlockByNumber", "eth_getBlockReceipts", "eth_getLogs"] {
        let params = |chain: &Chain| match method {
            "eth_getTransactionReceipt" => json!([chain.transaction]),
            "eth_getBlockByNumber" => json!([number, true]),
            "eth_getBlockReceipts" => json!([number]),
            _ => json!([{ "fromBlock": number, "toBlock": number }]),
        };
        let (on_short, on_long) = (params(&short), params(&long));
        let (mut short_took, mut long_took) = (Vec::new(), Vec::new());
        for _ in 0..requests {
            short_took.push(short.asked(method, &on_short).await?);
            long_took.push(long.asked(method, &on_long).await?);
        }
        let (short_took, long_took) = (Latencies::new(short_took), Latencies::new(long_took));
        report.row(&[
            format!("`{method}`"),
            short_took.ms(50.0),
            short_took.ms(99.0),
            long_took.ms(50.0),
            long_took.ms(99.0),
            format!("{:.2}", long_took.seconds(50.0) / short_took.seconds(50.0)),
        ]);
    }
    Ok(())
}

/// The block that is asked for.
const EARLY: u64 = 10;

/// A node whose block [`EARLY`] has one transaction, with a log, and all others none.
struct Chain {
    rpc: Rpc,
    /// The transaction's hash.
    transaction: String,
    _node: Node,
}

impl Chain {
    async fn with(blocks: u64) -> Result<Self> {
        let node = Node::start_with(&["--dev", "--sealing", "manual"]).await?;
        let rpc = node.rpc();
        mine_to(&rpc, EARLY - 1).await?;
        rpc.call("evm_setAutomine", json!([true])).await?;
        Erc20::deploy(&rpc, &Wallet::dev(0), 0, U256::from(1_000)).await?;
        rpc.call("evm_setAutomine", json!([false])).await?;
        let block = rpc.call("eth_getBlockByNumber", json!([format!("{EARLY:#x}"), false])).await?;
        let transaction = block["transactions"][0].as_str().context("the deployment's block")?.to_owned();
        let receipt = erc20::receipt(&rpc, &transaction).await?;
        ensure!(!receipt["logs"].as_array().context("logs")?.is_empty(), "the supply's log");
        mine_to(&rpc, blocks).await?;
        Ok(Self { rpc, transaction, _node: node })
    }

    async fn asked(&self, method: &str, params: &Value) -> Result<Duration> {
        let began = Instant::now();
        let answer = self.rpc.call(method, params.clone()).await?;
        let took = began.elapsed();
        ensure!(!answer.is_null() && answer != json!([]), "{method}: {answer}");
        Ok(took)
    }
}

async fn mine_to(rpc: &Rpc, height: u64) -> Result<()> {
    loop {
        let missing = height.saturating_sub(head(rpc).await?);
        if missing == 0 {
            return Ok(());
        }
        rpc.call("hardhat_mine", json!([format!("{:#x}", missing.min(STEP))])).await?;
        // What isn't final stays in memory.
        let best = rpc.call("chain_getHead", json!([])).await?;
        rpc.call("engine_finalizeBlock", json!([best, null])).await?;
    }
}

async fn head(rpc: &Rpc) -> Result<u64> {
    quantity(&rpc.call("eth_blockNumber", json!([])).await?)
}
