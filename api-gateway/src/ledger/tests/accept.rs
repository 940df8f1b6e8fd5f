use super::fixture::{Fixture, config, key};
use crate::db::testing;
use crate::db::{Id, Statement, new_id, now_ms};
use crate::error::Code;
use crate::ledger::accept::{Job, commit, next_group};
use crate::ledger::{Intent, Ledger, RequestKey, Status};
use alloy::primitives::{Address, U256};
use sqlx::Row as _;

#[tokio::test]
async fn own_pending_income_may_be_spent_at_once_and_strangers_may_not() {
    for db in testing::all().await {
        let fixture = Fixture::new(db, 2).await;
        let treasury = fixture.treasury.clone();
        let (alice, bob) = (fixture.wallets[0].clone(), fixture.wallets[1].clone());
        let minted = fixture.accept(fixture.mint(treasury.address, 100)).await.unwrap();
        assert_eq!(minted.operation.status, Status::Accepted);
        assert_eq!(minted.balances[0].available.to_string(), "100");
        assert_eq!(minted.balances[0].confirmed.included.to_string(), "0");

        let moved = fixture.accept(fixture.transfer(&treasury, alice.address, 60)).await.unwrap();
        assert_eq!(moved.balances[0].available.to_string(), "40");
        assert_eq!(moved.balances[0].pending.to_string(), "40");
        assert_eq!(moved.balances[1].pending.to_string(), "60");
        // Alice's income is signed by the treasury: nothing guarantees that it comes before her own spending.
        assert_eq!(moved.balances[1].available.to_string(), "0");
        let refused = fixture.accept(fixture.transfer(&alice, bob.address, 1)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InsufficientBalance);
        let refused = fixture.accept(fixture.transfer(&treasury, bob.address, 41)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InsufficientBalance);
        assert_eq!(refused.detail(), "available 40, needed 41 (TST)");
        // To himself: what it brings does not pay for it.
        let refused = fixture.accept(fixture.transfer(&treasury, treasury.address, 41)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InsufficientBalance);
        fixture.accept(fixture.transfer(&treasury, treasury.address, 40)).await.unwrap();
    }
}

#[tokio::test]
async fn nonces_are_dense_whatever_is_refused_in_between() {
    for db in testing::all().await {
        let fixture = Fixture::new(db, 1).await;
        let treasury = fixture.treasury.clone();
        let to = fixture.wallets[0].address;
        let group = vec![
            fixture.mint(treasury.address, 10),
            fixture.transfer(&treasury, to, 11),
            fixture.transfer(&treasury, to, 10),
            fixture.transfer(&treasury, to, 1),
            fixture.mint(treasury.address, 1),
        ];
        let results = commit(&fixture.inner, &group).await;
        let nonces: Vec<_> = results.iter().flatten().map(|accepted| accepted.operation.nonce).collect();
        assert_eq!(nonces, [0, 1, 2]);
        assert!(results[1].is_err() && results[3].is_err());
    }
}

#[tokio::test]
async fn the_same_key_gives_the_first_answer_and_another_body_is_refused() {
    for db in testing::all().await {
        let fixture = Fixture::new(db, 1).await;
        let mut first = fixture.mint(fixture.treasury.address, 5);
        first.request = key("same");
        let answer = fixture.accept(first.clone()).await.unwrap();
        let mut again = fixture.mint(fixture.treasury.address, 5);
        again.request = key("same");
        let repeat = fixture.accept(again).await.unwrap();
        assert!(repeat.replayed);
        assert_eq!(repeat.operation, answer.operation);
        assert_eq!(repeat.balances, answer.balances);
        let mut other = fixture.mint(fixture.treasury.address, 6);
        other.request = RequestKey { body_hash: "other".into(), ..key("same") };
        assert_eq!(fixture.accept(other.clone()).await.unwrap_err().code(), Code::IdempotencyKeyReused);
        // Another scope's key of the same name is another key.
        other.request.scope = "elsewhere".into();
        assert!(!fixture.accept(other).await.unwrap().replayed);
    }
}

#[tokio::test]
async fn one_key_a_hundred_times_at_once_is_one_operation() {
    for db in testing::all().await {
        let fixture = Fixture::new(db, 1).await;
        let config = config();
        let (ledger, tasks) =
            Ledger::start(fixture.inner.db.clone(), fixture.inner.custody.clone(), &config.chain, &config.ledger)
                .unwrap();
        let calls = (0..100).map(|_| {
            let mut submission = fixture.mint(fixture.treasury.address, 7);
            submission.request = key("hundred");
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.submit(submission).await.unwrap() })
        });
        let mut ids = std::collections::BTreeSet::new();
        let mut firsts = 0;
        for answer in futures::future::join_all(calls).await {
            let answer = answer.unwrap();
            firsts += usize::from(!answer.replayed);
            ids.insert(answer.operation.id);
        }
        assert_eq!((ids.len(), firsts), (1, 1));
        let count: i64 = sqlx::query("SELECT COUNT(*) FROM operations")
            .fetch_one(fixture.inner.db.reader())
            .await
            .unwrap()
            .try_get(0)
            .unwrap();
        assert_eq!(count, 1);
        tasks.stop().await;
    }
}

#[tokio::test]
async fn a_conflict_of_one_submission_leaves_the_others_alone() {
    for db in testing::all().await {
        let fixture = Fixture::new(db, 1).await;
        let owner = |email: &str| {
            Statement::new("INSERT INTO owners (id, email, password_hash, created_at_ms) VALUES ($1, $2, 'x', $3)")
                .bind(new_id(Id::Owner))
                .bind(email)
                .bind(now_ms())
        };
        let mut group: Vec<_> = (0..4).map(|_| fixture.mint(fixture.treasury.address, 1)).collect();
        group[0].rows = vec![owner("a@example.org")];
        group[1].rows = vec![owner("b@example.org"), owner("a@example.org")];
        group[2].rows = vec![owner("b@example.org")];
        let results = commit(&fixture.inner, &group).await;
        let ok: Vec<_> = results.iter().map(Result::is_ok).collect();
        assert_eq!(ok, [true, false, true, true]);
        let refused = results[1].as_ref().unwrap_err();
        assert_eq!(refused.code(), Code::AlreadyExists);
        assert_eq!((&*refused.field_errors()[0].field, &*refused.field_errors()[0].rule), ("email", "unique"));
        // A group with a broken statement falls back to one by one.
        let mut group: Vec<_> = (0..3).map(|_| fixture.mint(fixture.treasury.address, 1)).collect();
        group[1].rows = vec![Statement::new("INSERT INTO no_such_table VALUES (1)")];
        let ok: Vec<_> = commit(&fixture.inner, &group).await.iter().map(Result::is_ok).collect();
        assert_eq!(ok, [true, false, true]);
        // Rows of a refused submission are not there.
        let mut broke = fixture.transfer(&fixture.wallets[0], fixture.treasury.address, 1);
        broke.rows = vec![owner("c@example.org")];
        let group = vec![fixture.mint(fixture.treasury.address, 1), broke];
        let ok: Vec<_> = commit(&fixture.inner, &group).await.iter().map(Result::is_ok).collect();
        assert_eq!(ok, [true, false]);
        let found = sqlx::query("SELECT id FROM owners WHERE email = 'c@example.org'")
            .fetch_optional(fixture.inner.db.reader())
            .await
            .unwrap();
        assert!(found.is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_on_another_gateway_gets_the_first_answer_and_no_refusal() {
    for db in testing::all().await {
        let fixture = Fixture::new(db, 2).await;
        let config = config();
        let start = || {
            Ledger::start(fixture.inner.db.clone(), fixture.inner.custody.clone(), &config.chain, &config.ledger)
                .unwrap()
        };
        let ((one, one_tasks), (two, two_tasks)) = (start(), start());
        let treasury = fixture.treasury.clone();
        fixture.accept(fixture.mint(treasury.address, 10)).await.unwrap();
        // All there is: the second time the balance would be too small.
        let mut spend = fixture.transfer(&treasury, fixture.wallets[0].address, 10);
        // A unique value: the second time it would exist already.
        let mut make = fixture.mint(fixture.wallets[1].address, 1);
        make.rows = vec![
            Statement::new("INSERT INTO owners (id, email, password_hash, created_at_ms) VALUES ($1, $2, 'x', $3)")
                .bind(new_id(Id::Owner))
                .bind("once@example.org")
                .bind(now_ms()),
        ];
        for (submission, name) in [(&mut spend, "spend"), (&mut make, "make")] {
            submission.request = key(name);
            // Both gateways have read the keys and wait for the wallet.
            let mut lock = fixture.inner.db.write().await.unwrap();
            let sql = format!("SELECT id FROM wallets WHERE id = $1{}", fixture.inner.db.for_update());
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(&treasury.id).fetch_one(&mut *lock).await.unwrap();
            let calls = [&one, &two].map(|ledger| {
                let (ledger, mut submission) = (ledger.clone(), submission.clone());
                submission.operation_id = new_id(Id::Operation);
                tokio::spawn(async move { ledger.submit(submission).await })
            });
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            drop(lock);
            let [first, second] = calls;
            let (first, second) = (first.await.unwrap().unwrap(), second.await.unwrap().unwrap());
            assert_eq!(first.operation, second.operation, "{name}");
            assert_ne!(first.replayed, second.replayed, "{name}");
        }
        one_tasks.stop().await;
        two_tasks.stop().await;
    }
}

#[tokio::test]
async fn large_submissions_leave_room_for_small_ones() {
    let fixture = Fixture::new(testing::sqlite().await, 1).await;
    let job = |moves: usize| {
        let transfers = vec![(Address::repeat_byte(9), U256::from(1)); moves];
        let intent = Intent::TransferBatch { token: fixture.token.clone(), transfers };
        let (reply, _) = tokio::sync::oneshot::channel();
        Job { submission: fixture.submission(&fixture.treasury, intent), reply }
    };
    let sizes = |group: &[Job]| -> Vec<usize> {
        let moves = |job: &Job| match &job.submission.intent {
            Intent::TransferBatch { transfers, .. } => transfers.len(),
            _ => 1,
        };
        group.iter().map(moves).collect()
    };
    let mut large = std::collections::VecDeque::new();
    let group = next_group(vec![job(1_000), job(1), job(900), job(1_000), job(3_000), job(2)], &mut large);
    assert_eq!(sizes(&group), [1, 2, 1_000, 900]);
    // What arrives meanwhile does not wait behind them.
    let group = next_group(vec![job(1), job(100)], &mut large);
    assert_eq!(sizes(&group), [1, 1_000]);
    assert_eq!(sizes(&next_group(Vec::new(), &mut large)), [3_000]);
    assert_eq!(sizes(&next_group(Vec::new(), &mut large)), [100]);
    assert!(large.is_empty());
    // Only so many wait.
    let group = next_group((0..300).map(|_| job(1_000)).collect(), &mut large);
    assert_eq!((group.len(), large.len()), (2, 254));
}

#[tokio::test]
async fn old_idempotency_keys_are_forgotten() {
    for db in testing::all().await {
        let fixture = Fixture::new(db, 1).await;
        let config = config();
        let (ledger, tasks) =
            Ledger::start(fixture.inner.db.clone(), fixture.inner.custody.clone(), &config.chain, &config.ledger)
                .unwrap();
        for name in ["old", "new"] {
            let mut submission = fixture.mint(fixture.treasury.address, 1);
            submission.request = key(name);
            fixture.accept(submission).await.unwrap();
        }
        let age = |days: i64| now_ms() - days * 24 * 60 * 60 * 1000;
        for (name, created_at_ms) in [("old", age(31)), ("new", age(29))] {
            sqlx::query("UPDATE idempotency_keys SET created_at_ms = $1 WHERE key = $2")
                .bind(created_at_ms)
                .bind(name)
                .execute(fixture.inner.db.writer())
                .await
                .unwrap();
        }
        assert_eq!(ledger.forget_old_keys().await.unwrap(), 1);
        assert_eq!(ledger.forget_old_keys().await.unwrap(), 0);
        for (name, replayed) in [("old", false), ("new", true)] {
            let mut submission = fixture.mint(fixture.treasury.address, 1);
            submission.request = key(name);
            assert_eq!(fixture.accept(submission).await.unwrap().replayed, replayed, "{name}");
        }
        tasks.stop().await;
    }
}

#[tokio::test]
async fn sums_that_overflow_and_strange_wallets_are_refused() {
    for db in testing::all().await {
        let fixture = Fixture::new(db, 1).await;
        let to = Address::repeat_byte(9);
        let mut most = fixture.mint(to, 0);
        most.intent = Intent::Mint { token: fixture.token.clone(), to, amount: U256::MAX };
        fixture.accept(most).await.unwrap();
        assert_eq!(fixture.accept(fixture.mint(to, 1)).await.unwrap_err().code(), Code::LedgerRuleViolated);
        let mut foreign = fixture.mint(to, 1);
        foreign.app_id = new_id(Id::App);
        assert_eq!(fixture.accept(foreign).await.unwrap_err().code(), Code::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_on_one_database_share_nonces_keys_and_balances() {
    for db in testing::all().await {
        let fixture = Fixture::new(db, 2).await;
        let config = config();
        let start = || {
            Ledger::start(fixture.inner.db.clone(), fixture.inner.custody.clone(), &config.chain, &config.ledger)
                .unwrap()
        };
        let ((one, one_tasks), (two, two_tasks)) = (start(), start());
        fixture.accept(fixture.mint(fixture.treasury.address, 150)).await.unwrap();
        // 200 transfers of 1 out of 150, and one key that both are asked for again and again.
        let calls = (0..200).map(|n: u64| {
            let mut submission =
                fixture.transfer(&fixture.treasury, fixture.wallets[usize::try_from(n % 2).unwrap()].address, 1);
            if n.is_multiple_of(10) {
                submission.request = key("shared");
            }
            let ledger = if n.is_multiple_of(3) { one.clone() } else { two.clone() };
            tokio::spawn(async move { ledger.submit(submission).await })
        });
        let (mut nonces, mut shared, mut refused) = (Vec::new(), std::collections::BTreeSet::new(), 0);
        for answer in futures::future::join_all(calls).await {
            match answer.unwrap() {
                Ok(accepted) if accepted.replayed => {
                    shared.insert(accepted.operation.id);
                }
                Ok(accepted) => nonces.push(accepted.operation.nonce),
                Err(error) => {
                    assert_eq!(error.code(), Code::InsufficientBalance, "{error}");
                    refused += 1;
                }
            }
        }
        nonces.sort_unstable();
        assert_eq!(nonces, (1..=150).collect::<Vec<u64>>(), "dense, and not one more than there is");
        assert!(shared.len() == 1 && refused > 0);
        one_tasks.stop().await;
        two_tasks.stop().await;
    }
}
