//! `[calendar.NAME]`: opening hours, holidays and make-up workdays (调休).
//!
//! ```toml
//! [calendar.field]
//! time_zone = "Asia/Shanghai"            # default: zone of the case's center
//! week = { mon-fri = ["08:00-12:00", "13:30-18:00"], sat = ["09:00-12:00"] }
//! holidays = [2026-10-01, { from = 2026-02-16, to = 2026-02-22 }]
//! holidays_file = "holidays.ics"         # iCalendar file next to the standard
//! workdays = [
//!     2026-10-10,
//!     { date = 2026-02-14, as = "fri" },
//!     { date = 2026-02-28, open = ["09:00-12:00"] },
//! ]
//! ```
//! Keys of `week` are `mon` to `sun`, ranges such as `mon-fri`, or `daily`. Other days are closed.
//! Hours belong to the day on which they begin, so `22:00-06:00` ends on the next morning. A
//! make-up workday without further keys has the hours of its weekday. On a Saturday or Sunday it
//! has those of the first open day from Monday on. Workdays override holidays, and both override
//! the file.

use self::opening_hours::WeekdayHours;
use crate::domain::time::calendar::{Calendar, OpeningInterval};
use crate::standard_file::check_name;
use crate::toml_document::{TomlTable, TomlValue};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::Path;

/// Maximum number of days in a range of holidays. A longer range is likely a mistake.
const HOLIDAY_DAYS_MAX: i64 = 366;

/// Dates with their own hours. A holiday has none.
type SpecialDates = BTreeMap<Date, Vec<OpeningInterval>>;

/// Reads the calendars of the file. Invalid ones are skipped.
pub(super) fn read_calendars(root: &TomlTable<'_>) -> Vec<Calendar> {
    let Some(calendars) = root.optional_table("calendar") else { return Vec::new() };
    calendars.entries().filter_map(|(name, value)| read_calendar(name, &value)).collect()
}

fn read_calendar(name: &str, value: &TomlValue<'_>) -> Option<Calendar> {
    check_name(value, name);
    let table = value.require_table()?;
    let time_zone = read_time_zone(&table);
    let week = opening_hours::read_week(&table);
    let mut special = SpecialDates::new();
    if let Some(file) = table.value("holidays_file") {
        read_holidays_file(&table, &file, &week, &mut special);
    }
    for entry in table.value("holidays").and_then(|value| value.require_array()).unwrap_or_default()
    {
        special.extend(read_holidays(&entry).into_iter().map(|date| (date, Vec::new())));
    }
    let mut seen = Vec::new();
    for entry in table.value("workdays").and_then(|value| value.require_array()).unwrap_or_default()
    {
        let Some((date, spans)) = read_workday(&entry, &week) else { continue };
        if seen.contains(&date) {
            entry.report_problem(format!("the workday {date} is listed already"));
        }
        seen.push(date);
        special.insert(date, spans);
    }
    table.report_unknown_keys();
    Some(Calendar::new(name.to_owned(), time_zone, &week, &special))
}

fn read_time_zone(table: &TomlTable<'_>) -> Option<TimeZone> {
    let name = table.optional_string("time_zone")?;
    let zone = TimeZone::get(name);
    if zone.is_err() {
        table.report_problem(
            "time_zone",
            format!("there is no time zone `{name}`; use an IANA name, as in \"Asia/Shanghai\""),
        );
    }
    zone.ok()
}

/// Reads `2026-10-01`, or `{ from = 2026-02-16, to = 2026-02-22 }` including both ends.
fn read_holidays(entry: &TomlValue<'_>) -> Vec<Date> {
    let Some(table) = entry.as_table() else { return entry.require_date().into_iter().collect() };
    let date = |key: &str| table.required_value(key, "a day, as in 2026-10-01")?.require_date();
    let (from, to) = (date("from"), date("to"));
    table.report_unknown_keys();
    let (Some(from), Some(to)) = (from, to) else { return Vec::new() };
    date_range(from, to).unwrap_or_else(|problem| {
        entry.report_problem(problem);
        Vec::new()
    })
}

/// Returns the days from `from` to `to`, including both.
///
/// # Errors
///
/// Returns an error if the range ends before it begins, or has more than [`HOLIDAY_DAYS_MAX`] days.
fn date_range(from: Date, to: Date) -> Result<Vec<Date>, String> {
    let days = to.duration_since(from).as_hours() / 24 + 1;
    match days {
        ..=0 => Err(format!("the range of days ends on {to}, before it begins on {from}")),
        1..=HOLIDAY_DAYS_MAX => Ok(std::iter::successors(Some(from), |date| date.tomorrow().ok())
            .take_while(|date| *date <= to)
            .collect()),
        _ => {
            Err(format!("{days} days from {from} to {to} are too many: at most {HOLIDAY_DAYS_MAX}"))
        }
    }
}

/// Reads `2026-10-10`, `{ date = 2026-10-10, as = "mon" }`, or
/// `{ date = 2026-10-10, open = ["09:00-12:00"] }`.
fn read_workday(
    entry: &TomlValue<'_>,
    week: &WeekdayHours,
) -> Option<(Date, Vec<OpeningInterval>)> {
    let Some(table) = entry.as_table() else {
        let date = entry.require_date()?;
        return Some((date, make_up_day_hours(date, week)));
    };
    let date = table
        .required_value("date", "a day, as in 2026-10-10")
        .and_then(|value| value.require_date());
    let (weekday, open) = (table.value("as"), table.value("open"));
    table.report_unknown_keys();
    let spans = match (weekday, open) {
        (Some(_), Some(open)) => {
            open.report_problem(
                "a workday has either the hours of another day, `as`, or its own, `open`",
            );
            Vec::new()
        }
        (Some(weekday), None) => read_weekday_hours(&weekday, week),
        (None, Some(open)) => opening_hours::read_spans(&open),
        (None, None) => date.map(|date| make_up_day_hours(date, week)).unwrap_or_default(),
    };
    Some((date?, spans))
}

/// Returns the hours of a make-up workday without further keys: those of its weekday, or else those
/// of the first open day of the week.
fn make_up_day_hours(date: Date, week: &WeekdayHours) -> Vec<OpeningInterval> {
    let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
    let weekday_hours = week[..5].get(weekday);
    weekday_hours
        .into_iter()
        .chain(week)
        .find(|spans| !spans.is_empty())
        .cloned()
        .unwrap_or_default()
}

/// Returns the hours of the weekday in `as`.
fn read_weekday_hours(value: &TomlValue<'_>, week: &WeekdayHours) -> Vec<OpeningInterval> {
    let Some(day) = opening_hours::read_weekday(value) else { return Vec::new() };
    if week[day].is_empty() {
        value.report_problem(format!(
            "`{}` is closed; use a day with opening hours, or `open` with hours",
            opening_hours::WEEKDAY_NAMES[day]
        ));
    }
    week[day].clone()
}

/// Adds the days of an iCalendar file, whose path is relative to the folder of the standard.
fn read_holidays_file(
    table: &TomlTable<'_>,
    value: &TomlValue<'_>,
    week: &WeekdayHours,
    special: &mut SpecialDates,
) {
    let Some(name) = value.require_string() else { return };
    let path = Path::new(table.file_name()).parent().unwrap_or(Path::new("")).join(name);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) => {
            return value.report_problem(format!("`{}` cannot be read: {error}", path.display()));
        }
    };
    match icalendar::parse_icalendar(&text) {
        Ok(days) => {
            special.extend(days.holidays.into_iter().map(|date| (date, Vec::new())));
            special.extend(
                days.workdays.into_iter().map(|date| (date, make_up_day_hours(date, week))),
            );
        }
        Err(problems) => {
            for (line, problem) in problems {
                value.report_problem(format!("`{}`, line {line}: {problem}", path.display()));
            }
        }
    }
}

mod icalendar;
mod opening_hours;
#[cfg(test)]
mod tests;
