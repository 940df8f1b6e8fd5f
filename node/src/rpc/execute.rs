//! Simulation of one call: `eth_call`, `eth_estimateGas`, `eth_createAccessList`.

use super::{
    Module,
    context::Context,
    error::{RpcResult, reverted, server_error, transaction_error},
    input::{BlockRef, CallArgs},
    method,
    overrides::{BlockFields, StateOverrides},
    params::Args,
};
use alloy_eips::eip2930::{AccessList, AccessListItem, AccessListResult};
use alloy_primitives::{Bytes, U64};
use hanse_primitives::{
    Accesses, CallOutcome, CallRequest, CallStatus, Overrides, TransactionError, convert, runtime_api::EthereumApi,
};
use jsonrpsee::{core::RegisterMethodError, types::ErrorObjectOwned};
use sp_core::U256;

/// The most gas that one transaction may ask for (EIP-7825), and so the most that an estimate tries.
const TRANSACTION_GAS: u64 = 1 << 24;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "eth_call", 4, |context, mut args| async move {
        let CallArgs(request) = args.required()?;
        let request = limited(request, context.limits.eth_call_max_gas);
        let block = context.resolve(args.optional()?).await?;
        let overrides = overrides(&mut args)?;
        let outcome = context
            .simulate(&block, move |api, at| api.call(at, request, overrides))
            .await?
            .map_err(transaction_error)?;
        match outcome.status {
            CallStatus::Success => Ok(Bytes::from(outcome.output)),
            CallStatus::Revert | CallStatus::Halt(_) => Err(failure(outcome)),
        }
    })?;
    method(module, "eth_estimateGas", 4, |context, mut args| async move {
        let call = args.required()?;
        let block = args.optional()?;
        estimate(&context, call, block, overrides(&mut args)?).await
    })?;
    method(module, "eth_createAccessList", 4, |context, mut args| async move {
        let CallArgs(request) = args.required()?;
        let request = limited(request, context.limits.eth_call_max_gas);
        let block = context.resolve(args.optional()?).await?;
        let overrides = overrides(&mut args)?;
        let accesses = context
            .simulate(&block, move |api, at| api.create_access_list(at, request, overrides))
            .await?
            .map_err(transaction_error)?;
        Ok(access_list(accesses))
    })
}

/// The state and the block as the caller wants them.
fn overrides(args: &mut Args) -> RpcResult<Overrides> {
    let StateOverrides(accounts) = args.optional()?.unwrap_or_default();
    let BlockFields(block) = args.optional()?.unwrap_or_default();
    Ok(Overrides { block, accounts })
}

/// The answer of `eth_createAccessList`. A call that fails has a list too, of what it accessed until then.
fn access_list(accesses: Accesses) -> AccessListResult {
    let Accesses { access_list, outcome } = accesses;
    let gas_used = alloy_primitives::U256::from(outcome.gas_used);
    let items = access_list.into_iter().map(|(address, slots)| AccessListItem {
        address: convert::address(address),
        storage_keys: slots.into_iter().map(convert::b256).collect(),
    });
    let error = match outcome.status {
        CallStatus::Success => None,
        CallStatus::Revert | CallStatus::Halt(_) => Some(failure(outcome).message().to_owned()),
    };
    AccessListResult { access_list: AccessList(items.collect()), gas_used, error }
}

pub(super) async fn estimate(
    context: &Context,
    CallArgs(request): CallArgs,
    block: Option<BlockRef>,
    overrides: Overrides,
) -> RpcResult<U64> {
    let block = context.resolve(block).await?;
    let request = limited(request, context.limits.eth_call_max_gas);
    let (tried, changed) = (request.clone(), overrides.clone());
    let outcome = match context.simulate(&block, move |api, at| api.estimate_gas(at, tried, changed)).await? {
        Ok(outcome) => match &outcome.status {
            CallStatus::Success => return Ok(U64::from(outcome.gas_used)),
            CallStatus::Halt(text) if text == b"out of gas" => None,
            CallStatus::Revert | CallStatus::Halt(_) => Some(outcome),
        },
        Err(TransactionError::IntrinsicGas | TransactionError::FloorDataGas) => None,
        Err(error) => return Err(transaction_error(error)),
    };
    match outcome {
        Some(outcome) => Err(failure(outcome)),
        None => {
            let from = request.from;
            let changed = overrides.accounts.iter().find(|account| account.address == from);
            let balance = match changed.and_then(|account| account.balance) {
                Some(balance) => balance.into(),
                None => context.runtime(&block, move |api, at| api.account(at, from)).await?.balance,
            };
            let allowance = allowance(&request, block.header.gas_limit, balance);
            Err(server_error(format!("gas required exceeds allowance ({allowance})")))
        }
    }
}

/// The request with this node's limit on gas. As in geth, 0 is as if no gas were named.
pub(super) fn limited(mut request: CallRequest, most: u64) -> CallRequest {
    request.gas_limit = Some(request.gas_limit.filter(|gas| *gas > 0).map_or(most, |gas| gas.min(most)));
    request
}

/// The most gas that an estimate has tried.
fn allowance(request: &CallRequest, block_gas: u64, balance: U256) -> u64 {
    let wanted = request.gas_limit.unwrap_or(block_gas);
    let affordable = match request.max_fee_per_gas {
        Some(price) if price > 0 => balance.saturating_sub(request.value) / price,
        _ => U256::MAX,
    };
    let affordable = u64::try_from(affordable).unwrap_or(u64::MAX);
    wanted.min(block_gas).min(TRANSACTION_GAS).min(affordable)
}

pub(super) fn failure(outcome: CallOutcome) -> ErrorObjectOwned {
    match outcome.status {
        CallStatus::Halt(text) => server_error(String::from_utf8_lossy(&text)),
        CallStatus::Revert | CallStatus::Success => reverted(&outcome.output),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(gas_limit: Option<u64>) -> CallRequest {
        CallRequest { gas_limit, ..Default::default() }
    }

    #[test]
    fn a_call_gets_what_it_asks_for_within_the_limit() {
        for (asked, given) in [(None, 1_000), (Some(0), 1_000), (Some(7), 7), (Some(1_001), 1_000)] {
            assert_eq!(limited(request(asked), 1_000).gas_limit, Some(given), "{asked:?}");
        }
    }

    #[test]
    fn the_allowance_is_the_smallest_of_all_limits() {
        let block_gas = 60_000_000;
        let rich = U256::MAX;
        assert_eq!(allowance(&request(Some(30_000)), block_gas, rich), 30_000);
        assert_eq!(allowance(&request(Some(50_000_000)), block_gas, rich), 1 << 24);
        assert_eq!(allowance(&request(Some(50_000_000)), 2_000_000, rich), 2_000_000);
        // Without a price the balance doesn't matter.
        assert_eq!(allowance(&request(Some(30_000)), block_gas, U256::zero()), 30_000);
        let priced = CallRequest { max_fee_per_gas: Some(10), value: U256::from(40), ..request(Some(30_000)) };
        assert_eq!(allowance(&priced, block_gas, U256::from(1_040)), 100);
        assert_eq!(allowance(&priced, block_gas, U256::from(1)), 0);
    }
}
