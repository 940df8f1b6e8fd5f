//! The 20-byte account id.

use alloc::string::{String, ToString};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::{fmt, str::FromStr};
use scale_info::TypeInfo;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sp_core::{H160, H256};

/// An Ethereum address as FRAME's account id: the last 20 bytes of keccak-256 of the uncompressed public key.
///
/// Shown and parsed as hexadecimal with the checksum of EIP-55; parsing takes any case.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct AccountId20(pub [u8; 20]);

impl AccountId20 {
    /// The address that an uncompressed secp256k1 public key (64 bytes, without the 0x04 prefix) owns.
    pub fn from_public_key(uncompressed: &[u8; 64]) -> Self {
        let hash = sp_io::hashing::keccak_256(uncompressed);
        let mut address = [0u8; 20];
        address.copy_from_slice(&hash[12..]);
        Self(address)
    }
}

impl From<H160> for AccountId20 {
    fn from(address: H160) -> Self {
        Self(address.0)
    }
}

impl From<AccountId20> for H160 {
    fn from(account: AccountId20) -> Self {
        H160(account.0)
    }
}

impl From<[u8; 20]> for AccountId20 {
    fn from(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }
}

/// For code that wants 32 bytes: the address in the last 20, as in an EVM word.
impl From<AccountId20> for H256 {
    fn from(account: AccountId20) -> Self {
        H256::from(H160(account.0))
    }
}

impl AsRef<[u8]> for AccountId20 {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for AccountId20 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lower = hex::encode(self.0);
        let hash = sp_io::hashing::keccak_256(lower.as_bytes());
        f.write_str("0x")?;
        for (i, c) in lower.chars().enumerate() {
            let nibble = (hash[i / 2] >> (4 * (1 - i % 2))) & 0x0f;
            let c = if nibble >= 8 { c.to_ascii_uppercase() } else { c };
            fmt::Write::write_char(f, c)?;
        }
        Ok(())
    }
}

impl fmt::Debug for AccountId20 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no account id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseAccountError;

impl fmt::Display for ParseAccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an account is 20 bytes in hexadecimal")
    }
}

impl core::error::Error for ParseAccountError {}

impl FromStr for AccountId20 {
    type Err = ParseAccountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let mut bytes = [0u8; 20];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| ParseAccountError)?;
        Ok(Self(bytes))
    }
}

impl Serialize for AccountId20 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for AccountId20 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_checksum_of_eip_55() {
        // The examples of EIP-55.
        for text in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            let account: AccountId20 = text.to_lowercase().parse().expect("is an address");
            assert_eq!(account.to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in ["", "0x", "0x12", "zz", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed00"] {
            assert_eq!(text.parse::<AccountId20>(), Err(ParseAccountError));
        }
    }

    #[test]
    fn json_is_the_text() {
        let account = AccountId20([0x11; 20]);
        let json = serde_json::to_string(&account).expect("serializes");
        assert_eq!(json, format!("\"{account}\""));
        assert_eq!(serde_json::from_str::<AccountId20>(&json).expect("parses"), account);
    }
}
