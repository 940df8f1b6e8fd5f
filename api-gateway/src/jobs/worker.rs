//! Goes through the lines of all jobs that run, a piece of each in turn.

use super::queue::{self, Running, Waiting};
use super::{JobKind, lines};
use crate::custody::Custody;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Lines of one job before it is the next one's turn.
const PIECE: usize = 200;

/// Lines that are submitted at once: they share commits, and leave room in the queue for requests.
const AT_ONCE: usize = 50;

/// Users of one operation. Each brings rows of its own, which lengthen the commit that requests wait for.
const USERS: usize = 20;

/// How often is looked for jobs that another gateway has taken.
const LOOK: Duration = Duration::from_millis(500);

/// How often is looked whether a job's outcomes are final.
const FINISH: Duration = Duration::from_secs(1);

/// After a failure that passes.
const PAUSE: Duration = Duration::from_secs(1);

/// What the worker needs.
#[derive(Clone)]
pub struct Shared {
    /// The database.
    pub db: Db,
    /// Takes the lines.
    pub ledger: Ledger,
    /// Makes wallets.
    pub custody: Custody,
    /// Says that this gateway has taken a job.
    pub taken: Arc<Notify>,
}

/// Works as long as this gateway leads, for ever.
pub async fn run(shared: Shared) {
    // Jobs that have to wait: for their outcomes, or after a failure.
    let mut not_before: HashMap<String, Instant> = HashMap::new();
    loop {
        let moved = shared.ledger.is_leader() && round(&shared, &mut not_before).await;
        if !moved {
            let _ = tokio::time::timeout(LOOK, shared.taken.notified()).await;
        }
    }
}

/// A piece of each job. Whether any line was done. A job that fails holds up no other.
async fn round(shared: &Shared, not_before: &mut HashMap<String, Instant>) -> bool {
    let jobs = match queue::running(&shared.db).await {
        Ok(jobs) => jobs,
        Err(error) => {
            tracing::debug!(%error, "jobs can't be read; trying again");
            return false;
        }
    };
    not_before.retain(|id, at| *at > Instant::now() && jobs.iter().any(|job| job.id == *id));
    let mut moved = false;
    for job in jobs.iter().filter(|job| !not_before.contains_key(&job.id)).collect::<Vec<_>>() {
        let pause = match piece(shared, job).await {
            Ok(true) => {
                moved = true;
                continue;
            }
            Ok(false) => FINISH,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(job = job.id, %error, cause, "a job waits");
                PAUSE
            }
        };
        not_before.insert(job.id.clone(), Instant::now() + pause);
    }
    moved
}

/// The job's next lines; its end, when there are none. Whether any line was done.
async fn piece(shared: &Shared, job: &Running) -> Result<bool> {
    let waiting = queue::waiting(&shared.db, &job.id, i64::try_from(PIECE).unwrap_or(i64::MAX)).await?;
    if waiting.is_empty() {
        if queue::finish(&shared.db, job).await? {
            shared.ledger.tail().wake();
            tracing::info!(job = job.id, "a job has finished");
        }
        return Ok(false);
    }
    let size = match job.kind {
        JobKind::Transfers => 1,
        JobKind::Users => USERS,
    };
    let pieces: Vec<_> = waiting.chunks(size).map(|lines| settle(shared, job, lines)).collect();
    stream::iter(pieces).buffered(AT_ONCE.div_ceil(size)).try_collect::<()>().await?;
    Ok(true)
}

/// Does these lines, or refuses those of them that can't be done.
///
/// # Errors
/// What passes by itself: the lines still wait then.
async fn settle(shared: &Shared, job: &Running, lines: &[Waiting]) -> Result<()> {
    let mut rest = vec![lines];
    while let Some(lines) = rest.pop() {
        let outcome = match (job.kind, lines) {
            (JobKind::Transfers, [line]) => lines::transfer(shared, job, line).await,
            (JobKind::Transfers, _) => Err(Error::internal("transfers are done one by one")),
            (JobKind::Users, lines) => lines::users(shared, job, lines).await,
        };
        match (outcome, lines) {
            (Ok(()), _) => {}
            (Err(error), _) if error.passes() => return Err(error),
            (Err(error), [line]) => queue::refuse(&shared.db, &job.id, line.line, &error).await?,
            // One of them is to blame; the halves will tell.
            (Err(_), lines) => {
                let (first, second) = lines.split_at(lines.len() / 2);
                rest.extend([second, first]);
            }
        }
    }
    Ok(())
}
