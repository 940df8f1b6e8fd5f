//! The network: `net_…`, `eth_chainId`, `eth_syncing`.

use super::{
    Module,
    context::Context,
    error::{RpcResult, internal},
    method,
};
use alloy_primitives::U64;
use jsonrpsee::core::RegisterMethodError;
use sc_client_api::HeaderBackend;
use serde_json::{Value, json};
use sp_consensus::SyncOracle;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "eth_chainId", 0, |context, _| async move { Ok(U64::from(context.chain_id)) })?;
    method(module, "net_version", 0, |context, _| async move { Ok(context.chain_id.to_string()) })?;
    method(module, "net_listening", 0, |_, _| async move { Ok(true) })?;
    method(module, "net_peerCount", 0, |context, _| async move { Ok(U64::from(context.sync.num_connected_peers())) })?;
    method(module, "eth_syncing", 0, |context, _| async move { syncing(&context).await })
}

/// `false`, or how far the node is. Blocks that are imported but not yet indexed count as not there.
async fn syncing(context: &Context) -> RpcResult<Value> {
    /// The index is this far behind only when it is being written anew.
    const INDEX_LAG: u64 = 16;
    let current = context.head()?.number();
    let best = u64::from(context.client.info().best_number);
    if !context.sync.is_major_syncing() && best.saturating_sub(current) <= INDEX_LAG {
        return Ok(Value::Bool(false));
    }
    let status = context.sync.status().await.map_err(internal)?;
    let highest = status.best_seen_block.map_or(best, |seen| u64::from(seen).max(best));
    Ok(json!({
        "startingBlock": "0x0",
        "currentBlock": U64::from(current),
        "highestBlock": U64::from(highest),
    }))
}
