//! What a service says before everything is known: an empty one, one that received calls only, and
//! one that was started at noon.

use crate::{client::TestServer, client::event_json, client::settings_after_noon};
use crate::{client::answered_call, client::test_settings};
use firstline::clock::WallClock;
use firstline::domain::time::timestamp::Timestamp;
use serde_json::{Value, json};

/// Returns all readings of the board.
async fn board_readings(server: &TestServer) -> Vec<Value> {
    let board = server.get("/v1/board").await.json();
    board["readings"].as_array().expect("a list of readings").clone()
}

fn find_reading<'r>(readings: &'r [Value], indicator: &str, window: &str) -> &'r Value {
    let matches = |reading: &&Value| {
        reading["indicator"] == indicator
            && reading["window"] == window
            && reading["scope"] == json!({})
    };
    readings.iter().find(matches).unwrap_or_else(|| panic!("no {indicator} {window}"))
}

/// Returns state, all states, level and value.
fn verdict(reading: &Value) -> Value {
    json!([reading["state"], reading["states"], reading["level"], reading["value"]])
}

/// Asserts that the metrics have a sample with this name, labels and value.
fn assert_sample(metrics: &str, sample: &str) {
    assert!(metrics.lines().any(|line| line == sample), "no {sample}");
}

/// Returns the values of all indicators, without their totals, levels, targets and states.
fn indicator_samples(metrics: &str) -> Vec<(&str, f64)> {
    let is_value = |line: &&str| {
        let name = line.split('{').next().unwrap_or_default();
        line.starts_with("sla_")
            && !["_total", "_bucket", "_sum", "_count", "_level", "_state"]
                .iter()
                .any(|suffix| name.ends_with(suffix))
            && !name.contains("_target")
    };
    let sample = |line: &'_ str| line.rsplit_once(' ').map(|(_, value)| value.parse::<f64>());
    metrics
        .lines()
        .filter(is_value)
        .map(|line| (line, sample(line).expect("a value").expect("a number")))
        .collect()
}

#[tokio::test]
async fn empty_service_knows_nothing() {
    let server = TestServer::start(test_settings()).await;
    let mut client = server.connect_live(&json!({})).await;
    client.wait_for_reading(|reading| reading["indicator"] == "repairs_overdue").await;
    let readings = board_readings(&server).await;
    assert!(readings.len() > 100, "{}", readings.len());
    for reading in &readings {
        assert_eq!(reading["state"], "no_data", "{reading}");
        assert_eq!((&reading["value"], &reading["level"]), (&json!(null), &json!("none")));
        assert!(reading.get("budget").is_none(), "{reading}");
        assert!(reading["since"].is_null(), "{reading}");
    }
    let metrics = server.get("/metrics").await.body;
    let samples = indicator_samples(&metrics);
    assert!(samples.len() > 100, "{}", samples.len());
    for (line, value) in samples {
        assert!(value.is_nan(), "{line}");
    }
    assert_sample(&metrics, "sla_repairs_overdue{scope=\"all\"} NaN");
    assert_sample(&metrics, "sla_repairs_overdue_state{scope=\"all\",state=\"no_data\"} 1");
    assert_sample(&metrics, "sla_repairs_overdue_level{scope=\"all\"} 0");
    assert!(!metrics.lines().any(|line| line.contains("_level{") && !line.ends_with(" 0")));
}

#[tokio::test]
async fn calls_say_nothing_about_orders_and_halls() {
    let server = TestServer::start(test_settings()).await;
    let events: Vec<Value> =
        (0..12).flat_map(|call| answered_call(&format!("c-{call}"), "hefei")).collect();
    let reply = server.post("application/json", json!(events).to_string()).await;
    assert_eq!(reply.json()["accepted"], events.len(), "{}", reply.body);
    let mut client = server.connect_live(&json!({})).await;
    client
        .wait_for_reading(|reading| reading["indicator"] == "answer_rate" && reading["of"] == 12)
        .await;
    let readings = board_readings(&server).await;
    let known = |indicator: &str, window: &str| verdict(find_reading(&readings, indicator, window));
    assert_eq!(known("answer_rate", "24h"), json!(["partial", ["partial"], "met", 1.0]));
    assert_eq!(known("calls_waiting", "now"), json!(["ok", ["ok"], "none", 0.0]));
    assert_eq!(
        known("longest_wait_now", "now"),
        json!(["no_traffic", ["no_traffic"], "none", null])
    );
    for (indicator, window) in [
        ("repairs_overdue", "now"),
        ("repairs_open", "now"),
        ("repair_timeliness_due", "today"),
        ("hall_waiting", "now"),
        ("hall_called_in_time", "30m"),
        ("satisfaction_rate", "today"),
        ("complaints_per_10000", "month"),
    ] {
        assert_eq!(
            known(indicator, window),
            json!(["no_data", ["no_data"], "none", null]),
            "{indicator}"
        );
    }
    let satisfaction = find_reading(&readings, "satisfaction_rate", "today");
    assert_eq!((&satisfaction["good"], &satisfaction["of"]), (&json!(0), &json!(0)));
    let metrics = server.get("/metrics").await.body;
    assert_sample(&metrics, "sla_calls_waiting{scope=\"all\"} 0");
    assert_sample(&metrics, "sla_repairs_overdue{scope=\"all\"} NaN");
    assert_sample(&metrics, "sla_answer_rate_level{window=\"24h\",scope=\"all\"} 1");
    let partial = "sla_answer_rate_state{window=\"24h\",scope=\"all\",state=\"partial\"} 1";
    assert_sample(&metrics, partial);
}

#[tokio::test]
async fn service_started_at_noon_knows_the_afternoon() {
    let (settings, after_noon) = settings_after_noon();
    let server = TestServer::start(settings).await;
    let data = json!({ "center": "hefei", "queue": "sales" });
    let calls = (0..12).flat_map(|call| {
        let name = format!("c-{call}");
        [("call.offered", call * 60), ("call.answered", call * 60 + 7)].map(|(kind, seconds)| {
            event_json(&format!("{name}-{kind}"), kind, &name, seconds - after_noon, &data)
        })
    });
    let recent = ["call.offered", "call.answered"]
        .map(|kind| event_json(&format!("recent-{kind}"), kind, "recent", -60, &data));
    let events: Vec<Value> = calls.chain(recent).collect();
    let reply = server.post("application/json", json!(events).to_string()).await;
    assert_eq!(reply.json()["accepted"], events.len(), "{}", reply.body);
    let mut client = server.connect_live(&json!({})).await;
    client
        .wait_for_reading(|reading| reading["indicator"] == "answer_rate" && reading["of"] == 13)
        .await;
    let readings = board_readings(&server).await;
    let today = find_reading(&readings, "answer_rate", "today");
    assert_eq!(verdict(today), json!(["partial", ["partial"], "met", 1.0]));
    let since = Timestamp::parse(today["since"].as_str().expect("a time"));
    let age = WallClock::Wall.now().millis_since(since.expect("an RFC 3339 time")) / 1_000;
    assert!((after_noon..after_noon + 120).contains(&age), "{age} s, noon was {after_noon} s ago");
    let recent = find_reading(&readings, "answer_rate", "30m");
    assert_eq!(verdict(recent)[1], json!(["small_sample"]), "the last half hour is known in full");
    assert!(recent.get("since").is_none());
    let metrics = server.get("/metrics").await.body;
    let partial = "sla_answer_rate_state{window=\"today\",scope=\"all\",state=\"partial\"} 1";
    assert_sample(&metrics, partial);
    assert!(
        !metrics.contains("sla_answer_rate_state{window=\"30m\",scope=\"all\",state=\"partial\"}")
    );
}
