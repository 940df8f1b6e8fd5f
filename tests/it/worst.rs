//! The worst contracts on validators that have a slot's time for a block.

use alloy::primitives::TxKind;
use anyhow::{Result, ensure};
use hanse_tests::{Network, Wallet, quantity, until, worst_contracts};
use serde_json::json;
use std::time::Duration;

/// EIP-7825: the most that one transaction can use.
const MOST: u64 = 1 << 24;
const LIMIT: Duration = Duration::from_secs(120);

/// Whatever is done with the gas of a full block: it is made within its slot, or no validator would ever get it through, and
/// the others agree on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_block_of_any_contract_is_made_and_becomes_final() -> Result<()> {
    let network = Network::start().await?;
    let rpc = network.nodes[0].rpc();
    let block = rpc.call("eth_getBlockByNumber", json!(["latest", false])).await?;
    let rest = quantity(&block["gasLimit"])?.saturating_sub(MOST);
    ensure!((1_000_000..=MOST).contains(&rest), "two transactions fill a block");
    let sender = Wallet::dev(0);
    let mut nonce = 0;
    for contract in worst_contracts()? {
        let address = sender.address().create(nonce);
        let transactions = [
            sender.sign(nonce, TxKind::Create, contract.init_code, 200_000)?,
            sender.sign(nonce + 1, TxKind::Call(address), contract.input.clone(), MOST)?,
            sender.sign(nonce + 2, TxKind::Call(address), contract.input, rest)?,
        ];
        nonce += 3;
        let mut hashes = Vec::new();
        for raw in transactions {
            hashes.push(rpc.send(&raw).await?);
        }
        for (hash, gas) in hashes.iter().zip([0, MOST, rest]) {
            let receipt = until(&contract.name, LIMIT, async || {
                let receipt = rpc.call("eth_getTransactionReceipt", json!([hash])).await?;
                Ok((!receipt.is_null()).then_some(receipt))
            })
            .await?;
            // They end when their gas does.
            let used = quantity(&receipt["gasUsed"])?;
            ensure!(gas == 0 || (receipt["status"] == "0x0" && used == gas), "{}: {receipt}", contract.name);
            ensure!(gas != 0 || receipt["status"] == "0x1", "{}: {receipt}", contract.name);
        }
    }
    let head = network.nodes[0].block_number("latest").await?;
    for node in &network.nodes {
        until("all of it is final everywhere", LIMIT, async || {
            Ok((node.block_number("finalized").await? >= head).then_some(()))
        })
        .await?;
    }
    Ok(())
}
