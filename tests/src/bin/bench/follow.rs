//! How quickly a gateway catches up with a chain that is long already.

use crate::report::{Report, mib};
use anyhow::{Context, Result, ensure};
use hanse_tests::{Database, Gateway, Stage, register_app, until};
use serde_json::json;
use std::time::{Duration, Instant};

/// Blocks that were missed, unless `HANSE_BENCH_MISSED` says otherwise.
const MISSED: u64 = 20_000;
/// Most that one request makes.
const STEP: u64 = 200;

pub async fn measure(report: &mut Report, scale: u32) -> Result<()> {
    let missed = std::env::var("HANSE_BENCH_MISSED").map_or(Ok(MISSED), |text| text.parse());
    let missed = missed.context("HANSE_BENCH_MISSED")? / u64::from(scale);
    let mut stage = Stage::set(2, 1_000_000).await?;
    stage.gateway.terminate()?;
    let rpc = stage.node.rpc();
    for _ in 0..missed.div_ceil(STEP) {
        rpc.call("hardhat_mine", json!([format!("{STEP:#x}")])).await?;
    }
    let height = stage.node.block_number("latest").await?;
    let began = Instant::now();
    stage.gateway.spawn()?;
    stage.gateway.alive().await?;
    let server = stage.server.clone();
    until("the gateway has caught up", Duration::from_secs(1_800), async || {
        let network = server.get("/network").await?;
        Ok((network["best"]["number"].as_u64() >= Some(height)).then_some(()))
    })
    .await?;
    let took = began.elapsed();
    let network = server.get("/network").await?;
    ensure!(network["mismatches"] == 0, "{network}");
    let (_, highest) = stage.gateway.process()?.memory_bytes()?;

    // One that has never seen the chain begins at its head, and fills the explorer's history from there down.
    let fresh = Gateway::start_with(stage.node.url(), Database::Sqlite, &[]).await?;
    let (_, fresh_server, _) = register_app(&fresh.rest()).await?;
    let began = Instant::now();
    until("the history is complete", Duration::from_secs(1_800), async || {
        let summary = fresh_server.get("/explorer/summary").await?;
        Ok((summary["completeFrom"] == 0).then_some(()))
    })
    .await?;
    let filled = began.elapsed();

    report.section(
        "Catching up",
        &format!(
            "A gateway that was away for {missed} blocks without transactions, from its start until it has followed all of them; \
             and a new one on the same chain, until the explorer's history is complete."
        ),
    );
    report.head(&["", "blocks", "s", "blocks /s"]);
    for (name, took) in [("away", took), ("new", filled)] {
        let seconds = took.as_secs_f64();
        report.row(&[
            name.to_owned(),
            missed.to_string(),
            format!("{seconds:.1}"),
            format!("{:.0}", missed as f64 / seconds),
        ]);
    }
    report.line(&format!("\nThe gateway's highest resident memory: {} MiB.", mib(highest)));
    Ok(())
}
