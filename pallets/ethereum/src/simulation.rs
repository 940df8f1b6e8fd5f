//! `eth_call`, `eth_estimateGas` and `eth_createAccessList`: one call on the current state, of which nothing stays.

use crate::{Config, Pallet, validation::recovered_authorizations};
use alloc::vec::Vec;
use alloy_eips::eip7702::SignedAuthorization;
use alloy_primitives::{Bytes, TxKind};
use hanse_primitives::{
    Accesses, AccountId20, Authorization, CallOutcome, CallRequest, CallStatus, Overrides, TransactionError, convert,
};
use pallet_evm::{
    Environment, Execution,
    revm::{
        context::TxEnv,
        context_interface::transaction::{AccessList, AccessListItem},
    },
    runner::Status,
};
use sp_core::{H160, H256};

/// Gas that a call which passes value gives its callee on top (yellow paper, `Gcallstipend`).
const CALL_STIPEND: u64 = 2_300;

/// An estimate may exceed the least gas limit by one part in this many: fewer runs, and nobody pays for unused gas.
const TOLERANCE: u64 = 64;

/// Runs of a call for its access list: each may access something else for having named what the one before accessed.
const ACCESS_LIST_RUNS: usize = 16;

impl<T: Config> Pallet<T> {
    /// Executes a call on the current state and throws its changes away.
    pub fn call(request: CallRequest, overrides: Overrides) -> Result<CallOutcome, TransactionError> {
        overridden::<T, _>(&overrides, || {
            let gas_limit = Self::most_gas(&request);
            Self::simulate_call(&request, &overrides, gas_limit)
                .map(|execution| outcome(&execution, execution.gas_used))
        })
    }

    /// The least gas limit, within 1/64, with which a call succeeds, as `gas_used`; or the outcome of its failure.
    pub fn estimate_gas(request: CallRequest, overrides: Overrides) -> Result<CallOutcome, TransactionError> {
        overridden::<T, _>(&overrides, || Self::estimate(&request, &overrides))
    }

    /// The access list with which a call accesses nothing else (EIP-2930).
    ///
    /// What a call accesses may depend on what is left of its gas, and so on the list: it is run again until the list
    /// stays as it is.
    pub fn create_access_list(mut request: CallRequest, overrides: Overrides) -> Result<Accesses, TransactionError> {
        overridden::<T, _>(&overrides, || {
            let gas_limit = Self::most_gas(&request);
            let mut runs = 0;
            loop {
                let (environment, tx) = Self::prepare(&request, &overrides, gas_limit);
                let (execution, access_list) = pallet_evm::runner::accesses::<T>(environment, tx)?;
                runs += 1;
                if access_list == request.access_list || runs == ACCESS_LIST_RUNS {
                    return Ok(Accesses { access_list, outcome: outcome(&execution, execution.gas_used) });
                }
                request.access_list = access_list;
            }
        })
    }

    fn estimate(request: &CallRequest, overrides: &Overrides) -> Result<CallOutcome, TransactionError> {
        // More than a transaction may ask for is no use to know.
        let cap = Environment::current::<T>().tx_gas_limit_cap();
        let mut high = Self::most_gas(request).min(Self::affordable_gas(request)?).min(cap);
        let first = Self::simulate_call(request, overrides, high)?;
        if !first.succeeded() {
            return Ok(outcome(&first, first.gas_used));
        }
        let suffices = |gas_limit| Self::suffices(request, overrides, gas_limit);
        let mut low = first.gas_used.saturating_sub(1);
        // A transfer needs what it uses. Most calls need what they held at their peak, and the 1/64 that each frame keeps
        // back (EIP-150).
        let peak = first.gas_spent.saturating_add(CALL_STIPEND).saturating_mul(64) / 63;
        for guess in [first.gas_used, peak] {
            if low < guess && guess < high {
                if suffices(guess)? {
                    high = guess;
                } else {
                    low = guess;
                }
            }
        }
        while low.saturating_add(1) < high && high - low > high / TOLERANCE {
            let middle = low + (high - low) / 2;
            if suffices(middle)? {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(outcome(&first, high))
    }

    /// Too little gas even to begin is not enough either; every other refusal is the caller's.
    fn suffices(request: &CallRequest, overrides: &Overrides, gas_limit: u64) -> Result<bool, TransactionError> {
        match Self::simulate_call(request, overrides, gas_limit) {
            Ok(execution) => Ok(execution.succeeded()),
            Err(TransactionError::IntrinsicGas | TransactionError::FloorDataGas) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn most_gas(request: &CallRequest) -> u64 {
        let limit = pallet_evm::BlockGasLimit::<T>::get();
        request.gas_limit.filter(|gas| *gas > 0).map_or(limit, |gas| gas.min(limit))
    }

    /// Gas that the sender's balance pays for at the price of the request; any amount when no price is named.
    fn affordable_gas(request: &CallRequest) -> Result<u64, TransactionError> {
        let Some(price) = request.max_fee_per_gas.filter(|price| *price > 0) else {
            return Ok(u64::MAX);
        };
        let balance = pallet_evm::Pallet::<T>::account(request.from).balance;
        let left = balance.checked_sub(request.value).ok_or(TransactionError::InsufficientFunds)?;
        Ok(u64::try_from(left / price).unwrap_or(u64::MAX))
    }

    fn simulate_call(
        request: &CallRequest,
        overrides: &Overrides,
        gas_limit: u64,
    ) -> Result<Execution, TransactionError> {
        let (environment, tx) = Self::prepare(request, overrides, gas_limit);
        pallet_evm::runner::simulate::<T>(environment, tx)
    }

    fn prepare(request: &CallRequest, overrides: &Overrides, gas_limit: u64) -> (Environment, TxEnv) {
        let with_fees = request.max_fee_per_gas.is_some_and(|price| price > 0);
        let environment = Environment::current::<T>().with(&overrides.block).for_simulation(with_fees);
        let tx = tx_env::<T>(request, gas_limit, environment.cfg.chain_id);
        (environment, tx)
    }
}

/// Runs with the accounts changed, and takes back all that it changes.
fn overridden<T: Config, R>(overrides: &Overrides, run: impl FnOnce() -> R) -> R {
    if overrides.accounts.is_empty() {
        return run();
    }
    sp_io::storage::start_transaction();
    pallet_evm::overrides::apply::<T>(&overrides.accounts);
    let result = run();
    sp_io::storage::rollback_transaction();
    result
}

pub(crate) fn tx_env<T: Config>(request: &CallRequest, gas_limit: u64, chain_id: u64) -> TxEnv {
    let tx_type = match request {
        CallRequest { authorizations, .. } if !authorizations.is_empty() => 4,
        CallRequest { max_priority_fee_per_gas: Some(_), .. } => 2,
        CallRequest { access_list, .. } if !access_list.is_empty() => 1,
        _ => 0,
    };
    TxEnv {
        tx_type,
        caller: convert::address(request.from),
        gas_limit,
        gas_price: request.max_fee_per_gas.unwrap_or(0),
        kind: request.to.map_or(TxKind::Create, |to| TxKind::Call(convert::address(to))),
        value: convert::ru256(request.value),
        data: Bytes::from(request.data.clone()),
        nonce: request
            .nonce
            .unwrap_or_else(|| frame_system::Pallet::<T>::account_nonce(AccountId20::from(request.from))),
        chain_id: Some(chain_id),
        access_list: access_list(request),
        authorization_list: recovered_authorizations::<T>(&authorizations(request)),
        gas_priority_fee: request.max_priority_fee_per_gas,
        ..TxEnv::default()
    }
}

/// EIP-2930.
pub(crate) fn access_list(request: &CallRequest) -> AccessList {
    let item = |(address, slots): &(H160, Vec<H256>)| AccessListItem {
        address: convert::address(*address),
        storage_keys: slots.iter().map(|slot| convert::b256(*slot)).collect(),
    };
    AccessList(request.access_list.iter().map(item).collect())
}

/// EIP-7702.
pub(crate) fn authorizations(request: &CallRequest) -> Vec<SignedAuthorization> {
    let signed = |authorization: &Authorization| {
        let Authorization { chain_id, address, nonce, y_parity, r, s } = authorization.clone();
        let (chain_id, address) = (convert::ru256(chain_id), convert::address(address));
        let inner = alloy_eips::eip7702::Authorization { chain_id, address, nonce };
        SignedAuthorization::new_unchecked(inner, y_parity, convert::ru256(r), convert::ru256(s))
    };
    request.authorizations.iter().map(signed).collect()
}

pub(crate) fn outcome(execution: &Execution, gas_used: u64) -> CallOutcome {
    let (status, output) = match &execution.status {
        Status::Success(output) => (CallStatus::Success, output.clone()),
        Status::Revert(output) => (CallStatus::Revert, output.clone()),
        Status::Halt(reason) => (CallStatus::Halt(reason.as_bytes().to_vec()), Default::default()),
    };
    CallOutcome { status, output, gas_used, gas_spent: execution.gas_spent, logs: execution.logs.clone() }
}
