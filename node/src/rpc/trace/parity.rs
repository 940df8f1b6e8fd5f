//! `trace_…`, in the format of Parity.

use super::{called, is_carrier, limits, locate, replayed, require_executed, traceable};
use crate::{
    execution::tracer::{Limited, Limits, Recorded, Stopped, bounded_json},
    index::types::BlockRecord,
    rpc::{
        Module,
        context::Context,
        error::{RpcResult, invalid_params, limit_exceeded, server_error},
        execute::limited,
        input::{BlockRef, BlockTag, CallArgs, field, one_or_many},
        method,
        params::{FromJson, HexOrDecimal},
    },
};
use alloy_primitives::{B256, Bytes, map::HashSet};
use alloy_rpc_types_eth::TransactionInfo;
use alloy_rpc_types_trace::{
    filter::{TraceFilter, TraceFilterMode},
    parity::{TraceResults, TraceResultsWithTransactionHash, TraceType, TransactionTrace},
};
use hanse_primitives::Overrides;
use hanse_runtime::Runtime;
use jsonrpsee::core::RegisterMethodError;
use pallet_evm::{db::FrameDb, tracing::Outcome};
use revm_inspectors::tracing::{TracingInspector, TracingInspectorConfig};
use serde_json::{Value, value::RawValue};
use std::sync::Arc;

/// Which calls of a transaction are wanted.
type Wanted = Arc<dyn Fn(&TransactionTrace) -> bool + Send + Sync>;
/// The calls of one transaction.
type Calls = Vec<Box<RawValue>>;
type Describe<O> = Box<dyn FnOnce(&mut TracingInspector, Outcome<'_>) -> Result<O, Stopped>>;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "trace_transaction", 1, |context, mut args| async move {
        transaction(&context, args.required()?, Arc::new(|_: &TransactionTrace| true)).await
    })?;
    method(module, "trace_get", 2, |context, mut args| async move {
        let hash = args.required()?;
        let path: Vec<HexOrDecimal> = args.required()?;
        let path: Vec<_> = path.into_iter().map(|step| usize::try_from(step.0).unwrap_or(usize::MAX)).collect();
        let calls =
            transaction(&context, hash, Arc::new(move |call: &TransactionTrace| call.trace_address == path)).await?;
        Ok(calls.and_then(|calls| calls.into_iter().next()))
    })?;
    method(module, "trace_block", 1, |context, mut args| async move {
        let record = traceable(&context, args.required()?).await?;
        block(&context, record, limits(&context, None), Arc::new(|_: &TransactionTrace| true)).await
    })?;
    method(module, "trace_filter", 1, |context, mut args| async move { filter(&context, args.required()?).await })?;
    method(module, "trace_replayTransaction", 2, |context, mut args| async move {
        let hash = args.required()?;
        let Types(types) = args.required()?;
        let (record, position) = locate(&context, hash).await?.ok_or_else(|| server_error("transaction not found"))?;
        require_executed(&record)?;
        if is_carrier(&record.transactions[position]) {
            return results_json(nothing(), None, context.limits.eth_trace_max_bytes)
                .map_err(|stopped| super::refusal(stopped.into()));
        }
        let tracer = move |_, limits| results_tracer(types.clone(), None, limits);
        let results =
            replayed(&context, record, position..=position, limits(&context, None), tracer, |json| json.get().len())
                .await?;
        results.into_iter().next().ok_or_else(|| server_error("transaction not found"))
    })?;
    method(module, "trace_replayBlockTransactions", 2, |context, mut args| async move {
        let record = traceable(&context, args.required()?).await?;
        let Types(types) = args.required()?;
        replay_block(&context, record, types).await
    })?;
    method(module, "trace_call", 3, |context, mut args| async move {
        let CallArgs(request) = args.required()?;
        let Types(types) = args.required()?;
        let request = limited(request, context.limits.eth_call_max_gas);
        let record = context.resolve(args.optional()?).await?;
        let tracer = move |limits| results_tracer(types, None, limits);
        called(&context, record, (request, Overrides::default()), limits(&context, None), tracer).await
    })
}

/// The kinds of trace that a replay gives.
struct Types(HashSet<TraceType>);

impl FromJson for Types {
    fn from_json(value: &Value) -> Result<Self, String> {
        let names: Vec<String> = FromJson::from_json(value)?;
        let types = names.iter().map(|name| match name.as_str() {
            "trace" => Ok(TraceType::Trace),
            "vmTrace" => Ok(TraceType::VmTrace),
            "stateDiff" => Ok(TraceType::StateDiff),
            _ => Err("expected trace, vmTrace or stateDiff".to_owned()),
        });
        types.collect::<Result<_, _>>().map(Self)
    }
}

/// What `trace_filter` looks for, and where.
struct FilterArgs {
    from: BlockTag,
    to: BlockTag,
    filter: TraceFilter,
}

impl FromJson for FilterArgs {
    fn from_json(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or("expected a filter object")?;
        let addresses = |name: &str| match map.get(name) {
            None => Ok(Vec::new()),
            Some(value) => one_or_many(value).map_err(|error| format!("{name}: {error}")),
        };
        let mode = match field::<String>(map, "mode")?.as_deref() {
            None | Some("intersection") => TraceFilterMode::Intersection,
            Some("union") => TraceFilterMode::Union,
            Some(_) => return Err("mode: expected union or intersection".into()),
        };
        Ok(Self {
            from: field(map, "fromBlock")?.unwrap_or(BlockTag::Latest),
            to: field(map, "toBlock")?.unwrap_or(BlockTag::Latest),
            filter: TraceFilter {
                from_address: addresses("fromAddress")?,
                to_address: addresses("toAddress")?,
                mode,
                after: field::<HexOrDecimal>(map, "after")?.map(|after| after.0),
                count: field::<HexOrDecimal>(map, "count")?.map(|count| count.0),
                ..Default::default()
            },
        })
    }
}

async fn transaction(context: &Context, hash: B256, wanted: Wanted) -> RpcResult<Option<Calls>> {
    let Some((record, position)) = locate(context, hash).await? else { return Ok(None) };
    require_executed(&record)?;
    if is_carrier(&record.transactions[position]) {
        return Ok(Some(Vec::new()));
    }
    let tracer = calls_tracer(record.clone(), wanted);
    let calls =
        replayed(context, record, position..=position, limits(context, None), tracer, |calls| total_length(calls))
            .await?;
    Ok(calls.into_iter().next())
}

async fn block(
    context: &Context,
    record: Arc<BlockRecord>,
    limits: impl FnOnce() -> Limits + Send + 'static,
    wanted: Wanted,
) -> RpcResult<Calls> {
    let Some(last) = last_executed(&record) else { return Ok(Vec::new()) };
    let tracer = calls_tracer(record.clone(), wanted);
    let calls = replayed(context, record, 0..=last, limits, tracer, |calls| total_length(calls)).await?;
    Ok(calls.into_iter().flatten().collect())
}

/// Looks through the blocks one after the other, each in a slot of its own.
async fn filter(context: &Context, FilterArgs { from, to, filter }: FilterArgs) -> RpcResult<Calls> {
    let (from, to) = (context.height(from).await?, context.height(to).await?.min(context.head()?.number()));
    if from > to {
        return Err(invalid_params("invalid block range params"));
    }
    let most = context.limits.eth_trace_filter_max_blocks;
    if to - from >= most {
        return Err(limit_exceeded(format!("the range of {} blocks exceeds the limit of {most}", to - from + 1)));
    }
    let matcher = filter.matcher();
    let wanted: Wanted = Arc::new(move |call: &TransactionTrace| matcher.matches(call));
    let mut left = limits(context, None)();
    let mut skip = filter.after.map_or(0, |after| usize::try_from(after).unwrap_or(usize::MAX));
    let count = filter.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
    let mut found = Vec::new();
    // Nobody executed genesis.
    for number in from.max(1)..=to {
        let record = traceable(context, BlockRef::Tag(BlockTag::Number(number))).await?;
        let calls = block(context, record, move || left, wanted.clone()).await?;
        left.max_bytes = left.max_bytes.saturating_sub(total_length(&calls));
        let skipped = skip.min(calls.len());
        skip -= skipped;
        found.extend(calls.into_iter().skip(skipped).take(count - found.len()));
        if found.len() == count {
            break;
        }
    }
    Ok(found)
}

async fn replay_block(
    context: &Context,
    record: Arc<BlockRecord>,
    types: HashSet<TraceType>,
) -> RpcResult<Vec<Box<RawValue>>> {
    let most = context.limits.eth_trace_max_bytes;
    let mut results = match last_executed(&record) {
        None => Vec::new(),
        Some(last) => {
            let of = record.clone();
            let tracer = move |position: usize, limits| {
                let hash = of.transactions.get(position).map(|transaction| transaction.hash);
                results_tracer(types.clone(), hash, limits)
            };
            replayed(context, record.clone(), 0..=last, limits(context, None), tracer, |json| json.get().len()).await?
        }
    };
    if let Some(carrier) = record.transactions.last().filter(|last| is_carrier(last)) {
        let json = results_json(nothing(), Some(carrier.hash), most);
        results.push(json.map_err(|stopped| super::refusal(stopped.into()))?);
    }
    Ok(results)
}

/// Position of the last transaction that was executed.
fn last_executed(record: &BlockRecord) -> Option<usize> {
    record.transactions.iter().rposition(|transaction| !is_carrier(transaction))
}

/// For the calls of each transaction of a block.
fn calls_tracer(
    record: Arc<BlockRecord>,
    wanted: Wanted,
) -> impl Fn(usize, Limits) -> Limited<TracingInspector, Describe<Calls>, Calls> + Send + 'static {
    move |position, limits| {
        let info = TransactionInfo {
            hash: record.transactions.get(position).map(|transaction| transaction.hash),
            index: Some(position as u64),
            block_hash: Some(record.hash),
            block_number: Some(record.number()),
            ..Default::default()
        };
        let wanted = wanted.clone();
        let describe: Describe<Calls> = Box::new(move |inspector, outcome| {
            let builder = std::mem::take(inspector).into_parity_builder();
            let calls = builder
                .with_transaction_gas_used(outcome.result.result.tx_gas_used())
                .into_localized_transaction_traces_iter(info);
            let mut left = limits.max_bytes;
            let encoded = calls.filter(|call| wanted(&call.trace)).map(|call| {
                let json = bounded_json(&call, left).map_err(|_| Stopped::TooLarge(limits.max_bytes))?;
                left -= json.get().len();
                Ok(json)
            });
            encoded.collect()
        });
        let recorded = Recorded { calls: true, ..Default::default() };
        Limited::new(TracingInspector::new(TracingInspectorConfig::default_parity()), recorded, limits, describe)
    }
}

/// For the replay of one transaction; with the hash where it is one of a block's.
fn results_tracer(
    types: HashSet<TraceType>,
    hash: Option<B256>,
    limits: Limits,
) -> Limited<TracingInspector, Describe<Box<RawValue>>, Box<RawValue>> {
    let recorded = Recorded {
        calls: types.contains(&TraceType::Trace),
        steps: if types.contains(&TraceType::VmTrace) { u64::MAX } else { 0 },
        ..Default::default()
    };
    let inspector = TracingInspector::new(TracingInspectorConfig::from_parity_config(&types));
    let describe: Describe<Box<RawValue>> = Box::new(move |inspector, outcome| {
        let builder = std::mem::take(inspector).into_parity_builder();
        let state = FrameDb::<Runtime>::default();
        let results = builder
            .with_transaction_gas_used(outcome.result.result.tx_gas_used())
            .into_trace_results_with_state(outcome.result, &types, state);
        let Ok(results) = results;
        results_json(results, hash, limits.max_bytes)
    });
    Limited::new(inspector, recorded, limits, describe)
}

fn results_json(full_trace: TraceResults, hash: Option<B256>, most: usize) -> Result<Box<RawValue>, Stopped> {
    match hash {
        None => bounded_json(&full_trace, most),
        Some(transaction_hash) => bounded_json(&TraceResultsWithTransactionHash { full_trace, transaction_hash }, most),
    }
}

/// The replay of a transaction that nobody executed.
fn nothing() -> TraceResults {
    TraceResults { output: Bytes::new(), state_diff: None, trace: Vec::new(), vm_trace: None }
}

fn total_length(calls: &[Box<RawValue>]) -> usize {
    calls.iter().map(|json| json.get().len()).sum()
}
