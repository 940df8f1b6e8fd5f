//! Which interfaces are taken. They come from strangers and are worked with for ever: what would take much memory or a deep
//! stack to read is refused when it is named.

use crate::error::FieldError;
use alloy::dyn_abi::{DynSolType, Specifier as _};
use alloy::json_abi::{JsonAbi, Param};
use serde_json::Value;

/// Functions, events and errors of one interface at most.
const ENTRIES_MAX: usize = 1_000;
/// Longest name of a type, in bytes: each `[]` in it is a level.
const TYPE_MAX_BYTES: usize = 64;
/// Structs in structs.
const DEPTH_MAX: usize = 8;
/// Words that the parameters of one function take at least: fixed arrays have theirs before anything is read.
const WORDS_MAX: usize = 4_096;

/// An interface as compilers write it.
///
/// # Errors
/// The broken rule.
pub(crate) fn read(abi: &Value) -> Result<JsonAbi, FieldError> {
    let wrong = |rule: &str| FieldError::new("abi", "format", rule.to_owned());
    let entries = abi.as_array().ok_or_else(|| wrong("must be a list, as compilers write it"))?;
    if entries.len() > ENTRIES_MAX {
        return Err(FieldError::new("abi", "length", format!("must have at most {ENTRIES_MAX} entries")));
    }
    // PostgreSQL's TEXT takes no NUL.
    if abi.to_string().contains("\\u0000") {
        return Err(wrong("must not contain NUL"));
    }
    let read: JsonAbi = serde_json::from_value(abi.clone())
        .map_err(|_| wrong("must be functions, events, errors and a constructor with their types"))?;
    let functions = read.functions().flat_map(|one| [one.inputs.as_slice(), one.outputs.as_slice()]);
    let errors = read.errors().map(|one| one.inputs.as_slice());
    let constructor = read.constructor.iter().map(|one| one.inputs.as_slice());
    for parameters in functions.chain(errors).chain(constructor) {
        check(parameters)?;
    }
    for event in read.events() {
        let parameters: Vec<Param> = event
            .inputs
            .iter()
            .map(|input| Param { ty: input.ty.clone(), components: input.components.clone(), ..Default::default() })
            .collect();
        check(&parameters)?;
    }
    Ok(read)
}

fn check(parameters: &[Param]) -> Result<(), FieldError> {
    let refused = |parameter: &Param, rule: &str| {
        FieldError::new("abi", "type", format!("{} {}: {rule}", clip(&parameter.ty), clip(&parameter.name)))
    };
    let mut words = 0_usize;
    for parameter in parameters {
        if !is_shallow(parameter, DEPTH_MAX) {
            return Err(refused(parameter, "is nested too deeply"));
        }
        let kind = parameter.resolve().map_err(|_| refused(parameter, "is no type of Solidity"))?;
        words = words.saturating_add(words_of(&kind).ok_or_else(|| refused(parameter, "has parts of no size"))?);
        if words > WORDS_MAX {
            return Err(refused(parameter, "is too large"));
        }
    }
    Ok(())
}

fn is_shallow(parameter: &Param, depth: usize) -> bool {
    parameter.ty.len() <= TYPE_MAX_BYTES
        && depth > 0
        && parameter.components.iter().all(|component| is_shallow(component, depth - 1))
}

/// Words that a value takes at least; `None` where a part takes none, of which any number could be claimed.
fn words_of(kind: &DynSolType) -> Option<usize> {
    match kind {
        DynSolType::Array(of) => words_of(of),
        DynSolType::FixedArray(of, size) => words_of(of).map(|words| words.saturating_mul(*size)),
        DynSolType::Tuple(kinds) => {
            kinds.iter().try_fold(0_usize, |sum, kind| words_of(kind).map(|words| sum.saturating_add(words)))
        }
        _ => Some(1),
    }
    .filter(|words| *words > 0)
}

fn clip(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TYPE_MAX_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn function(kind: &str) -> Value {
        json!([{ "type": "function", "name": "f", "stateMutability": "view", "inputs": [],
                 "outputs": [{ "name": "x", "type": kind }] }])
    }

    #[test]
    fn what_would_take_much_to_read_is_refused() {
        let nested = (0..20).fold(
            json!({ "name": "x", "type": "uint8" }),
            |inner, _| json!({ "name": "x", "type": "tuple", "components": [inner] }),
        );
        let deep =
            json!([{ "type": "function", "name": "f", "stateMutability": "view", "inputs": [nested], "outputs": [] }]);
        for (abi, rule) in [
            (json!({}), "format"),
            (json!([{ "type": "nothing" }]), "format"),
            (json!(vec![json!({ "type": "receive", "stateMutability": "payable" }); 1_001]), "length"),
            (function("uint7"), "type"),
            (function("uint8[99999999999]"), "type"),
            (function("uint8[64][65]"), "type"),
            (function("uint8[0]"), "format"),
            (function("uint8[0][]"), "format"),
            (function(&format!("uint8{}", "[]".repeat(40))), "type"),
            (deep, "type"),
        ] {
            assert_eq!(read(&abi).map(|_| ()).unwrap_err().rule, rule, "{abi}");
        }
        for good in ["uint8", "uint8[64][64]", "bytes32[][4]", "string"] {
            assert!(read(&function(good)).is_ok(), "{good}");
        }
    }
}
