//! Ethereum addresses as callers write them.

use crate::error::FieldError;
use alloy::primitives::Address;

/// An Ethereum address: `0x` and 40 hex digits; with capitals and small letters mixed it must match EIP-55.
/// The zero address is nobody and is refused.
///
/// # Errors
/// The broken rule, at `field`.
pub fn parse_address(field: &str, text: &str) -> Result<Address, FieldError> {
    let Some(digits) = text.strip_prefix("0x") else {
        return Err(FieldError::new(field, "format", "must be a user (usr_…), a wallet (wal_…) or an address (0x…)"));
    };
    let malformed = || FieldError::new(field, "format", "must be an address: 0x and 40 hex digits");
    if digits.len() != 40 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(malformed());
    }
    let has = |wanted: fn(&u8) -> bool| digits.as_bytes().iter().any(wanted);
    let address = if has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) {
        Address::parse_checksummed(text, None).map_err(|_| {
            FieldError::new(field, "checksum", "has a wrong EIP-55 checksum; a letter's case or a digit is mistyped")
        })?
    } else {
        text.to_ascii_lowercase().parse().map_err(|_| malformed())?
    };
    if address.is_zero() {
        return Err(FieldError::new(field, "range", "must not be the zero address"));
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_strictly() {
        let good = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        for text in [good, &good.to_lowercase(), &format!("0x{}", good[2..].to_uppercase())] {
            assert_eq!(parse_address("to", text).unwrap(), good.parse::<Address>().unwrap(), "{text}");
        }
        for (text, rule) in [
            ("0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "checksum"),
            ("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267", "checksum"),
            ("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb9226", "format"),
            ("0Xf39fd6e51aad88f6f4ce6ab8827279cffFb92266", "format"),
            ("0xzz9fd6e51aad88f6f4ce6ab8827279cffFb92266", "format"),
            ("0x0000000000000000000000000000000000000000", "range"),
            ("f39fd6e51aad88f6f4ce6ab8827279cffFb92266", "format"),
            ("usr_1", "format"),
            ("", "format"),
        ] {
            assert_eq!(parse_address("to", text).unwrap_err().rule, rule, "{text}");
        }
    }
}
