//! Measures a one-node chain and its gateway from outside, as their users meet them.
//!
//! ```text
//!   accept      POST transfers at rising loads ──► latency, accepted/s; memory of node and gateway
//!   finality    one transfer ──► accepted ──► included ──► finalized
//!   transfers   ERC-20 transfers through eth_sendRawTransaction, on Hanse and on anvil
//!   rpc         eth_call, eth_getLogs and so on, on Hanse and on anvil
//!   execution   blocks full of gas ──► exported ──► imported by a second node: Mgas/s
//!   worst       the worst contracts ──► a full block of each: ms
//!   index       old blocks on a short and on a long chain: latency
//!   lists       lists and searches with 10^4 and 10^6 transfers in the gateway's database: latency
//!   fanout      transfers ──► a thousand who listen to events: latency, and that none is lost
//!   follow      a gateway that was away ──► caught up: blocks/s
//!        │
//!        ▼
//!   Report ──► the terminal, and a page for docs/benchmarks/
//! ```
//!
//! Invariants: the load's schedule is fixed beforehand and latency counts from it, so that a slow answer can't hide by
//! delaying the next question; a figure is printed only when the work behind it was done and checked (every transaction
//! included; of requests, how many were refused stands beside it); both chains of a comparison get the same bytes in the
//! same run, in turns.
//!
//! Client, gateway and node share the machine's cores: the figures are of all three together, and say so.
//!
//! How it fails: with the section that could not be measured and why; the sections before it are printed all the same.

mod accept;
mod execution;
mod fanout;
mod finality;
mod follow;
mod index;
mod lists;
mod load;
mod report;
mod rpc;
mod transfers;
mod worst;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use report::Report;
use std::path::PathBuf;

/// Measures Hanse and prints what comes out.
#[derive(Parser)]
struct Arguments {
    /// A third of the time, for a first look.
    #[arg(long)]
    quick: bool,
    /// One section alone.
    #[arg(long)]
    only: Option<Section>,
    /// Also writes the report as a page.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Section {
    Accept,
    Finality,
    Transfers,
    Rpc,
    Execution,
    Worst,
    Index,
    Lists,
    Fanout,
    Follow,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let scale = if arguments.quick { 3 } else { 1 };
    let mut report = Report::begin();
    let outcome = measure(&mut report, arguments.only, scale).await;
    if let (Ok(()), Some(path)) = (&outcome, &arguments.write) {
        std::fs::write(path, report.page()).with_context(|| path.display().to_string())?;
    }
    outcome
}

async fn measure(report: &mut Report, only: Option<Section>, scale: u32) -> Result<()> {
    let wanted = |section: Section| only.is_none_or(|only| only == section);
    if wanted(Section::Accept) {
        accept::measure(report, scale).await.context("accept")?;
    }
    if wanted(Section::Finality) {
        finality::measure(report, scale).await.context("finality")?;
    }
    if wanted(Section::Transfers) {
        transfers::measure(report, scale).await.context("transfers")?;
    }
    if wanted(Section::Rpc) {
        rpc::measure(report, scale).await.context("rpc")?;
    }
    if wanted(Section::Execution) {
        execution::measure(report, scale).await.context("execution")?;
    }
    if wanted(Section::Worst) {
        worst::measure(report, scale).await.context("worst")?;
    }
    if wanted(Section::Index) {
        index::measure(report, scale).await.context("index")?;
    }
    if wanted(Section::Lists) {
        lists::measure(report, scale).await.context("lists")?;
    }
    if wanted(Section::Fanout) {
        fanout::measure(report, scale).await.context("fanout")?;
    }
    if wanted(Section::Follow) {
        follow::measure(report, scale).await.context("follow")?;
    }
    Ok(())
}
