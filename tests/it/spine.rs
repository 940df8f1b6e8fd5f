//! The main job end to end: an app, two users, a token, a transfer; and the same token and the same transfer through
//! Ethereum's door.

use alloy::primitives::{Address, TxKind, U256};
use anyhow::{Context, Result, ensure};
use hanse_tests::erc20::{self, IERC20};
use hanse_tests::{Database, Holding, Stage, Wallet, until};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_moves_over_rest_and_is_an_erc20() -> Result<()> {
    main_job(Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_on_postgresql() -> Result<()> {
    match Database::new_postgres()? {
        Some(database) => main_job(database).await,
        None => Ok(()),
    }
}

async fn main_job(database: Database) -> Result<()> {
    let stage = Stage::set_on(database, 2, 1000).await?;
    let [ana, ben] = [&stage.users[0], &stage.users[1]];
    let (server, rpc, token) = (&stage.server, stage.node.rpc(), stage.erc20());

    // The answer comes at once, with everything that the caller needs to follow it.
    let body = json!({ "from": ana.id, "to": ben.id, "amount": "250", "memo": "berth 4" });
    let answer = server.try_post(&stage.transfers_path(), "spine-1", &body).await?;
    let answer = answer.expect(202)?;
    let balances = answer["balances"].as_array().context("balances")?;
    ensure!(balances.len() == 2 && balances[0]["pending"] == "750" && balances[1]["pending"] == "1250", "{answer}");
    let accepted = &answer["operation"];
    ensure!(accepted["status"] == "accepted", "{accepted}");
    ensure!(accepted["amount"] == "250" && accepted["decimals"] == 2, "{accepted}");
    ensure!(accepted["token"] == stage.token.as_str(), "{accepted}");
    let hash = accepted["transactionHash"].as_str().context("transactionHash")?;

    // Included and final, by the word of the gateway and by the chain's.
    let done = server.finalized(accepted).await?;
    ensure!(done["transactionHash"] == hash, "{done}");
    let receipt = erc20::receipt(&rpc, hash).await?;
    ensure!(receipt["status"] == "0x1", "{receipt}");
    let finalized = rpc.call("eth_getBlockByNumber", json!(["finalized", false])).await?;
    ensure!(hanse_tests::quantity(&finalized["number"])? >= hanse_tests::quantity(&receipt["blockNumber"])?);
    ensure!(stage.server.holding(&ana.id, &stage.token).await? == Holding::settled(750));
    ensure!(stage.server.holding(&ben.id, &stage.token).await? == Holding::settled(1250));

    // The same token is an ordinary ERC-20, and the transfer an ordinary log.
    ensure!(token.read(IERC20::nameCall {}).await? == "Harbour Credit");
    ensure!(token.read(IERC20::symbolCall {}).await? == "HARB");
    ensure!(token.read(IERC20::decimalsCall {}).await? == 2);
    ensure!(token.read(IERC20::totalSupplyCall {}).await? == U256::from(stage.supply));
    ensure!(token.balance_of(ben.address).await? == U256::from(1250));
    let transfers = token.transfers().await?;
    let of_operation: Vec<_> = transfers.iter().filter(|transfer| transfer.transaction_hash == hash).collect();
    ensure!(of_operation.len() == 1, "{transfers:?}");
    ensure!((of_operation[0].from, of_operation[0].to) == (ana.address, ben.address));
    ensure!(of_operation[0].value == U256::from(250));
    let mint = transfers.first().context("the mint's log")?;
    ensure!(mint.from == Address::ZERO && mint.value == U256::from(stage.supply));

    // An external wallet gets some and moves it on; REST sees both.
    let outside = Wallet::numbered(1);
    let to_outside = json!({ "from": ben.id, "to": outside.address(), "amount": "100" });
    server.settle(&stage.transfers_path(), to_outside).await?;
    let raw = outside.sign(0, TxKind::Call(stage.token_address), erc20::transfer(ana.address, 40), 200_000)?;
    let external = rpc.send(&raw).await?;
    ensure!(erc20::receipt(&rpc, &external).await?["status"] == "0x1");
    until("the external transfer in REST's balances", Duration::from_secs(10), async || {
        Ok((server.holding(&ana.id, &stage.token).await? == Holding::settled(790)).then_some(()))
    })
    .await?;
    let listed = server.get(&format!("/users/{}/transactions", ana.id)).await?;
    let items = listed["items"].as_array().context("items")?;
    ensure!(items.iter().any(|item| item["transactionHash"] == external.as_str()), "{listed}");
    let listed = server.get(&format!("/tokens/{}/transactions", stage.token)).await?;
    let items = listed["items"].as_array().context("items")?;
    ensure!(items.iter().any(|item| item["transactionHash"] == hash), "{listed}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn mint_burn_and_bulk_keep_the_supply_true() -> Result<()> {
    let stage = Stage::set(3, 100).await?;
    let (server, token) = (&stage.server, stage.erc20());
    let path = |what: &str| format!("/tokens/{}/{what}", stage.token);
    server.settle(&path("mint"), json!({ "to": stage.users[0].id, "amount": "50" })).await?;
    server.settle(&path("burn"), json!({ "amount": "30" })).await?;
    let transfers: Vec<_> = stage.users[1..].iter().map(|user| json!({ "to": user.id, "amount": "7" })).collect();
    server.settle(&path("transfers/bulk"), json!({ "from": stage.users[0].id, "transfers": transfers })).await?;

    ensure!(token.read(IERC20::totalSupplyCall {}).await? == U256::from(stage.supply + 50 - 30));
    for (user, expected) in stage.users.iter().zip([136u128, 107, 107]) {
        ensure!(token.balance_of(user.address).await? == U256::from(expected), "{}", user.id);
        ensure!(server.holding(&user.id, &stage.token).await? == Holding::settled(expected), "{}", user.id);
    }
    Ok(())
}
