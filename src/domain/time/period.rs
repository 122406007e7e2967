//! Calendar periods in a time zone: quarter hours, half hours, days, weeks and months.
//!
//! Periods of one kind have no gaps and no overlaps, so every moment lies in exactly one. If
//! midnight is skipped, the day begins at the first moment that exists. If the clocks go back over
//! midnight, the day that had begun continues. So a day has 23 or 25 hours when the clocks change.
//! A quarter hour that the clocks repeat counts as two.

use super::timestamp::{HOUR, MINUTE, Timestamp};
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, ToSpan};

/// Kind of calendar period, ordered by length.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Period {
    /// From :00, :15, :30 or :45 of the hour.
    QuarterHour,
    /// From :00 or :30 of the hour.
    HalfHour,
    /// From midnight.
    Day,
    /// From midnight on Monday.
    Week,
    /// From midnight on the first of the month.
    Month,
}

impl Period {
    /// Public names of the calendar windows, each with its period.
    pub const WINDOW_NAMES: [(&'static str, Period); 5] = [
        ("interval15", Period::QuarterHour),
        ("interval30", Period::HalfHour),
        ("today", Period::Day),
        ("week", Period::Week),
        ("month", Period::Month),
    ];

    /// Returns an upper bound in milliseconds for the age of a current period in any time zone.
    #[must_use]
    pub fn max_length_ms(self) -> i64 {
        // Zones lie up to 26 hours apart, and clocks go back by an hour.
        match self {
            Period::QuarterHour | Period::HalfHour => 2 * HOUR,
            Period::Day => (24 + 27) * HOUR,
            Period::Week => (7 * 24 + 27) * HOUR,
            Period::Month => (31 * 24 + 27) * HOUR,
        }
    }

    /// Returns true if every period of this kind lies within one period of the `other` kind.
    #[must_use]
    pub fn lies_within(self, other: Period) -> bool {
        self < other && (self, other) != (Period::Week, Period::Month)
    }

    /// Returns the start of the period that contains `now`, and the start of the next period.
    ///
    /// Times outside [`Timestamp::MIN`]..[`Timestamp::MAX`] are clamped.
    #[must_use]
    pub fn bounds_around(self, now: Timestamp, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let now = now.clamp(Timestamp::MIN, Timestamp::MAX);
        let (mut first, length) = match self {
            Period::QuarterHour => return interval_around(now, 15 * MINUTE, zone),
            Period::HalfHour => return interval_around(now, 30 * MINUTE, zone),
            Period::Day => (local_date(now, zone), 1.day()),
            Period::Week => {
                let today = local_date(now, zone);
                (
                    add_span(today, -Span::new().days(today.weekday().to_monday_zero_offset())),
                    1.week(),
                )
            }
            Period::Month => (local_date(now, zone).first_of_month(), 1.month()),
        };
        let mut begin = start_of_date(first, zone);
        loop {
            let next = add_span(first, length);
            let end = start_of_date(next, zone);
            // The next period may already have begun if the clocks went back over midnight. Its
            // first days may not exist at all.
            if end > now || next == first {
                return (begin, end);
            }
            (first, begin) = (next, end);
        }
    }
}

fn local_date(now: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(to_jiff_timestamp(now)).date()
}

/// Adds a span to a date. Returns the date unchanged at the end of jiff's calendar.
fn add_span(date: Date, by: Span) -> Date {
    date.checked_add(by).unwrap_or(date)
}

/// Returns the first moment of a date.
fn start_of_date(date: Date, zone: &TimeZone) -> Timestamp {
    let midnight = date.at(0, 0, 0, 0);
    let at = |offset: jiff::tz::Offset| offset.to_timestamp(midnight).unwrap_or_default();
    match zone.to_ambiguous_timestamp(midnight).offset() {
        AmbiguousOffset::Unambiguous { offset } => from_jiff_timestamp(at(offset)),
        AmbiguousOffset::Fold { before, .. } => from_jiff_timestamp(at(before)),
        // Midnight is skipped, so the date begins when the clocks go forward.
        AmbiguousOffset::Gap { before, after } => from_jiff_timestamp(
            zone.following(at(after))
                .next()
                .map_or_else(|| at(before), |change| change.timestamp()),
        ),
    }
}

/// Returns the clock interval that contains `now`. An offset change within it starts a new
/// interval.
fn interval_around(now: Timestamp, length: i64, zone: &TimeZone) -> (Timestamp, Timestamp) {
    let offset =
        |time: Timestamp| i64::from(zone.to_offset(to_jiff_timestamp(time)).seconds()) * 1_000;
    let local = now.plus_millis(offset(now)).0;
    let begin = Timestamp(local.div_euclid(length) * length).plus_millis(-offset(now));
    let end = begin.plus_millis(length);
    let is_offset_change = |time: &Timestamp| offset(time.plus_millis(-1)) != offset(*time);
    let past_changes = zone
        .preceding(to_jiff_timestamp(now.plus_millis(1)))
        .map(|change| from_jiff_timestamp(change.timestamp()));
    let coming_changes = zone
        .following(to_jiff_timestamp(now))
        .map(|change| from_jiff_timestamp(change.timestamp()));
    let last_change = past_changes.take_while(|time| *time > begin).find(is_offset_change);
    let next_change = coming_changes.take_while(|time| *time < end).find(is_offset_change);
    (last_change.unwrap_or(begin), next_change.unwrap_or(end))
}

fn to_jiff_timestamp(time: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(time.0).unwrap_or_default()
}

fn from_jiff_timestamp(time: jiff::Timestamp) -> Timestamp {
    Timestamp(time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::timestamp::{HOUR, SECOND};

    fn parse_time(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("valid RFC 3339 time")
    }

    fn find_zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("bundled time zone")
    }

    fn assert_bounds(period: Period, at: &str, now: &str, begin: &str, end: &str) {
        assert_eq!(
            period.bounds_around(parse_time(now), &find_zone(at)),
            (parse_time(begin), parse_time(end)),
            "{period:?} around {now} in {at}"
        );
    }

    #[test]
    fn days_weeks_and_months_begin_at_local_midnight() {
        let shanghai = "Asia/Shanghai";
        assert_bounds(
            Period::Day,
            shanghai,
            "2026-03-01T17:30:00Z",
            "2026-03-02T00:00:00+08:00",
            "2026-03-03T00:00:00+08:00",
        );
        // 2026-03-01 is a Sunday: its week began in February.
        assert_bounds(
            Period::Week,
            shanghai,
            "2026-03-01T23:59:59.999+08:00",
            "2026-02-23T00:00:00+08:00",
            "2026-03-02T00:00:00+08:00",
        );
        assert_bounds(
            Period::Week,
            shanghai,
            "2026-03-02T00:00:00+08:00",
            "2026-03-02T00:00:00+08:00",
            "2026-03-09T00:00:00+08:00",
        );
        assert_bounds(
            Period::Month,
            shanghai,
            "2026-03-31T23:59:59.999+08:00",
            "2026-03-01T00:00:00+08:00",
            "2026-04-01T00:00:00+08:00",
        );
        assert_bounds(
            Period::Month,
            shanghai,
            "2025-12-31T12:00:00+08:00",
            "2025-12-01T00:00:00+08:00",
            "2026-01-01T00:00:00+08:00",
        );
        assert_bounds(
            Period::Month,
            shanghai,
            "2028-02-29T12:00:00+08:00",
            "2028-02-01T00:00:00+08:00",
            "2028-03-01T00:00:00+08:00",
        );
        assert_bounds(
            Period::Week,
            shanghai,
            "2026-01-01T12:00:00+08:00",
            "2025-12-29T00:00:00+08:00",
            "2026-01-05T00:00:00+08:00",
        );
    }

    #[test]
    fn day_length_follows_clock_changes() {
        assert_bounds(
            Period::Day,
            "Europe/Berlin",
            "2026-03-29T12:00:00+02:00",
            "2026-03-29T00:00:00+01:00",
            "2026-03-30T00:00:00+02:00",
        );
        assert_bounds(
            Period::Day,
            "Europe/Berlin",
            "2026-10-25T12:00:00+01:00",
            "2026-10-25T00:00:00+02:00",
            "2026-10-26T00:00:00+01:00",
        );
        assert_bounds(
            Period::Month,
            "Europe/Berlin",
            "2026-10-25T12:00:00+01:00",
            "2026-10-01T00:00:00+02:00",
            "2026-11-01T00:00:00+01:00",
        );
        // Clocks went forward at midnight in Beirut on 2026-03-29, so that day begins at 01:00.
        assert_bounds(
            Period::Day,
            "Asia/Beirut",
            "2026-03-29T09:00:00+03:00",
            "2026-03-29T01:00:00+03:00",
            "2026-03-30T00:00:00+03:00",
        );
        // Toronto went from 23:30 to 00:30 in 1919; Samoa had no 30 December 2011.
        assert_bounds(
            Period::Day,
            "America/Toronto",
            "1919-03-31T12:00:00-04:00",
            "1919-03-31T00:30:00-04:00",
            "1919-04-01T00:00:00-04:00",
        );
        assert_bounds(
            Period::Day,
            "Pacific/Apia",
            "2011-12-29T12:00:00-10:00",
            "2011-12-29T00:00:00-10:00",
            "2011-12-31T00:00:00+14:00",
        );
        assert_bounds(
            Period::Day,
            "Pacific/Apia",
            "2011-12-31T12:00:00+14:00",
            "2011-12-31T00:00:00+14:00",
            "2012-01-01T00:00:00+14:00",
        );
    }

    #[test]
    fn day_continues_when_clocks_go_back_over_midnight() {
        // In St. John's one minute past midnight became 23:01 of the day before.
        for now in
            ["2010-11-07T00:00:30-02:30", "2010-11-06T23:30:00-03:30", "2010-11-07T00:00:30-03:30"]
        {
            assert_bounds(
                Period::Day,
                "America/St_Johns",
                now,
                "2010-11-07T00:00:00-02:30",
                "2010-11-08T00:00:00-03:30",
            );
        }
    }

    #[test]
    fn intervals_follow_the_local_clock() {
        assert_bounds(
            Period::QuarterHour,
            "UTC",
            "2026-03-01T08:14:59.999Z",
            "2026-03-01T08:00:00Z",
            "2026-03-01T08:15:00Z",
        );
        assert_bounds(
            Period::QuarterHour,
            "UTC",
            "2026-03-01T08:15:00Z",
            "2026-03-01T08:15:00Z",
            "2026-03-01T08:30:00Z",
        );
        // Kathmandu is a quarter of an hour off.
        assert_bounds(
            Period::HalfHour,
            "Asia/Kathmandu",
            "2026-03-01T08:20:00+05:45",
            "2026-03-01T08:00:00+05:45",
            "2026-03-01T08:30:00+05:45",
        );
        // 02:40 is shown twice in Berlin.
        assert_bounds(
            Period::HalfHour,
            "Europe/Berlin",
            "2026-10-25T02:40:00+02:00",
            "2026-10-25T02:30:00+02:00",
            "2026-10-25T02:00:00+01:00",
        );
        assert_bounds(
            Period::HalfHour,
            "Europe/Berlin",
            "2026-10-25T02:10:00+01:00",
            "2026-10-25T02:00:00+01:00",
            "2026-10-25T02:30:00+01:00",
        );
        // Clocks went from 00:00:00 to 23:54:17 in Shanghai in 1901.
        let change = parse_time("1901-01-01T00:00:00+08:05:43");
        assert_eq!(
            Period::HalfHour.bounds_around(change, &find_zone("Asia/Shanghai")),
            (change, parse_time("1901-01-01T00:00:00+08:00"))
        );
    }

    /// Covers zones with unusual offset changes.
    #[test]
    fn periods_have_no_gaps_and_no_overlaps() {
        for (name, from, until) in [
            ("America/St_Johns", "2010-10-25T00:00:00Z", "2010-11-20T00:00:00Z"),
            ("America/Toronto", "1919-03-25T00:00:00Z", "1919-04-05T00:00:00Z"),
            ("Pacific/Apia", "2011-12-20T00:00:00Z", "2012-02-03T00:00:00Z"),
            ("Pacific/Kwajalein", "1969-09-20T00:00:00Z", "1969-10-20T00:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-01T00:00:00Z", "2026-04-10T00:00:00Z"),
            ("America/Havana", "2026-10-30T00:00:00Z", "2026-11-03T00:00:00Z"),
            ("Africa/Cairo", "2026-04-20T00:00:00Z", "2026-04-30T00:00:00Z"),
            ("Asia/Shanghai", "1900-12-20T00:00:00Z", "1901-01-10T00:00:00Z"),
        ] {
            let zone = find_zone(name);
            for (window, period) in Period::WINDOW_NAMES {
                let (mut begin, mut end) = period.bounds_around(parse_time(from), &zone);
                let mut now = parse_time(from);
                while now < parse_time(until) {
                    let (other_begin, other_end) = period.bounds_around(now, &zone);
                    assert!(
                        other_begin <= now && now < other_end,
                        "{window} around {now} in {name}: {other_begin} to {other_end}"
                    );
                    if now < end {
                        assert_eq!(
                            (other_begin, other_end),
                            (begin, end),
                            "{window} around {now} in {name}"
                        );
                    } else {
                        assert_eq!(other_begin, end, "{window} around {now} in {name}");
                        (begin, end) = (other_begin, other_end);
                    }
                    for (_, wider) in
                        Period::WINDOW_NAMES.iter().filter(|(_, wider)| period.lies_within(*wider))
                    {
                        let (wider_begin, wider_end) = wider.bounds_around(now, &zone);
                        assert!(
                            wider_begin <= begin && end <= wider_end,
                            "{period:?} around {now} in {name} is not within a {wider:?}"
                        );
                    }
                    // Steps to the last millisecond, to the first, and to some in between.
                    now = if now.plus_millis(1) == end {
                        end
                    } else {
                        end.plus_millis(-1).min(now.plus_millis(7 * MINUTE + 13 * SECOND))
                    };
                }
            }
        }
    }

    #[test]
    fn every_timestamp_has_a_period() {
        for (_, period) in Period::WINDOW_NAMES {
            for now in [i64::MIN, -1, i64::MAX, Timestamp::MAX.0, Timestamp::MIN.0] {
                let (begin, end) =
                    period.bounds_around(Timestamp(now), &find_zone("Asia/Shanghai"));
                assert!(
                    begin < end && end.millis_since(begin) <= 31 * 24 * HOUR,
                    "{period:?} around {now}"
                );
            }
        }
    }
}
