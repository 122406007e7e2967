//! Alerts from end to end: the real program, receivers that fail, the real Alertmanager, and crashes in between.
//!
//! Nothing waits for a time; everything waits for something to be so. A look is taken every ten seconds, so each step may take as
//! long.
#![cfg(unix)]

mod alertmanager;
mod cluster;
#[path = "../crash/load.rs"]
#[allow(dead_code, reason = "the test of crashes sends more")]
mod load;
mod order;
#[path = "../crash/program.rs"]
#[allow(dead_code, reason = "the test of crashes does more with it")]
mod program;
mod receiver;
mod webhook;

use firstline::engine::clock::Clock;
use load::Body;
use program::Program;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// A waiting call is too many.
const STANDARD: &str = r#"
name = "small"
version = "1"
date_of_effect = 2020-01-01
title = { en = "Small", zh = "小" }
time_zone = "Asia/Shanghai"
dimensions = ["center"]
scopes = [[], ["center"]]
windows = ["5m"]
[indicator.calls_waiting]
title = { en = "Calls waiting", zh = "排队电话" }
level = ["call.waiting"]
[alert.somebody_waits]
title = { en = "Somebody waits", zh = "有人排队" }
indicator = "calls_waiting"
by = ["center"]
above = 0
runbook = "answer the call"
"#;

/// A place for the program's files.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().expect("a directory"));
        std::fs::write(place.0.path().join("standard.toml"), STANDARD).expect("a file");
        place
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// Starts the program here, with this told of its receivers.
    fn start(&self, notify: &str) -> Program {
        Program::start_with(&self.data(), &format!("standard = 'standard.toml'\n{notify}"))
    }
}

/// A call in a center that waits, or waits no longer.
fn call(program: &Program, center: &str, what: &str) {
    let now = Clock::Wall.now();
    let event = json!({
        "specversion": "1.0", "id": format!("{center}-{what}"), "source": "/test", "type": format!("call.{what}"),
        "subject": format!("call-{center}"), "time": now.to_string(), "data": { "center": center },
    });
    let answer = program.post(&Body { text: format!("{event}\n"), events: 1 }).expect("an answer");
    assert!(answer.contains("\"accepted\":1"), "{answer}");
}

/// The JSON of an answer.
fn json_of(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// Waits until the alerts that are asked for fulfil something; what they are then.
fn alerts(program: &Program, query: &str, fits: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    loop {
        let answer = json_of(&program.get(&format!("/v1/alerts?{query}")).expect("an answer"));
        let alerts = answer["alerts"].as_array().cloned().unwrap_or_default();
        if fits(&alerts) {
            return alerts;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Waits until the service's own figures say that something was tried in vain.
fn failed(program: &Program) {
    while !program.get("/metrics").is_some_and(|text| text.lines().any(|line| line.contains("outcome=\"failed\"") && !line.ends_with(" 0")))
    {
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_fired_stays_open_until_somebody_closes_it_and_outlives_crashes() {
    let place = Place::new();
    let program = place.start("");
    call(&program, "hefei", "offered");
    let active = alerts(&program, "state=active", |alerts| alerts.len() == 1);
    let id = active[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!((&active[0]["scope"], &active[0]["value_at_fire"]), (&json!({ "center": "hefei" }), &json!(1.0)));
    let say = |program: &Program, what: &str, note: &str| {
        program.say(&format!("/v1/alerts/{what}"), &json!({ "id": id, "owner": "Li", "note": note }).to_string()).expect("an answer")
    };
    assert!(say(&program, "close", "too early").starts_with("HTTP/1.1 409"), "it still fires");
    assert_eq!(json_of(&say(&program, "acknowledge", "on my way"))["acknowledged"]["owner"], "Li");
    program.kill();

    let program = place.start("");
    let again = alerts(&program, "state=active", |alerts| alerts.len() == 1);
    assert_eq!((&again[0]["id"], &again[0]["fired_at"]), (&active[0]["id"], &active[0]["fired_at"]), "it is the same incident");
    assert_eq!(again[0]["acknowledged"]["note"], "on my way");
    call(&program, "hefei", "answered");
    let open = alerts(&program, "state=open&center=hefei", |alerts| alerts.len() == 1);
    assert_eq!((&open[0]["id"], &open[0]["worst"]), (&active[0]["id"], &json!(1.0)));
    program.kill();

    let program = place.start("");
    assert_eq!(alerts(&program, "", |_| true).len(), 1, "open shortfalls are shown to whoever asks for nothing in particular");
    assert!(say(&program, "close", " ").starts_with("HTTP/1.1 400"), "without a word nothing is closed");
    assert_eq!(json_of(&say(&program, "close", "one more agent"))["state"], "closed");
    assert!(say(&program, "close", "twice").starts_with("HTTP/1.1 409"));
    program.kill();

    let program = place.start("");
    assert!(alerts(&program, "", |_| true).is_empty());
    assert_eq!(alerts(&program, "state=closed", |_| true)[0]["closed"]["note"], "one more agent");
    assert!(program.get("/v1/alerts?state=opne").expect("an answer").contains("did you mean `open`"));
    assert!(program.say("/v1/alerts/close", r#"{"id":"0","owner":"a","note":"b"}"#).expect("an answer").starts_with("HTTP/1.1 404"));
}
