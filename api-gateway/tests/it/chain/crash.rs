//! Gateway and node are killed at random moments while transfers flow: nothing is lost, doubled or stuck.
//!
//! `HANSE_CRASH_GATEWAY` and `HANSE_CRASH_NODE` say how often (10 and 3 by default), `HANSE_CRASH_SEED` from which
//! seed. A failing seed is printed with the failure.

use super::node::Node;
use super::node_or_skip;
use crate::support::{PASSWORD, text, unique};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The gateway as a process of its own, because only a process can be killed.
struct Process {
    child: Option<Child>,
    folder: TempDir,
    base: String,
    config: PathBuf,
    client: reqwest::Client,
}

impl Process {
    fn new(node: &Node) -> Self {
        let folder = TempDir::new().unwrap();
        let port = hanse_tests::free_port().unwrap();
        let config = folder.path().join("gateway.toml");
        let text = format!(
            "data_dir = \"{}\"\n[server]\nlisten = \"127.0.0.1:{port}\"\n[metrics]\nlisten = \"\"\n[chain]\n\
             rpc_url = \"{}\"\n[ledger]\nretry_min_ms = 50\nretry_max_ms = 500\nresend_after_ms = 2000\n\
             [auth]\nargon2_memory_kib = 64\nargon2_passes = 1\n[log]\nfilter = \"warn\"\n",
            folder.path().join("data").display(),
            node.url(),
        );
        std::fs::write(&config, text).unwrap();
        let base = format!("http://127.0.0.1:{port}/api/v1");
        Self { child: None, folder, base, config, client: reqwest::Client::new() }
    }

    fn start(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_hanse-gateway"))
            .arg("--config")
            .arg(&self.config)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A caller who repeats until there is an answer, with the same key, as callers should.
#[derive(Clone)]
struct Caller {
    client: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Caller {
    async fn call(&self, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> (u16, Value) {
        let began = Instant::now();
        loop {
            let mut request =
                self.client.request(method.clone(), format!("{}{path}", self.base)).timeout(Duration::from_secs(30));
            if let Some(token) = &self.token {
                request = request.bearer_auth(token);
            }
            if let Some(key) = key {
                request = request.header("Idempotency-Key", key);
            }
            if let Some(body) = body {
                request = request.header("content-type", "application/json").body(body.to_string());
            }
            if let Ok(response) = request.send().await {
                let status = response.status().as_u16();
                if let Ok(text) = response.text().await
                    && status != 503
                    && status != 504
                {
                    return (status, serde_json::from_str(&text).unwrap_or(Value::Null));
                }
            }
            assert!(began.elapsed() < Duration::from_secs(90), "no answer from {path}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn post(&self, path: &str, body: Value, status: u16) -> Value {
        let key = format!("crash-{}", unique());
        let (got, answer) = self.call(Method::POST, path, Some(&key), Some(&body)).await;
        assert_eq!(got, status, "{path}: {answer}");
        answer
    }

    async fn get(&self, path: &str) -> Value {
        let (got, answer) = self.call(Method::GET, path, None, None).await;
        assert_eq!(got, 200, "{path}: {answer}");
        answer
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

const USERS: usize = 6;
const EACH: i64 = 100_000;

/// What one caller did: operation, payer, receiver, amount.
type Moves = Vec<(String, usize, usize, i64)>;

async fn keep_transferring(caller: Caller, path: String, users: Vec<String>, seed: u64, stop: &AtomicBool) -> Moves {
    let mut random = StdRng::seed_from_u64(seed);
    let mut moves = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let (from, step) = (random.random_range(0..USERS), random.random_range(1..USERS));
        let (to, amount) = ((from + step) % USERS, random.random_range(1..50));
        let body = json!({ "from": users[from], "to": users[to], "amount": amount.to_string() });
        let key = format!("crash-{}", unique());
        let (status, answer) = caller.call(Method::POST, &path, Some(&key), Some(&body)).await;
        match status {
            202 => moves.push((text(&answer["operation"]["id"]), from, to, amount)),
            _ => assert_eq!(answer["code"], "insufficient_balance", "{answer}"),
        }
    }
    moves
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_stuck_when_both_are_killed_at_random() {
    let mut node = node_or_skip!();
    let seed = number("HANSE_CRASH_SEED", 1);
    println!("HANSE_CRASH_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut gateway = Process::new(&node);
    gateway.start();
    let mut caller = Caller { client: gateway.client.clone(), base: gateway.base.clone(), token: None };
    let login = json!({ "email": "owner@example.org", "password": PASSWORD });
    caller.post("/owners", login.clone(), 201).await;
    caller.token = Some(text(&caller.post("/sessions", login, 201).await["accessToken"]));
    let app = text(&caller.post("/apps", json!({ "name": "Crash" }), 202).await["id"]);
    let key = caller.post(&format!("/apps/{app}/keys"), json!({ "name": "crash" }), 201).await;
    caller.token = Some(text(&key["secret"]));
    let mut users = Vec::new();
    let mut addresses = Vec::new();
    for _ in 0..USERS {
        let user = caller.post("/users", json!({}), 202).await;
        users.push(text(&user["id"]));
        addresses.push(text(&user["wallet"]["address"]));
    }
    let body = json!({ "name": "Crash", "symbol": "CRS", "decimals": 0, "initialSupply": "600000" });
    let token = caller.post("/tokens", body, 202).await;
    let (token_id, contract) = (text(&token["id"]), text(&token["address"]));
    let path = format!("/tokens/{token_id}/transfers");
    let mut last = Value::Null;
    for user in &users {
        last = caller.post(&path, json!({ "to": user, "amount": EACH.to_string() }), 202).await;
    }
    let id = text(&last["operation"]["id"]);
    caller.get(&format!("/operations/{id}?wait=included&timeoutMs=20000")).await;

    let stop = AtomicBool::new(false);
    let workers = futures::future::join_all(
        (0..4).map(|n| keep_transferring(caller.clone(), path.clone(), users.clone(), seed * 100 + n, &stop)),
    );
    let (gateway_kills, node_kills) = (number("HANSE_CRASH_GATEWAY", 10), number("HANSE_CRASH_NODE", 3));
    let killer = async {
        let every = (gateway_kills / node_kills.max(1)).max(1);
        for round in 0..gateway_kills {
            tokio::time::sleep(Duration::from_millis(random.random_range(0..1_500))).await;
            gateway.kill();
            if round % every == 0 && round / every < node_kills {
                node.kill();
                tokio::time::sleep(Duration::from_millis(random.random_range(0..500))).await;
                gateway.start();
                node.resume().await;
            } else {
                gateway.start();
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        stop.store(true, Ordering::Relaxed);
    };
    let (moves, ()) = tokio::join!(workers, killer);
    let moves: Moves = moves.into_iter().flatten().collect();
    println!("{} transfers, {gateway_kills} kills of the gateway, {node_kills} of the node", moves.len());
    assert!(!moves.is_empty());

    let mut expected: BTreeMap<usize, i64> = (0..USERS).map(|user| (user, EACH)).collect();
    for (id, from, to, amount) in &moves {
        let mut operation = Value::Null;
        for _ in 0..4 {
            operation = caller.get(&format!("/operations/{id}?wait=finalized&timeoutMs=20000")).await;
            if operation["status"] == "finalized" {
                break;
            }
        }
        assert_eq!(operation["status"], "finalized", "seed {seed}: stuck or failed: {operation}");
        *expected.get_mut(from).unwrap() -= amount;
        *expected.get_mut(to).unwrap() += amount;
    }
    let mut network = Value::Null;
    for _ in 0..300 {
        network = caller.get("/network").await;
        if network["openOperations"] == 0 && network["verifiedNumber"] == network["finalized"]["number"] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!((&network["openOperations"], &network["mismatches"]), (&json!(0), &json!(0)), "seed {seed}: {network}");
    for user in 0..USERS {
        let balance = caller.get(&format!("/tokens/{token_id}/balances/{}", users[user])).await;
        let wanted = expected[&user].to_string();
        assert_eq!(
            balance["confirmed"],
            json!({ "included": wanted, "finalized": wanted }),
            "seed {seed}: user {user}"
        );
        assert_eq!(balance["pending"], wanted.as_str(), "seed {seed}: user {user}");
        let on_chain = node.balance_of(&contract, &addresses[user]).await;
        assert_eq!(on_chain.to_string(), wanted, "seed {seed}: user {user}");
    }
    assert_eq!(node.word(&contract, "0x18160ddd").await, 600_000, "seed {seed}: supply");
}
