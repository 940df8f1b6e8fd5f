//! What a `--dev` node does on command, under the names of Hardhat and anvil, and that no other node does it.

use alloy::consensus::TxEip1559;
use alloy::primitives::{Address, Bytes, Signature, TxKind, U256, address, b256};
use anyhow::{Context, Result, ensure};
use hanse_tests::{Network, Node, Rpc, Wallet, erc20, node_command, quantity};
use serde_json::{Value, json};

/// Nobody's.
const SOMEBODY: Address = address!("00000000000000000000000000000000000c0ffe");

#[tokio::test(flavor = "multi_thread")]
async fn time_goes_as_told() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    let next = latest_time(&rpc).await?.max(1_800_000_000) + 500;
    ensure!(rpc.call("evm_setNextBlockTimestamp", json!([next])).await? == next.to_string());
    // A change of the state takes nothing of what was set for the next block.
    rpc.call("hardhat_setBalance", json!([SOMEBODY, "0x1"])).await?;
    ensure!(latest_time(&rpc).await? < next, "the amendment's time");
    ensure!(rpc.call("evm_mine", json!([])).await? == "0x0");
    ensure!(latest_time(&rpc).await? == next, "the time that was set");
    let error = rpc.refused("evm_setNextBlockTimestamp", json!([next])).await?;
    ensure!(error.message.contains("lower than or equal to previous block's timestamp"), "{error}");

    let ahead = rpc.call("evm_increaseTime", json!([3600])).await?;
    ensure!(ahead.as_i64().is_some(), "{ahead}");
    rpc.call("evm_mine", json!([])).await?;
    ensure!(latest_time(&rpc).await? >= next + 3600, "the hour");

    let (before, number) = (latest_time(&rpc).await?, head(&rpc).await?);
    ensure!(rpc.call("hardhat_mine", json!(["0x5", "0x3c"])).await? == true);
    ensure!(head(&rpc).await? == number + 5, "five blocks");
    ensure!(latest_time(&rpc).await? >= before + 4 * 60, "a minute apart");
    rpc.call("evm_mine", json!([{ "blocks": 2 }])).await?;
    ensure!(head(&rpc).await? == number + 7, "two blocks");

    let later = latest_time(&rpc).await? + 1_000;
    rpc.call("evm_mine", json!([later])).await?;
    ensure!(latest_time(&rpc).await? == later, "mined at a time");
    let error = rpc.refused("hardhat_mine", json!(["0xffffffff"])).await?;
    ensure!(error.message.contains("too many blocks"), "{error}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_in_the_latest_block() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    let start = head(&rpc).await?;
    let (sender, other, to) = (Wallet::dev(0), Wallet::dev(1), TxKind::Call(SOMEBODY));
    for sent in 1..=50u64 {
        let transaction = sender.transaction(sent - 1, to, Bytes::new(), 21_000);
        let transaction = sender.sign_transaction(TxEip1559 { value: U256::from(1), ..transaction })?;
        // What waits behind a gap doesn't hide it.
        let behind_gap = other.sign(1_000 + sent, to, Bytes::new(), 21_000)?;
        rpc.send(&transaction).await?;
        if sent % 2 == 0 {
            rpc.send(&behind_gap).await?;
        }
        // Each question is the first one after a transaction in turn.
        let seen = match sent % 3 {
            0 => rpc.balance(SOMEBODY).await? == U256::from(sent),
            1 => head(&rpc).await? == start + sent,
            _ => {
                let latest = rpc.call("eth_getBlockByNumber", json!(["latest", false])).await?;
                quantity(&latest["number"])? == start + sent
            }
        };
        ensure!(seen, "transaction {sent} was not seen");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_come_when_told() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    ensure!(rpc.call("anvil_getAutomine", json!([])).await? == true);
    rpc.call("evm_setAutomine", json!([false])).await?;
    ensure!(rpc.call("anvil_getAutomine", json!([])).await? == false);
    let first = send(&rpc, json!({ "from": Wallet::dev(0).address(), "to": SOMEBODY, "value": "0x7" })).await?;
    let second = send(&rpc, json!({ "from": Wallet::dev(0).address(), "to": SOMEBODY, "value": "0x8" })).await?;
    // What waits in the pool waits on while the state is changed.
    rpc.call("hardhat_setNonce", json!([SOMEBODY, "0x5"])).await?;
    ensure!(rpc.call("eth_getTransactionReceipt", json!([first])).await?.is_null(), "mined without a word");
    ensure!(rpc.call("hardhat_dropTransaction", json!([second])).await? == true);
    ensure!(rpc.call("hardhat_dropTransaction", json!([format!("0x{}", "00".repeat(32))])).await? == false);
    rpc.call("evm_mine", json!([])).await?;
    ensure!(rpc.call("eth_getTransactionReceipt", json!([first])).await?["status"] == "0x1", "the first");
    ensure!(rpc.call("eth_getTransactionReceipt", json!([second])).await?.is_null(), "dropped");
    ensure!(rpc.balance(SOMEBODY).await? == U256::from(7));

    rpc.call("evm_setIntervalMining", json!([50])).await?;
    let third = send(&rpc, json!({ "from": Wallet::dev(0).address(), "to": SOMEBODY, "value": "0x1" })).await?;
    ensure!(erc20::receipt(&rpc, &third).await?["status"] == "0x1", "at an interval");
    rpc.call("evm_setIntervalMining", json!([0])).await?;
    rpc.call("evm_setAutomine", json!([true])).await?;
    let fourth = send(&rpc, json!({ "from": Wallet::dev(0).address(), "to": SOMEBODY, "value": "0x1" })).await?;
    ensure!(erc20::receipt(&rpc, &fourth).await?["status"] == "0x1", "at once");
    Ok(())
}

/// Returns the slot 0.
const READER: &str = "0x5f545f5260205ff3";

#[tokio::test(flavor = "multi_thread")]
async fn the_state_is_amended_and_comes_back_after_a_crash() -> Result<()> {
    let mut node = Node::start().await?;
    let rpc = node.rpc();
    let word = b256!("00000000000000000000000000000000000000000000000000000000deadbeef");
    rpc.call("hardhat_setBalance", json!([SOMEBODY, "0xde0b6b3a7640000"])).await?;
    rpc.call("anvil_setNonce", json!([SOMEBODY, "0x2a"])).await?;
    rpc.call("hardhat_setCode", json!([SOMEBODY, READER])).await?;
    rpc.call("hardhat_setStorageAt", json!([SOMEBODY, "0x0", word])).await?;
    amended(&rpc, word.as_slice()).await?;
    for (method, params, text) in [
        ("hardhat_setNonce", json!([SOMEBODY, "0x1"]), "must not be smaller than the existing nonce (42)"),
        ("hardhat_setBalance", json!([SOMEBODY, format!("0x{}", "f".repeat(64))]), "balance > 2^120 wei"),
        ("hardhat_setStorageAt", json!([SOMEBODY, "0x0", "0x1"]), "invalid argument 2"),
        ("hardhat_setCode", json!([SOMEBODY, format!("0x{}", "00".repeat(50_000))]), "code > 49152 bytes"),
    ] {
        let error = rpc.refused(method, params).await?;
        ensure!(error.message.contains(text), "{method}: {error}");
    }
    let number = head(&rpc).await?;
    node.kill();
    node.spawn()?;
    node.ready().await?;
    let rpc = node.rpc();
    ensure!(head(&rpc).await? == number, "a block is gone");
    amended(&rpc, word.as_slice()).await?;
    rpc.call("hardhat_setCode", json!([SOMEBODY, "0x"])).await?;
    ensure!(rpc.call("eth_getCode", json!([SOMEBODY, "latest"])).await? == "0x");
    node.terminate()?;
    // Whoever executes the blocks again comes to the same state.
    for block in 1..=number {
        node_command(&["check-block", "--dev", &block.to_string()], &node.data())?;
    }
    Ok(())
}

async fn amended(rpc: &Rpc, word: &[u8]) -> Result<()> {
    ensure!(rpc.balance(SOMEBODY).await? == U256::from(10).pow(U256::from(18)), "the balance");
    ensure!(rpc.number("eth_getTransactionCount", json!([SOMEBODY, "latest"])).await? == 42, "the nonce");
    ensure!(rpc.call("eth_getCode", json!([SOMEBODY, "latest"])).await? == READER, "the code");
    ensure!(rpc.eth_call(SOMEBODY, Vec::new(), "latest").await?.as_ref() == word, "the storage");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_come_back_to() -> Result<()> {
    let mut node = Node::start().await?;
    let rpc = node.rpc();
    let (sender, to) = (Wallet::dev(0), TxKind::Call(SOMEBODY));
    let pay = async |rpc: &Rpc, nonce| {
        let mut transaction = sender.transaction(nonce, to, Bytes::new(), 21_000);
        transaction.value = U256::from(3);
        let hash = rpc.send(&sender.sign_transaction(transaction)?).await?;
        erc20::receipt(rpc, &hash).await?;
        anyhow::Ok(hash)
    };
    pay(&rpc, 0).await?;
    let kept = block(&rpc, "latest").await?;
    // The same transactions each time, on the way back as if they had never been.
    for _ in 0..3 {
        let id = rpc.call("evm_snapshot", json!([])).await?;
        pay(&rpc, 1).await?;
        let later = rpc.call("evm_snapshot", json!([])).await?;
        let gone = pay(&rpc, 2).await?;
        rpc.call("evm_increaseTime", json!([100_000])).await?;
        rpc.call("hardhat_setBalance", json!([Wallet::dev(9).address(), "0x1"])).await?;
        ensure!(rpc.balance(SOMEBODY).await? == U256::from(9), "three payments");
        ensure!(rpc.call("evm_revert", json!([id])).await? == true);
        ensure!(block(&rpc, "latest").await? == kept && block(&rpc, "finalized").await? == kept, "another head");
        ensure!(rpc.balance(SOMEBODY).await? == U256::from(3), "the balance");
        ensure!(rpc.number("eth_getTransactionCount", json!([sender.address(), "pending"])).await? == 1, "the nonce");
        ensure!(rpc.call("eth_getTransactionReceipt", json!([gone])).await?.is_null(), "of a block that is gone");
        // A snapshot serves once, and later ones go with it.
        ensure!(rpc.call("evm_revert", json!([id])).await? == false);
        ensure!(rpc.call("evm_revert", json!([later])).await? == false);
    }
    pay(&rpc, 1).await?;
    let after = block(&rpc, "latest").await?;
    let system = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    ensure!(quantity(&after["timestamp"])? < system + 50_000, "the clock came back too");
    node.terminate()?;
    node.spawn()?;
    node.ready().await?;
    let rpc = node.rpc();
    ensure!(block(&rpc, "latest").await? == after, "blocks that were taken away came back");
    pay(&rpc, 2).await?;

    rpc.call("hardhat_reset", json!([])).await?;
    ensure!(head(&rpc).await? == 0 && rpc.balance(SOMEBODY).await?.is_zero(), "something is left");
    pay(&rpc, 0).await?;
    ensure!(rpc.refused("hardhat_reset", json!([{ "forking": {} }])).await?.message.contains("fork"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_is_impersonated() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    let payment = json!({ "from": SOMEBODY, "to": Wallet::dev(3).address(), "value": "0x5" });
    ensure!(rpc.refused("eth_sendTransaction", json!([payment])).await?.message == "unknown account");
    rpc.call("hardhat_setBalance", json!([SOMEBODY, "0x64"])).await?;
    // A contract too.
    rpc.call("hardhat_setCode", json!([SOMEBODY, READER])).await?;
    rpc.call("hardhat_impersonateAccount", json!([SOMEBODY])).await?;
    let hash = send(&rpc, payment.clone()).await?;
    let receipt = erc20::receipt(&rpc, &hash).await?;
    let sender = json!(format!("{SOMEBODY:?}").to_lowercase());
    ensure!(receipt["status"] == "0x1" && receipt["from"] == sender, "{receipt}");
    let transaction = rpc.call("eth_getTransactionByHash", json!([hash])).await?;
    ensure!(transaction["from"] == sender && transaction["hash"] == hash.as_str(), "{transaction}");
    ensure!(rpc.balance(SOMEBODY).await? == U256::from(0x5f));
    rpc.call("hardhat_stopImpersonatingAccount", json!([SOMEBODY])).await?;
    ensure!(rpc.refused("eth_sendTransaction", json!([payment])).await?.message == "unknown account");
    rpc.call("anvil_autoImpersonateAccount", json!([true])).await?;
    let hash = send(&rpc, payment).await?;
    ensure!(erc20::receipt(&rpc, &hash).await?["status"] == "0x1", "everybody");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_signs_for_the_development_accounts() -> Result<()> {
    let node = Node::start().await?;
    let rpc = node.rpc();
    let accounts: Vec<Address> = serde_json::from_value(rpc.call("eth_accounts", json!([])).await?)?;
    ensure!(accounts == (0..10).map(|index| Wallet::dev(index).address()).collect::<Vec<_>>(), "{accounts:?}");
    let from = accounts[4];
    for fields in [
        json!({}),
        json!({ "gasPrice": "0x0" }),
        json!({ "gasPrice": "0x0", "accessList": [{ "address": SOMEBODY, "storageKeys": [] }] }),
        json!({ "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x0", "gas": "0x5208", "nonce": "0x3" }),
    ] {
        let mut transaction = json!({ "from": from, "to": SOMEBODY, "value": "0x1" });
        transaction.as_object_mut().context("an object")?.extend(fields.as_object().context("an object")?.clone());
        let hash = send(&rpc, transaction).await?;
        // Asked once: it comes with the block.
        let receipt = rpc.call("eth_getTransactionReceipt", json!([hash])).await?;
        ensure!(receipt["status"] == "0x1", "{fields}: {receipt}");
    }
    ensure!(rpc.balance(SOMEBODY).await? == U256::from(4));
    let signed = rpc.call("eth_signTransaction", json!([{ "from": from, "to": SOMEBODY, "gas": "0x5208" }])).await?;
    let hash = rpc.call("eth_sendRawTransaction", json!([signed["raw"]])).await?;
    ensure!(signed["tx"]["hash"] == hash && signed["tx"]["type"] == "0x2", "{signed}");
    ensure!(erc20::receipt(&rpc, hash.as_str().context("a hash")?).await?["from"] == json!(from), "who signed");
    // A call that fails is found out by the estimate.
    let error = rpc.refused("eth_sendTransaction", json!([{ "from": from, "data": "0x5f5ffd" }])).await?;
    ensure!(error.code == 3, "{error}");

    let message = Bytes::from_static(b"moin");
    for (method, params) in [("eth_sign", json!([from, message])), ("personal_sign", json!([message, from]))] {
        let signature: Bytes = serde_json::from_value(rpc.call(method, params).await?)?;
        let signer = Signature::from_raw(&signature)?.recover_address_from_msg(&message)?;
        ensure!(signer == from, "{method}: {signer}");
    }
    ensure!(rpc.refused("eth_sign", json!([SOMEBODY, message])).await?.message == "unknown account");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_has_none_of_it() -> Result<()> {
    let network = Network::start().await?;
    let rpc = network.nodes[0].rpc();
    for method in ["evm_mine", "evm_snapshot", "hardhat_setBalance", "anvil_setCode", "eth_sendTransaction", "eth_sign"]
    {
        let error = rpc.refused(method, json!([])).await?;
        ensure!(error.code == -32601, "{method}: {error}");
    }
    ensure!(rpc.call("eth_accounts", json!([])).await? == json!([]));
    let version = rpc.call("web3_clientVersion", json!([])).await?;
    ensure!(version.as_str().is_some_and(|version| version.starts_with("hanse-node/")), "{version}");
    Ok(())
}

async fn send(rpc: &Rpc, transaction: Value) -> Result<String> {
    let hash = rpc.call("eth_sendTransaction", json!([transaction])).await?;
    Ok(hash.as_str().context("a hash")?.to_owned())
}

async fn head(rpc: &Rpc) -> Result<u64> {
    rpc.number("eth_blockNumber", json!([])).await
}

async fn block(rpc: &Rpc, tag: &str) -> Result<Value> {
    rpc.call("eth_getBlockByNumber", json!([tag, true])).await
}

async fn latest_time(rpc: &Rpc) -> Result<u64> {
    quantity(&block(rpc, "latest").await?["timestamp"])
}
