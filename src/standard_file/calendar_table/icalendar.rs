//! Days from an iCalendar file (RFC 5545), as published for public holidays.
//!
//! An event is a holiday unless it is marked as a make-up workday (调休). The marks are
//! `X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY`, a `SUMMARY` with `补班`, `上班` or `(班)`, and a `SUMMARY`
//! with `调休` that contains none of `放假`, `假期`, `休息`, `(休)`. In a calendar that marks its holidays
//! with `X-APPLE-SPECIAL-DAY:WORK-HOLIDAY`, events without a mark are ordinary workdays.
//!
//! An all-day event closes whole days. An event with times closes these hours. A make-up workday
//! has the hours of the calendar, also if its event has times. Published files have the hours of a
//! typical office (09:00-18:00), not those of this organization.
//!
//! Events may repeat (`RRULE`, `RDATE`, `EXDATE`), and other events may replace single occurrences
//! (`RECURRENCE-ID`). Days before 1970 and after [`LAST_REPEATED_YEAR`] are left out. The days depend on
//! the file alone, never on the current date, so a replay has the same deadlines in every year.
//!
//! This is not the crate `icalendar`, because few properties of a single component are needed, with
//! line numbers for problems. It depends on chrono, a second date library.

mod content_lines;
mod date_values;
mod event;
mod event_choice;
mod recurrence_rule;

pub(super) use self::event_choice::EventChoice;

use self::content_lines::{ContentLine, unfold_lines};
use self::event::{CalendarEvent, EventTimes};
use crate::domain::time::calendar::OpeningInterval;
use crate::domain::time::timestamp::truncate_for_message;
use crate::standard_file::calendar_table::holiday_extent::HolidayExtent;
use crate::toml_document::TomlValue;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

#[cfg(doc)]
use crate::standard_file::calendar_table::LAST_REPEATED_YEAR;

/// Problem of a file with its line.
pub(super) type FileProblem = (usize, String);

/// Maximum number of days of a file. Daily events until 2100 have a quarter of it.
const DAYS_MAX: usize = 200_000;

/// First day that is used.
const FIRST_DAY: Date = Date::constant(1970, 1, 1);

/// Events of a file.
pub(super) struct CalendarFile {
    events: Vec<CalendarEvent>,
    /// Time zone of the file, by `X-WR-TIMEZONE`.
    zone: Option<TimeZone>,
}

/// Days of a file.
#[derive(Debug, Default)]
pub(super) struct CalendarDays {
    /// Days that are closed.
    pub(super) holidays: Vec<Date>,
    /// Make-up workdays.
    pub(super) workdays: Vec<Date>,
    /// Days of which these hours are closed.
    pub(super) closed_hours: Vec<(Date, OpeningInterval)>,
    /// Until when the file has holidays.
    pub(super) extent: HolidayExtent,
    /// Number of events of the file that are not cancelled.
    pub(super) event_count: usize,
    /// Number of these events that the choice or the lack of a mark leaves out.
    pub(super) omitted_count: usize,
}

impl CalendarFile {
    /// Parses a file.
    ///
    /// # Errors
    ///
    /// Returns the first problem with its line. A truncated file is one, because it would lack
    /// holidays.
    pub(super) fn parse(text: &[u8]) -> Result<CalendarFile, FileProblem> {
        parse_components(&unfold_lines(text))
    }

    /// Warns of texts of `choice` that are in no event.
    pub(super) fn report_unused_texts(&self, choice: &EventChoice, value: &TomlValue<'_>) {
        choice.report_unused_texts(&self.events, value);
    }

    /// Returns the days of the chosen events. `default_zone` converts times in UTC if the file
    /// names no time zone.
    ///
    /// # Errors
    ///
    /// Returns every problem with its line.
    pub(super) fn days(
        &self,
        choice: &EventChoice,
        default_zone: &TimeZone,
    ) -> Result<CalendarDays, Vec<FileProblem>> {
        let zone = self.zone.as_ref().unwrap_or(default_zone);
        let (replaced, mut problems) = self.replaced_dates(zone);
        let marked = self.events.iter().any(|event| event.special_day == "WORK-HOLIDAY");
        let mut days = CalendarDays::default();
        for event in self.events.iter().filter(|event| !event.cancelled) {
            let is_workday = event.is_workday();
            let is_ordinary = marked && !is_workday && event.special_day != "WORK-HOLIDAY";
            days.event_count += 1;
            if is_ordinary || !choice.accepts(event) {
                days.omitted_count += 1;
                continue;
            }
            let replaced = replaced.get(event.uid.as_str()).map_or(&[][..], Vec::as_slice);
            match event.times(if event.is_replacement() { &[] } else { replaced }, zone) {
                Ok(times) => days.add_event(&times, is_workday),
                Err(problem) => problems.push(problem),
            }
            if days.count() > DAYS_MAX {
                let problem = format!(
                    "the events have more than {DAYS_MAX} days; leave some out with `holidays_where`"
                );
                problems.push((event.line, problem));
                break;
            }
        }
        if problems.is_empty() { Ok(days) } else { Err(problems) }
    }

    /// Returns the dates whose occurrences other events replace or cancel, by the identifier of the
    /// event.
    fn replaced_dates(&self, zone: &TimeZone) -> (BTreeMap<&str, Vec<Date>>, Vec<FileProblem>) {
        let (mut dates, mut problems) = (BTreeMap::<&str, Vec<Date>>::new(), Vec::new());
        for event in &self.events {
            match event.replaced_date(zone) {
                Ok(Some(date)) => dates.entry(&event.uid).or_default().push(date),
                Ok(None) => {}
                Err(problem) => problems.push(problem),
            }
        }
        (dates, problems)
    }
}

impl CalendarDays {
    fn add_event(&mut self, times: &EventTimes, is_workday: bool) {
        for (start, end) in &times.spans {
            self.add_span(*start, *end, is_workday);
            if !is_workday {
                self.extent.add_day(start.date());
            }
        }
        if times.is_endless && !is_workday {
            self.extent.set_endless();
        }
    }

    /// Adds the days from `start` to before `end`.
    fn add_span(&mut self, start: DateTime, end: DateTime, is_workday: bool) {
        let dates = std::iter::successors(Some(start.date()), |date| date.tomorrow().ok());
        for date in dates.take_while(|date| *date == start.date() || date.at(0, 0, 0, 0) < end) {
            if date < FIRST_DAY {
                continue;
            }
            let (from, until) = (minute_of(date, start, false), minute_of(date, end, true));
            match (is_workday, from, until) {
                (true, ..) => self.workdays.push(date),
                (false, 0, 1_440) => self.holidays.push(date),
                _ => self.closed_hours.push((date, OpeningInterval { from, until })),
            }
        }
    }

    fn count(&self) -> usize {
        self.holidays.len() + self.workdays.len() + self.closed_hours.len()
    }
}

/// Returns the minute of `date` at a local time, from 0 to 1440 if it is on another day. `up` rounds
/// seconds up.
fn minute_of(date: Date, time: DateTime, up: bool) -> u16 {
    let seconds = time.duration_since(date.at(0, 0, 0, 0)).as_secs() + if up { 59 } else { 0 };
    u16::try_from(seconds.div_euclid(60).clamp(0, 1_440)).unwrap_or_default()
}

/// Parses the components of a complete file.
fn parse_components(lines: &[(usize, String)]) -> Result<CalendarFile, FileProblem> {
    let first = lines.first().map_or("", |(_, line)| line.as_str());
    if !first.trim().eq_ignore_ascii_case("BEGIN:VCALENDAR") {
        return Err((
            1,
            format!(
                "not an iCalendar file: it begins with `{}` instead of `BEGIN:VCALENDAR`",
                truncate_for_message(first)
            ),
        ));
    }
    let mut file = CalendarFile { events: Vec::new(), zone: None };
    let mut open: Vec<String> = Vec::new();
    for (number, line) in lines {
        let property = ContentLine::parse(*number, line)?;
        let value = property.value;
        let component = open.last().cloned().unwrap_or_default();
        match property.name.as_str() {
            "BEGIN" => {
                open.push(value.to_ascii_uppercase());
                if value.eq_ignore_ascii_case("VEVENT") {
                    file.events.push(CalendarEvent::begin(*number));
                }
            }
            "END" if open.pop().is_some_and(|name| name.eq_ignore_ascii_case(value)) => {}
            "END" => {
                return Err((
                    *number,
                    format!("`END:{}` has no matching `BEGIN`", truncate_for_message(value)),
                ));
            }
            "X-WR-TIMEZONE" if component == "VCALENDAR" => file.zone = TimeZone::get(value).ok(),
            // An alarm inside an event has its own summary.
            _ if component == "VEVENT" => {
                if let Some(event) = file.events.last_mut() {
                    event.set_property(&property);
                }
            }
            _ => {}
        }
    }
    match (open.last(), lines.last()) {
        (Some(name), Some((number, _))) => {
            Err((*number, format!("the file ends before `END:{name}`; download it again")))
        }
        _ => Ok(file),
    }
}
