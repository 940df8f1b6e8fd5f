//! `eth_new…Filter` and what one does with a filter: news to be fetched, for clients without a subscription.
//!
//! ```text
//!  index: head moved ──┐
//!                      ├──► Store: events of each filter ──► eth_getFilterChanges
//!  pool: new ready ────┘         (bounded; an error tells of a gap)
//! ```
//!
//! Filters live in the node's memory: a restart forgets them, and clients make them anew on `filter not found`.

mod store;

use super::{
    Module,
    context::Context,
    error::{RpcResult, invalid_params, server_error},
    ids::random_id,
    input::{BlockTag, LogQuery, QueryRange},
    logs, method, output, transaction,
};
use crate::{
    index::{HeadChange, Index},
    pool::pending::PendingTransactions,
};
use alloy_primitives::B256;
use jsonrpsee::core::RegisterMethodError;
use parking_lot::Mutex;
use serde::Serialize;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use store::{Event, Span, Store, Topic};
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

/// Look for idle filters this often.
const SWEEP: Duration = Duration::from_secs(30);

/// The node's filters; cheap to clone.
#[derive(Clone)]
pub struct Filters(Arc<Mutex<Fed>>);

/// The filters, and the news that they haven't been told yet.
struct Fed {
    store: Store,
    changes: Receiver<Arc<HeadChange>>,
    arrivals: Receiver<B256>,
}

impl Fed {
    fn feed(&mut self) {
        loop {
            match self.changes.try_recv() {
                Ok(change) => self.store.head_moved(&change),
                Err(TryRecvError::Lagged(_)) => self.store.missed(|topic| !matches!(topic, Topic::Pending { .. })),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        loop {
            match self.arrivals.try_recv() {
                Ok(hash) => self.store.arrived(hash),
                Err(TryRecvError::Lagged(_)) => self.store.missed(|topic| matches!(topic, Topic::Pending { .. })),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }
}

impl Filters {
    /// With room for so many filters, and so many events in all of them together.
    pub fn new(index: &Index, pending: &PendingTransactions, most_filters: usize, most_waiting: usize) -> Self {
        let store = Store::new(most_filters, most_waiting);
        Self(Arc::new(Mutex::new(Fed { store, changes: index.changes(), arrivals: pending.arrivals() })))
    }

    /// Collects events, for ever: the news must not wait until somebody asks.
    pub async fn follow(self, index: Index, pending: PendingTransactions) {
        let (mut changes, mut arrivals) = (index.changes(), pending.arrivals());
        let mut sweep = tokio::time::interval(SWEEP);
        loop {
            let closed = tokio::select! {
                change = changes.recv() => matches!(change, Err(RecvError::Closed)),
                arrival = arrivals.recv() => matches!(arrival, Err(RecvError::Closed)),
                _ = sweep.tick() => {
                    self.with(|store| store.sweep(Instant::now()));
                    false
                }
            };
            if closed {
                return;
            }
            self.with(|_| ());
        }
    }

    /// Gives the filters as they are now: who has seen a block finds its events.
    fn with<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        let mut fed = self.0.lock();
        fed.feed();
        work(&mut fed.store)
    }

    fn add(&self, topic: Topic) -> RpcResult<String> {
        let id = random_id();
        self.with(|store| store.add(id.clone(), topic, Instant::now()))?;
        Ok(id)
    }
}

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(
        module,
        "eth_newFilter",
        1,
        |context, mut args| async move { context.filters.add(topic_of(args.required()?)?) },
    )?;
    method(module, "eth_newBlockFilter", 0, |context, _| async move { context.filters.add(Topic::Blocks) })?;
    method(module, "eth_newPendingTransactionFilter", 1, |context, mut args| async move {
        let full = args.optional()?.unwrap_or(false);
        context.filters.add(Topic::Pending { full })
    })?;
    method(module, "eth_uninstallFilter", 1, |context, mut args| async move {
        let id: String = args.required()?;
        Ok(context.filters.with(|store| store.remove(&id)))
    })?;
    method(module, "eth_getFilterChanges", 1, |context, mut args| async move {
        let id: String = args.required()?;
        changes(&context, &id).await
    })?;
    method(module, "eth_getFilterLogs", 1, |context, mut args| async move {
        let id: String = args.required()?;
        let topic = context.filters.with(|store| store.topic(&id, Instant::now()))?;
        match topic {
            Topic::Logs(filter, Span { from, to }) => {
                logs::logs(&context, LogQuery { filter, range: QueryRange::Tags(from, to) }).await
            }
            Topic::Blocks | Topic::Pending { .. } => Err(store::not_found()),
        }
    })
}

/// A log filter waits for new logs, so its range has to reach beyond the head or to lie in known order.
fn topic_of(query: LogQuery) -> RpcResult<Topic> {
    match query.range {
        QueryRange::Hash(_) => Err(invalid_params("a filter for one block's hash never changes; use eth_getLogs")),
        QueryRange::Tags(BlockTag::Pending, _) | QueryRange::Tags(_, BlockTag::Pending) => {
            Err(server_error("pending logs are not supported"))
        }
        QueryRange::Tags(BlockTag::Number(from), BlockTag::Number(to)) if from > to => {
            Err(invalid_params("invalid block range params"))
        }
        QueryRange::Tags(from, to) => Ok(Topic::Logs(query.filter, Span { from, to })),
    }
}

/// The answer of `eth_getFilterChanges`.
#[derive(Clone, Serialize)]
#[serde(untagged)]
enum Changes {
    Logs(Vec<alloy_rpc_types_eth::Log>),
    Hashes(Vec<B256>),
    Transactions(Vec<alloy_rpc_types_eth::Transaction>),
}

async fn changes(context: &Context, id: &str) -> RpcResult<Changes> {
    let (topic, events) = context.filters.with(|store| store.poll(id, Instant::now()))?;
    if let Topic::Logs(..) = topic {
        let log = |event| match event {
            Event::Log(log, removed) => Some(output::log(*log, removed)),
            Event::Hash(_) => None,
        };
        return Ok(Changes::Logs(events.into_iter().filter_map(log).collect()));
    }
    let hashes = events.into_iter().filter_map(|event| match event {
        Event::Hash(hash) => Some(hash),
        Event::Log(..) => None,
    });
    if topic != (Topic::Pending { full: true }) {
        return Ok(Changes::Hashes(hashes.collect()));
    }
    let mut transactions = Vec::new();
    for hash in hashes {
        // In its block, if it is in one already; dropped ones are left out.
        transactions.extend(transaction::by_its_hash(context, hash).await?);
    }
    Ok(Changes::Transactions(transactions))
}
