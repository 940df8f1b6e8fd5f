//! How long a full block of each of the worst contracts takes to make.

use crate::report::Report;
use alloy::primitives::{Address, Bytes, TxKind, hex};
use anyhow::{Result, ensure};
use hanse_tests::{Node, Rpc, Wallet, WorstContract, quantity, worst_contracts};
use serde_json::json;
use std::time::{Duration, Instant};

/// EIP-7825: the most that one transaction can use.
const MOST: u64 = 1 << 24;
/// Each block is made so often, and the fastest counts: the others met what else the machine did.
const ROUNDS: u32 = 3;

pub async fn measure(report: &mut Report, scale: u32) -> Result<()> {
    report.section(
        "The worst contracts",
        "A full block of two transactions (of the last contract 22) that do one thing until their gas is gone: from `evm_mine` until the block is made (in \
         the Wasm runtime, for a second at most), written, final and indexed. The time of an empty block is taken off. Of three blocks the fastest. \
         In a slot of 500 ms there are 333 ms for making a block.",
    );
    report.head(&["contract", "Mgas", "ms", "Mgas /s"]);
    let node = Node::start_with(&["--dev", "--sealing", "manual"]).await?;
    let rpc = node.rpc();
    let mine = async || {
        let began = Instant::now();
        rpc.call("evm_mine", json!([])).await?;
        anyhow::Ok(began.elapsed())
    };
    mine().await?;
    let mut empty = Duration::MAX;
    for _ in 0..10 {
        empty = empty.min(mine().await?);
    }
    let limit = quantity(&rpc.call("eth_getBlockByNumber", json!(["latest", false])).await?["gasLimit"])?;
    let sender = Wallet::dev(0);
    let mut nonce = 0;
    let most = |contract| (contract, MOST);
    let contracts = worst_contracts()?.into_iter().map(most).chain([large_contracts(&rpc).await?]);
    for (contract, each) in contracts {
        let address = sender.address().create(nonce);
        rpc.send(&sender.sign(nonce, TxKind::Create, contract.init_code, 200_000)?).await?;
        mine().await?;
        nonce += 1;
        let mut fastest = (Duration::MAX, 0);
        for _ in 0..ROUNDS.div_ceil(scale) {
            let mut left = limit;
            while left > 0 {
                // What is left of the block goes with the last one.
                let gas = if left < 2 * each && left <= MOST { left } else { each };
                rpc.send(&sender.sign(nonce, TxKind::Call(address), contract.input.clone(), gas)?).await?;
                (nonce, left) = (nonce + 1, left - gas);
            }
            let took = mine().await?.saturating_sub(empty);
            let block = rpc.call("eth_getBlockByNumber", json!(["latest", false])).await?;
            let used = quantity(&block["gasUsed"])?;
            ensure!(used >= MOST, "{}: the block isn't full: {block}", contract.name);
            // What found no time in this block is in the next.
            while rpc.call("txpool_status", json!([])).await?["pending"] != "0x0" {
                mine().await?;
            }
            fastest = fastest.min((took, used));
        }
        let (seconds, mgas) = (fastest.0.as_secs_f64(), fastest.1 as f64 / 1e6);
        report.row(&[
            contract.name,
            format!("{mgas:.0}"),
            format!("{:.0}", seconds * 1e3),
            format!("{:.0}", mgas / seconds),
        ]);
    }
    Ok(())
}

/// Contracts of the greatest size (EIP-170), which have to be read and analysed, and a contract that calls one after the
/// other; with the gas that a transaction needs to call all of them.
async fn large_contracts(rpc: &Rpc) -> Result<(WorstContract, u64)> {
    const COUNT: u32 = 500;
    const BASE: u64 = 0x02_0000;
    for index in 0..=COUNT {
        let mut code = vec![0x5b; 24_576];
        code[0] = 0;
        code[1..5].copy_from_slice(&index.to_be_bytes());
        let address = Address::left_padding_from(&(BASE + u64::from(index)).to_be_bytes());
        rpc.call("hardhat_setCode", json!([address, Bytes::from(code)])).await?;
    }
    // CALL(gas, BASE + counter, 0, 0, 0, 0, 0) POP
    let contract = WorstContract::counting("CALL of 500 contracts of 24 KiB", &hex!("5f5f5f5f5f8562020000015af150"));
    Ok((contract, 1_360_000))
}
