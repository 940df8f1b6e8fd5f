//! Traces of transactions, blocks and calls: what they say agrees with the receipts, and with anvil.

use alloy::primitives::{Address, B256, Bytes, TxKind, U256, hex};
use anyhow::{Context, Result, ensure};
use hanse_tests::{Anvil, Node, Rpc, Stage, Wallet, erc20, quantity};
use serde_json::{Value, json};

/// Stores the first word of its input in slot 0, logs it with topic 7, and returns it:
/// `sstore(0, x) mstore(0, x) log1(0, 32, 7) return(0, 32)`.
const STORE: &[u8] = &hex!("5f355f555f355f52600760205fa160205ff3");
/// Stores 1 in slot 0 and then reverts with `Error("no")`.
const REFUSE: &[u8] = &hex!("60015f5562461bcd60e51b5f5260206004526002602452616e6f60f01b60445260645ffd");
/// Ends at the same place for ever: `jumpdest push0 jump`.
const LOOP: &[u8] = &hex!("5b5f56");

/// Passes its input on to both, keeps in slot 1 whether the second one agreed, and returns what the first one said.
fn outer(store: Address, refuse: Address) -> Vec<u8> {
    let copy = hex!("365f5f37");
    let call = |output: &[u8], to: Address| [output, &hex!("365f5f73"), to.as_slice(), &hex!("5af1")].concat();
    // The first one's output is a word at 0x80.
    let (first, second) = (call(&hex!("60206080"), store), call(&hex!("5f5f"), refuse));
    [&copy[..], &first, &hex!("50"), &second, &hex!("60015560206080f3")].concat()
}

/// Init code of a contract.
fn deploying(code: &[u8]) -> Vec<u8> {
    let length = (code.len() as u16).to_be_bytes();
    [&[0x61][..], &length, &hex!("80600a5f395ff3"), code].concat()
}

/// A chain with the contracts above, deployed by development account 0.
struct Scene {
    rpc: Rpc,
    nonce: u64,
    store: Address,
    refuse: Address,
    outer: Address,
}

impl Scene {
    async fn set(rpc: Rpc) -> Result<Self> {
        let mut scene = Self { rpc, nonce: 0, store: Address::ZERO, refuse: Address::ZERO, outer: Address::ZERO };
        scene.store = scene.deploy(STORE).await?;
        scene.refuse = scene.deploy(REFUSE).await?;
        scene.outer = scene.deploy(&outer(scene.store, scene.refuse)).await?;
        Ok(scene)
    }

    async fn deploy(&mut self, code: &[u8]) -> Result<Address> {
        let receipt = self.transact(TxKind::Create, deploying(code), 1_000_000).await?;
        ensure!(receipt["status"] == "0x1", "{receipt}");
        Ok(serde_json::from_value(receipt["contractAddress"].clone())?)
    }

    /// The receipt of the next transaction.
    async fn transact(&mut self, to: TxKind, data: Vec<u8>, gas: u64) -> Result<Value> {
        let raw = Wallet::dev(0).sign(self.nonce, to, data, gas)?;
        self.nonce += 1;
        let hash = self.rpc.send(&raw).await?;
        erc20::receipt(&self.rpc, &hash).await
    }

    async fn call_outer(&mut self, value: u64) -> Result<Value> {
        self.transact(TxKind::Call(self.outer), word(value), 300_000).await
    }

    async fn trace(&self, receipt: &Value, options: Value) -> Result<Value> {
        self.rpc.call("debug_traceTransaction", json!([receipt["transactionHash"], options])).await
    }
}

fn word(value: u64) -> Vec<u8> {
    U256::from(value).to_be_bytes_vec()
}

fn lower(address: Address) -> String {
    format!("{address:#x}")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tracer_agrees_with_the_receipt() -> Result<()> {
    let node = Node::start().await?;
    let mut scene = Scene::set(node.rpc()).await?;
    let receipt = scene.call_outer(42).await?;
    let gas = quantity(&receipt["gasUsed"])?;
    let (store, refuse, outer) = (lower(scene.store), lower(scene.refuse), lower(scene.outer));

    let steps = scene.trace(&receipt, json!({})).await?;
    ensure!(steps["gas"] == gas && steps["failed"] == false, "{steps}");
    ensure!(steps["returnValue"].as_str().context("returnValue")?.ends_with("2a"), "{steps}");
    let logs = steps["structLogs"].as_array().context("structLogs")?;
    let ops = |depth: u64| logs.iter().filter(move |step| step["depth"] == depth).map(|step| step["op"].as_str());
    ensure!(ops(1).next() == Some(Some("CALLDATASIZE")) && ops(1).next_back() == Some(Some("RETURN")), "{steps}");
    ensure!(ops(2).any(|op| op == Some("LOG1")) && ops(2).any(|op| op == Some("REVERT")), "{steps}");
    let stored = logs.iter().find(|step| step["op"] == "SSTORE").context("SSTORE")?;
    ensure!(
        stored["gasCost"] == 22_100 && stored["stack"].as_array().is_some_and(|stack| stack.len() == 2),
        "{stored}"
    );
    ensure!(stored["storage"].as_object().is_some_and(|slots| slots.len() == 1), "{stored}");
    ensure!(stored.get("memory").is_none_or(Value::is_null), "{stored}");
    let bare = json!({ "disableStack": true, "disableStorage": true, "enableMemory": true, "limit": 20 });
    let bare = scene.trace(&receipt, bare).await?;
    let logs = bare["structLogs"].as_array().context("structLogs")?;
    ensure!(logs.len() == 20 && logs.iter().all(|step| step["stack"].is_null() && step["storage"].is_null()), "{bare}");
    ensure!(logs.iter().any(|step| step["memory"].as_array().is_some_and(|memory| !memory.is_empty())), "{bare}");

    let calls = scene.trace(&receipt, json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } })).await?;
    ensure!(calls["type"] == "CALL" && calls["to"] == outer.as_str() && quantity(&calls["gasUsed"])? == gas, "{calls}");
    ensure!(quantity(&calls["gas"])? == 300_000, "{calls}");
    let inner = calls["calls"].as_array().context("calls")?;
    ensure!(inner.len() == 2 && inner[0]["to"] == store.as_str() && inner[1]["to"] == refuse.as_str(), "{calls}");
    ensure!(inner[0]["logs"][0]["address"] == store.as_str() && inner[0]["error"].is_null(), "{calls}");
    ensure!(inner[1]["error"] == "execution reverted" && inner[1]["revertReason"] == "no", "{calls}");
    let top = json!({ "tracer": "callTracer", "tracerConfig": { "onlyTopCall": true } });
    ensure!(scene.trace(&receipt, top).await?["calls"].is_null());

    let before = scene.trace(&receipt, json!({ "tracer": "prestateTracer" })).await?;
    ensure!(before[&outer]["code"].as_str().is_some_and(|code| code.len() > 2), "{before}");
    let sender = lower(Wallet::dev(0).address());
    ensure!(before[&sender]["nonce"] == 3 && before[&store].is_object() && before[&refuse].is_object(), "{before}");
    let diff = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } });
    let diff = scene.trace(&receipt, diff).await?;
    ensure!(diff["pre"][&sender]["nonce"] == 3 && diff["post"][&sender]["nonce"] == 4, "{diff}");
    let slot = format!("{:#x}", B256::ZERO);
    ensure!(diff["post"][&store]["storage"][&slot] == format!("{:#x}", B256::from(U256::from(42))), "{diff}");
    // What was reverted is no difference.
    ensure!(diff["post"][&refuse].is_null() && diff["pre"][&refuse].is_null(), "{diff}");

    ensure!(scene.trace(&receipt, json!({ "tracer": "noopTracer" })).await? == json!({}));
    let selectors = scene.trace(&receipt, json!({ "tracer": "4byteTracer" })).await?;
    ensure!(selectors == json!({ "0x00000000-28": 3 }), "{selectors}");
    let both =
        json!({ "tracer": "muxTracer", "tracerConfig": { "callTracer": { "withLog": true }, "4byteTracer": null } });
    let both = scene.trace(&receipt, both).await?;
    ensure!(both["callTracer"] == calls && both["4byteTracer"] == selectors, "{both}");

    // Blocks.
    let number = &receipt["blockNumber"];
    let options = json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } });
    let block = scene.rpc.call("debug_traceBlockByNumber", json!([number, options])).await?;
    ensure!(block == json!([{ "txHash": receipt["transactionHash"], "result": calls }]), "{block}");
    let by_hash = scene.rpc.call("debug_traceBlockByHash", json!([receipt["blockHash"], options])).await?;
    ensure!(by_hash == block);

    // Parity's.
    let flat = scene.rpc.call("trace_transaction", json!([receipt["transactionHash"]])).await?;
    let paths: Vec<_> = flat.as_array().context("traces")?.iter().map(|call| call["traceAddress"].clone()).collect();
    ensure!(paths == [json!([]), json!([0]), json!([1])], "{flat}");
    ensure!(quantity(&flat[0]["result"]["gasUsed"])? == gas && flat[2]["error"] == "Reverted", "{flat}");
    ensure!(flat[1]["blockNumber"] == quantity(number)? && flat[1]["transactionPosition"] == 0, "{flat}");
    ensure!(scene.rpc.call("trace_block", json!([number])).await? == flat);
    let one = scene.rpc.call("trace_get", json!([receipt["transactionHash"], ["0x1"]])).await?;
    ensure!(one == flat[2], "{one}");
    let filter = json!({ "fromBlock": "0x0", "toBlock": "latest", "toAddress": [scene.store] });
    let found = scene.rpc.call("trace_filter", json!([filter])).await?;
    // The creation, and the call.
    ensure!(found.as_array().is_some_and(|found| found.len() == 2 && found[1] == flat[1]), "{found}");
    let filter = json!({ "fromBlock": "0x0", "toAddress": [scene.store], "after": 1, "count": 1 });
    ensure!(scene.rpc.call("trace_filter", json!([filter])).await? == json!([flat[1]]));
    let types = json!(["trace", "stateDiff", "vmTrace"]);
    let replay = scene.rpc.call("trace_replayTransaction", json!([receipt["transactionHash"], types])).await?;
    ensure!(replay["trace"].as_array().is_some_and(|trace| trace.len() == 3), "{replay}");
    ensure!(replay["stateDiff"][&sender]["nonce"]["*"]["to"] == "0x4", "{replay}");
    ensure!(replay["vmTrace"]["ops"].as_array().is_some_and(|ops| !ops.is_empty()), "{replay}");
    let block = scene.rpc.call("trace_replayBlockTransactions", json!([number, types])).await?;
    ensure!(
        block[0]["transactionHash"] == receipt["transactionHash"] && block[0]["trace"] == replay["trace"],
        "{block}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_transaction_of_a_block_starts_where_the_last_one_ended() -> Result<()> {
    let node = Node::start_with(&["--dev", "--sealing", "manual"]).await?;
    let rpc = node.rpc();
    let wallet = Wallet::dev(0);
    let seal = || rpc.call("engine_createBlock", json!([true, true, null]));
    let store = wallet.address().create(0);
    rpc.send(&wallet.sign(0, TxKind::Create, deploying(STORE), 1_000_000)?).await?;
    let mut hashes = Vec::new();
    for nonce in 1..=3 {
        hashes.push(rpc.send(&wallet.sign(nonce, TxKind::Call(store), word(nonce), 100_000)?).await?);
    }
    seal().await?;
    let last = erc20::receipt(&rpc, &hashes[2]).await?;
    let diff = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } });
    let block = rpc.call("debug_traceBlockByNumber", json!([last["blockNumber"], diff])).await?;
    let block = block.as_array().context("traces")?;
    ensure!(block.len() == 4, "{block:?}");
    let slot = format!("{:#x}", B256::ZERO);
    let value = |value: u64| json!(format!("{:#x}", B256::from(U256::from(value))));
    for (i, hash) in hashes.iter().enumerate() {
        let trace = &block[i + 1];
        ensure!(trace["txHash"] == hash.as_str(), "{trace}");
        ensure!(trace["result"]["post"][lower(store)]["storage"][&slot] == value(i as u64 + 1), "{trace}");
        if i > 0 {
            ensure!(trace["result"]["pre"][lower(store)]["storage"][&slot] == value(i as u64), "{trace}");
        }
        let alone = rpc.call("debug_traceTransaction", json!([hash, diff])).await?;
        ensure!(alone == trace["result"], "{alone}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_traced_on_a_state() -> Result<()> {
    let node = Node::start().await?;
    let scene = Scene::set(node.rpc()).await?;
    let call = json!({ "from": Wallet::dev(1).address(), "to": scene.outer, "data": Bytes::from(word(9)) });
    let trace = |options: Value| scene.rpc.call("debug_traceCall", json!([call, "latest", options]));
    let calls = trace(json!({ "tracer": "callTracer" })).await?;
    ensure!(calls["calls"].as_array().is_some_and(|calls| calls.len() == 2), "{calls}");
    ensure!(calls["output"].as_str().is_some_and(|output| output.ends_with("09")), "{calls}");
    let steps = trace(json!({})).await?;
    ensure!(
        steps["failed"] == false && steps["structLogs"].as_array().is_some_and(|steps| steps.len() > 20),
        "{steps}"
    );
    let diff = trace(json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } })).await?;
    ensure!(diff["post"][lower(scene.store)]["storage"].is_object(), "{diff}");
    let replay = scene.rpc.call("trace_call", json!([call, ["trace"], "latest"])).await?;
    ensure!(
        replay["trace"].as_array().is_some_and(|trace| trace.len() == 3) && replay["vmTrace"].is_null(),
        "{replay}"
    );
    // A call that fails has a trace, one that can't be made has none.
    let refused = json!([{ "to": scene.refuse }, "latest", { "tracer": "callTracer" }]);
    ensure!(scene.rpc.call("debug_traceCall", refused).await?["error"] == "execution reverted");
    let poor = json!([{ "from": Address::repeat_byte(9), "to": scene.store, "value": "0x1" }, "latest"]);
    let error = scene.rpc.refused("debug_traceCall", poor).await?;
    ensure!(error.code == -32000 && error.message.contains("insufficient funds"), "{error}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_inside_a_contract_is_a_call_with_its_log() -> Result<()> {
    let stage = Stage::set(1, 1000).await?;
    let (rpc, ana, outside) = (stage.node.rpc(), &stage.users[0], Wallet::numbered(1));
    // It passes its input on to the token and returns what comes back.
    let pass_on =
        [&hex!("365f5f375f5f365f5f73")[..], stage.token_address.as_slice(), &hex!("5af1503d5f5f3e3d5ff3")].concat();
    let deployment = rpc.send(&outside.sign(0, TxKind::Create, deploying(&pass_on), 1_000_000)?).await?;
    let receipt = erc20::receipt(&rpc, &deployment).await?;
    let contract: Address = serde_json::from_value(receipt["contractAddress"].clone())?;
    let to_contract = json!({ "from": ana.id, "to": contract, "amount": "100" });
    stage.server.settle(&stage.transfers_path(), to_contract).await?;

    let raw = outside.sign(1, TxKind::Call(contract), erc20::transfer(ana.address, 40), 300_000)?;
    let hash = rpc.send(&raw).await?;
    let receipt = erc20::receipt(&rpc, &hash).await?;
    ensure!(receipt["status"] == "0x1" && receipt["logs"].as_array().is_some_and(|logs| logs.len() == 1), "{receipt}");
    let options = json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } });
    let calls = rpc.call("debug_traceTransaction", json!([hash, options])).await?;
    let inner = &calls["calls"][0];
    let token = lower(stage.token_address);
    ensure!(inner["type"] == "CALL" && inner["from"] == lower(contract) && inner["to"] == token.as_str(), "{calls}");
    ensure!(inner["input"] == json!(Bytes::from(erc20::transfer(ana.address, 40))), "{calls}");
    ensure!(inner["logs"][0]["address"] == token.as_str(), "{calls}");
    ensure!(inner["logs"][0]["topics"] == receipt["logs"][0]["topics"], "{calls}");
    let flat = rpc.call("trace_transaction", json!([hash])).await?;
    ensure!(flat[1]["action"]["to"] == token.as_str(), "{flat}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_or_too_large_is_refused_whole() -> Result<()> {
    let node = Node::start().await?;
    let mut scene = Scene::set(node.rpc()).await?;
    let forever = scene.deploy(LOOP).await?;
    let receipt = scene.transact(TxKind::Call(forever), Vec::new(), 1 << 24).await?;
    ensure!(receipt["status"] == "0x0" && quantity(&receipt["gasUsed"])? == 1 << 24, "{receipt}");
    let refused = async |options: Value| {
        scene.rpc.refused("debug_traceTransaction", json!([receipt["transactionHash"], options])).await
    };
    let error = refused(json!({})).await?;
    ensure!(error.code == -32005 && error.message.contains("--eth-trace-max-bytes"), "{error}");
    let error = refused(json!({ "tracer": "callTracer", "timeout": "1ns" })).await?;
    ensure!(error.code == -32000 && error.message == "execution timeout", "{error}");
    let some = scene.trace(&receipt, json!({ "limit": 5 })).await?;
    ensure!(some["structLogs"].as_array().is_some_and(|steps| steps.len() == 5) && some["failed"] == true, "{some}");
    let calls = scene.trace(&receipt, json!({ "tracer": "callTracer" })).await?;
    ensure!(calls["error"] == "out of gas", "{calls}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_traced_is_named() -> Result<()> {
    let node = Node::start().await?;
    let mut scene = Scene::set(node.rpc()).await?;
    let receipt = scene.call_outer(1).await?;
    let hash = &receipt["transactionHash"];
    let nothing = B256::repeat_byte(0xab);
    for (method, params, code, message) in [
        ("debug_traceTransaction", json!([nothing]), -32000, "transaction not found".to_owned()),
        ("debug_traceBlockByNumber", json!(["0xffff"]), -32000, "block #65535 not found".into()),
        ("debug_traceBlockByHash", json!([nothing]), -32000, format!("block {nothing} not found")),
        ("debug_traceBlockByNumber", json!(["0x0"]), -32000, "genesis is not traceable".into()),
        ("debug_traceBlock", json!(["0x01"]), -32602, "invalid argument 0: could not decode block: ".into()),
        (
            "debug_traceTransaction",
            json!([hash, { "tracer": "x" }]),
            -32602,
            "invalid argument 1: tracer: unknown".into(),
        ),
        ("debug_traceTransaction", json!([hash, { "timeout": 5 }]), -32602, "invalid argument 1: timeout: ".into()),
        ("debug_traceTransaction", json!([]), -32602, "missing value for required argument 0".into()),
        ("trace_replayTransaction", json!([hash, ["all"]]), -32602, "invalid argument 1: expected trace, ".into()),
        (
            "trace_filter",
            json!([{ "fromBlock": "0x5", "toBlock": "0x1" }]),
            -32602,
            "invalid block range params".into(),
        ),
        ("trace_filter", json!([{ "mode": "both" }]), -32602, "invalid argument 0: mode: ".into()),
    ] {
        let error = scene.rpc.refused(method, params.clone()).await?;
        ensure!(error.code == code && error.message.starts_with(&message), "{method} {params}: {error}");
    }
    ensure!(scene.rpc.call("trace_transaction", json!([nothing])).await?.is_null());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn pruned_state_is_said_to_be_pruned() -> Result<()> {
    let node = Node::start_with(&["--dev", "--state-pruning", "4"]).await?;
    let mut scene = Scene::set(node.rpc()).await?;
    let old = scene.call_outer(1).await?;
    let mut last = Value::Null;
    for value in 2..14 {
        last = scene.call_outer(value).await?;
    }
    let error = scene.rpc.refused("debug_traceTransaction", json!([old["transactionHash"]])).await?;
    ensure!(error.code == -32000 && error.message.ends_with("this node has pruned it"), "{error}");
    ensure!(scene.trace(&last, json!({})).await?["failed"] == false);
    Ok(())
}

/// The same transactions on anvil.
#[tokio::test(flavor = "multi_thread")]
async fn traces_are_as_anvils() -> Result<()> {
    let (node, anvil) = (Node::start().await?, Anvil::start().await?);
    let (mut ours, mut theirs) = (Scene::set(node.rpc()).await?, Scene::set(anvil.rpc()).await?);
    ensure!((ours.store, ours.refuse, ours.outer) == (theirs.store, theirs.refuse, theirs.outer));
    let forever = ours.deploy(LOOP).await?;
    theirs.deploy(LOOP).await?;
    for (to, data, gas) in [
        (TxKind::Call(ours.outer), word(42), 300_000),
        (TxKind::Call(ours.outer), word(43), 300_000),
        (TxKind::Call(ours.refuse), vec![], 100_000),
        (TxKind::Call(forever), vec![], 22_000),
        (TxKind::Call(Wallet::dev(1).address()), vec![], 21_000),
        (TxKind::Create, deploying(STORE), 200_000),
        (TxKind::Create, REFUSE.to_vec(), 200_000),
    ] {
        let our = ours.transact(to, data.clone(), gas).await?;
        let their = theirs.transact(to, data, gas).await?;
        ensure!(
            our["transactionHash"] == their["transactionHash"] && our["gasUsed"] == their["gasUsed"],
            "{our} {their}"
        );
        let created = our["contractAddress"].as_str().unwrap_or_default().to_owned();
        for options in [
            json!({}),
            json!({ "enableMemory": true, "enableReturnData": true }),
            json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } }),
            json!({ "tracer": "callTracer", "tracerConfig": { "onlyTopCall": true } }),
            json!({ "tracer": "4byteTracer" }),
            json!({ "tracer": "prestateTracer" }),
            json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } }),
        ] {
            let (mut our, mut their) =
                (ours.trace(&our, options.clone()).await?, theirs.trace(&their, options.clone()).await?);
            for trace in [&mut our, &mut their] {
                without_coinbase(trace);
                without_created(trace, &created);
                if let Some(trace) = trace.as_object_mut() {
                    // anvil keeps no steps unless it is told so at its start.
                    trace.remove("structLogs");
                    // Of the gas limit anvil takes the intrinsic gas off; geth doesn't.
                    if trace.contains_key("type") {
                        trace.remove("gas");
                    }
                }
            }
            ensure!(our == their, "{to:?} {options}:\n{our}\n{their}");
        }
    }
    Ok(())
}

/// anvil lists a contract that is about to be created among what was before; geth doesn't.
fn without_created(trace: &mut Value, created: &str) {
    if let Some(before) = trace.get_mut("pre") {
        without_created(before, created);
    } else if let Some(accounts) = trace.as_object_mut() {
        accounts.remove(created);
    }
}

/// Who gets the tips is another account on each chain; and anvil's accounts hold another amount of coins.
fn without_coinbase(trace: &mut Value) {
    for part in ["pre", "post"] {
        if let Some(part) = trace.get_mut(part) {
            without_coinbase(part);
        }
    }
    if let Some(accounts) = trace.as_object_mut().filter(|map| map.keys().all(|key| key.len() == 42)) {
        accounts.remove(&lower(Address::ZERO));
        accounts.values_mut().filter_map(Value::as_object_mut).for_each(|account| {
            account.remove("balance");
        });
    }
}
