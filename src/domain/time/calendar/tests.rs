//! Tests of calendars against worked examples and an oracle that steps minute by minute.

use crate::domain::time::calendar::{Calendar, OpeningInterval, end_of_day, is_before_time_of_day};
use crate::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn parse_time(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("valid RFC 3339 time")
}

fn find_zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("bundled time zone")
}

fn parse_date(text: &str) -> Date {
    text.parse().expect("valid date")
}

/// Parses hours such as `8-12 13.5-18`.
fn parse_hours(text: &str) -> Vec<OpeningInterval> {
    let minutes = |text: &str| (text.parse::<f64>().expect("numeric hours") * 60.0) as u16;
    let span = |text: &str| {
        text.split_once('-')
            .map(|(from, until)| OpeningInterval { from: minutes(from), until: minutes(until) })
    };
    text.split_whitespace().map(|text| span(text).expect("interval as from-until")).collect()
}

/// Builds a calendar from the hours of Monday to Friday, Saturday, Sunday and special dates.
fn build_calendar(
    weekdays: &str,
    saturday: &str,
    sunday: &str,
    special: &[(&str, &str)],
) -> Calendar {
    let week = std::array::from_fn(|place| {
        parse_hours(if place < 5 { weekdays } else { [saturday, sunday][place - 5] })
    });
    let special =
        special.iter().map(|(date, spans)| (parse_date(date), parse_hours(spans))).collect();
    Calendar::new("test".to_owned(), None, &week, &special)
}

/// Office with a lunch break and a short Saturday. It is closed in the golden week of 2026 and
/// works on Saturday 2026-10-10 as on a Monday.
fn office_calendar() -> Calendar {
    let special = [
        ("2026-10-01", ""),
        ("2026-10-02", ""),
        ("2026-10-03", ""),
        ("2026-10-04", ""),
        ("2026-10-05", ""),
        ("2026-10-06", ""),
        ("2026-10-07", ""),
        ("2026-10-10", "8-12 13.5-18"),
    ];
    build_calendar("8-12 13.5-18", "9-12", "", &special)
}

#[test]
fn lunch_break_is_not_open_time() {
    let (office, shanghai) = (office_calendar(), find_zone("Asia/Shanghai"));
    // Wednesday.
    let from = parse_time("2026-09-16T11:00:00+08:00");
    assert_eq!(
        office.open_millis_between(from, parse_time("2026-09-16T14:00:00+08:00"), &shanghai),
        HOUR + HOUR / 2
    );
    assert_eq!(
        office.add_open_millis(from, 2 * HOUR, &shanghai),
        Some(parse_time("2026-09-16T14:30:00+08:00"))
    );
    assert_eq!(
        office.add_open_millis(from, HOUR, &shanghai),
        Some(parse_time("2026-09-16T12:00:00+08:00")),
        "closing, not the next opening"
    );
    assert_eq!(
        office.add_open_millis(from, HOUR + 1, &shanghai),
        Some(parse_time("2026-09-16T13:30:00.001+08:00"))
    );
    assert!(!office.is_open(parse_time("2026-09-16T12:00:00+08:00"), &shanghai));
    assert!(office.is_open(parse_time("2026-09-16T13:30:00+08:00"), &shanghai));
    assert!(office.is_open(parse_time("2026-09-16T17:59:59.999+08:00"), &shanghai));
}

#[test]
fn no_open_time_passes_while_closed() {
    let (office, shanghai) = (office_calendar(), find_zone("Asia/Shanghai"));
    let friday_night = parse_time("2026-09-18T23:00:00+08:00");
    assert_eq!(office.add_open_millis(friday_night, 0, &shanghai), Some(friday_night));
    assert_eq!(office.add_open_millis(friday_night, -5, &shanghai), Some(friday_night));
    // Saturday has three hours, Sunday none: the fourth is Monday's first.
    assert_eq!(
        office.add_open_millis(friday_night, 4 * HOUR, &shanghai),
        Some(parse_time("2026-09-21T09:00:00+08:00"))
    );
    assert_eq!(
        office.open_millis_between(
            friday_night,
            parse_time("2026-09-19T09:00:00+08:00"),
            &shanghai
        ),
        0
    );
    assert_eq!(
        office.open_millis_between(
            friday_night,
            parse_time("2026-09-18T09:00:00+08:00"),
            &shanghai
        ),
        0
    );
}

#[test]
fn holidays_are_closed_and_make_up_saturdays_open() {
    let (office, shanghai) = (office_calendar(), find_zone("Asia/Shanghai"));
    let eve = parse_time("2026-09-30T17:00:00+08:00");
    // An hour before the golden week; the next is Thursday 8 October.
    assert_eq!(
        office.add_open_millis(eve, 2 * HOUR, &shanghai),
        Some(parse_time("2026-10-08T09:00:00+08:00"))
    );
    // Thursday, Friday and the make-up Saturday are full days.
    assert_eq!(
        office.open_millis_between(eve, parse_time("2026-10-11T00:00:00+08:00"), &shanghai),
        HOUR + 3 * (8 * HOUR + HOUR / 2)
    );
    assert!(office.is_open(parse_time("2026-10-10T14:00:00+08:00"), &shanghai));
    assert!(
        office.is_workday(parse_date("2026-10-10"))
            && !office.is_workday(parse_date("2026-10-05"))
            && !office.is_workday(parse_date("2026-10-11"))
    );
}

#[test]
fn always_open_calendar_counts_elapsed_time() {
    let (always, shanghai) =
        (build_calendar("0-24", "0-24", "0-24", &[]), find_zone("Asia/Shanghai"));
    let (from, until) =
        (parse_time("2026-09-30T23:59:59.999+08:00"), parse_time("2027-01-03T00:00:00.001+08:00"));
    assert_eq!(always.open_millis_between(from, until, &shanghai), until.millis_since(from));
    assert_eq!(always.add_open_millis(from, until.millis_since(from), &shanghai), Some(until));
    let new_york = find_zone("America/New_York");
    assert_eq!(always.open_millis_between(from, until, &new_york), until.millis_since(from));
    assert_eq!(always.add_open_millis(from, until.millis_since(from), &new_york), Some(until));
}

#[test]
fn night_shift_belongs_to_the_day_it_begins() {
    // 2026-09-16 is a holiday, a Wednesday.
    let (night, shanghai) =
        (build_calendar("22-30", "", "", &[("2026-09-16", "")]), find_zone("Asia/Shanghai"));
    let from = parse_time("2026-09-15T23:00:00+08:00");
    assert_eq!(
        night.add_open_millis(from, 7 * HOUR, &shanghai),
        Some(parse_time("2026-09-16T06:00:00+08:00")),
        "Tuesday's shift runs to its end"
    );
    assert_eq!(
        night.add_open_millis(from, 8 * HOUR, &shanghai),
        Some(parse_time("2026-09-17T23:00:00+08:00")),
        "Wednesday's is not"
    );
    assert!(!night.is_open(parse_time("2026-09-17T01:00:00+08:00"), &shanghai));
    assert!(night.is_open(parse_time("2026-09-19T05:59:00+08:00"), &shanghai), "Friday's");
    assert!(
        !night.is_workday(parse_date("2026-09-19")),
        "the tail of a shift makes no working day"
    );
    // The night shift of a make-up day continues into the following day.
    let night = build_calendar("22-30", "", "", &[("2026-09-19", "22-30")]);
    assert!(night.is_open(parse_time("2026-09-20T05:59:00+08:00"), &shanghai));
}

#[test]
fn clock_changes_make_days_of_23_and_25_hours() {
    let (always, berlin) =
        (build_calendar("0-24", "0-24", "0-24", &[]), find_zone("Europe/Berlin"));
    let night = build_calendar("1-4", "1-4", "1-4", &[]);
    // Clocks go forward from 02:00 to 03:00.
    let (from, until) =
        (parse_time("2026-03-29T00:00:00+01:00"), parse_time("2026-03-30T00:00:00+02:00"));
    assert_eq!(always.open_millis_between(from, until, &berlin), 23 * HOUR);
    assert_eq!(night.open_millis_between(from, until, &berlin), 2 * HOUR);
    assert_eq!(
        night.add_open_millis(from, HOUR + 1, &berlin),
        Some(parse_time("2026-03-29T03:00:00.001+02:00"))
    );
    // And back from 03:00 to 02:00.
    let (from, until) =
        (parse_time("2026-10-25T00:00:00+02:00"), parse_time("2026-10-26T00:00:00+01:00"));
    assert_eq!(always.open_millis_between(from, until, &berlin), 25 * HOUR);
    assert_eq!(night.open_millis_between(from, until, &berlin), 4 * HOUR);
    assert_eq!(
        night.add_open_millis(from, 3 * HOUR, &berlin),
        Some(parse_time("2026-10-25T03:00:00+01:00"))
    );
    assert!(night.is_open(parse_time("2026-10-25T02:30:00+01:00"), &berlin));
}

#[test]
fn handles_days_starting_at_one_and_half_hour_offsets() {
    // Clocks go forward at midnight, to 01:00.
    let (always, beirut) = (build_calendar("0-24", "0-24", "0-24", &[]), find_zone("Asia/Beirut"));
    let (from, until) =
        (parse_time("2026-03-29T01:00:00+03:00"), parse_time("2026-03-30T00:00:00+03:00"));
    assert_eq!(end_of_day(parse_time("2026-03-28T12:00:00+02:00"), &beirut), from);
    assert_eq!(end_of_day(from, &beirut), until);
    assert_eq!(always.open_millis_between(from, until, &beirut), 23 * HOUR);
    assert_eq!(
        build_calendar("0-2", "0-2", "0-2", &[]).open_millis_between(from, until, &beirut),
        HOUR
    );
    assert_eq!(
        always.add_full_working_days(parse_time("2026-03-27T12:00:00+02:00"), 1, &beirut),
        Some(from)
    );
    // Lord Howe's clocks go back by half an hour, at 02:00.
    let howe = find_zone("Australia/Lord_Howe");
    let (from, until) =
        (parse_time("2026-04-05T00:00:00+11:00"), parse_time("2026-04-06T00:00:00+10:30"));
    assert_eq!(always.open_millis_between(from, until, &howe), 24 * HOUR + HOUR / 2);
    // India is half an hour away from every hour.
    let (office, india) = (office_calendar(), find_zone("Asia/Kolkata"));
    assert_eq!(
        office.add_open_millis(parse_time("2026-09-16T02:00:00Z"), HOUR, &india),
        Some(parse_time("2026-09-16T03:30:00Z"))
    );
}

#[test]
fn adds_working_days_at_the_same_local_time() {
    let (office, shanghai) = (office_calendar(), find_zone("Asia/Shanghai"));
    let add = |from: &str, days: u32| {
        office
            .add_working_days(parse_time(from), days, &shanghai)
            .expect("deadline within ten years")
            .to_string()
    };
    // Wednesday to Thursday; Saturday is a working day here, Sunday is not.
    assert_eq!(add("2026-09-16T10:00:00+08:00", 1), "2026-09-17T02:00:00Z");
    assert_eq!(add("2026-09-18T10:00:00+08:00", 2), "2026-09-21T02:00:00Z");
    assert_eq!(add("2026-09-16T10:00:00+08:00", 0), "2026-09-16T02:00:00Z");
    // A report after closing counts from the same day.
    assert_eq!(add("2026-09-16T22:00:00+08:00", 1), "2026-09-17T14:00:00Z");
    // Reports on a Sunday and on a holiday count from the next opening.
    assert_eq!(add("2026-09-20T10:00:00+08:00", 0), "2026-09-21T00:00:00Z");
    assert_eq!(add("2026-09-20T10:00:00+08:00", 1), "2026-09-22T00:00:00Z");
    assert_eq!(add("2026-10-01T10:00:00+08:00", 2), "2026-10-10T00:00:00Z");
    // 02:30 is skipped on 2026-03-29 and repeated on 2026-10-25.
    let (daily, berlin) = (build_calendar("8-18", "8-18", "8-18", &[]), find_zone("Europe/Berlin"));
    assert_eq!(
        daily.add_working_days(parse_time("2026-03-28T02:30:00+01:00"), 1, &berlin),
        Some(parse_time("2026-03-29T03:00:00+02:00"))
    );
    assert_eq!(
        daily.add_working_days(parse_time("2026-10-24T02:30:00+02:00"), 1, &berlin),
        Some(parse_time("2026-10-25T02:30:00+02:00"))
    );
}

#[test]
fn adds_full_working_days_up_to_their_end() {
    let (weekdays, london) =
        (build_calendar("0-24", "", "", &[("2026-08-31", "")]), find_zone("Europe/London"));
    let end = |from: &str, days: u32| {
        weekdays
            .add_full_working_days(parse_time(from), days, &london)
            .expect("deadline within ten years")
    };
    // Wednesday's report is due by the end of Friday, Thursday's by the end of Monday. A bank
    // holiday moves the third.
    assert_eq!(end("2026-09-16T09:00:00+01:00", 2), parse_time("2026-09-19T00:00:00+01:00"));
    assert_eq!(end("2026-09-17T23:59:00+01:00", 2), parse_time("2026-09-22T00:00:00+01:00"));
    assert_eq!(end("2026-08-27T09:00:00+01:00", 2), parse_time("2026-09-02T00:00:00+01:00"));
    assert_eq!(end("2026-09-19T09:00:00+01:00", 1), parse_time("2026-09-22T00:00:00+01:00"));
    assert_eq!(end("2026-09-19T09:00:00+01:00", 0), parse_time("2026-09-20T00:00:00+01:00"));
}

#[test]
fn cut_off_uses_the_local_clock() {
    let (shanghai, four) = (find_zone("Asia/Shanghai"), Time::constant(16, 0, 0, 0));
    assert!(is_before_time_of_day(parse_time("2026-09-16T15:59:59.999+08:00"), four, &shanghai));
    assert!(!is_before_time_of_day(parse_time("2026-09-16T16:00:00+08:00"), four, &shanghai));
    assert!(
        is_before_time_of_day(parse_time("2026-09-16T16:30:00Z"), four, &shanghai),
        "half past midnight there"
    );
    assert_eq!(
        end_of_day(parse_time("2026-09-16T15:00:00+08:00"), &shanghai),
        parse_time("2026-09-17T00:00:00+08:00")
    );
}

#[test]
fn calendar_zone_overrides_the_center_zone() {
    let mut office = office_calendar();
    let opening = parse_time("2026-09-16T08:00:00+08:00");
    assert!(!office.is_open(opening, &TimeZone::UTC));
    office.time_zone = Some(find_zone("Asia/Shanghai"));
    assert!(office.is_open(opening, &TimeZone::UTC));
}

#[test]
fn returns_none_beyond_ten_years() {
    let (never, shanghai) =
        (build_calendar("", "", "", &[("2026-09-16", "8-9")]), find_zone("Asia/Shanghai"));
    let from = parse_time("2026-09-01T00:00:00+08:00");
    assert_eq!(
        never.add_open_millis(from, HOUR, &shanghai),
        Some(parse_time("2026-09-16T09:00:00+08:00"))
    );
    assert_eq!(never.add_open_millis(from, HOUR + 1, &shanghai), None);
    assert_eq!(never.add_open_millis(from, HOUR + 1, &find_zone("Europe/Berlin")), None);
    assert_eq!(never.add_working_days(from, 1, &shanghai), None);
    assert_eq!(never.add_full_working_days(from, 2, &shanghai), None);
    assert_eq!(office_calendar().add_open_millis(from, i64::MAX, &shanghai), None);
    assert_eq!(office_calendar().add_working_days(from, u32::MAX, &shanghai), None);
}

#[test]
fn extreme_timestamps_do_not_panic() {
    for zone in [find_zone("Asia/Shanghai"), find_zone("Europe/Berlin"), TimeZone::UTC] {
        for end in [Timestamp(i64::MIN), Timestamp(i64::MAX)] {
            let office = office_calendar();
            _ = (
                office.add_open_millis(end, HOUR, &zone),
                office.add_working_days(end, 3, &zone),
                office.add_full_working_days(end, 3, &zone),
            );
            _ = (
                office.is_open(end, &zone),
                is_before_time_of_day(end, Time::midnight(), &zone),
                end_of_day(end, &zone),
            );
            _ = (
                office.open_millis_between(Timestamp(i64::MIN), end, &zone),
                office.open_millis_between(end, Timestamp(i64::MAX), &zone),
            );
        }
    }
}

/// Generated input of a calendar.
#[derive(Clone, Debug)]
struct GeneratedHours {
    week: [Vec<OpeningInterval>; 7],
    special: BTreeMap<Date, Vec<OpeningInterval>>,
}

impl GeneratedHours {
    fn to_calendar(&self) -> Calendar {
        Calendar::new("test".to_owned(), None, &self.week, &self.special)
    }

    fn hours_on(&self, date: Date) -> &[OpeningInterval] {
        self.special.get(&date).unwrap_or_else(|| {
            &self.week[usize::from(date.weekday().to_monday_zero_offset() as u8)]
        })
    }

    /// Returns true if the local clock shows an open minute.
    fn is_open(&self, at: i64, zone: &TimeZone) -> bool {
        let local =
            zone.to_datetime(jiff::Timestamp::from_millisecond(at).expect("time in jiff's range"));
        let minute = local.hour() as u16 * 60 + local.minute() as u16;
        let within =
            |span: &OpeningInterval, minute: u16| (span.from..span.until).contains(&minute);
        let yesterday = local.date().yesterday().expect("date in jiff's range");
        self.hours_on(local.date()).iter().any(|span| within(span, minute))
            || self.hours_on(yesterday).iter().any(|span| within(span, minute + 1_440))
    }
}

fn opening_intervals() -> impl Strategy<Value = Vec<OpeningInterval>> {
    let span = (0_u16..1_440, 1_u16..=1_440)
        .prop_map(|(from, length)| OpeningInterval { from, until: from + length });
    let daytime = Just(parse_hours("8-12 13.5-18"));
    prop_oneof![
        3 => daytime,
        1 => Just(Vec::new()),
        1 => Just(parse_hours("0-24")),
        1 => Just(parse_hours("22-30")),
        2 => proptest::collection::vec(span, 1..4),
    ]
}

/// Generates moments near clock changes.
fn moments_near_clock_changes() -> impl Strategy<Value = (TimeZone, Timestamp)> {
    let places = [
        ("Asia/Shanghai", "2026-10-01T00:00:00Z"),
        ("Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "2026-10-25T01:00:00Z"),
        ("America/New_York", "2026-11-01T06:00:00Z"),
        ("Asia/Beirut", "2026-03-28T22:00:00Z"),
        ("America/Havana", "2026-11-01T05:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
        ("Asia/Kathmandu", "2026-01-01T00:00:00Z"),
        // A whole day was skipped.
        ("Pacific/Apia", "2011-12-30T10:00:00Z"),
        // The clocks went back over midnight into the previous day.
        ("America/St_Johns", "2010-11-07T02:31:00Z"),
    ];
    proptest::sample::select(places.to_vec())
        .prop_map(|(name, moment)| (find_zone(name), parse_time(moment)))
}

fn calendar_cases() -> impl Strategy<Value = (GeneratedHours, TimeZone, Timestamp, i64)> {
    let special = proptest::collection::vec((-8_i64..9, opening_intervals()), 0..5);
    let week = proptest::array::uniform7(opening_intervals());
    (week, special, moments_near_clock_changes(), -8_i64 * 1_440..2 * 1_440, 0_i64..9 * 1_440)
        .prop_map(|(week, special, (zone, moment), start, length)| {
            let date = zone
                .to_datetime(
                    jiff::Timestamp::from_millisecond(moment.0).expect("time in jiff's range"),
                )
                .date();
            let special = special
                .into_iter()
                .map(|(days, spans)| (date.saturating_add(jiff::Span::new().days(days)), spans))
                .collect();
            (GeneratedHours { week, special }, zone, moment.plus_millis(start * MINUTE), length)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn open_time_matches_local_clock_minute_by_minute(
        (hours, zone, from, minutes) in calendar_cases(),
    ) {
        let calendar = hours.to_calendar();
        let at = |minute: i64| from.plus_millis(minute * MINUTE);
        let open = (0..minutes).filter(|minute| hours.is_open(at(*minute).0, &zone)).count();
        let open_millis = i64::try_from(open).expect("count fits i64") * MINUTE;
        prop_assert_eq!(calendar.open_millis_between(from, at(minutes), &zone), open_millis);
        for minute in (0..minutes).step_by(97) {
            let expected = hours.is_open(at(minute).0, &zone);
            prop_assert_eq!(calendar.is_open(at(minute), &zone), expected);
        }
    }

    #[test]
    fn add_open_millis_returns_the_earliest_moment(
        (hours, zone, from, _) in calendar_cases(),
        millis in 1_i64..2_000 * HOUR,
        fine in 0_i64..MINUTE,
    ) {
        let (calendar, from) = (hours.to_calendar(), from.plus_millis(fine));
        match calendar.add_open_millis(from, millis, &zone) {
            Some(end) => {
                prop_assert_eq!(calendar.open_millis_between(from, end, &zone), millis);
                let before = end.plus_millis(-1);
                prop_assert_eq!(calendar.open_millis_between(from, before, &zone), millis - 1);
            }
            None => {
                let limit = from.plus_millis(3_653 * 24 * HOUR);
                prop_assert!(calendar.open_millis_between(from, limit, &zone) < millis);
            }
        }
    }

    #[test]
    fn working_days_match_counting_day_by_day(
        (hours, zone, from, _) in calendar_cases(),
        days in 0_u32..30,
    ) {
        let calendar = hours.to_calendar();
        prop_assume!(hours.week.iter().any(|spans| !spans.is_empty()));
        let date = |at: Timestamp| {
            let time = jiff::Timestamp::from_millisecond(at.0).expect("time in jiff's range");
            zone.to_datetime(time).date()
        };
        let (mut last, mut remaining) = (date(from), days);
        while remaining > 0 {
            last = last.tomorrow().expect("date in jiff's range");
            remaining -= u32::from(calendar.is_workday(last));
        }
        let end = calendar.add_full_working_days(from, days, &zone);
        let end = end.expect("deadline within ten years");
        prop_assert!(end >= from);
        // A skipped day ends when it would have begun. If clocks go back just after midnight, the day
        // has ended once before its repeated last hour begins.
        prop_assert!(end == from || date(end) > last, "{end} is not after {last}");
        prop_assert!(
            end == from || date(end.plus_millis(-1)) <= last,
            "{end} is too long after {last}"
        );
        if calendar.is_workday(date(from)) {
            let later = calendar.add_working_days(from, days, &zone);
            let later = later.expect("deadline within ten years");
            let noon = zone.to_ambiguous_timestamp(last.at(12, 0, 0, 0));
            prop_assert!(date(later) == last || noon.is_ambiguous(), "{later}");
        }
    }
}
