//! Recurrence rules (`RRULE` of RFC 5545) on whole days.
//!
//! A rule has periods: days, weeks, months or years, of which `INTERVAL` skips some. The days of a
//! period that fulfill all conditions are its occurrences, and `BYSETPOS` selects among them. A day
//! that does not exist, such as 29 February of most years, is no occurrence.
//!
//! This is not the crate `rrule`. It depends on chrono and on a second time zone database, which
//! make the program 3 MB larger. Holidays need rules on dates only.

use crate::domain::time::timestamp::truncate_for_message;
use crate::standard_file::calendar_table::LAST_REPEATED_YEAR;
use crate::standard_file::calendar_table::icalendar::FileProblem;
use crate::standard_file::calendar_table::icalendar::date_values::DateValue;
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// Rule of an event that repeats.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct RecurrenceRule {
    frequency: Frequency,
    /// Every how many periods the event happens.
    interval: i64,
    /// Number of occurrences, at most.
    pub(super) count: Option<usize>,
    /// Last time of an occurrence.
    pub(super) until: Option<DateValue>,
    /// `BYMONTH`, 1 to 12. Every list is empty if the rule lacks it.
    months: Vec<i16>,
    /// `BYMONTHDAY`, 1 to 31, or from the end: -1 to -31.
    month_days: Vec<i16>,
    /// `BYYEARDAY`, 1 to 366, or from the end: -1 to -366.
    year_days: Vec<i16>,
    /// `BYDAY`: weekdays with their ordinal in the month or year. Ordinal 0 stands for every one.
    weekdays: Vec<(i16, Weekday)>,
    /// `BYSETPOS`: which of the occurrences of a period, from 1, or from the end: -1.
    positions: Vec<i16>,
    /// First day of a week.
    week_start: Weekday,
}

/// Unit of the periods.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

impl RecurrenceRule {
    /// Parses the value of `RRULE`.
    ///
    /// # Errors
    ///
    /// Returns a problem if a part is invalid or not supported.
    pub(super) fn parse(line: usize, text: &str) -> Result<RecurrenceRule, FileProblem> {
        let mut rule = RecurrenceRule {
            frequency: Frequency::Yearly,
            interval: 1,
            count: None,
            until: None,
            months: Vec::new(),
            month_days: Vec::new(),
            year_days: Vec::new(),
            weekdays: Vec::new(),
            positions: Vec::new(),
            week_start: Weekday::Monday,
        };
        let mut has_frequency = false;
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim().to_ascii_uppercase();
            let name = name.trim().to_ascii_uppercase();
            has_frequency |= name == "FREQ";
            rule.set_part(&name, &value).ok_or_else(|| (line, part_problem(&name, part)))?;
            if name == "UNTIL" {
                rule.until = Some(DateValue::parse(line, &value)?);
            }
        }
        if !has_frequency {
            return Err((line, "the `RRULE` has no `FREQ`, as in `FREQ=YEARLY`".to_owned()));
        }
        let by_period = matches!(rule.frequency, Frequency::Monthly | Frequency::Yearly);
        if !by_period && rule.weekdays.iter().any(|(ordinal, _)| *ordinal != 0) {
            let problem = "numbers in `BYDAY` need `FREQ=MONTHLY` or `FREQ=YEARLY`";
            return Err((line, problem.to_owned()));
        }
        Ok(rule)
    }

    /// Sets a part. Returns `None` if it is invalid or not supported.
    fn set_part(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "FREQ" => {
                self.frequency = match value {
                    "DAILY" => Frequency::Daily,
                    "WEEKLY" => Frequency::Weekly,
                    "MONTHLY" => Frequency::Monthly,
                    "YEARLY" => Frequency::Yearly,
                    _ => return None,
                }
            }
            "INTERVAL" => {
                self.interval =
                    value.parse().ok().filter(|number| (1..=10_000).contains(number))?;
            }
            "COUNT" => self.count = Some(value.parse().ok().filter(|count| *count > 0)?),
            "BYMONTH" => self.months = parse_numbers(value, 12, false)?,
            "BYMONTHDAY" => self.month_days = parse_numbers(value, 31, true)?,
            "BYYEARDAY" => self.year_days = parse_numbers(value, 366, true)?,
            "BYSETPOS" => self.positions = parse_numbers(value, 366, true)?,
            "BYDAY" => {
                self.weekdays = value.split(',').map(parse_weekday).collect::<Option<_>>()?;
            }
            "WKST" => self.week_start = find_weekday(value)?,
            // The times of a day do not matter for days.
            "UNTIL" | "BYHOUR" | "BYMINUTE" | "BYSECOND" => {}
            _ => return None,
        }
        Some(())
    }

    /// Returns true if the rule has no end.
    pub(super) fn is_endless(&self) -> bool {
        self.count.is_none() && self.until.is_none()
    }

    /// Returns the days of the rule from `start` to `last` and to the end of
    /// [`LAST_REPEATED_YEAR`], in ascending order.
    pub(super) fn days(&self, start: Date, last: Option<Date>) -> impl Iterator<Item = Date> {
        let rule = self.with_start(start);
        let (count, interval) = (rule.count.unwrap_or(usize::MAX), rule.interval);
        let last = last.unwrap_or(Date::MAX).min(Date::constant(LAST_REPEATED_YEAR, 12, 31));
        (0..)
            .map_while(move |number| {
                rule.period(start, number * interval)
                    .filter(|(first, _)| *first <= last)
                    .map(|period| rule.days_of_period(period))
            })
            .flatten()
            .filter(move |day| *day >= start)
            .take(count)
            .take_while(move |day| *day <= last)
    }

    /// Returns the rule with the conditions that follow from its start.
    fn with_start(&self, start: Date) -> RecurrenceRule {
        let mut rule = self.clone();
        if rule.month_days.is_empty() && rule.year_days.is_empty() && rule.weekdays.is_empty() {
            if rule.frequency == Frequency::Yearly && rule.months.is_empty() {
                rule.months.push(i16::from(start.month()));
            }
            match rule.frequency {
                Frequency::Daily => {}
                Frequency::Weekly => rule.weekdays.push((0, start.weekday())),
                Frequency::Monthly | Frequency::Yearly => {
                    rule.month_days.push(i16::from(start.day()));
                }
            }
        }
        rule
    }

    /// Returns first and last day of the period `number` periods after that of `start`. Returns
    /// `None` outside of the range of dates.
    fn period(&self, start: Date, number: i64) -> Option<(Date, Date)> {
        let (first, length) = match self.frequency {
            Frequency::Daily => (start, 1.day()),
            Frequency::Weekly => {
                let offset = start.weekday().since(self.week_start);
                (start.checked_sub(i64::from(offset).days()).ok()?, 7.days())
            }
            Frequency::Monthly => (start.first_of_month(), 1.month()),
            Frequency::Yearly => (start.first_of_year(), 1.year()),
        };
        let first = first.checked_add(length.checked_mul(number).ok()?).ok()?;
        let last = first.checked_add(length).and_then(|next| next.yesterday()).unwrap_or(Date::MAX);
        Some((first, last))
    }

    /// Returns the occurrences of a period.
    fn days_of_period(&self, (first, last): (Date, Date)) -> Vec<Date> {
        let days = std::iter::successors(Some(first), |day| day.tomorrow().ok())
            .take_while(|day| *day <= last);
        let days: Vec<Date> = days.filter(|day| self.matches(*day)).collect();
        if self.positions.is_empty() {
            return days;
        }
        let is_selected = |place: usize| {
            self.positions.iter().any(|position| is_nth(*position, place + 1, days.len()))
        };
        days.iter()
            .enumerate()
            .filter(|(place, _)| is_selected(*place))
            .map(|(_, day)| *day)
            .collect()
    }

    fn matches(&self, day: Date) -> bool {
        let (of_month, in_month) = (day.day() as usize, day.days_in_month() as usize);
        let (of_year, in_year) = (day.day_of_year() as usize, day.days_in_year() as usize);
        let lists = |list: &[i16], place, length| {
            list.is_empty() || list.iter().any(|number| is_nth(*number, place, length))
        };
        // A number in `BYDAY` counts within the month if the rule names months.
        let (of_part, in_part) = match (self.frequency, self.months.is_empty()) {
            (Frequency::Yearly, true) => (of_year, in_year),
            _ => (of_month, in_month),
        };
        let has_ordinal = |ordinal: i16| {
            let from_end = (in_part - of_part) / 7 + 1;
            let place = (of_part - 1) / 7 + 1;
            ordinal == 0 || is_nth(ordinal, place, place + from_end - 1)
        };
        (self.months.is_empty() || self.months.contains(&i16::from(day.month())))
            && lists(&self.month_days, of_month, in_month)
            && lists(&self.year_days, of_year, in_year)
            && (self.weekdays.is_empty()
                || self
                    .weekdays
                    .iter()
                    .any(|(ordinal, weekday)| *weekday == day.weekday() && has_ordinal(*ordinal)))
    }
}

/// Returns true if a number counted from 1, or from the end by -1, means the `place`th of `length`.
fn is_nth(number: i16, place: usize, length: usize) -> bool {
    let size = usize::from(number.unsigned_abs());
    if number < 0 { size + place == length + 1 } else { size == place }
}

/// Parses numbers from 1 to `largest`, or also from `-largest` to -1.
fn parse_numbers(text: &str, largest: i16, from_end: bool) -> Option<Vec<i16>> {
    let number = |text: &str| {
        let number: i16 = text.trim().parse().ok()?;
        ((1..=largest).contains(&number.unsigned_abs().try_into().ok()?)
            && (from_end || number > 0))
            .then_some(number)
    };
    text.split(',').map(number).collect()
}

/// Parses a weekday with an optional number, as in `MO`, `4TH` or `-1MO`.
fn parse_weekday(text: &str) -> Option<(i16, Weekday)> {
    let text = text.trim();
    let (number, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let number = if number.is_empty() { 0 } else { parse_numbers(number, 53, true)?[0] };
    Some((number, find_weekday(name)?))
}

fn find_weekday(name: &str) -> Option<Weekday> {
    WEEKDAYS.iter().find(|(known, _)| *known == name).map(|(_, weekday)| *weekday)
}

fn part_problem(name: &str, part: &str) -> String {
    let part = truncate_for_message(part);
    let remedy = "remove the event from the file, or leave it out with `holidays_where`, and list \
                  its days in `holidays`";
    match name {
        "FREQ" => format!(
            "`{part}` is not supported in `RRULE`; use `DAILY`, `WEEKLY`, `MONTHLY` or `YEARLY`"
        ),
        "INTERVAL" | "COUNT" | "BYMONTH" | "BYMONTHDAY" | "BYYEARDAY" | "BYDAY" | "BYSETPOS"
        | "WKST" => {
            format!("`{part}` is not valid in `RRULE`; as in `FREQ=YEARLY;BYMONTH=11;BYDAY=4TH`")
        }
        _ => format!("`{part}` is not supported in `RRULE`; {remedy}"),
    }
}

#[cfg(test)]
mod tests;
