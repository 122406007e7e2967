//! Tests of survey scores at the program: which scores it takes, and how it shows negative values.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

fn standard(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/standards").join(name)
}

/// Replays one answer per entry of `answers` under a standard; the built-in one if `None`.
fn replay(answers: &[Value], standard: Option<PathBuf>, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    let lines: Vec<String> = answers
        .iter()
        .enumerate()
        .map(|(number, data)| {
            let event = json!({
                "specversion": "1.0", "id": format!("e{number}"), "source": "/x",
                "type": "survey.rated", "time": "2026-03-02T09:00:00+08:00",
                "subject": format!("v{number}"), "data": data,
            });
            event.to_string()
        })
        .collect();
    fs::write(&file, lines.join("\n")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_firstline"));
    command.arg("replay").args(arguments);
    if let Some(standard) = standard {
        command.arg("--standard").arg(standard);
    }
    command.arg(file).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn readings(output: &Output) -> Vec<Value> {
    let board: Value = serde_json::from_slice(&output.stdout).unwrap();
    board["readings"].as_array().unwrap().clone()
}

#[test]
fn zero_of_ten_is_an_answer_without_declared_scale() {
    let answers = [json!({ "score": 0, "scale": 10 }), json!({ "score": 10, "scale": 10 })];
    let output = replay(&answers, None, &["--json", "--indicator", "satisfaction_rate"]);
    let reading = &readings(&output)[0];
    assert_eq!((&reading["good"], &reading["of"]), (&json!(1), &json!(2)), "{reading}");
}

#[test]
fn score_outside_its_scale_is_dropped_with_the_scale() {
    for (standard_name, data, reason) in [
        (None, json!({ "score": 0 }), "`score` of an event: 0 is not on the scale from 1 to 5"),
        (None, json!({ "score": 6 }), "`score` of an event: 6 is not on the scale from 1 to 5"),
        (
            None,
            json!({ "score": -1, "scale": 10 }),
            "`score` of an event: -1 is not on the scale from 1 to 10",
        ),
        (
            None,
            json!({ "score": 11, "scale": 10 }),
            "`score` of an event: 11 is not on the scale from 1 to 10",
        ),
        (
            None,
            json!({ "score": 1, "scale": 1 }),
            "`score` of an event: `scale` must be above 1, not 1",
        ),
        (
            Some("nps.toml"),
            json!({ "score": 11 }),
            "`score` of an event: 11 is not on the scale from 0 to 10",
        ),
        (
            Some("nps.toml"),
            json!({ "score": -1 }),
            "`score` of an event: -1 is not on the scale from 0 to 10",
        ),
    ] {
        let answers = [data.clone(), json!({ "score": 5 })];
        let output = replay(&answers, standard_name.map(standard), &["--json"]);
        let text = stderr(&output);
        assert!(
            text.contains("2 events, 0 duplicates, 0 rejected") && text.contains(reason),
            "{data}: {text}"
        );
    }
}

#[test]
fn net_promoter_score_is_in_points_below_and_above_zero() {
    let answers = [0, 3, 6, 9].map(|score| json!({ "score": score }));
    let output = replay(&answers, Some(standard("nps.toml")), &["--json", "--indicator", "nps"]);
    let reading = &readings(&output)[0];
    assert_eq!(
        (&reading["value"], &reading["of"], &reading["level"]),
        (&json!(-50.0), &json!(4), &json!("breached")),
        "{reading}"
    );
    let table = replay(&answers, Some(standard("nps.toml")), &[]);
    let table = String::from_utf8(table.stdout).unwrap();
    let row = |indicator: &str| {
        let line = table.lines().find(|line| line.starts_with(&format!("{indicator} "))).unwrap();
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>()
    };
    assert_eq!(row("nps"), ["nps", "everything", "all", "-50.0", "4", "breached"], "{table}");
    assert_eq!(row("gap"), ["gap", "everything", "all", "-25.0", "-50.0 - -25.0"], "{table}");
}
