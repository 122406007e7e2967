//! Dates, times and durations of iCalendar properties.

use crate::domain::time::timestamp::truncate_for_message;
use crate::standard_file::calendar_table::icalendar::FileProblem;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

/// Seconds of a day.
pub(super) const DAY_SECONDS: i64 = 86_400;

/// Value of `DTSTART` and similar properties, as the file writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DateValue {
    /// All day, as in `20261001`.
    Day(Date),
    /// Local time, as in `20261010T090000`. Its zone does not matter, because it says which day and
    /// which hour the clock on the wall shows.
    Local(DateTime),
    /// UTC, as in `20261010T010000Z`.
    Utc(DateTime),
}

impl DateValue {
    /// Parses a value.
    ///
    /// # Errors
    ///
    /// Returns a problem if it is not a date or time of the calendar.
    pub(super) fn parse(line: usize, text: &str) -> Result<DateValue, FileProblem> {
        let value = match text.split_once(['T', 't']) {
            None => parse_date(text).map(DateValue::Day),
            Some((date, time)) => {
                let (time, is_utc) =
                    time.strip_suffix(['Z', 'z']).map_or((time, false), |time| (time, true));
                let value = parse_date(date)
                    .zip(parse_time(time))
                    .map(|(date, time)| date.to_datetime(time));
                value.map(if is_utc { DateValue::Utc } else { DateValue::Local })
            }
        };
        value.ok_or_else(|| {
            let text = truncate_for_message(text);
            let form = "write days as in `20261001` and times as in `20261001T090000`";
            (line, format!("`{text}` is not a day or time; {form}"))
        })
    }

    /// Returns true if the value is a date without a time.
    pub(super) fn is_day(self) -> bool {
        matches!(self, DateValue::Day(_))
    }

    /// Returns date and time as written. A day begins at midnight.
    pub(super) fn written(self) -> DateTime {
        match self {
            DateValue::Day(date) => date.to_datetime(Time::midnight()),
            DateValue::Local(time) | DateValue::Utc(time) => time,
        }
    }

    /// Returns local date and time. `zone` converts values in UTC.
    pub(super) fn local(self, zone: &TimeZone) -> DateTime {
        match self {
            DateValue::Utc(time) => {
                Offset::UTC.to_timestamp(time).map_or(time, |timestamp| zone.to_datetime(timestamp))
            }
            _ => self.written(),
        }
    }

    /// Returns the value with the same time on another date.
    pub(super) fn on_date(self, date: Date) -> DateValue {
        match self {
            DateValue::Day(_) => DateValue::Day(date),
            DateValue::Local(time) => DateValue::Local(date.to_datetime(time.time())),
            DateValue::Utc(time) => DateValue::Utc(date.to_datetime(time.time())),
        }
    }
}

/// Parses a date as in `20261001`.
fn parse_date(text: &str) -> Option<Date> {
    let year = parse_digits(text.get(..4)?)?;
    let (month, day) = (parse_digits(text.get(4..6)?)?, parse_digits(text.get(6..)?)?);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
        .ok()
        .filter(|_| text.len() == 8)
}

/// Parses a time as in `090000`. A leap second is the second before it.
fn parse_time(text: &str) -> Option<Time> {
    let digits =
        |range| parse_digits(text.get(range)?).and_then(|number| i8::try_from(number).ok());
    let (hour, minute) = (digits(0..2)?, digits(2..4)?);
    let second = digits(4..6).filter(|second| *second <= 60)?.min(59);
    Time::new(hour, minute, second, 0).ok().filter(|_| text.len() == 6)
}

fn parse_digits(text: &str) -> Option<i16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Parses a duration in seconds, as in `P1D`, `P2W` or `P1DT2H30M`.
///
/// # Errors
///
/// Returns a problem if the text is not a duration, or if it is negative.
pub(super) fn parse_duration(line: usize, text: &str) -> Result<i64, FileProblem> {
    let seconds = || {
        let mut rest = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
        let (mut total, mut in_time) = (0_i64, false);
        while !rest.is_empty() {
            if let Some(time) = rest.strip_prefix('T').filter(|_| !in_time) {
                (rest, in_time) = (time, true);
                continue;
            }
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            let number: i64 = rest[..end].parse().ok()?;
            let unit = match (rest[end..].chars().next()?, in_time) {
                ('W', false) => 7 * DAY_SECONDS,
                ('D', false) => DAY_SECONDS,
                ('H', true) => 3_600,
                ('M', true) => 60,
                ('S', true) => 1,
                _ => return None,
            };
            total = total.checked_add(number.checked_mul(unit)?)?;
            rest = &rest[end + 1..];
        }
        Some(total)
    };
    seconds().ok_or_else(|| {
        let text = truncate_for_message(text);
        (line, format!("`{text}` is not a duration; use days or hours, as in `P1D` or `PT4H`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_days_local_times_and_utc() {
        let time = |text: &str| text.parse::<DateTime>().expect("valid time");
        for (text, expected) in [
            ("20261001", DateValue::Day(time("2026-10-01T00:00").date())),
            ("20261010T090000", DateValue::Local(time("2026-10-10T09:00"))),
            ("20261010T235960", DateValue::Local(time("2026-10-10T23:59:59"))),
            ("20261010T010000Z", DateValue::Utc(time("2026-10-10T01:00"))),
        ] {
            assert_eq!(DateValue::parse(1, text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "2026101",
            "202610011",
            "20261310",
            "2026-10-1",
            "20261010T",
            "20261010T0900",
            "20261010T250000",
            "20261010TÄ0000",
        ] {
            assert!(DateValue::parse(1, text).is_err(), "{text}");
        }
    }

    #[test]
    fn parses_durations_and_rejects_negative_ones() {
        for (text, seconds) in [
            ("P1D", DAY_SECONDS),
            ("P2W", 14 * DAY_SECONDS),
            ("PT4H30M", 16_200),
            ("+P1DT1S", DAY_SECONDS + 1),
            ("P0D", 0),
        ] {
            assert_eq!(parse_duration(1, text), Ok(seconds), "{text}");
        }
        for text in ["", "1D", "-P1D", "P1H", "PT1D", "P1", "PD", "P99999999999999999W"] {
            assert!(parse_duration(1, text).is_err(), "{text}");
        }
    }
}
