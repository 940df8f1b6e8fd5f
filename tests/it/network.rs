//! Three validators with Aura and GRANDPA: blocks come on time, finality follows, and a dead validator stops finality
//! without making it lie.

use alloy::primitives::{Bytes, TxKind};
use anyhow::{Context as _, Result, ensure};
use hanse_proof::{H256, Proof};
use hanse_tests::{Network, Node, Wallet, erc20, quantity, until};
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn three_validators_agree_and_survive_a_crash() -> Result<()> {
    let mut network = Network::start().await?;

    // A transaction that one node hears of is final on all, in the same block.
    let wallet = Wallet::dev(0);
    let to = TxKind::Call(Wallet::dev(1).address());
    let began = Instant::now();
    let hash = network.nodes[2].rpc().send(&wallet.sign(0, to, Bytes::new(), 21_000)?).await?;
    let mut blocks = Vec::new();
    for node in &network.nodes {
        let receipt = erc20::receipt(&node.rpc(), &hash).await?;
        let number = quantity(&receipt["blockNumber"])?;
        until("the block is final", Duration::from_secs(30), async || {
            Ok((node.block_number("finalized").await? >= number).then_some(()))
        })
        .await?;
        blocks.push(erc20::receipt(&node.rpc(), &hash).await?["blockHash"].clone());
    }
    eprintln!("final on three nodes after {:?}", began.elapsed());
    ensure!(blocks.windows(2).all(|pair| pair[0] == pair[1]), "{blocks:?}");
    for node in &network.nodes {
        proves_it(node, &hash).await?;
    }

    // With one of three gone there is no supermajority: blocks go on, finality waits.
    network.nodes[1].kill();
    let alice = network.nodes[0].rpc();
    let hash = alice.send(&wallet.sign(1, to, Bytes::new(), 21_000)?).await?;
    let number = quantity(&erc20::receipt(&alice, &hash).await?["blockNumber"])?;
    until("three more blocks", Duration::from_secs(30), async || {
        Ok((network.nodes[0].block_number("latest").await? >= number + 3).then_some(()))
    })
    .await?;
    ensure!(network.nodes[0].block_number("finalized").await? < number, "final without a supermajority");

    // It comes back, catches up, and all of it becomes final.
    network.nodes[1].spawn()?;
    network.nodes[1].ready().await?;
    for node in &network.nodes {
        until("finality has caught up", Duration::from_secs(60), async || {
            Ok((node.block_number("finalized").await? >= number).then_some(()))
        })
        .await?;
        let receipt = node.rpc().call("eth_getTransactionReceipt", json!([hash])).await?;
        ensure!(receipt["status"] == "0x1", "{receipt}");
    }
    Ok(())
}

/// Who has the genesis' hash and this node's proof needs neither this node nor another.
async fn proves_it(node: &Node, hash: &str) -> Result<()> {
    let rpc = node.rpc();
    let genesis = rpc.call("chain_getBlockHash", json!([0])).await?;
    let genesis: H256 = serde_json::from_value(genesis)?;
    // The justification may reach a node a little after it knows that the block is final.
    let answer = until("the node proves it", Duration::from_secs(30), async || {
        Ok(rpc.call("hanse_getTransactionProof", json!([hash])).await.ok())
    })
    .await?;
    let proof: Proof = serde_json::from_value(answer)?;
    let proved = proof.verify(genesis).context("the proof")?;
    ensure!(proved.transaction_hash.to_string() == hash && proved.succeeded, "{proved:?}");
    ensure!(proved.from == Wallet::dev(0).address() && proved.validators == 3, "{proved:?}");
    ensure!(proof.verify(H256::repeat_byte(1)).is_err(), "it proves another chain");
    let unknown = rpc.call("hanse_getTransactionProof", json!([H256::zero()])).await?;
    ensure!(unknown.is_null(), "{unknown}");
    Ok(())
}
