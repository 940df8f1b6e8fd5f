//! The whole ledger with its tasks against a node in memory, under random traffic and random trouble: the node refuses,
//! takes something and doesn't say so, answers too late, switches to other branches, loses blocks that were final; the
//! database fails in the middle of transactions; the gateway's tasks are dropped wherever they are and start anew.
//!
//! ```text
//!  seed ─► steps: submissions, repeats, blocks, trouble ─► all well again ─► the cache has to be what the node's chain is
//! ```
//!
//! Every promise has to be on the chain once, nothing else may be, each balance and each transfer has to be the chain's, what
//! was told last of each has to be that it is final, and the verifier may not have found a difference. The seed decides
//! what happens; how the tasks interleave is left to the runtime, so that a failing seed may need several runs. Seeds that
//! failed are kept in `tests/seeds.txt`.

use super::fixture::Fixture;
use super::node::{Faults, Node, movement};
use crate::config::Config;
use crate::db::Engine;
use crate::db::testing::{self, TestDb};
use crate::error::{Code, Result};
use crate::ledger::contracts::address_text;
use crate::ledger::{Accepted, Ledger, Status, Submission, Tasks, balances, operations};
use alloy::primitives::Address;
use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sqlx::Row as _;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

const USERS: usize = 4;
const STEPS: usize = 40;
/// Seeds at the same time: they mostly wait.
const AT_ONCE: usize = 8;
/// Until everything is final after all is well again.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tables whose writing fails now and then.
const TABLES: [&str; 6] = ["operations", "balances", "blocks", "transfers", "events", "idempotency_keys"];

/// A request, and what it was answered at last.
struct Request {
    submission: Submission,
    answer: Option<Result<Accepted>>,
}

struct Simulation {
    random: StdRng,
    config: Config,
    fixture: Fixture,
    node: Node,
    running: Option<(Ledger, Tasks)>,
    requests: Vec<Request>,
    failing_table: Option<&'static str>,
}

impl Simulation {
    async fn set(db: TestDb, seed: u64) -> Self {
        let node = Node::start().await;
        node.inside().unfinalized = 3;
        let settings = format!(
            "[chain]\nrpc_url = \"{}\"\nrequest_timeout_ms = {}\n[ledger]\npoll_ms = 20\nretry_min_ms = 10\nretry_max_ms = 60\n\
             resend_after_ms = 200\ncatch_up_blocks = 4\n",
            node.url,
            Faults::DELAY.as_millis() / 2,
        );
        let config = Config::from_toml(&settings).unwrap();
        let fixture = Fixture::with(db, USERS, &config).await;
        let mut simulation = Self {
            random: StdRng::seed_from_u64(seed),
            config,
            fixture,
            node,
            running: None,
            requests: Vec::new(),
            failing_table: None,
        };
        simulation.start();
        simulation
    }

    fn start(&mut self) {
        let (db, custody) = (self.fixture.inner.db.clone(), self.fixture.inner.custody.clone());
        self.running = Some(Ledger::start(db, custody, &self.config.chain, &self.config.ledger).unwrap());
    }

    /// The tasks are dropped where they are, which is what a crash is to the database.
    async fn stop(&mut self) {
        if let Some((ledger, tasks)) = self.running.take() {
            drop(ledger);
            tasks.stop().await;
        }
    }

    fn ledger(&self) -> &Ledger {
        &self.running.as_ref().unwrap().0
    }

    async fn step(&mut self) {
        match self.random.random_range(0..30) {
            0..10 => self.submit().await,
            10..12 => self.repeat().await,
            12..19 => self.node.inside().mine(),
            19..22 => {
                let percent = [0, 5, 30][self.random.random_range(0..3)];
                self.node.inside().faults = Some(Faults::new(self.random.random(), percent));
            }
            22..24 => self.switch(),
            24 => {
                let mut inside = self.node.inside();
                let number = inside.best().saturating_sub(self.random.random_range(0..10));
                if number < inside.best() {
                    inside.fork(number);
                }
            }
            25 => {
                let down = !self.node.inside().down;
                self.node.inside().down = down;
            }
            26..28 => self.trouble_database().await,
            _ => {
                self.stop().await;
                self.start();
            }
        }
        let pause = Duration::from_millis(self.random.random_range(0..30));
        tokio::time::sleep(pause).await;
    }

    /// Some requests at once, which the writer takes in one transaction.
    async fn submit(&mut self) {
        for _ in 0..self.random.random_range(1..6) {
            let to = self.fixture.wallets[self.random.random_range(0..USERS)].address;
            let amount = self.random.random_range(0..60);
            let submission = match self.random.random_range(0..=USERS) {
                0 => self.fixture.mint(to, amount),
                user => self.fixture.transfer(&self.fixture.wallets[user - 1], to, amount),
            };
            self.requests.push(Request { submission, answer: None });
        }
        self.ask().await;
    }

    /// Asks for all that has no answer, with the same keys.
    async fn ask(&mut self) {
        let ledger = self.ledger().clone();
        let open: Vec<usize> =
            (0..self.requests.len()).filter(|index| self.requests[*index].answer.is_none()).collect();
        let asked = open.iter().map(|index| ledger.submit(self.requests[*index].submission.clone()));
        let answers = join_all(asked).await;
        for (index, answer) in open.into_iter().zip(answers) {
            // Nobody knows what became of it: the client has to ask again.
            let unknown =
                answer.as_ref().is_err_and(|error| matches!(error.code(), Code::Unavailable | Code::Internal));
            self.requests[index].answer = Some(answer).filter(|_| !unknown);
        }
    }

    /// A client that asks again gets the same answer.
    async fn repeat(&mut self) {
        if self.requests.is_empty() {
            return;
        }
        let request = &self.requests[self.random.random_range(0..self.requests.len())];
        let Some(Ok(before)) = &request.answer else { return };
        if let Ok(again) = self.ledger().submit(request.submission.clone()).await {
            assert!(again.replayed);
            assert_eq!(again.operation.transaction_hash, before.operation.transaction_hash);
        }
    }

    fn switch(&mut self) {
        let mut inside = self.node.inside();
        // Mostly above what is final.
        let depth = if self.random.random_bool(0.8) { 3 } else { 12 };
        let number = inside.best().saturating_sub(self.random.random_range(1..=depth));
        inside.switch(number);
    }

    /// Writes to one table fail, until the next time.
    async fn trouble_database(&mut self) {
        self.mend_database().await;
        let table = TABLES[self.random.random_range(0..TABLES.len())];
        let db = &self.fixture.inner.db;
        let statements = match db.engine() {
            Engine::Sqlite => ["INSERT", "UPDATE"]
                .map(|event| {
                    format!(
                        "CREATE TRIGGER trouble_{event} BEFORE {event} ON {table} \
                         BEGIN SELECT RAISE(ABORT, 'injected'); END"
                    )
                })
                .to_vec(),
            Engine::Postgres => vec![
                "CREATE OR REPLACE FUNCTION trouble() RETURNS trigger AS \
                 $$ BEGIN RAISE EXCEPTION 'injected'; END $$ LANGUAGE plpgsql"
                    .to_owned(),
                format!(
                    "CREATE TRIGGER trouble BEFORE INSERT OR UPDATE ON {table} \
                     FOR EACH STATEMENT EXECUTE FUNCTION trouble()"
                ),
            ],
        };
        self.run(statements).await;
        self.failing_table = Some(table);
    }

    async fn mend_database(&mut self) {
        let Some(table) = self.failing_table.take() else { return };
        let statements = match self.fixture.inner.db.engine() {
            Engine::Sqlite => vec!["DROP TRIGGER trouble_INSERT".to_owned(), "DROP TRIGGER trouble_UPDATE".to_owned()],
            Engine::Postgres => vec![format!("DROP TRIGGER trouble ON {table}")],
        };
        self.run(statements).await;
    }

    async fn run(&self, statements: Vec<String>) {
        for statement in statements {
            let db = &self.fixture.inner.db;
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(db.writer()).await.unwrap();
        }
    }

    /// All is well again: every request gets its answer, and everything becomes final.
    async fn settle(&mut self) {
        self.mend_database().await;
        {
            let mut inside = self.node.inside();
            (inside.faults, inside.down) = (None, false);
        }
        let began = Instant::now();
        loop {
            self.ask().await;
            let unfinalized = self.unfinalized().await;
            if unfinalized > 0 {
                self.node.inside().mine();
            }
            let network = self.ledger().network().await.unwrap();
            let final_number = self.node.inside().finalized() as u64;
            let answered = self.requests.iter().all(|request| request.answer.is_some());
            if answered && unfinalized == 0 && network.verified_number == final_number {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{unfinalized} not final, {answered} answered, {network:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn unfinalized(&self) -> i64 {
        sqlx::query("SELECT COUNT(*) FROM operations WHERE finalized_at_ms IS NULL")
            .fetch_one(self.fixture.inner.db.reader())
            .await
            .unwrap()
            .get(0)
    }

    /// The cache against the node's chain.
    async fn compare(&mut self) {
        let executed = self.node.inside().executed();
        let on_chain: HashMap<String, bool> = executed.iter().cloned().collect();
        assert_eq!(on_chain.len(), executed.len(), "a transaction is on the chain twice");
        let mut promised = 0;
        for request in &self.requests {
            let Some(Ok(accepted)) = &request.answer else { continue };
            promised += 1;
            let (id, hash) = (&accepted.operation.id, &accepted.operation.transaction_hash);
            let db = &self.fixture.inner.db;
            let operation = operations::find(db, &self.fixture.app_id, None, id).await.unwrap().unwrap();
            let expected = match on_chain.get(hash) {
                Some(true) => Status::Finalized,
                Some(false) => Status::Failed,
                None => panic!("lost: {operation:?}"),
            };
            assert_eq!(operation.status, expected, "{operation:?}");
        }
        assert_eq!(promised, on_chain.len(), "something is on the chain that nobody was promised");

        let (token, app) = (&self.fixture.token, &self.fixture.app_id);
        let addresses = self.fixture.wallets.iter().map(|wallet| wallet.address).chain([self.fixture.treasury.address]);
        let best = self.node.inside().best();
        for address in addresses {
            self.compare_balance(app, address, best).await;
        }
        let supply = self.node.inside().balance(None, best).to_string();
        let row = sqlx::query("SELECT included_supply, finalized_supply FROM tokens WHERE id = $1")
            .bind(&token.id)
            .fetch_one(self.fixture.inner.db.reader())
            .await
            .unwrap();
        assert_eq!((row.get::<String, _>(0), row.get::<String, _>(1)), (supply.clone(), supply));
        self.compare_transfers().await;
        self.compare_events(&on_chain).await;
        assert_eq!(self.ledger().network().await.unwrap().mismatches, 0);
    }

    /// The transfers are the chain's logs.
    async fn compare_transfers(&self) {
        let rows = sqlx::query(
            "SELECT block_number, log_index, tx_hash, from_address, to_address, amount FROM transfers \
             ORDER BY block_number, log_index",
        )
        .fetch_all(self.fixture.inner.db.reader())
        .await
        .unwrap();
        let cached: Vec<_> = rows
            .iter()
            .map(|row| {
                let place: (i64, i64) = (row.get(0), row.get(1));
                let [hash, from, to, amount]: [String; 4] = [2, 3, 4, 5].map(|column| row.get(column));
                (place, hash, from, to, amount)
            })
            .collect();
        let inside = self.node.inside();
        let real: Vec<_> = inside
            .logs()
            .map(|(number, log)| {
                let text = |name: &str| log[name].as_str().unwrap();
                let index = i64::from_str_radix(text("logIndex").trim_start_matches("0x"), 16).unwrap();
                let (from, to, value) = movement(log);
                let place = (i64::try_from(number).unwrap(), index);
                (place, text("transactionHash").to_owned(), address_text(from), address_text(to), value.to_string())
            })
            .collect();
        assert_eq!(cached, real);
    }

    /// The last event of each operation and of each transfer on the chain says that it is final; that of a transfer which
    /// is not there says that it was taken back.
    async fn compare_events(&self, on_chain: &HashMap<String, bool>) {
        let rows = sqlx::query("SELECT type, data FROM events ORDER BY sequence")
            .fetch_all(self.fixture.inner.db.reader())
            .await
            .unwrap();
        let mut last = HashMap::new();
        for row in rows {
            let (kind, data): (String, String) = (row.get(0), row.get(1));
            let data: serde_json::Value = serde_json::from_str(&data).unwrap();
            let hash = data["transactionHash"].as_str().unwrap().to_owned();
            let (about, what) = kind.split_once('.').unwrap();
            last.insert((about.to_owned(), hash), (what.to_owned(), data));
        }
        for (hash, succeeded) in on_chain {
            let (what, data) = &last[&("operation".to_owned(), hash.clone())];
            let status = if *succeeded { "finalized" } else { "failed" };
            assert_eq!((what.as_str(), data["status"].as_str().unwrap()), ("finalized", status), "{data}");
        }
        for ((about, hash), (what, data)) in &last {
            let succeeded = on_chain.get(hash).copied();
            assert!(about == "transfer" || succeeded.is_some(), "{about} of what is not on the chain: {data}");
            if about == "transfer" {
                let expected = if succeeded == Some(true) { "finalized" } else { "reverted" };
                assert_eq!(what, expected, "{data}");
            }
        }
        let told = last.keys().filter(|(about, hash)| about == "transfer" && on_chain.get(hash) == Some(&true)).count();
        assert_eq!(told, on_chain.values().filter(|succeeded| **succeeded).count());
    }

    async fn compare_balance(&self, app: &str, address: Address, best: usize) {
        let db = &self.fixture.inner.db;
        let cached = balances::of_token(db, app, &self.fixture.token, &address_text(address)).await.unwrap();
        let real = self.node.inside().balance(Some(address), best).to_string();
        let confirmed = (cached.confirmed.included.to_string(), cached.confirmed.finalized.to_string());
        assert_eq!(confirmed, (real.clone(), real.clone()), "{address}");
        assert_eq!(cached.available.to_string(), real, "nothing is pending: {address}");
    }
}

async fn simulate(db: TestDb, seed: u64) {
    let mut simulation = Simulation::set(db, seed).await;
    for _ in 0..STEPS {
        simulation.step().await;
    }
    simulation.settle().await;
    simulation.compare().await;
    simulation.stop().await;
}

/// How many seeds: `HANSE_SIMULATOR_SEEDS`, or this many.
fn count(default: u64) -> u64 {
    std::env::var("HANSE_SIMULATOR_SEEDS").ok().map_or(default, |text| text.parse().expect("HANSE_SIMULATOR_SEEDS"))
}

fn kept_seeds() -> impl Iterator<Item = u64> {
    include_str!("../../../../tests/seeds.txt").lines().filter_map(|line| {
        let seed = line.strip_prefix("simulator ")?.split_whitespace().next()?;
        Some(seed.parse().expect("tests/seeds.txt"))
    })
}

async fn all_seeds(count: u64, database: impl AsyncFn() -> Option<TestDb>) {
    let seeds = kept_seeds().chain(rand::random_iter().take(usize::try_from(count).unwrap()));
    let runs = seeds.map(async |seed| {
        let db = database().await?;
        let ended = AssertUnwindSafe(simulate(db, seed));
        let failed = futures::FutureExt::catch_unwind(ended).await.is_err();
        if failed {
            eprintln!("the seed was {seed}: keep it in tests/seeds.txt as `simulator {seed}`");
        }
        failed.then_some(seed)
    });
    let failed: Vec<u64> = stream::iter(runs).buffer_unordered(AT_ONCE).filter_map(async |seed| seed).collect().await;
    assert!(failed.is_empty(), "{} seeds failed: {failed:?}", failed.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_the_cache_becomes_what_the_chain_is() {
    all_seeds(count(16), async || Some(testing::sqlite().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_the_cache_becomes_what_the_chain_is_on_postgres() {
    all_seeds(count(4), testing::postgres).await;
}
