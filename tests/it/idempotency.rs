//! One key, one operation: however often it is sent, at once or after a crash.

use alloy::primitives::U256;
use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use hanse_tests::Stage;
use serde_json::json;
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_sent_a_hundred_times_and_after_a_crash_moves_once() -> Result<()> {
    let mut stage = Stage::set(2, 1000).await?;
    let path = stage.transfers_path();
    let body = json!({ "from": stage.users[0].id, "to": stage.users[1].id, "amount": "5" });

    let answers = try_join_all((0..100).map(|_| stage.server.try_post(&path, "the-key", &body))).await?;
    let mut ids = BTreeSet::new();
    let mut hashes = BTreeSet::new();
    for answer in answers {
        let operation = answer.expect(202)?["operation"].take();
        ids.insert(operation["id"].as_str().context("id")?.to_owned());
        hashes.insert(operation["transactionHash"].as_str().context("hash")?.to_owned());
    }
    ensure!(ids.len() == 1 && hashes.len() == 1, "{ids:?} {hashes:?}");

    // Killed and started again: the key is known, and so is the answer.
    stage.gateway.kill();
    stage.gateway.spawn()?;
    stage.gateway.ready().await?;
    let again = stage.server.try_post(&path, "the-key", &body).await?.expect(202)?["operation"].take();
    ensure!(ids.contains(again["id"].as_str().context("id")?), "{again}");
    stage.server.finalized(&again).await?;

    // The same key with another body is refused, and nothing moves.
    let other = json!({ "from": stage.users[0].id, "to": stage.users[1].id, "amount": "6" });
    let refused = stage.server.try_post(&path, "the-key", &other).await?;
    ensure!(refused.status == 409 && refused.code() == "idempotency_key_reused", "{refused:?}");
    // As on another endpoint.
    let elsewhere = format!("/tokens/{}/mint", stage.token);
    let mint = json!({ "to": stage.users[1].id, "amount": "5" });
    ensure!(stage.server.try_post(&elsewhere, "the-key", &mint).await?.status == 409);

    let moved: Vec<_> = stage.erc20().transfers().await?.into_iter().filter(|one| one.value == U256::from(5)).collect();
    ensure!(moved.len() == 1, "{moved:?}");
    ensure!(stage.erc20().balance_of(stage.users[1].address).await? == U256::from(1005));
    Ok(())
}
