//! `eth_subscribe`: newHeads, logs, newPendingTransactions.
//!
//! The first two come from the index, after it has committed the block: whoever hears of a block can ask for it at
//! once. The last comes from the pool, and only each transaction's first time there is told. A subscriber that reads
//! too slowly loses its subscription instead of messages in the middle.

use super::{
    Module,
    context::Context,
    error::{RpcResult, invalid_params, method_not_found},
    input::LogQuery,
    output,
    params::{Args, FromJson},
    transaction,
};
use crate::index::{HeadChange, logs::LogFilter, types::BlockRecord};
use jsonrpsee::{
    SubscriptionMessage,
    core::{RegisterMethodError, StringError},
    server::{PendingSubscriptionSink, SubscriptionSink},
    types::Params,
};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::broadcast::Receiver;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    module.register_subscription(
        "eth_subscribe",
        "eth_subscription",
        "eth_unsubscribe",
        |params, pending, context, _| async move {
            subscribe(params, pending, context).await.map_err(StringError::from)
        },
    )?;
    Ok(())
}

/// What is subscribed to.
enum Topic {
    Heads,
    Logs(LogFilter),
    /// Hashes, or whole transactions.
    Pending {
        full: bool,
    },
    Syncing,
}

impl Topic {
    fn parse(params: &Params<'_>) -> RpcResult<Self> {
        let mut args = Args::new(params, 2)?;
        let name: String = args.required()?;
        let options: Option<Value> = args.optional()?;
        let wrong = |text: String| invalid_params(format!("invalid argument 1: {text}"));
        match (name.as_str(), options) {
            ("newHeads", _) => Ok(Self::Heads),
            ("logs", None) => Ok(Self::Logs(LogFilter::default())),
            ("logs", Some(options)) => {
                LogQuery::from_json(&options).map(|query| Self::Logs(query.filter)).map_err(wrong)
            }
            ("newPendingTransactions", None) => Ok(Self::Pending { full: false }),
            ("newPendingTransactions", Some(options)) => {
                bool::from_json(&options).map(|full| Self::Pending { full }).map_err(wrong)
            }
            ("syncing", _) => Ok(Self::Syncing),
            (name, _) => Err(method_not_found(format!(r#"no "{name}" subscription in eth namespace"#))),
        }
    }
}

async fn subscribe(
    params: Params<'static>,
    pending: PendingSubscriptionSink,
    context: Arc<Context>,
) -> Result<(), &'static str> {
    let topic = match Topic::parse(&params) {
        Ok(topic) => topic,
        Err(error) => {
            pending.reject(error).await;
            return Ok(());
        }
    };
    // Before the answer, so that nothing between answer and first message is missed.
    let changes = context.index.changes();
    let arrivals = context.pending.arrivals();
    let Ok(sink) = pending.accept().await else { return Ok(()) };
    match topic {
        Topic::Heads => each(&sink, changes, |change| async move { heads(&change) }).await,
        Topic::Logs(filter) => {
            let filter = &filter;
            each(&sink, changes, |change| async move { logs(&change, filter) }).await
        }
        Topic::Pending { full: false } => each(&sink, arrivals, |hash| async move { vec![hash] }).await,
        Topic::Pending { full: true } => {
            let context = &context;
            each(&sink, arrivals, |hash| async move {
                // In its block, if it is in one already.
                let transaction = transaction::by_its_hash(context, hash).await;
                transaction.ok().flatten().into_iter().collect::<Vec<_>>()
            })
            .await
        }
        Topic::Syncing => {
            // geth says so once at the beginning; there is no more to tell of a node on a LAN.
            let syncing = sp_consensus::SyncOracle::is_major_syncing(&*context.sync);
            send(&sink, &syncing).await;
            sink.closed().await;
            Ok(())
        }
    }
}

/// Sends what `messages` makes of each event, until the client leaves or falls behind.
async fn each<E: Clone, M: Serialize, F: Future<Output = Vec<M>>>(
    sink: &SubscriptionSink,
    mut events: Receiver<E>,
    messages: impl Fn(E) -> F,
) -> Result<(), &'static str> {
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = sink.closed() => return Ok(()),
        };
        let Ok(event) = event else {
            return Err("the subscriber reads too slowly; subscribe again");
        };
        for message in messages(event).await {
            if !send(sink, &message).await {
                return Ok(());
            }
        }
    }
}

async fn send(sink: &SubscriptionSink, message: &impl Serialize) -> bool {
    match SubscriptionMessage::from_json(message) {
        Ok(message) => sink.send(message).await.is_ok(),
        Err(_) => false,
    }
}

fn heads(change: &HeadChange) -> Vec<alloy_rpc_types_eth::Header> {
    change.enacted.iter().map(|block| output::header(block)).collect()
}

/// First the logs that a reorganisation took back, then the new ones.
fn logs(change: &HeadChange, filter: &LogFilter) -> Vec<alloy_rpc_types_eth::Log> {
    let logs_of = |block: &Arc<BlockRecord>, removed| {
        block.logs_where(|log| filter.matches(log)).map(|log| output::log(log, removed)).collect::<Vec<_>>()
    };
    let removed = change.retracted.iter().flat_map(|block| logs_of(block, true));
    let added = change.enacted.iter().flat_map(|block| logs_of(block, false));
    removed.chain(added).collect()
}
