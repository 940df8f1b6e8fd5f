//! Whether old blocks are answered for as quickly on a long chain as on a short one.

use crate::report::{Latencies, Report};
use alloy::primitives::U256;
use anyhow::{Context, Result, ensure};
use hanse_tests::{Node, Rpc, Wallet, erc20, erc20::Erc20, quantity};
use serde_json::{Value, json};
use std::time::Instant;

/// The long chain's height, unless `HANSE_BENCH_BLOCKS` says otherwise.
const BLOCKS: u64 = 20_000;
/// Most that one request makes.
const STEP: u64 = 500;

pub async fn measure(report: &mut Report, scale: u32) -> Result<()> {
    let blocks = std::env::var("HANSE_BENCH_BLOCKS").map_or(Ok(BLOCKS), |text| text.parse());
    let blocks = blocks.context("HANSE_BENCH_BLOCKS")? / u64::from(scale);
    let requests = 1_000 / scale;
    let mut node = Node::prepare(&["--dev", "--sealing", "manual"])?;
    node.spawn()?;
    node.ready().await?;
    let rpc = node.rpc();
    mine_to(&rpc, 9).await?;
    rpc.call("evm_setAutomine", json!([true])).await?;
    let owner = Wallet::dev(0);
    Erc20::deploy(&rpc, &owner, 0, U256::from(1_000)).await?;
    rpc.call("evm_setAutomine", json!([false])).await?;
    let early = head(&rpc).await?;
    let block = rpc.call("eth_getBlockByNumber", json!([format!("{early:#x}"), false])).await?;
    let hash = block["transactions"][0].as_str().context("the deployment's block")?.to_owned();
    ensure!(!erc20::receipt(&rpc, &hash).await?["logs"].as_array().context("logs")?.is_empty(), "the supply's log");

    report.section(
        "Old blocks on a long chain",
        &format!(
            "{requests} requests of each kind, one after the other, for block {early} and its one transaction (p50 and p99 in ms), while \
             the chain is short and when it has {blocks} blocks."
        ),
    );
    let number = format!("{early:#x}");
    let range = json!([{ "fromBlock": number, "toBlock": number }]);
    let questions = [
        ("eth_getTransactionReceipt", json!([hash])),
        ("eth_getBlockByNumber", json!([number, true])),
        ("eth_getBlockReceipts", json!([number])),
        ("eth_getLogs", range),
    ];
    let mut columns = Vec::new();
    for height in [1_000, blocks] {
        mine_to(&rpc, height).await?;
        let mut column = Vec::new();
        for (method, params) in &questions {
            column.push(asked(&rpc, method, params, requests).await?);
        }
        columns.push(column);
    }
    report.head(&["request", "p50 at 1,000", "p99", "p50 when long", "p99", "p50, long to short"]);
    for (index, (method, _)) in questions.iter().enumerate() {
        let (short, long) = (&columns[0][index], &columns[1][index]);
        report.row(&[
            format!("`{method}`"),
            short.ms(50.0),
            short.ms(99.0),
            long.ms(50.0),
            long.ms(99.0),
            format!("{:.2}", long.seconds(50.0) / short.seconds(50.0)),
        ]);
    }
    Ok(())
}

async fn asked(rpc: &Rpc, method: &str, params: &Value, requests: u32) -> Result<Latencies> {
    let mut latencies = Vec::new();
    for _ in 0..requests {
        let began = Instant::now();
        let answer = rpc.call(method, params.clone()).await?;
        latencies.push(began.elapsed());
        ensure!(!answer.is_null() && answer != json!([]), "{method}: {answer}");
    }
    Ok(Latencies::new(latencies))
}

async fn mine_to(rpc: &Rpc, height: u64) -> Result<()> {
    loop {
        let missing = height.saturating_sub(head(rpc).await?);
        if missing == 0 {
            return Ok(());
        }
        rpc.call("hardhat_mine", json!([format!("{:#x}", missing.min(STEP))])).await?;
    }
}

async fn head(rpc: &Rpc) -> Result<u64> {
    quantity(&rpc.call("eth_blockNumber", json!([])).await?)
}
