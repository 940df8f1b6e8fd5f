//! Bad input over Ethereum JSON-RPC: geth's codes and texts, and the chain goes on.

use alloy::primitives::{Address, Bytes, TxKind, U256};
use anyhow::{Result, ensure};
use hanse_tests::{Node, Rpc, Wallet, erc20, quantity};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_no_requests() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    for (what, body, code) in [
        ("not JSON", "{".to_owned(), -32700),
        ("no method", r#"{"jsonrpc":"2.0","id":1}"#.to_owned(), -32600),
        ("unknown method", r#"{"jsonrpc":"2.0","id":1,"method":"eth_teleport","params":[]}"#.to_owned(), -32601),
    ] {
        let (_, text) = rpc.raw(body).await?;
        let answer: Value = serde_json::from_str(&text)?;
        ensure!(answer["error"]["code"] == code, "{what}: {text}");
    }
    for (method, params) in [
        ("eth_getBalance", json!([])),
        ("eth_getBalance", json!(["0x12", "latest"])),
        ("eth_getBalance", json!([Address::ZERO, "newest"])),
        ("eth_getBalance", json!([Address::ZERO, "0x"])),
        ("eth_getBalance", json!([Address::ZERO, "0x01"])),
        ("eth_getBlockByNumber", json!(["0xffffffffffffffffffff", false])),
        ("eth_getBlockByNumber", json!([1, false])),
        ("eth_getBlockByHash", json!(["0x1234", false])),
        ("eth_getTransactionReceipt", json!(["nothing"])),
        ("eth_call", json!([{ "to": "0x12" }, "latest"])),
        ("eth_call", json!([{ "to": Address::ZERO, "data": "0x1" }, "latest"])),
        ("eth_getLogs", json!([{ "fromBlock": "0x1", "toBlock": "soon" }])),
        ("eth_getStorageAt", json!([Address::ZERO, "position", "latest"])),
        ("eth_sendRawTransaction", json!(["0xzz"])),
        ("eth_sendRawTransaction", json!([5])),
    ] {
        let error = rpc.refused(method, params.clone()).await?;
        ensure!(error.code == -32602, "{method} {params}: {error}");
    }
    // What nobody knows is null, not an error.
    let nothing = json!(format!("0x{}", "ab".repeat(32)));
    for (method, params) in [
        ("eth_getBlockByHash", json!([nothing, false])),
        ("eth_getBlockByNumber", json!(["0xfffffff", false])),
        ("eth_getTransactionByHash", json!([nothing])),
        ("eth_getTransactionReceipt", json!([nothing])),
    ] {
        ensure!(rpc.call(method, params).await?.is_null(), "{method}");
    }
    still_works(&rpc, 9, 0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_the_pool_refuses() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    let (rich, poor) = (Wallet::dev(0), Wallet::numbered(7));
    let to = TxKind::Call(Wallet::dev(1).address());
    let no_data = Bytes::new();
    still_works(&rpc, 0, 0).await?;

    let good = rich.sign(1, to, no_data.clone(), 21_000)?;
    let mut cut = good.to_vec();
    cut.truncate(good.len() - 3);
    let mut longer = good.to_vec();
    longer.extend([0, 0]);
    let mut unknown_type = good.to_vec();
    unknown_type[0] = 0x7e;
    for raw in [vec![], vec![2], vec![0xc0], vec![0xff; 64], cut, longer, unknown_type, vec![0xf8; 200_000]] {
        let shown = raw.len();
        let error = rpc.refused("eth_sendRawTransaction", json!([Bytes::from(raw)])).await?;
        ensure!([-32000, -32602].contains(&error.code), "{shown} bytes: {error}");
    }

    let block_gas = quantity(&rpc.call("eth_getBlockByNumber", json!(["latest", false])).await?["gasLimit"])?;
    let mut wrong_chain = rich.transaction(1, to, no_data.clone(), 21_000);
    wrong_chain.chain_id = 1;
    let mut priority = rich.transaction(1, to, no_data.clone(), 21_000);
    priority.max_priority_fee_per_gas = 2;
    let mut too_rich = poor.transaction(0, to, no_data.clone(), 21_000);
    too_rich.value = U256::from(1);
    let mut fee = poor.transaction(0, to, no_data.clone(), 21_000);
    fee.max_fee_per_gas = 1_000_000_000;
    for (text, raw) in [
        ("nonce too low", rich.sign(0, to, no_data.clone(), 22_000)?),
        ("invalid chain id", rich.sign_transaction(wrong_chain)?),
        ("intrinsic gas too low", rich.sign(1, to, no_data.clone(), 20_999)?),
        // EIP-7825 caps a transaction below what a block takes.
        ("transaction gas limit too high", rich.sign(1, to, no_data.clone(), block_gas + 1)?),
        ("max priority fee per gas higher than max fee per gas", rich.sign_transaction(priority)?),
        ("insufficient funds for gas * price + value", poor.sign_transaction(too_rich)?),
        ("insufficient funds for gas * price + value", poor.sign_transaction(fee)?),
    ] {
        let error = rpc.refused("eth_sendRawTransaction", json!([raw])).await?;
        ensure!(error.code == -32000 && error.message.contains(text), "expected {text:?}, got {error}");
    }

    // A gap waits for the transaction that fills it; the same bytes twice are known.
    let later = rich.sign(2, to, no_data.clone(), 21_000)?;
    let hash = rpc.send(&later).await?;
    let again = rpc.refused("eth_sendRawTransaction", json!([later])).await?;
    ensure!(again.code == -32000 && again.message == "already known", "{again}");
    ensure!(rpc.call("eth_getTransactionReceipt", json!([hash])).await?.is_null());
    rpc.send(&good).await?;
    ensure!(erc20::receipt(&rpc, &hash).await?["status"] == "0x1");
    ensure!(rpc.number("eth_getTransactionCount", json!([rich.address(), "latest"])).await? == 3);
    still_works(&rpc, 0, 3).await
}

/// A transfer of a development account goes through.
async fn still_works(rpc: &Rpc, account: usize, nonce: u64) -> Result<()> {
    let to = TxKind::Call(Wallet::dev(1).address());
    let hash = rpc.send(&Wallet::dev(account).sign(nonce, to, Bytes::new(), 21_000)?).await?;
    let receipt = erc20::receipt(rpc, &hash).await?;
    ensure!(receipt["status"] == "0x1", "{receipt}");
    Ok(())
}
