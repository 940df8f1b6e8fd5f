//! Prices: `eth_gasPrice`, `eth_maxPriorityFeePerGas`, `eth_baseFee`, `eth_blobBaseFee`, `eth_feeHistory`.
//!
//! On a gasless chain the base fee is 0, nobody needs to tip, and every price is 0.

use super::{
    Module,
    context::Context,
    error::{RpcResult, internal, server_error, unknown_block},
    input::BlockTag,
    method,
    params::HexOrDecimal,
};
use crate::index::types::BlockRecord;
use alloy_primitives::U128;
use alloy_rpc_types_eth::FeeHistory;
use hanse_primitives::runtime_api::EthereumApi;
use jsonrpsee::core::RegisterMethodError;

/// Blocks that the suggested tip looks back on.
const TIP_BLOCKS: u64 = 20;
/// The suggested tip is the one that this share of transactions paid at most.
const TIP_PERCENTILE: usize = 60;
/// The suggested tip when no transaction paid any, in wei: 1 gwei.
const DEFAULT_TIP: u128 = 1_000_000_000;
/// Most blocks of a fee history with percentiles: each of them is read whole.
const MAX_REWARD_BLOCKS: u64 = 128;
/// geth's limit on percentiles.
const MAX_PERCENTILES: usize = 100;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "eth_gasPrice", 0, |context, _| async move {
        let head = context.head()?;
        let base_fee = next_base_fee(&context, &head).await?;
        Ok(U128::from(base_fee + suggested_tip(&context, base_fee).await?))
    })?;
    method(module, "eth_maxPriorityFeePerGas", 0, |context, _| async move {
        let head = context.head()?;
        let base_fee = next_base_fee(&context, &head).await?;
        suggested_tip(&context, base_fee).await.map(U128::from)
    })?;
    method(module, "eth_baseFee", 0, |context, _| async move {
        let head = context.head()?;
        next_base_fee(&context, &head).await.map(U128::from)
    })?;
    // There are no blobs; the opcode BLOBBASEFEE (EIP-7516) says the same, the least price there is.
    method(module, "eth_blobBaseFee", 0, |_, _| async move { Ok(U128::from(1)) })?;
    method(module, "eth_feeHistory", 3, |context, mut args| async move {
        let HexOrDecimal(count) = args.required()?;
        let newest = args.required()?;
        history(&context, count, newest, args.optional()?.unwrap_or_default()).await
    })
}

async fn next_base_fee(context: &Context, block: &BlockRecord) -> RpcResult<u128> {
    context.runtime(block, |api, at| api.base_fee(at)).await
}

async fn suggested_tip(context: &Context, base_fee: u128) -> RpcResult<u128> {
    if base_fee == 0 {
        return Ok(0);
    }
    let newest = context.head()?.number();
    let mut tips = Vec::new();
    for number in newest.saturating_sub(TIP_BLOCKS)..=newest {
        if let Some(block) = context.index.block_by_number(number).await.map_err(internal)? {
            tips.extend(tips_of(&block).map(|(tip, _)| tip));
        }
    }
    tips.sort_unstable();
    Ok(tips.get(tips.len() * TIP_PERCENTILE / 100).copied().unwrap_or(DEFAULT_TIP))
}

/// What each transaction paid above the base fee, and the gas that it used.
fn tips_of(block: &BlockRecord) -> impl Iterator<Item = (u128, u64)> + '_ {
    let base_fee = u128::from(block.header.base_fee_per_gas.unwrap_or_default());
    block
        .transactions
        .iter()
        .map(move |transaction| (transaction.effective_gas_price.saturating_sub(base_fee), transaction.gas_used))
}

async fn history(context: &Context, count: u64, newest: BlockTag, percentiles: Vec<f64>) -> RpcResult<FeeHistory> {
    check_percentiles(&percentiles)?;
    let count = covered(count, context.limits.eth_fee_history_max_blocks, &percentiles);
    let pending = match newest {
        BlockTag::Pending => Some(context.pending_block().await?),
        _ => None,
    };
    let newest = context.height(newest).await?;
    let head = context.head()?;
    if newest > head.number() {
        return Err(server_error(format!("request beyond head block: requested {newest}, head {}", head.number())));
    }
    if count == 0 {
        return Ok(FeeHistory::default());
    }
    let mut headers = match count - u64::from(pending.is_some()) {
        0 => Vec::new(),
        made => context.index.headers((newest + 1).saturating_sub(made), newest).await.map_err(internal)?,
    };
    headers.extend(pending.as_ref().map(|block| block.header.clone()));
    // Blocks at the beginning of the range may be missing in the index.
    let oldest = headers.first().ok_or_else(unknown_block)?.number;
    let mut history = FeeHistory { oldest_block: oldest, ..Default::default() };
    for header in &headers {
        history.base_fee_per_gas.push(header.base_fee_per_gas.unwrap_or_default().into());
        history.gas_used_ratio.push(header.gas_used as f64 / header.gas_limit.max(1) as f64);
    }
    let made = match &pending {
        Some(_) => None,
        None => context.index.block_by_number(newest + 1).await.map_err(internal)?,
    };
    let following = match (made, &pending) {
        (Some(block), _) => block.header.base_fee_per_gas.unwrap_or_default().into(),
        (None, Some(pending)) => next_base_fee(context, pending).await?,
        (None, None) => {
            let block = context.index.block_by_number(newest).await.map_err(internal)?.ok_or_else(unknown_block)?;
            next_base_fee(context, &block).await?
        }
    };
    history.base_fee_per_gas.push(following);
    if !percentiles.is_empty() {
        let mut rewards = Vec::with_capacity(headers.len());
        for header in &headers {
            let block = match &pending {
                Some(pending) if pending.number() == header.number => Some(pending.clone()),
                _ => context.index.block_by_number(header.number).await.map_err(internal)?,
            };
            rewards.push(block.map_or_else(|| vec![0; percentiles.len()], |block| rewards_of(&block, &percentiles)));
        }
        history.reward = Some(rewards);
    }
    Ok(history)
}

/// As many blocks as were asked for, or as one request gets: then the answer is shorter, as the specification has it.
fn covered(count: u64, limit: u64, percentiles: &[f64]) -> u64 {
    count.min(limit).min(if percentiles.is_empty() { u64::MAX } else { MAX_REWARD_BLOCKS })
}

fn check_percentiles(percentiles: &[f64]) -> RpcResult<()> {
    if percentiles.len() > MAX_PERCENTILES {
        return Err(server_error(format!("invalid reward percentile: over the query limit {MAX_PERCENTILES}")));
    }
    if let Some(wrong) = percentiles.iter().find(|percentile| !(0.0..=100.0).contains(*percentile)) {
        return Err(server_error(format!("invalid reward percentile: {wrong}")));
    }
    if !percentiles.is_sorted() {
        return Err(server_error("invalid reward percentile: they must ascend"));
    }
    Ok(())
}

/// The tips at the percentiles of the block's gas.
fn rewards_of(block: &BlockRecord, percentiles: &[f64]) -> Vec<u128> {
    let mut tips: Vec<_> = tips_of(block).collect();
    tips.sort_unstable();
    let total: u64 = tips.iter().map(|(_, gas)| gas).sum();
    percentiles
        .iter()
        .map(|percentile| {
            let threshold = (total as f64 * percentile / 100.0) as u64;
            let mut gas_so_far = 0;
            tips.iter()
                .find(|(_, gas)| {
                    gas_so_far += gas;
                    gas_so_far >= threshold
                })
                .map_or(0, |(tip, _)| *tip)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::error::SERVER_ERROR;

    #[test]
    fn percentiles_ascend_from_0_to_100() {
        assert!(check_percentiles(&[]).is_ok());
        assert!(check_percentiles(&[0.0, 50.0, 50.0, 100.0]).is_ok());
        for wrong in [&[-1.0][..], &[101.0], &[50.0, 49.0], &[f64::NAN], &[1.0; 101]] {
            let refused = check_percentiles(wrong).expect_err("is wrong");
            assert_eq!(refused.code(), SERVER_ERROR);
            assert!(refused.message().starts_with("invalid reward percentile"), "{refused}");
        }
    }

    #[test]
    fn a_history_is_cut_to_its_limits() {
        assert_eq!(covered(5, 1024, &[]), 5);
        assert_eq!(covered(5, 1024, &[50.0]), 5);
        assert_eq!(covered(2000, 1024, &[]), 1024);
        assert_eq!(covered(2000, 1024, &[50.0]), MAX_REWARD_BLOCKS);
        assert_eq!(covered(2000, 16, &[50.0]), 16);
    }
}
