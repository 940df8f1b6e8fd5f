//! Blocks: `eth_blockNumber`, `eth_getBlockBy…`, `eth_getHeaderBy…`, `eth_getBlockReceipts`, counts, uncles.

use super::{
    Module,
    context::Context,
    error::{RpcResult, internal},
    input::{BlockRef, BlockTag},
    method, output,
    params::HexOrDecimal,
};
use alloy_primitives::{B256, U64};
use alloy_rpc_types_eth::{Block, TransactionReceipt};
use jsonrpsee::core::RegisterMethodError;
use serde::Serialize;
use serde_json::Value;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "eth_blockNumber", 0, |context, _| async move { Ok(U64::from(context.latest().await?.number())) })?;
    method(module, "eth_getBlockByNumber", 2, |context, mut args| async move {
        let tag = args.required::<BlockTag>()?;
        let full = args.optional()?.unwrap_or(false);
        match tag {
            BlockTag::Pending => pending(&context, full).await.map(Some),
            tag => Ok(block(&context, BlockRef::Tag(tag), full).await?.map(|block| Shown::Made(Box::new(block)))),
        }
    })?;
    method(module, "eth_getBlockByHash", 2, |context, mut args| async move {
        let hash = args.required::<B256>()?;
        let full = args.optional()?.unwrap_or(false);
        block(&context, by_hash(hash), full).await
    })?;
    method(module, "eth_getHeaderByNumber", 1, |context, mut args| async move {
        match args.required()? {
            BlockTag::Pending => output::pending_header(&*context.pending_block().await?).map(Some),
            tag => {
                let record = context.find(BlockRef::Tag(tag)).await?;
                record.map(|record| serde_json::to_value(output::header(&record)).map_err(internal)).transpose()
            }
        }
    })?;
    method(module, "eth_getHeaderByHash", 1, |context, mut args| async move {
        let hash = args.required()?;
        Ok(context.find(by_hash(hash)).await?.map(|record| output::header(&record)))
    })?;
    method(module, "eth_getBlockReceipts", 1, |context, mut args| async move {
        receipts(&context, args.required()?).await
    })?;
    method(module, "eth_getBlockTransactionCountByNumber", 1, |context, mut args| async move {
        let tag = args.required()?;
        transaction_count(&context, BlockRef::Tag(tag)).await
    })?;
    method(module, "eth_getBlockTransactionCountByHash", 1, |context, mut args| async move {
        let hash = args.required()?;
        transaction_count(&context, by_hash(hash)).await
    })?;
    method(module, "eth_getUncleCountByBlockNumber", 1, |context, mut args| async move {
        let tag = args.required()?;
        Ok(context.find(BlockRef::Tag(tag)).await?.map(|_| U64::ZERO))
    })?;
    method(module, "eth_getUncleCountByBlockHash", 1, |context, mut args| async move {
        let hash = args.required()?;
        Ok(context.find(by_hash(hash)).await?.map(|_| U64::ZERO))
    })?;
    method(module, "eth_getUncleByBlockNumberAndIndex", 2, |_, mut args| async move {
        let (_, _) = (args.required::<BlockTag>()?, args.required::<HexOrDecimal>()?);
        Ok(Value::Null)
    })?;
    method(module, "eth_getUncleByBlockHashAndIndex", 2, |_, mut args| async move {
        let (_, _) = (args.required::<B256>()?, args.required::<HexOrDecimal>()?);
        Ok(Value::Null)
    })
}

pub(super) fn by_hash(hash: B256) -> BlockRef {
    BlockRef::Hash { hash, require_canonical: false }
}

async fn block(context: &Context, block: BlockRef, full: bool) -> RpcResult<Option<Block>> {
    context.find(block).await?.map(|record| output::block(&record, full)).transpose()
}

/// A block, made or to come.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Shown {
    Made(Box<Block>),
    Pending(Value),
}

async fn pending(context: &Context, full: bool) -> RpcResult<Shown> {
    output::pending_block(&*context.pending_block().await?, full).map(Shown::Pending)
}

async fn receipts(context: &Context, block: BlockRef) -> RpcResult<Option<Vec<TransactionReceipt>>> {
    let Some(record) = context.find(block).await? else { return Ok(None) };
    let positions = 0..record.transactions.len() as u64;
    let receipts = positions.filter_map(|position| record.located(position)).map(|located| output::receipt(&located));
    receipts.collect::<RpcResult<_>>().map(Some)
}

async fn transaction_count(context: &Context, block: BlockRef) -> RpcResult<Option<U64>> {
    Ok(context.find(block).await?.map(|record| U64::from(record.transactions.len())))
}
