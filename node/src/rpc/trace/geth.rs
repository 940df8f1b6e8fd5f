//! geth's tracers.

use super::{is_carrier, options::TraceOptions};
use crate::{
    execution::tracer::{Limited, Limits, Recorded, Stopped, bounded_json},
    index::types::{BlockRecord, TransactionRecord},
    rpc::error::{RpcResult, internal},
};
use alloy_consensus::{Transaction as _, TxEnvelope};
use alloy_eips::Decodable2718;
use alloy_primitives::U256;
use alloy_rpc_types_trace::geth::{
    CallFrame, CallLogFrame, DefaultFrame, DiffMode, FourByteFrame, GethDebugBuiltInTracerType as BuiltIn,
    GethDebugTracerConfig, GethDebugTracerType, GethTrace, NoopFrame, PreStateFrame, PreStateMode,
    call::FlatCallFrame,
    mux::{MuxConfig, MuxFrame},
};
use hanse_runtime::Runtime;
use pallet_evm::{db::FrameDb, tracing::Outcome};
use revm_inspectors::tracing::{DebugInspector, TransactionContext};
use serde_json::value::RawValue;

type Describe = Box<dyn FnOnce(&mut DebugInspector, Outcome<'_>) -> Result<Box<RawValue>, Stopped>>;

/// The tracer of a request, for one transaction or call. `of` says which one.
pub(super) fn tracer(
    inspector: &DebugInspector,
    options: &TraceOptions,
    of: Option<TransactionContext>,
    limits: Limits,
) -> Limited<DebugInspector, Describe, Box<RawValue>> {
    let inspector = inspector.try_clone().expect("only JavaScript can't be cloned, and there is none; qed");
    let describe: Describe = Box::new(move |inspector, outcome| {
        let state = &mut FrameDb::<Runtime>::default();
        let trace = inspector.get_result(of, outcome.tx, outcome.block, outcome.result, state);
        bounded_json(&trace.map_err(|_| Stopped::NotExecuted)?, limits.max_bytes)
    });
    Limited::new(inspector, recorded(options), limits, describe)
}

/// The inspector that a request wants.
///
/// # Errors
/// When the options, which were checked, don't fit.
pub(super) fn inspector(options: &TraceOptions) -> RpcResult<DebugInspector> {
    DebugInspector::new(options.geth.clone()).map_err(internal)
}

fn recorded(options: &TraceOptions) -> Recorded {
    let config = &options.geth.config;
    match options.tracer() {
        None => Recorded {
            calls: false,
            steps: config.limit.filter(|limit| *limit > 0).unwrap_or(u64::MAX),
            stack: config.is_stack_enabled(),
            memory: config.is_memory_enabled(),
            return_data: config.is_return_data_enabled(),
            storage: config.is_storage_enabled(),
        },
        Some(BuiltIn::CallTracer | BuiltIn::FlatCallTracer | BuiltIn::MuxTracer) => {
            Recorded { calls: true, ..Default::default() }
        }
        Some(_) => Recorded::default(),
    }
}

/// Which transaction it is.
pub(super) fn context(record: &BlockRecord, position: usize) -> TransactionContext {
    let hash = record.transactions.get(position).map(|transaction| transaction.hash);
    TransactionContext { block_hash: Some(record.hash), tx_index: Some(position), tx_hash: hash }
}

/// The trace of the transaction that carries the logs of native calls: a call that does nothing.
///
/// # Errors
/// When the transaction can't be decoded, or its trace is longer than `most` bytes.
pub(super) fn carrier(
    options: &TraceOptions,
    transaction: &TransactionRecord,
    most: usize,
) -> RpcResult<Box<RawValue>> {
    debug_assert!(is_carrier(transaction));
    let input = TxEnvelope::decode_2718(&mut &transaction.raw[..]).map_err(internal)?.input().clone();
    let call = CallFrame {
        from: transaction.from,
        to: transaction.to,
        input,
        value: Some(U256::ZERO),
        typ: "CALL".into(),
        logs: logs(transaction),
        ..Default::default()
    };
    let trace = empty(options.tracer(), &options.geth.tracer_config, &call);
    bounded_json(&trace, most).map_err(|error| super::refusal(error.into()))
}

fn logs(transaction: &TransactionRecord) -> Vec<CallLogFrame> {
    let logs = transaction.logs.iter().enumerate().map(|(i, log)| CallLogFrame {
        address: Some(log.address),
        topics: Some(log.topics().to_vec()),
        data: Some(log.data.data.clone()),
        position: Some(0),
        index: Some(i as u64),
    });
    logs.collect()
}

fn empty(tracer: Option<BuiltIn>, config: &GethDebugTracerConfig, call: &CallFrame) -> GethTrace {
    match tracer {
        None => DefaultFrame::default().into(),
        Some(BuiltIn::CallTracer) => {
            let with_log = config.clone().into_call_config().is_ok_and(|config| config.with_log == Some(true));
            let logs = if with_log { call.logs.clone() } else { Vec::new() };
            CallFrame { logs, ..call.clone() }.into()
        }
        Some(BuiltIn::FlatCallTracer) => FlatCallFrame::default().into(),
        Some(BuiltIn::FourByteTracer) => FourByteFrame::default().into(),
        Some(BuiltIn::PreStateTracer) => {
            let diff = config.clone().into_pre_state_config().is_ok_and(|config| config.is_diff_mode());
            let frame = if diff {
                PreStateFrame::Diff(DiffMode::default())
            } else {
                PreStateFrame::Default(PreStateMode::default())
            };
            frame.into()
        }
        Some(BuiltIn::MuxTracer) => {
            let MuxConfig(inner) = config.clone().into_mux_config().unwrap_or_default();
            let frames = inner.into_iter().filter_map(|(tracer, config)| {
                let GethDebugTracerType::BuiltInTracer(built_in) = tracer else { return None };
                Some((tracer, empty(Some(built_in), &config.unwrap_or_default(), call)))
            });
            MuxFrame(frames.collect()).into()
        }
        Some(_) => NoopFrame::default().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::params::FromJson;
    use alloy_consensus::{SignableTransaction, TxLegacy};
    use alloy_eips::Encodable2718;
    use alloy_primitives::{Address, Bytes, Log, Signature, TxKind};
    use hanse_primitives::{addresses::NATIVE_CALLS, convert};
    use serde_json::{Value, json};

    fn logs_of_native_calls() -> TransactionRecord {
        let own = convert::address(NATIVE_CALLS);
        let tx = TxLegacy { to: TxKind::Call(own), input: vec![1, 2].into(), ..Default::default() };
        let signed = tx.into_signed(Signature::new(U256::ONE, U256::ONE, false));
        TransactionRecord {
            hash: *signed.hash(),
            raw: TxEnvelope::from(signed).encoded_2718().into(),
            from: own,
            to: Some(own),
            contract_address: None,
            gas_used: 0,
            cumulative_gas_used: 0,
            effective_gas_price: 0,
            success: true,
            first_log: 0,
            logs: vec![Log::new_unchecked(Address::repeat_byte(7), vec![], Bytes::from(vec![5]))],
        }
    }

    fn trace(options: Value) -> Value {
        let options = TraceOptions::from_json(&options).expect("is right");
        let json = carrier(&options, &logs_of_native_calls(), 10_000).expect("is decoded");
        serde_json::from_str(json.get()).expect("is JSON")
    }

    #[test]
    fn the_carrier_of_native_logs_does_nothing() {
        assert_eq!(trace(json!({})), json!({ "failed": false, "gas": 0, "returnValue": "0x", "structLogs": [] }));
        let calls = trace(json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } }));
        assert_eq!(
            (&calls["type"], &calls["input"], &calls["gasUsed"]),
            (&json!("CALL"), &json!("0x0102"), &json!("0x0"))
        );
        assert_eq!(calls["logs"][0]["data"], "0x05");
        assert!(trace(json!({ "tracer": "callTracer" }))["logs"].is_null());
        assert_eq!(trace(json!({ "tracer": "prestateTracer" })), json!({}));
        let diff = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } });
        assert_eq!(trace(diff), json!({ "pre": {}, "post": {} }));
        assert_eq!(trace(json!({ "tracer": "flatCallTracer" })), json!([]));
        let both = json!({ "tracer": "muxTracer", "tracerConfig": { "noopTracer": {}, "4byteTracer": null } });
        assert_eq!(trace(both), json!({ "noopTracer": {}, "4byteTracer": {} }));
    }
}
