//! Token transfers a second by `eth_sendRawTransaction`, on Hanse and on anvil: the same bytes, one after the other.

use crate::load::{Flood, Outcome, endow, senders};
use crate::report::Report;
use alloy::primitives::{Address, TxKind, address};
use alloy::primitives::{B256, FixedBytes, U256};
use alloy::sol_types::SolCall;
use anyhow::{Context, Result, ensure};
use hanse_tests::erc20::{self, Erc20};
use hanse_tests::{Anvil, Node, Rpc, Wallet};
use serde_json::json;

alloy::sol!("../contracts/IUsers.sol");
alloy::sol!("../contracts/ITokens.sol");

const USERS: Address = address!("48414E5345000000000000000000000000000001");
const TOKENS: Address = address!("48414E5345000000000000000000000000000002");
const SENDERS: u64 = 200;

/// Each chain in turn, so that what else the machine does meets all of them.
const ROUNDS: usize = 3;

pub async fn measure(report: &mut Report, scale: u32) -> Result<()> {
    let each = 60 / u64::from(scale);
    let (mut contract, mut native, mut reference) = (Vec::new(), Vec::new(), Vec::new());
    let mut peer = String::new();
    for _ in 0..ROUNDS {
        let anvil = Anvil::start().await?;
        peer = anvil.rpc().call("web3_clientVersion", json!([])).await?.as_str().context("a version")?.to_owned();
        reference.push(erc20_on(&anvil.rpc(), each).await?);
        drop(anvil);
        let node = Node::start().await?;
        contract.push(erc20_on(&node.rpc(), each).await?);
        drop(node);
        let node = Node::start().await?;
        native.push(native_on(&node.rpc(), each).await?);
    }

    report.section(
        "Token transfers by eth_sendRawTransaction",
        &format!(
            "{} transfers by {SENDERS} senders in batches of 100 over 4 connections, from the first request until the \
             last transaction is in a block. The contract is OpenZeppelin's ERC-20, the native token one issued by \
             `ITokens`. {peer} mines ten times a second all that it has. Of {ROUNDS} rounds, in turns, the middle one; slowest and \
             fastest in brackets.",
            each * SENDERS
        ),
    );
    report.head(&["chain", "token", "transfers /s", "blocks", "transfers a block", "Mgas /s", "of anvil"]);
    let of = middle(&mut reference);
    for (chain, token, mut rounds) in
        [("Hanse", "contract", contract), ("Hanse", "native", native), ("anvil", "contract", reference)]
    {
        let speed = middle(&mut rounds);
        let [slowest, middle, fastest] = [0, ROUNDS / 2, ROUNDS - 1].map(|index| &rounds[index]);
        report.row(&[
            chain.to_owned(),
            token.to_owned(),
            format!("{speed:.0} ({:.0} to {:.0})", slowest.per_second(), fastest.per_second()),
            middle.blocks.to_string(),
            format!("{:.1}", middle.count as f64 / middle.blocks.max(1) as f64),
            format!("{:.1}", middle.gas as f64 / middle.took.as_secs_f64() / 1e6),
            format!("{:.2}", speed / of),
        ]);
    }
    Ok(())
}

/// Sorts the rounds by speed and gives that of the middle one.
fn middle(rounds: &mut [Outcome]) -> f64 {
    rounds.sort_by(|a, b| a.per_second().total_cmp(&b.per_second()));
    rounds[rounds.len() / 2].per_second()
}

/// OpenZeppelin's ERC-20: deploy, endow, flood.
pub async fn erc20_on(rpc: &Rpc, each: u64) -> Result<Outcome> {
    let deployer = Wallet::dev(0);
    let token = Erc20::deploy(rpc, &deployer, 0, U256::from(10).pow(U256::from(24))).await?;
    flood(rpc, &token, &deployer, 1, each).await
}

/// A token of the platform, issued without the gateway.
async fn native_on(rpc: &Rpc, each: u64) -> Result<Outcome> {
    let issuer = Wallet::dev(0);
    let salt = B256::repeat_byte(1);
    let create_app = IUsers::createAppCall { salt }.abi_encode();
    settle(rpc, &issuer.sign(0, TxKind::Call(USERS), create_app, 1_000_000)?).await?;
    let app_id = IUsers::appIdCall { owner: issuer.address(), salt };
    let answer = rpc.eth_call(USERS, app_id.abi_encode(), "latest").await?;
    let app: FixedBytes<16> = IUsers::appIdCall::abi_decode_returns(&answer)?;
    let params = ITokens::TokenParams {
        name: "Bench".into(),
        symbol: "BENCH".into(),
        decimals: 2,
        cap: U256::ZERO,
        initialSupply: U256::from(10).pow(U256::from(24)),
        holder: issuer.address(),
        closed: false,
    };
    let create = ITokens::createTokenCall { app, salt, params }.abi_encode();
    settle(rpc, &issuer.sign(1, TxKind::Call(TOKENS), create, 2_000_000)?).await?;
    let address = ITokens::tokenAddressCall { app, salt };
    let answer = rpc.eth_call(TOKENS, address.abi_encode(), "latest").await?;
    let token = Erc20::at(rpc.clone(), ITokens::tokenAddressCall::abi_decode_returns(&answer)?);
    flood(rpc, &token, &issuer, 2, each).await
}

async fn settle(rpc: &Rpc, raw: &alloy::primitives::Bytes) -> Result<()> {
    let hash = rpc.send(raw).await?;
    let receipt = erc20::receipt(rpc, &hash).await?;
    ensure!(receipt["status"] == "0x1", "{receipt}");
    Ok(())
}

async fn flood(rpc: &Rpc, token: &Erc20, treasury: &Wallet, nonce: u64, each: u64) -> Result<Outcome> {
    let senders = senders(SENDERS);
    endow(token, rpc, treasury, nonce, &senders, each).await?;
    let flood = Flood::sign(token.address(), &senders, each)?;
    let outcome = flood.run(rpc).await?;
    // Everybody has given and got the same: any other balance means that something was lost.
    for sender in senders.iter().step_by(17) {
        ensure!(token.balance_of(sender.address()).await? == U256::from(each), "a transfer did not happen");
    }
    Ok(outcome)
}
