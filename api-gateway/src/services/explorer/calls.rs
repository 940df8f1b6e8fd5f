//! The calls inside a transaction.

use super::parse_hash;
use crate::abi::{Decoded, known as abi};
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::contracts::address_text;
use crate::ledger::inspect::Trace;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A call inside a transaction. The first one is the transaction itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InternalCall {
    /// How deep it is: 0 for the transaction itself.
    pub depth: u64,
    /// `call`, `staticcall`, `delegatecall`, `callcode`, `create`, `create2` or `selfdestruct`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who calls.
    pub from: String,
    /// Who is called, or what is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Coins of the chain that move with it, in wei.
    pub value: String,
    /// Gas that it used, with the calls inside it.
    pub gas_used: u64,
    /// Its input.
    pub input: String,
    /// What the input means, where the interface is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Decoded>,
    /// What it returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The calls inside a transaction in the order in which they began; each is followed by those that it made.
///
/// # Errors
/// 404; `unavailable` or `node_refused` when the node can't run it again.
pub async fn list(ledger: &Ledger, hash: &str) -> Result<Vec<InternalCall>> {
    let hash = parse_hash(hash).ok_or_else(|| Error::field("path.hash", "format", "must be 0x and 64 hex digits"))?;
    let signed = ledger.signed(hash).await?;
    if signed.and_then(|signed| signed.block_hash).is_none() {
        return Err(Error::not_found("transaction in a block"));
    }
    Ok(ledger.trace(hash).await?.into_iter().map(told).collect())
}

fn told(trace: Trace) -> InternalCall {
    let Trace { kind, action, result, error, trace_address } = trace;
    let result = result.unwrap_or_default();
    let depth = u64::try_from(trace_address.len()).unwrap_or(u64::MAX);
    let destroys = kind == "suicide";
    let creates = kind == "create";
    let from = if destroys { action.address } else { action.from };
    let to = if destroys { action.refund_address } else { action.to.or(result.address) };
    let value = if destroys { action.balance } else { action.value };
    InternalCall {
        depth,
        call: if creates { None } else { abi::call(&action.input) },
        kind: if destroys {
            "selfdestruct".to_owned()
        } else {
            action.call_type.or(action.creation_method).unwrap_or(kind)
        },
        from: from.map(address_text).unwrap_or_default(),
        to: to.map(address_text),
        value: value.unwrap_or_default().to_string(),
        gas_used: result.gas_used.to(),
        input: if creates { action.init } else { action.input }.to_string(),
        output: result.output.map(|output| output.to_string()),
        error,
    }
}
