//! End-to-end tests of alerts with the real program, failing receivers and a real Alertmanager.
//!
//! The tests wait for conditions, not for fixed times. Alerts are evaluated every 10 s, so each
//! step may take that long.
#![cfg(unix)]

mod alertmanager;
mod cluster;
mod event_order;
#[path = "../crash/firstline_process.rs"]
#[allow(dead_code, reason = "the crash tests use the rest")]
mod firstline_process;
#[path = "../crash/simulated_load.rs"]
#[allow(dead_code, reason = "the crash tests use the rest")]
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

/// Standard with an alert that fires for a single waiting call.
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

/// Temporary folder with the standard and the data directory of the program.
struct ProgramFolder(TempDir);

impl ProgramFolder {
    fn new() -> ProgramFolder {
        let folder =
            ProgramFolder(tempfile::tempdir().expect("the temporary directory is created"));
        std::fs::write(folder.0.path().join("standard.toml"), ALERT_STANDARD)
            .expect("the file is accessible");
        folder
    }

    fn data_directory(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// Starts the program with this configuration of its receivers.
    fn start_program(&self, notify: &str) -> FirstlineProcess {
        FirstlineProcess::start_with_configuration(
            &self.data_directory(),
            &format!("standard = 'standard.toml'\n{notify}"),
        )
    }
}

/// Sends an event of the call of a center, for example `offered`.
fn send_call_event(program: &FirstlineProcess, center: &str, verb: &str) {
    let now = WallClock::Wall.now();
    let event = json!({
        "specversion": "1.0", "id": format!("{center}-{verb}"), "source": "/test", "type": format!("call.{verb}"),
        "subject": format!("call-{center}"), "time": now.to_string(), "data": { "center": center },
    });
    let answer = program
        .post_body(&EventBody { text: format!("{event}\n"), events: 1 })
        .expect("the service answers");
    assert!(answer.contains("\"accepted\":1"), "{answer}");
}

/// Parses the JSON body of a response.
fn response_json(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").expect("the response has a head");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// Waits until `fits` is true for the alerts of a query. Returns them.
fn wait_for_alerts(
    program: &FirstlineProcess,
    query: &str,
    fits: impl Fn(&[Value]) -> bool,
) -> Vec<Value> {
    loop {
        let answer = response_json(
            &program.get(&format!("/v1/alerts?{query}")).expect("the service answers"),
        );
        let alerts = answer["alerts"].as_array().cloned().unwrap_or_default();
        if fits(&alerts) {
            return alerts;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Waits until a metric of the service counts a failed delivery.
fn wait_for_failed_delivery(program: &FirstlineProcess) {
    while !program.get("/metrics").is_some_and(|text| {
        text.lines().any(|line| line.contains("outcome=\"failed\"") && !line.ends_with(" 0"))
    }) {
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn incident_stays_open_until_closed_and_survives_crashes() {
    let folder = ProgramFolder::new();
    let program = folder.start_program("");
    send_call_event(&program, "hefei", "offered");
    let active = wait_for_alerts(&program, "state=active", |alerts| alerts.len() == 1);
    let id = active[0]["id"].as_str().expect("the alert has an id").to_owned();
    assert_eq!(
        (&active[0]["scope"], &active[0]["value_at_fire"]),
        (&json!({ "center": "hefei" }), &json!(1.0))
    );
    let update_incident = |program: &FirstlineProcess, action: &str, note: &str| {
        program
            .post_json(
                &format!("/v1/alerts/{action}"),
                &json!({ "id": id, "owner": "Li", "note": note }).to_string(),
            )
            .expect("the service answers")
    };
    assert!(
        update_incident(&program, "close", "too early").starts_with("HTTP/1.1 409"),
        "a firing alert cannot be closed"
    );
    assert_eq!(
        response_json(&update_incident(&program, "acknowledge", "on my way"))["acknowledged"]["owner"],
        "Li"
    );
    program.kill();

    let program = folder.start_program("");
    let again = wait_for_alerts(&program, "state=active", |alerts| alerts.len() == 1);
    assert_eq!(
        (&again[0]["id"], &again[0]["fired_at"]),
        (&active[0]["id"], &active[0]["fired_at"]),
        "the incident is the same after a crash"
    );
    assert_eq!(again[0]["acknowledged"]["note"], "on my way");
    send_call_event(&program, "hefei", "answered");
    let open_incidents =
        wait_for_alerts(&program, "state=open&center=hefei", |alerts| alerts.len() == 1);
    assert_eq!(
        (&open_incidents[0]["id"], &open_incidents[0]["worst"]),
        (&active[0]["id"], &json!(1.0))
    );
    program.kill();

    let program = folder.start_program("");
    assert_eq!(
        wait_for_alerts(&program, "", |_| true).len(),
        1,
        "open incidents are listed without a query"
    );
    assert!(
        update_incident(&program, "close", " ").starts_with("HTTP/1.1 400"),
        "closing requires a note"
    );
    assert_eq!(
        response_json(&update_incident(&program, "close", "one more agent"))["state"],
        "closed"
    );
    assert!(update_incident(&program, "close", "twice").starts_with("HTTP/1.1 409"));
    program.kill();

    let program = folder.start_program("");
    assert!(wait_for_alerts(&program, "", |_| true).is_empty());
    assert_eq!(
        wait_for_alerts(&program, "state=closed", |_| true)[0]["closed"]["note"],
        "one more agent"
    );
    assert!(
        program
            .get("/v1/alerts?state=opne")
            .expect("the service answers")
            .contains("did you mean `open`")
    );
    assert!(
        program
            .post_json("/v1/alerts/close", r#"{"id":"0","owner":"a","note":"b"}"#)
            .expect("the service answers")
            .starts_with("HTTP/1.1 404")
    );
}
