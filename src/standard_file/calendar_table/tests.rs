//! Tests of valid and invalid calendars.

use super::icalendar::{CalendarDays, CalendarFile, EventChoice};
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

/// Returns the days of an iCalendar file with all its events.
fn parse_icalendar(text: &[u8]) -> Result<CalendarDays, Vec<(usize, String)>> {
    let file = CalendarFile::parse(text).map_err(|problem| vec![problem])?;
    file.days(&EventChoice::default(), &TimeZone::UTC)
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
        "4:1: unknown key `holiday`, did you mean `holidays`? allowed in `Field`: `holidays`, `holidays_file`, `holidays_where`, `time_zone`, `week`, `workdays`",
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
        let days = parse_icalendar(icalendar_with_event(lines).as_bytes())
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
        parse_icalendar(text.as_bytes()).map(|days| days.holidays),
        Ok(vec![parse_date("2026-10-01")])
    );
    // Some programs fold a line inside a character.
    let mut text = icalendar_with_event("SUMMARY:国庆节（班）").into_bytes();
    let inside =
        text.windows(3).position(|bytes| bytes == "班".as_bytes()).expect("character in the text")
            + 1;
    text.splice(inside..inside, *b"\r\n ");
    assert_eq!(
        parse_icalendar(&text).map(|days| days.workdays),
        Ok(vec![parse_date("2026-10-10")])
    );
}

#[test]
fn reports_icalendar_problems_with_line() {
    let problem = |text: &str| {
        let problems = parse_icalendar(text.as_bytes()).expect_err("invalid file");
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
        (
            whole.replace("20261010", "20261010T080000"),
            "3: `x` begins at a time and has no end; add `DTEND`, write a day",
        ),
        (whole.replace("20261010", "20261310"), "3: `20261310` is not a day or time"),
        (whole.replace("DTSTART", "DTSTAMP"), "2: the event has no `DTSTART`"),
        (
            whole.replace("SUMMARY:x", "DTEND:20261001"),
            "4: the range of days ends on 2026-09-30, before it begins on 2026-10-10",
        ),
        (
            whole.replace("SUMMARY:x", "DTEND:20261010T180000"),
            "4: `DTEND` has a time but `DTSTART` has none",
        ),
        (whole.replace("SUMMARY:x", "DURATION:PT4H"), "4: the event lasts all day, but"),
        (whole.replace("SUMMARY:x", "DURATION:-P1D"), "4: `-P1D` is not a duration"),
        (whole.replace("SUMMARY:x", "DURATION:P400D"), "4: 400 days from 2026-10-10"),
        (
            icalendar_with_times("20261010T180000", "20261010T090000", "x"),
            "4: the event ends before it begins",
        ),
        (whole.replace("SUMMARY:x", "RRULE:FREQ=HOURLY"), "4: `FREQ=HOURLY` is not supported"),
        (whole.replace("SUMMARY:x", "EXRULE:FREQ=YEARLY"), "4: `EXRULE` is not supported"),
        (
            whole.replace("SUMMARY:x", "RDATE;VALUE=PERIOD:20261010T080000Z/PT4H"),
            "4: `RDATE;VALUE=PERIOD` is not supported",
        ),
        (
            whole.replace("SUMMARY:x", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261010"),
            "4: `RECURRENCE-ID;RANGE` is not supported",
        ),
        (whole.replace("SUMMARY:x", "EXDATE:soon"), "4: `soon` is not a day or time"),
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

/// Returns a file with a single event from a time to a time.
fn icalendar_with_times(start: &str, end: &str, summary: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:{start}\nDTEND:{end}\nSUMMARY:{summary}\nEND:VEVENT\nEND:VCALENDAR\n"
    )
}

/// Returns the calendar `field` with this file.
fn field_with_file(file: &str) -> Calendar {
    read_single_calendar(&format!("{FIELD_CALENDAR}holidays_file = 'h.ics'"), &[("h.ics", file)])
}

#[test]
fn file_repeats_days_by_rule_list_and_exception() {
    let file = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART;VALUE=DATE:20251225\nDURATION:P2D\nRRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20271225\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:b\nDTSTART;VALUE=DATE:20250421\nRDATE;VALUE=DATE:20260406,20270329\nEND:VEVENT\nEND:VCALENDAR\n";
    let field = field_with_file(file);
    for (date, closed) in [
        ("2025-12-25", true),
        ("2025-12-26", true),
        ("2026-12-25", true),
        ("2027-12-27", false),
        ("2028-12-25", true),
        ("2028-12-26", true),
        ("2098-12-25", true),
        ("2100-12-24", false),
        ("2025-04-21", true),
        ("2026-04-06", true),
        ("2027-03-29", true),
        ("2026-04-21", false),
    ] {
        assert_eq!(!field.is_workday(parse_date(date)), closed, "{date}");
    }
    assert_eq!(field.last_day, None, "a rule has no end");
    assert_eq!(parse_icalendar(file.as_bytes()).expect("valid file").holidays.len(), 2 * 75 + 3);
}

#[test]
fn other_events_move_and_cancel_single_occurrences() {
    let event = |lines: &str| format!("BEGIN:VEVENT\nUID:a\n{lines}\nEND:VEVENT\n");
    let file = format!(
        "BEGIN:VCALENDAR\n{}{}{}END:VCALENDAR\n",
        event("DTSTART;VALUE=DATE:20270501\nRECURRENCE-ID;VALUE=DATE:20270501\nSTATUS:CANCELLED"),
        event("DTSTART;VALUE=DATE:20250501\nRRULE:FREQ=YEARLY;UNTIL=20291231"),
        event("DTSTART;VALUE=DATE:20260504\nRECURRENCE-ID:20260501T000000Z"),
    );
    let days = parse_icalendar(file.as_bytes()).expect("valid file");
    let expected = ["2025-05-01", "2028-05-01", "2029-05-01", "2026-05-04"];
    assert_eq!(days.holidays, expected.map(parse_date));
    assert_eq!(days.extent.last_day(), Some(parse_date("2029-12-31")));
}

#[test]
fn timed_make_up_day_has_hours_of_the_calendar() {
    for (start, end) in [
        ("20261010T090000", "20261010T180000"),
        // 09:00 and 00:30 in Shanghai.
        ("20261010T010000Z", "20261010T100000Z"),
        ("20261009T163000Z", "20261010T100000Z"),
        ("20261010T090000", "20261010T090000"),
    ] {
        let field = field_with_file(&icalendar_with_times(start, end, "国庆节 补班"));
        let hours = ["2026-10-09", "2026-10-10", "2026-10-11"].map(|date| open_hours(&field, date));
        assert_eq!(hours, [8.5, 8.5, 0.0], "{start}");
    }
}

#[test]
fn zone_of_the_file_decides_the_day_of_utc_times() {
    let text = icalendar_with_times("20261009T220000Z", "20261010T020000Z", "补班");
    let text = text.replace("BEGIN:VEVENT", "X-WR-TIMEZONE:America/New_York\nBEGIN:VEVENT");
    let days = parse_icalendar(text.as_bytes()).expect("valid file");
    assert_eq!(days.workdays, [parse_date("2026-10-09")]);
}

#[test]
fn timed_holiday_closes_only_its_hours() {
    for (start, end, date, hours) in [
        ("20261224T140000", "20261224T180000", "2026-12-24", 4.5),
        ("20261224T140000", "20261225T000000", "2026-12-24", 4.5),
        ("20261224T000000", "20261225T000000", "2026-12-24", 0.0),
        ("20261224T080000", "20261224T173000", "2026-12-24", 0.5),
        ("20261224T120000", "20261224T133000", "2026-12-24", 8.5),
        ("20261224T140000", "20261226T100000", "2026-12-24", 4.5),
        ("20261224T140000", "20261226T100000", "2026-12-25", 0.0),
        ("20261224T140000", "20261226T100000", "2026-12-26", 2.0),
        ("20261224T060000Z", "20261224T100000Z", "2026-12-24", 4.5),
    ] {
        let field = field_with_file(&icalendar_with_times(start, end, "Christmas Eve"));
        assert_eq!(open_hours(&field, date), hours, "{start} {date}");
    }
    let file = icalendar_with_times("20251224T140000", "20251224T180000", "Christmas Eve");
    let field = field_with_file(&file.replace("SUMMARY", "RRULE:FREQ=YEARLY;COUNT=2\nSUMMARY"));
    let hours = ["2025-12-24", "2026-12-24", "2027-12-24"].map(|date| open_hours(&field, date));
    assert_eq!(hours, [4.5, 4.5, 8.5]);
}

const MIXED_FILE: &str = "BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART:20261001
SUMMARY:National Day
DESCRIPTION:Public holiday
CATEGORIES:Holidays,Public holiday
END:VEVENT
BEGIN:VEVENT
DTSTART:20261002
SUMMARY:Founders\\, remembered
DESCRIPTION:Observance\\nTo hide observances\\, see Settings
CATEGORIES:Observance
END:VEVENT
BEGIN:VEVENT
DTSTART:20261005
SUMMARY:Harvest (regional holiday)
DESCRIPTION:Public holiday
CATEGORIES:Public Holiday
RRULE:FREQ=YEARLY;BYWEEKNO=41
END:VEVENT
END:VCALENDAR";

#[test]
fn chooses_events_by_category_and_text() {
    for (choice, closed) in [
        ("categories = ['Public holiday'], except = ['REGIONAL']", [true, false]),
        ("categories = ['observance']", [false, true]),
        ("text = ['public Holiday'], except = ['regional']", [true, false]),
        ("text = ['Founders, remembered', 'National']", [true, true]),
        ("except = ['Observance', 'regional']", [true, false]),
        ("categories = ['Observance'], text = ['National']", [false, false]),
    ] {
        let text =
            format!("{FIELD_CALENDAR}holidays_file = 'h.ics'\nholidays_where = {{ {choice} }}");
        let field = read_single_calendar(&text, &[("h.ics", MIXED_FILE)]);
        let found = ["2026-10-01", "2026-10-02"].map(|date| !field.is_workday(parse_date(date)));
        assert_eq!(found, closed, "{choice}");
    }
}

#[test]
fn reports_problems_of_the_choice() {
    let text = format!(
        "{FIELD_CALENDAR}holidays_where = {{ text = ['x'] }}\n[calendar.b]\nweek = {{ mon = ['08:00-12:00'] }}\nholidays_file = 'h.ics'\nholidays_where = {{ category = ['x'], text = [], except = [' '] }}\n[calendar.c]\nweek = {{ mon = ['08:00-12:00'] }}\nholidays_file = 'h.ics'\nholidays_where = {{}}"
    );
    let file = icalendar_with_event("SUMMARY:x");
    let expected = [
        "4:18: `holidays_where` chooses events of `holidays_file`; add it",
        "8:20: unknown key `category`, did you mean `categories`? allowed in `holidays_where`: `categories`, `except`, `text`",
        "8:45: `text` needs texts, as in [\"Public holiday\"]",
        "8:58: `except` needs texts, as in [\"Public holiday\"]",
        "12:18: `holidays_where` is empty; add `categories`, `text` or `except`",
    ];
    assert_eq!(calendar_problems(&text, &[("h.ics", &file)]), expected);
}

#[test]
fn yearly_days_are_closed_in_every_year() {
    let field = read_single_calendar(
        &format!(
            "{FIELD_CALENDAR}holidays = [{{ yearly = '12-25' }}, {{ yearly = '02-29', common_years = '03-01' }}, 2026-10-01]\nworkdays = [2028-12-25]"
        ),
        &[],
    );
    for (date, closed) in [
        ("1970-12-25", true),
        ("2026-12-25", true),
        ("2028-12-25", false),
        ("2100-12-24", false),
        ("2099-12-25", true),
        ("2028-02-29", true),
        ("2028-03-01", false),
        ("2027-03-01", true),
        ("2026-10-01", true),
        ("2027-10-01", false),
    ] {
        assert_eq!(!field.is_workday(parse_date(date)), closed, "{date}");
    }
    assert_eq!(field.last_day, None);
    let leap = read_single_calendar(
        &format!("{FIELD_CALENDAR}holidays = [{{ yearly = '02-29', common_years = 'none' }}]"),
        &[],
    );
    let closed =
        ["2028-02-29", "2027-02-26", "2027-03-01"].map(|date| !leap.is_workday(parse_date(date)));
    assert_eq!(closed, [true, false, false]);
}

#[test]
fn reports_invalid_yearly_days_with_remedy() {
    let text = format!(
        "{FIELD_CALENDAR}holidays = [{{ yearly = '02-29' }}, {{ yearly = '12-25', common_years = '12-24' }}, {{ yearly = '02-29', common_years = '02-29' }},\n{{ yearly = '13-01' }}, {{ yearly = '1-1' }}, {{ yearly = '04-31' }}, {{ yearly = '12-25', to = '12-26' }}]"
    );
    let expected = [
        "4:24: three of four years have no `02-29`; add `common_years` with the day that is closed then: \"02-28\", \"03-01\" or \"none\"",
        "4:70: `common_years` is for `yearly = \"02-29\"` only; remove it",
        "4:116: `common_years` have no `02-29`; use \"02-28\", \"03-01\" or \"none\"",
        "5:12: `yearly` must be month and day, as in \"12-25\", not `13-01`",
        "5:34: `yearly` must be month and day, as in \"12-25\", not `1-1`",
        "5:54: `yearly` must be month and day, as in \"12-25\", not `04-31`",
        "5:85: unknown key `to`; allowed in `holidays`: `common_years`, `yearly`",
    ];
    let found: Vec<String> = calendar_problems(&text, &[]);
    assert_eq!(found, expected);
}

#[test]
fn calendar_ends_with_the_last_year_in_which_a_holiday_begins() {
    let last_day = |days: &str| {
        let field = read_single_calendar(&format!("{FIELD_CALENDAR}{days}"), &[]);
        field.last_day.map(|date| date.to_string())
    };
    assert_eq!(last_day(""), None);
    assert_eq!(last_day("holidays = []\nworkdays = [2027-01-02]"), None);
    assert_eq!(
        last_day("holidays = [2025-10-01, { from = 2026-12-24, to = 2027-01-06 }]"),
        Some("2026-12-31".to_owned())
    );
    let file = icalendar_with_event("DTEND;VALUE=DATE:20270110\nDTSTART;VALUE=DATE:20261230");
    let field = field_with_file(&file);
    assert_eq!(field.last_day, Some(parse_date("2026-12-31")));
    let end = Timestamp::parse("2027-01-01T00:00:00+08:00").expect("valid time");
    assert_eq!(field.end_time(&TimeZone::UTC), Some(end));
}

#[test]
fn summary_counts_special_days_of_each_year() {
    let folder = tempfile::tempdir().expect("temporary folder");
    std::fs::write(folder.path().join("h.ics"), MIXED_FILE).expect("writable file");
    let text = format!(
        "time_zone = 'UTC'\n{FIELD_CALENDAR}holidays_file = 'h.ics'\nholidays_where = {{ except = ['regional'] }}\nholidays = [2027-10-01, 2027-10-03]\nworkdays = [2026-10-11, {{ date = 2026-10-12, open = ['09:00-10:00'] }}]"
    );
    let name = folder.path().join("s.toml").display().to_string();
    let summaries = crate::standard_file::summarize_calendars(&name, &text);
    let [summary] = summaries.as_slice() else { panic!("{summaries:?}") };
    let counts = |year: i16| {
        let counts = summary.years[&year];
        (counts.closed, counts.opened, counts.changed)
    };
    assert_eq!((summary.name.as_str(), summary.file.as_deref()), ("field", Some("h.ics")));
    assert_eq!((summary.event_count, summary.omitted_count), (3, 1));
    assert_eq!((counts(2026), counts(2027)), ((2, 1, 1), (1, 0, 0)));
    assert_eq!(summary.last_day, Some(parse_date("2027-12-31")));
    let text = "[calendar.night]\nweek = { daily = ['22:00-06:00'] }\nholidays = [2026-10-01]";
    let summaries = crate::standard_file::summarize_calendars("s.toml", text);
    let counts = summaries[0].years[&2026];
    assert_eq!((counts.closed, counts.changed), (1, 0), "the next day has its own hours");
}

#[test]
fn standard_keeps_the_text_of_its_calendar_file() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("h.ics");
    std::fs::write(&path, icalendar_with_event("SUMMARY:x")).expect("writable file");
    let text = "name = 'x'\nversion = '1'\ndate_of_effect = 2026-01-01\ntitle = { en = 'X', zh = 'X' }\ntime_zone = 'UTC'\nwindows = ['today']\nindicator = {}\n[calendar.a]\nweek = { daily = ['08:00-12:00'] }\nholidays_file = 'h.ics'\n".to_owned();
    let files = [(folder.path().join("s.toml").display().to_string(), text)];
    let read = |files: &[(String, String)]| {
        crate::standard_file::parse_versions(files)
            .unwrap_or_else(|problems| panic!("{problems:?}"))
    };
    let first = read(&files);
    assert_eq!(first.files.len(), 2);
    // As in a recovery, the text of the journal counts and not that on disk.
    std::fs::write(&path, icalendar_with_event("SUMMARY:补班")).expect("writable file");
    let (recovered, reloaded) = (read(&first.files), read(&files));
    let is_workday = [&recovered, &reloaded]
        .map(|standard| standard.calendars[0].is_workday(parse_date("2026-10-10")));
    assert_eq!(is_workday, [false, true]);
    assert_eq!(recovered.files, first.files);
    assert_ne!(reloaded.files, first.files, "a reload notices the change");
}
