//! Summary of a calendar for `firstline check`: what its special days close, and when they end.

use crate::domain::time::calendar::{Calendar, SpecialDayCounts};
use crate::standard_file::calendar_table::holidays_file::HolidaysFile;
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

impl CalendarSummary {
    pub(super) fn new(
        calendar: &Calendar,
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
            years: calendar.special_days_by_year(),
        }
    }
}
