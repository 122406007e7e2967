//! Days from an iCalendar file (RFC 5545), as published for public holidays. Events last all day,
//! from `DTSTART` until before `DTEND`.
//!
//! An event is a holiday unless it is marked as a make-up workday (调休). The marks are
//! `X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY`, a `SUMMARY` with `补班`, `上班` or `(班)`, and a `SUMMARY`
//! with `调休` that contains none of `放假`, `假期`, `休息`, `(休)`. In a calendar that marks its holidays
//! with `X-APPLE-SPECIAL-DAY:WORK-HOLIDAY`, events without a mark are ordinary workdays.
//!
//! This is not a crate, because few properties of a single component are needed, with line numbers
//! for problems. The maintained crates depend on chrono, a second date library.

use crate::domain::time::timestamp::truncate_for_message;
use crate::standard_file::calendar_table::date_range;
use jiff::civil::Date;

/// Days of a file.
#[derive(Debug, Default)]
pub(super) struct CalendarDays {
    pub(super) holidays: Vec<Date>,
    pub(super) workdays: Vec<Date>,
}

/// Raw `VEVENT`, each value with its line.
#[derive(Default)]
struct CalendarEvent {
    line: usize,
    start: Option<(usize, String)>,
    end: Option<(usize, String)>,
    summary: String,
    special_day: String,
    cancelled: bool,
    /// Line and name of a property that defines days in an unsupported way.
    unsupported_property: Option<(usize, String)>,
}

/// Parses a file.
///
/// # Errors
///
/// Returns every problem with its line.
pub(super) fn parse_icalendar(text: &[u8]) -> Result<CalendarDays, Vec<(usize, String)>> {
    let events = parse_events(&unfold_lines(text)).map_err(|problem| vec![problem])?;
    let marked = events.iter().any(|event| event.special_day == "WORK-HOLIDAY");
    let (mut days, mut problems) = (CalendarDays::default(), Vec::new());
    for event in events.iter().filter(|event| !event.cancelled) {
        let list = match event.is_workday() {
            true => &mut days.workdays,
            false if marked && event.special_day != "WORK-HOLIDAY" => continue,
            false => &mut days.holidays,
        };
        match event.dates() {
            Ok(mut dates) => list.append(&mut dates),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(days) } else { Err(problems) }
}

impl CalendarEvent {
    fn is_workday(&self) -> bool {
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

    fn dates(&self) -> Result<Vec<Date>, (usize, String)> {
        if let Some((line, name)) = &self.unsupported_property {
            return Err((
                *line,
                format!(
                    "`{name}` is not supported; use an event with `DTSTART` and `DTEND` for each \
                     range of days"
                ),
            ));
        }
        let Some((line, start)) = &self.start else {
            return Err((self.line, "the event has no `DTSTART`".to_owned()));
        };
        let first = parse_date(*line, start)?;
        let Some((line, end)) = &self.end else { return Ok(vec![first]) };
        // `DTEND` is the day after the last. Some calendars repeat `DTSTART` for a single day.
        let end = parse_date(*line, end)?;
        let last = if end == first { first } else { end.yesterday().unwrap_or(end) };
        date_range(first, last).map_err(|problem| (*line, problem))
    }
}

/// Parses a date as in `20261001`.
fn parse_date(line: usize, text: &str) -> Result<Date, (usize, String)> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let date = text.parse().ok().filter(|_| digits);
    date.ok_or_else(|| {
        let text = truncate_for_message(text);
        (
            line,
            format!(
                "`{text}` is not a day; use all-day events, as in `DTSTART;VALUE=DATE:20261001`"
            ),
        )
    })
}

/// Unfolds the lines and numbers them. A line that begins with a space continues the previous line,
/// even within a character.
fn unfold_lines(text: &[u8]) -> Vec<(usize, String)> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut lines: Vec<(usize, Vec<u8>)> = Vec::new();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (line, lines.last_mut()) {
            ([b' ' | b'\t', rest @ ..], Some((_, previous))) => previous.extend_from_slice(rest),
            ([], _) => {}
            _ => lines.push((number + 1, line.to_vec())),
        }
    }
    lines
        .into_iter()
        .map(|(number, line)| (number, String::from_utf8_lossy(&line).into_owned()))
        .collect()
}

/// Parses the events of a complete file.
///
/// # Errors
///
/// Returns the first problem with its line. A truncated file is one, because it would lack
/// holidays.
fn parse_events(lines: &[(usize, String)]) -> Result<Vec<CalendarEvent>, (usize, String)> {
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
    let (mut events, mut open): (Vec<CalendarEvent>, Vec<String>) = (Vec::new(), Vec::new());
    for (number, line) in lines {
        let Some((name, value)) = parse_property(line) else {
            return Err((
                *number,
                format!(
                    "`{}` is not an iCalendar line, as in `SUMMARY:New Year`",
                    truncate_for_message(line)
                ),
            ));
        };
        match name.as_str() {
            "BEGIN" => {
                open.push(value.to_ascii_uppercase());
                if open.last().is_some_and(|name| name == "VEVENT") {
                    events.push(CalendarEvent { line: *number, ..CalendarEvent::default() });
                }
            }
            "END" if open.pop().is_some_and(|name| name.eq_ignore_ascii_case(value)) => {}
            "END" => {
                return Err((
                    *number,
                    format!("`END:{}` has no matching `BEGIN`", truncate_for_message(value)),
                ));
            }
            // An alarm inside an event has its own summary.
            _ if open.last().is_some_and(|name| name == "VEVENT") => {
                if let Some(event) = events.last_mut() {
                    event.set_property(*number, name, value);
                }
            }
            _ => {}
        }
    }
    match (open.last(), lines.last()) {
        (Some(name), Some((number, _))) => {
            Err((*number, format!("the file ends before `END:{name}`; download it again")))
        }
        _ => Ok(events),
    }
}

impl CalendarEvent {
    fn set_property(&mut self, line: usize, name: String, value: &str) {
        match name.as_str() {
            "DTSTART" => self.start = Some((line, value.to_owned())),
            "DTEND" => self.end = Some((line, value.to_owned())),
            "SUMMARY" => value.clone_into(&mut self.summary),
            "X-APPLE-SPECIAL-DAY" => self.special_day = value.to_ascii_uppercase(),
            "STATUS" => self.cancelled = value.eq_ignore_ascii_case("CANCELLED"),
            "RRULE" | "RDATE" | "DURATION" => self.unsupported_property = Some((line, name)),
            _ => {}
        }
    }
}

/// Splits a property into upper-case name and value: `SUMMARY;LANGUAGE=zh:元旦` is `SUMMARY` and
/// `元旦`.
fn parse_property(line: &str) -> Option<(String, &str)> {
    let mut quoted = false;
    let colon = line.find(|c: char| {
        quoted ^= c == '"';
        c == ':' && !quoted
    })?;
    let name = line[..colon].split(';').next().unwrap_or_default();
    Some((name.trim().to_ascii_uppercase(), line[colon + 1..].trim()))
}
