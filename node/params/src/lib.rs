//! Reading the parameters of Ethereum's JSON-RPC, strictly and with geth's error texts.
//!
//! - here: positional parameters, and what is a single value;
//! - [`input`]: blocks, calls, log filters;
//! - [`overrides`]: the state and the block as a simulation shall find them.
//!
//! Invariants: whatever a client sends is read or refused, never a panic; what is read is no larger than what was sent.

pub mod input;
pub mod overrides;

use alloy_primitives::{Address, B256, Bytes, U256};
use jsonrpsee_types::{ErrorCode, ErrorObject, ErrorObjectOwned, Params};
use serde_json::Value;

/// What was read, or the error for the client.
pub type RpcResult<T> = Result<T, ErrorObjectOwned>;

/// Parameters that make no sense.
pub fn invalid_params(text: impl Into<String>) -> ErrorObjectOwned {
    ErrorObject::owned(ErrorCode::InvalidParams.code(), text, None::<()>)
}

/// Something that a parameter, or a part of one, can be. The error is a text for the client.
pub trait FromJson: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with the value.
    fn from_json(value: &Value) -> Result<Self, String>;
}

/// The parameters of one request.
pub struct Args {
    values: std::vec::IntoIter<Value>,
    position: usize,
}

impl Args {
    /// Takes at most `most` parameters.
    ///
    /// # Errors
    /// When they are no array or more.
    pub fn new(params: &Params<'_>, most: usize) -> RpcResult<Self> {
        let values = match params.as_str() {
            None => Vec::new(),
            Some(text) => match serde_json::from_str(text) {
                Ok(Value::Array(values)) => values,
                Ok(Value::Null) => Vec::new(),
                _ => return Err(invalid_params("non-array args")),
            },
        };
        if values.len() > most {
            return Err(invalid_params(format!("too many arguments, want at most {most}")));
        }
        Ok(Self { values: values.into_iter(), position: 0 })
    }

    /// The next parameter.
    ///
    /// # Errors
    /// When it is missing or wrong.
    pub fn required<T: FromJson>(&mut self) -> RpcResult<T> {
        let position = self.position;
        self.optional()?.ok_or_else(|| invalid_params(format!("missing value for required argument {position}")))
    }

    /// The next parameter; `None` when it is missing or null.
    ///
    /// # Errors
    /// When it is wrong.
    pub fn optional<T: FromJson>(&mut self) -> RpcResult<Option<T>> {
        let position = self.position;
        self.position += 1;
        match self.values.next() {
            None | Some(Value::Null) => Ok(None),
            Some(value) => T::from_json(&value)
                .map(Some)
                .map_err(|text| invalid_params(format!("invalid argument {position}: {text}"))),
        }
    }
}

/// The digits after `0x`.
pub fn hex_digits(value: &Value) -> Result<&str, String> {
    let text = value.as_str().ok_or("cannot unmarshal non-string into a hex value")?;
    if text.is_empty() {
        return Err("empty hex string".into());
    }
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).ok_or_else(|| "hex string without 0x prefix".into())
}

fn quantity_digits(value: &Value, bits: usize) -> Result<&str, String> {
    let digits = hex_digits(value)?;
    if digits.is_empty() {
        return Err("hex string \"0x\"".into());
    }
    if digits.len() > 1 && digits.starts_with('0') {
        return Err("hex number with leading zero digits".into());
    }
    if digits.len() > bits / 4 {
        return Err(format!("hex number > {bits} bits"));
    }
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err("invalid hex string".into());
    }
    Ok(digits)
}

fn fixed<const N: usize>(value: &Value) -> Result<[u8; N], String> {
    let digits = hex_digits(value)?;
    if digits.len() != 2 * N {
        return Err(format!("hex string has length {}, want {}", digits.len(), 2 * N));
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| "invalid hex string")?;
    Ok(bytes)
}

impl FromJson for Address {
    fn from_json(value: &Value) -> Result<Self, String> {
        fixed(value).map(Address::new)
    }
}

impl FromJson for B256 {
    fn from_json(value: &Value) -> Result<Self, String> {
        fixed(value).map(B256::new)
    }
}

impl FromJson for Bytes {
    fn from_json(value: &Value) -> Result<Self, String> {
        let digits = hex_digits(value)?;
        if digits.len() % 2 == 1 {
            return Err("hex string of odd length".into());
        }
        hex::decode(digits).map(Into::into).map_err(|_| "invalid hex string".into())
    }
}

impl FromJson for u64 {
    fn from_json(value: &Value) -> Result<Self, String> {
        u64::from_str_radix(quantity_digits(value, 64)?, 16).map_err(|_| "invalid hex string".into())
    }
}

impl FromJson for u128 {
    fn from_json(value: &Value) -> Result<Self, String> {
        // A price of more than 128 bits can't be paid by anybody.
        u128::from_str_radix(quantity_digits(value, 128)?, 16).map_err(|_| "invalid hex string".into())
    }
}

impl FromJson for U256 {
    fn from_json(value: &Value) -> Result<Self, String> {
        U256::from_str_radix(quantity_digits(value, 256)?, 16).map_err(|_| "invalid hex string".into())
    }
}

impl FromJson for bool {
    fn from_json(value: &Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| "expected a boolean".into())
    }
}

impl FromJson for String {
    fn from_json(value: &Value) -> Result<Self, String> {
        value.as_str().map(str::to_owned).ok_or_else(|| "expected a string".into())
    }
}

impl FromJson for Value {
    fn from_json(value: &Value) -> Result<Self, String> {
        Ok(value.clone())
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: &Value) -> Result<Self, String> {
        value.as_array().ok_or("expected an array")?.iter().map(T::from_json).collect()
    }
}

/// A number in hexadecimal or, as some clients send it, as JSON number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HexOrDecimal(pub u64);

impl FromJson for HexOrDecimal {
    fn from_json(value: &Value) -> Result<Self, String> {
        value.as_u64().map_or_else(|| u64::from_json(value), Ok).map(Self)
    }
}

/// A storage slot: hexadecimal of up to 32 bytes, with or without leading zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(pub B256);

impl FromJson for Slot {
    fn from_json(value: &Value) -> Result<Self, String> {
        let digits = hex_digits(value)?;
        if digits.len() > 64 {
            return Err("storage key too long (want at most 32 bytes)".into());
        }
        let mut slot = [0; 32];
        hex::decode_to_slice(format!("{digits:0>64}"), &mut slot).map_err(|_| "invalid hex in storage key")?;
        Ok(Self(slot.into()))
    }
}

/// A number in a percentile list.
impl FromJson for f64 {
    fn from_json(value: &Value) -> Result<Self, String> {
        value.as_f64().ok_or_else(|| "expected a number".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quantities_are_strict() {
        assert_eq!(u64::from_json(&json!("0x0")), Ok(0));
        assert_eq!(u64::from_json(&json!("0xffffffffffffffff")), Ok(u64::MAX));
        for (value, text) in [
            (json!("0x"), "hex string \"0x\""),
            (json!("0x00"), "hex number with leading zero digits"),
            (json!("12"), "hex string without 0x prefix"),
            (json!(""), "empty hex string"),
            (json!("0x10000000000000000"), "hex number > 64 bits"),
            (json!("0xzz"), "invalid hex string"),
            (json!("0x+1"), "invalid hex string"),
            (json!(12), "cannot unmarshal non-string into a hex value"),
        ] {
            assert_eq!(u64::from_json(&value), Err(text.into()), "{value}");
        }
        assert_eq!(HexOrDecimal::from_json(&json!(4)), Ok(HexOrDecimal(4)));
        assert_eq!(U256::from_json(&json!(format!("0x{}", "f".repeat(64)))), Ok(U256::MAX));
        assert!(U256::from_json(&json!(format!("0x{}", "f".repeat(65)))).is_err());
    }

    #[test]
    fn bytes_have_their_length() {
        assert!(Address::from_json(&json!("0x00000000000000000000000000000000000000")).is_err());
        assert!(Address::from_json(&json!("f39Fd6e51aad88F6F4ce6aB8827279cfffFb92266")).is_err());
        assert_eq!(Address::from_json(&json!(format!("0x{}", "00".repeat(20)))), Ok(Address::ZERO));
        assert_eq!(Bytes::from_json(&json!("0x")), Ok(Bytes::new()));
        assert_eq!(Bytes::from_json(&json!("0x1")), Err("hex string of odd length".into()));
        assert_eq!(Slot::from_json(&json!("0x1")), Ok(Slot(B256::with_last_byte(1))));
    }

    #[test]
    fn arguments_are_counted() {
        let text = |result: RpcResult<u64>| result.map_err(|error| error.message().to_owned());
        let mut args = Args::new(&Params::new(Some("[]")), 1).expect("parses");
        assert_eq!(text(args.required()), Err("missing value for required argument 0".into()));
        let mut args = Args::new(&Params::new(Some(r#"["0x1", "x"]"#)), 2).expect("parses");
        assert_eq!(text(args.required()), Ok(1));
        assert_eq!(text(args.required()), Err("invalid argument 1: hex string without 0x prefix".into()));
        assert!(Args::new(&Params::new(Some("[1,2]")), 1).is_err());
        assert!(Args::new(&Params::new(Some("{}")), 1).is_err());
    }
}
