//! Nothing is lost, doubled or stuck, whatever is killed.
//!
//! While users move a token among themselves, the gateway and the node are killed (`SIGKILL`) at random moments, also
//! while they are starting. A client whose request broke off sends it again with the same idempotency key, as a good
//! client does. At the end the chain is compared with what the clients were promised, and the cache with the chain.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `HANSE_CRASH_GATEWAY_KILLS` | kills of the gateway | 20 (`scripts/test crash`: 200) |
//! | `HANSE_CRASH_NODE_KILLS` | kills of the node | 4 (`scripts/test crash`: 50) |
//! | `HANSE_CRASH_SEED` | one seed to run alone | the kept ones, then a new one |
//! | `HANSE_CRASH_REPLICA_SECONDS` | how long three gateways on one PostgreSQL lose one after the other | 20 (`scripts/test crash`: 600) |
//!
//! The seed decides who pays whom how much and when what is killed. The machine's timing is not in its hand, so a
//! failing seed may need several runs; it is kept in `tests/seeds.txt` and runs first from then on.

use alloy::primitives::{Address, U256};
use anyhow::{Context, Result, bail, ensure};
use futures::future::try_join_all;
use hanse_tests::erc20::{Erc20, Transfer};
use hanse_tests::{Database, Gateway, Holding, Node, Rest, Stage, User, repository_root};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const USERS: usize = 6;
/// Far more than anybody can spend in one run: no transfer may be refused.
const EACH: u64 = 100_000_000;
/// A node from its start to its first answer, roughly: kills are spread over starting and running.
const NODE_UPTIME_MAX: Duration = Duration::from_secs(18);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_doubled_or_stuck() -> Result<()> {
    let kills = Kills {
        gateway: from_environment("HANSE_CRASH_GATEWAY_KILLS")?.unwrap_or(20),
        node: from_environment("HANSE_CRASH_NODE_KILLS")?.unwrap_or(4),
    };
    let seeds = match from_environment("HANSE_CRASH_SEED")? {
        Some(seed) => vec![seed],
        None => kept_seeds()?.into_iter().chain([rand::random()]).collect(),
    };
    for seed in seeds {
        let outcome = run(seed, &kills).await;
        if let Err(error) = outcome {
            keep(seed)?;
            return Err(error.context(format!("crash test with seed {seed} (now in tests/seeds.txt)")));
        }
    }
    Ok(())
}

struct Kills {
    gateway: u64,
    node: u64,
}

/// What a client was promised.
struct Promise {
    operation: String,
    hash: String,
    from: Address,
    to: Address,
    amount: u64,
}

async fn run(seed: u64, kills: &Kills) -> Result<()> {
    eprintln!("crash test: seed {seed}, the gateway is killed {} times, the node {} times", kills.gateway, kills.node);
    let stage = Stage::set_up(Node::start().await?, Database::Sqlite, &UNLIMITED, USERS, EACH).await?;
    let seeding = stage.erc20().transfers().await?.len();
    let (token, server, users, erc20) = (stage.token.clone(), stage.server.clone(), stage.users.clone(), stage.erc20());
    let clients = Clients::start(seed, &stage, vec![server.clone()]);
    let (mut node, mut gateway) = (stage.node, stage.gateway);

    let node_phase = NODE_UPTIME_MAX / 2 * u32::try_from(kills.node)?;
    let gateway_pause = (node_phase * 2).max(Duration::from_secs(kills.gateway)) / u32::try_from(kills.gateway.max(1))?;
    tokio::try_join!(
        kill_gateway(&mut gateway, StdRng::seed_from_u64(seed.wrapping_add(1)), kills.gateway, gateway_pause),
        kill_node(&mut node, StdRng::seed_from_u64(seed.wrapping_add(2)), kills.node),
    )?;
    // Both live on, and the load goes on for a moment: what broke while they were dead shows now.
    node.ready().await?;
    gateway.ready().await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let promises = clients.stop().await?;
    judge(&server, &token, &users, &erc20, seeding, &promises).await
}

/// In the end each operation is looked at as fast as the gateway answers.
const UNLIMITED: [(&str, &str); 2] = [("limits.key.per_second", "0"), ("limits.app.per_second", "0")];

/// One key is the root of all replicas' custody.
const ROOT_KEY: &str = "1111111111111111111111111111111111111111111111111111111111111111";

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_die_one_after_the_other_lose_nothing() -> Result<()> {
    let Some(database) = Database::new_postgres()? else { return Ok(()) };
    let seconds = from_environment("HANSE_CRASH_REPLICA_SECONDS")?.unwrap_or(20);
    let seed = from_environment("HANSE_CRASH_SEED")?.unwrap_or_else(rand::random);
    eprintln!("crash test: seed {seed}, three replicas, {seconds} s");
    let settings = [&UNLIMITED[..], &[("custody.root_key", ROOT_KEY)]].concat();
    let stage = Stage::set_up(Node::start().await?, database.clone(), &settings, USERS, EACH).await?;
    let seeding = stage.erc20().transfers().await?.len();
    let (token, users, erc20) = (stage.token.clone(), stage.users.clone(), stage.erc20());
    let mut others = Vec::new();
    for _ in 0..2 {
        others.push(Gateway::start_with(stage.node.url(), database.clone(), &settings).await?);
    }
    let urls = std::iter::once(stage.gateway.url()).chain(others.iter().map(Gateway::url));
    let servers: Vec<Rest> = urls.map(|url| stage.server.at(url)).collect();
    let clients = Clients::start(seed, &stage, servers.clone());
    let (_node, mut gateways) = (stage.node, vec![stage.gateway]);
    gateways.extend(others);

    let mut random = StdRng::seed_from_u64(seed);
    let (began, mut kills) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(seconds) {
        tokio::time::sleep(random.random_range(Duration::from_millis(500)..Duration::from_secs(4))).await;
        let victim = &mut gateways[random.random_range(0..3)];
        victim.kill();
        kills += 1;
        if random.random_ratio(1, 3) {
            tokio::time::sleep(random.random_range(Duration::ZERO..Duration::from_secs(2))).await;
        }
        victim.spawn()?;
    }
    for gateway in &mut gateways {
        gateway.ready().await?;
    }
    let promises = clients.stop().await?;
    eprintln!("crash test: {kills} replicas were killed");
    // Each of them says the same.
    for server in &servers {
        judge(server, &token, &users, &erc20, seeding, &promises).await?;
    }
    Ok(())
}

/// Users who pay each other, for as long as they are let.
struct Clients {
    stop: Arc<AtomicBool>,
    all: Vec<tokio::task::JoinHandle<Result<Vec<Promise>>>>,
}

impl Clients {
    /// `servers`: the gateways that they ask.
    fn start(seed: u64, stage: &Stage, servers: Vec<Rest>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let client = |payer: usize| Client {
            random: StdRng::seed_from_u64(seed ^ (payer as u64 + 1)),
            servers: servers.clone(),
            path: stage.transfers_path(),
            payer,
            users: stage.users.clone(),
            stop: stop.clone(),
            seed,
        };
        let all = (0..USERS).map(|payer| tokio::spawn(client(payer).run())).collect();
        Self { stop, all }
    }

    /// What they were promised.
    async fn stop(self) -> Result<Vec<Promise>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut promises = Vec::new();
        for client in self.all {
            promises.extend(client.await??);
        }
        Ok(promises)
    }
}

/// Whether chain and cache are what was promised.
async fn judge(
    server: &Rest,
    token: &str,
    users: &[User],
    erc20: &Erc20,
    seeding: usize,
    promises: &[Promise],
) -> Result<()> {
    eprintln!("crash test: {} operations were accepted; checking them", promises.len());
    ensure!(!promises.is_empty(), "nothing was accepted");
    all_are_final(server, promises).await?;
    chain_is_as_promised(promises, &erc20.transfers().await?[seeding..])?;
    let mut expected: BTreeMap<Address, u128> = users.iter().map(|user| (user.address, u128::from(EACH))).collect();
    for promise in promises {
        *expected.entry(promise.from).or_default() -= u128::from(promise.amount);
        *expected.entry(promise.to).or_default() += u128::from(promise.amount);
    }
    for user in users {
        let right = expected[&user.address];
        ensure!(erc20.balance_of(user.address).await? == U256::from(right), "chain: {} should hold {right}", user.id);
        let cached = server.holding(&user.id, token).await?;
        ensure!(cached == Holding::settled(right), "cache: {} should hold {right}, has {cached:?}", user.id);
    }
    let supply: u128 = expected.values().sum::<u128>() + u128::from(EACH) * USERS as u128;
    let on_chain = erc20.read(hanse_tests::erc20::IERC20::totalSupplyCall {}).await?;
    ensure!(on_chain == U256::from(supply), "the supply is {on_chain}, should be {supply}");
    let network = server.get("/network").await?;
    ensure!(network["openOperations"] == 0, "{network}");
    eprintln!("crash test: {} operations, none lost, doubled or stuck; {network}", promises.len());
    Ok(())
}

struct Client {
    random: StdRng,
    servers: Vec<Rest>,
    path: String,
    payer: usize,
    users: Vec<User>,
    stop: Arc<AtomicBool>,
    seed: u64,
}

impl Client {
    async fn run(mut self) -> Result<Vec<Promise>> {
        let mut promises = Vec::new();
        for number in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let receiver = (self.payer + self.random.random_range(1..USERS)) % USERS;
            let (from, to) = (self.users[self.payer].clone(), self.users[receiver].clone());
            let amount = self.random.random_range(1..100u64);
            let body = json!({ "from": from.id, "to": to.id, "amount": amount.to_string() });
            let key = format!("crash-{}-{}-{number}", self.seed, self.payer);
            let operation = self.insist(&key, &body).await?;
            promises.push(Promise {
                operation: operation["id"].as_str().context("id")?.to_owned(),
                hash: operation["transactionHash"].as_str().context("hash")?.to_owned(),
                from: from.address,
                to: to.address,
                amount,
            });
            tokio::time::sleep(Duration::from_millis(self.random.random_range(0..80))).await;
        }
        Ok(promises)
    }

    /// Sends until there is an answer. A broken connection and a 5xx leave it open whether the operation exists: the
    /// same key finds out.
    async fn insist(&mut self, key: &str, body: &serde_json::Value) -> Result<serde_json::Value> {
        let began = Instant::now();
        loop {
            let server = self.random.random_range(0..self.servers.len());
            match self.servers[server].try_post(&self.path, key, body).await {
                Ok(mut answer) if answer.status == 202 => return Ok(answer.body["operation"].take()),
                Ok(answer) if answer.status < 500 => bail!("{key}: {answer:?}"),
                last if began.elapsed() > Duration::from_secs(120) => bail!("{key}: no answer for 120 s: {last:?}"),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

async fn kill_gateway(gateway: &mut Gateway, mut random: StdRng, kills: u64, pause_max: Duration) -> Result<()> {
    for _ in 0..kills {
        tokio::time::sleep(random.random_range(Duration::from_millis(20)..pause_max)).await;
        gateway.kill();
        // Mostly it is back at once, as under a supervisor; now and then it stays away for a while.
        if random.random_ratio(1, 5) {
            tokio::time::sleep(random.random_range(Duration::ZERO..Duration::from_secs(1))).await;
        }
        gateway.spawn()?;
    }
    Ok(())
}

async fn kill_node(node: &mut Node, mut random: StdRng, kills: u64) -> Result<()> {
    for _ in 0..kills {
        tokio::time::sleep(random.random_range(Duration::from_millis(20)..NODE_UPTIME_MAX)).await;
        node.kill();
        node.spawn()?;
    }
    Ok(())
}

/// None lost and none stuck: each promise is kept on chain.
async fn all_are_final(server: &Rest, promises: &[Promise]) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(180);
    for chunk in promises.chunks(32) {
        try_join_all(chunk.iter().map(async |promise| {
            let path = format!("/operations/{}?wait=finalized&timeoutMs=20000", promise.operation);
            loop {
                let operation = server.get(&path).await?;
                match operation["status"].as_str() {
                    Some("finalized") => return Ok(()),
                    Some("failed") => bail!("an accepted operation failed: {operation}"),
                    _ => ensure!(Instant::now() < deadline, "an operation is stuck: {operation}"),
                }
            }
        }))
        .await?;
    }
    Ok(())
}

/// None lost, none doubled, none altered: the chain's transfers are the promises, one for one.
fn chain_is_as_promised(promises: &[Promise], transfers: &[Transfer]) -> Result<()> {
    let mut on_chain: HashMap<&str, &Transfer> = HashMap::new();
    for transfer in transfers {
        let twice = on_chain.insert(&transfer.transaction_hash, transfer);
        ensure!(twice.is_none(), "two transfers in transaction {}", transfer.transaction_hash);
    }
    for promise in promises {
        let Some(transfer) = on_chain.remove(promise.hash.as_str()) else {
            bail!("lost: operation {} ({}) is not on chain", promise.operation, promise.hash);
        };
        let right = (transfer.from, transfer.to, transfer.value);
        ensure!(right == (promise.from, promise.to, U256::from(promise.amount)), "altered: {transfer:?}");
    }
    ensure!(on_chain.is_empty(), "{} transfers on chain that nobody was promised: {on_chain:?}", on_chain.len());
    Ok(())
}

fn from_environment(name: &str) -> Result<Option<u64>> {
    std::env::var(name).ok().map(|text| text.parse().with_context(|| format!("{name}={text}"))).transpose()
}

fn seeds_file() -> std::path::PathBuf {
    repository_root().join("tests/seeds.txt")
}

/// Seeds that failed once, oldest first.
fn kept_seeds() -> Result<Vec<u64>> {
    let text = std::fs::read_to_string(seeds_file())?;
    text.lines()
        .filter_map(|line| line.strip_prefix("crash "))
        .map(|rest| rest.split_whitespace().next().unwrap_or_default().parse().with_context(|| format!("crash {rest}")))
        .collect()
}

fn keep(seed: u64) -> Result<()> {
    if !kept_seeds()?.contains(&seed) {
        let mut file = OpenOptions::new().append(true).open(seeds_file())?;
        writeln!(file, "crash {seed}")?;
    }
    Ok(())
}
