//! Simulation: `eth_call`, `eth_estimateGas`.

use super::{
    Module,
    context::Context,
    error::{RpcResult, reverted, server_error, transaction_error},
    input::{BlockRef, CallArgs},
    method,
};
use alloy_primitives::{Bytes, U64};
use hanse_primitives::{CallOutcome, CallStatus, runtime_api::EthereumApi};
use jsonrpsee::{core::RegisterMethodError, types::ErrorObjectOwned};

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "eth_call", 2, |context, mut args| async move {
        let CallArgs(request) = args.required()?;
        let block = context.resolve(args.optional()?).await?;
        let outcome =
            context.runtime(&block, move |api, at| api.call(at, request)).await?.map_err(transaction_error)?;
        match outcome.status {
            CallStatus::Success => Ok(Bytes::from(outcome.output)),
            CallStatus::Revert | CallStatus::Halt(_) => Err(failure(outcome)),
        }
    })?;
    method(module, "eth_estimateGas", 2, |context, mut args| async move {
        let call = args.required()?;
        estimate(&context, call, args.optional()?).await
    })
}

async fn estimate(context: &Context, CallArgs(request): CallArgs, block: Option<BlockRef>) -> RpcResult<U64> {
    let block = context.resolve(block).await?;
    let allowance = request.gas_limit.unwrap_or(block.header.gas_limit);
    let outcome =
        context.runtime(&block, move |api, at| api.estimate_gas(at, request)).await?.map_err(transaction_error)?;
    match &outcome.status {
        CallStatus::Success => Ok(U64::from(outcome.gas_used)),
        CallStatus::Halt(text) if text == b"out of gas" => {
            Err(server_error(format!("gas required exceeds allowance ({allowance})")))
        }
        CallStatus::Revert | CallStatus::Halt(_) => Err(failure(outcome)),
    }
}

fn failure(outcome: CallOutcome) -> ErrorObjectOwned {
    match outcome.status {
        CallStatus::Halt(text) => server_error(String::from_utf8_lossy(&text)),
        CallStatus::Revert | CallStatus::Success => reverted(&outcome.output),
    }
}
