//! Event of an iCalendar file: its properties, and the local times at which it happens.

use crate::domain::time::timestamp::truncate_for_message;
use crate::standard_file::calendar_table::date_range;
use crate::standard_file::calendar_table::icalendar::FileProblem;
use crate::standard_file::calendar_table::icalendar::content_lines::ContentLine;
use crate::standard_file::calendar_table::icalendar::date_values::{
    DAY_SECONDS, DateValue, parse_duration,
};
use crate::standard_file::calendar_table::icalendar::recurrence_rule::RecurrenceRule;
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// Value of a property with its line.
type RawValue = (usize, String);

/// `VEVENT` as written. Its dates are parsed only if the event is used.
#[derive(Default)]
pub(super) struct CalendarEvent {
    /// Line of `BEGIN:VEVENT`.
    pub(super) line: usize,
    /// Identifier, which an event shares with its changed occurrences.
    pub(super) uid: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) categories: Vec<String>,
    pub(super) special_day: String,
    pub(super) cancelled: bool,
    /// Occurrence that the event replaces.
    recurrence_id: Option<RawValue>,
    start: Option<RawValue>,
    /// Time zone of `DTSTART`, as in `Asia/Shanghai`.
    start_zone: Option<String>,
    end: Option<RawValue>,
    duration: Option<RawValue>,
    rules: Vec<RawValue>,
    additional: Vec<RawValue>,
    excluded: Vec<RawValue>,
    /// Line of a property that defines days in an unsupported way, and its name.
    unsupported: Option<RawValue>,
}

/// Local times of an event.
#[derive(Debug)]
pub(super) struct EventTimes {
    /// First and last moment of each occurrence. The last does not belong to it.
    pub(super) spans: Vec<(DateTime, DateTime)>,
    /// True if the event repeats without end.
    pub(super) is_endless: bool,
}

/// Length of each occurrence.
enum EventLength {
    Days(i64),
    Time(SignedDuration),
}

impl CalendarEvent {
    /// Returns an event without properties that begins at this line.
    pub(super) fn begin(line: usize) -> CalendarEvent {
        CalendarEvent { line, ..CalendarEvent::default() }
    }

    pub(super) fn set_property(&mut self, property: &ContentLine<'_>) {
        let raw = || (property.line, property.value.to_owned());
        match property.name.as_str() {
            "DTSTART" => {
                self.start = Some(raw());
                self.start_zone = property.parameter("TZID").map(str::to_owned);
            }
            "DTEND" => self.end = Some(raw()),
            "DURATION" => self.duration = Some(raw()),
            "RRULE" => self.rules.push(raw()),
            "RDATE" if property.parameter("VALUE").is_some_and(is_period) => {
                self.unsupported = Some((property.line, "RDATE;VALUE=PERIOD".to_owned()));
            }
            "RDATE" => self.additional.push(raw()),
            "EXDATE" => self.excluded.push(raw()),
            "EXRULE" => self.unsupported = Some((property.line, "EXRULE".to_owned())),
            "RECURRENCE-ID" if property.parameter("RANGE").is_some() => {
                self.unsupported = Some((property.line, "RECURRENCE-ID;RANGE".to_owned()));
            }
            "RECURRENCE-ID" => self.recurrence_id = Some(raw()),
            "UID" => property.value.clone_into(&mut self.uid),
            "SUMMARY" => self.summary = property.text(),
            "DESCRIPTION" => self.description = property.text(),
            "CATEGORIES" => self.categories.extend(property.text_list()),
            "X-APPLE-SPECIAL-DAY" => self.special_day = property.value.to_ascii_uppercase(),
            "STATUS" => self.cancelled = property.value.eq_ignore_ascii_case("CANCELLED"),
            _ => {}
        }
    }

    /// Returns true if the event is a make-up workday by its marks.
    pub(super) fn is_workday(&self) -> bool {
        let has_any = |marks: &[&str]| marks.iter().any(|mark| self.summary.contains(mark));
        match self.special_day.as_str() {
            "ALTERNATE-WORKDAY" => true,
            "WORK-HOLIDAY" => false,
            _ => {
                has_any(&["补班", "上班", "(班)", "（班）"])
                    || has_any(&["调休"]) && !has_any(&["放假", "假期", "休息", "(休)", "（休）"])
            }
        }
    }

    /// Returns true if the event replaces an occurrence of another one.
    pub(super) fn is_replacement(&self) -> bool {
        self.recurrence_id.is_some()
    }

    /// Returns the local date of the occurrence that the event replaces, if it replaces one.
    ///
    /// # Errors
    ///
    /// Returns a problem if the date is invalid.
    pub(super) fn replaced_date(&self, zone: &TimeZone) -> Result<Option<Date>, FileProblem> {
        let Some((line, text)) = &self.recurrence_id else { return Ok(None) };
        let value = DateValue::parse(*line, text)?;
        // Some programs write an all-day occurrence as midnight UTC.
        let is_all_day = self.start.as_ref().is_some_and(|(_, start)| !start.contains(['T', 't']));
        Ok(Some(date_of(value, is_all_day, zone)))
    }

    /// Returns the local times at which the event happens. `replaced` are the dates whose
    /// occurrences other events replace. `zone` converts times in UTC.
    ///
    /// # Errors
    ///
    /// Returns a problem if a date, the length or a rule is invalid or not supported.
    pub(super) fn times(
        &self,
        replaced: &[Date],
        zone: &TimeZone,
    ) -> Result<EventTimes, FileProblem> {
        if let Some((line, name)) = &self.unsupported {
            let problem = format!(
                "`{name}` is not supported; use an event with `DTSTART` and `DTEND` for each range \
                 of days"
            );
            return Err((*line, problem));
        }
        let Some((start_line, text)) = &self.start else {
            return Err((self.line, "the event has no `DTSTART`".to_owned()));
        };
        let start = DateValue::parse(*start_line, text)?;
        let length = self.length(*start_line, start, zone)?;
        let is_all_day = start.is_day();
        let mut skipped = replaced.to_vec();
        for value in parse_list(&self.excluded)? {
            skipped.push(date_of(value, is_all_day, zone));
        }
        let (mut starts, is_endless) = self.rule_starts(start, zone)?;
        for value in parse_list(&self.additional)? {
            starts.push(if is_all_day { DateValue::Day(value.written().date()) } else { value });
        }
        let mut spans = Vec::new();
        for value in starts {
            let first = value.local(zone);
            if !skipped.contains(&first.date()) {
                spans.push((first, length.end(value, zone)));
            }
        }
        spans.sort_unstable();
        spans.dedup();
        Ok(EventTimes { spans, is_endless })
    }

    /// Returns the starts by the rules, and true if a rule has no end. The start of the event is
    /// one of them even if its rule does not contain it, as in most programs.
    fn rule_starts(
        &self,
        start: DateValue,
        zone: &TimeZone,
    ) -> Result<(Vec<DateValue>, bool), FileProblem> {
        let (mut starts, mut is_endless, mut is_over) = (Vec::new(), false, !self.rules.is_empty());
        let own_zone = self.start_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
        for (line, text) in &self.rules {
            let rule = RecurrenceRule::parse(*line, text)?;
            is_endless |= rule.is_endless();
            let until = rule.until.map(|until| match (start, until) {
                (DateValue::Day(_), _) | (_, DateValue::Day(_)) => {
                    until.written().date().to_datetime(Time::MAX)
                }
                (DateValue::Local(_), _) => until.local(own_zone.as_ref().unwrap_or(zone)),
                (DateValue::Utc(_), _) => until.written(),
            });
            let until = until.unwrap_or(DateTime::MAX);
            is_over &= start.written() > until;
            let days = rule.days(start.written().date(), Some(until.date()));
            let times = days.map(|day| start.on_date(day));
            starts.extend(times.filter(|time| time.written() <= until));
        }
        if !is_over && !starts.contains(&start) {
            starts.push(start);
        }
        Ok((starts, is_endless))
    }

    fn length(
        &self,
        start_line: usize,
        start: DateValue,
        zone: &TimeZone,
    ) -> Result<EventLength, FileProblem> {
        let end = match (&self.end, &self.duration) {
            (Some((line, text)), _) => Some((*line, DateValue::parse(*line, text)?)),
            _ => None,
        };
        let duration = match (&self.duration, end) {
            (Some((line, text)), None) => Some((*line, parse_duration(*line, text)?)),
            _ => None,
        };
        if let DateValue::Day(first) = start {
            let (line, after) = match (end, duration) {
                (Some((line, DateValue::Day(end))), _) => (line, end),
                (Some((line, _)), _) => {
                    let problem = "`DTEND` has a time but `DTSTART` has none; write both as days or both as times";
                    return Err((line, problem.to_owned()));
                }
                (None, Some((line, seconds))) if seconds % DAY_SECONDS == 0 => {
                    let days = jiff::Span::new().try_days(seconds / DAY_SECONDS);
                    let end = days.and_then(|days| first.checked_add(days));
                    (line, end.unwrap_or(Date::MAX))
                }
                (None, Some((line, _))) => {
                    let problem = "the event lasts all day, but its `DURATION` is not a number of days; add a time to `DTSTART`, or use days, as in `P1D`";
                    return Err((line, problem.to_owned()));
                }
                (None, None) => return Ok(EventLength::Days(1)),
            };
            // `DTEND` is the day after the last. Some calendars repeat `DTSTART` for a single day.
            let last = if after == first { first } else { after.yesterday().unwrap_or(after) };
            let days = date_range(first, last).map_err(|problem| (line, problem))?;
            return Ok(EventLength::Days(i64::try_from(days.len()).unwrap_or(1)));
        }
        let (line, length) = match (end, duration) {
            (Some((line, end)), _) => (line, end.local(zone).duration_since(start.local(zone))),
            (None, Some((line, seconds))) => (line, SignedDuration::from_secs(seconds)),
            // A make-up workday needs no end, because its hours are those of the calendar.
            (None, None) => (start_line, SignedDuration::ZERO),
        };
        if length.is_negative() {
            return Err((line, "the event ends before it begins".to_owned()));
        }
        if length.is_zero() && !self.is_workday() {
            let text = truncate_for_message(&self.summary);
            let problem = format!(
                "`{text}` begins at a time and has no end; add `DTEND`, write a day, as in \
                 `DTSTART;VALUE=DATE:20261010`, or leave the event out with `holidays_where`"
            );
            return Err((line, problem));
        }
        let last = start.local(zone).checked_add(length).unwrap_or(DateTime::MAX);
        date_range(start.local(zone).date(), last.date()).map_err(|problem| (line, problem))?;
        Ok(EventLength::Time(length))
    }
}

impl EventLength {
    /// Returns the local time at which an occurrence ends.
    fn end(&self, start: DateValue, zone: &TimeZone) -> DateTime {
        let first = start.local(zone);
        let end = match self {
            EventLength::Days(days) => {
                let days = jiff::Span::new().try_days(*days);
                days.and_then(|days| first.checked_add(days))
            }
            EventLength::Time(length) => first.checked_add(*length),
        };
        end.unwrap_or(DateTime::MAX)
    }
}

/// Returns the date that identifies an occurrence. For an all-day event it is the date as written.
fn date_of(value: DateValue, is_all_day: bool, zone: &TimeZone) -> Date {
    if is_all_day { value.written().date() } else { value.local(zone).date() }
}

fn is_period(value: &str) -> bool {
    value.eq_ignore_ascii_case("PERIOD")
}

/// Parses lists of values that are separated by commas.
fn parse_list(lists: &[RawValue]) -> Result<Vec<DateValue>, FileProblem> {
    let values = lists
        .iter()
        .flat_map(|(line, list)| list.split(',').map(|text| DateValue::parse(*line, text.trim())));
    values.collect()
}
