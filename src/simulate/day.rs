//! Daily and weekly pattern of demand: local hours, weekdays and billing days.
//!
//! All centers are in one time zone, UTC+8 without daylight saving time, so local time is plain
//! arithmetic. The curves are tables with linear interpolation. They need only additions and
//! multiplications, which give the same result on every machine.

use crate::domain::time::timestamp::{DAY, HOUR, Timestamp};

/// Offset of the centers' local time from UTC, in ms.
const UTC_OFFSET_MS: i64 = 8 * HOUR;
/// Demand at the start of each hour as a share of the busiest hour, linear in between.
pub(super) type HourlyCurve = [f64; 24];

/// Calls: peak before lunch, a lower peak in the afternoon, some in the evening, few at night.
pub(super) const CALL_CURVE: HourlyCurve = [
    0.12, 0.09, 0.08, 0.08, 0.08, 0.10, 0.18, 0.38, 0.74, 0.97, 1.00, 0.88, 0.68, 0.66, 0.80, 0.91,
    0.94, 0.86, 0.70, 0.66, 0.62, 0.48, 0.31, 0.17,
];
/// Agents: like the calls, but more after noon, when customers with unsolved problems call again.
pub(super) const AGENT_CURVE: HourlyCurve = [
    0.12, 0.09, 0.08, 0.08, 0.08, 0.10, 0.18, 0.38, 0.73, 0.96, 1.00, 0.91, 0.79, 0.76, 0.86, 0.94,
    0.96, 0.91, 0.79, 0.70, 0.62, 0.48, 0.31, 0.17,
];
/// Visitors of a service hall: none outside opening hours, most around noon.
pub(super) const VISIT_CURVE: HourlyCurve = [
    0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.20, 0.40, 0.70, 0.85, 0.95, 1.00, 0.92, 0.72, 0.70,
    0.66, 0.48, 0.30, 0.00, 0.00, 0.00, 0.00, 0.00,
];
/// Reported orders: most while people are at home and awake.
pub(super) const REPORT_CURVE: HourlyCurve = [
    0.08, 0.05, 0.03, 0.03, 0.03, 0.05, 0.15, 0.40, 0.80, 1.00, 0.98, 0.85, 0.70, 0.72, 0.85, 0.92,
    0.92, 0.88, 0.82, 0.85, 0.80, 0.60, 0.35, 0.18,
];

/// Returns the value of `curve` at `time`.
pub(super) fn curve_height(curve: &HourlyCurve, time: Timestamp) -> f64 {
    let clock = millis_since_midnight(time);
    let hour = (clock / HOUR) as usize % 24;
    let part = (clock % HOUR) as f64 / HOUR as f64;
    curve[hour] * (1.0 - part) + curve[(hour + 1) % 24] * part
}

/// Returns the ms since local midnight.
pub(super) fn millis_since_midnight(time: Timestamp) -> i64 {
    (time.0 + UTC_OFFSET_MS).rem_euclid(DAY)
}

/// Returns the next time, `time` included, with `time_of_day` ms since local midnight.
pub(super) fn next_time_of_day(time: Timestamp, time_of_day: i64) -> Timestamp {
    time.plus_millis((time_of_day - millis_since_midnight(time)).rem_euclid(DAY))
}

/// Returns the demand factor of the weekday. Monday adds the backlog of the weekend.
pub(super) fn weekday_factor(time: Timestamp) -> f64 {
    // 1970-01-01 was a Thursday; Monday is 0.
    const FACTORS: [f64; 7] = [1.06, 1.0, 1.0, 0.98, 1.0, 0.86, 0.80];
    FACTORS[((time.0 + UTC_OFFSET_MS).div_euclid(DAY) + 3).rem_euclid(7) as usize]
}

/// Returns true on the first five days of a month, just after billing.
pub(super) fn is_billing_day(time: Timestamp) -> bool {
    to_local_time(time).day() <= 5
}

/// Returns the local date and time.
pub(super) fn to_local_time(time: Timestamp) -> jiff::civil::DateTime {
    let time = jiff::Timestamp::from_millisecond(time.0).unwrap_or_default();
    jiff::tz::Offset::constant(8).to_datetime(time)
}

/// Returns `time` itself if it is between 8:00 and 21:00. Otherwise returns `later` ms after
/// the next 8:00.
pub(super) fn defer_to_morning(time: Timestamp, later: i64) -> Timestamp {
    let clock = millis_since_midnight(time);
    if (8 * HOUR..21 * HOUR).contains(&clock) {
        return time;
    }
    next_time_of_day(time, 8 * HOUR).plus_millis(later)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::timestamp::MINUTE;

    fn parse_time(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("the test time is valid")
    }

    #[test]
    fn local_clock_is_eight_hours_ahead_of_utc() {
        assert_eq!(millis_since_midnight(parse_time("2026-03-02T16:30:00Z")), 30 * MINUTE);
        assert_eq!(
            next_time_of_day(parse_time("2026-03-02T09:00:00+08:00"), 8 * HOUR),
            parse_time("2026-03-03T08:00:00+08:00")
        );
        assert_eq!(curve_height(&CALL_CURVE, parse_time("2026-03-02T10:00:00+08:00")), 1.0);
    }

    #[test]
    fn weekdays_and_billing_days_follow_local_date() {
        assert_eq!(weekday_factor(parse_time("2026-03-02T00:00:00+08:00")), 1.06, "a Monday");
        assert_eq!(weekday_factor(parse_time("2026-03-01T23:59:59+08:00")), 0.80, "a Sunday");
        assert!(is_billing_day(parse_time("2026-03-01T00:00:00+08:00")));
        assert!(!is_billing_day(parse_time("2026-02-28T23:59:00+08:00")));
    }

    #[test]
    fn night_times_are_deferred_to_morning() {
        assert_eq!(
            defer_to_morning(parse_time("2026-03-02T20:00:00+08:00"), HOUR),
            parse_time("2026-03-02T20:00:00+08:00")
        );
        assert_eq!(
            defer_to_morning(parse_time("2026-03-02T23:00:00+08:00"), HOUR),
            parse_time("2026-03-03T09:00:00+08:00")
        );
    }
}
