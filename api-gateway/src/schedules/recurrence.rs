//! When occurrences are due.

use serde::{Deserialize, Serialize};
use time::{Date, Duration, Month, OffsetDateTime};
use utoipa::ToSchema;

/// A unit of the calendar (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// 24 hours.
    Day,
    /// Seven days.
    Week,
    /// The same day of the month; its last day, where it has no such.
    Month,
}

crate::named::named!(Unit: Day = "day", Week = "week", Month = "month");

/// Again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recurrence {
    /// Of the calendar.
    pub unit: Unit,
    /// So many units from one to the next: 1 to 100.
    #[schema(minimum = 1, maximum = 100, example = 1)]
    pub every: u32,
}

impl Recurrence {
    /// When the occurrence with this number is due, the first of which, 0, is at `start_ms`. `None` beyond the calendar.
    pub fn due_ms(self, start_ms: i64, number: u64) -> Option<i64> {
        let units = i64::try_from(number).ok()?.checked_mul(i64::from(self.every))?;
        let start = OffsetDateTime::from_unix_timestamp_nanos(i128::from(start_ms).checked_mul(1_000_000)?).ok()?;
        let due = match self.unit {
            Unit::Day => start.checked_add(days(units)?)?,
            Unit::Week => start.checked_add(days(units.checked_mul(7)?)?)?,
            Unit::Month => start.replace_date(months_later(start.date(), units)?),
        };
        i64::try_from(due.unix_timestamp_nanos() / 1_000_000).ok()
    }
}

fn days(days: i64) -> Option<Duration> {
    days.checked_mul(86_400).map(Duration::seconds)
}

fn months_later(date: Date, months: i64) -> Option<Date> {
    let month = i64::from(date.year()).checked_mul(12)?.checked_add(i64::from(u8::from(date.month())) - 1)?;
    let month = month.checked_add(months)?;
    let year = i32::try_from(month.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(month.rem_euclid(12)).ok()? + 1).ok()?;
    Date::from_calendar_date(year, month, date.day().min(month.length(year))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::UnixMs;
    use proptest::prelude::*;

    fn due(start: &str, unit: Unit, every: u32, number: u64) -> String {
        let UnixMs(start_ms) = serde_json::from_value(start.into()).unwrap();
        UnixMs(Recurrence { unit, every }.due_ms(start_ms, number).unwrap()).to_rfc3339()
    }

    #[test]
    fn months_keep_the_day_and_end_with_the_month() {
        for (number, expected) in [
            (0, "2027-10-31T09:30:00Z"),
            (1, "2027-11-30T09:30:00Z"),
            (2, "2027-12-31T09:30:00Z"),
            (4, "2028-02-29T09:30:00Z"),
            (5, "2028-03-31T09:30:00Z"),
            (16, "2029-02-28T09:30:00Z"),
        ] {
            assert_eq!(due("2027-10-31T09:30:00Z", Unit::Month, 1, number), expected);
        }
        assert_eq!(due("2026-11-26T00:00:00Z", Unit::Month, 3, 2), "2027-05-26T00:00:00Z");
        assert_eq!(due("2026-11-26T12:00:00Z", Unit::Week, 2, 1), "2026-12-10T12:00:00Z");
        assert_eq!(due("2026-12-31T23:59:59Z", Unit::Day, 1, 1), "2027-01-01T23:59:59Z");
        let far = Recurrence { unit: Unit::Month, every: 100 };
        assert_eq!(far.due_ms(0, u64::MAX), None);
        assert_eq!(far.due_ms(0, 1_000_000), None);
    }

    proptest! {
        #[test]
        fn the_next_is_always_later(
            start_ms in 0..4_000_000_000_000_i64, number in 0..5_000_u64, every in 1..=100_u32, unit in 0..3_usize,
        ) {
            let recurrence = Recurrence { unit: [Unit::Day, Unit::Week, Unit::Month][unit], every };
            let one = recurrence.due_ms(start_ms, number);
            let next = recurrence.due_ms(start_ms, number + 1);
            prop_assert!(next.is_none() || one < next);
            prop_assert_eq!(recurrence.due_ms(start_ms, 0), Some(start_ms));
        }
    }
}
