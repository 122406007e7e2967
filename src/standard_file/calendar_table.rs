//! `[calendar.NAME]`: opening hours, holidays and make-up workdays (调休).
//!
//! ```toml
//! [calendar.field]
//! time_zone = "Asia/Shanghai"            # default: zone of the case's center
//! week = { mon-fri = ["08:00-12:00", "13:30-18:00"], sat = ["09:00-12:00"] }
//! holidays = [2026-10-01, { from = 2026-02-16, to = 2026-02-22 }, { yearly = "12-25" }]
//! holidays_file = "holidays.ics"         # iCalendar file next to the standard
//! holidays_where = { categories = ["Public holiday"], except = ["Regional"] }
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

use self::holiday_extent::HolidayExtent;
use self::summary::CalendarSummary;
use crate::domain::time::calendar::{Calendar, OpeningInterval};
use crate::standard_file::calendar_files::CalendarFiles;
use crate::standard_file::check_name;
use crate::toml_document::{TomlTable, TomlValue};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Maximum number of days in a range of holidays. A longer range is likely a mistake.
const HOLIDAY_DAYS_MAX: i64 = 366;

/// Last year of days that repeat without end. It is fixed, so that a replay of old events has the
/// same deadlines whenever it runs.
const LAST_REPEATED_YEAR: i16 = 2100;

/// Dates with their own hours. A holiday has none.
type SpecialDates = BTreeMap<Date, Vec<OpeningInterval>>;

/// Reads the calendars of the file, each with its summary. Invalid ones are skipped.
/// `default_zone` is that of the standard. `files` reads iCalendar files.
pub(super) fn read_calendars(
    root: &TomlTable<'_>,
    default_zone: &TimeZone,
    files: &CalendarFiles,
) -> Vec<(Calendar, CalendarSummary)> {
    let Some(calendars) = root.optional_table("calendar") else { return Vec::new() };
    let entries = calendars.entries();
    entries.filter_map(|(name, value)| read_calendar(name, &value, default_zone, files)).collect()
}

fn read_calendar(
    name: &str,
    value: &TomlValue<'_>,
    default_zone: &TimeZone,
    files: &CalendarFiles,
) -> Option<(Calendar, CalendarSummary)> {
    check_name(value, name);
    let table = value.require_table()?;
    let time_zone = read_time_zone(&table);
    let week = opening_hours::read_week(&table);
    let (mut special, mut extent) = (SpecialDates::new(), HolidayExtent::default());
    let file = holidays_file::read_holidays_file(
        &table,
        &week,
        time_zone.as_ref().unwrap_or(default_zone),
        files,
        &mut special,
    );
    if let Some(file) = &file {
        extent.extend(file.extent);
    }
    day_lists::read_holidays(&table, &mut special, &mut extent);
    day_lists::read_workdays(&table, &week, &mut special);
    table.report_unknown_keys();
    let calendar =
        Calendar::new(name.to_owned(), time_zone, &week, &special).with_last_day(extent.last_day());
    let summary = CalendarSummary::new(&calendar, &week, &special, table.line_and_column(), file);
    Some((calendar, summary))
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

mod day_lists;
mod holiday_extent;
mod holidays_file;
mod icalendar;
mod opening_hours;
pub(super) mod summary;
#[cfg(test)]
mod tests;
