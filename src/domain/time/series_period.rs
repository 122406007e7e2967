//! Periods for which outside series have values: a year, quarter, month, week or day.

use crate::domain::time::period::Period;
use jiff::civil::{Date, ISOWeekDate, Weekday, date};
use jiff::{ToSpan, Unit};
use std::fmt;

/// Kind of period, ordered by length.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SeriesPeriodKind {
    /// A day.
    Day,
    /// A week from Monday, as in ISO 8601.
    Week,
    /// A month.
    Month,
    /// A quarter of a year.
    Quarter,
    /// A year.
    Year,
}

/// Period of a value of an outside series.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SeriesPeriod {
    /// First day.
    pub first: Date,
    /// Length.
    pub kind: SeriesPeriodKind,
}

impl SeriesPeriodKind {
    /// All kinds, in the order of their numbers.
    const ALL: [SeriesPeriodKind; 5] = [
        SeriesPeriodKind::Day,
        SeriesPeriodKind::Week,
        SeriesPeriodKind::Month,
        SeriesPeriodKind::Quarter,
        SeriesPeriodKind::Year,
    ];

    /// Returns the number of the kind in events, from 1.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Returns the kind with this number; `None` without one.
    #[must_use]
    pub fn from_number(number: u8) -> Option<SeriesPeriodKind> {
        Self::ALL.get(usize::from(number.checked_sub(1)?)).copied()
    }
}

impl SeriesPeriod {
    /// Parses `2026`, `2026-Q1`, `2026-02`, `2026-W08` or `2026-02-17`.
    ///
    /// # Errors
    /// Returns a message with the accepted forms.
    pub fn parse(text: &str) -> Result<SeriesPeriod, String> {
        Self::parse_known(text).ok_or_else(|| {
            format!(
                "`{text}` is not a period; use a year, quarter, month, week or day, as in 2026, \
                 2026-Q1, 2026-02, 2026-W08 or 2026-02-17"
            )
        })
    }

    fn parse_known(text: &str) -> Option<SeriesPeriod> {
        let digits = |text: &str, count: usize| {
            (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| text.parse::<i16>().ok())?
        };
        let (year, rest) = text.split_at_checked(4)?;
        let year = digits(year, 4)?;
        let day = |month: i8, day: i8| Date::new(year, month, day).ok();
        let (first, kind) = match rest.strip_prefix('-') {
            None if rest.is_empty() => (day(1, 1)?, SeriesPeriodKind::Year),
            None => return None,
            Some(rest) => match rest.as_bytes() {
                [b'Q', quarter @ b'1'..=b'4'] => {
                    let month = (quarter - b'1') as i8 * 3 + 1;
                    (day(month, 1)?, SeriesPeriodKind::Quarter)
                }
                [b'W', ..] => {
                    let week = i8::try_from(digits(rest.get(1..)?, 2)?).ok()?;
                    let monday = ISOWeekDate::new(year, week, Weekday::Monday).ok()?;
                    (monday.date(), SeriesPeriodKind::Week)
                }
                _ => match rest.split_once('-') {
                    None => {
                        let month = i8::try_from(digits(rest, 2)?).ok()?;
                        (day(month, 1)?, SeriesPeriodKind::Month)
                    }
                    Some((month, of_month)) => {
                        let month = i8::try_from(digits(month, 2)?).ok()?;
                        let of_month = i8::try_from(digits(of_month, 2)?).ok()?;
                        (day(month, of_month)?, SeriesPeriodKind::Day)
                    }
                },
            },
        };
        Some(SeriesPeriod { first, kind })
    }

    /// Returns the period of a calendar window that contains `day`; `None` for windows within a day.
    #[must_use]
    pub fn of_window(window: Period, day: Date) -> Option<SeriesPeriod> {
        let (first, kind) = match window {
            Period::QuarterHour | Period::HalfHour => return None,
            Period::Day => (day, SeriesPeriodKind::Day),
            Period::Week => {
                let since_monday = i32::from(day.weekday().to_monday_zero_offset());
                (day.checked_sub(since_monday.days()).unwrap_or(day), SeriesPeriodKind::Week)
            }
            Period::Month => (day.first_of_month(), SeriesPeriodKind::Month),
        };
        Some(SeriesPeriod { first, kind })
    }

    /// Returns the day after the last day.
    #[must_use]
    pub fn end(self) -> Date {
        let length = match self.kind {
            SeriesPeriodKind::Day => 1.day(),
            SeriesPeriodKind::Week => 1.week(),
            SeriesPeriodKind::Month => 1.month(),
            SeriesPeriodKind::Quarter => 3.months(),
            SeriesPeriodKind::Year => 1.year(),
        };
        self.first.checked_add(length).unwrap_or(Date::MAX)
    }

    /// Returns the first day as a number of days since 1970-01-01.
    #[must_use]
    pub fn first_day_number(self) -> i64 {
        let epoch = date(1970, 1, 1);
        epoch.until((Unit::Day, self.first)).map_or(0, |span| i64::from(span.get_days()))
    }

    /// Returns the period of a kind with this first day, see [`SeriesPeriod::first_day_number`].
    #[must_use]
    pub fn from_day_number(kind: SeriesPeriodKind, day: i64) -> Option<SeriesPeriod> {
        let days = i32::try_from(day).ok()?;
        let first = date(1970, 1, 1).checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
        Some(SeriesPeriod { first, kind })
    }
}

impl fmt::Display for SeriesPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month) = (self.first.year(), self.first.month());
        match self.kind {
            SeriesPeriodKind::Day => write!(f, "{}", self.first),
            SeriesPeriodKind::Week => {
                let week = self.first.iso_week_date();
                write!(f, "{:04}-W{:02}", week.year(), week.week())
            }
            SeriesPeriodKind::Month => write!(f, "{year:04}-{month:02}"),
            SeriesPeriodKind::Quarter => write!(f, "{year:04}-Q{}", (month - 1) / 3 + 1),
            SeriesPeriodKind::Year => write!(f, "{year:04}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_round_trip() {
        for (text, first, end) in [
            ("2026", "2026-01-01", "2027-01-01"),
            ("2026-Q4", "2026-10-01", "2027-01-01"),
            ("2026-02", "2026-02-01", "2026-03-01"),
            ("2026-W01", "2025-12-29", "2026-01-05"),
            ("2028-02-29", "2028-02-29", "2028-03-01"),
        ] {
            let period = SeriesPeriod::parse(text).expect("a period");
            assert_eq!(
                (period.to_string(), period.first.to_string(), period.end().to_string()),
                (text.to_owned(), first.to_owned(), end.to_owned())
            );
            let again = SeriesPeriodKind::from_number(period.kind.number())
                .and_then(|kind| SeriesPeriod::from_day_number(kind, period.first_day_number()));
            assert_eq!(again, Some(period));
        }
    }

    #[test]
    fn other_texts_are_no_periods() {
        for text in [
            "",
            "26",
            "2026-",
            "2026-Q5",
            "2026-13",
            "2026-W54",
            "2026-02-30",
            "2026-2",
            "＃",
            "+026",
        ] {
            assert!(SeriesPeriod::parse(text).is_err(), "{text}");
        }
        let reason = SeriesPeriod::parse("Feb 2026").expect_err("no period");
        assert!(reason.contains("2026-Q1"), "{reason}");
    }

    #[test]
    fn windows_have_their_own_period() {
        let day = date(2026, 3, 1);
        let own = |window| SeriesPeriod::of_window(window, day).map(|period| period.to_string());
        assert_eq!(own(Period::Month).as_deref(), Some("2026-03"));
        assert_eq!(own(Period::Week).as_deref(), Some("2026-W09"));
        assert_eq!(own(Period::Day).as_deref(), Some("2026-03-01"));
        assert_eq!(own(Period::HalfHour), None);
    }
}
