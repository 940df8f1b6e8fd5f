//! Anybody checks what a gateway says, with nothing but the hash of the chain's genesis.

use anyhow::{Context as _, Result, ensure};
use hanse_tests::{Database, Network, Stage, binary, until};
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::time::Duration;

fn verify(file: &std::path::Path, genesis: &str, more: &[&str]) -> Result<Output> {
    let mut command = Command::new(binary("hanse-gateway")?);
    Ok(command.arg("verify-proof").arg(file).args(["--genesis", genesis]).args(more).output()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_proved_without_gateway_or_node() -> Result<()> {
    let mut network = Network::start().await?;
    let node = network.nodes.remove(0);
    let genesis = node.rpc().call("chain_getBlockHash", json!([0])).await?;
    let genesis = genesis.as_str().context("no genesis")?.to_owned();
    let stage = Stage::set_with(node, Database::Sqlite, 1, 1_000).await?;
    let body = json!({ "to": stage.users[0].id, "amount": "7" });
    let moved = stage.server.post(&stage.transfers_path(), body).await?;
    stage.server.finalized(&moved).await?;
    let operation = &moved["operation"];
    let path = format!("/operations/{}/proof", operation["id"].as_str().context("no operation")?);
    let mut proof = until("the node has the votes", Duration::from_secs(30), async || {
        let answer = stage.server.try_get(&path).await?;
        Ok((answer.status == 200).then_some(answer.body))
    })
    .await?;

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("proof.json");
    std::fs::write(&file, proof.to_string())?;
    let proved = verify(&file, &genesis, &["--json"])?;
    ensure!(proved.status.success(), "{proved:?}");
    let proved: Value = serde_json::from_slice(&proved.stdout)?;
    ensure!(proved["transactionHash"] == operation["transactionHash"] && proved["succeeded"] == true, "{proved}");
    ensure!(
        proved["from"]
            .as_str()
            .is_some_and(|from| from.eq_ignore_ascii_case(operation["sender"].as_str().unwrap_or_default())),
        "{proved}"
    );
    ensure!(proved["validators"] == 3 && proved["signedBy"].as_u64() >= Some(3), "{proved}");
    let told = String::from_utf8(verify(&file, &genesis, &[])?.stdout)?;
    ensure!(told.starts_with("Proved.") && told.contains("succeeded"), "{told}");

    let other = verify(&file, &format!("0x{}", "11".repeat(32)), &[])?;
    ensure!(!other.status.success() && String::from_utf8(other.stderr)?.contains("another chain"));
    // Somebody says that it did something else.
    let receipt = proof["receipt"].as_str().context("no receipt")?.replacen("01", "00", 1);
    proof["receipt"] = json!(receipt);
    std::fs::write(&file, proof.to_string())?;
    let forged = verify(&file, &genesis, &[])?;
    ensure!(!forged.status.success() && String::from_utf8(forged.stderr)?.contains("nothing is proved: receipt"));
    std::fs::write(&file, "{}")?;
    ensure!(!verify(&file, &genesis, &[])?.status.success());
    Ok(())
}
