//! What an operator does with a node that does not run: check, export, import, revert, purge; specifications and keys.

use alloy::primitives::{Bytes, TxKind};
use anyhow::{Context, Result, ensure};
use hanse_tests::{Node, Rpc, Wallet, erc20, node_command, node_output, repository_root, until};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_checked_exported_imported_and_purged() -> Result<()> {
    let mut node = Node::start().await?;
    for nonce in 0..4 {
        pay(&node.rpc(), nonce).await?;
    }
    let block = block(&node.rpc(), 3).await?;
    node.terminate()?;
    let data = node.data();

    node_command(&["check-block", "--dev", "3"], &data)?;
    let state: Value = serde_json::from_str(&node_command(&["export-state", "--dev", "3"], &data)?)?;
    ensure!(state["genesis"]["raw"]["top"].as_object().is_some_and(|top| top.len() > 10), "{state}");

    let blocks = node.folder().join("blocks.bin");
    let blocks = blocks.to_str().context("a path in UTF-8")?;
    node_command(&["export-blocks", "--dev", "--binary", blocks], &data)?;
    let mut other = Node::prepare(&["--dev"])?;
    node_command(&["import-blocks", "--dev", "--binary", blocks], &other.data())?;
    other.spawn()?;
    other.ready().await?;
    ensure!(self::block(&other.rpc(), 3).await? == block, "the imported block is another one");
    pay(&other.rpc(), 4).await?;
    other.terminate()?;

    node_command(&["purge-chain", "--dev", "-y"], &other.data())?;
    other.spawn()?;
    other.ready().await?;
    ensure!(other.block_number("latest").await? == 0, "something is left of the chain");
    pay(&other.rpc(), 0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_are_not_final_can_be_reverted() -> Result<()> {
    let mut node = Node::start_with(&["--dev", "--sealing", "manual"]).await?;
    let rpc = node.rpc();
    let wallet = Wallet::dev(0);
    let to = TxKind::Call(Wallet::dev(1).address());
    let mut hashes = Vec::new();
    for nonce in 0..3 {
        hashes.push(rpc.send(&wallet.sign(nonce, to, Bytes::new(), 21_000)?).await?);
        rpc.call("engine_createBlock", json!([true, false, null])).await?;
    }
    let kept = block(&rpc, 1).await?;
    until("three blocks are indexed", Duration::from_secs(20), async || {
        Ok((node.block_number("latest").await? == 3).then_some(()))
    })
    .await?;
    node.terminate()?;

    node_command(&["revert", "--dev", "2"], &node.data())?;
    node.spawn()?;
    node.ready().await?;
    ensure!(node.block_number("latest").await? == 1, "two blocks are still there");
    ensure!(block(&node.rpc(), 1).await? == kept, "the block that stays is another one");
    let receipt = node.rpc().call("eth_getTransactionReceipt", json!([hashes[2]])).await?;
    ensure!(receipt.is_null(), "of a block that is gone: {receipt}");
    ensure!(node.rpc().number("eth_getTransactionCount", json!([wallet.address(), "latest"])).await? == 1, "the state");
    Ok(())
}

#[test]
fn specifications_and_keys_are_made() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let example = repository_root().join("chain-spec/network.example.toml");
    let example = example.to_str().context("a path in UTF-8")?;
    let spec: Value = serde_json::from_str(&node_output(&["build-spec", "--chain", example, "--raw"])?)?;
    ensure!(spec["id"] == "example" && spec["genesis"]["raw"].is_object(), "{}", spec["id"]);

    // What `key generate` prints can be put into a description and into the keystore.
    let key = node_output(&["key", "generate", "--scheme", "sr25519", "--output-type", "json"])?;
    let key: Value = serde_json::from_str(&key)?;
    let phrase = key["secretPhrase"].as_str().context("a phrase")?;
    node_command(
        &["key", "insert", "--chain", example, "--scheme", "sr25519", "--key-type", "aura", "--suri", phrase],
        folder.path(),
    )?;
    node_command(&["key", "generate-node-key", "--chain", example], folder.path())?;
    Ok(())
}

async fn pay(rpc: &Rpc, nonce: u64) -> Result<()> {
    let to = TxKind::Call(Wallet::dev(1).address());
    let hash = rpc.send(&Wallet::dev(0).sign(nonce, to, Bytes::new(), 21_000)?).await?;
    let receipt = erc20::receipt(rpc, &hash).await?;
    ensure!(receipt["status"] == "0x1", "{receipt}");
    Ok(())
}

async fn block(rpc: &Rpc, number: u64) -> Result<Value> {
    rpc.call("eth_getBlockByNumber", json!([format!("{number:#x}"), true])).await
}
