//! What can be read: metrics, standard, pages; and a demonstration from its first event on.

use crate::client::{Server, answered, settings};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

#[tokio::test]
async fn prometheus_sees_what_the_board_shows() {
    let server = Server::start(settings()).await;
    let events: Vec<Value> = ["hefei", "wuhu \"new\"\n\\"].iter().flat_map(|center| answered(center, center)).collect();
    assert_eq!(server.post("application/json", json!(events).to_string()).await.json()["accepted"], 6);
    let mut wall = server.live(&json!({})).await;
    wall.reading(|reading| reading["indicator"] == "answer_rate" && reading["of"] == 2).await;
    drop(wall);

    let board = server.get("/v1/board").await.json();
    let metrics = server.get("/metrics").await;
    assert_eq!(metrics.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let standard = server.get("/v1/standard").await.json();
    let mut compared = 0;
    for reading in board["readings"].as_array().into_iter().flatten().filter(|reading| reading.get("good").is_some()) {
        let scope = reading["scope"].as_object().expect("a map");
        let mut labels = format!("window={},scope=", reading["window"]);
        let names: Vec<&str> = scope.keys().map(String::as_str).collect();
        labels += &if names.is_empty() { "\"all\"".to_owned() } else { format!("\"{}\"", names.join("_")) };
        // JSON escapes these characters as Prometheus does.
        scope.iter().for_each(|(name, value)| labels += &format!(",{name}={value}"));
        let line = format!("sla_{}_ratio{{{labels}}} ", reading["indicator"].as_str().expect("a name"));
        let found = metrics.body.lines().find_map(|text| text.strip_prefix(&line)).unwrap_or_else(|| panic!("no {line}"));
        let value: f64 = found.parse().expect("a number");
        assert!(reading["value"].as_f64().map_or(value.is_nan(), |shown| shown == value), "{line}{value}: {reading}");
        compared += 1;
    }
    let ratios = standard["indicators"].as_array().into_iter().flatten().filter(|indicator| indicator["kind"] == "ratio").count();
    assert!(compared > ratios * 5, "{compared} of {ratios} ratios");
    for line in [
        "sla_answer_rate_good_total{scope=\"all\"} 2",
        "sla_answer_rate_of_total{scope=\"center\",center=\"hefei\"} 1",
        "sla_calls_waiting_count{scope=\"all\"} 0",
        "sla_answer_rate_target_ratio 0.85",
        "sla_speed_of_answer_quantile_seconds{window=\"30m\",scope=\"all\",quantile=\"0.9\"} ",
        "sla_speed_of_answer_seconds{window=\"30m\",scope=\"all\"} 7",
        "sla_hall_wait_seconds{window=\"30m\",scope=\"all\"} NaN",
        "firstline_events_received_total{outcome=\"accepted\"} ",
    ] {
        assert!(metrics.body.contains(line), "no {line}");
    }
    assert!(!metrics.body.contains("window=\"all\""));
    lint(&metrics.body);
}

/// Prometheus' own check, where it is installed.
fn lint(metrics: &str) {
    let promtool = Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut promtool) = promtool else {
        eprintln!("skipped: `promtool` is not installed");
        return;
    };
    promtool.stdin.take().expect("a pipe").write_all(metrics.as_bytes()).expect("a reader");
    let checked = promtool.wait_with_output().expect("an end");
    let told = String::from_utf8_lossy(&checked.stderr).into_owned();
    // These names are promised to users: the unit `count`, and an indicator that is about counters in a hall.
    let known = ["should not have \"_count\" suffix", "should not include type 'counter'"];
    let others: Vec<&str> = told.lines().filter(|line| !known.iter().any(|known| line.ends_with(known))).collect();
    assert!(others.is_empty(), "{others:#?}");
    assert!(matches!(checked.status.code(), Some(0 | 3)), "{told}");
}

#[tokio::test]
async fn the_standard_tells_what_is_promised() {
    let server = Server::start(settings()).await;
    let standard = server.get("/v1/standard").await.json();
    assert_eq!((&standard["name"], &standard["time_zone"]), (&json!("telecom"), &json!("Asia/Shanghai")));
    assert_eq!(standard["zones"], json!(null), "no center lives elsewhere");
    assert_eq!(standard["windows"], json!(["5m", "30m", "1h", "24h", "today", "month"]));
    assert_eq!(standard["scopes"], json!([[], ["center"], ["center", "queue"], ["tier"], ["class"], ["grade"]]));
    let formula = json!({ "en": "answered calls, divided by answered, abandoned and overflowed calls",
        "zh": "应答的通话数 ÷ (应答 + 放弃 + 溢出)的通话数" });
    let expected = json!({ "name": "answer_rate", "title": { "en": "Answer rate", "zh": "接通率" }, "kind": "ratio", "unit": "ratio",
        "formula": formula, "labels": { "quality": "responsiveness", "stage": "during" }, "target": 0.85, "warning": 0.9, "better": "higher",
        "targets": [{ "version": "1", "date_of_effect": "2026-01-01", "target": 0.85, "warning": 0.9, "better": "higher" }] });
    assert_eq!(standard["versions"], json!([{ "version": "1", "date_of_effect": "2026-01-01", "in_force": true }]));
    assert_eq!(standard["indicators"][0], expected);
}

#[tokio::test]
async fn every_answer_is_safe_to_show_and_every_error_is_a_problem() {
    let server = Server::start(settings()).await;
    for (method, path, status) in [
        ("GET", "/", 200),
        ("GET", "/style.css", 200),
        ("GET", "/standard", 200),
        ("GET", "/standard.css", 200),
        ("HEAD", "/main.js", 200),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/v1/board?colour=red", 400),
        ("GET", "/v1/board?indicator=nothing", 400),
        ("GET", "/nothing", 404),
        ("GET", "/../Cargo.toml", 404),
        ("GET", "/%2e%2e/%2e%2e/Cargo.toml", 404),
        ("DELETE", "/v1/events", 405),
        ("POST", "/style.css", 405),
    ] {
        let reply = server.request(method, path, &[], b"").await;
        assert_eq!(reply.status, status, "{method} {path}");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        assert!(reply.headers["content-security-policy"].starts_with("default-src 'self'"));
        if status >= 400 {
            assert_eq!(reply.headers["content-type"], "application/problem+json", "{method} {path}");
            assert_eq!(reply.json()["status"], status);
        }
        assert_eq!(reply.headers.contains_key("allow"), status == 405, "{method} {path}");
    }
    let page = server.get("/").await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers["cache-control"], "no-cache");
    let again = server.request("GET", "/", &[("If-None-Match", &page.headers["etag"])], b"").await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[tokio::test]
async fn a_demonstration_tells_its_history_and_then_goes_on_faster_than_life() {
    let mut settings = settings();
    settings.demo = Some(600.0);
    let mut server = Server::begin(settings).await;
    let begin = firstline::engine::clock::Clock::Wall.now().to_string();
    // While history is told nobody is shown a part of the board.
    for path in ["/readyz", "/v1/board", "/v1/live", "/v1/cases"] {
        assert_eq!(server.get(path).await.status, 503, "{path}");
    }
    assert_eq!(server.post("application/json", "{}").await.status, 503);
    assert!(!server.get("/metrics").await.body.contains("sla_"));
    server.ready().await;
    let mut wall = server.live(&json!({ "subscribe": { "indicators": ["answer_rate"], "windows": ["5m"], "by": [] } })).await;
    // It runs ahead of the clock.
    let reading = loop {
        let frame = wall.frame().await;
        let ahead = frame["as_of"].as_str().is_some_and(|as_of| *as_of > *begin);
        if let Some(reading) = frame["readings"].as_array().and_then(|readings| readings.first()).filter(|_| ahead) {
            break reading.clone();
        }
    };
    assert!(reading["of"].as_i64() > Some(20), "{reading}");
    assert_eq!(server.get("/readyz").await.status, 200);
    assert_eq!(server.get("/v1/rejected").await.json()["total"], 0);
    server.stop();
    while wall.next().await.is_ok() {}
    server.ended().await;
}
