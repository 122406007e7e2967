//! First contact resolution of small recorded cases in `../shared/cases`.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the path of a recorded case. Prints a message and returns `None` if it is missing.
fn case_file(name: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases").join(name);
    if !file.exists() {
        println!("skipped: ../shared/cases/{name} does not exist");
        return None;
    }
    Some(file)
}

/// Runs `firstline replay --json` and returns its output.
fn replay(arguments: &[&str], file: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_firstline"))
        .args(["replay", "--json"])
        .args(arguments)
        .arg(file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns numerator and denominator of an indicator for everything.
fn ratio(board: &Value, indicator: &str) -> (i64, i64) {
    let reading = board["readings"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|reading| {
            reading["indicator"] == indicator
                && reading["scope"].as_object().is_some_and(|scope| scope.is_empty())
        })
        .unwrap_or_else(|| panic!("no reading of {indicator}"));
    (reading["good"].as_i64().unwrap(), reading["of"].as_i64().unwrap())
}

#[test]
fn open_complaints_are_not_resolved() {
    let Some(file) = case_file("open_complaint.ndjson") else { return };
    let at = ["--at", "2026-03-12T09:01:00+08:00", "--window", "month"];
    let board = replay(&at, &file);
    assert_eq!(ratio(&board, "complaint_one_shot_resolution"), (0, 0));

    // The explanation lists the three complaints as not resolved.
    let explain = [&at[..], &["--explain", "complaint_one_shot_resolution"]].concat();
    let explanation = replay(&explain, &file);
    let excluded = &explanation["left_out"][0];
    assert_eq!(
        (&excluded["reason"]["en"], &excluded["count"]),
        (&Value::from("the order has not been resolved"), &Value::from(3))
    );
}

#[test]
fn complaint_and_repair_after_call_are_repeats() {
    let Some(file) = case_file("repeat_by_complaint.ndjson") else { return };
    let standard = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/standards/first_contact_cases.toml");
    let arguments = ["--window", "all", "--standard", standard];
    let board = replay(&arguments, &file);
    assert_eq!(ratio(&board, "calls_only"), (1, 1));
    assert_eq!(ratio(&board, "followed_by_orders"), (0, 1));
    assert_eq!(ratio(&board, "followed_by_orders_final"), (0, 1));

    // The explanation names the first repeat.
    let explanation =
        replay(&[&arguments[..], &["--explain", "followed_by_orders"]].concat(), &file);
    let repeat = &explanation["of"]["cases"][0]["repeated_by"];
    assert_eq!((&repeat["source"], &repeat["subject"]), (&"/oss".into(), &"k1".into()));
}
