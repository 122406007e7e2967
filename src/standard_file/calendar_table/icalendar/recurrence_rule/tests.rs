//! Tests of recurrence rules against days known from published calendars.

use super::*;

fn parse_day(text: &str) -> Date {
    text.parse().expect("valid date")
}

/// Returns the first five days of a rule, as in `2026-11-26`.
fn first_days(start: &str, rule: &str) -> Vec<String> {
    let rule = RecurrenceRule::parse(1, rule).unwrap_or_else(|problem| panic!("{problem:?}"));
    let last = rule.until.map(|until| until.written().date());
    rule.days(parse_day(start), last).take(5).map(|day| day.to_string()).collect()
}

#[test]
fn repeats_fixed_days_and_nth_weekdays_every_year() {
    for (start, rule, expected) in [
        (
            "2024-12-25",
            "FREQ=YEARLY",
            ["2024-12-25", "2025-12-25", "2026-12-25", "2027-12-25", "2028-12-25"],
        ),
        (
            "2024-01-01",
            "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=26",
            ["2024-12-26", "2025-12-26", "2026-12-26", "2027-12-26", "2028-12-26"],
        ),
        // Thanksgiving, Memorial Day, Labor Day of the United States.
        (
            "2024-11-28",
            "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            ["2024-11-28", "2025-11-27", "2026-11-26", "2027-11-25", "2028-11-23"],
        ),
        (
            "2024-05-27",
            "FREQ=YEARLY;BYDAY=-1MO;BYMONTH=5",
            ["2024-05-27", "2025-05-26", "2026-05-25", "2027-05-31", "2028-05-29"],
        ),
        (
            "2024-09-02",
            "FREQ=YEARLY;INTERVAL=1;WKST=SU;BYMONTH=9;BYDAY=+1MO",
            ["2024-09-02", "2025-09-01", "2026-09-07", "2027-09-06", "2028-09-04"],
        ),
        // Election day: the Tuesday after the first Monday of November.
        (
            "2024-11-05",
            "FREQ=YEARLY;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
            ["2024-11-05", "2025-11-04", "2026-11-03", "2027-11-02", "2028-11-07"],
        ),
        (
            "2024-05-20",
            "FREQ=YEARLY;BYDAY=21MO",
            ["2024-05-20", "2025-05-26", "2026-05-25", "2027-05-24", "2028-05-22"],
        ),
        (
            "2023-01-20",
            "FREQ=YEARLY;INTERVAL=4",
            ["2023-01-20", "2027-01-20", "2031-01-20", "2035-01-20", "2039-01-20"],
        ),
        (
            "2024-12-31",
            "FREQ=YEARLY;BYYEARDAY=-1,100",
            ["2024-12-31", "2025-04-10", "2025-12-31", "2026-04-10", "2026-12-31"],
        ),
    ] {
        assert_eq!(first_days(start, rule), expected, "{rule}");
    }
}

#[test]
fn repeats_by_month_week_and_day() {
    for (start, rule, expected) in [
        (
            "2026-01-31",
            "FREQ=MONTHLY",
            ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31", "2026-08-31"],
        ),
        (
            "2026-01-30",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            ["2026-01-30", "2026-02-27", "2026-03-31", "2026-04-30", "2026-05-29"],
        ),
        (
            "2026-10-06",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO",
            ["2026-10-06", "2026-10-11", "2026-10-20", "2026-10-25", "2026-11-03"],
        ),
        (
            "2026-10-06",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
            ["2026-10-06", "2026-10-18", "2026-10-20", "2026-11-01", "2026-11-03"],
        ),
        (
            "2026-12-30",
            "FREQ=DAILY;INTERVAL=2",
            ["2026-12-30", "2027-01-01", "2027-01-03", "2027-01-05", "2027-01-07"],
        ),
    ] {
        assert_eq!(first_days(start, rule), expected, "{rule}");
    }
}

#[test]
fn ends_by_count_by_last_day_and_at_the_end_of_2100() {
    assert_eq!(first_days("2026-05-01", "FREQ=YEARLY;COUNT=2"), ["2026-05-01", "2027-05-01"]);
    assert_eq!(
        first_days("2026-05-01", "FREQ=YEARLY;UNTIL=20270501"),
        ["2026-05-01", "2027-05-01"]
    );
    assert_eq!(first_days("2026-05-01", "FREQ=YEARLY;UNTIL=20270430T235959Z"), ["2026-05-01"]);
    assert_eq!(first_days("2098-05-01", "FREQ=YEARLY"), ["2098-05-01", "2099-05-01", "2100-05-01"]);
    assert_eq!(
        first_days(
            "2026-02-30".replace("30", "28").as_str(),
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
        ),
        [""; 0]
    );
}

#[test]
fn leap_day_repeats_in_leap_years_only() {
    assert_eq!(
        first_days("2024-02-29", "FREQ=YEARLY;COUNT=3"),
        ["2024-02-29", "2028-02-29", "2032-02-29"]
    );
}

#[test]
fn rejects_unsupported_and_invalid_parts_with_remedy() {
    for (rule, excerpt) in [
        ("BYMONTH=1", "has no `FREQ`"),
        ("FREQ=HOURLY", "use `DAILY`, `WEEKLY`, `MONTHLY` or `YEARLY`"),
        ("FREQ=YEARLY;BYWEEKNO=20", "`BYWEEKNO=20` is not supported in `RRULE`; remove the event"),
        ("RSCALE=CHINESE;FREQ=YEARLY", "`RSCALE=CHINESE` is not supported"),
        ("FREQ=YEARLY;BYMONTH=13", "`BYMONTH=13` is not valid"),
        ("FREQ=YEARLY;BYMONTH=-1", "is not valid"),
        ("FREQ=YEARLY;BYMONTHDAY=0", "is not valid"),
        ("FREQ=YEARLY;BYDAY=4XX", "is not valid"),
        ("FREQ=YEARLY;BYDAY=Ä", "is not valid"),
        ("FREQ=YEARLY;INTERVAL=0", "is not valid"),
        ("FREQ=YEARLY;COUNT=0", "is not valid"),
        ("FREQ=WEEKLY;BYDAY=2MO", "numbers in `BYDAY` need"),
        ("FREQ=YEARLY;UNTIL=soon", "`SOON` is not a day or time"),
    ] {
        let problem = RecurrenceRule::parse(7, rule).expect_err(rule);
        assert!(problem.0 == 7 && problem.1.contains(excerpt), "{rule}: {problem:?}");
    }
}
