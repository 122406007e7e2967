//! Notes of `firstline check` on the calendars of a standard: what their special days close in each
//! year, and when they end.

use crate::standard_file::{CalendarSummary, SpecialDayCounts};
use serde_json::{Value, json};
use std::fmt::Write;

/// Number of years that have a line of their own, from the year before the standard takes effect.
const YEARS_SHOWN: i16 = 10;

/// Describes a calendar with special days. Returns `None` for one without. `effect_year` is the year
/// in which the standard takes effect.
pub(super) fn calendar_text(summary: &CalendarSummary, effect_year: i16) -> Option<String> {
    if summary.years.is_empty() && summary.file.is_none() {
        return None;
    }
    let file = summary.file.as_ref().map_or_else(String::new, |file| format!(" ({file})"));
    let mut text = format!("calendar `{}`{file}: {}\n", summary.name, end_text(summary));
    if summary.omitted_count > 0 {
        let (omitted, all) = (summary.omitted_count, summary.event_count);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {omitted} of {all} events of the file are left out");
    }
    let (first, last) = (effect_year - 1, effect_year - 2 + YEARS_SHOWN);
    text += &range_text(summary, i16::MIN, first - 1);
    for (year, counts) in summary.years.range(first..=last) {
        let _ = writeln!(text, "  {year}: {}", counts_text(counts, counts));
    }
    text += &range_text(summary, last + 1, i16::MAX);
    Some(text)
}

/// Returns the calendar as an entry of `check --json`.
pub(super) fn calendar_json(file: &str, summary: &CalendarSummary) -> Value {
    let years = summary.years.iter().map(|(year, counts)| {
        json!({
            "year": year,
            "closed": counts.closed,
            "opened": counts.opened,
            "other_hours": counts.changed,
        })
    });
    json!({
        "severity": "info",
        "file": file,
        "line": summary.line,
        "column": summary.column,
        "message": format!("calendar `{}`: {}", summary.name, end_text(summary)),
        "calendar": {
            "name": summary.name,
            "holidays_file": summary.file,
            "events": summary.event_count,
            "events_left_out": summary.omitted_count,
            "last_day": summary.last_day.map(|day| day.to_string()),
            "years": years.collect::<Vec<_>>(),
        },
    })
}

fn end_text(summary: &CalendarSummary) -> String {
    match (summary.last_day, summary.years.is_empty()) {
        (Some(day), _) => format!("holidays end on {day}"),
        (None, true) => "no special days".to_owned(),
        (None, false) => "its holidays repeat without end".to_owned(),
    }
}

/// Describes the years of a range in one line, by the smallest and the largest numbers.
fn range_text(summary: &CalendarSummary, first: i16, last: i16) -> String {
    let mut years = summary.years.range(first..=last).peekable();
    let Some((from, counts)) = years.peek().copied() else { return String::new() };
    let (mut until, mut least, mut most) = (from, *counts, *counts);
    for (year, counts) in years {
        until = year;
        least.closed = least.closed.min(counts.closed);
        least.opened = least.opened.min(counts.opened);
        least.changed = least.changed.min(counts.changed);
        most.closed = most.closed.max(counts.closed);
        most.opened = most.opened.max(counts.opened);
        most.changed = most.changed.max(counts.changed);
    }
    format!("  {from} to {until}: {} a year\n", counts_text(&least, &most))
}

fn counts_text(least: &SpecialDayCounts, most: &SpecialDayCounts) -> String {
    let number = |least: u32, most: u32, singular: &str, plural: &str| {
        let unit = if (least, most) == (1, 1) { singular } else { plural };
        if least == most { format!("{least} {unit}") } else { format!("{least} to {most} {unit}") }
    };
    let mut parts =
        vec![number(least.closed, most.closed, "working day closed", "working days closed")];
    if most.opened > 0 {
        parts.push(number(least.opened, most.opened, "make-up day", "make-up days"));
    }
    if most.changed > 0 {
        parts.push(number(
            least.changed,
            most.changed,
            "day with other hours",
            "days with other hours",
        ));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn sample_summary(years: &[(i16, u32, u32, u32)]) -> CalendarSummary {
        let counts = |(year, closed, opened, changed): &(i16, u32, u32, u32)| {
            (*year, SpecialDayCounts { closed: *closed, opened: *opened, changed: *changed })
        };
        CalendarSummary {
            name: "field".to_owned(),
            line: 9,
            column: 1,
            file: Some("h.ics".to_owned()),
            event_count: 40,
            omitted_count: 3,
            last_day: None,
            years: years.iter().map(counts).collect::<BTreeMap<_, _>>(),
        }
    }

    #[test]
    fn lists_years_around_the_effect_and_sums_up_others() {
        let years = [
            (2019, 9, 0, 0),
            (2020, 7, 0, 1),
            (2025, 19, 5, 0),
            (2026, 1, 1, 1),
            (2035, 8, 0, 0),
            (2100, 8, 0, 0),
        ];
        let text = calendar_text(&sample_summary(&years), 2026).expect("special days");
        let expected = "calendar `field` (h.ics): its holidays repeat without end
  3 of 40 events of the file are left out
  2019 to 2020: 7 to 9 working days closed, 0 to 1 days with other hours a year
  2025: 19 working days closed, 5 make-up days
  2026: 1 working day closed, 1 make-up day, 1 day with other hours
  2035 to 2100: 8 working days closed a year
";
        assert_eq!(text, expected);
    }

    #[test]
    fn says_when_holidays_end_and_omits_calendars_without_special_days() {
        let last_day = Some(jiff::civil::Date::constant(2026, 12, 31));
        let summary = CalendarSummary { last_day, ..sample_summary(&[(2026, 8, 0, 0)]) };
        let text = calendar_text(&summary, 2026).expect("special days");
        assert!(
            text.starts_with("calendar `field` (h.ics): holidays end on 2026-12-31\n"),
            "{text}"
        );
        let json = calendar_json("s.toml", &summary);
        assert_eq!(json["calendar"]["last_day"], "2026-12-31");
        assert_eq!(json["calendar"]["years"][0]["closed"], 8);
        let empty = CalendarSummary { file: None, ..sample_summary(&[]) };
        assert_eq!(calendar_text(&empty, 2026), None);
    }
}
