//! A network that charges for gas, made from a description: the base fee moves by EIP-1559, and what senders pay is what
//! the fee methods say.

use alloy::primitives::{Address, Bytes, TxKind, U256};
use anyhow::{Context, Result, ensure};
use hanse_tests::{Node, Rpc, Wallet, erc20, quantity, until};
use serde_json::{Value, json};
use std::time::Duration;

const GWEI: u128 = 1_000_000_000;

/// One validator (`//Alice`) and one account with coins.
const DESCRIPTION: &str = r#"
name = "Toll"
id = "toll"
chain_id = 4269
slot_ms = 500
block_gas_limit = 30000000
base_fee_per_gas = 1000000000
policy = "open"
root = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
operators = ["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"]
boot_nodes = []

[[validators]]
name = "alice"
aura = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
grandpa = "5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu"

[[accounts]]
address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
balance_wei = "10000000000000000000000"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn gas_costs_what_the_fee_methods_say() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let description = folder.path().join("toll.toml");
    std::fs::write(&description, DESCRIPTION)?;
    let description = description.to_str().context("a path in UTF-8")?;
    let node =
        Node::start_with(&["--chain", description, "--validator", "--alice", "--unsafe-force-node-key-generation"])
            .await?;
    let rpc = node.rpc();
    until("a block", Duration::from_secs(30), async || Ok((node.block_number("latest").await? >= 2).then_some(())))
        .await?;

    // Empty blocks are below the target: each next base fee is an eighth lower.
    let headers = [header(&rpc, 1).await?, header(&rpc, 2).await?];
    let fees = [quantity(&headers[0]["baseFeePerGas"])?, quantity(&headers[1]["baseFeePerGas"])?];
    ensure!(fees[0] > 0 && fees[1] == fees[0] - fees[0] / 8, "{fees:?}");
    let history = rpc.call("eth_feeHistory", json!(["0x2", "0x2", [50]])).await?;
    ensure!(quantity(&history["oldestBlock"])? == 1, "{history}");
    ensure!(history["baseFeePerGas"].as_array().map(Vec::len) == Some(3), "{history}");
    ensure!(quantity(&history["baseFeePerGas"][1])? == fees[1], "{history}");
    ensure!(rpc.number("eth_gasPrice", json!([])).await? > 0, "gas is not free here");

    // What can't pay the base fee does not get into the pool; nor does who has no coins for it.
    let (rich, poor) = (Wallet::dev(0), Wallet::dev(1));
    let to = TxKind::Call(poor.address());
    let error = rpc.refused("eth_sendRawTransaction", json!([rich.sign(0, to, Bytes::new(), 21_000)?])).await?;
    ensure!(error.message.contains("less than block base fee"), "{error}");
    let mut transaction = poor.transaction(0, to, Bytes::new(), 21_000);
    transaction.max_fee_per_gas = 2 * GWEI;
    let error = rpc.refused("eth_sendRawTransaction", json!([poor.sign_transaction(transaction)?])).await?;
    ensure!(error.message.contains("insufficient funds"), "{error}");

    // The sender pays base fee and tip, the author gets the tip, and the base fee is gone.
    let before = rpc.balance(rich.address()).await?;
    let mut transaction = rich.transaction(0, to, Bytes::new(), 21_000);
    transaction.max_fee_per_gas = 5 * GWEI;
    transaction.max_priority_fee_per_gas = 2 * GWEI;
    transaction.value = U256::from(7);
    let hash = rpc.send(&rich.sign_transaction(transaction)?).await?;
    let receipt = erc20::receipt(&rpc, &hash).await?;
    ensure!(receipt["status"] == "0x1", "{receipt}");
    let number = quantity(&receipt["blockNumber"])?;
    let block = header(&rpc, number).await?;
    let (base_fee, price) = (quantity(&block["baseFeePerGas"])?, quantity(&receipt["effectiveGasPrice"])?);
    ensure!(u128::from(price) == u128::from(base_fee) + 2 * GWEI, "{price} of {base_fee}");
    let paid = U256::from(price) * U256::from(21_000) + U256::from(7);
    ensure!(rpc.balance(rich.address()).await? == before - paid, "the sender paid something else than {paid}");
    let author: Address = serde_json::from_value(block["miner"].clone())?;
    let tip = U256::from(2 * GWEI) * U256::from(21_000);
    ensure!(rpc.balance(author).await? == tip, "the author has not the tip");
    ensure!(rpc.balance(poor.address()).await? == U256::from(7), "the receiver has not the 7 wei");

    let history = rpc.call("eth_feeHistory", json!(["0x1", format!("{number:#x}"), [0, 100]])).await?;
    ensure!(quantity(&history["reward"][0][0])? == 2_000_000_000, "{history}");
    Ok(())
}

async fn header(rpc: &Rpc, number: u64) -> Result<Value> {
    rpc.call("eth_getBlockByNumber", json!([format!("{number:#x}"), false])).await
}
