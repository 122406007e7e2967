//! Recounts a simulated day from its raw events without engine code, and compares the result with
//! the command line's explanations.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};

fn run_firstline(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firstline"))
        .args(arguments)
        .output()
        .expect("firstline starts")
}

fn stdout_text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// Returns source and subject of every case of one side of the formula.
///
/// # Panics
///
/// If the list is incomplete or names a case twice.
fn listed_cases(side: &Value) -> BTreeSet<String> {
    assert_eq!(
        (&side["more"], &side["not_remembered"]),
        (&Value::from(0), &Value::from(0)),
        "the list is complete"
    );
    let cases = side["cases"].as_array().into_iter().flatten();
    let name =
        |case: &Value| Some(format!("{} {}", case["source"].as_str()?, case["subject"].as_str()?));
    let subjects: BTreeSet<String> = cases.filter_map(name).collect();
    assert_eq!(subjects.len() as i64, side["count"].as_i64().unwrap_or(-1), "no case twice");
    subjects
}

#[test]
fn explained_cases_match_independent_recount() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("day.ndjson");
    let raw = stdout_text(&run_firstline(&[
        "simulate",
        "--hours",
        "11",
        "--rate",
        "0.02",
        "--centers",
        "2",
        "--seed",
        "7",
    ]));
    std::fs::write(&file, &raw).expect("a file");
    let file = file.display().to_string();
    let mut calls: BTreeMap<String, BTreeMap<String, (jiff::Timestamp, Option<f64>)>> =
        BTreeMap::new();
    let mut centers: BTreeMap<String, String> = BTreeMap::new();
    for line in raw.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let Some(("call", verb)) = event["type"].as_str().and_then(|kind| kind.split_once('.'))
        else {
            continue;
        };
        // Subjects are unique only within their source.
        let case = format!("{} {}", text("source"), text("subject"));
        let time = text("time").parse().expect("a time");
        calls
            .entry(case.clone())
            .or_default()
            .insert(verb.to_owned(), (time, event["data"]["wait_seconds"].as_f64()));
        if let Some(center) = event["data"]["center"].as_str() {
            centers.entry(case).or_insert_with(|| center.to_owned());
        }
    }
    let center = centers.values().next().expect("a center").clone();
    let (mut good, mut of) = (BTreeSet::new(), BTreeSet::new());
    for (subject, events) in
        calls.iter().filter(|(subject, _)| centers.get(*subject) == Some(&center))
    {
        let waited =
            events.get("answered").zip(events.get("offered")).map(|(answered, offered)| {
                answered.1.unwrap_or_else(|| {
                    (answered.0.as_millisecond() - offered.0.as_millisecond()) as f64 / 1_000.0
                })
            });
        if ["answered", "abandoned", "overflowed"]
            .iter()
            .any(|outcome| events.contains_key(*outcome))
        {
            of.insert(subject.clone());
        }
        if waited.is_some_and(|waited| waited <= 20.0) {
            good.insert(subject.clone());
        }
    }
    assert!(
        good.len() > 20 && of.len() > good.len() && of.len() <= 1_000,
        "{} of {}",
        good.len(),
        of.len()
    );

    let scope = format!("center={center}");
    let explain =
        ["replay", "--explain", "service_level_20s", "--where", &scope, "--limit", "1000", &file];
    let explanation: Value =
        serde_json::from_str(&stdout_text(&run_firstline(&[&explain[..], &["--json"]].concat())))
            .expect("JSON");
    assert_eq!(
        (listed_cases(&explanation["good"]), listed_cases(&explanation["of"])),
        (good.clone(), of.clone())
    );
    assert_eq!(explanation["reading"]["good"].as_u64(), Some(good.len() as u64));

    let stdout = stdout_text(&run_firstline(&explain));
    assert!(stdout.contains(&format!("numerator: {}\n", good.len())), "{stdout}");
    assert!(
        stdout.contains(&format!("denominator: {}\n", of.len()))
            && stdout.contains("answered calls with a wait of at most 20 s")
    );

    let (_, subject) = good.first().and_then(|name| name.split_once(' ')).expect("a call");
    let case = stdout_text(&run_firstline(&["replay", "--explain-case", subject, &file]));
    assert!(
        case.contains(&format!("{}, closed\n", good.first().expect("a call")))
            && case.contains("call.answered"),
        "{case}"
    );
}

#[test]
fn open_cases_are_sorted_by_time_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("day.ndjson");
    let raw = stdout_text(&run_firstline(&[
        "simulate",
        "--hours",
        "30",
        "--rate",
        "0.3",
        "--centers",
        "2",
        "--seed",
        "3",
    ]));
    std::fs::write(&file, raw).expect("a file");
    let file = file.display().to_string();
    let open_cases: Value = serde_json::from_str(&stdout_text(&run_firstline(&[
        "replay", "--cases", "--limit", "1000", "--json", &file,
    ])))
    .expect("JSON");
    let cases = open_cases["cases"].as_array().expect("a list");
    let left: Vec<f64> = cases.iter().filter_map(|case| case["left_seconds"].as_f64()).collect();
    assert!(!cases.is_empty() && left.len() == cases.len() && left.is_sorted(), "{left:?}");
    let count = |indicator: &str| {
        let board: Value = serde_json::from_str(&stdout_text(&run_firstline(&[
            "replay",
            "--indicator",
            indicator,
            "--json",
            &file,
        ])))
        .expect("JSON");
        board["readings"][0]["value"].as_f64().expect("a number") as usize
    };
    let count_by_risk = |risk: &str| {
        cases.iter().filter(|case| case["commitment"] == "repair" && case["risk"] == risk).count()
    };
    assert_eq!(
        (count_by_risk("overdue"), count_by_risk("due_soon")),
        (count("repairs_overdue"), count("repairs_due_4h"))
    );
    assert!(
        stdout_text(&run_firstline(&["replay", "--cases", "--risk", "overdue", &file]))
            .contains(" over")
    );
}

#[test]
fn explain_arguments_are_checked_before_reading_input() {
    for (arguments, expected) in [
        (&["--explain", "answer_rat"][..], "did you mean `answer_rate`?"),
        (&["--explain", "answer_rate", "--where", "planet=mars"], "`planet` is not a dimension"),
        (&["--cases", "--risk", "over"], "there is no risk `over`"),
    ] {
        let output = run_firstline(&[&["replay"], arguments, &["nowhere.ndjson"]].concat());
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && stderr.contains(expected), "{stderr}");
    }
}

#[test]
fn check_explain_describes_standard() {
    let standard = concat!(env!("CARGO_MANIFEST_DIR"), "/standards/telecom.toml");
    let stdout = stdout_text(&run_firstline(&["check", "--explain", standard]));
    for expected in [
        "commitment repair\n",
        "indicator answer_rate: Answer rate · 接通率\n",
        "不低于85%，低于90%为预警",
    ] {
        assert!(stdout.contains(expected), "{stdout}");
    }
}
