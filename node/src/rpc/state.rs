//! Accounts: balance, nonce, code, storage.

use super::{
    Module,
    context::Context,
    error::{RpcResult, internal},
    input::{BlockRef, BlockTag},
    method,
    params::Slot,
    slots::Work,
};
use alloy_primitives::{Address, Bytes, U64};
use hanse_primitives::{Account, convert, runtime_api::EthereumApi};
use jsonrpsee::core::RegisterMethodError;
use sc_client_api::HeaderBackend;
use sp_api::ProvideRuntimeApi;

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
    // The node holds no keys.
    method(module, "eth_accounts", 0, |_, _| async move { Ok(Vec::<Address>::new()) })
}

async fn account(context: &Context, address: Address, block: Option<BlockRef>) -> RpcResult<Account> {
    let address = convert::h160(address);
    let block = context.resolve(block).await?;
    context.runtime(&block, move |api, at| api.account(at, address)).await
}

async fn pending_nonce(context: &Context, address: Address) -> RpcResult<U64> {
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
