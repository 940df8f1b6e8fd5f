//! Calls on a changed state, and blocks of calls, over JSON-RPC.

use alloy::primitives::{Address, Bytes, U256};
use anyhow::{Result, ensure};
use hanse_tests::erc20::{self, Erc20};
use hanse_tests::{Node, Wallet};
use serde_json::{Value, json};

const SOMEBODY: Address = Address::repeat_byte(0xaa);
const NOBODY: Address = Address::repeat_byte(0xbb);

/// Returns the word 42: `PUSH1 42 PUSH0 MSTORE PUSH1 32 PUSH0 RETURN`.
const ANSWER: &str = "0x602a5f5260205ff3";

#[tokio::test]
async fn calls_see_the_state_and_the_block_as_told() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    let call = json!({ "to": SOMEBODY });
    let answer = rpc.call("eth_call", json!([call, "latest", { SOMEBODY.to_string(): { "code": ANSWER } }])).await?;
    ensure!(answer.as_str().is_some_and(|word| word.ends_with("2a")), "{answer}");
    ensure!(rpc.call("eth_call", json!([call, "latest"])).await? == "0x", "nothing stays");

    // NUMBER instead of the constant.
    let code = "0x435f5260205ff3";
    let overrides = json!({ SOMEBODY.to_string(): { "code": code } });
    let answer = rpc.call("eth_call", json!([call, "latest", overrides, { "number": "0xabc" }])).await?;
    ensure!(answer.as_str().is_some_and(|word| word.ends_with("abc")), "{answer}");

    let poor = json!({ "from": NOBODY, "to": SOMEBODY, "value": "0x5" });
    let error = rpc.refused("eth_estimateGas", json!([poor])).await?;
    ensure!(error.message.contains("insufficient funds"), "{error}");
    let rich = json!({ NOBODY.to_string(): { "balance": format!("0x{}", "f".repeat(64)) } });
    ensure!(rpc.call("eth_estimateGas", json!([poor, "latest", rich])).await? == "0x5208");

    let both = json!({ SOMEBODY.to_string(): { "state": {}, "stateDiff": {} } });
    let error = rpc.refused("eth_call", json!([call, "latest", both])).await?;
    ensure!(error.code == -32602 && error.message.contains("has both 'state' and 'stateDiff'"), "{error}");
    Ok(())
}

#[tokio::test]
async fn an_access_list_makes_a_call_cheaper_or_is_short() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    let owner = Wallet::dev(0);
    let token = Erc20::deploy(&rpc, &owner, 0, U256::from(1_000)).await?;
    let data: Bytes = erc20::transfer(SOMEBODY, 5).into();
    let call = json!({ "from": owner.address(), "to": token.address(), "data": data });
    let list = rpc.call("eth_createAccessList", json!([call])).await?;
    let entries = list["accessList"].as_array().cloned().unwrap_or_default();
    // The balances of both.
    ensure!(entries.len() == 1 && entries[0]["storageKeys"].as_array().is_some_and(|keys| keys.len() == 2), "{list}");
    ensure!(list.get("error").is_none(), "{list}");
    let mut listed = call.clone();
    listed["accessList"] = list["accessList"].clone();
    let trace = rpc.call("debug_traceCall", json!([listed, "latest", { "tracer": "callTracer" }])).await?;
    ensure!(trace["gasUsed"] == list["gasUsed"], "{trace} {list}");

    // More than the owner has: there is a list all the same, of what was looked at.
    let data: Bytes = erc20::transfer(SOMEBODY, 5_000).into();
    let call = json!({ "from": owner.address(), "to": token.address(), "data": data });
    let list = rpc.call("eth_createAccessList", json!([call])).await?;
    ensure!(list["error"].as_str().is_some_and(|text| text.contains("revert")), "{list}");
    Ok(())
}

#[tokio::test]
async fn blocks_are_simulated_on_each_other() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    let pay =
        |from: Address, to: Address, value: u64| json!({ "from": from, "to": to, "value": format!("{value:#x}") });
    let payload = json!({
        "blockStateCalls": [
            { "stateOverrides": { SOMEBODY.to_string(): { "balance": "0x64" } }, "calls": [pay(SOMEBODY, NOBODY, 60)] },
            { "blockOverrides": { "number": "0x5" }, "calls": [pay(NOBODY, SOMEBODY, 59), { "from": NOBODY, "to": NOBODY, "data": "0x" }] },
        ],
        "returnFullTransactions": true,
    });
    let blocks = rpc.call("eth_simulateV1", json!([payload, "latest"])).await?;
    let numbers: Vec<&Value> = blocks.as_array().into_iter().flatten().map(|block| &block["number"]).collect();
    ensure!(numbers == ["0x1", "0x2", "0x3", "0x4", "0x5"], "{blocks}");
    let last = &blocks[4];
    ensure!(last["parentHash"] == blocks[3]["hash"] && last["gasUsed"] == "0xa410", "{last}");
    ensure!(last["calls"][0]["status"] == "0x1" && last["transactions"][1]["from"] == json!(NOBODY), "{last}");
    ensure!(rpc.call("eth_blockNumber", json!([])).await? == "0x0", "nothing stays");

    for (blocks, code) in [
        (json!([{ "calls": [pay(SOMEBODY, NOBODY, 1)] }]), -38014),
        (json!([{ "blockOverrides": { "number": "0x0" } }]), -38020),
        (json!([{ "blockOverrides": { "number": "0x500" } }]), -38026),
        (json!([{ "calls": [{ "from": SOMEBODY, "to": NOBODY, "gas": "0x5207" }] }]), -38013),
        (json!([{ "calls": [{ "from": SOMEBODY, "to": NOBODY, "gas": "0x1c9c381" }] }]), -38015),
    ] {
        let error = rpc.refused("eth_simulateV1", json!([{ "blockStateCalls": blocks }])).await?;
        ensure!(error.code == code, "{blocks}: {error}");
    }
    Ok(())
}
