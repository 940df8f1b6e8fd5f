//! How fast Ethereum JSON-RPC answers, on Hanse and on anvil: the same requests on the same chain, in turns.

use crate::execution::LOOP;
use crate::load::{endow, senders};
use crate::report::{Latencies, Report};
use alloy::primitives::{Address, Bytes, TxKind, U256};
use alloy::sol_types::SolCall;
use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use hanse_tests::erc20::{self, Erc20, IERC20};
use hanse_tests::{Anvil, Node, Rpc, Wallet};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Each chain in turn, so that what else the machine does meets all of them.
const ROUNDS: usize = 3;
/// Holders of the token, and so its `Transfer` logs.
const HOLDERS: u64 = 200;
const CONNECTIONS: usize = 4;
/// Answers to the largest questions are large: fewer of them.
const HEAVY_DIVISOR: u32 = 10;

/// One kind of request, measured.
struct Row {
    name: &'static str,
    latencies: Latencies,
    per_second: f64,
}

pub async fn measure(report: &mut Report, scale: u32) -> Result<()> {
    let requests = 2_000 / scale;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let anvil = Anvil::start().await?;
        theirs.push(chain(&anvil.rpc(), requests).await.context("anvil")?);
        drop(anvil);
        let node = Node::start().await?;
        ours.push(chain(&node.rpc(), requests).await.context("hanse")?);
    }

    report.section(
        "Ethereum JSON-RPC",
        &format!(
            "{requests} requests of each kind over {CONNECTIONS} connections, each with one request under way; a tenth of them for \
             `eth_getLogs` (an ERC-20's {HOLDERS} `Transfer` logs) and the trace (`callTracer`, a transaction that burns 8 Mgas in a loop); \
             `eth_sendRawTransaction` over one connection by one sender. Of {ROUNDS} rounds, in turns, the middle one by requests a second."
        ),
    );
    report.head(&["request", "Hanse p50 ms", "p99 ms", "/s", "anvil p50 ms", "p99 ms", "/s", "p50 of anvil's"]);
    for index in 0..ours[0].len() {
        let [ours, theirs] = [&ours, &theirs].map(|rounds| {
            let mut rows: Vec<&Row> = rounds.iter().map(|round| &round[index]).collect();
            rows.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
            rows[rows.len() / 2]
        });
        report.row(&[
            format!("`{}`", ours.name),
            ours.latencies.ms(50.0),
            ours.latencies.ms(99.0),
            format!("{:.0}", ours.per_second),
            theirs.latencies.ms(50.0),
            theirs.latencies.ms(99.0),
            format!("{:.0}", theirs.per_second),
            format!("{:.2}", ours.latencies.seconds(50.0) / theirs.latencies.seconds(50.0)),
        ]);
    }
    Ok(())
}

/// The same chain on either node, and every kind of request on it.
async fn chain(rpc: &Rpc, requests: u32) -> Result<Vec<Row>> {
    let deployer = Wallet::dev(0);
    let token = Erc20::deploy(rpc, &deployer, 0, U256::from(10).pow(U256::from(24))).await?;
    let holders = senders(HOLDERS);
    endow(&token, rpc, &deployer, 1, &holders, 1_000).await?;
    let burnt = burn(rpc, &deployer, 1 + HOLDERS).await?;

    let holder = |number: u32| holders[number as usize % holders.len()].address();
    let call = |number: u32| {
        let data: Bytes = IERC20::balanceOfCall { account: holder(number) }.abi_encode().into();
        json!([{ "to": token.address(), "data": data }, "latest"])
    };
    let logs = json!([{ "address": token.address(), "fromBlock": "0x0", "toBlock": "latest" }]);
    let all_logs = |answer: &Value| answer.as_array().is_some_and(|logs| logs.len() as u64 > HOLDERS);
    let heavy = requests / HEAVY_DIVISOR;
    Ok(vec![
        asked(rpc, "eth_getBalance", requests, |number| json!([holder(number), "latest"]), Value::is_string).await?,
        asked(rpc, "eth_call", requests, call, |balance| balance.as_str().is_some_and(|word| word.ends_with("3e8")))
            .await?,
        asked(rpc, "eth_getLogs", heavy, |_| logs.clone(), all_logs).await?,
        asked(
            rpc,
            "debug_traceTransaction",
            heavy,
            |_| json!([burnt, { "tracer": "callTracer" }]),
            |trace| trace["type"] == "CALL",
        )
        .await?,
        sent(rpc, &token, &deployer, 3 + HOLDERS, requests / 4).await?,
    ])
}

/// Asks over some connections, each time when the answer before has come. `right` looks at each answer.
async fn asked(
    rpc: &Rpc,
    method: &'static str,
    requests: u32,
    params: impl Fn(u32) -> Value,
    right: impl Fn(&Value) -> bool,
) -> Result<Row> {
    let (params, right) = (&params, &right);
    let began = Instant::now();
    let all = try_join_all((0..CONNECTIONS as u32).map(async |connection| {
        // A client a connection: reqwest would share one.
        let rpc = Rpc::new(rpc.url());
        let mut latencies = Vec::new();
        for number in (connection..requests).step_by(CONNECTIONS) {
            let params = params(number);
            let began = Instant::now();
            let answer = rpc.call(method, params).await?;
            latencies.push(began.elapsed());
            ensure!(right(&answer), "{method}: {answer}");
        }
        anyhow::Ok(latencies)
    }))
    .await?;
    Ok(row(method, all.concat(), began.elapsed()))
}

/// Sends transfers one after the other. The last one's receipt says that all were executed.
async fn sent(rpc: &Rpc, token: &Erc20, sender: &Wallet, nonce: u64, count: u32) -> Result<Row> {
    let raws: Vec<Bytes> = (nonce..nonce + u64::from(count))
        .map(|nonce| {
            let data = erc20::transfer(Address::repeat_byte(9), 1);
            sender.sign(nonce, TxKind::Call(token.address()), data, 120_000)
        })
        .collect::<Result<_>>()?;
    let began = Instant::now();
    let (mut latencies, mut last) = (Vec::new(), String::new());
    for raw in &raws {
        let began = Instant::now();
        last = rpc.send(raw).await?;
        latencies.push(began.elapsed());
    }
    let took = began.elapsed();
    let receipt = erc20::receipt(rpc, &last).await?;
    ensure!(receipt["status"] == "0x1", "{receipt}");
    Ok(row("eth_sendRawTransaction", latencies, took))
}

/// A transaction that burns 8 Mgas; its hash. It takes two nonces.
async fn burn(rpc: &Rpc, wallet: &Wallet, nonce: u64) -> Result<String> {
    let hash = rpc.send(&wallet.sign(nonce, TxKind::Create, LOOP, 200_000)?).await?;
    let receipt = erc20::receipt(rpc, &hash).await?;
    let contract: Address = serde_json::from_value(receipt["contractAddress"].clone())?;
    let hash = rpc.send(&wallet.sign(nonce + 1, TxKind::Call(contract), Bytes::new(), 8_000_000)?).await?;
    let receipt = erc20::receipt(rpc, &hash).await?;
    ensure!(receipt["status"] == "0x1", "{receipt}");
    Ok(hash)
}

fn row(name: &'static str, latencies: Vec<Duration>, took: Duration) -> Row {
    let per_second = latencies.len() as f64 / took.as_secs_f64();
    Row { name, latencies: Latencies::new(latencies), per_second }
}
