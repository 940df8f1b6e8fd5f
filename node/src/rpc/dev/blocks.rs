//! Blocks, time, and the way back.

use super::methods;
use crate::{
    dev::Command,
    rpc::{
        Module,
        context::Context,
        error::{RpcResult, internal, invalid_params, server_error},
        input::field,
        params::{FromJson, HexOrDecimal},
    },
    service::seal::Sealing,
};
use alloy_primitives::U64;
use hanse_primitives::convert;
use jsonrpsee::core::RegisterMethodError;
use sc_client_api::HeaderBackend;
use serde_json::{Value, json};
use sp_timestamp::Timestamp;
use std::time::Duration;

/// Blocks that one request may make: each takes some milliseconds.
const MAX_BLOCKS: u64 = 10_000;
/// The latest time that can be set, in seconds since the Unix epoch: 32 bits, as contracts often store it, end far below.
const MAX_TIME_S: u64 = 1 << 40;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    methods(module, &["evm_mine"], 1, |context, mut args| async move {
        let Mine { timestamp, blocks } = args.optional()?.unwrap_or_default();
        if let Some(timestamp) = timestamp {
            set_next(&context, timestamp)?;
        }
        mine(&context, blocks, None).await?;
        Ok("0x0")
    })?;
    methods(module, &["hardhat_mine", "anvil_mine"], 2, |context, mut args| async move {
        let blocks = args.optional()?.map_or(1, |HexOrDecimal(blocks)| blocks);
        let HexOrDecimal(interval) = args.optional()?.unwrap_or(HexOrDecimal(1));
        mine(&context, blocks, Some(interval)).await?;
        Ok(true)
    })?;
    methods(module, &["evm_increaseTime", "anvil_increaseTime"], 1, |context, mut args| async move {
        let Seconds(seconds) = args.required()?;
        Ok(context.dev()?.clock.lock().increase(seconds))
    })?;
    methods(
        module,
        &["evm_setNextBlockTimestamp", "anvil_setNextBlockTimestamp"],
        1,
        |context, mut args| async move {
            let Seconds(seconds) = args.required()?;
            set_next(&context, seconds)?;
            Ok(seconds.to_string())
        },
    )?;
    methods(module, &["evm_setTime", "anvil_setTime"], 1, |context, mut args| async move {
        let Seconds(seconds) = args.required()?;
        let now_ms = Timestamp::current().as_millis();
        Ok(context.dev()?.clock.lock().set(now_ms, seconds.saturating_mul(1_000)))
    })?;
    sealing(module)?;
    snapshots(module)?;
    metadata(module)
}

fn sealing(module: &mut Module) -> Result<(), RegisterMethodError> {
    methods(module, &["evm_setAutomine", "anvil_setAutomine"], 1, |context, mut args| async move {
        let dev = context.dev()?;
        let sealing = match (args.required()?, dev.sealing()) {
            (true, _) => Sealing::Instant,
            (false, Sealing::Instant) => Sealing::Manual,
            (false, sealing) => sealing,
        };
        dev.seal(sealing).await.map_err(internal)?;
        Ok(true)
    })?;
    methods(module, &["evm_setIntervalMining"], 1, |context, mut args| async move {
        interval(&context, Duration::from_millis(args.required::<Interval>()?.0)).await
    })?;
    methods(module, &["anvil_setIntervalMining"], 1, |context, mut args| async move {
        let Seconds(seconds) = args.required()?;
        interval(&context, Duration::from_secs(seconds)).await
    })?;
    methods(module, &["anvil_getAutomine", "hardhat_getAutomine"], 0, |context, _| async move {
        Ok(context.dev()?.sealing() == Sealing::Instant)
    })?;
    methods(module, &["anvil_getIntervalMining"], 0, |context, _| async move {
        Ok(match context.dev()?.sealing() {
            Sealing::Interval(interval) => Some(interval.as_secs()),
            Sealing::Instant | Sealing::Manual => None,
        })
    })
}

fn snapshots(module: &mut Module) -> Result<(), RegisterMethodError> {
    methods(module, &["evm_snapshot", "anvil_snapshot"], 0, |context, _| async move {
        let head = context.head()?;
        let number = u32::try_from(head.number()).map_err(internal)?;
        Ok(U64::from(context.dev()?.snapshot(number, convert::h256(head.substrate_hash))))
    })?;
    methods(module, &["evm_revert", "anvil_revert"], 1, |context, mut args| async move {
        let dev = context.dev()?;
        let HexOrDecimal(id) = args.required()?;
        let Some((number, hash, clock)) = dev.take_snapshot(id) else { return Ok(false) };
        if context.client.hash(number).map_err(internal)? != Some(hash) {
            return Ok(false);
        }
        context.command(Command::Revert(number)).await?;
        context.forget_dropped()?;
        *dev.clock.lock() = clock;
        Ok(true)
    })?;
    methods(module, &["hardhat_reset", "anvil_reset"], 1, |context, mut args| async move {
        if let Some(Value::Object(options)) = args.optional::<Value>()?
            && options.get("forking").is_some_and(|forking| !forking.is_null())
        {
            return Err(server_error("this node can't fork another chain"));
        }
        context.command(Command::Revert(0)).await?;
        context.forget_dropped()?;
        context.dev()?.reset();
        Ok(true)
    })
}

fn metadata(module: &mut Module) -> Result<(), RegisterMethodError> {
    methods(module, &["hardhat_metadata", "anvil_metadata"], 0, |context, _| async move {
        let head = context.head()?;
        Ok(json!({
            "clientVersion": context.version,
            "chainId": context.chain_id,
            "instanceId": context.dev()?.instance(),
            "latestBlockNumber": head.number(),
            "latestBlockHash": head.hash,
        }))
    })?;
    methods(module, &["anvil_nodeInfo"], 0, |context, _| async move {
        let head = context.head()?;
        Ok(json!({
            "currentBlockNumber": U64::from(head.number()),
            "currentBlockTimestamp": head.header.timestamp,
            "currentBlockHash": head.hash,
            "transactionOrder": "fees",
            "environment": {
                "baseFee": U64::from(head.header.base_fee_per_gas.unwrap_or_default()),
                "chainId": context.chain_id,
                "gasLimit": U64::from(head.header.gas_limit),
            },
        }))
    })
}

async fn mine(context: &Context, blocks: u64, interval_s: Option<u64>) -> RpcResult<()> {
    if blocks > MAX_BLOCKS {
        return Err(invalid_params(format!("invalid argument 0: too many blocks (max {MAX_BLOCKS})")));
    }
    if interval_s.is_some_and(|interval_s| interval_s > MAX_TIME_S / MAX_BLOCKS) {
        return Err(invalid_params(format!("invalid argument 1: interval > {} seconds", MAX_TIME_S / MAX_BLOCKS)));
    }
    context.command(Command::Mine(blocks, interval_s)).await.map(drop)
}

async fn interval(context: &Context, interval: Duration) -> RpcResult<bool> {
    let sealing = if interval.is_zero() { Sealing::Manual } else { Sealing::Interval(interval) };
    context.dev()?.seal(sealing).await.map_err(internal)?;
    Ok(true)
}

/// Hardhat's rule: above the latest block's time.
fn set_next(context: &Context, seconds: u64) -> RpcResult<()> {
    let latest = context.head()?.header.timestamp;
    if seconds <= latest {
        return Err(server_error(format!(
            "Timestamp {seconds} is lower than or equal to previous block's timestamp {latest}"
        )));
    }
    context.dev()?.clock.lock().set_next(seconds);
    Ok(())
}

/// Seconds, of a time or a span of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seconds(u64);

impl FromJson for Seconds {
    fn from_json(value: &Value) -> Result<Self, String> {
        // Some clients send decimal digits.
        let digits = value.as_str().and_then(|text| text.parse().ok());
        let HexOrDecimal(seconds) = digits.map_or_else(|| HexOrDecimal::from_json(value), |n| Ok(HexOrDecimal(n)))?;
        if seconds > MAX_TIME_S {
            return Err(format!("time > {MAX_TIME_S} seconds"));
        }
        Ok(Self(seconds))
    }
}

/// Milliseconds between two blocks; of Hardhat's range the lower end.
struct Interval(u64);

impl FromJson for Interval {
    fn from_json(value: &Value) -> Result<Self, String> {
        let least = value.as_array().and_then(|range| range.first()).unwrap_or(value);
        let HexOrDecimal(ms) = HexOrDecimal::from_json(least)?;
        Ok(Self(ms))
    }
}

/// The parameter of `evm_mine`: a time in seconds, or ganache's and anvil's object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mine {
    timestamp: Option<u64>,
    blocks: u64,
}

impl Default for Mine {
    fn default() -> Self {
        Self { timestamp: None, blocks: 1 }
    }
}

impl FromJson for Mine {
    fn from_json(value: &Value) -> Result<Self, String> {
        let seconds = |Seconds(seconds)| seconds;
        let Value::Object(map) = value else {
            return Ok(Self { timestamp: Some(Seconds::from_json(value).map(seconds)?).filter(|s| *s > 0), blocks: 1 });
        };
        let blocks = field(map, "blocks")?.map_or(1, |HexOrDecimal(blocks)| blocks);
        Ok(Self { timestamp: field(map, "timestamp")?.map(seconds), blocks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_hexadecimal_or_decimal() {
        for value in [json!(60), json!("0x3c"), json!("60")] {
            assert_eq!(Seconds::from_json(&value), Ok(Seconds(60)), "{value}");
        }
        for value in [json!(-1), json!("soon"), json!(1.5), json!(u64::MAX), json!({})] {
            assert!(Seconds::from_json(&value).is_err(), "{value}");
        }
    }

    #[test]
    fn mining_takes_a_time_or_an_object() {
        assert_eq!(Mine::from_json(&json!(7)), Ok(Mine { timestamp: Some(7), blocks: 1 }));
        assert_eq!(Mine::from_json(&json!({"blocks": 3})), Ok(Mine { timestamp: None, blocks: 3 }));
        assert_eq!(Mine::from_json(&json!(0)), Ok(Mine::default()));
        assert!(Mine::from_json(&json!({"blocks": "three"})).is_err());
    }
}
