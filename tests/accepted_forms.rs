//! Tests that `firstline replay` understands events as other programs write them: empty and padded
//! texts, long numbers, words for true and false, any `sequence`.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

use serde_json::{Value, json};
use std::fs;
use std::process::Command;

/// An event at this minute after nine. Its id names its type and subject.
fn event(minute: u32, subject: &str, kind: &str, data: Value) -> Value {
    let mut event = json!({
        "specversion": "1.0", "id": format!("{kind} {subject}"), "source": "/x", "type": kind,
        "time": format!("2026-03-02T09:{minute:02}:00+08:00"), "subject": subject,
    });
    event["data"] = data;
    event
}

/// An answered call with these data at its arrival and at its end.
fn answered_call(minute: u32, subject: &str, arrival: Value, end: Value) -> Vec<Value> {
    vec![
        event(minute, subject, "call.offered", arrival),
        event(minute + 1, subject, "call.answered", json!({})),
        event(minute + 2, subject, "call.ended", end),
    ]
}

/// Replays the events, none of which may be rejected, and returns the readings of the indicator.
fn replay_readings(events: &[Value], arguments: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    fs::write(&file, lines.join("\n")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_firstline"))
        .args(["replay", "--json"])
        .args(arguments)
        .arg(&file)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let counts = format!("{} events, 0 duplicates, 0 rejected", events.len());
    assert!(stderr.contains(&counts), "`{counts}` is not in:\n{stderr}");
    let board: Value = serde_json::from_slice(&output.stdout).unwrap();
    board["readings"].as_array().unwrap().clone()
}

/// Returns the centers of a board of these calls, one per value of `center`.
fn centers_of(values: &[&str]) -> Vec<String> {
    let calls = values.iter().enumerate().flat_map(|(number, center)| {
        answered_call(
            number as u32 * 3,
            &format!("c{number}"),
            json!({ "center": center }),
            json!({}),
        )
    });
    let calls: Vec<Value> = calls.collect();
    let readings = replay_readings(&calls, &["--by", "center", "--indicator", "answer_rate"]);
    let mut centers: Vec<String> = readings
        .iter()
        .filter_map(|reading| reading["scope"]["center"].as_str())
        .map(String::from)
        .collect();
    centers.sort();
    centers.dedup();
    centers
}

#[test]
fn empty_name_is_missing_and_spaces_around_names_are_removed() {
    assert_eq!(centers_of(&["", "  ", "\t"]), [""; 0]);
    assert_eq!(centers_of(&[" hefei", "hefei ", "hefei", "\u{3000}hefei\u{a0}"]), ["hefei"]);
    assert_eq!(centers_of(&["he fei", "hefei"]), ["he fei", "hefei"]);
}

#[test]
fn composed_and_decomposed_names_are_one() {
    assert_eq!(centers_of(&["Z\u{fc}rich", "Zu\u{308}rich"]), ["Z\u{fc}rich"]);
    assert_eq!(centers_of(&["S\u{e3}o", "Sa\u{303}o"]), ["S\u{e3}o"]);
    assert_eq!(centers_of(&["\u{ac00}", "\u{1100}\u{1161}"]), ["\u{ac00}"]);
    assert_eq!(centers_of(&["\u{5408}\u{80a5}"]), ["\u{5408}\u{80a5}"]);
}

/// Returns "good/of" of `one_shot_resolution` for two calls of these customers within an hour.
fn one_shot_of_customers(one: impl Into<Value>, two: impl Into<Value>) -> String {
    let calls = [
        answered_call(0, "c1", json!({ "customer": one.into() }), json!({})),
        answered_call(10, "c2", json!({ "customer": two.into() }), json!({})),
    ]
    .concat();
    let readings = replay_readings(&calls, &["--indicator", "one_shot_resolution"]);
    format!("{}/{}", readings[0]["good"], readings[0]["of"])
}

#[test]
fn long_customer_numbers_keep_their_digits() {
    let one = 123_456_789_012_345_678_u64;
    assert_eq!(one_shot_of_customers(one, one + 1), "2/2");
    assert_eq!(one_shot_of_customers(one, one), "1/2");
    assert_eq!(one_shot_of_customers(one, one.to_string()), "1/2");
    assert_eq!(one_shot_of_customers(u64::MAX, u64::MAX - 1), "2/2");
    assert_eq!(one_shot_of_customers(i64::MIN, i64::MIN + 1), "2/2");
    assert_eq!(one_shot_of_customers(1_u64 << 53, (1_u64 << 53) + 1), "2/2");
    assert_eq!(one_shot_of_customers(13_900_000_001_u64, "13900000001"), "1/2");
}

#[test]
fn empty_customer_is_missing() {
    // Contacts of unknown customers are in no figure of first contact resolution.
    assert_eq!(one_shot_of_customers("", ""), "0/0");
    assert_eq!(one_shot_of_customers(" a", "a "), "1/2");
}

#[test]
fn words_for_true_and_false_are_understood() {
    for (value, good) in [
        (json!(true), 1),
        (json!(1), 1),
        (json!("True"), 1),
        (json!("YES"), 1),
        (json!(" 1 "), 1),
        (json!(false), 0),
        (json!(0), 0),
        (json!("no"), 0),
        (json!("FALSE"), 0),
    ] {
        let call = answered_call(0, "c1", json!({ "customer": "1" }), json!({ "resolved": value }));
        let readings = replay_readings(&call, &["--indicator", "one_shot_resolution"]);
        assert_eq!(readings[0]["good"], good, "{value}");
    }
}

/// Returns `repairs_open` after an order was resolved and reopened at the same time, with these
/// values of `sequence`.
fn open_after_reopening(resolved: Value, reopened: Value) -> Value {
    let mut events = vec![
        event(0, "r1", "repair.opened", json!({})),
        event(9, "r1", "repair.reopened", json!({})),
        event(9, "r1", "repair.resolved", json!({})),
    ];
    (events[1]["sequence"], events[2]["sequence"]) = (reopened, resolved);
    replay_readings(&events, &["--indicator", "repairs_open"])[0]["value"].clone()
}

#[test]
fn sequence_is_number_or_text_with_number() {
    for (first, second) in [
        (json!(1), json!(2)),
        (json!("1"), json!("2")),
        (json!("shard-1-0000009"), json!("shard-1-0000012")),
        (json!("00000001-a"), json!("00000002-a")),
        (json!(1_772_413_200_001_u64), json!("1772413200002")),
    ] {
        assert_eq!(open_after_reopening(first.clone(), second.clone()), 1.0, "{first} {second}");
        assert_eq!(open_after_reopening(second.clone(), first.clone()), 0.0, "{second} {first}");
    }
    // Without digits the event is taken all the same.
    open_after_reopening(json!("a"), json!(""));
}

#[test]
fn end_of_day_and_clock_durations_are_understood() {
    let mut call = answered_call(0, "c1", json!({}), json!({}));
    call[1]["data"]["wait_seconds"] = json!("00:00:07");
    let readings = replay_readings(&call, &["--indicator", "speed_of_answer"]);
    assert_eq!(readings[0]["value"], 7.0);

    let order = [event(0, "r1", "repair.opened", json!({ "due": "2026-03-02T24:00:00+08:00" }))];
    for (at, overdue) in [("2026-03-02T23:59:59+08:00", 0.0), ("2026-03-03T00:00:01+08:00", 1.0)] {
        let readings = replay_readings(&order, &["--indicator", "repairs_overdue", "--at", at]);
        assert_eq!(readings[0]["value"], overdue, "{at}");
    }
}

#[test]
fn odd_optional_fields_do_not_cost_the_event() {
    let odd = [
        json!({ "wait_seconds": -2 }),
        json!({ "wait_seconds": "soon" }),
        json!({ "wait_seconds": [1, 2] }),
        json!({ "customer": true }),
        json!({ "center": { "name": "hefei" } }),
        json!({ "center": "x".repeat(201) }),
        json!({ "due": "tomorrow" }),
    ];
    for data in odd {
        let mut calls = answered_call(0, "c1", json!({}), json!({}));
        calls[1]["data"] = data.clone();
        let readings = replay_readings(&calls, &["--indicator", "answer_rate"]);
        assert!(readings.iter().any(|reading| reading["value"] == json!(1.0)), "{data}");
    }
}

/// A dropped field is reported whatever the form of the file.
#[test]
fn every_form_of_a_file_reports_dropped_fields() {
    let odd = event(0, "c1", "call.offered", json!({ "due": "soon", "centre": "hefei" }));
    let folder = tempfile::tempdir().unwrap();
    let list = json!([odd]);
    for (form, text) in [
        ("lines", odd.to_string()),
        ("a list", list.to_string()),
        ("a list over several lines", serde_json::to_string_pretty(&list).unwrap()),
    ] {
        let file = folder.path().join("events.json");
        fs::write(&file, text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_firstline"))
            .arg("replay")
            .arg(&file)
            .output()
            .unwrap();
        let messages = String::from_utf8_lossy(&output.stderr);
        for field in ["`due`", "`centre`"] {
            let note = format!("left out 1: the field {field} of an event: ");
            assert!(messages.contains(&note), "{form}: {messages}");
        }
    }
}

#[test]
fn numbers_are_taken_as_attributes() {
    let mut calls = answered_call(0, "c1", json!({}), json!({}));
    for (number, call) in calls.iter_mut().enumerate() {
        call["subject"] = json!(123_456_789_012_345_678_i64);
        call["id"] = json!(number);
    }
    let readings = replay_readings(&calls, &["--indicator", "answer_rate"]);
    assert!(readings.iter().any(|reading| reading["value"] == json!(1.0)));
}

/// The due time of an order cannot be read. It follows the next rule, and says so.
#[test]
fn order_with_unreadable_due_follows_next_rule_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let standard = folder.path().join("s.toml");
    fs::write(
        &standard,
        r#"
name = "x"
version = "1"
date_of_effect = 2000-01-01
title = { en = "X", zh = "X" }
time_zone = "Asia/Shanghai"
dimensions = ["center"]
scopes = [[]]
windows = ["all"]
orders = ["repair"]

[commitment.repair]
from = "repair.opened"
until = "repair.resolved"
deadline = [{ due = true }, { within = "2h" }]

[indicator.overdue]
title = { en = "overdue", zh = "o" }
level = ["repair.overdue"]
"#
        .replace("[commitment.repair]", "[commitment.visit]")
        .replace("repair.overdue", "visit.overdue"),
    )
    .unwrap();
    let events = folder.path().join("e.ndjson");
    let opened = event(0, "r1", "repair.opened", json!({ "due": "32 March" }));
    let moved = event(30, "r2", "repair.opened", json!({ "due": "2026-03-02T20:00:00+08:00" }));
    let unmoved = event(40, "r2", "repair.assigned", json!({ "due": "later" }));
    let lines: Vec<String> = [opened, moved, unmoved].iter().map(Value::to_string).collect();
    fs::write(&events, lines.join("\n")).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_firstline"))
            .args(["replay", "--standard"])
            .arg(&standard)
            .args(arguments)
            .arg(&events)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr))
    };
    let (cases, messages) =
        run(&["--json", "--cases", "--risk", "all", "--at", "2026-03-02T10:00:00+08:00"]);
    assert!(messages.contains("3 events, 0 duplicates, 0 rejected"), "{messages}");
    assert!(messages.contains("taken without it"), "{messages}");
    let cases: Value = serde_json::from_str(&cases).unwrap();
    let list: Vec<(&str, &str, &Value)> = cases["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| {
            (
                case["subject"].as_str().unwrap(),
                case["deadline"].as_str().unwrap(),
                &case["unreadable"],
            )
        })
        .collect();
    let due = json!(["due"]);
    assert_eq!(
        list,
        [("r1", "2026-03-02T03:00:00Z", &due), ("r2", "2026-03-02T12:00:00Z", &due)],
        "r1 follows the next rule, r2 its earlier due time"
    );
    let (text, _) = run(&["--cases", "--risk", "all", "--at", "2026-03-02T10:00:00+08:00"]);
    assert_eq!(text.matches("due unreadable").count(), 2, "{text}");
    let (history, _) = run(&["--explain-case", "r1"]);
    assert!(history.contains("due unreadable"), "{history}");
}
