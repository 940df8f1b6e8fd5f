//! `debug_traceTransaction`, `debug_traceBlock…`, `debug_traceCall`.

use super::{called, geth, is_carrier, limits, locate, options::TraceOptions, replayed, require_executed, traceable};
use crate::{
    index::types::BlockRecord,
    rpc::{
        Module,
        block::by_hash,
        context::Context,
        error::{RpcResult, invalid_params, server_error},
        execute::limited,
        input::{BlockRef, CallArgs, field},
        method,
        overrides::{BlockFields, StateOverrides},
        params::FromJson,
    },
};
use alloy_primitives::{B256, Bytes, keccak256};
use hanse_primitives::Overrides;
use jsonrpsee::core::RegisterMethodError;
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use std::sync::Arc;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "debug_traceTransaction", 2, |context, mut args| async move {
        let hash = args.required()?;
        transaction(&context, hash, args.optional()?.unwrap_or_default()).await
    })?;
    method(module, "debug_traceBlockByNumber", 2, |context, mut args| async move {
        let record = traceable(&context, BlockRef::Tag(args.required()?)).await?;
        block(&context, record, args.optional()?.unwrap_or_default()).await
    })?;
    method(module, "debug_traceBlockByHash", 2, |context, mut args| async move {
        let record = traceable(&context, by_hash(args.required()?)).await?;
        block(&context, record, args.optional()?.unwrap_or_default()).await
    })?;
    method(module, "debug_traceBlock", 2, |context, mut args| async move {
        let hash = hash_of(&args.required::<Bytes>()?)?;
        let record = traceable(&context, by_hash(hash)).await?;
        block(&context, record, args.optional()?.unwrap_or_default()).await
    })?;
    method(module, "debug_traceCall", 3, |context, mut args| async move {
        let CallArgs(request) = args.required()?;
        let request = limited(request, context.limits.eth_call_max_gas);
        let record = context.resolve(args.optional()?).await?;
        let CallOptions { options, overrides } = args.optional()?.unwrap_or_default();
        let inspector = geth::inspector(&options)?;
        let limits = limits(&context, options.timeout);
        let tracer = move |limits| geth::tracer(&inspector, &options, None, limits);
        called(&context, record, (request, overrides), limits, tracer).await
    })
}

/// The options of `debug_traceCall`.
#[derive(Default)]
struct CallOptions {
    options: TraceOptions,
    overrides: Overrides,
}

impl FromJson for CallOptions {
    fn from_json(value: &Value) -> Result<Self, String> {
        let options = TraceOptions::from_json(value)?;
        let map = value.as_object().ok_or("expected a configuration object")?;
        if map.get("txIndex").is_some_and(|value| !value.is_null()) {
            return Err("txIndex: not supported".into());
        }
        let StateOverrides(accounts) = field(map, "stateOverrides")?.unwrap_or_default();
        let BlockFields(block) = field(map, "blockOverrides")?.unwrap_or_default();
        Ok(Self { options, overrides: Overrides { block, accounts } })
    }
}

/// A transaction of a block, and its trace.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct TransactionTrace {
    tx_hash: B256,
    result: Box<RawValue>,
}

async fn transaction(context: &Context, hash: B256, options: TraceOptions) -> RpcResult<Box<RawValue>> {
    let (record, position) = locate(context, hash).await?.ok_or_else(|| server_error("transaction not found"))?;
    require_executed(&record)?;
    let transaction = &record.transactions[position];
    if is_carrier(transaction) {
        return geth::carrier(&options, transaction, context.limits.eth_trace_max_bytes);
    }
    let traces = traced(context, record, position, position, options).await?;
    traces.into_iter().next().ok_or_else(|| server_error("transaction not found"))
}

async fn block(context: &Context, record: Arc<BlockRecord>, options: TraceOptions) -> RpcResult<Vec<TransactionTrace>> {
    let count = record.transactions.len();
    let carrier = match record.transactions.last().filter(|last| is_carrier(last)) {
        Some(last) => Some(geth::carrier(&options, last, context.limits.eth_trace_max_bytes)?),
        None => None,
    };
    let executed = count - usize::from(carrier.is_some());
    let traces = match executed.checked_sub(1) {
        Some(last) => traced(context, record.clone(), 0, last, options).await?,
        None => Vec::new(),
    };
    let hashes = record.transactions.iter().map(|transaction| transaction.hash);
    Ok(hashes
        .zip(traces.into_iter().chain(carrier))
        .map(|(tx_hash, result)| TransactionTrace { tx_hash, result })
        .collect())
}

/// The traces of the transactions from `first` to `last`.
async fn traced(
    context: &Context,
    record: Arc<BlockRecord>,
    first: usize,
    last: usize,
    options: TraceOptions,
) -> RpcResult<Vec<Box<RawValue>>> {
    let inspector = geth::inspector(&options)?;
    let limits = limits(context, options.timeout);
    let of = record.clone();
    let tracer = move |position, limits| geth::tracer(&inspector, &options, Some(geth::context(&of, position)), limits);
    replayed(context, record, first..=last, limits, tracer, |json| json.get().len()).await
}

/// The hash of a block from its RLP, whose first item is the header.
fn hash_of(block: &[u8]) -> RpcResult<B256> {
    let malformed =
        |error: alloy_rlp::Error| invalid_params(format!("invalid argument 0: could not decode block: {error}"));
    let items = alloy_rlp::Header::decode_bytes(&mut &block[..], true).map_err(malformed)?;
    let mut rest = items;
    let header = alloy_rlp::Header::decode(&mut rest).map_err(malformed)?;
    let length = (items.len() - rest.len()) + header.payload_length;
    Ok(keccak256(items.get(..length).ok_or_else(|| malformed(alloy_rlp::Error::InputTooShort))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{Block, BlockBody, Header, TxEnvelope};
    use alloy_rlp::Encodable;

    #[test]
    fn a_blocks_rlp_names_it() {
        let header = Header { number: 7, base_fee_per_gas: Some(0), ..Default::default() };
        let block: Block<TxEnvelope> = Block::new(header.clone(), BlockBody::default());
        let mut rlp = Vec::new();
        block.encode(&mut rlp);
        assert_eq!(hash_of(&rlp), Ok(header.hash_slow()));
        for cut in [0, 1, 3, rlp.len() - 1] {
            assert!(hash_of(&rlp[..cut]).is_err(), "{cut}");
        }
        assert!(hash_of(&[0xc3, 0xf8, 0xff, 0x00]).is_err());
    }
}
