//! Small inputs from public reports, each with the values that are right. They are beside the
//! repository, in `../shared/cases/public`. A folder has the input, the command and
//! `expected.json`. Without the folder the test is skipped with a message.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where a value of `expected.json` is found in the output.
#[derive(Clone, Copy)]
enum Found {
    /// Value of an indicator on the board with this number. Without a value it is 0.
    Value(usize, &'static str),
    /// Numerator of an indicator on the board with this number.
    Good(usize, &'static str),
    /// Denominator of an indicator.
    Of(&'static str),
    /// Numerator and denominator of an indicator on the board with this number, as in `1/2`.
    Ratio(usize, &'static str),
    /// The same in one scope.
    RatioIn(&'static str, &'static str),
    /// True if the maximum is not below the mean.
    MaximumReachesMean(&'static str),
    /// Names of the centers on the board.
    Centers,
    /// Number of centers.
    CenterCount,
    /// Events taken and rejected, as in `9 taken, 0 rejected`.
    Taken,
    /// Time of the board.
    AsOf,
    /// True if `firstline check` refuses the file.
    CheckRefuses(&'static str),
    /// The value, or nothing at all because the rows are refused with a reason.
    RefusedOr(&'static Found),
}

use Found::{
    AsOf, CenterCount, Centers, CheckRefuses, Good, MaximumReachesMean, Of, Ratio, RatioIn,
    RefusedOr, Taken, Value as Read,
};

/// A case with the place of each of its values.
type Case = (&'static str, &'static [(&'static str, Found)]);

const RATE: (&str, Found) = ("rate", Ratio(0, "answer_rate"));
const ASA: (&str, Found) = ("asa", Read(0, "asa"));

const CASES: [Case; 31] = [
    (
        "04",
        &[
            ("warned 17:29", Good(0, "warned")),
            ("warned 17:31", Good(1, "warned")),
            ("overdue 08:31 next day", Read(3, "overdue")),
        ],
    ),
    ("10", &[("overdue Tue 09:59", Read(0, "overdue")), ("overdue Tue 10:00", Read(1, "overdue"))]),
    (
        "19",
        &[
            ("open 11:00", Read(0, "open")),
            ("running 11:00", Read(0, "running")),
            ("kept", Ratio(1, "kept")),
        ],
    ),
    (
        "29",
        &[
            ("paused 09:05", Read(0, "a_pause")),
            ("ready 09:05", Read(0, "a_ready")),
            ("ready 09:11", Read(1, "a_ready")),
        ],
    ),
    ("30", &[RATE, ASA]),
    ("32", &[RATE, ("waiting", Read(0, "waiting"))]),
    (
        "35",
        &[("sales", RatioIn("answer_rate", "sales")), ("repair", RatioIn("answer_rate", "repair"))],
    ),
    ("36", &[("called/joined", Ratio(0, "joined")), ("mean wait", Read(0, "hall_wait"))]),
    ("39", &[("mean", Read(0, "asa")), ("max >= mean", MaximumReachesMean("asa"))]),
    ("40", &[("answers", Of("n")), ("nps", Read(0, "nps"))]),
    (
        "44",
        &[
            ("蚌埠", RefusedOr(&RatioIn("answer_rate", "蚌埠"))),
            ("centers", RefusedOr(&CenterCount)),
        ],
    ),
    ("46", &[RATE, ASA]),
    ("48", &[RATE, ASA]),
    ("49", &[RATE, ASA]),
    ("51", &[RATE, ASA]),
    ("52", &[RATE, ASA]),
    ("54", &[RATE, ASA]),
    (
        "59",
        &[
            ("second call after the first (as_of 13:00:15 local)", AsOf),
            ("check objects to %I without %p", CheckRefuses("m.toml")),
        ],
    ),
    ("61", &[RATE, ASA]),
    ("70", &[("open", Read(0, "repairs_open"))]),
    ("73", &[("talking", Read(0, "talking")), ("taken", Taken)]),
    ("76", &[("one shot", Ratio(0, "one_shot_resolution"))]),
    ("78", &[("open", Read(0, "open")), ("taken", Taken)]),
    ("79", &[("taken", Taken)]),
    (
        "85",
        &[("waiting", Read(0, "waiting")), ("counted as not answered", Ratio(0, "answer_rate"))],
    ),
    ("86", &[("inbound answer rate", Ratio(0, "answer_rate"))]),
    ("100", &[RATE]),
    ("102", &[("centers", Centers)]),
    ("104", &[("centers", CenterCount)]),
    ("107", &[("no problem, and scrape whole; or refused", CheckRefuses("s.toml"))]),
    ("113", &[("10:30-11:00", Read(0, "occ"))]),
];

/// Program output of a case.
struct Run {
    folder: PathBuf,
    boards: Vec<Value>,
    messages: String,
}

fn firstline(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firstline"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Runs the replay in the command of a case.
fn run_case(folder: &Path) -> Run {
    let command = fs::read_to_string(folder.join("command")).unwrap();
    let replay =
        command.split(';').map(str::trim).find(|part| part.starts_with("firstline replay"));
    let arguments: Vec<&str> =
        replay.into_iter().flat_map(|replay| replay.split_whitespace().skip(1)).collect();
    let (mut boards, mut messages) = (Vec::new(), String::new());
    if !arguments.is_empty() {
        let output = firstline(folder, &arguments);
        messages = String::from_utf8_lossy(&output.stderr).into_owned();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let parsed = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        boards = parsed.filter_map(Result::ok).collect();
    }
    Run { folder: folder.to_owned(), boards, messages }
}

impl Run {
    /// Returns the reading of an indicator in a scope whose value is `value`, or without one in the
    /// scope of everything. The window is the longest of the board.
    fn reading(&self, board: usize, indicator: &str, value: Option<&str>) -> Option<&Value> {
        let readings = self.boards.get(board)?["readings"].as_array()?;
        let fits = |reading: &&Value| {
            let scope = reading["scope"].as_object();
            let scope_fits = match (scope, value) {
                (Some(scope), Some(value)) => scope.values().any(|known| known == value),
                (Some(scope), None) => scope.is_empty(),
                (None, _) => value.is_none(),
            };
            reading["indicator"] == indicator && scope_fits
        };
        let matching: Vec<&Value> = readings.iter().filter(fits).collect();
        let of_window = |window: &str| matching.iter().find(|one| one["window"] == window).copied();
        of_window("all").or_else(|| of_window("now")).or_else(|| matching.last().copied())
    }

    fn ratio(&self, board: usize, indicator: &str, value: Option<&str>) -> Value {
        let Some(reading) = self.reading(board, indicator, value) else { return Value::Null };
        let count = |key: &str| reading[key].as_i64().unwrap_or_default();
        json!(format!("{}/{}", count("good"), count("of")))
    }

    fn centers(&self) -> Vec<&str> {
        let readings = self.boards.iter().flat_map(|board| board["readings"].as_array()).flatten();
        let mut centers: Vec<&str> =
            readings.filter_map(|reading| reading["scope"]["center"].as_str()).collect();
        centers.sort_unstable();
        centers.dedup();
        centers
    }

    fn find(&self, found: Found, expected: &Value) -> Value {
        let number = |reading: Option<&Value>, key: &str| {
            json!(reading.and_then(|reading| reading[key].as_f64()).unwrap_or_default())
        };
        match found {
            Read(board, indicator) => number(self.reading(board, indicator, None), "value"),
            Good(board, indicator) => number(self.reading(board, indicator, None), "good"),
            Of(indicator) => number(self.reading(0, indicator, None), "of"),
            Ratio(board, indicator) => self.ratio(board, indicator, None),
            RatioIn(indicator, scope) => self.ratio(0, indicator, Some(scope)),
            MaximumReachesMean(indicator) => {
                let reading = self.reading(0, indicator, None);
                let part = |key: &str| reading.and_then(|reading| reading[key].as_f64());
                json!(part("max").zip(part("value")).is_some_and(|(max, mean)| max >= mean))
            }
            Centers => json!(self.centers()),
            CenterCount => json!(self.centers().len()),
            Taken => {
                let mut words = self.messages.split([' ', ',']).filter(|word| !word.is_empty());
                let taken = words.next().unwrap_or_default();
                let rejected = words.nth(3).unwrap_or_default();
                json!(format!("{taken} taken, {rejected} rejected"))
            }
            AsOf => self.boards.first().map_or(Value::Null, |board| board["as_of"].clone()),
            CheckRefuses(file) => {
                json!(!firstline(&self.folder, &["check", file]).status.success())
            }
            RefusedOr(other) => {
                let refused = self.boards.iter().all(|board| board["as_of"].is_null())
                    && self.messages.contains("encoding = \"");
                if refused { expected.clone() } else { self.find(*other, expected) }
            }
        }
    }
}

/// Compares numbers with a tolerance for the last digits.
fn is_equal(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
        _ => found == expected,
    }
}

#[test]
fn every_case_has_the_values_that_are_right() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/public");
    let Ok(folders) = fs::read_dir(&shared) else {
        println!("skipped: there is no folder {}", shared.display());
        return;
    };
    let folders: Vec<PathBuf> =
        folders.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    assert_eq!(folders.len(), CASES.len(), "every case is compared");
    let mut problems = Vec::new();
    for (number, values) in CASES {
        let prefix = format!("{number}-");
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        let folder = folders.iter().find(|path| name(path).starts_with(&prefix)).unwrap();
        let text = fs::read_to_string(folder.join("expected.json")).unwrap();
        let expected: Value = serde_json::from_str(&text).unwrap();
        let expected = expected["expected"].as_object().unwrap();
        assert_eq!(expected.len(), values.len(), "case {number}: every value is compared");
        let run = run_case(folder);
        let differences = values
            .iter()
            .map(|(key, found)| (key, run.find(*found, &expected[*key]), &expected[*key]))
            .filter(|(_, found, expected)| !is_equal(found, expected))
            .map(|(key, found, expected)| format!("case {number}, {key}: {found}, not {expected}"));
        problems.extend(differences);
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
