//! Transactions: `eth_getTransactionBy…`, `eth_getTransactionReceipt`.

use super::{
    Module,
    block::by_hash,
    context::Context,
    error::{RpcResult, internal},
    input::{BlockRef, BlockTag},
    method, output,
    params::HexOrDecimal,
};
use alloy_primitives::B256;
use alloy_rpc_types_eth::{Transaction, TransactionReceipt};
use jsonrpsee::core::RegisterMethodError;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "eth_getTransactionByHash", 1, |context, mut args| async move {
        by_its_hash(&context, args.required()?).await
    })?;
    method(module, "eth_getTransactionByBlockHashAndIndex", 2, |context, mut args| async move {
        let block = by_hash(args.required()?);
        in_block(&context, block, args.required()?).await
    })?;
    method(module, "eth_getTransactionByBlockNumberAndIndex", 2, |context, mut args| async move {
        let block = BlockRef::Tag(args.required()?);
        in_block(&context, block, args.required()?).await
    })?;
    method(module, "eth_getTransactionReceipt", 1, |context, mut args| async move {
        receipt(&context, args.required()?).await
    })
}

pub(super) async fn by_its_hash(context: &Context, hash: B256) -> RpcResult<Option<Transaction>> {
    if let Some(located) = context.index.transaction(hash).await.map_err(internal)? {
        return output::transaction(&located).map(Some);
    }
    let Some(waiting) = context.pending.get(hash) else {
        // Its block may have been indexed since the index was asked.
        let located = context.index.transaction(hash).await.map_err(internal)?;
        return located.map(|located| output::transaction(&located)).transpose();
    };
    output::pending_transaction(&waiting.raw, waiting.from).map(Some)
}

async fn in_block(context: &Context, block: BlockRef, position: HexOrDecimal) -> RpcResult<Option<Transaction>> {
    let Some(record) = context.find(block).await? else { return Ok(None) };
    if block == BlockRef::Tag(BlockTag::Pending) {
        let transaction = usize::try_from(position.0).ok().and_then(|position| record.transactions.get(position));
        return transaction.map(|waiting| output::pending_transaction(&waiting.raw, waiting.from)).transpose();
    }
    record.located(position.0).map(|located| output::transaction(&located)).transpose()
}

async fn receipt(context: &Context, hash: B256) -> RpcResult<Option<TransactionReceipt>> {
    context.sealed(hash).await?.map(|located| output::receipt(&located)).transpose()
}
