//! Amounts of a token in its smallest unit.

use crate::error::Error;
use alloy::primitives::U256;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::fmt;
use std::str::FromStr;

/// An amount in the token's smallest unit: 0 to 2^256 - 1. In JSON and in the database a decimal string, because
/// neither JSON numbers nor SQL integers hold it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(pub U256);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(U256::ZERO);

    /// Out of a column.
    ///
    /// # Errors
    /// When there is no such column, or no amount in it.
    pub fn read(row: &AnyRow, column: impl sqlx::ColumnIndex<AnyRow>) -> Result<Self, Error> {
        row.try_get::<String, _>(column)?.parse().map_err(Error::internal)
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a decimal string of the token's smallest unit from 0 to 2^256 - 1, without sign, fraction or leading zero"
)]
pub struct NotAnAmount;

impl FromStr for Amount {
    type Err = NotAnAmount;

    /// Strict: digits only. `U256`'s own parser takes `0x`, `0b` and underscores, which would let two spellings of
    /// one request differ.
    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        let digits = !text.is_empty() && text.len() <= 78 && text.bytes().all(|b| b.is_ascii_digit());
        if !digits || (text.len() > 1 && text.starts_with('0')) {
            return Err(NotAnAmount);
        }
        U256::from_str_radix(text, 10).map(Self).map_err(|_| NotAnAmount)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for Amount {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^(0|[1-9][0-9]{0,77})$"))
            .description(Some("Amount in the token's smallest unit, a decimal string."))
            .examples(["1500"])
            .into()
    }
}

impl utoipa::ToSchema for Amount {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_strict() {
        assert_eq!("0".parse::<Amount>().unwrap(), Amount::ZERO);
        assert_eq!(U256::MAX.to_string().parse::<Amount>().unwrap().0, U256::MAX);
        let too_big = format!("{}0", U256::MAX);
        let just_too_big = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
        for bad in ["", "-1", "+1", "1.5", "1e3", "0x10", "0b1", "1_000", " 1", "01", "٣", &too_big, just_too_big] {
            assert!(bad.parse::<Amount>().is_err(), "{bad}");
        }
    }
}
