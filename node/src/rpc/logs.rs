//! `eth_getLogs`.

use super::{
    Module,
    context::Context,
    error::{RpcResult, internal, invalid_params, limit_exceeded, server_error},
    input::{BlockTag, LogQuery, QueryRange},
    method, output,
};
use crate::index::{error::IndexError, logs::LogRange};
use alloy_rpc_types_eth::Log;
use jsonrpsee::{
    core::RegisterMethodError,
    types::{ErrorObject, ErrorObjectOwned},
};

/// geth's code for blocks that this node doesn't have any more.
const PRUNED_HISTORY: i32 = 4444;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "eth_getLogs", 1, |context, mut args| async move { logs(&context, args.required()?).await })
}

pub(super) async fn logs(context: &Context, query: LogQuery) -> RpcResult<Vec<Log>> {
    let range = match query.range {
        QueryRange::Hash(hash) => {
            if context.index.block_by_hash(hash).await.map_err(internal)?.is_none() {
                return Err(server_error("unknown block"));
            }
            LogRange::Block(hash)
        }
        QueryRange::Tags(from, to) => {
            let numbers = matches!((from, to), (BlockTag::Number(_), BlockTag::Number(_)));
            let (from, to) = (context.height(from).await?, context.height(to).await?);
            let Some((from, to)) = span(from, to, numbers, context.head()?.number())? else { return Ok(Vec::new()) };
            let limit = context.limits.eth_logs_max_blocks;
            if to - from >= limit {
                return Err(limit_exceeded(format!(
                    "the range of {} blocks exceeds the limit of {limit}",
                    to - from + 1
                )));
            }
            if from < context.index.first_height() {
                return Err(ErrorObject::owned(PRUNED_HISTORY, "pruned history unavailable", None::<()>));
            }
            LogRange::Numbers { from, to }
        }
    };
    let limit = context.limits.eth_logs_max_results;
    let found = context.index.logs(&query.filter, range, limit).await.map_err(|error| refusal(error, range))?;
    Ok(found.into_iter().map(|log| output::log(log, false)).collect())
}

/// The heights to search: those that are indexed, `None` if there are none. A range that runs backwards is an error
/// only between two numbers; a name may have come to mean another block since the client last looked.
fn span(from: u64, to: u64, numbers: bool, head: u64) -> RpcResult<Option<(u64, u64)>> {
    if from > to && numbers {
        return Err(invalid_params("invalid block range params"));
    }
    let to = to.min(head);
    Ok((from <= to).then_some((from, to)))
}

/// Says what to ask instead. Clients know these beginnings and then take a smaller range.
fn refusal(error: IndexError, range: LogRange) -> ErrorObjectOwned {
    let less = |block: u64| match range {
        LogRange::Numbers { from, .. } if from < block => format!("ask for blocks below {block:#x} first"),
        _ => "name addresses or topics".into(),
    };
    match error {
        IndexError::TooManyLogs { limit, block } => {
            limit_exceeded(format!("query returned more than {limit} results; {}", less(block)))
        }
        IndexError::TooManyBytes { limit, block } => {
            limit_exceeded(format!("query returned more than {limit} bytes; {}", less(block)))
        }
        IndexError::TooSlow(limit) => limit_exceeded(format!(
            "query timeout exceeded: it took more than {} s; ask for fewer blocks, or name addresses or a first topic",
            limit.as_secs()
        )),
        error => internal(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::error::{INTERNAL, LIMIT_EXCEEDED, invalid_params};
    use alloy_primitives::B256;
    use std::time::Duration;

    #[test]
    fn only_numbers_can_be_in_the_wrong_order() {
        assert_eq!(span(3, 5, true, 10), Ok(Some((3, 5))));
        assert_eq!(span(3, 50, true, 10), Ok(Some((3, 10))));
        assert_eq!(span(11, 50, true, 10), Ok(None));
        assert_eq!(span(5, 3, true, 10).map_err(|error| error.code()), Err(invalid_params("").code()));
        // From the block above the head to `latest`.
        assert_eq!(span(11, 10, false, 10), Ok(None));
        assert_eq!(span(10, 10, false, 10), Ok(Some((10, 10))));
    }

    #[test]
    fn refusals_say_what_to_ask_instead() {
        let text = |error, range| {
            let refusal = refusal(error, range);
            assert_eq!(refusal.code(), LIMIT_EXCEEDED);
            refusal.message().to_owned()
        };
        let range = LogRange::Numbers { from: 4, to: 20 };
        assert_eq!(
            text(IndexError::TooManyLogs { limit: 100, block: 16 }, range),
            "query returned more than 100 results; ask for blocks below 0x10 first"
        );
        let narrow = "query returned more than 9 bytes; name addresses or topics";
        assert_eq!(text(IndexError::TooManyBytes { limit: 9, block: 4 }, range), narrow);
        assert_eq!(text(IndexError::TooManyBytes { limit: 9, block: 4 }, LogRange::Block(B256::ZERO)), narrow);
        assert!(text(IndexError::TooSlow(Duration::from_secs(10)), range).starts_with("query timeout exceeded"));
        assert_eq!(refusal(IndexError::Damaged("a row"), range).code(), INTERNAL);
    }
}
