//! Whether lists and searches are as quick with a million transfers in the gateway's database as with ten thousand.

use crate::report::{Latencies, Report};
use anyhow::{Context, Result, ensure};
use hanse_tests::{Rest, Stage};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use std::time::{Duration, Instant};

const FEW: i64 = 10_000;
const MANY: i64 = 1_000_000;
const USERS: usize = 20;

/// The copies' numbers, and the users in an order.
const WITH: &str = "WITH RECURSIVE numbers (n) AS (SELECT $1 + 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $2), \
                    receivers (place, address) AS (SELECT ROW_NUMBER() OVER (ORDER BY id) - 1, address FROM wallets \
                    WHERE user_id IS NOT NULL)";

/// Copies of a transfer that was made, under ids and hashes of their own, as if they had been made in the same block: what
/// the gateway has written of it in each table. `$1` is above the first number, `$2` the last.
const COPIES: [&str; 4] = [
    "INSERT INTO operations (id, app_id, kind, status, wallet_id, sender, nonce, tx_hash, raw_tx, target, token_id, \
     from_address, to_address, amount, user_id, effects, effects_pending, block_number, block_hash, tx_index, gas_used, \
     created_at_ms, sent_at_ms, included_at_ms, finalized_at_ms) \
     SELECT printf('op_%032x', n), app_id, kind, status, wallet_id, sender, 1000000 + n, printf('0x%064x', n), raw_tx, target, \
     token_id, from_address, (SELECT address FROM receivers WHERE place = n % $3), amount, \
     user_id, effects, 0, block_number, block_hash, 1000 + n, gas_used, created_at_ms, sent_at_ms, included_at_ms, \
     finalized_at_ms FROM numbers JOIN operations o ON o.id = $4",
    "INSERT INTO transfers (block_number, log_index, block_hash, tx_hash, app_id, token_id, from_address, to_address, amount, \
     operation_id, timestamp_ms, place) \
     SELECT block_number, 1000 + n, block_hash, printf('0x%064x', n), app_id, token_id, from_address, \
     (SELECT address FROM receivers WHERE place = n % $3), amount, \
     printf('op_%032x', n), timestamp_ms, t.place FROM numbers JOIN transfers t ON t.operation_id = $4",
    "INSERT INTO chain_transactions (block_number, tx_index, hash, kind, from_address, to_address, value, method, type, nonce, \
     succeeded, gas_used, gas_price, log_count) \
     SELECT block_number, 1000 + n, printf('0x%064x', n), kind, from_address, to_address, value, method, type, 1000000 + n, \
     succeeded, gas_used, gas_price, log_count FROM numbers JOIN chain_transactions c \
     ON $3 = $3 AND c.hash = (SELECT tx_hash FROM operations WHERE id = $4)",
    // The gap that each start leaves above what was there.
    "INSERT INTO events (sequence, id, app_id, type, account, other_account, user_id, other_user_id, data, created_at_ms) \
     SELECT (SELECT last FROM event_heads) - 2000000 + n, printf('evt_%032x', n), app_id, type, account, other_account, user_id, \
     other_user_id, data, created_at_ms FROM numbers JOIN events e \
     ON $3 = $3 AND e.sequence = (SELECT MAX(sequence) FROM events WHERE type = 'transfer.finalized' AND operation_id = $4)",
];

pub async fn measure(report: &mut Report, scale: u32) -> Result<()> {
    let mut stage = Stage::set(USERS, 1_000_000).await?;
    let body = json!({ "from": stage.users[0].id, "to": stage.users[1].id, "amount": "1" });
    let moved = stage.server.settle(&stage.transfers_path(), body).await?;
    let operation = moved["operation"]["id"].as_str().context("no operation")?.to_owned();
    // Two starts leave room for two million events.
    restart(&mut stage, async |_| Ok(())).await?;
    restart(&mut stage, async |_| Ok(())).await?;
    let mut all = Vec::new();
    let mut filled = 0;
    for total in [FEW, MANY / i64::from(scale)] {
        restart(&mut stage, async |database| fill(database, filled, total, &operation).await).await?;
        filled = total;
        all.push(ask_all(&stage, total, 600 / scale).await?);
    }
    let [few, many] = all.as_slice() else { unreachable!("both were measured") };

    report.section(
        "Lists and searches in a large database",
        &format!(
            "{} requests of each kind, one after the other, with {FEW} transfers in the gateway's database and with {filled}: \
             rows of `operations`, `transfers`, `events` and the explorer that are copies of one transfer's, by {USERS} receivers. \
             \"Deep\" is a page from the middle.",
            600 / scale,
        ),
    );
    report.head(&["request", "p50 ms, few", "p99", "p50 ms, many", "p99", "p50, many to few"]);
    for ((name, few), (_, many)) in few.iter().zip(many) {
        report.row(&[
            format!("`{name}`"),
            few.ms(50.0),
            few.ms(99.0),
            many.ms(50.0),
            many.ms(99.0),
            format!("{:.2}", many.seconds(50.0) / few.seconds(50.0)),
        ]);
    }
    Ok(())
}

async fn restart(stage: &mut Stage, between: impl AsyncFnOnce(SqliteConnection) -> Result<()>) -> Result<()> {
    stage.gateway.terminate()?;
    let file = stage.gateway.folder().join("data/gateway.sqlite");
    between(SqliteConnection::connect(&format!("sqlite://{}", file.display())).await?).await?;
    stage.gateway.spawn()?;
    stage.gateway.ready().await
}

/// Adds the copies above `from`, up to `to`.
async fn fill(mut database: SqliteConnection, from: i64, to: i64, operation: &str) -> Result<()> {
    let mut tx = database.begin().await?;
    for copy in COPIES {
        let sql = format!("{WITH} {copy}");
        let users = i64::try_from(USERS)?;
        let done = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(from)
            .bind(to)
            .bind(users)
            .bind(operation)
            .execute(&mut *tx)
            .await?;
        ensure!(done.rows_affected() == (to - from).unsigned_abs(), "{} rows of {copy}", done.rows_affected());
    }
    tx.commit().await?;
    sqlx::query("ANALYZE").execute(&mut database).await?;
    database.close().await?;
    Ok(())
}

async fn ask_all(stage: &Stage, total: i64, requests: u32) -> Result<Vec<(&'static str, Latencies)>> {
    let (token, user) = (&stage.token, &stage.users[5].id);
    let middle = total / 2;
    let first = stage.server.get(&format!("/tokens/{token}/transactions?limit=1")).await?;
    let block = first["items"][0]["blockNumber"].as_u64().context("no block")?;
    let cursor = |key: String| base64(&key);
    let mut all = Vec::new();
    for (name, path) in [
        ("GET /tokens/{token}/transactions", format!("/tokens/{token}/transactions")),
        (
            "GET /tokens/{token}/transactions, deep",
            format!("/tokens/{token}/transactions?cursor={}", cursor(format!("{block}.{}.0", 1000 + middle))),
        ),
        ("GET /users/{user}/transactions", format!("/users/{user}/transactions")),
        ("GET /operations", "/operations".to_owned()),
        ("GET /operations, deep", format!("/operations?cursor={}", cursor(format!("op_{middle:032x}")))),
        ("GET /operations?status=finalized", "/operations?status=finalized".to_owned()),
        ("GET /events", "/events".to_owned()),
        ("GET /tokens/{token}/holders", format!("/tokens/{token}/holders")),
        ("GET /users", "/users".to_owned()),
        ("GET /explorer/transactions", "/explorer/transactions".to_owned()),
        ("GET /explorer/search?q=0x… (a hash)", format!("/explorer/search?q=0x{middle:064x}")),
    ] {
        let mut took = Vec::new();
        for _ in 0..requests {
            took.push(ask(&stage.server, &path).await?);
        }
        all.push((name, Latencies::new(took)));
    }
    Ok(all)
}

async fn ask(server: &Rest, path: &str) -> Result<Duration> {
    let began = Instant::now();
    let answer = server.get(path).await?;
    let took = began.elapsed();
    let found = |list: &Value| list.as_array().is_some_and(|items| !items.is_empty());
    ensure!(found(&answer["items"]), "{path}: {answer}");
    Ok(took)
}

/// A cursor as the API writes it.
fn base64(key: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(key)
}
