//! `eth_getLogs`.

use super::{
    Module,
    context::Context,
    error::{RpcResult, internal, invalid_params, limit_exceeded, server_error},
    input::{LogQuery, QueryRange},
    method, output,
};
use crate::index::logs::LogRange;
use alloy_rpc_types_eth::Log;
use jsonrpsee::core::RegisterMethodError;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "eth_getLogs", 1, |context, mut args| async move { logs(&context, args.required()?).await })
}

async fn logs(context: &Context, query: LogQuery) -> RpcResult<Vec<Log>> {
    let range = match query.range {
        QueryRange::Hash(hash) => {
            if context.index.block_by_hash(hash).await.map_err(internal)?.is_none() {
                return Err(server_error("unknown block"));
            }
            LogRange::Block(hash)
        }
        QueryRange::Tags(from, to) => {
            let (from, to) = (context.height(from)?, context.height(to)?);
            if from > to {
                return Err(invalid_params("invalid block range params"));
            }
            let to = to.min(context.head()?.number());
            let limit = context.limits.eth_logs_max_blocks;
            if to.saturating_sub(from) >= limit {
                return Err(limit_exceeded(format!(
                    "the range of {} blocks exceeds the limit of {limit}",
                    to - from + 1
                )));
            }
            LogRange::Numbers { from, to }
        }
    };
    let limit = context.limits.eth_logs_max_results;
    let found = context.index.logs(&query.filter, range, limit + 1).await.map_err(internal)?;
    if let Some(first_too_many) = found.get(limit as usize) {
        return Err(limit_exceeded(format!(
            "more than {limit} logs match; ask for blocks below {:#x} first",
            first_too_many.block_number
        )));
    }
    Ok(found.into_iter().map(|log| output::log(log, false)).collect())
}
