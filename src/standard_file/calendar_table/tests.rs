//! Tests of valid and invalid calendars.

use super::icalendar;
use crate::domain::time::calendar::Calendar;
use crate::domain::time::timestamp::{HOUR, Timestamp};
use crate::toml_document::TomlProblem;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Parses a standard with these calendar tables, in a folder with these files.
fn read_calendars(
    calendars: &str,
    files: &[(&str, &str)],
) -> Result<Vec<Calendar>, Vec<TomlProblem>> {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("writable file");
    }
    // The header has 7 lines, which `calendar_problems` subtracts.
    let header = "name = 'x'\nversion = '1'\ndate_of_effect = 2026-01-01\ntitle = { en = 'X', zh = 'X' }\ntime_zone = 'UTC'\nwindows = ['today']\n";
    let text = format!("{header}indicator = {{}}\n{calendars}");
    let standard = crate::standard_file::parse_standard(
        &folder.path().join("s.toml").display().to_string(),
        &text,
    )?;
    Ok(standard.calendars)
}

/// Returns the problems, with lines counted from the first of `calendars` and without the folder.
fn calendar_problems(calendars: &str, files: &[(&str, &str)]) -> Vec<String> {
    let problems = read_calendars(calendars, files).err().unwrap_or_default();
    let format_problem = |problem: &TomlProblem| {
        let folder = problem.file.strip_suffix("s.toml").unwrap_or_default();
        format!("{}:{}: {}", problem.line - 7, problem.column, problem.message.replace(folder, ""))
    };
    problems.iter().map(format_problem).collect()
}

fn read_single_calendar(calendars: &str, files: &[(&str, &str)]) -> Calendar {
    let mut parsed =
        read_calendars(calendars, files).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(parsed.len(), 1);
    parsed.remove(0)
}

fn parse_date(text: &str) -> Date {
    text.parse().expect("valid date")
}

/// Returns the open hours of a day in Shanghai.
fn open_hours(calendar: &Calendar, date: &str) -> f64 {
    let midnight = Timestamp::parse(&format!("{date}T00:00:00+08:00")).expect("valid time");
    calendar.open_millis_between(midnight, midnight.plus_millis(24 * HOUR), &TimeZone::UTC) as f64
        / HOUR as f64
}

const FIELD_CALENDAR: &str = r#"[calendar.field]
time_zone = "Asia/Shanghai"
week = { mon-fri = ["08:00-12:00", "13:30-18:00"], sat = ["09:00-12:00"] }
"#;

#[test]
fn reads_calendar_with_holidays_and_make_up_days() {
    let text = format!(
        "{FIELD_CALENDAR}holidays = [2026-10-01, \"2026-10-02\", {{ from = 2026-02-16, to = 2026-02-22 }}]
workdays = [2026-10-10, {{ date = 2026-02-14, as = \"sat\" }}, {{ date = 2026-02-28, open = [\"09:00-11:00\"] }}, 2026-10-02]"
    );
    let field = read_single_calendar(&text, &[]);
    assert_eq!(field.name, "field");
    assert_eq!(field.time_zone.as_ref().and_then(TimeZone::iana_name), Some("Asia/Shanghai"));
    for (date, open) in [
        ("2026-09-16", 8.5),
        ("2026-09-19", 3.0),
        ("2026-09-20", 0.0),
        ("2026-10-01", 0.0),
        ("2026-02-15", 0.0),
        ("2026-02-16", 0.0),
        ("2026-02-22", 0.0),
        ("2026-02-23", 8.5),
        // Make-up days: hours of Monday, of Saturday, its own. Last, a workday overrides a holiday.
        ("2026-10-10", 8.5),
        ("2026-02-14", 3.0),
        ("2026-02-28", 2.0),
        ("2026-10-02", 8.5),
    ] {
        assert_eq!(open_hours(&field, date), open, "{date}");
    }
}

#[test]
fn accepts_night_hours_whole_days_and_weekend_ranges() {
    let night = read_single_calendar(
        "[calendar.night]\ntime_zone = 'Asia/Shanghai'\nweek = { fri-mon = ['22:00-06:00'], tue = ['06:00-24:00'] }",
        &[],
    );
    assert_eq!(open_hours(&night, "2026-09-18"), 2.0, "Friday");
    assert_eq!(open_hours(&night, "2026-09-21"), 8.0, "Monday");
    assert_eq!(
        open_hours(&night, "2026-09-22"),
        24.0,
        "Tuesday, including the end of Monday's hours"
    );
    assert!(
        night.is_workday(parse_date("2026-09-21")) && !night.is_workday(parse_date("2026-09-23"))
    );
}

#[test]
fn reports_calendar_problems_with_position_and_remedy() {
    let text = r#"[calendar.Field]
time_zone = "Asia/Shanghei"
week = { mon-fir = ["08:00-12:00"], tus = [], sat = ["8-12", "12:00-12:00", "25:00-26:00"], sun = [8] }
holiday = []
[calendar.b]
week = { mon-fri = ["08:00-12:00", "11:00-13:00", "20:00-09:00"], fri = ["22:00-23:00"] }
holidays = [2026-02-30, 2026-10-01]
[calendar.c]
week = { daily = [] }
holidays = ["2026-02-30", 1, { from = 2026-02-22, to = 2026-02-16 }, { from = 2026-01-01, to = 2062-01-01 }, { from = 2026-01-01 }]
"#;
    assert_eq!(calendar_problems(text, &[]).len(), 1, "2026-02-30 is not a TOML date");
    let text = text.replace("2026-02-30, 2026-10-01", "2026-10-01");
    let expected = [
        "1:11: `Field` is not a valid name; use lower-case letters, digits and `_`, beginning with a letter",
        "2:13: there is no time zone `Asia/Shanghei`; use an IANA name, as in \"Asia/Shanghai\"",
        "3:20: `mon-fir` is not a day; use `mon` to `sun`, a range such as `mon-fri`, or `daily`",
        "3:43: `tus` is not a day, did you mean `tue`? use `mon` to `sun`, a range such as `mon-fri`, or `daily`",
        "3:54: `8-12` is not a span of hours; use \"08:00-12:00\", \"22:00-06:00\" over midnight, or \"00:00-24:00\" for a whole day",
        "3:62: `12:00-12:00` is not a span of hours; use \"08:00-12:00\", \"22:00-06:00\" over midnight, or \"00:00-24:00\" for a whole day",
        "3:77: `25:00-26:00` is not a span of hours; use \"08:00-12:00\", \"22:00-06:00\" over midnight, or \"00:00-24:00\" for a whole day",
        "3:100: `sun` must be a string, not a whole number",
        "4:1: unknown key `holiday`, did you mean `holidays`? allowed in `Field`: `holidays`, `holidays_file`, `time_zone`, `week`, `workdays`",
        "6:20: `20:00-09:00` overlaps `08:00-12:00` of the next day; end it earlier",
        "6:36: `11:00-13:00` overlaps `08:00-12:00`; merge the spans or separate them",
        "6:73: `fri` is listed already",
        "9:8: a calendar needs opening hours on some day, as in { mon-fri = [\"08:00-12:00\", \"13:30-18:00\"] }",
        "10:13: `holidays` must be a day, as in 2026-01-01, not `2026-02-30`",
        "10:27: `holidays` must be a day, as in 2026-01-01, not a whole number",
        "10:30: the range of days ends on 2026-02-16, before it begins on 2026-02-22",
        "10:70: 13150 days from 2026-01-01 to 2062-01-01 are too many: at most 366",
        "10:110: `holidays` needs a key `to` (a day, as in 2026-10-01)",
    ];
    assert_eq!(calendar_problems(&text, &[]), expected);
}

#[test]
fn rejects_workday_without_hours_and_missing_holidays_file() {
    let text = r#"[calendar.d]
workdays = [2026-10-10]
[calendar.e]
week = { tue-sat = ["08:00-12:00"] }
workdays = [2026-10-10, 2026-10-10, { date = 2026-10-11, as = "sun" }, { date = 2026-10-12, as = "tuesday" }, { as = "tue", open = [] }]
holidays_file = "nowhere.ics"
"#;
    let expected = [
        "1:11: `d` needs a key `week` (the opening hours, as in { mon-fri = [\"08:00-12:00\", \"13:30-18:00\"] })",
        "5:25: the workday 2026-10-10 is listed already",
        "5:63: `sun` is closed; use a day with opening hours, or `open` with hours",
        "5:98: `as` cannot be `tuesday`; allowed: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`",
        "5:111: `workdays` needs a key `date` (a day, as in 2026-10-10)",
        "5:132: a workday has either the hours of another day, `as`, or its own, `open`",
        "6:17: `nowhere.ics` cannot be read: No such file or directory (os error 2)",
    ];
    assert_eq!(calendar_problems(text, &[]), expected);
}

#[test]
fn make_up_day_uses_first_open_weekday_if_monday_is_closed() {
    let text = "[calendar.hall]\ntime_zone = 'Asia/Shanghai'\nweek = { tue-fri = ['08:00-18:00'], sun = ['09:00-12:00'] }\nworkdays = [2026-10-10, 2026-10-12]";
    let hall = read_single_calendar(text, &[]);
    assert_eq!(
        (
            open_hours(&hall, "2026-10-10"),
            open_hours(&hall, "2026-10-12"),
            open_hours(&hall, "2026-10-11")
        ),
        (10.0, 10.0, 3.0)
    );
}

#[test]
fn icalendar_file_adds_holidays_and_make_up_days() {
    let file = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261001\r\nDTEND;VALUE=DATE:20261008\r\nSUMMARY:国庆节\r\n  放假调休\r\nBEGIN:VALARM\r\nSUMMARY:补班\r\nEND:VALARM\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261010\r\nSUMMARY;LANGUAGE=\"zh:CN\":国庆节 补班\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:20260918\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let field = read_single_calendar(
        &format!("{FIELD_CALENDAR}holidays_file = 'h.ics'\nworkdays = [2026-10-07]"),
        &[("h.ics", file)],
    );
    for (date, open) in [
        ("2026-09-30", 8.5),
        ("2026-10-01", 0.0),
        ("2026-10-06", 0.0),
        ("2026-10-07", 8.5),
        ("2026-10-08", 8.5),
        ("2026-10-10", 8.5),
        ("2026-09-18", 8.5),
    ] {
        assert_eq!(open_hours(&field, date), open, "{date}");
    }
}

/// Returns a file with a single all-day event that has these additional lines.
fn icalendar_with_event(lines: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261010\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
    )
}

#[test]
fn recognizes_make_up_day_by_summary_or_property() {
    for (lines, worked) in [
        ("SUMMARY:国庆节（班）", true),
        ("SUMMARY:国庆节(班)", true),
        ("SUMMARY:国庆节调休", true),
        ("SUMMARY:国庆节（调休上班）", true),
        ("SUMMARY:国庆节 补班 第1天/共1天", true),
        ("SUMMARY:National Day\nX-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY", true),
        ("SUMMARY:国庆节（休）", false),
        ("SUMMARY:国庆节 放假调休", false),
        ("SUMMARY:调休休息\nX-APPLE-SPECIAL-DAY:WORK-HOLIDAY", false),
        ("DESCRIPTION:9月20日上班", false),
        ("SUMMARY:Bank\n  holiday\nDTEND;VALUE=DATE:20261010", false),
    ] {
        let days = icalendar::parse_icalendar(icalendar_with_event(lines).as_bytes())
            .unwrap_or_else(|problems| panic!("{lines}: {problems:?}"));
        let (workdays, holidays) = if worked {
            (vec![parse_date("2026-10-10")], vec![])
        } else {
            (vec![], vec![parse_date("2026-10-10")])
        };
        assert_eq!((days.workdays, days.holidays), (workdays, holidays), "{lines}");
    }
    // If holidays are marked, an event without a mark is an ordinary workday.
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261001\nX-APPLE-SPECIAL-DAY:WORK-HOLIDAY\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20261018\nSUMMARY:重阳节\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR";
    assert_eq!(
        icalendar::parse_icalendar(text.as_bytes()).map(|days| days.holidays),
        Ok(vec![parse_date("2026-10-01")])
    );
    // Some programs fold a line inside a character.
    let mut text = icalendar_with_event("SUMMARY:国庆节（班）").into_bytes();
    let inside =
        text.windows(3).position(|bytes| bytes == "班".as_bytes()).expect("character in the text")
            + 1;
    text.splice(inside..inside, *b"\r\n ");
    assert_eq!(
        icalendar::parse_icalendar(&text).map(|days| days.workdays),
        Ok(vec![parse_date("2026-10-10")])
    );
}

#[test]
fn reports_icalendar_problems_with_line() {
    let problem = |text: &str| {
        let problems = icalendar::parse_icalendar(text.as_bytes()).expect_err("invalid file");
        problems
            .iter()
            .map(|(line, problem)| format!("{line}: {problem}"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let whole = icalendar_with_event("SUMMARY:x");
    for (text, excerpt) in [
        (String::new(), "1: not an iCalendar file: it begins with `` instead"),
        (
            "<!DOCTYPE html>".to_owned(),
            "1: not an iCalendar file: it begins with `<!DOCTYPE html>`",
        ),
        (whole.replace("END:VCALENDAR\n", ""), "5: the file ends before `END:VCALENDAR`"),
        (whole.replace("END:VEVENT\n", ""), "5: `END:VCALENDAR` has no matching `BEGIN`"),
        (whole.replace("20261010", "20261010T080000"), "3: `20261010T080000` is not a day"),
        (whole.replace("20261010", "20261310"), "3: `20261310` is not a day"),
        (whole.replace("DTSTART", "DTSTAMP"), "2: the event has no `DTSTART`"),
        (
            whole.replace("SUMMARY:x", "DTEND:20261001"),
            "4: the range of days ends on 2026-09-30, before it begins on 2026-10-10",
        ),
        (whole.replace("SUMMARY:x", "RRULE:FREQ=YEARLY"), "4: `RRULE` is not supported"),
        (whole.replace("SUMMARY:x", "nonsense"), "4: `nonsense` is not an iCalendar line"),
    ] {
        assert!(problem(&text).contains(excerpt), "{excerpt}\n{}", problem(&text));
    }
    let text = format!("{FIELD_CALENDAR}holidays_file = 'h.ics'");
    assert!(
        calendar_problems(&text, &[("h.ics", "<html>")])[0]
            .starts_with("4:17: `h.ics`, line 1: not an iCalendar file")
    );
}
