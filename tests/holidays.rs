//! Differential test of the iCalendar reader: the days of handwritten and of random files equal those
//! of the Python library `recurring-ical-events`.
//!
//! `HOLIDAYS_CASES` random files are compared, from the seed `HOLIDAYS_SEED`. The library (PyPI) is in
//! `target/holidays-venv`. Without it the test is skipped.

#[path = "holidays/random_file.rs"]
mod random_file;

use firstline::domain::time::calendar::Calendar;
use firstline::domain::time::timestamp::{MINUTE, Timestamp};
use firstline::standard_file::parse_standard;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const FIRST_YEAR: i16 = 2015;
const LAST_YEAR: i16 = 2040;

const DAY_MINUTES: i64 = 24 * 60;

/// A day by the library: its closed minutes, and whether it is a make-up workday.
type ExpectedDays = BTreeMap<Date, (i64, bool)>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/holidays")
}

fn environment_number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Returns the days of each file by the library. Returns `None` if it is not installed.
fn expected_days(files: &[PathBuf]) -> Option<Vec<ExpectedDays>> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/holidays-venv/bin/python");
    let has_library = Command::new(&python).args(["-c", "import recurring_ical_events"]).status();
    if !has_library.is_ok_and(|status| status.success()) {
        eprintln!("skipped: recurring-ical-events is not installed in target/holidays-venv");
        return None;
    }
    let output = Command::new(python)
        .arg(folder().join("expected_days.py"))
        .args([FIRST_YEAR.to_string(), LAST_YEAR.to_string()])
        .args(files)
        .output()
        .expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lists: Vec<Vec<(String, i64, bool)>> =
        serde_json::from_slice(&output.stdout).expect("a list for each file");
    let day = |(date, closed, worked): (String, i64, bool)| {
        (date.parse().expect("a date"), (closed, worked))
    };
    let days = |list: Vec<(String, i64, bool)>| list.into_iter().map(day).collect();
    Some(lists.into_iter().map(days).collect())
}

/// Returns a calendar that is open around the clock on weekdays, with this file of holidays.
fn calendar_with_file(file: &Path) -> Result<Calendar, String> {
    let standard = format!(
        "name = 'x'\nversion = '1'\ndate_of_effect = 2026-01-01\ntitle = {{ en = 'X', zh = 'X' }}\n\
         time_zone = 'Asia/Shanghai'\nwindows = ['today']\n[calendar.x]\n\
         week = {{ mon-fri = ['00:00-24:00'] }}\nholidays_file = '{}'\n\
         [indicator.answer_rate]\ntitle = {{ en = 'X', zh = 'X' }}\n\
         ratio = {{ good = ['call.answered'], of = ['call.offered'] }}\n",
        file.display()
    );
    let mut standard =
        parse_standard("s.toml", &standard).map_err(|problems| format!("{problems:#?}"))?;
    Ok(standard.calendars.remove(0))
}

/// Returns the first days that differ from those of the library.
fn differences(calendar: &Calendar, expected: &ExpectedDays) -> Vec<String> {
    let zone = TimeZone::get("Asia/Shanghai").expect("bundled time zone");
    let mut found = Vec::new();
    let mut date = Date::constant(FIRST_YEAR, 1, 1);
    while date.year() <= LAST_YEAR {
        let midnight = |date: Date| {
            let zoned = date.to_zoned(zone.clone()).expect("midnight exists");
            Timestamp(zoned.timestamp().as_millisecond())
        };
        let next = date.tomorrow().expect("a later day");
        let open = calendar.open_millis_between(midnight(date), midnight(next), &zone) / MINUTE;
        let (closed, worked) = expected.get(&date).copied().unwrap_or_default();
        let is_weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        let usual = if is_weekend && !worked { 0 } else { DAY_MINUTES };
        // A make-up workday overrides a holiday of the whole day.
        let closed = if worked && closed == DAY_MINUTES { 0 } else { closed };
        let expected = (usual - closed).max(0);
        if open != expected {
            found.push(format!("{date}: open for {open} minutes, expected {expected}"));
        }
        date = next;
    }
    found.truncate(10);
    found
}

fn compare_files(files: &[PathBuf], seed: Option<u64>) {
    let Some(expected) = expected_days(files) else { return };
    assert_eq!(expected.len(), files.len());
    for (file, expected) in files.iter().zip(&expected) {
        let text = std::fs::read_to_string(file).expect("readable file");
        let found = calendar_with_file(file).map(|calendar| differences(&calendar, expected));
        assert_eq!(found, Ok(Vec::new()), "seed {seed:?}\n{text}");
    }
}

#[test]
fn days_of_handwritten_files_equal_those_of_public_library() {
    let entries = std::fs::read_dir(folder().join("files")).expect("a folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    assert!(files.len() >= 3);
    compare_files(&files, None);
}

#[test]
fn days_of_random_files_equal_those_of_public_library() {
    let seed = environment_number("HOLIDAYS_SEED", 1);
    println!("seed {seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<PathBuf> = (0..environment_number("HOLIDAYS_CASES", 100))
        .map(|number| {
            let file = folder.path().join(format!("{number}.ics"));
            std::fs::write(&file, random_file::random_file(&mut rng)).expect("writable file");
            file
        })
        .collect();
    compare_files(&files, Some(seed));
}
