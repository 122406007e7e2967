//! Tests of `/metrics`: agreement with the board, formats, compression and series limits.

use crate::{client::HttpReply, client::TestServer, client::answered_call, client::test_settings};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

const OPEN_METRICS: &str =
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";

/// Starts a service whose board shows one answered call for each center.
async fn server_with_calls(
    settings: firstline::config::ServiceSettings,
    centers: &[&str],
) -> TestServer {
    let server = TestServer::start(settings).await;
    let events: Vec<Value> =
        centers.iter().flat_map(|center| answered_call(center, center)).collect();
    assert_eq!(
        server.post("application/json", json!(events).to_string()).await.json()["accepted"],
        events.len()
    );
    let mut client = server.connect_live(&json!({})).await;
    client
        .wait_for_reading(|reading| {
            reading["indicator"] == "answer_rate" && reading["of"] == centers.len()
        })
        .await;
    server
}

async fn request_metrics(server: &TestServer, headers: &[(&str, &str)]) -> HttpReply {
    server.request("GET", "/metrics", headers, b"").await
}

#[tokio::test]
async fn metrics_match_board() {
    let server = TestServer::start(test_settings()).await;
    let events: Vec<Value> = ["hefei", "wuhu \"new\"\n\\"]
        .iter()
        .flat_map(|center| answered_call(center, center))
        .collect();
    assert_eq!(
        server.post("application/json", json!(events).to_string()).await.json()["accepted"],
        6
    );
    let mut client = server.connect_live(&json!({})).await;
    client
        .wait_for_reading(|reading| reading["indicator"] == "answer_rate" && reading["of"] == 2)
        .await;
    drop(client);

    let board = server.get("/v1/board").await.json();
    let metrics = server.get("/metrics").await;
    assert_eq!(metrics.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let standard = server.get("/v1/standard").await.json();
    let mut compared = 0;
    for reading in board["readings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|reading| reading.get("good").is_some())
    {
        let scope = reading["scope"].as_object().expect("the value is an object");
        let mut labels = format!("window={},scope=", reading["window"]);
        let names: Vec<&str> = scope.keys().map(String::as_str).collect();
        labels += &if names.is_empty() {
            "\"all\"".to_owned()
        } else {
            format!("\"{}\"", names.join("_"))
        };
        // JSON and the Prometheus text format escape these characters alike.
        scope.iter().for_each(|(name, value)| labels += &format!(",{name}={value}"));
        let line = format!(
            "sla_{}_ratio{{{labels}}} ",
            reading["indicator"].as_str().expect("the name is a string")
        );
        let found = metrics
            .body
            .lines()
            .find_map(|text| text.strip_prefix(&line))
            .unwrap_or_else(|| panic!("no {line}"));
        let value: f64 = found.parse().expect("the value is a number");
        assert!(
            reading["value"].as_f64().map_or(value.is_nan(), |shown| shown == value),
            "{line}{value}: {reading}"
        );
        compared += 1;
    }
    let ratios = standard["indicators"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|indicator| indicator["kind"] == "ratio")
        .count();
    assert!(compared > ratios * 5, "{compared} of {ratios} ratios");
    for line in [
        "sla_answer_rate_good_total{scope=\"all\"} 2",
        "sla_answer_rate_of_total{scope=\"center\",center=\"hefei\"} 1",
        "sla_calls_waiting{scope=\"all\"} 0",
        "sla_answer_rate_target_ratio 0.85",
        "sla_speed_of_answer_quantile_seconds{window=\"30m\",scope=\"all\",quantile=\"0.9\"} ",
        "sla_speed_of_answer_seconds{window=\"30m\",scope=\"all\"} 7",
        "sla_hall_wait_seconds{window=\"30m\",scope=\"all\"} NaN",
        "firstline_events_received_total{outcome=\"accepted\"} ",
    ] {
        assert!(metrics.body.contains(line), "no {line}");
    }
    assert!(!metrics.body.contains("window=\"all\""));
    lint_with_promtool(&metrics.body);
}

/// Prometheus' own check, where it is installed.
fn lint_with_promtool(metrics: &str) {
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else {
        eprintln!("skipped: `promtool` is not installed");
        return;
    };
    promtool.stdin.take().expect("a pipe").write_all(metrics.as_bytes()).expect("a reader");
    let checked = promtool.wait_with_output().expect("an end");
    let told = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success() && told.is_empty(), "{}: {told}", checked.status);
}

#[tokio::test]
async fn open_metrics_and_gzip_are_negotiated() {
    let server = server_with_calls(test_settings(), &["hefei", "wuhu \"new\""]).await;
    let plain = request_metrics(&server, &[]).await;
    assert!(!plain.headers.contains_key("content-encoding") && !plain.body.contains("# EOF"));
    let open =
        request_metrics(&server, &[("Accept", OPEN_METRICS), ("Accept-Encoding", "gzip")]).await;
    assert_eq!(
        open.headers["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    assert_eq!(open.headers["content-encoding"], "gzip");
    assert!(open.body.ends_with("\n# EOF\n") && open.body.matches("# EOF").count() == 1);
    for line in [
        "# TYPE sla_answer_rate_good counter",
        "# UNIT sla_answer_rate_ratio ratio",
        "# TYPE firstline_events_received counter",
        "sla_answer_rate_good_total{scope=\"all\"} 2",
        "sla_speed_of_answer_spread_seconds_bucket{scope=\"all\",le=\"5.0\"} 0",
        "sla_speed_of_answer_spread_seconds_bucket{scope=\"all\",le=\"10.0\"} 2",
        "sla_speed_of_answer_spread_seconds_count{scope=\"all\"} 2",
        "sla_speed_of_answer_spread_seconds_sum{scope=\"all\"} 14",
        "sla_answer_rate_state{window=\"30m\",scope=\"all\",state=\"small_sample\"} 1",
    ] {
        assert!(open.body.lines().any(|found| found == line), "no {line}");
    }
    assert!(
        plain
            .body
            .contains("sla_speed_of_answer_spread_seconds_bucket{scope=\"all\",le=\"10\"} 2\n")
    );
    // Both formats must have the same samples, and every metric family once.
    let samples = |text: &str| {
        text.lines()
            .filter(|line| line.starts_with("sla_") && !line.contains("le="))
            .map(str::to_owned)
            .collect()
    };
    let (text_samples, open_samples): (BTreeSet<String>, BTreeSet<String>) =
        (samples(&plain.body), samples(&open.body));
    let is_time_independent =
        |line: &&String| !line.contains("longest_wait") && !line.contains("_now_");
    assert!(
        text_samples
            .iter()
            .filter(is_time_independent)
            .eq(open_samples.iter().filter(is_time_independent))
    );
    let families: Vec<&str> = open
        .body
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    assert_eq!(families.iter().collect::<BTreeSet<_>>().len(), families.len());
    assert!(!open.body.contains("\n\n"), "OpenMetrics has no empty lines");
}

#[tokio::test]
async fn scopes_beyond_series_limit_are_dropped_and_counted() {
    let mut settings = test_settings();
    settings.metrics.scopes = 2;
    let server = server_with_calls(settings, &["c1", "c2", "c3", "c0"]).await;
    let metrics = request_metrics(&server, &[]).await.body;
    for (center, shown) in [("c0", true), ("c1", true), ("c2", false), ("c3", false)] {
        assert_eq!(metrics.contains(&format!("center=\"{center}\"")), shown, "{center}");
    }
    for line in [
        "firstline_scopes_omitted{scope=\"all\"} 0",
        "firstline_scopes_omitted{scope=\"center\"} 2",
        "firstline_scopes_omitted{scope=\"center_queue\"} 2",
        "sla_answer_rate_of_total{scope=\"all\"} 4",
    ] {
        assert!(metrics.lines().any(|found| found == line), "no {line}");
    }
}

#[tokio::test]
async fn rejected_events_are_counted_by_reason() {
    let server = TestServer::start(test_settings()).await;
    let mut late = answered_call("late", "hefei");
    late[0]["time"] = json!("2001-01-01T00:00:00Z");
    assert_eq!(
        server.post("application/json", json!([late[0], {}]).to_string()).await.json()["rejected_total"],
        2
    );
    let metrics = request_metrics(&server, &[]).await.body;
    // All tests of this process share a recorder, so the count may be higher.
    for reason in ["late", "unreadable"] {
        let counted = metrics.lines().find_map(|line| {
            line.strip_prefix(&format!("firstline_events_rejected_total{{reason=\"{reason}\"}} "))
        });
        assert!(counted.is_some_and(|count| count != "0"), "{reason}: {counted:?}");
    }
}
