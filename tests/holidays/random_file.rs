//! Random iCalendar files: repeating, moved, cancelled, timed and folded events.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::fmt::Write as _;

const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// Returns a file with some random events.
pub(crate) fn random_file(rng: &mut ChaCha8Rng) -> String {
    let mut file = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//random//EN\r\n");
    for number in 0..rng.random_range(1..=5) {
        file.push_str(&random_event(rng, number));
    }
    file.push_str("END:VCALENDAR\r\n");
    file
}

/// Form of the dates of an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DateForm {
    Day,
    Local,
    Utc,
}

/// A random event with its dates in one form.
struct RandomEvent {
    form: DateForm,
    year: i32,
    month: u32,
    day: u32,
    hour: u32,
}

impl RandomEvent {
    /// Returns a date property of this event in another year.
    fn property(&self, name: &str, years: i32, hours: u32) -> String {
        let date = format!("{}{:02}{:02}", self.year + years, self.month, self.day);
        let hour = self.hour + hours;
        match self.form {
            DateForm::Day => format!("{name};VALUE=DATE:{date}"),
            DateForm::Local => format!("{name};TZID=Asia/Shanghai:{date}T{hour:02}0000"),
            DateForm::Utc => format!("{name}:{date}T{hour:02}0000Z"),
        }
    }
}

fn random_event(rng: &mut ChaCha8Rng, number: usize) -> String {
    let event = RandomEvent {
        form: match rng.random_range(0..6) {
            0 => DateForm::Local,
            1 => DateForm::Utc,
            _ => DateForm::Day,
        },
        year: rng.random_range(2012..2030),
        month: rng.random_range(1..=12),
        day: rng.random_range(1..=28),
        hour: rng.random_range(0..20),
    };
    let start = event.property("DTSTART", 0, 0);
    let mut lines = vec![start];
    lines.push(match (event.form, rng.random_range(0..3)) {
        (DateForm::Day, 0) => String::new(),
        (DateForm::Day, _) => format!("DURATION:P{}D", rng.random_range(1..12)),
        (_, 0) => event.property("DTEND", 0, rng.random_range(1..=3)),
        _ => format!("DURATION:PT{}H", rng.random_range(1..60)),
    });
    let is_repeating = rng.random_range(0..8) > 0;
    if is_repeating {
        lines.push(format!("RRULE:{}{}", random_rule(rng), random_end(rng, &event)));
        if rng.random_range(0..3) == 0 {
            // A date that is also replaced by another event would contradict it.
            lines.push(event.property("EXDATE", rng.random_range(1..4), 0));
        }
    }
    if rng.random_range(0..5) == 0 {
        lines.push(event.property("RDATE", rng.random_range(1..6), 0));
    }
    let mut text = write_event(rng, number, &lines);
    if is_repeating && rng.random_range(0..4) == 0 {
        let id = event.property("RECURRENCE-ID", 0, 0);
        let change = match rng.random_range(0..2) {
            0 => vec![id, event.property("DTSTART", 0, 0), "STATUS:CANCELLED".to_owned()],
            _ => {
                let moved = RandomEvent { day: event.day % 28 + 1, ..event };
                let end = match moved.form {
                    DateForm::Day => "DURATION:P1D",
                    _ => "DURATION:PT2H",
                };
                vec![id, moved.property("DTSTART", 0, 0), end.to_owned()]
            }
        };
        text.push_str(&write_event(rng, number, &change));
    }
    text
}

/// Returns a rule without its end.
fn random_rule(rng: &mut ChaCha8Rng) -> String {
    let weekday = WEEKDAYS[rng.random_range(0..7)];
    let other = WEEKDAYS[rng.random_range(0..7)];
    let month = rng.random_range(1..=12);
    let nth = [1, 2, 3, 4, 5, -1, -2][rng.random_range(0..7)];
    let interval = rng.random_range(1..=3);
    match rng.random_range(0..12) {
        0 => "FREQ=YEARLY".to_owned(),
        1 => format!("FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={}", rng.random_range(1..=31)),
        2 => format!("FREQ=YEARLY;BYMONTH={month};BYDAY={nth}{weekday}"),
        3 => format!("FREQ=YEARLY;INTERVAL={interval};BYDAY={nth}{weekday};BYMONTH={month}"),
        4 => format!("FREQ=YEARLY;BYDAY={}{weekday}", rng.random_range(1..=53)),
        5 => format!(
            "FREQ=YEARLY;BYYEARDAY={},-{}",
            rng.random_range(1..=366),
            rng.random_range(1..=366)
        ),
        6 => format!("FREQ=YEARLY;BYMONTH={month};BYDAY={weekday};BYMONTHDAY=2,3,4,5,6,7,8"),
        7 => format!("FREQ=MONTHLY;INTERVAL={interval};BYMONTHDAY=-{}", rng.random_range(1..=31)),
        8 => format!("FREQ=MONTHLY;INTERVAL={interval};BYDAY={weekday},{other};BYSETPOS={nth}"),
        9 => format!("FREQ=MONTHLY;BYDAY={nth}{weekday}"),
        10 => format!(
            "FREQ=WEEKLY;INTERVAL={interval};BYDAY={weekday},{other};WKST={}",
            WEEKDAYS[rng.random_range(0..7)]
        ),
        _ => format!("FREQ=DAILY;INTERVAL={};BYMONTH={month}", interval * 5),
    }
}

/// Returns the part of a rule that ends it, or nothing.
fn random_end(rng: &mut ChaCha8Rng, event: &RandomEvent) -> String {
    match rng.random_range(0..3) {
        0 => String::new(),
        1 => format!(";COUNT={}", rng.random_range(1..30)),
        _ => {
            let until = event.property("", rng.random_range(1..10), 0);
            let until = until.rsplit(':').next().unwrap_or_default();
            // With a time zone, the end must be in UTC.
            let zone = if event.form == DateForm::Local { "Z" } else { "" };
            format!(";UNTIL={until}{zone}")
        }
    }
}

/// Writes an event, with some lines folded.
fn write_event(rng: &mut ChaCha8Rng, number: usize, lines: &[String]) -> String {
    let mut text = format!("BEGIN:VEVENT\r\nUID:{number}@test\r\nDTSTAMP:20200101T000000Z\r\n");
    for line in lines.iter().filter(|line| !line.is_empty()) {
        let fold = rng.random_range(1..line.len() * 3);
        let (head, rest) = line.split_at_checked(fold).unwrap_or((line, ""));
        let separator = if rest.is_empty() { "" } else { "\r\n " };
        let _ = write!(text, "{head}{separator}{rest}\r\n");
    }
    text + "SUMMARY:Holiday\r\nEND:VEVENT\r\n"
}
