//! The transaction pool: what it says, whom it lets in, in which order, and the block that it makes of it.

use alloy::primitives::{Address, Bytes, TxKind, U256};
use anyhow::{Context, Result, ensure};
use hanse_tests::{Node, Rpc, Wallet, quantity, until};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

async fn manual(flags: &[&str]) -> Result<Node> {
    Node::start_with(&[&["--dev", "--sealing", "manual"], flags].concat()).await
}

/// Makes a block of what is in the pool, and waits until JSON-RPC knows it.
async fn seal(node: &Node) -> Result<()> {
    let number = node.block_number("latest").await?;
    node.rpc().call("engine_createBlock", json!([true, true, null])).await?;
    until("the block", PATIENCE, async || Ok((node.block_number("latest").await? > number).then_some(()))).await
}

fn transfer(wallet: &Wallet, nonce: u64, price: u128) -> Result<Bytes> {
    let mut transaction = wallet.transaction(nonce, TxKind::Call(Wallet::numbered(7).address()), Bytes::new(), 21_000);
    transaction.max_fee_per_gas = price;
    transaction.max_priority_fee_per_gas = price;
    wallet.sign_transaction(transaction)
}

async fn status(rpc: &Rpc) -> Result<(u64, u64)> {
    let status = rpc.call("txpool_status", json!([])).await?;
    Ok((quantity(&status["pending"])?, quantity(&status["queued"])?))
}

async fn refusal(rpc: &Rpc, raw: &Bytes) -> Result<String> {
    Ok(rpc.refused("eth_sendRawTransaction", json!([raw])).await?.message)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_shows_what_is_in_it() -> Result<()> {
    let node = manual(&[]).await?;
    let rpc = node.rpc();
    ensure!(status(&rpc).await? == (0, 0), "empty");
    let (one, two) = (Wallet::dev(0), Wallet::dev(1));
    let mut hashes = Vec::new();
    for (wallet, nonce) in [(&one, 0), (&one, 3), (&two, 0), (&one, 1)] {
        hashes.push(rpc.send(&transfer(wallet, nonce, 0)?).await?);
    }
    ensure!(status(&rpc).await? == (3, 1), "{:?}", status(&rpc).await?);

    let content = rpc.call("txpool_content", json!([])).await?;
    let (from, other) = (one.address().to_checksum(None), two.address().to_checksum(None));
    ensure!(content["pending"][&from]["0"]["hash"] == hashes[0], "{content}");
    ensure!(content["pending"][&from]["1"]["hash"] == hashes[3], "{content}");
    ensure!(content["pending"][&other]["0"]["hash"] == hashes[2], "{content}");
    let queued = &content["queued"][&from]["3"];
    ensure!(queued["hash"] == hashes[1] && queued["blockHash"].is_null() && queued["nonce"] == "0x3", "{content}");
    ensure!(content["queued"].as_object().map(|all| all.len()) == Some(1), "{content}");

    let of_one = rpc.call("txpool_contentFrom", json!([one.address()])).await?;
    ensure!(of_one == json!({ "pending": content["pending"][&from], "queued": content["queued"][&from] }), "{of_one}");
    let of_none = rpc.call("txpool_contentFrom", json!([Wallet::dev(5).address()])).await?;
    ensure!(of_none == json!({ "pending": {}, "queued": {} }), "{of_none}");

    let inspected = rpc.call("txpool_inspect", json!([])).await?;
    let line = format!("{}: 0 wei + 21000 gas × 0 wei", Wallet::numbered(7).address().to_checksum(None));
    ensure!(inspected["queued"][&from]["3"] == line, "{inspected}");

    let pending = rpc.call("eth_pendingTransactions", json!([])).await?;
    let order: Vec<_> = pending.as_array().context("a list")?.iter().map(|it| it["hash"].clone()).collect();
    ensure!(order == [hashes[0].clone(), hashes[2].clone(), hashes[3].clone()], "{order:?}");
    for hash in &hashes {
        let found = rpc.call("eth_getTransactionByHash", json!([hash])).await?;
        ensure!(found["hash"] == *hash && found["blockNumber"].is_null(), "{found}");
    }

    seal(&node).await?;
    until("the pool has noticed", PATIENCE, async || Ok((status(&rpc).await? == (0, 1)).then_some(()))).await?;
    Ok(())
}

/// Stores 42 at slot 0 and leaves one byte of code.
const STORING: &str = "0x602a60005560016000f3";

#[tokio::test(flavor = "multi_thread")]
async fn the_pending_block_is_the_next_one() -> Result<()> {
    let node = manual(&[]).await?;
    let rpc = node.rpc();
    let pending = async || rpc.call("eth_getBlockByNumber", json!(["pending", false])).await;
    let latest = rpc.call("eth_getBlockByNumber", json!(["latest", false])).await?;
    let empty = pending().await?;
    ensure!(empty["number"] == "0x1" && empty["transactions"] == json!([]), "{empty}");
    ensure!(empty["parentHash"] == latest["hash"], "{empty}");
    for field in ["hash", "nonce", "miner"] {
        ensure!(empty.get(field) == Some(&Value::Null), "{field}: {empty}");
    }

    let (wallet, payee) = (Wallet::dev(0), Wallet::numbered(7).address());
    let mut payment = wallet.transaction(0, TxKind::Call(payee), Bytes::new(), 21_000);
    payment.value = U256::from(5);
    let payment = rpc.send(&wallet.sign_transaction(payment)?).await?;
    let code: Bytes = STORING.parse()?;
    let creation = rpc.send(&wallet.sign(1, TxKind::Create, code, 200_000)?).await?;
    let behind_a_gap = rpc.send(&transfer(&wallet, 3, 0)?).await?;
    let contract: Address = wallet.address().create(1);

    let block = pending().await?;
    ensure!(block["transactions"] == json!([payment, creation]), "{block}");
    ensure!(quantity(&block["gasUsed"])? > 42_000, "{block}");
    let full = rpc.call("eth_getBlockByNumber", json!(["pending", true])).await?;
    ensure!(full["transactions"][1]["hash"] == creation, "{full}");
    ensure!(full["transactions"][1] == rpc.call("eth_getTransactionByHash", json!([creation])).await?, "{full}");
    ensure!(rpc.number("eth_getBlockTransactionCountByNumber", json!(["pending"])).await? == 2, "the count");
    let second = rpc.call("eth_getTransactionByBlockNumberAndIndex", json!(["pending", "0x1"])).await?;
    ensure!(second["hash"] == creation && second["blockHash"].is_null(), "{second}");
    let third = rpc.call("eth_getTransactionByBlockNumberAndIndex", json!(["pending", "0x2"])).await?;
    ensure!(third.is_null(), "{third}");

    // The state after it, and the state before it.
    let at = async |method: &str, params: &[Value], block: &str| {
        rpc.call(method, Value::Array([params, &[json!(block)]].concat())).await
    };
    for (method, params, before, after) in [
        ("eth_getBalance", vec![json!(payee)], json!("0x0"), json!("0x5")),
        ("eth_getTransactionCount", vec![json!(wallet.address())], json!("0x0"), json!("0x2")),
        ("eth_getCode", vec![json!(contract)], json!("0x"), json!("0x00")),
        (
            "eth_getStorageAt",
            vec![json!(contract), json!("0x0")],
            json!(format!("0x{:064x}", 0)),
            json!(format!("0x{:064x}", 42)),
        ),
    ] {
        ensure!(at(method, &params, "latest").await? == before, "{method} before");
        let shown = at(method, &params, "pending").await?;
        ensure!(shown == after, "{method} after: {shown}");
    }
    // The payee can pass on only what it has in the pending state.
    let passed_on = json!({ "from": payee, "to": wallet.address(), "value": "0x5" });
    let refused = rpc.refused("eth_call", json!([passed_on, "latest"])).await?;
    ensure!(refused.message.contains("insufficient funds"), "{refused}");
    rpc.call("eth_call", json!([passed_on, "pending"])).await?;
    ensure!(rpc.number("eth_estimateGas", json!([passed_on, "pending"])).await? == 21_000, "the estimate");

    let history = rpc.call("eth_feeHistory", json!(["0x2", "pending", [50]])).await?;
    ensure!(history["oldestBlock"] == "0x0", "{history}");
    ensure!(history["gasUsedRatio"][1].as_f64().is_some_and(|ratio| ratio > 0.0), "{history}");
    ensure!(history["baseFeePerGas"].as_array().map(Vec::len) == Some(3), "{history}");

    // What fills the gap brings both; and what was shown is what the next block holds.
    let filling = rpc.send(&transfer(&wallet, 2, 0)?).await?;
    let block = pending().await?;
    ensure!(block["transactions"] == json!([payment, creation, filling, behind_a_gap]), "{block}");
    seal(&node).await?;
    let made = rpc.call("eth_getBlockByNumber", json!(["latest", false])).await?;
    for field in ["number", "transactions", "gasUsed", "receiptsRoot", "logsBloom"] {
        ensure!(made[field] == block[field], "{field}: {made} {block}");
    }
    let block = pending().await?;
    ensure!(block["number"] == "0x2" && block["transactions"] == json!([]), "{block}");
    ensure!(block["parentHash"] == made["hash"], "{block}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pays_more_goes_first_and_a_tenth_more_replaces() -> Result<()> {
    let node = manual(&[]).await?;
    let rpc = node.rpc();
    // At the same price they are taken as they came, whoever sent them.
    let mut order = Vec::new();
    for (account, nonce) in [(3, 0), (1, 0), (2, 0), (1, 1), (0, 0), (3, 1)] {
        order.push(json!(rpc.send(&transfer(&Wallet::dev(account), nonce, 0)?).await?));
    }
    let shown = async || -> Result<Vec<Value>> {
        let pending = rpc.call("eth_pendingTransactions", json!([])).await?;
        Ok(pending.as_array().context("a list")?.iter().map(|it| it["hash"].clone()).collect())
    };
    ensure!(shown().await? == order, "{:?}", shown().await?);
    for (account, price) in [(4, 7), (5, 9)] {
        order.insert(0, json!(rpc.send(&transfer(&Wallet::dev(account), 0, price)?).await?));
    }
    ensure!(shown().await? == order, "{:?}", shown().await?);

    // Ready or behind a gap: the rule is the same, and one of a nonce is left.
    let payer = Wallet::dev(6);
    for nonce in [0, 5] {
        rpc.send(&transfer(&payer, nonce, 100)?).await?;
        let cheaper = refusal(&rpc, &transfer(&payer, nonce, 109)?).await?;
        ensure!(cheaper == "replacement transaction underpriced", "{cheaper}");
        let dearer = rpc.send(&transfer(&payer, nonce, 110)?).await?;
        let of_payer = rpc.call("txpool_contentFrom", json!([payer.address()])).await?;
        let place = if nonce == 0 { "pending" } else { "queued" };
        ensure!(of_payer[place][nonce.to_string()]["hash"] == dearer, "{of_payer}");
    }
    ensure!(status(&rpc).await? == (9, 1), "{:?}", status(&rpc).await?);
    // Both caps count.
    let mut half = payer.transaction(0, TxKind::Create, Bytes::new(), 100_000);
    (half.max_fee_per_gas, half.max_priority_fee_per_gas) = (1_000, 110);
    let refused = refusal(&rpc, &payer.sign_transaction(half)?).await?;
    ensure!(refused == "replacement transaction underpriced", "{refused}");
    // Where gas is free the first one stays, until one offers something.
    let free = Wallet::dev(7);
    rpc.send(&transfer(&free, 0, 0)?).await?;
    let other = free.sign(0, TxKind::Create, Bytes::new(), 100_000)?;
    ensure!(refusal(&rpc, &other).await? == "replacement transaction underpriced", "free");
    rpc.send(&transfer(&free, 0, 1)?).await?;
    // A used nonce has its own reason.
    seal(&node).await?;
    let used = refusal(&rpc, &transfer(&payer, 0, 109)?).await?;
    ensure!(used == "nonce too low", "{used}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_the_place_of_others() -> Result<()> {
    // 50 executable ones and 5 behind gaps.
    let node = manual(&["--pool-limit", "50", "--pool-sender-limit", "5", "--pool-sender-queue", "3"]).await?;
    let rpc = node.rpc();
    let hoarder = Wallet::numbered(100);
    for nonce in [2, 3, 4] {
        rpc.send(&transfer(&hoarder, nonce, 0)?).await?;
    }
    ensure!(refusal(&rpc, &transfer(&hoarder, 5, 0)?).await? == "account limit exceeded", "the hoarder's queue");
    for other in [101, 102] {
        rpc.send(&transfer(&Wallet::numbered(other), 1, 0)?).await?;
    }
    // The queue is full. Who has less in it than the hoarder still finds a place, who would have as much does not.
    for (newcomer, left) in [(103, 2), (104, 1)] {
        let transaction = transfer(&Wallet::numbered(newcomer), 1, 0)?;
        until("the hoarder gives way", PATIENCE, async || {
            Ok(rpc.try_call("eth_sendRawTransaction", json!([transaction])).await?.ok())
        })
        .await?;
        let queued = rpc.call("txpool_contentFrom", json!([hoarder.address()])).await?;
        ensure!(queued["queued"].as_object().map(|all| all.len()) == Some(left), "{queued}");
    }
    ensure!(status(&rpc).await? == (0, 5), "{:?}", status(&rpc).await?);
    ensure!(refusal(&rpc, &transfer(&Wallet::numbered(105), 1, 0)?).await? == "txpool is full", "the queue");

    // None of this is in the way of executable ones.
    for sender in 200..210 {
        let sender = Wallet::numbered(sender);
        for nonce in 0..5 {
            rpc.send(&transfer(&sender, nonce, 0)?).await?;
        }
        ensure!(refusal(&rpc, &transfer(&sender, 5, 0)?).await? == "account limit exceeded", "a sender's limit");
    }
    ensure!(status(&rpc).await? == (50, 5), "{:?}", status(&rpc).await?);
    ensure!(refusal(&rpc, &transfer(&Wallet::numbered(300), 0, 0)?).await? == "txpool is full", "the pool");
    rpc.send(&transfer(&Wallet::dev(0), 0, 1)?).await?;
    // What has been accepted is executed.
    seal(&node).await?;
    for sender in 200..210 {
        let nonce = json!([Wallet::numbered(sender).address(), "latest"]);
        ensure!(rpc.number("eth_getTransactionCount", nonce).await? == 5, "{sender}");
    }
    rpc.send(&transfer(&Wallet::numbered(300), 0, 0)?).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_transactions_survive_a_restart() -> Result<()> {
    let mut node = manual(&[]).await?;
    let wallet = Wallet::dev(0);
    for nonce in [0, 1, 3] {
        node.rpc().send(&transfer(&wallet, nonce, 0)?).await?;
    }
    for expected in [(2, 1), (0, 1)] {
        node.kill();
        node.spawn()?;
        node.ready().await?;
        let rpc = node.rpc();
        until("the transactions are back", PATIENCE, async || Ok((status(&rpc).await? == expected).then_some(())))
            .await?;
        seal(&node).await?;
        ensure!(rpc.number("eth_getTransactionCount", json!([wallet.address(), "latest"])).await? == 2, "the nonce");
    }
    Ok(())
}
