//! Starts and stops the ledger's tasks.

use super::chain::Chain;
use super::lease::Lease;
use super::state::NodeView;
use super::{Inner, Ledger, Waiters, accept, follower, outbox, verifier};
use crate::config;
use crate::custody::Custody;
use crate::db::Db;
use crate::error::{Error, Result};
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

/// Submissions that may wait for the writer. More are refused at once (503), so that waiting stays short.
const QUEUE: usize = 4_096;

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
    pub fn start(
        db: Db,
        custody: Custody,
        chain: &config::Chain,
        settings: &config::Ledger,
    ) -> Result<(Self, Tasks)> {
        let lease = Lease::new(db.engine());
        let inner = Arc::new(Inner {
            chain: Chain::new(chain).map_err(Error::internal)?,
            chain_settings: chain.clone(),
            settings: settings.clone(),
            waiters: Waiters::default(),
            to_send: Notify::new(),
            to_follow: Notify::new(),
            to_verify: Notify::new(),
            node: NodeView::default(),
            lease,
            custody,
            db,
        });
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (stop, stopped) = watch::channel(false);
        let mut handles = Vec::new();
        // Ends when the last handle is dropped, not at the stop: its callers wait for their answers.
        tokio::spawn(accept::run(inner.clone(), queue));
        let (shared, until) = (inner.clone(), stopped.clone());
        handles.push(tokio::spawn(async move { shared.lease.keep(&shared.db, until).await }));
        handles.push(tokio::spawn(until_stopped(stopped.clone(), outbox::run(inner.clone()))));
        handles.push(tokio::spawn(until_stopped(stopped.clone(), follower::run(inner.clone()))));
        handles.push(tokio::spawn(until_stopped(stopped, verifier::run(inner.clone()))));
        Ok((Self { inner, jobs }, Tasks { stop, handles }))
    }
}

/// Dropping a task anywhere is safe: it is the same as a crash, and an open transaction rolls back.
async fn until_stopped(mut stop: watch::Receiver<bool>, task: impl Future<Output = ()>) {
    tokio::select! {
        () = task => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}
