//! Periods of the calendar in a time zone: quarter and half hours, days, weeks and months, as clocks and calendars on the
//! wall there show them.
//!
//! The periods of one kind follow each other without gap and without overlap, whatever the clocks do: every moment lies in
//! exactly one. Where midnight is skipped, a day begins at the first moment that exists; where clocks go back over midnight,
//! the day that had begun goes on. So a day has 23 or 25 hours when the clocks change, and a quarter of an hour that is
//! shown twice counts as two.

use super::time::{HOUR, MINUTE, Timestamp};
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, ToSpan};

/// A kind of period. The order is that of their lengths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Period {
    /// From :00, :15, :30 or :45 of the hour.
    Quarter,
    /// From :00 or :30 of the hour.
    Half,
    /// From midnight.
    Day,
    /// From midnight on Monday.
    Week,
    /// From midnight on the first of the month.
    Month,
}

impl Period {
    /// Every kind with the public name of the window that is the current one of its kind.
    pub const NAMES: [(&'static str, Period); 5] = [
        ("interval15", Period::Quarter),
        ("interval30", Period::Half),
        ("today", Period::Day),
        ("week", Period::Week),
        ("month", Period::Month),
    ];

    /// No period of this kind, of whatever time zone, has begun longer ago than this while it lasts somewhere; in milliseconds.
    #[must_use]
    pub fn longest(self) -> i64 {
        // Zones lie up to 26 hours apart, and clocks go back by an hour.
        match self {
            Period::Quarter | Period::Half => 2 * HOUR,
            Period::Day => (24 + 27) * HOUR,
            Period::Week => (7 * 24 + 27) * HOUR,
            Period::Month => (31 * 24 + 27) * HOUR,
        }
    }

    /// Whether every period of this kind lies within one of the `other` kind.
    #[must_use]
    pub fn lies_within(self, other: Period) -> bool {
        self < other && (self, other) != (Period::Week, Period::Month)
    }

    /// The first millisecond of the period in which `now` lies, and that of the period after it. What lies beyond the years
    /// that events may have counts to the first or the last of them.
    #[must_use]
    pub fn around(self, now: Timestamp, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let now = now.clamp(Timestamp::MIN, Timestamp::MAX);
        let (mut first, length) = match self {
            Period::Quarter => return interval(now, 15 * MINUTE, zone),
            Period::Half => return interval(now, 30 * MINUTE, zone),
            Period::Day => (today(now, zone), 1.day()),
            Period::Week => {
                let today = today(now, zone);
                (later(today, -Span::new().days(today.weekday().to_monday_zero_offset())), 1.week())
            }
            Period::Month => (today(now, zone).first_of_month(), 1.month()),
        };
        let mut begin = start(first, zone);
        loop {
            let next = later(first, length);
            let end = start(next, zone);
            // The next one has begun already if the clocks went back over midnight since, or if its first days never were.
            if end > now || next == first {
                return (begin, end);
            }
            (first, begin) = (next, end);
        }
    }
}

/// The date that the calendar shows.
fn today(now: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(instant(now)).date()
}

/// The date so much later; the same where the calendar ends, thousands of years from now.
fn later(date: Date, by: Span) -> Date {
    date.checked_add(by).unwrap_or(date)
}

/// The first moment at which a date has come.
fn start(date: Date, zone: &TimeZone) -> Timestamp {
    let midnight = date.at(0, 0, 0, 0);
    let at = |offset: jiff::tz::Offset| offset.to_timestamp(midnight).unwrap_or_default();
    match zone.to_ambiguous_timestamp(midnight).offset() {
        AmbiguousOffset::Unambiguous { offset } => moment(at(offset)),
        AmbiguousOffset::Fold { before, .. } => moment(at(before)),
        // Midnight is skipped: the date comes when the clocks go forward.
        AmbiguousOffset::Gap { before, after } => {
            moment(zone.following(at(after)).next().map_or_else(|| at(before), |change| change.timestamp()))
        }
    }
}

/// The interval of the clock in which `now` lies. A change of the clocks in the middle of it begins another.
fn interval(now: Timestamp, length: i64, zone: &TimeZone) -> (Timestamp, Timestamp) {
    let offset = |time: Timestamp| i64::from(zone.to_offset(instant(time)).seconds()) * 1_000;
    let shown = now.plus(offset(now)).0;
    let begin = Timestamp(shown.div_euclid(length) * length).plus(-offset(now));
    let end = begin.plus(length);
    let changes = |time: &Timestamp| offset(time.plus(-1)) != offset(*time);
    let past = zone.preceding(instant(now.plus(1))).map(|change| moment(change.timestamp()));
    let coming = zone.following(instant(now)).map(|change| moment(change.timestamp()));
    let begun = past.take_while(|time| *time > begin).find(changes);
    let ended = coming.take_while(|time| *time < end).find(changes);
    (begun.unwrap_or(begin), ended.unwrap_or(end))
}

fn instant(time: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(time.0).unwrap_or_default()
}

fn moment(time: jiff::Timestamp) -> Timestamp {
    Timestamp(time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{HOUR, SECOND};

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a good time")
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a bundled zone")
    }

    fn check(period: Period, at: &str, now: &str, begin: &str, end: &str) {
        assert_eq!(period.around(time(now), &zone(at)), (time(begin), time(end)), "{period:?} around {now} in {at}");
    }

    #[test]
    fn days_weeks_and_months_begin_at_midnight_where_the_cases_are() {
        let shanghai = "Asia/Shanghai";
        check(Period::Day, shanghai, "2026-03-01T17:30:00Z", "2026-03-02T00:00:00+08:00", "2026-03-03T00:00:00+08:00");
        // 2026-03-01 is a Sunday: its week began in February.
        check(Period::Week, shanghai, "2026-03-01T23:59:59.999+08:00", "2026-02-23T00:00:00+08:00", "2026-03-02T00:00:00+08:00");
        check(Period::Week, shanghai, "2026-03-02T00:00:00+08:00", "2026-03-02T00:00:00+08:00", "2026-03-09T00:00:00+08:00");
        check(Period::Month, shanghai, "2026-03-31T23:59:59.999+08:00", "2026-03-01T00:00:00+08:00", "2026-04-01T00:00:00+08:00");
        check(Period::Month, shanghai, "2025-12-31T12:00:00+08:00", "2025-12-01T00:00:00+08:00", "2026-01-01T00:00:00+08:00");
        check(Period::Month, shanghai, "2028-02-29T12:00:00+08:00", "2028-02-01T00:00:00+08:00", "2028-03-01T00:00:00+08:00");
        check(Period::Week, shanghai, "2026-01-01T12:00:00+08:00", "2025-12-29T00:00:00+08:00", "2026-01-05T00:00:00+08:00");
    }

    #[test]
    fn days_are_as_long_as_the_clocks_make_them() {
        check(Period::Day, "Europe/Berlin", "2026-03-29T12:00:00+02:00", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00");
        check(Period::Day, "Europe/Berlin", "2026-10-25T12:00:00+01:00", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00");
        check(Period::Month, "Europe/Berlin", "2026-10-25T12:00:00+01:00", "2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00");
        // Clocks went forward at midnight in Beirut on 2026-03-29: that day begins at 01:00, and so does a week in Cairo.
        check(Period::Day, "Asia/Beirut", "2026-03-29T09:00:00+03:00", "2026-03-29T01:00:00+03:00", "2026-03-30T00:00:00+03:00");
        // Toronto went from 23:30 to 00:30 in 1919; Samoa had no 30 December 2011.
        check(Period::Day, "America/Toronto", "1919-03-31T12:00:00-04:00", "1919-03-31T00:30:00-04:00", "1919-04-01T00:00:00-04:00");
        check(Period::Day, "Pacific/Apia", "2011-12-29T12:00:00-10:00", "2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00");
        check(Period::Day, "Pacific/Apia", "2011-12-31T12:00:00+14:00", "2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00");
    }

    #[test]
    fn a_day_goes_on_when_the_clocks_go_back_over_its_midnight() {
        // In St. John's one minute past midnight became 23:01 of the day before.
        for now in ["2010-11-07T00:00:30-02:30", "2010-11-06T23:30:00-03:30", "2010-11-07T00:00:30-03:30"] {
            check(Period::Day, "America/St_Johns", now, "2010-11-07T00:00:00-02:30", "2010-11-08T00:00:00-03:30");
        }
    }

    #[test]
    fn intervals_are_those_of_the_clock_on_the_wall() {
        check(Period::Quarter, "UTC", "2026-03-01T08:14:59.999Z", "2026-03-01T08:00:00Z", "2026-03-01T08:15:00Z");
        check(Period::Quarter, "UTC", "2026-03-01T08:15:00Z", "2026-03-01T08:15:00Z", "2026-03-01T08:30:00Z");
        // Kathmandu is a quarter of an hour off.
        check(Period::Half, "Asia/Kathmandu", "2026-03-01T08:20:00+05:45", "2026-03-01T08:00:00+05:45", "2026-03-01T08:30:00+05:45");
        // 02:40 is shown twice in Berlin.
        check(Period::Half, "Europe/Berlin", "2026-10-25T02:40:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00");
        check(Period::Half, "Europe/Berlin", "2026-10-25T02:10:00+01:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00");
        // Clocks went from 00:00:00 to 23:54:17 in Shanghai in 1901.
        let change = time("1901-01-01T00:00:00+08:05:43");
        assert_eq!(Period::Half.around(change, &zone("Asia/Shanghai")), (change, time("1901-01-01T00:00:00+08:00")));
    }

    /// Every moment lies in exactly one period, in zones with every oddity there is.
    #[test]
    fn periods_follow_each_other_without_gap_and_without_overlap() {
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
            let zone = zone(name);
            for (window, period) in Period::NAMES {
                let (mut begin, mut end) = period.around(time(from), &zone);
                let mut now = time(from);
                while now < time(until) {
                    let (other_begin, other_end) = period.around(now, &zone);
                    assert!(other_begin <= now && now < other_end, "{window} around {now} in {name}: {other_begin} to {other_end}");
                    if now < end {
                        assert_eq!((other_begin, other_end), (begin, end), "{window} around {now} in {name}");
                    } else {
                        assert_eq!(other_begin, end, "{window} around {now} in {name}");
                        (begin, end) = (other_begin, other_end);
                    }
                    for (_, wider) in Period::NAMES.iter().filter(|(_, wider)| period.lies_within(*wider)) {
                        let (wider_begin, wider_end) = wider.around(now, &zone);
                        assert!(wider_begin <= begin && end <= wider_end, "{period:?} around {now} in {name} is not within a {wider:?}");
                    }
                    // To the last millisecond, to the first, and some in between.
                    now = if now.plus(1) == end { end } else { end.plus(-1).min(now.plus(7 * MINUTE + 13 * SECOND)) };
                }
            }
        }
    }

    #[test]
    fn there_is_a_period_around_every_number() {
        for (_, period) in Period::NAMES {
            for now in [i64::MIN, -1, i64::MAX, Timestamp::MAX.0, Timestamp::MIN.0] {
                let (begin, end) = period.around(Timestamp(now), &zone("Asia/Shanghai"));
                assert!(begin < end && end.since(begin) <= 31 * 24 * HOUR, "{period:?} around {now}");
            }
        }
    }
}
