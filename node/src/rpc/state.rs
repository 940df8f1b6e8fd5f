//! Accounts: balance, nonce, code, storage; and why there is no `eth_getProof`.

use super::{
    Module,
    context::Context,
    error::{RpcResult, internal, server_error},
    input::{BlockRef, BlockTag},
    method,
    params::{FromJson, Slot},
    slots::Work,
};
use crate::dev::keys;
use alloy_primitives::{Address, Bytes, U64};
use hanse_primitives::{Account, convert, runtime_api::EthereumApi};
use jsonrpsee::core::RegisterMethodError;
use sc_client_api::HeaderBackend;
use serde_json::Value;
use sp_api::{ApiError, ProvideRuntimeApi};
use std::collections::BTreeMap;

/// Slots that one request may ask for; geth's number.
const MAX_SLOTS: usize = 1024;
const NO_PROOF: &str = "eth_getProof is not available: the state is no Merkle-Patricia trie of Ethereum; \
                        state_getReadProof proves its keys against the Substrate state root";

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "eth_getBalance", 2, |context, mut args| async move {
        let address = args.required()?;
        let account = account(&context, address, args.optional()?).await?;
        Ok(convert::ru256(account.balance))
    })?;
    method(module, "eth_getTransactionCount", 2, |context, mut args| async move {
        let address = args.required()?;
        match args.optional()? {
            Some(BlockRef::Tag(BlockTag::Pending)) => pending_nonce(&context, address).await,
            block => Ok(U64::from(account(&context, address, block).await?.nonce)),
        }
    })?;
    method(module, "eth_getCode", 2, |context, mut args| async move {
        let address = convert::h160(args.required::<Address>()?);
        let block = context.resolve(args.optional()?).await?;
        context.runtime(&block, move |api, at| api.code(at, address)).await.map(Bytes::from)
    })?;
    method(module, "eth_getStorageAt", 3, |context, mut args| async move {
        let address = convert::h160(args.required::<Address>()?);
        let slot = convert::h256(args.required::<Slot>()?.0);
        let block = context.resolve(args.optional()?).await?;
        context.runtime(&block, move |api, at| api.storage(at, address, slot)).await.map(convert::b256)
    })?;
    method(module, "eth_getStorageValues", 2, |context, mut args| async move {
        let StorageRequests(requests) = args.required()?;
        let block = context.resolve(args.optional()?).await?;
        let values = context.runtime(&block, move |api, at| {
            requests
                .into_iter()
                .map(|(address, slots)| {
                    let value =
                        |slot: Slot| api.storage(at, convert::h160(address), convert::h256(slot.0)).map(convert::b256);
                    Ok((address, slots.into_iter().map(value).collect::<Result<Vec<_>, ApiError>>()?))
                })
                .collect::<Result<BTreeMap<_, _>, ApiError>>()
        });
        values.await
    })?;
    method(module, "eth_getProof", 3, |context, mut args| async move {
        let (_, _) = (args.required::<Address>()?, args.required::<Vec<Slot>>()?);
        context.resolve(args.optional()?).await?;
        Err::<(), _>(server_error(NO_PROOF))
    })?;
    // The node holds no keys but those that everybody knows.
    method(module, "eth_accounts", 0, |context, _| async move {
        Ok(context.dev.as_ref().map(|_| keys::accounts()).unwrap_or_default())
    })
}

/// Slots by account: the parameter of `eth_getStorageValues`.
struct StorageRequests(BTreeMap<Address, Vec<Slot>>);

impl FromJson for StorageRequests {
    fn from_json(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or("expected an object of accounts")?;
        let mut requests = BTreeMap::new();
        let mut count = 0;
        for (address, slots) in map {
            let slots = Vec::<Slot>::from_json(slots).map_err(|text| format!("{address}: {text}"))?;
            count += slots.len();
            if count > MAX_SLOTS {
                return Err(format!("too many slots (max {MAX_SLOTS})"));
            }
            requests.insert(Address::from_json(&Value::from(address.as_str()))?, slots);
        }
        if count == 0 {
            return Err("empty request".into());
        }
        Ok(Self(requests))
    }
}

async fn account(context: &Context, address: Address, block: Option<BlockRef>) -> RpcResult<Account> {
    let address = convert::h160(address);
    let block = context.resolve(block).await?;
    context.runtime(&block, move |api, at| api.account(at, address)).await
}

pub(super) async fn pending_nonce(context: &Context, address: Address) -> RpcResult<U64> {
    let (client, pool, pending) = (context.client.clone(), context.pool.clone(), context.pending.clone());
    let nonce = context.blocking(Work::Light, move || {
        pending.next_nonce(&pool, address, || {
            // Not the index's head but the chain's: the pool is never ahead of it.
            let best = client.info().best_hash;
            let account = client.runtime_api().account(best, convert::h160(address)).map_err(internal)?;
            Ok(account.nonce)
        })
    });
    nonce.await?.map(U64::from)
}
