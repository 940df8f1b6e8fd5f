//! Tracing: `debug_trace…` in geth's formats, `trace_…` in Parity's.
//!
//! ```text
//!   debug, parity ── options ── tracers ─┬─ transactions of a block ── execution::replay
//!                                        └─ a call on a state ──────── execution::Native, watched
//! ```
//!
//! Each request takes one heavy slot, has to be done by a deadline and may make so many bytes. Where a block needs more,
//! the answer is an error, never a part of it.

mod debug;
mod duration;
mod geth;
mod options;
mod parity;

use super::{
    Module,
    block::by_hash,
    context::Context,
    error::{RpcResult, internal, limit_exceeded, server_error, transaction_error},
    input::{BlockRef, BlockTag},
    slots::Work,
};
use crate::{
    execution::{
        replay::{Replay, ReplayError, require_same_runtime},
        tracer::{Limited, Limits, Stopped},
    },
    index::types::{BlockRecord, LocatedTransaction, TransactionRecord},
};
use alloy_primitives::B256;
use hanse_primitives::{CallRequest, Overrides, addresses::NATIVE_CALLS, convert, runtime_api::EthereumApi};
use hanse_runtime::Runtime;
use jsonrpsee::{core::RegisterMethodError, types::ErrorObjectOwned};
use pallet_evm::{
    revm::Inspector,
    runner::EvmContext,
    tracing::{Outcome, watch},
};
use std::{
    ops::RangeInclusive,
    sync::Arc,
    time::{Duration, Instant},
};

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    debug::register(module)?;
    parity::register(module)
}

/// The transaction that carries the logs of native calls: nobody executed it, so there is nothing to trace.
fn is_carrier(transaction: &TransactionRecord) -> bool {
    transaction.from == convert::address(NATIVE_CALLS)
}

/// A transaction's block, and where in it the transaction stands.
async fn locate(context: &Context, hash: B256) -> RpcResult<Option<(Arc<BlockRecord>, usize)>> {
    let Some(LocatedTransaction { block_hash, position, .. }) =
        context.index.transaction(hash).await.map_err(internal)?
    else {
        return Ok(None);
    };
    let record = context.find(by_hash(block_hash)).await?;
    Ok(record.and_then(|record| {
        let position = usize::try_from(position).ok()?;
        (position < record.transactions.len()).then_some((record, position))
    }))
}

/// The block, with geth's words where there is none, or none that was executed.
async fn traceable(context: &Context, block: BlockRef) -> RpcResult<Arc<BlockRecord>> {
    let record = context.find(block).await?.ok_or_else(|| match block {
        BlockRef::Tag(BlockTag::Number(number)) => server_error(format!("block #{number} not found")),
        BlockRef::Tag(tag) => server_error(format!("block {tag:?} not found").to_lowercase()),
        BlockRef::Hash { hash, .. } => server_error(format!("block {hash} not found")),
    })?;
    require_executed(&record)?;
    Ok(record)
}

/// Genesis was executed by nobody.
fn require_executed(record: &BlockRecord) -> RpcResult<()> {
    if record.number() == 0 { Err(server_error("genesis is not traceable")) } else { Ok(()) }
}

/// What one request may take, from the moment that it is worked on.
fn limits(context: &Context, wanted: Option<Duration>) -> impl FnOnce() -> Limits + Send + 'static + use<> {
    let longest = Duration::from_secs(context.limits.eth_trace_max_seconds);
    let time = wanted.unwrap_or(options::TIMEOUT).min(longest);
    let max_bytes = context.limits.eth_trace_max_bytes;
    move || Limits { deadline: Instant::now() + time, max_bytes }
}

/// Replays a block and watches the transactions at `positions`.
async fn replayed<I, F, O>(
    context: &Context,
    record: Arc<BlockRecord>,
    positions: RangeInclusive<usize>,
    limits: impl FnOnce() -> Limits + Send + 'static,
    tracer: impl Fn(usize, Limits) -> Limited<I, F, O> + Send + 'static,
    size: impl Fn(&O) -> usize + Send + 'static,
) -> RpcResult<Vec<O>>
where
    I: Inspector<EvmContext<Runtime>> + 'static,
    F: FnOnce(&mut I, Outcome<'_>) -> Result<O, Stopped> + 'static,
    O: Send + 'static,
{
    let client = context.client.clone();
    let outputs =
        context.blocking(Work::Heavy, move || Replay::new(&client, &record).trace(positions, limits(), tracer, size));
    outputs.await?.map_err(refusal)
}

/// Executes a call on the state of a block, as `eth_call` does, and watches it.
async fn called<I, F, O>(
    context: &Context,
    record: Arc<BlockRecord>,
    (request, overrides): (CallRequest, Overrides),
    limits: impl FnOnce() -> Limits + Send + 'static,
    tracer: impl FnOnce(Limits) -> Limited<I, F, O> + Send + 'static,
) -> RpcResult<O>
where
    I: Inspector<EvmContext<Runtime>> + 'static,
    F: FnOnce(&mut I, Outcome<'_>) -> Result<O, Stopped> + 'static,
    O: Send + 'static,
{
    let client = context.client.clone();
    let number = record.number();
    let work = context.on_state(&record, move |api, at| {
        require_same_runtime(&client, at, number).map_err(refusal)?;
        let (outcome, tracer) = watch::<Runtime, _, _>(tracer(limits()), || api.call(at, request, overrides));
        outcome.map_err(internal)?.map_err(transaction_error)?;
        tracer.into_output().map_err(|stopped| refusal(stopped.into()))
    });
    context.blocking(Work::Heavy, work).await?
}

fn refusal(error: ReplayError) -> ErrorObjectOwned {
    match error {
        ReplayError::Stopped(Stopped::TooLarge(_)) => {
            limit_exceeded(format!("{error}; raise --eth-trace-max-bytes or ask for less"))
        }
        ReplayError::Stopped(Stopped::Timeout) => server_error(error.to_string()),
        ReplayError::Pruned(_) | ReplayError::OtherRuntime(_) => server_error(error.to_string()),
        error => internal(error),
    }
}
