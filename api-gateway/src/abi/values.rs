//! Arguments as JSON gives them, as the ABI wants them. Strict: what has no clear meaning is refused, with its place.

use crate::error::FieldError;
use crate::services::address::parse_address;
use alloy::dyn_abi::{DynSolType, DynSolValue, Specifier as _};
use alloy::json_abi::Param;
use alloy::primitives::{Address, B256, Function, I256, U256, hex};
use serde_json::Value;

/// The values for parameters. Numbers are decimal strings or JSON integers, bytes and addresses `0x…`, arrays and structs
/// lists.
///
/// # Errors
/// The first broken rule, at `arguments[1]` or `arguments[1][0]`.
pub(crate) fn read(parameters: &[Param], arguments: &[Value]) -> Result<Vec<DynSolValue>, FieldError> {
    if parameters.len() != arguments.len() {
        let wanted: Vec<_> = parameters.iter().map(|one| format!("{} {}", one.ty, one.name)).collect();
        let rule = format!("must have {}: {}", parameters.len(), wanted.join(", "));
        return Err(FieldError::new("arguments", "length", rule));
    }
    parameters
        .iter()
        .zip(arguments)
        .enumerate()
        .map(|(index, (parameter, argument))| {
            let path = format!("arguments[{index}]");
            let kind = parameter
                .resolve()
                .map_err(|_| FieldError::new(path.clone(), "type", format!("has an unknown type: {}", parameter.ty)))?;
            value(&kind, argument, &path)
        })
        .collect()
}

fn value(kind: &DynSolType, given: &Value, path: &str) -> Result<DynSolValue, FieldError> {
    let wrong = |rule: &str| FieldError::new(path, "type", rule.to_owned());
    let text = || given.as_str().ok_or_else(|| wrong("must be a string"));
    let bytes = || {
        let digits = text()?.strip_prefix("0x").ok_or_else(|| wrong("must begin with 0x"))?;
        hex::decode(digits).map_err(|_| wrong("must be an even number of hexadecimal digits"))
    };
    let list = |of: &DynSolType| -> Result<Vec<DynSolValue>, FieldError> {
        let items = given.as_array().ok_or_else(|| wrong("must be a list"))?;
        items.iter().enumerate().map(|(index, item)| value(of, item, &format!("{path}[{index}]"))).collect()
    };
    Ok(match kind {
        DynSolType::Bool => DynSolValue::Bool(given.as_bool().ok_or_else(|| wrong("must be true or false"))?),
        DynSolType::Uint(bits) => {
            let number = decimal(given).and_then(|text| U256::from_str_radix(&text, 10).ok());
            let number = number.filter(|number| number.bit_len() <= *bits);
            let rule = format!("must be a whole number from 0 to 2^{bits} - 1, as a decimal string");
            DynSolValue::Uint(number.ok_or_else(|| wrong(&rule))?, *bits)
        }
        DynSolType::Int(bits) => {
            let number = decimal(given).and_then(|text| I256::from_dec_str(&text).ok());
            // One bit of them is the sign.
            let number = number.filter(|number| number.bits() as usize <= *bits);
            let rule = format!("must be a whole number from -2^{0} to 2^{0} - 1, as a decimal string", bits - 1);
            DynSolValue::Int(number.ok_or_else(|| wrong(&rule))?, *bits)
        }
        DynSolType::Address => {
            let address = text()?;
            // Nobody's address is a good argument, as nobody is no good receiver.
            let nobody = address.len() == 42 && address.trim_start_matches("0x").bytes().all(|digit| digit == b'0');
            let parsed = if nobody { Ok(Address::ZERO) } else { parse_address(path, address) };
            DynSolValue::Address(parsed?)
        }
        DynSolType::Bytes => DynSolValue::Bytes(bytes()?),
        DynSolType::FixedBytes(size) => {
            let bytes = bytes()?;
            if bytes.len() != *size {
                return Err(FieldError::new(path, "length", format!("must have {size} bytes")));
            }
            let mut word = B256::ZERO;
            word[..*size].copy_from_slice(&bytes);
            DynSolValue::FixedBytes(word, *size)
        }
        DynSolType::Function => {
            let bytes: [u8; 24] =
                bytes()?.try_into().map_err(|_| FieldError::new(path, "length", "must have 24 bytes".to_owned()))?;
            DynSolValue::Function(Function::from(bytes))
        }
        DynSolType::String => DynSolValue::String(text()?.to_owned()),
        DynSolType::Array(of) => DynSolValue::Array(list(of)?),
        DynSolType::FixedArray(of, size) => {
            let items = list(of)?;
            if items.len() != *size {
                return Err(FieldError::new(path, "length", format!("must have {size} entries")));
            }
            DynSolValue::FixedArray(items)
        }
        DynSolType::Tuple(kinds) | DynSolType::CustomStruct { tuple: kinds, .. } => {
            let items = given.as_array().filter(|items| items.len() == kinds.len());
            let items = items.ok_or_else(|| wrong(&format!("must be a list of {} fields", kinds.len())))?;
            let fields = kinds.iter().zip(items).enumerate();
            DynSolValue::Tuple(
                fields
                    .map(|(index, (kind, item))| value(kind, item, &format!("{path}[{index}]")))
                    .collect::<Result<_, _>>()?,
            )
        }
    })
}

/// The digits of a whole number: of a string, or of a JSON integer.
fn decimal(given: &Value) -> Option<String> {
    let text = match given {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        _ => return None,
    };
    let digits = text.strip_prefix('-').unwrap_or(&text);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_one(kind: &str, given: Value) -> Result<DynSolValue, FieldError> {
        let parameter = Param { ty: kind.to_owned(), ..Default::default() };
        Ok(read(&[parameter], &[given])?.remove(0))
    }

    #[test]
    fn json_becomes_solidity() {
        let address = Address::repeat_byte(0xab);
        for (kind, given, expected) in [
            ("bool", json!(true), DynSolValue::Bool(true)),
            ("uint256", json!(U256::MAX.to_string()), DynSolValue::Uint(U256::MAX, 256)),
            ("uint8", json!(255), DynSolValue::Uint(U256::from(255), 8)),
            ("int8", json!("-128"), DynSolValue::Int(I256::try_from(-128).unwrap(), 8)),
            ("int256", json!(I256::MIN.to_string()), DynSolValue::Int(I256::MIN, 256)),
            ("address", json!(hex::encode_prefixed(address)), DynSolValue::Address(address)),
            ("address", json!(format!("0x{}", "0".repeat(40))), DynSolValue::Address(Address::ZERO)),
            ("bytes", json!("0x"), DynSolValue::Bytes(vec![])),
            ("bytes2", json!("0x0102"), DynSolValue::FixedBytes(B256::right_padding_from(&[1, 2]), 2)),
            ("string", json!("ahoy"), DynSolValue::String("ahoy".into())),
            ("bool[]", json!([]), DynSolValue::Array(vec![])),
            ("bool[1]", json!([false]), DynSolValue::FixedArray(vec![DynSolValue::Bool(false)])),
        ] {
            assert_eq!(read_one(kind, given.clone()), Ok(expected), "{kind} {given}");
        }
    }

    #[test]
    fn what_has_no_clear_meaning_is_refused_with_its_place() {
        for (kind, given, field) in [
            ("bool", json!("true"), "arguments[0]"),
            ("uint8", json!(256), "arguments[0]"),
            ("uint8", json!(-1), "arguments[0]"),
            ("uint256", json!(1.5), "arguments[0]"),
            ("uint256", json!("1 ether"), "arguments[0]"),
            ("uint256", json!("0x10"), "arguments[0]"),
            ("uint256", json!(""), "arguments[0]"),
            ("int8", json!("128"), "arguments[0]"),
            ("int8", json!("-129"), "arguments[0]"),
            ("address", json!("0x12"), "arguments[0]"),
            ("bytes", json!("12"), "arguments[0]"),
            ("bytes", json!("0x1"), "arguments[0]"),
            ("bytes2", json!("0x01"), "arguments[0]"),
            ("uint8[]", json!([1, 2, "x"]), "arguments[0][2]"),
            ("uint8[2][]", json!([[1, 2], [1]]), "arguments[0][1]"),
        ] {
            assert_eq!(read_one(kind, given.clone()).unwrap_err().field, field, "{kind} {given}");
        }
        assert_eq!(read(&[], &[json!(1)]).unwrap_err().field, "arguments");
    }
}
