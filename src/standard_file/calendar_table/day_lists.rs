//! `holidays` and `workdays` of a calendar.

use crate::domain::time::calendar::OpeningInterval;
use crate::domain::time::timestamp::truncate_for_message;
use crate::standard_file::calendar_table::holiday_extent::HolidayExtent;
use crate::standard_file::calendar_table::opening_hours::{self, WeekdayHours};
use crate::standard_file::calendar_table::{LAST_REPEATED_YEAR, SpecialDates, date_range};
use crate::toml_document::{TomlTable, TomlValue};
use jiff::civil::Date;

/// First year of days that repeat every year.
const FIRST_REPEATED_YEAR: i16 = 1970;

/// Adds the days of `holidays`.
pub(super) fn read_holidays(
    table: &TomlTable<'_>,
    special: &mut SpecialDates,
    extent: &mut HolidayExtent,
) {
    for entry in table.value("holidays").and_then(|value| value.require_array()).unwrap_or_default()
    {
        let dates = match entry.as_table() {
            Some(days) if days.value("yearly").is_some() => {
                extent.set_endless();
                read_yearly_day(&days)
            }
            days => {
                let dates = days.map_or_else(
                    || entry.require_date().into_iter().collect(),
                    |days| read_range(&entry, &days),
                );
                dates.first().inspect(|first| extent.add_day(**first));
                dates
            }
        };
        special.extend(dates.into_iter().map(|date| (date, Vec::new())));
    }
}

/// Reads `{ from = 2026-02-16, to = 2026-02-22 }`, including both ends.
fn read_range(entry: &TomlValue<'_>, table: &TomlTable<'_>) -> Vec<Date> {
    let date = |key: &str| table.required_value(key, "a day, as in 2026-10-01")?.require_date();
    let (from, to) = (date("from"), date("to"));
    table.report_unknown_keys();
    let (Some(from), Some(to)) = (from, to) else { return Vec::new() };
    date_range(from, to).unwrap_or_else(|problem| {
        entry.report_problem(problem);
        Vec::new()
    })
}

/// Reads `{ yearly = "12-25" }`, or `{ yearly = "02-29", common_years = "02-28" }`. The second key
/// says which day is closed in years without a 29 February.
fn read_yearly_day(table: &TomlTable<'_>) -> Vec<Date> {
    let (yearly, otherwise) = (table.value("yearly"), table.value("common_years"));
    table.report_unknown_keys();
    let Some(yearly) = yearly else { return Vec::new() };
    let Some((month, day)) = read_month_and_day(&yearly) else { return Vec::new() };
    let is_leap_day = (month, day) == (2, 29);
    let common_day = match otherwise {
        Some(value) if !is_leap_day => {
            value.report_problem("`common_years` is for `yearly = \"02-29\"` only; remove it");
            return Vec::new();
        }
        Some(value) if value.as_str() == Some("none") => None,
        Some(value) => match read_month_and_day(&value) {
            Some(day) if day != (2, 29) => Some(day),
            Some(_) => {
                value.report_problem(
                    "`common_years` have no `02-29`; use \"02-28\", \"03-01\" or \"none\"",
                );
                return Vec::new();
            }
            None => return Vec::new(),
        },
        None if is_leap_day => {
            yearly.report_problem(
                "three of four years have no `02-29`; add `common_years` with the day that is \
                 closed then: \"02-28\", \"03-01\" or \"none\"",
            );
            return Vec::new();
        }
        None => None,
    };
    let date_in = |year: i16| {
        let common = || common_day.and_then(|(month, day)| Date::new(year, month, day).ok());
        Date::new(year, month, day).ok().or_else(common)
    };
    (FIRST_REPEATED_YEAR..=LAST_REPEATED_YEAR).filter_map(date_in).collect()
}

/// Reads `12-25` as month and day.
fn read_month_and_day(value: &TomlValue<'_>) -> Option<(i8, i8)> {
    let text = value.require_string()?;
    let parse = |part: &str| {
        let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i8>().ok().filter(|_| is_number)
    };
    let parsed = text.split_once('-').and_then(|(month, day)| parse(month).zip(parse(day)));
    // 2000 is a leap year.
    let valid = parsed.filter(|(month, day)| Date::new(2000, *month, *day).is_ok());
    if valid.is_none() {
        let (key, text) = (value.key(), truncate_for_message(text));
        value.report_problem(format!(
            "`{key}` must be month and day, as in \"12-25\", not `{text}`"
        ));
    }
    valid
}

/// Adds the days of `workdays`.
pub(super) fn read_workdays(
    table: &TomlTable<'_>,
    week: &WeekdayHours,
    special: &mut SpecialDates,
) {
    let mut seen = Vec::new();
    for entry in table.value("workdays").and_then(|value| value.require_array()).unwrap_or_default()
    {
        let Some((date, spans)) = read_workday(&entry, week) else { continue };
        if seen.contains(&date) {
            entry.report_problem(format!("the workday {date} is listed already"));
        }
        seen.push(date);
        special.insert(date, spans);
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
pub(super) fn make_up_day_hours(date: Date, week: &WeekdayHours) -> Vec<OpeningInterval> {
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
