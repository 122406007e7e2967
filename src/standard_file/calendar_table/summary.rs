//! Summary of a calendar for `firstline check`: what its special days close, and when they end.

use crate::domain::time::calendar::Calendar;
use crate::standard_file::calendar_table::SpecialDates;
use crate::standard_file::calendar_table::holidays_file::HolidaysFile;
use crate::standard_file::calendar_table::opening_hours::WeekdayHours;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Special days of a calendar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CalendarSummary {
    /// Name, as in `field`.
    pub name: String,
    /// Line of the calendar in the standard, counted from 1.
    pub line: usize,
    /// Column, counted from 1.
    pub column: usize,
    /// iCalendar file, as the standard names it.
    pub file: Option<String>,
    /// Number of events of the file that are not cancelled.
    pub event_count: usize,
    /// Number of these events that `holidays_where` or the lack of a mark leaves out.
    pub omitted_count: usize,
    /// Last day of the last year with holidays. `None` if the calendar has none, or if some repeat
    /// without end.
    pub last_day: Option<Date>,
    /// Number of special days of each year.
    pub years: BTreeMap<i16, SpecialDayCounts>,
}

/// Numbers of days that differ from their weekday.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SpecialDayCounts {
    /// Days that are closed but are open on their weekday.
    pub closed: u32,
    /// Days that are open but are closed on their weekday.
    pub opened: u32,
    /// Open days with other hours than on their weekday.
    pub changed: u32,
}

impl CalendarSummary {
    pub(super) fn new(
        calendar: &Calendar,
        week: &WeekdayHours,
        special: &SpecialDates,
        (line, column): (usize, usize),
        file: Option<HolidaysFile>,
    ) -> CalendarSummary {
        let counts = |count: fn(&HolidaysFile) -> usize| file.as_ref().map_or(0, count);
        CalendarSummary {
            name: calendar.name.clone(),
            line,
            column,
            event_count: counts(|file| file.event_count),
            omitted_count: counts(|file| file.omitted_count),
            file: file.map(|file| file.name),
            last_day: calendar.last_day,
            years: special_days_by_year(week, special),
        }
    }
}

/// Returns the numbers of special days of each year that has some.
fn special_days_by_year(
    week: &WeekdayHours,
    special: &SpecialDates,
) -> BTreeMap<i16, SpecialDayCounts> {
    let mut years = BTreeMap::<i16, SpecialDayCounts>::new();
    for (date, hours) in special {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
        let usual = &week[weekday];
        if hours == usual {
            continue;
        }
        let counts = years.entry(date.year()).or_default();
        match (usual.is_empty(), hours.is_empty()) {
            (false, true) => counts.closed += 1,
            (true, false) => counts.opened += 1,
            _ => counts.changed += 1,
        }
    }
    years
}
