//! Tests that a real Prometheus scrapes the values of the board and fires the committed alerts.

use crate::is_installed;
use crate::{client::TestServer, client::answered_call, client::event_json, client::test_settings};
use crate::{processes::AlertmanagerProcess, processes::PrometheusProcess};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[tokio::test]
async fn scraped_series_match_board() {
    if !is_installed("prometheus") {
        return;
    }
    let server = TestServer::start(test_settings()).await;
    let events: Vec<Value> = ["hefei", "wuhu \"new\"\n\\", "合肥"]
        .iter()
        .flat_map(|center| answered_call(center, center))
        .collect();
    assert_eq!(
        server.post("application/json", json!(events).to_string()).await.json()["accepted"],
        9
    );
    let prometheus = PrometheusProcess::start(&server, None).await;
    prometheus.wait_for_series("sla_answer_rate_of_total{scope=\"all\"} == 3").await;
    let mut scraped: BTreeMap<String, f64> = BTreeMap::new();
    for series in prometheus
        .query_series(
            "{__name__=~\"sla_.*_(ratio|seconds|score|per_10000)\",window=\"24h\",quantile=\"\"}",
        )
        .await
    {
        let mut labels = series["metric"].as_object().expect("the series has labels").clone();
        let name = labels
            .remove("__name__")
            .and_then(|name| name.as_str().map(str::to_owned))
            .expect("the name is a string");
        ["job", "instance", "window", "scope"].iter().for_each(|label| _ = labels.remove(*label));
        let value: f64 = series["value"][1]
            .as_str()
            .and_then(|value| value.parse().ok())
            .expect("the value is a number");
        scraped.insert(format!("{name} {}", Value::Object(labels)), value);
    }
    let board = server.get("/v1/board?window=24h").await.json();
    let standard = server.get("/v1/standard").await.json();
    let unit: BTreeMap<&str, &str> = standard["indicators"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|indicator| Some((indicator["name"].as_str()?, indicator["unit"].as_str()?)))
        .collect();
    let readings = board["readings"].as_array().expect("the value is an array");
    assert!(readings.len() > 100);
    for reading in readings {
        let name = reading["indicator"].as_str().expect("the name is a string");
        let ending = format!("_{}", unit[name]);
        let ending = if unit[name] == "count" || name.ends_with(&ending) { "" } else { &ending };
        let key = format!("sla_{name}{ending} {}", reading["scope"]);
        let value = scraped.get(&key).unwrap_or_else(|| panic!("Prometheus has no {key}"));
        assert!(
            reading["value"].as_f64().map_or(value.is_nan(), |shown| shown == *value),
            "{key} {value}: {reading}"
        );
    }
    // The histogram and the counters must agree with the reading.
    for (query, value) in [
        ("sla_speed_of_answer_spread_seconds_count{scope=\"all\"}", "3"),
        ("sla_speed_of_answer_spread_seconds_bucket{scope=\"all\",le=~\"5|5.0\"}", "0"),
        ("sla_speed_of_answer_spread_seconds_bucket{scope=\"all\",le=~\"10|10.0\"}", "3"),
        (
            "sla_speed_of_answer_spread_seconds_sum{scope=\"all\"} / sla_speed_of_answer_spread_seconds_count",
            "7",
        ),
        ("count(sla_answer_rate_good_total{scope=\"center\"})", "3"),
    ] {
        let found = prometheus.query_series(query).await;
        assert_eq!(found[0]["value"][1], value, "{query}: {found:?}");
    }
    let target = prometheus.api_data("targets", &[]).await["activeTargets"][0].clone();
    assert_eq!((&target["health"], &target["lastError"]), (&json!("up"), &json!("")));
}

#[tokio::test]
async fn breach_fires_one_alert_in_its_scope() {
    if !is_installed("prometheus") || !is_installed(AlertmanagerProcess::PROGRAM) {
        return;
    }
    let server = TestServer::start(test_settings()).await;
    let mut events: Vec<Value> =
        (0..400).flat_map(|call| answered_call(&format!("wuhu-{call}"), "wuhu")).collect();
    for call in 0..12 {
        let (name, data) =
            (format!("hefei-{call}"), json!({ "center": "hefei", "queue": "sales" }));
        events.push(event_json(&format!("{name}-1"), "call.offered", &name, -30, &data));
        events.push(event_json(&format!("{name}-2"), "call.abandoned", &name, -10, &data));
    }
    assert_eq!(
        server.post("application/json", json!(events).to_string()).await.json()["accepted"],
        events.len()
    );
    let alertmanager = AlertmanagerProcess::start().await;
    let prometheus = PrometheusProcess::start(&server, Some(alertmanager.address)).await;
    // Prometheus may send an alert a moment after it begins to fire.
    prometheus
        .wait_for_series("ALERTS{alertname=\"AnswerRateBreached\",alertstate=\"firing\"}")
        .await;
    let alerts = prometheus.wait_for_alerts(&alertmanager, "AnswerRateBreached").await;
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    let labels = &alerts[0]["labels"];
    assert_eq!(
        (&labels["center"], &labels["scope"], &labels["severity"]),
        (&json!("hefei"), &json!("center"), &json!("critical"))
    );
    assert_eq!(alerts[0]["annotations"]["summary"], "Answer rate breached: 0% in hefei");
    assert_eq!(alerts[0]["annotations"]["summary_zh"], "接通率未达标：0%（hefei）");
}
