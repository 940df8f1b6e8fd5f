//! How fast a node executes blocks that it gets from others: real blocks, exported by one node and imported by another.

use crate::report::Report;
use crate::transfers;
use alloy::primitives::{Address, Bytes, TxKind, hex};
use anyhow::{Context, Result, ensure};
use hanse_tests::{Node, Rpc, Wallet, erc20, node_command, quantity};
use serde_json::json;
use std::time::{Duration, Instant};

/// Runs a tight loop of arithmetic (ADD, MUL, XOR and the jump) until 10,000 gas are left.
///
/// ```text
/// creation  PUSH1 19 DUP1 PUSH1 11 PUSH1 0 CODECOPY PUSH1 0 RETURN
/// code      PUSH1 0
/// 2:        JUMPDEST PUSH1 1 ADD DUP1 DUP1 MUL XOR PUSH2 10000 GAS GT PUSH1 2 JUMPI STOP
/// ```
pub const LOOP: [u8; 30] = hex!("601380600b6000396000f3" "60005b600101808002186127105a11600257" "00");

pub async fn measure(report: &mut Report, scale: u32) -> Result<()> {
    let mut rows = Vec::new();
    for (name, work) in [("arithmetic in a loop", Work::Loop), ("ERC-20 transfers", Work::Transfers)] {
        let mut node = Node::start().await?;
        let rpc = node.rpc();
        let before = rpc.number("eth_blockNumber", json!([])).await?;
        match work {
            Work::Loop => burn(&rpc, 120 / scale).await?,
            Work::Transfers => {
                transfers::erc20_on(&rpc, 45 / u64::from(scale)).await?;
            }
        }
        let head = rpc.number("eth_blockNumber", json!([])).await?;
        let gas = gas_used(&rpc, before + 1, head).await?;
        node.terminate()?;
        let (all, alone) = (import(&node, head)?, import(&node, 1)?);
        let took = all.saturating_sub(alone);
        ensure!(!took.is_zero(), "importing {head} blocks took no time");
        rows.push([
            name.to_owned(),
            format!("{:.0}", gas as f64 / 1e6),
            (head - before).to_string(),
            format!("{:.2}", took.as_secs_f64()),
            format!("{:.0}", gas as f64 / 1e6 / took.as_secs_f64()),
        ]);
    }
    report.section(
        "Executing blocks",
        "Blocks exported by one node and imported by a fresh one (`import-blocks`): decoding, signatures, execution in \
         the Wasm runtime, state root, database. The faster of two imports; the time of importing one block (the node's \
         start) is taken off.",
    );
    report.head(&["work", "Mgas", "blocks", "s", "Mgas /s"]);
    for row in rows {
        report.row(&row);
    }
    Ok(())
}

enum Work {
    Loop,
    Transfers,
}

/// Sends `count` transactions that burn half a block's gas each.
async fn burn(rpc: &Rpc, count: u32) -> Result<()> {
    let wallet = Wallet::dev(0);
    let hash = rpc.send(&wallet.sign(0, TxKind::Create, LOOP, 200_000)?).await?;
    let receipt = erc20::receipt(rpc, &hash).await?;
    let contract: Address = serde_json::from_value(receipt["contractAddress"].clone())?;
    let block = rpc.call("eth_getBlockByNumber", json!(["latest", false])).await?;
    // EIP-7825 limits one transaction to 2^24 gas.
    let gas = (quantity(&block["gasLimit"])? / 2).min(1 << 24);
    for nonce in 1..=u64::from(count) {
        let hash = rpc.send(&wallet.sign(nonce, TxKind::Call(contract), Bytes::new(), gas)?).await?;
        let receipt = erc20::receipt(rpc, &hash).await?;
        ensure!(receipt["status"] == "0x1", "{receipt}");
    }
    Ok(())
}

async fn gas_used(rpc: &Rpc, first: u64, last: u64) -> Result<u64> {
    let numbers: Vec<u64> = (first..=last).collect();
    let mut gas = 0;
    for chunk in numbers.chunks(200) {
        let blocks = chunk.iter().map(|number| json!([format!("{number:#x}"), false]));
        for block in rpc.batch("eth_getBlockByNumber", blocks).await? {
            gas += quantity(&block?["gasUsed"])?;
        }
    }
    Ok(gas)
}

/// Exports the node's first `last` blocks and measures their import into an empty database, twice: the shorter time.
fn import(node: &Node, last: u64) -> Result<Duration> {
    let blocks = node.folder().join("blocks.bin");
    let file = blocks.to_str().context("a path in UTF-8")?;
    node_command(&["export-blocks", "--dev", "--binary", "--to", &last.to_string(), file], &node.data())?;
    let once = || {
        let empty = tempfile::tempdir()?;
        let began = Instant::now();
        node_command(&["import-blocks", "--dev", "--binary", file], empty.path())?;
        Ok(began.elapsed())
    };
    let first: Result<Duration> = once();
    Ok(first?.min(once()?))
}
