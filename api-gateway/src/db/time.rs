//! Times: unix milliseconds in the database, RFC 3339 in JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A day, in milliseconds.
pub const DAY_MS: i64 = 86_400_000;

/// The day of a moment, counted from 1970 (UTC).
pub fn day_of(ms: i64) -> i64 {
    ms.div_euclid(DAY_MS)
}

/// Now, in unix milliseconds.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A moment in unix milliseconds, written `2026-11-22T10:54:00.123Z` in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// RFC 3339 in UTC; a moment that no calendar has is written as the epoch.
    pub fn to_rfc3339(self) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|time| time.format(&Rfc3339).ok())
            .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
    }
}

impl Serialize for UnixMs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

impl<'de> Deserialize<'de> for UnixMs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let rule = || de::Error::custom("must be a moment as in RFC 3339, for instance 2026-11-22T10:54:00Z");
        let time = OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| rule())?;
        i64::try_from(time.unix_timestamp_nanos() / 1_000_000).map(Self).map_err(|_| rule())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_round_trip_through_json() {
        let time = UnixMs(1_795_344_840_123);
        let json = serde_json::to_string(&time).unwrap();
        assert_eq!(json, "\"2026-11-22T10:54:00.123Z\"");
        assert_eq!(serde_json::from_str::<UnixMs>(&json).unwrap(), time);
    }
}
