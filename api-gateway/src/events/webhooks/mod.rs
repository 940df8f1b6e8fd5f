//! Events sent to the apps' own servers: signed, in order, at least once.
//!
//! ```text
//!  tail ─► runner ─► one worker for each enabled webhook:
//!                      fan out   new events of its kinds become deliveries (rows)
//!                      choose    what is due, and has nothing of the same account waiting before it
//!                      attempt   POST; taken, or to be tried again, or given up
//! ```
//!
//! Workers run on the gateway that holds the ledger's lease. Should two gateways believe that they do, a delivery may
//! come twice.
//!
//! How it fails: an attempt that fails is tried again after a pause that grows, for days; later events of the same account
//! wait behind it, others go on. A receiver that takes nothing at all is asked by one attempt at a time, and when it is
//! back everything is due at once. One that has taken nothing for as long as a delivery is tried is disabled, with an
//! event that says so.

mod attempt;
mod guard;
mod lanes;
mod queue;
mod signature;
mod worker;

pub use attempt::{Attempt, Sender};
pub use guard::check_url;
pub use signature::{NewSecret, new_secret};

use super::{Stored, Tail};
use crate::config;
use crate::custody::Custody;
use crate::db::Db;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::task::JoinHandle;

/// How often it is looked for new and disabled webhooks.
const RELOAD: Duration = Duration::from_secs(1);

/// What workers share.
#[derive(Clone)]
pub struct Shared {
    /// The database.
    pub db: Db,
    /// Opens the secrets.
    pub custody: Custody,
    /// Sends.
    pub sender: Sender,
    /// Is told of the notices.
    pub tail: Tail,
    /// `[webhooks]`
    pub settings: config::Webhooks,
}

struct Worker {
    app_id: String,
    wake: Arc<Notify>,
    task: JoinHandle<()>,
}

/// Runs the workers as long as `leads` says so, for ever.
pub async fn run(shared: Shared, leads: impl Fn() -> bool) {
    // Nobody reads events for webhooks that don't exist.
    let mut news: Option<Receiver<Arc<Stored>>> = None;
    let mut workers: HashMap<String, Worker> = HashMap::new();
    let mut reload = tokio::time::interval(RELOAD);
    loop {
        tokio::select! {
            event = next(&mut news) => match event {
                Ok(event) => workers.values().filter(|worker| worker.app_id == event.app_id).for_each(Worker::wake),
                Err(RecvError::Lagged(_)) => workers.values().for_each(Worker::wake),
                Err(RecvError::Closed) => return,
            },
            _ = reload.tick() => {
                let enabled = match leads() {
                    true => queue::enabled(&shared.db).await,
                    false => Ok(Vec::new()),
                };
                match enabled {
                    Ok(enabled) if enabled.is_empty() => {
                        workers.clear();
                        news = None;
                    }
                    Ok(enabled) => {
                        // Before a worker looks at the table, so that it misses nothing.
                        news.get_or_insert_with(|| shared.tail.listen());
                        employ(&shared, &mut workers, enabled);
                    }
                    Err(error) => tracing::debug!(%error, "webhooks can't be read; trying again"),
                }
            }
        }
    }
}

/// The next event; never, where nobody listens.
async fn next(news: &mut Option<Receiver<Arc<Stored>>>) -> Result<Arc<Stored>, RecvError> {
    match news {
        Some(news) => news.recv().await,
        None => std::future::pending().await,
    }
}

/// One worker for each of them, and none for others.
fn employ(shared: &Shared, workers: &mut HashMap<String, Worker>, enabled: Vec<(String, String)>) {
    workers.retain(|id, worker| !worker.task.is_finished() && enabled.iter().any(|(enabled, _)| enabled == id));
    for (id, app_id) in enabled {
        workers.entry(id).or_insert_with_key(|id| {
            let wake = Arc::new(Notify::new());
            let task = tokio::spawn(worker::run(shared.clone(), id.clone(), wake.clone()));
            Worker { app_id, wake, task }
        });
    }
}

impl Worker {
    fn wake(&self) {
        self.wake.notify_one();
    }
}

/// An attempt that is under way is the same as one whose answer got lost.
impl Drop for Worker {
    fn drop(&mut self) {
        self.task.abort();
    }
}
