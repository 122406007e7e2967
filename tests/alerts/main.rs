//! Alerts from end to end: the real program, receivers that fail, the real Alertmanager, and crashes in between.
//!
//! Nothing waits for a time; everything waits for something to be so. A look is taken every ten seconds, so each step may take as
//! long.
#![cfg(unix)]

mod alertmanager;
mod cluster;
mod event_order;
#[path = "../crash/firstline_process.rs"]
#[allow(dead_code, reason = "the test of crashes does more with it")]
mod firstline_process;
#[path = "../crash/simulated_load.rs"]
#[allow(dead_code, reason = "the test of crashes sends more")]
mod simulated_load;
mod webhook;
mod webhook_receiver;

use firstline::clock::WallClock;
use firstline_process::FirstlineProcess;
use serde_json::{Value, json};
use simulated_load::EventBody;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// A waiting call is too many.
const ALERT_STANDARD: &str = r#"
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
struct ProgramFolder(TempDir);

impl ProgramFolder {
    fn new() -> ProgramFolder {
        let place = ProgramFolder(tempfile::tempdir().expect("a directory"));
        std::fs::write(place.0.path().join("standard.toml"), ALERT_STANDARD).expect("a file");
        place
    }

    fn data_directory(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// Starts the program here, with this told of its receivers.
    fn start_program(&self, notify: &str) -> FirstlineProcess {
        FirstlineProcess::start_with_configuration(
            &self.data_directory(),
            &format!("standard = 'standard.toml'\n{notify}"),
        )
    }
}

/// A call in a center that waits, or waits no longer.
fn send_call_event(program: &FirstlineProcess, center: &str, what: &str) {
    let now = WallClock::Wall.now();
    let event = json!({
        "specversion": "1.0", "id": format!("{center}-{what}"), "source": "/test", "type": format!("call.{what}"),
        "subject": format!("call-{center}"), "time": now.to_string(), "data": { "center": center },
    });
    let answer =
        program.post_body(&EventBody { text: format!("{event}\n"), events: 1 }).expect("an answer");
    assert!(answer.contains("\"accepted\":1"), "{answer}");
}

/// The JSON of an answer.
fn response_json(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// Waits until the alerts that are asked for fulfil something; what they are then.
fn wait_for_alerts(
    program: &FirstlineProcess,
    query: &str,
    fits: impl Fn(&[Value]) -> bool,
) -> Vec<Value> {
    loop {
        let answer =
            response_json(&program.get(&format!("/v1/alerts?{query}")).expect("an answer"));
        let alerts = answer["alerts"].as_array().cloned().unwrap_or_default();
        if fits(&alerts) {
            return alerts;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Waits until the service's own figures say that something was tried in vain.
fn wait_for_failed_delivery(program: &FirstlineProcess) {
    while !program.get("/metrics").is_some_and(|text| {
        text.lines().any(|line| line.contains("outcome=\"failed\"") && !line.ends_with(" 0"))
    }) {
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn incident_stays_open_until_closed_and_survives_crashes() {
    let place = ProgramFolder::new();
    let program = place.start_program("");
    send_call_event(&program, "hefei", "offered");
    let active = wait_for_alerts(&program, "state=active", |alerts| alerts.len() == 1);
    let id = active[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(
        (&active[0]["scope"], &active[0]["value_at_fire"]),
        (&json!({ "center": "hefei" }), &json!(1.0))
    );
    let say = |program: &FirstlineProcess, what: &str, note: &str| {
        program
            .post_json(
                &format!("/v1/alerts/{what}"),
                &json!({ "id": id, "owner": "Li", "note": note }).to_string(),
            )
            .expect("an answer")
    };
    assert!(say(&program, "close", "too early").starts_with("HTTP/1.1 409"), "it still fires");
    assert_eq!(
        response_json(&say(&program, "acknowledge", "on my way"))["acknowledged"]["owner"],
        "Li"
    );
    program.kill();

    let program = place.start_program("");
    let again = wait_for_alerts(&program, "state=active", |alerts| alerts.len() == 1);
    assert_eq!(
        (&again[0]["id"], &again[0]["fired_at"]),
        (&active[0]["id"], &active[0]["fired_at"]),
        "it is the same incident"
    );
    assert_eq!(again[0]["acknowledged"]["note"], "on my way");
    send_call_event(&program, "hefei", "answered");
    let open = wait_for_alerts(&program, "state=open&center=hefei", |alerts| alerts.len() == 1);
    assert_eq!((&open[0]["id"], &open[0]["worst"]), (&active[0]["id"], &json!(1.0)));
    program.kill();

    let program = place.start_program("");
    assert_eq!(
        wait_for_alerts(&program, "", |_| true).len(),
        1,
        "open shortfalls are shown to whoever asks for nothing in particular"
    );
    assert!(
        say(&program, "close", " ").starts_with("HTTP/1.1 400"),
        "without a word nothing is closed"
    );
    assert_eq!(response_json(&say(&program, "close", "one more agent"))["state"], "closed");
    assert!(say(&program, "close", "twice").starts_with("HTTP/1.1 409"));
    program.kill();

    let program = place.start_program("");
    assert!(wait_for_alerts(&program, "", |_| true).is_empty());
    assert_eq!(
        wait_for_alerts(&program, "state=closed", |_| true)[0]["closed"]["note"],
        "one more agent"
    );
    assert!(
        program.get("/v1/alerts?state=opne").expect("an answer").contains("did you mean `open`")
    );
    assert!(
        program
            .post_json("/v1/alerts/close", r#"{"id":"0","owner":"a","note":"b"}"#)
            .expect("an answer")
            .starts_with("HTTP/1.1 404")
    );
}
