//! How quickly an event reaches a thousand who listen.

use crate::report::{Latencies, Report};
use anyhow::{Context, Result, ensure};
use hanse_tests::Stage;
use serde_json::json;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const LISTENERS: usize = 1_000;
const EVENTS: usize = 100;
/// Between one transfer and the next.
const PAUSE: Duration = Duration::from_millis(100);

pub async fn measure(report: &mut Report, scale: u32) -> Result<()> {
    let listeners = LISTENERS / scale as usize;
    let stage = Stage::set(2, 1_000_000).await?;
    let key = stage.server.bearer_token().context("no key")?.to_owned();
    let address = stage.gateway.url().trim_start_matches("http://").to_owned();
    let mut open = Vec::with_capacity(listeners);
    for _ in 0..listeners {
        open.push(listen(&address, &key).await?);
    }
    let mut tasks = JoinSet::new();
    for listener in open {
        tasks.spawn(hear(listener));
    }
    let mut sent = HashMap::new();
    for _ in 0..EVENTS {
        let began = Instant::now();
        let body = json!({ "to": stage.users[0].id, "amount": "1" });
        let moved = stage.server.post(&stage.transfers_path(), body).await?;
        sent.insert(moved["operation"]["id"].as_str().context("no operation")?.to_owned(), began);
        tokio::time::sleep_until((began + PAUSE).into()).await;
    }
    let (mut took, mut spread, mut heard) = (Vec::new(), HashMap::<String, (Instant, Instant)>::new(), 0);
    while let Some(times) = tasks.join_next().await {
        let times = times??;
        ensure!(times.len() == EVENTS, "a listener has heard {} of {EVENTS}", times.len());
        for (operation, at) in times {
            let began = sent.get(&operation).context("an event of another operation")?;
            took.push(at.duration_since(*began));
            let (first, last) = spread.entry(operation).or_insert((at, at));
            (*first, *last) = ((*first).min(at), (*last).max(at));
            heard += 1;
        }
    }
    ensure!(heard == EVENTS * listeners, "{heard} of {} were heard", EVENTS * listeners);
    let took = Latencies::new(took);
    let spread = Latencies::new(spread.into_values().map(|(first, last)| last - first).collect());

    report.section(
        "Events to a thousand listeners",
        &format!(
            "{listeners} clients of `GET /events/stream` (SSE), {EVENTS} transfers, one each {} ms. From sending the request of a transfer to when a \
             client has read its `operation.finalized`, which the chain's block and the follower are part of; and from the first \
             client that has it to the last. None was lost.",
            PAUSE.as_millis(),
        ),
    );
    report.head(&["", "p50 ms", "p90 ms", "p99 ms", "longest ms"]);
    for (name, all) in [("request to client", took), ("first client to last", spread)] {
        report.row(&[name.to_owned(), all.ms(50.0), all.ms(90.0), all.ms(99.0), all.ms(100.0)]);
    }
    Ok(())
}

/// An open stream.
async fn listen(address: &str, key: &str) -> Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET /api/v1/events/stream?types=operation.finalized HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        ensure!(reader.read_line(&mut head).await? > 0, "the stream was refused: {head}");
    }
    ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
    Ok(reader)
}

/// When each operation's event came.
async fn hear(mut reader: BufReader<TcpStream>) -> Result<Vec<(String, Instant)>> {
    let mut times = Vec::with_capacity(EVENTS);
    let mut line = String::new();
    while times.len() < EVENTS {
        line.clear();
        let read = tokio::time::timeout(Duration::from_secs(60), reader.read_line(&mut line)).await;
        ensure!(read.context("nothing comes any more")?? > 0, "the stream has ended");
        // The event's data has the operation's id first of all ids of operations.
        if line.starts_with("data:") {
            let at = line.find("\"op_").context("an event without an operation")? + 1;
            times.push((line.get(at..at + 35).context("an id cut short")?.to_owned(), Instant::now()));
        }
    }
    Ok(times)
}
