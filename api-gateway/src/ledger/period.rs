//! Times in which spending is limited.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A time that begins by the clock (UTC), weeks on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday.
    Week,
}

crate::named::named!(Period: Hour = "hour", Day = "day", Week = "week");

impl Period {
    /// Which one it is, counted from 1970.
    pub fn number(self, now_ms: i64) -> i64 {
        const HOUR_MS: i64 = 3_600_000;
        match self {
            Self::Hour => now_ms / HOUR_MS,
            Self::Day => now_ms / (24 * HOUR_MS),
            // 1970 began on a Thursday.
            Self::Week => (now_ms + 3 * 24 * HOUR_MS) / (7 * 24 * HOUR_MS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_by_the_clock() {
        // Monday, 2026-11-23 00:00 UTC.
        let monday = 1_795_392_000_000;
        for (period, length_h) in [(Period::Hour, 1), (Period::Day, 24), (Period::Week, 168)] {
            let number = period.number(monday);
            assert_eq!(period.number(monday - 1), number - 1, "{period:?}");
            assert_eq!(period.number(monday + length_h * 3_600_000 - 1), number, "{period:?}");
            assert_eq!(period.number(monday + length_h * 3_600_000), number + 1, "{period:?}");
            assert_eq!(Period::parse(period.as_str()).unwrap(), period);
        }
    }
}
