//! How long a transfer takes from the caller's point of view: accepted, in a block, final.

use crate::report::{Latencies, Report};
use anyhow::{Context, Result, ensure};
use hanse_tests::{Database, Network, Stage, new_key};
use serde_json::json;
use std::time::{Duration, Instant};

pub async fn measure(report: &mut Report, scale: u32) -> Result<()> {
    report.section(
        "From the request to finality",
        "One transfer at a time; milliseconds from sending the request until its answer, and until the long polls \
         `?wait=included` and `?wait=finalized` answer. A development chain seals a block as soon as a transaction is there \
         and needs nobody's vote. Of three validators, all on these cores, each makes the block of every third slot of 500 ms, \
         and GRANDPA's votes make it final.",
    );
    report.head(&["chain", "until", "p50 ms", "p90 ms", "p99 ms"]);
    let count = (150 / scale) as usize;
    let alone = Stage::set(10, 1_000_000).await?;
    times(report, "development", &alone, count).await?;
    drop(alone);
    let mut network = Network::start().await?;
    let member = Stage::set_with(network.nodes.remove(0), Database::Sqlite, 10, 1_000_000).await?;
    times(report, "three validators", &member, count / 3).await
}

async fn times(report: &mut Report, chain: &str, stage: &Stage, count: usize) -> Result<()> {
    let (mut accepted, mut included, mut finalized) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..count {
        let (payer, payee) = (&stage.users[number % 10], &stage.users[(number + 3) % 10]);
        let body = json!({ "from": payer.id, "to": payee.id, "amount": "1" });
        let began = Instant::now();
        let answer = stage.server.try_post(&stage.transfers_path(), &new_key(), &body).await?;
        accepted.push(began.elapsed());
        let answer = answer.expect(202)?;
        let id = answer["operation"]["id"].as_str().context("id")?;
        for (target, times) in [("included", &mut included), ("finalized", &mut finalized)] {
            let operation = stage.server.get(&format!("/operations/{id}?wait={target}&timeoutMs=20000")).await?;
            times.push(began.elapsed());
            let reached = operation["status"] == "finalized" || operation["status"] == target;
            ensure!(reached, "not {target}: {operation}");
        }
        // So that transfers don't fall into step with the slots.
        tokio::time::sleep(Duration::from_millis(30 + 37 * (number as u64 % 10))).await;
    }
    for (name, times) in [("accepted", accepted), ("included", included), ("finalized", finalized)] {
        let times = Latencies::new(times);
        report.row(&[chain.to_owned(), name.to_owned(), times.ms(50.0), times.ms(90.0), times.ms(99.0)]);
    }
    Ok(())
}
