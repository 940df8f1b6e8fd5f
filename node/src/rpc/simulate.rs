//! `eth_simulateV1`: blocks of calls on top of a block.

use super::{
    Module,
    context::Context,
    error::{RpcResult, internal, server_error},
    execute::failure,
    input::{BlockRef, CallArgs, field},
    method, output,
    overrides::{BlockFields, StateOverrides},
    params::FromJson,
};
use crate::index::types::BlockRecord;
use alloy_primitives::{B256, Bytes, U64};
use alloy_rpc_types_eth::{Block, Log};
use hanse_primitives::{
    BlockOverrides, CallOutcome, CallStatus, Overrides, SimulatedBlock, SimulatedOutcome, Simulation, SimulationError,
    TransactionError, runtime_api::EthereumApi,
};
use jsonrpsee::{
    core::RegisterMethodError,
    types::{ErrorObject, ErrorObjectOwned},
};
use serde::Serialize;
use serde_json::Value;

/// Blocks of one simulation, those between two that are named included.
const MAX_BLOCKS: u64 = 256;
/// Calls of one simulation.
const MAX_CALLS: usize = 1000;
/// Seconds from one block to the next where the caller doesn't say: geth's.
const BLOCK_SECONDS: u64 = 12;

/// Codes of the specification (execution-apis, `eth_simulateV1`).
mod code {
    pub const EXECUTION: i32 = -32015;
    pub const NONCE_TOO_LOW: i32 = -38010;
    pub const NONCE_TOO_HIGH: i32 = -38011;
    pub const BASE_FEE_TOO_LOW: i32 = -38012;
    pub const INTRINSIC_GAS: i32 = -38013;
    pub const INSUFFICIENT_FUNDS: i32 = -38014;
    pub const BLOCK_GAS_LIMIT: i32 = -38015;
    pub const BLOCK_NUMBER: i32 = -38020;
    pub const BLOCK_TIMESTAMP: i32 = -38021;
    pub const INIT_CODE_TOO_LARGE: i32 = -38025;
    pub const CLIENT_LIMIT: i32 = -38026;
}

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "eth_simulateV1", 2, |context, mut args| async move {
        let payload: Payload = args.required()?;
        simulate(&context, payload, args.optional()?).await
    })
}

/// What to simulate.
struct Payload {
    blocks: Vec<SimulatedBlock>,
    validation: bool,
    trace_transfers: bool,
    full_transactions: bool,
}

impl FromJson for Payload {
    fn from_json(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or("expected an object")?;
        let blocks: Vec<BlockCalls> = field(map, "blockStateCalls")?.ok_or("blockStateCalls: missing")?;
        if blocks.is_empty() {
            return Err("blockStateCalls: empty input".into());
        }
        if blocks.iter().map(|BlockCalls(block)| block.calls.len()).sum::<usize>() > MAX_CALLS {
            return Err(format!("blockStateCalls: more than {MAX_CALLS} calls"));
        }
        Ok(Self {
            blocks: blocks.into_iter().map(|BlockCalls(block)| block).collect(),
            validation: field(map, "validation")?.unwrap_or(false),
            trace_transfers: field(map, "traceTransfers")?.unwrap_or(false),
            full_transactions: field(map, "returnFullTransactions")?.unwrap_or(false),
        })
    }
}

struct BlockCalls(SimulatedBlock);

impl FromJson for BlockCalls {
    fn from_json(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or("expected an object")?;
        let BlockFields(block) = field(map, "blockOverrides")?.unwrap_or_default();
        let StateOverrides(accounts) = field(map, "stateOverrides")?.unwrap_or_default();
        let calls: Vec<CallArgs> = field(map, "calls")?.unwrap_or_default();
        let calls = calls.into_iter().map(|CallArgs(call)| call).collect();
        Ok(Self(SimulatedBlock { overrides: Overrides { block, accounts }, calls }))
    }
}

async fn simulate(context: &Context, payload: Payload, base: Option<BlockRef>) -> RpcResult<Vec<SimulatedJson>> {
    let base = context.resolve(base).await?;
    let blocks = in_sequence(payload.blocks, base.number(), base.header.timestamp)?;
    let Payload { validation, trace_transfers, .. } = payload;
    let simulation = Simulation { blocks, validation, gas_limit: context.limits.eth_call_max_gas, trace_transfers };
    let outcomes = context.simulate(&base, move |api, at| api.simulate(at, simulation)).await?.map_err(refusal)?;
    outcomes.into_iter().map(|outcome| json(outcome, payload.full_transactions)).collect()
}

/// The blocks with number and timestamp each, and empty ones where numbers are left out.
fn in_sequence(blocks: Vec<SimulatedBlock>, base_number: u64, base_timestamp: u64) -> RpcResult<Vec<SimulatedBlock>> {
    let (mut number, mut timestamp) = (base_number, base_timestamp);
    let mut sequence = Vec::new();
    for mut block in blocks {
        let wanted = block.overrides.block.number.unwrap_or(number.saturating_add(1));
        if wanted <= number {
            return Err(error(code::BLOCK_NUMBER, format!("block numbers must be in order: {wanted} <= {number}")));
        }
        if wanted - base_number > MAX_BLOCKS {
            return Err(error(code::CLIENT_LIMIT, "too many blocks"));
        }
        for between in number + 1..wanted {
            timestamp = timestamp.saturating_add(BLOCK_SECONDS);
            let overrides = BlockOverrides { number: Some(between), timestamp: Some(timestamp), ..Default::default() };
            sequence.push(SimulatedBlock {
                overrides: Overrides { block: overrides, accounts: Vec::new() },
                calls: Vec::new(),
            });
        }
        let time = block.overrides.block.timestamp.unwrap_or(timestamp.saturating_add(BLOCK_SECONDS));
        if time <= timestamp {
            return Err(error(
                code::BLOCK_TIMESTAMP,
                format!("block timestamps must be in order: {time} <= {timestamp}"),
            ));
        }
        (number, timestamp) = (wanted, time);
        block.overrides.block.number = Some(number);
        block.overrides.block.timestamp = Some(timestamp);
        sequence.push(block);
    }
    Ok(sequence)
}

fn error(code: i32, text: impl Into<String>) -> ErrorObjectOwned {
    ErrorObject::owned(code, text, None::<()>)
}

fn refusal(refused: SimulationError) -> ErrorObjectOwned {
    match refused {
        SimulationError::GasExhausted { limit } => {
            error(code::CLIENT_LIMIT, format!("the calls have used all gas that one request may use: {limit}"))
        }
        SimulationError::BlockGasLimit { wanted, limit } => {
            error(code::BLOCK_GAS_LIMIT, format!("block gas limit reached: {wanted} > {limit}"))
        }
        SimulationError::Refused { block, call, error: reason } => {
            let code = match reason {
                TransactionError::NonceTooLow => code::NONCE_TOO_LOW,
                TransactionError::NonceTooHigh => code::NONCE_TOO_HIGH,
                TransactionError::FeeCapTooLow => code::BASE_FEE_TOO_LOW,
                TransactionError::IntrinsicGas | TransactionError::FloorDataGas => code::INTRINSIC_GAS,
                TransactionError::InsufficientFunds => code::INSUFFICIENT_FUNDS,
                TransactionError::InitCodeTooLarge => code::INIT_CODE_TOO_LARGE,
                _ => return server_error(format!("block {block}, call {call}: {reason}")),
            };
            error(code, format!("block {block}, call {call}: {reason}"))
        }
    }
}

/// One block of the answer.
#[derive(Clone, Debug, Serialize)]
struct SimulatedJson {
    #[serde(flatten)]
    block: Block,
    calls: Vec<CallJson>,
}

/// One call of the answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CallJson {
    status: U64,
    return_data: Bytes,
    gas_used: U64,
    max_used_gas: U64,
    logs: Vec<Log>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<CallError>,
}

#[derive(Clone, Debug, Serialize)]
struct CallError {
    code: i32,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Bytes>,
}

fn json(outcome: SimulatedOutcome, full: bool) -> RpcResult<SimulatedJson> {
    // The chain's own hash of a block that doesn't exist: nobody sees it.
    let record = BlockRecord::from_runtime(B256::ZERO, outcome.block).map_err(internal)?;
    let mut logs: Vec<Vec<Log>> = vec![Vec::new(); record.transactions.len()];
    for located in record.logs() {
        let of_call = usize::try_from(located.transaction_position).ok().and_then(|position| logs.get_mut(position));
        of_call.ok_or_else(|| internal("a log of no call"))?.push(output::log(located, false));
    }
    let calls = outcome.calls.into_iter().zip(logs).map(|(call, logs)| call_json(call, logs)).collect();
    Ok(SimulatedJson { block: output::block(&record, full)?, calls })
}

fn call_json(call: CallOutcome, logs: Vec<Log>) -> CallJson {
    let return_data: Bytes = call.output.clone().into();
    let error = match &call.status {
        CallStatus::Success => None,
        CallStatus::Revert => {
            let reverted = failure(call.clone());
            Some(CallError {
                code: reverted.code(),
                message: reverted.message().to_owned(),
                data: Some(return_data.clone()),
            })
        }
        CallStatus::Halt(text) => Some(CallError {
            code: code::EXECUTION,
            message: format!("vm execution error: {}", String::from_utf8_lossy(text)),
            data: None,
        }),
    };
    CallJson {
        status: U64::from(u8::from(error.is_none())),
        return_data,
        gas_used: U64::from(call.gas_used),
        max_used_gas: U64::from(call.gas_spent),
        logs,
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sequence(fields: &[Value]) -> RpcResult<Vec<(u64, u64)>> {
        let blocks = fields.iter().map(|fields| {
            let BlockCalls(block) = BlockCalls::from_json(&json!({ "blockOverrides": fields })).expect("parses");
            block
        });
        let numbered = |block: SimulatedBlock| {
            let block = block.overrides.block;
            (block.number.expect("is numbered"), block.timestamp.expect("has a time"))
        };
        Ok(in_sequence(blocks.collect(), 10, 100)?.into_iter().map(numbered).collect())
    }

    #[test]
    fn blocks_follow_each_other() {
        assert_eq!(sequence(&[json!({}), json!({ "time": "0xc8" })]), Ok(vec![(11, 112), (12, 200)]));
        assert_eq!(sequence(&[json!({ "number": "0xd" })]), Ok(vec![(11, 112), (12, 124), (13, 136)]));
        for (fields, code) in [
            (json!({ "number": "0xa" }), code::BLOCK_NUMBER),
            (json!({ "time": "0x64" }), code::BLOCK_TIMESTAMP),
            (json!({ "number": "0x10b" }), code::CLIENT_LIMIT),
            (json!({ "number": "0xffffffffffffffff" }), code::CLIENT_LIMIT),
        ] {
            assert_eq!(sequence(std::slice::from_ref(&fields)).expect_err("is refused").code(), code, "{fields}");
        }
    }

    #[test]
    fn a_payload_is_read_strictly() {
        let error = |value: Value| Payload::from_json(&value).err().unwrap_or_default();
        assert_eq!(error(json!({ "blockStateCalls": [{ "calls": [{}] }], "validation": true })), "");
        assert_eq!(error(json!({})), "blockStateCalls: missing");
        assert_eq!(error(json!({ "blockStateCalls": [] })), "blockStateCalls: empty input");
        assert!(error(json!({ "blockStateCalls": [{ "calls": vec![json!({}); 1001] }] })).contains("1000 calls"));
        assert!(error(json!({ "blockStateCalls": [{}], "traceTransfers": "yes" })).contains("traceTransfers"));
        assert!(error(json!({ "blockStateCalls": [{ "calls": [{ "to": "0x1" }] }] })).contains("to: "));
    }
}
