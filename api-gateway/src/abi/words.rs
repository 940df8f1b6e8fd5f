//! What is encoded, in words.

use super::AbiValue;
use alloy::dyn_abi::{DynSolValue, ErrorExt as _, EventExt as _, JsonAbiExt as _};
use alloy::json_abi::{Event, Function, JsonAbi, Param};
use alloy::primitives::{B256, hex};
use alloy::sol_types::{Panic, Revert, SolError as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A call or an event in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decoded {
    /// Name of the function or event.
    pub name: String,
    /// It with the types of its parameters, as it is hashed.
    #[schema(example = "transfer(address,uint256)")]
    pub signature: String,
    /// Its arguments, in order.
    pub arguments: Vec<Argument>,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Argument {
    /// Name of the parameter; empty when it has none.
    pub name: String,
    /// Its Solidity type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Numbers as decimal strings, bytes and addresses as `0x…`, arrays and structs as lists.
    #[schema(value_type = AbiValue)]
    pub value: Value,
}

/// What an input asks of a function, its selector left out; `None` when it does not fit.
pub(crate) fn call(function: &Function, arguments_of: &[u8]) -> Option<Decoded> {
    let values = function.abi_decode_input(arguments_of).ok()?;
    let (name, signature) = (function.name.clone(), function.signature());
    Some(Decoded { name, signature, arguments: arguments(&function.inputs, values.iter()) })
}

/// What a function returned; `None` when it does not fit.
pub(crate) fn output(function: &Function, output: &[u8]) -> Option<Vec<Argument>> {
    use alloy::dyn_abi::FunctionExt as _;
    let values = function.abi_decode_output(output).ok()?;
    Some(arguments(&function.outputs, values.iter()))
}

/// What an event says; `None` when it does not fit.
pub(crate) fn event(event: &Event, topics: &[B256], data: &[u8]) -> Option<Decoded> {
    let decoded = event.decode_log_parts(topics.iter().copied(), data).ok()?;
    let (mut indexed, mut body) = (decoded.indexed.iter(), decoded.body.iter());
    let values = event.inputs.iter().map_while(|input| if input.indexed { indexed.next() } else { body.next() });
    let parameters = event.inputs.iter().map(|input| (&input.name, &input.ty));
    let arguments = parameters.zip(values).map(|((name, kind), value)| argument(name, kind, value)).collect();
    Some(Decoded { name: event.name.clone(), signature: event.signature(), arguments })
}

/// Why a contract reverts: `Error(string)`, `Panic(uint256)`, or an error of its interface.
pub(crate) fn revert(abi: &JsonAbi, data: &[u8]) -> Option<String> {
    if let Ok(revert) = Revert::abi_decode(data) {
        return Some(revert.reason);
    }
    if let Ok(panic) = Panic::abi_decode(data) {
        return Some(format!("Panic({})", panic.code));
    }
    abi.errors().find_map(|error| {
        let decoded = error.decode_error(data).ok()?;
        let values: Vec<_> = decoded.body.iter().map(|value| json(value).to_string()).collect();
        Some(format!("{}({})", error.name, values.join(", ")))
    })
}

fn arguments<'a>(parameters: &[Param], values: impl Iterator<Item = &'a DynSolValue>) -> Vec<Argument> {
    parameters.iter().zip(values).map(|(parameter, value)| argument(&parameter.name, &parameter.ty, value)).collect()
}

fn argument(name: &str, kind: &str, value: &DynSolValue) -> Argument {
    Argument { name: name.to_owned(), kind: kind.to_owned(), value: json(value) }
}

fn json(value: &DynSolValue) -> Value {
    match value {
        DynSolValue::Bool(value) => Value::Bool(*value),
        DynSolValue::Int(value, _) => Value::String(value.to_string()),
        DynSolValue::Uint(value, _) => Value::String(value.to_string()),
        DynSolValue::FixedBytes(word, size) => Value::String(hex::encode_prefixed(&word[..*size])),
        DynSolValue::Address(address) => Value::String(hex::encode_prefixed(address)),
        DynSolValue::Function(function) => Value::String(hex::encode_prefixed(function)),
        DynSolValue::Bytes(bytes) => Value::String(hex::encode_prefixed(bytes)),
        DynSolValue::String(text) => Value::String(text.clone()),
        DynSolValue::Array(values)
        | DynSolValue::FixedArray(values)
        | DynSolValue::Tuple(values)
        | DynSolValue::CustomStruct { tuple: values, .. } => Value::Array(values.iter().map(json).collect()),
    }
}
