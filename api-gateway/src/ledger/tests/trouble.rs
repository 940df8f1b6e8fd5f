//! Nodes that come late, fall behind, refuse, or answer less than was asked for.

use super::fixture::Fixture;
use super::node::Node;
use crate::config::Config;
use crate::db::testing::{self, TestDb};
use crate::ledger::refusal::{PATIENCE_MS, abandon_cancellation, refuse, renew_cancellation};
use crate::ledger::{Ledger, Network, Operation, Status, Submission, Tasks, operations};
use alloy::primitives::Address;
use sqlx::Row as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A ledger that runs, with its node.
struct Stage {
    fixture: Fixture,
    node: Node,
    ledger: Ledger,
    tasks: Tasks,
}

impl Stage {
    async fn set(db: TestDb, prepare: impl FnOnce(&Node)) -> Self {
        let node = Node::start().await;
        prepare(&node);
        let settings = format!(
            "[chain]\nrpc_url = \"{}\"\n[ledger]\nretry_min_ms = 20\nretry_max_ms = 100\nresend_after_ms = 300\n",
            node.url
        );
        let config = Config::from_toml(&settings).unwrap();
        let fixture = Fixture::with(db, 2, &config).await;
        let (db, custody) = (fixture.inner.db.clone(), fixture.inner.custody.clone());
        let (ledger, tasks) = Ledger::start(db, custody, &config.chain, &config.ledger).unwrap();
        Self { fixture, node, ledger, tasks }
    }

    async fn submit(&self, submission: Submission) -> String {
        self.ledger.submit(submission).await.unwrap().operation.id
    }

    async fn operation(&self, id: &str) -> Operation {
        operations::find(self.ledger.db(), &self.fixture.app_id, None, id).await.unwrap().unwrap()
    }

    async fn until(&self, what: &str, reached: impl AsyncFn() -> bool) {
        let began = Instant::now();
        while !reached().await {
            let network = self.network().await;
            assert!(began.elapsed() < Duration::from_secs(20), "{what}: {network:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn until_status(&self, id: &str, status: Status) -> Operation {
        self.until(status.as_str(), async || self.operation(id).await.status == status).await;
        self.operation(id).await
    }

    async fn network(&self) -> Network {
        self.ledger.network().await.unwrap()
    }

    async fn balance(&self, address: Address) -> String {
        let token = &self.fixture.token;
        let address = crate::ledger::contracts::address_text(address);
        let app = &self.fixture.app_id;
        let balance = crate::ledger::balances::of_token(self.ledger.db(), app, token, &address).await.unwrap();
        balance.confirmed.included.to_string()
    }

    /// As if the node had been refusing all open operations for longer than the gateway has patience.
    async fn wear_out(&self) {
        sqlx::query("UPDATE operations SET first_refused_at_ms = first_refused_at_ms - $1")
            .bind(2 * PATIENCE_MS)
            .execute(self.ledger.db().writer())
            .await
            .unwrap();
    }
}

/// Long enough for some tens of tries.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(800)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_before_the_first_contact_is_sent_after_it() {
    let node = Node::start().await;
    node.inside().instant = true;
    node.inside().anonymous = true;
    // A database that has never seen a node.
    let config = Config::from_toml(&format!("[chain]\nrpc_url = \"{}\"\n", node.url)).unwrap();
    let fixture = Fixture::with(testing::sqlite().await, 1, &config).await;
    for sql in ["DELETE FROM chain_state", "DELETE FROM blocks"] {
        sqlx::query(sql).execute(fixture.inner.db.writer()).await.unwrap();
    }
    let (db, custody) = (fixture.inner.db.clone(), fixture.inner.custody.clone());
    let (ledger, tasks) = Ledger::start(db, custody, &config.chain, &config.ledger).unwrap();
    let stage = Stage { fixture, node, ledger, tasks };
    let to = stage.fixture.wallets[0].address;
    let id = stage.submit(stage.fixture.mint(to, 1_000)).await;
    a_while().await;
    assert_eq!(stage.node.inside().taken, 0, "nothing is sent to a node that nobody knows");
    assert_eq!(stage.operation(&id).await.status, Status::Accepted);

    stage.node.inside().anonymous = false;
    stage.until_status(&id, Status::Finalized).await;
    let verified = async || {
        let network = stage.network().await;
        network.verified_number == 1 && network.finalized.number == 1
    };
    stage.until("verified", verified).await;
    assert_eq!(stage.network().await.mismatches, 0);
    assert_eq!(stage.balance(to).await, "1000");
    stage.tasks.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_behind_takes_nothing_back_and_another_branch_does() {
    for db in testing::all().await {
        let stage = Stage::set(db, |node| node.inside().instant = true).await;
        let to = stage.fixture.wallets[0].address;
        let first = stage.submit(stage.fixture.mint(to, 5)).await;
        stage.until_status(&first, Status::Finalized).await;
        let second = stage.submit(stage.fixture.mint(to, 6)).await;
        stage.until_status(&second, Status::Finalized).await;

        stage.node.inside().syncing = true;
        stage.node.inside().shown = Some(0);
        a_while().await;
        let third = stage.submit(stage.fixture.mint(to, 7)).await;
        stage.node.inside().shown = Some(1);
        stage.node.inside().syncing = false;
        a_while().await;
        assert_eq!(stage.operation(&first).await.status, Status::Finalized);
        assert_eq!(stage.operation(&second).await.status, Status::Finalized);
        assert_eq!(stage.operation(&third).await.status, Status::Accepted, "nothing is sent to a node that is behind");
        stage.node.inside().shown = None;
        stage.until_status(&third, Status::Finalized).await;
        assert_eq!(stage.network().await.finality_losses, 0);

        let began = Instant::now();
        stage.node.inside().fork(1);
        stage.until("the other branch", async || stage.network().await.finality_losses == 1).await;
        assert!(began.elapsed() < Duration::from_secs(5), "at once");
        for id in [&second, &third] {
            stage.until_status(id, Status::Finalized).await;
        }
        assert_eq!(stage.balance(to).await, "18");
        stage.tasks.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_now_is_waited_for_and_an_unclear_refusal_only_while_nothing_explains_it() {
    for db in testing::all().await {
        let stage = Stage::set(db, |node| node.inside().refusal = Some("sender is not permitted to transact")).await;
        let to = stage.fixture.wallets[0].address;
        let first = stage.submit(stage.fixture.mint(to, 5)).await;
        let second = stage.submit(stage.fixture.mint(to, 6)).await;
        for (refusal, code) in [
            ("sender is not permitted to transact", "not_permitted"),
            ("txpool is full", "pool_full"),
            ("internal error", "node_failed"),
            ("max fee per gas less than block base fee", "fee_too_low"),
            ("insufficient funds for gas * price + value", "insufficient_funds"),
        ] {
            stage.node.inside().refusal = Some(refusal);
            let told = async || stage.operation(&first).await.error.is_some_and(|error| error.code == code);
            stage.until(code, told).await;
            stage.wear_out().await;
            stage.node.inside().mine();
            tokio::time::sleep(Duration::from_millis(300)).await;
            let operation = stage.operation(&first).await;
            assert_eq!((operation.status, operation.error.unwrap().detail), (Status::Accepted, refusal.to_owned()));
        }

        // An outage begins the patience anew.
        stage.node.inside().refusal = Some("something new");
        let unclear = async || stage.operation(&first).await.error.is_some_and(|error| error.code == "refused_by_node");
        stage.until("unclear", unclear).await;
        let before = stage.network().await.best.number;
        stage.node.inside().mine();
        stage.until("a block", async || stage.network().await.best.number > before).await;
        stage.node.inside().down = true;
        stage.until("away", async || !stage.network().await.node_reachable).await;
        stage.wear_out().await;
        stage.node.inside().down = false;
        a_while().await;
        assert_eq!(stage.operation(&first).await.status, Status::Accepted);

        // It is lost over the wallet's next nonce, and once blocks have been made.
        stage.wear_out().await;
        a_while().await;
        assert_eq!(stage.operation(&first).await.status, Status::Accepted, "no block since");
        stage.node.inside().mine();
        let failed = stage.until_status(&first, Status::Failed).await;
        assert_eq!(failed.error.unwrap().code, "refused_by_node");
        assert_eq!(failed.finalized_at, None, "another node may have it");
        assert_eq!(stage.operation(&second).await.status, Status::Accepted, "an earlier nonce is open");

        // The cancellation takes the nonce; with it the refusal is final, and the next operation is free.
        stage.node.inside().refusal = None;
        stage.node.inside().instant = true;
        stage.until_status(&second, Status::Finalized).await;
        stage.until("final", async || stage.operation(&first).await.finalized_at.is_some()).await;
        let first = stage.operation(&first).await;
        assert_eq!((first.status, first.block_number), (Status::Failed, None));
        assert_eq!(stage.balance(to).await, "6");

        // As long as the cancellation's block stands.
        stage.node.inside().refusal = Some("txpool is full");
        stage.node.inside().fork(0);
        stage.until("open again", async || stage.operation(&first.id).await.finalized_at.is_none()).await;
        stage.node.inside().refusal = None;
        stage.until("final again", async || stage.operation(&first.id).await.finalized_at.is_some()).await;
        stage.until_status(&second, Status::Finalized).await;
        stage.tasks.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_that_are_too_large_for_one_answer_are_read_in_pieces() {
    for db in testing::all().await {
        let stage = Stage::set(db, |node| node.inside().most_receipts = Some(3)).await;
        let (treasury, to) = (stage.fixture.treasury.clone(), stage.fixture.wallets[0].address);
        let mut ids = Vec::new();
        ids.push(stage.submit(stage.fixture.mint(treasury.address, 100)).await);
        for _ in 0..6 {
            ids.push(stage.submit(stage.fixture.transfer(&treasury, to, 2)).await);
        }
        stage.until("taken", async || stage.node.inside().taken == 7).await;
        stage.node.inside().mine();
        for id in &ids {
            stage.until_status(id, Status::Finalized).await;
        }
        assert_eq!((stage.balance(treasury.address).await, stage.balance(to).await), ("88".into(), "12".into()));

        // Many blocks that are small, each by itself.
        stage.node.inside().down = true;
        stage.until("away", async || !stage.network().await.node_reachable).await;
        ids.clear();
        for _ in 0..8 {
            ids.push(stage.submit(stage.fixture.transfer(&treasury, to, 1)).await);
        }
        let oversized = stage.node.inside().oversized;
        {
            let rows = sqlx::query("SELECT raw_tx FROM operations WHERE status = 'accepted' ORDER BY id")
                .fetch_all(stage.ledger.db().reader())
                .await
                .unwrap();
            let mut inside = stage.node.inside();
            for row in rows {
                inside.take(&row.get::<String, _>(0).into()).unwrap();
                inside.mine();
            }
            inside.down = false;
        }
        for id in &ids {
            stage.until_status(id, Status::Finalized).await;
        }
        assert!(stage.node.inside().oversized > oversized);
        assert_eq!(stage.balance(to).await, "20");
        let verified = async || stage.network().await.verified_number == 9;
        stage.until("verified", verified).await;
        assert_eq!(stage.network().await.mismatches, 0);
        stage.tasks.stop().await;
    }
}

async fn cancellation(fixture: &Fixture) -> (String, String, String) {
    let row = sqlx::query("SELECT id, status, tx_hash FROM operations WHERE kind = 'cancel'")
        .fetch_one(fixture.inner.db.reader())
        .await
        .unwrap();
    (row.get(0), row.get(1), row.get(2))
}

#[tokio::test]
async fn a_cancellation_is_signed_anew_and_comes_back_to_life() {
    for db in testing::all().await {
        let mut fixture = Fixture::new(db, 1).await;
        let to = fixture.wallets[0].address;
        let id = fixture.accept(fixture.mint(to, 4)).await.unwrap().operation.id;
        assert!(refuse(&fixture.inner, &id, "too_large", "oversized data", true).await.unwrap());
        let (cancel, _, before) = cancellation(&fixture).await;
        renew_cancellation(&fixture.inner, &cancel).await.unwrap();
        assert_eq!(cancellation(&fixture).await.2, before, "the same fees, the same bytes");
        Arc::get_mut(&mut fixture.inner).unwrap().chain_settings.max_fee_per_gas_wei = 7;
        renew_cancellation(&fixture.inner, &cancel).await.unwrap();
        let renewed = cancellation(&fixture).await;
        assert_ne!(renewed.2, before);

        // The operation turns up in a block all the same, which a reorganisation takes back.
        abandon_cancellation(&fixture.inner, &cancel).await.unwrap();
        assert_eq!(cancellation(&fixture).await.1, "failed");
        let find = async || operations::find(&fixture.inner.db, &fixture.app_id, None, &id).await.unwrap().unwrap();
        assert!(find().await.finalized_at.is_some(), "by whomever its nonce was used: not by the operation");
        sqlx::query(
            "UPDATE operations SET status = 'sent', refused = 0, effects_pending = 1, finalized_at_ms = NULL \
             WHERE kind <> 'cancel'",
        )
        .execute(fixture.inner.db.writer())
        .await
        .unwrap();
        assert!(refuse(&fixture.inner, &id, "too_large", "oversized data", true).await.unwrap());
        assert_eq!(cancellation(&fixture).await, (cancel, "accepted".into(), renewed.2));
        assert_eq!(find().await.finalized_at, None);
    }
}

#[tokio::test]
async fn what_is_asked_again_and_again_reads_no_more_than_it_needs() {
    use crate::ledger::outbox::{MAKE_ALL_DUE, NEW, OVERDUE};
    let test = testing::sqlite().await;
    let db = &test.db;
    for (sql, index) in [(NEW, "open"), (OVERDUE, "overdue"), (MAKE_ALL_DUE, "open")] {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
        let rows = plan.fetch_all(db.reader()).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        assert_eq!(plan.len(), 1, "no sorting: {plan:?}");
        assert!(plan[0].contains(&format!("USING INDEX operations_{index} ")), "{plan:?}");
    }
}
