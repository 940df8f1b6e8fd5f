//! A network where only listed accounts deploy contracts, made from a description.

use alloy::primitives::{Address, Bytes, TxKind, address};
use alloy::sol_types::SolCall;
use anyhow::{Context, Result, ensure};
use hanse_tests::{Node, Wallet, erc20};
use serde_json::json;

alloy::sol!("../contracts/IUsers.sol");

/// Where `IUsers` is.
const USERS: Address = address!("48414e5345000000000000000000000000000001");

/// One validator (`//Alice`), one operator and one listed account.
const DESCRIPTION: &str = r#"
name = "Guild"
id = "guild"
chain_id = 4269
policy = "open"
root = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
operators = ["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"]
deploy_policy = "listed"
deployers = ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"]

[[validators]]
name = "alice"
aura = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
grandpa = "5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu"
"#;

/// Deploys what each call makes create an empty contract: it returns the address, or reverts with what the creation
/// returned, as Solidity's `new` does.
const FACTORY: &str = "0x6017600a5f3960175ff35f5f5ff08015600f575f5260205ff35b3d5f5f3e3d5ffd";

const REFUSAL: &str = "sender is not permitted to deploy contracts on this network";

#[tokio::test(flavor = "multi_thread")]
async fn only_listed_accounts_deploy() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let description = folder.path().join("guild.toml");
    std::fs::write(&description, DESCRIPTION)?;
    let description = description.to_str().context("a path in UTF-8")?;
    let node =
        Node::start_with(&["--chain", description, "--validator", "--alice", "--unsafe-force-node-key-generation"])
            .await?;
    let rpc = node.rpc();
    let (operator, listed, other) = (Wallet::dev(0), Wallet::dev(1), Wallet::dev(2));

    for (wallet, may) in [(&operator, true), (&listed, true), (&other, false)] {
        let question = IUsers::canDeployCall { account: wallet.address() }.abi_encode();
        let answer = rpc.eth_call(USERS, question, "latest").await?;
        ensure!(IUsers::canDeployCall::abi_decode_returns(&answer)? == may, "{}", wallet.address());
    }

    // Neither the pool nor an estimate takes it; a call without a sender deploys nothing, and may.
    let code: Bytes = FACTORY.parse()?;
    let creation = other.sign(0, TxKind::Create, code.clone(), 200_000)?;
    let error = rpc.refused("eth_sendRawTransaction", json!([creation])).await?;
    ensure!(error.message == REFUSAL, "{error}");
    let call = json!({ "from": other.address(), "data": FACTORY });
    for method in ["eth_estimateGas", "eth_call"] {
        let error = rpc.refused(method, json!([call])).await?;
        ensure!(error.message.contains(REFUSAL), "{method}: {error}");
    }
    rpc.call("eth_call", json!([{ "data": FACTORY }, "latest"])).await?;

    let mut factory = Address::ZERO;
    for wallet in [&operator, &listed] {
        let hash = rpc.send(&wallet.sign(0, TxKind::Create, code.clone(), 200_000)?).await?;
        let receipt = erc20::receipt(&rpc, &hash).await?;
        ensure!(receipt["status"] == "0x1", "{receipt}");
        factory = serde_json::from_value(receipt["contractAddress"].clone())?;
    }

    // Whose contract it is makes no difference: who sends the transaction does.
    let call = json!({ "from": other.address(), "to": factory });
    let error = rpc.refused("eth_estimateGas", json!([call])).await?;
    ensure!(error.message == format!("execution reverted: {REFUSAL}"), "{error}");
    for (wallet, nonce, status) in [(&other, 0, "0x0"), (&listed, 1, "0x1")] {
        let hash = rpc.send(&wallet.sign(nonce, TxKind::Call(factory), Bytes::new(), 200_000)?).await?;
        let receipt = erc20::receipt(&rpc, &hash).await?;
        ensure!(receipt["status"] == status, "{receipt}");
    }
    let created = rpc.number("eth_getTransactionCount", json!([factory, "latest"])).await?;
    ensure!(created == 2, "the factory's nonce is {created}: it created {} contracts", created - 1);
    Ok(())
}
