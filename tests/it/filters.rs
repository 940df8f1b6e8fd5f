//! Filters: news to be fetched.

use alloy::primitives::U256;
use anyhow::{Context, Result, ensure};
use hanse_tests::erc20::Erc20;
use hanse_tests::{Node, Rpc, Wallet};
use serde_json::{Value, json};

/// What the filter has to tell. Who has a receipt need not wait for it.
async fn news(rpc: &Rpc, filter: &Value) -> Result<Vec<Value>> {
    let news = rpc.call("eth_getFilterChanges", json!([filter])).await?;
    Ok(news.as_array().context("an array")?.clone())
}

#[tokio::test]
async fn filters_tell_what_is_new_once() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    let blocks = rpc.call("eth_newBlockFilter", json!([])).await?;
    let hashes = rpc.call("eth_newPendingTransactionFilter", json!([])).await?;
    let whole = rpc.call("eth_newPendingTransactionFilter", json!([true])).await?;
    let logs = rpc.call("eth_newFilter", json!([{ "fromBlock": "earliest" }])).await?;
    let past = rpc.call("eth_newFilter", json!([{ "fromBlock": "0x0", "toBlock": "0x0" }])).await?;

    // Its supply is minted, with one log.
    let token = Erc20::deploy(&rpc, &Wallet::dev(0), 0, U256::from(7)).await?;
    let block = rpc.call("eth_getBlockByNumber", json!(["latest", false])).await?;
    let transaction = &block["transactions"][0];
    ensure!(news(&rpc, &blocks).await? == [block["hash"].clone()]);
    let told = news(&rpc, &hashes).await?;
    ensure!(told.len() == 1 && told[0] == *transaction, "{told:?}");
    ensure!(news(&rpc, &whole).await?[0]["hash"] == *transaction);
    let told = news(&rpc, &logs).await?;
    ensure!(told.len() == 1 && told[0]["address"] == json!(token.address()), "{told:?}");
    ensure!(told[0]["removed"] == false && told[0]["transactionHash"] == *transaction, "{told:?}");
    for filter in [&blocks, &hashes, &whole, &logs, &past] {
        let again = rpc.call("eth_getFilterChanges", json!([filter])).await?;
        ensure!(again == json!([]), "told twice: {again}");
    }
    ensure!(rpc.call("eth_getFilterLogs", json!([logs])).await? == json!(told), "all logs of the filter, at any time");

    ensure!(rpc.call("eth_uninstallFilter", json!([logs])).await? == true);
    ensure!(rpc.call("eth_uninstallFilter", json!([logs])).await? == false);
    for (method, filter) in
        [("eth_getFilterChanges", &logs), ("eth_getFilterLogs", &logs), ("eth_getFilterLogs", &blocks)]
    {
        let error = rpc.refused(method, json!([filter])).await?;
        ensure!((error.code, error.message.as_str()) == (-32000, "filter not found"), "{method}: {error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_filter_that_makes_no_sense_is_refused() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    for (params, code, text) in [
        (json!([{ "fromBlock": "0x2", "toBlock": "0x1" }]), -32602, "invalid block range params"),
        (json!([{ "fromBlock": "pending" }]), -32000, "pending logs are not supported"),
        (json!([{ "blockHash": format!("0x{}", "11".repeat(32)) }]), -32602, "never changes"),
        (json!([{ "address": "0x1" }]), -32602, "invalid argument 0"),
        (json!([]), -32602, "missing value for required argument 0"),
    ] {
        let error = rpc.refused("eth_newFilter", params.clone()).await?;
        ensure!(error.code == code && error.message.contains(text), "{params}: {error}");
    }
    Ok(())
}
