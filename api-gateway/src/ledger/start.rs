//! Starts and stops the ledger's tasks.

use super::chain::Chain;
use super::lease::Lease;
use super::state::NodeView;
use super::{Inner, Ledger, Waiters, accept, follower, history, outbox, state, verifier};
use crate::config;
use crate::custody::Custody;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::events::Tail;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

/// Submissions that may wait for the writer. More are refused at once (503), so that waiting stays short.
const QUEUE: usize = 4_096;

/// How the process ends when a task has died (EX_SOFTWARE).
const EXIT_CODE: i32 = 70;

/// What runs until it is dropped.
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The running tasks.
#[derive(Debug)]
pub struct Tasks {
    stop: watch::Sender<bool>,
    handles: Vec<JoinHandle<()>>,
}

impl Tasks {
    /// Stops sending and following and waits for the tasks. What is queued for acceptance is committed when the
    /// last [`Ledger`] is dropped. Killing the process instead loses nothing either.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for handle in self.handles {
            if let Err(error) = handle.await {
                tracing::error!(%error, "a task of the ledger ended badly");
            }
        }
    }
}

impl Ledger {
    /// Starts the tasks. Needs the database, not the node: with the node away, writes are accepted and wait.
    ///
    /// # Errors
    /// When `chain.rpc_url` is no URL.
    pub fn start(db: Db, custody: Custody, chain: &config::Chain, settings: &config::Ledger) -> Result<(Self, Tasks)> {
        let lease = Lease::new(db.engine());
        let inner = Arc::new(Inner {
            chain: Chain::new(chain).map_err(Error::internal)?,
            chain_settings: chain.clone(),
            settings: settings.clone(),
            waiters: Waiters::default(),
            tail: Tail::default(),
            to_send: Notify::new(),
            to_follow: Notify::new(),
            to_verify: Notify::new(),
            node: NodeView::default(),
            lease,
            quotas: accept::Quotas::new(settings.app_operations_per_day),
            open_operations: AtomicU64::new(0),
            custody,
            db,
        });
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (stop, stopped) = watch::channel(false);
        let mut handles = Vec::new();
        // Ends when the last handle is dropped, not at the stop: its callers wait for their answers.
        tokio::spawn(guarded("accept", accept::run(inner.clone(), queue)));
        let (shared, until) = (inner.clone(), stopped.clone());
        let lease = async move { shared.lease.keep(&shared.db, until).await };
        handles.push(tokio::spawn(guarded("lease", lease)));
        let mut start = |name, task| handles.push(tokio::spawn(guarded(name, until_stopped(stopped.clone(), task))));
        start("outbox", Box::pin(outbox::run(inner.clone())) as Task);
        start("follower", Box::pin(follower::run(inner.clone())));
        start("history", Box::pin(history::run(inner.clone())));
        start("names", Box::pin(history::deployed::run(inner.clone())));
        start("verifier", Box::pin(verifier::run(inner.clone())));
        start("database maintenance", Box::pin(maintain_database(inner.clone())));
        start("housekeeping", Box::pin(housekeeping(inner.clone())));
        start("node status", Box::pin(ask_node(inner.clone())));
        Ok((Self { inner, jobs }, Tasks { stop, handles }))
    }
}

/// Blocks below the finalized one whose hashes are kept, to find the common ancestor with a node that lost data. Two
/// weeks at two blocks a second would be 2.4 million rows for an accident that has never been that deep.
const KEPT_BLOCKS: i64 = 200_000;

/// How often the database is maintained. The less there is to write each time, the less what is accepted meanwhile waits for
/// the disk.
const MAINTENANCE: Duration = Duration::from_millis(250);

async fn maintain_database(inner: Arc<Inner>) {
    loop {
        tokio::time::sleep(MAINTENANCE).await;
        inner.db.maintain().await;
    }
}

/// What has to be done now and then.
async fn housekeeping(inner: Arc<Inner>) {
    let mut rounds: u64 = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        if let Ok(open) = state::open_operations(&inner.db).await {
            inner.open_operations.store(open, Ordering::Relaxed);
            metrics::gauge!("hanse_gateway_open_operations").set(open as f64);
        }
        rounds += 1;
        if rounds.is_multiple_of(300) && inner.lease.is_held() {
            let pruned = sqlx::query(
                "DELETE FROM blocks WHERE number > 0 AND number < (SELECT finalized_number FROM chain_state) - $1",
            )
            .bind(KEPT_BLOCKS)
            .execute(inner.db.writer())
            .await;
            if let Err(error) = pruned {
                tracing::warn!(%error, "old block hashes could not be deleted");
            }
        }
    }
}

/// Asks the node how it is, again and again.
async fn ask_node(inner: Arc<Inner>) {
    loop {
        let status = inner.chain.status().await;
        if let Err(error) = &status {
            tracing::debug!(%error, "the node does not tell how it is");
        }
        inner.node.set_status(status.ok());
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// A gateway without one of these tasks would look well and do nothing. A panic in one ends the process, so that whoever
/// started it starts it anew; everything is resumed from the database.
async fn guarded(name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
    if let Err(error) = tokio::spawn(task).await
        && error.is_panic()
    {
        tracing::error!(task = name, %error, "a task of the ledger has died; the gateway stops");
        std::process::exit(EXIT_CODE);
    }
}

/// Dropping a task anywhere is safe: it is the same as a crash, and an open transaction rolls back.
async fn until_stopped(mut stop: watch::Receiver<bool>, task: impl Future<Output = ()>) {
    tokio::select! {
        () = task => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}
