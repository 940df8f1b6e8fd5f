//! How fast a transfer is accepted: an open-loop load through REST, rising until it doesn't hold.

use crate::report::{Latencies, Report, mib};
use anyhow::{Context as _, Result, bail, ensure};
use hanse_tests::{Database, Node, Rest, Stage, new_key, processor_time, until};
use serde_json::json;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const USERS: usize = 50;
const LOADS_PER_SECOND: [u32; 7] = [50, 100, 200, 400, 800, 1000, 1500];
/// A load holds when this share of it was accepted in its time.
const HOLDS_PERCENT: u64 = 97;

/// When the node makes blocks.
#[derive(Clone, Copy)]
struct Blocks {
    /// In the tables.
    name: &'static str,
    /// The node's `--sealing`.
    sealing: &'static str,
    /// Whether there is no node while requests come in.
    away: bool,
}

const INSTANT: Blocks = Blocks { name: "at once", sealing: "instant", away: false };
/// As long as a network's slots are unless it says otherwise.
const SLOTS: Blocks = Blocks { name: "each 500 ms", sealing: "500", away: false };
/// What is accepted waits for the node to come back: accepting alone.
const AWAY: Blocks = Blocks { name: "none", sealing: "instant", away: true };

pub async fn measure(report: &mut Report, scale: u32) -> Result<()> {
    report.section(
        "Accepting transfers",
        "`POST /tokens/{token}/transfers` from 50 paying users at a fixed rate, which rises until it doesn't hold; latency \
         counts from the moment at which the request was due. A developer's node makes a block as soon as a transaction \
         waits, and the gateway writes each of them; a consortium's makes one in a slot. Without any, the node is away, and \
         what is accepted waits for it: the cores do nothing else. \"Drained\" is how much longer the ledger took until all of \
         them were in a block.",
    );
    let disk = disk()?;
    report.line(&format!(
        "Nothing is answered before it is on the disk. On this one an `fdatasync` of 16 KiB takes {} ms (p50), {} ms (p99).\n",
        disk.ms(50.0),
        disk.ms(99.0),
    ));
    report.head(&[
        "database",
        "blocks",
        "load /s",
        "accepted /s",
        "p50 ms",
        "p90 ms",
        "p99 ms",
        "p99.9 ms",
        "refused",
        "drained s",
    ]);
    let mut memory = Vec::new();
    let mut times = Vec::new();
    for blocks in [INSTANT, SLOTS, AWAY] {
        for (name, database) in [("SQLite", Some(Database::Sqlite)), ("PostgreSQL", Database::new_postgres()?)] {
            if let Some(database) = database {
                memory.extend(measure_on(report, &mut times, name, database, blocks, scale).await?);
            }
        }
    }

    report.section(
        "Where the time goes",
        "Milliseconds of one core for an accepted transfer, from its request until it is in a block (without a node: until it \
         is accepted). \"All\" is all that the machine did, the database's server among it. \"Busy\" is the share of the cores \
         that this took at the given load.",
    );
    report.head(&["database", "blocks", "load /s", "client", "gateway", "node", "all", "busy"]);
    times.iter().for_each(|row| report.row(row));

    report.section(
        "Memory",
        "Resident memory in MiB: after start with 50 users, after the loads above, and at its highest.",
    );
    report.head(&["process", "database", "blocks", "idle", "after", "highest"]);
    memory.iter().for_each(|row| report.row(row));
    Ok(())
}

/// The loads on one database; what to tell of the memory.
async fn measure_on(
    report: &mut Report,
    times: &mut Vec<[String; 8]>,
    name: &str,
    database: Database,
    blocks: Blocks,
    scale: u32,
) -> Result<[[String; 6]; 2]> {
    let node = Node::start_with(&["--dev", "--sealing", blocks.sealing]).await?;
    let mut stage = Stage::set_with(node, database, USERS, 1_000_000_000).await?;
    let idle = (stage.node.process()?.memory_bytes()?, stage.gateway.process()?.memory_bytes()?);
    let seconds = 12 / scale;
    for load in LOADS_PER_SECOND {
        if blocks.away {
            stage.node.kill();
        }
        let before = Used::so_far(&stage)?;
        let run = run(&stage, load, seconds).await?;
        let mut used = before.until_now(&stage)?;
        if blocks.away {
            stage.node.spawn()?;
            stage.node.ready().await?;
        }
        let drained = drain(&stage.server).await?;
        if !blocks.away {
            used = before.until_now(&stage)?;
        }
        times.push(used.row(name, blocks, load, run.accepted));
        let sent = u64::from(load) * u64::from(seconds);
        report.row(&[
            name.to_owned(),
            blocks.name.to_owned(),
            load.to_string(),
            format!("{:.0}", run.accepted as f64 / run.took.as_secs_f64()),
            run.latencies.ms(50.0),
            run.latencies.ms(90.0),
            run.latencies.ms(99.0),
            run.latencies.ms(99.9),
            (sent - run.accepted).to_string(),
            format!("{:.1}", drained.as_secs_f64()),
        ]);
        let in_time = run.took <= Duration::from_secs(seconds.into()) * 105 / 100;
        if run.accepted * 100 < sent * HOLDS_PERCENT || !in_time {
            break;
        }
    }
    let after = (stage.node.process()?.memory_bytes()?, stage.gateway.process()?.memory_bytes()?);
    let network = stage.server.get("/network").await?;
    ensure!(network["mismatches"] == 0, "the verifier found differences: {network}");
    let row = |process: &str, idle: u64, (now, highest): (u64, u64)| {
        [process.to_owned(), name.to_owned(), blocks.name.to_owned(), mib(idle), mib(now), mib(highest)]
    };
    Ok([row("node", idle.0.0, after.0), row("gateway", idle.1.0, after.1)])
}

/// Time on the cores.
struct Used {
    client: Duration,
    gateway: Duration,
    node: Duration,
    all: Duration,
}

impl Used {
    fn so_far(stage: &Stage) -> Result<Self> {
        Ok(Self {
            client: processor_time("self")?,
            gateway: stage.gateway.process()?.processor_time()?,
            node: stage.node.process().map_or(Ok(Duration::ZERO), |node| node.processor_time())?,
            all: busy()?,
        })
    }

    fn until_now(&self, stage: &Stage) -> Result<Self> {
        let now = Self::so_far(stage)?;
        Ok(Self {
            client: now.client - self.client,
            gateway: now.gateway - self.gateway,
            node: now.node - self.node,
            all: now.all - self.all,
        })
    }

    /// For one of so many transfers.
    fn row(&self, database: &str, blocks: Blocks, load: u32, accepted: u64) -> [String; 8] {
        let each = |time: Duration| time.as_secs_f64() * 1000.0 / accepted.max(1) as f64;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let busy = each(self.all) * f64::from(load) / 10.0 / cores as f64;
        let text = |time| format!("{:.2}", each(time));
        [
            database.to_owned(),
            blocks.name.to_owned(),
            load.to_string(),
            text(self.client),
            text(self.gateway),
            text(self.node),
            text(self.all),
            format!("{busy:.0} %"),
        ]
    }
}

/// Time that all cores together have been at work.
fn busy() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("/proc/stat is empty")?;
    let times = line.split_whitespace().skip(1).map(str::parse).collect::<Result<Vec<u64>, _>>()?;
    // user, nice, system, idle, iowait, irq, softirq, in hundredths of a second.
    let [user, nice, system, _, _, irq, softirq, ..] = times[..] else { bail!("/proc/stat has too few fields") };
    Ok(Duration::from_millis((user + nice + system + irq + softirq) * 10))
}

/// How long the disk takes for what a commit waits for.
fn disk() -> Result<Latencies> {
    let mut file = tempfile::tempfile()?;
    let mut all = Vec::new();
    for _ in 0..500 {
        file.write_all(&[1; 16 * 1024])?;
        let began = Instant::now();
        file.sync_data()?;
        all.push(began.elapsed());
    }
    Ok(Latencies::new(all))
}

struct Run {
    accepted: u64,
    took: Duration,
    latencies: Latencies,
}

async fn run(stage: &Stage, load: u32, seconds: u32) -> Result<Run> {
    let path = Arc::new(stage.transfers_path());
    let accepted = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let mut tasks = Vec::new();
    for number in 0..load * seconds {
        let due = began + Duration::from_secs(1) / load * number;
        tokio::time::sleep_until(due.into()).await;
        let (payer, payee) = (&stage.users[number as usize % USERS], &stage.users[(number as usize + 7) % USERS]);
        let body = json!({ "from": payer.id, "to": payee.id, "amount": "1" });
        let (server, path, accepted) = (stage.server.clone(), path.clone(), accepted.clone());
        tasks.push(tokio::spawn(async move {
            let answer = server.try_post(&path, &new_key(), &body).await;
            if answer.is_ok_and(|answer| answer.status == 202) {
                accepted.fetch_add(1, Ordering::Relaxed);
            }
            due.elapsed()
        }));
    }
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.push(task.await?);
    }
    Ok(Run { accepted: accepted.load(Ordering::Relaxed), took: began.elapsed(), latencies: Latencies::new(latencies) })
}

/// Waits until every accepted operation is in a block; how long that took.
async fn drain(server: &Rest) -> Result<Duration> {
    let began = Instant::now();
    until("all operations are in blocks", Duration::from_secs(300), async || {
        Ok((server.get("/network").await?["openOperations"] == 0).then_some(()))
    })
    .await?;
    Ok(began.elapsed())
}
