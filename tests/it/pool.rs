//! Transactions on their way: what the pool says of them, and that nobody can keep the chain from making blocks by asking.

use alloy::primitives::{Bytes, TxKind, U256};
use anyhow::{Context, Result, ensure};
use futures::future::join_all;
use hanse_tests::{Node, Wallet, erc20, until};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_judged_anew() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    let (rich, poor) = (Wallet::dev(0), Wallet::numbered(1));
    let mut payment = poor.transaction(0, TxKind::Call(rich.address()), Bytes::new(), 21_000);
    payment.value = U256::from(5);
    let payment = poor.sign_transaction(payment)?;
    for _ in 0..2 {
        let error = rpc.refused("eth_sendRawTransaction", json!([payment])).await?;
        ensure!(error.message.contains("insufficient funds"), "{error}");
    }
    let mut gift = rich.transaction(0, TxKind::Call(poor.address()), Bytes::new(), 21_000);
    gift.value = U256::from(5);
    let hash = rpc.send(&rich.sign_transaction(gift)?).await?;
    erc20::receipt(&rpc, &hash).await?;
    let hash = rpc.send(&payment).await?;
    ensure!(erc20::receipt(&rpc, &hash).await?["status"] == "0x1", "the payment");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_transaction_is_never_lost_from_sight() -> Result<()> {
    let node = Node::start_with(&["--dev", "--sealing", "manual"]).await?;
    let rpc = node.rpc();
    let wallet = Wallet::dev(0);
    let to = TxKind::Call(Wallet::dev(1).address());
    let next = async || rpc.number("eth_getTransactionCount", json!([wallet.address(), "pending"])).await;

    // The sender sees its own transaction at once; the same bytes again are known; another with its nonce is no better.
    let first = wallet.sign(0, to, Bytes::new(), 21_000)?;
    let hash = rpc.send(&first).await?;
    ensure!(next().await? == 1, "the pending nonce");
    for _ in 0..2 {
        let error = rpc.refused("eth_sendRawTransaction", json!([first])).await?;
        ensure!(error.message == "already known", "{error}");
    }
    let error = rpc.refused("eth_sendRawTransaction", json!([wallet.sign(0, to, Bytes::new(), 30_000)?])).await?;
    ensure!(error.message == "replacement transaction underpriced", "{error}");
    let pooled = rpc.call("eth_getTransactionByHash", json!([hash])).await?;
    ensure!(pooled["blockHash"].is_null() && pooled["gasPrice"] == "0x0", "{pooled}");

    // One behind a gap is found by its hash but isn't the next; it is once the gap is filled.
    let third = rpc.send(&wallet.sign(2, to, Bytes::new(), 21_000)?).await?;
    ensure!(next().await? == 1, "a gap");
    ensure!(!rpc.call("eth_getTransactionByHash", json!([third])).await?.is_null(), "behind a gap");
    rpc.send(&wallet.sign(1, to, Bytes::new(), 21_000)?).await?;
    ensure!(next().await? == 3, "the gap is filled");

    // Whoever asks while the block is made gets an answer each time.
    let sealing = rpc.call("engine_createBlock", json!([true, true, null]));
    let watching = async {
        loop {
            let seen = rpc.call("eth_getTransactionByHash", json!([hash])).await?;
            ensure!(!seen.is_null(), "neither in the pool nor in a block");
            if !seen["blockHash"].is_null() {
                return Ok(seen);
            }
        }
    };
    let (sealed, seen) = tokio::join!(sealing, tokio::time::timeout(Duration::from_secs(30), watching));
    sealed?;
    let seen: Value = seen.context("no block in 30 s")??;
    ensure!(seen["blockNumber"] == "0x1", "{seen}");
    ensure!(erc20::receipt(&rpc, &third).await?["status"] == "0x1", "all three are in the block");

    // What moves keys and peers isn't for everyone who reaches the port.
    let error = rpc.refused("author_rotateKeys", json!([])).await?;
    ensure!(error.message.contains("unsafe"), "{error}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reorganisation_takes_out_of_the_chain_comes_back() -> Result<()> {
    let node = Node::start_with(&["--dev", "--sealing", "manual"]).await?;
    let rpc = node.rpc();
    let wallet = Wallet::dev(0);
    let to = TxKind::Call(Wallet::dev(1).address());
    let seal = async |parent: Value| -> Result<Value> {
        Ok(rpc.call("engine_createBlock", json!([true, false, parent])).await?["hash"].clone())
    };
    let send = async |nonce| rpc.send(&wallet.sign(nonce, to, Bytes::new(), 21_000)?).await;

    // When the second is looked at, the first is in a block, and when the third is, the second waits.
    let genesis = rpc.call("chain_getBlockHash", json!([0])).await?;
    let mut sent = vec![send(0).await?];
    seal(Value::Null).await?;
    erc20::receipt(&rpc, &sent[0]).await?;
    // Else the fork's first block takes it from there.
    until("the first has left the pool", Duration::from_secs(20), async || {
        Ok((rpc.call("author_pendingExtrinsics", json!([])).await? == json!([])).then_some(()))
    })
    .await?;
    sent.extend([send(1).await?, send(2).await?]);

    // Two blocks on the genesis are a longer chain. The waiting can't be in the first of them.
    let fork = seal(genesis).await?;
    seal(fork).await?;
    let status = json!({ "pending": "0x3", "queued": "0x0" });
    until("the first is back", Duration::from_secs(20), async || {
        Ok((rpc.call("txpool_status", json!([])).await? == status).then_some(()))
    })
    .await?;
    seal(Value::Null).await?;
    until("the fork is indexed", Duration::from_secs(20), async || {
        Ok((rpc.number("eth_blockNumber", json!([])).await? == 3).then_some(()))
    })
    .await?;
    let mut places = Vec::new();
    for hash in &sent {
        let receipt = erc20::receipt(&rpc, hash).await?;
        ensure!(receipt["status"] == "0x1" && receipt["blockNumber"] == "0x3", "{receipt}");
        places.push(receipt["transactionIndex"].clone());
    }
    ensure!(places == ["0x0", "0x1", "0x2"], "{places:?}");
    Ok(())
}

/// Counts down from 2^24: some 10 Mgas each.
const COUNTER: &str = "0x62ffffff5b60019003806004575000";

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_estimates_does_not_stop_the_chain() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    let call = json!({ "from": Wallet::dev(2).address(), "data": COUNTER });
    let flood = join_all((0..200).map(|_| rpc.try_call("eth_estimateGas", json!([call]))));
    let work = async {
        let wallet = Wallet::dev(0);
        for nonce in 0..5 {
            let to = TxKind::Call(Wallet::dev(1).address());
            let hash = rpc.send(&wallet.sign(nonce, to, Bytes::new(), 21_000)?).await?;
            until("the transaction is in a block", Duration::from_secs(20), async || {
                let receipt = rpc.call("eth_getTransactionReceipt", json!([hash])).await?;
                Ok((!receipt.is_null()).then_some(()))
            })
            .await?;
            ensure!(rpc.number("eth_chainId", json!([])).await? == 4269, "the chain id");
        }
        Ok(())
    };
    let (answers, worked) = tokio::join!(flood, work);
    worked?;
    // Each was answered: estimated, out of gas, or told to come back.
    for answer in answers {
        if let Err(error) = answer? {
            ensure!([-32000, -32005].contains(&error.code), "{error}");
        }
    }
    Ok(())
}
