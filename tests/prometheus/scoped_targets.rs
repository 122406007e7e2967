//! Test that rules compare each scope with its own target in a real Prometheus.

use crate::client::{TestServer, event_json, test_settings};
use crate::is_installed;
use crate::processes::PrometheusProcess;
use crate::queries::replace_variables;
use firstline::export::grafana;
use firstline::export::prometheus_rules::rule_files;
use firstline::standard_file::parse_standard;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const STANDARD: &str = r#"
name = "scoped"
version = "1"
date_of_effect = 2020-01-01
title = { en = "Targets by scope", zh = "分范围目标" }
time_zone = "Asia/Shanghai"
dimensions = ["center", "queue"]
scopes = [["center"], ["center", "queue"]]
windows = ["30m", "month"]

[indicator.answer_rate]
title = { en = "Answer rate", zh = "接通率" }
ratio = { good = ["call.answered"], of = ["call.answered", "call.abandoned"] }
target = { at_least = 0.85 }
targets = [
    { where = { center = "hefei" }, at_least = 0.9, from = 2020-06-01 },
    { where = { center = "wuhu" }, at_least = 0.99, from = 2999-01-01 },
    { where = { center = "hefei", queue = "vip" }, at_least = 0.8 },
]

# The dashboards have bars of an indicator with this name.
[indicator.parts_accuracy]
title = { en = "Parts accuracy", zh = "备件准确率" }
ratio = { good = ["call.answered"], of = ["call.answered", "call.abandoned"] }
target = { at_least = 0.85 }
targets = [{ where = { center = "hefei" }, at_least = 0.9 }]
"#;

/// Returns the events of calls that a center answers or loses.
fn call_events(center: &str, calls: std::ops::Range<usize>, lost: usize) -> Vec<Value> {
    let first = calls.start;
    let events = calls.flat_map(|number| {
        let call = format!("{center}-{number}");
        let end = if number < first + lost { "call.abandoned" } else { "call.answered" };
        let data = json!({ "center": center, "queue": "vip" });
        [("call.offered", -20), (end, -10)].map(|(kind, seconds)| {
            event_json(&format!("{call}-{kind}"), kind, &call, seconds, &data)
        })
    });
    events.collect()
}

/// Returns the values by scope, as in `center hefei`.
fn values_by_scope(series: &[Value]) -> BTreeMap<String, String> {
    let value = |series: &Value| {
        let labels = &series["metric"];
        let text = |label: &str| labels[label].as_str().unwrap_or_default().to_owned();
        let place = format!("{} {} {}", text("scope"), text("center"), text("queue"));
        (place.trim().to_owned(), series["value"][1].as_str().unwrap_or_default().to_owned())
    };
    series.iter().map(value).collect()
}

#[tokio::test]
async fn rules_compare_each_scope_with_its_own_target() {
    if !is_installed("prometheus") {
        return;
    }
    let standard = parse_standard("scoped.toml", STANDARD).expect("the standard is valid");
    let dashboards = grafana::dashboard_files(&standard);
    let rules = rule_files(&standard).expect("the rules are encoded as YAML");
    let mut settings = test_settings();
    settings.standard = Arc::new(standard);
    let server = TestServer::start(settings).await;
    let post = async |calls: std::ops::Range<usize>, lost: usize| {
        let events: Vec<Value> = ["hefei", "wuhu"]
            .iter()
            .flat_map(|center| call_events(center, calls.clone(), lost))
            .collect();
        let answer = server.post("application/json", json!(events).to_string()).await.json();
        assert_eq!(answer["accepted"], events.len(), "{answer}");
    };
    // Counters need a first value before they can increase.
    post(0..1, 0).await;
    let prometheus = PrometheusProcess::start_with_rules(&server, None, &rules).await;
    prometheus.wait_for_series("sla_answer_rate_of_total{scope=\"all\"} == 2").await;
    // 22 of 25 calls are answered in each center: 88 %.
    post(1..25, 3).await;
    prometheus.wait_for_series("sla_answer_rate_of_total{scope=\"all\"} == 50").await;

    let targets = prometheus.query_series("sla_answer_rate_target_ratio").await;
    let expected = [
        ("all", "0.85"),
        ("center hefei", "0.9"),
        ("center wuhu", "0.85"),
        ("center_queue hefei vip", "0.8"),
        ("center_queue wuhu vip", "0.85"),
    ];
    let expected = expected.map(|(scope, target)| (scope.to_owned(), target.to_owned()));
    assert_eq!(values_by_scope(&targets), BTreeMap::from(expected));
    let shared = prometheus
        .query_series(
            "sla_answer_rate_ratio{window=\"30m\"} < ignoring(window) sla_answer_rate_target_ratio",
        )
        .await;
    assert_eq!(
        values_by_scope(&shared),
        BTreeMap::from([("center hefei".to_owned(), "0.88".to_owned())])
    );

    let breached = "ALERTS{alertname=\"AnswerRateBreached\",alertstate=\"firing\"}";
    let breached = prometheus.wait_for_series(breached).await;
    assert_eq!(values_by_scope(&breached).into_keys().collect::<Vec<_>>(), ["center hefei"]);
    // The miss ratio of both centers is 12.5 %. Only one of them allows less.
    let burning = "ALERTS{alertname=\"AnswerRateBudgetBurnsSlowly\"}";
    let burning = prometheus.wait_for_series(burning).await;
    assert_eq!(values_by_scope(&burning).into_keys().collect::<Vec<_>>(), ["center hefei"]);
    let spent = prometheus.wait_for_series("sla:budget_spent:ratio{indicator=\"answer_rate\"} > 1");
    let spent = values_by_scope(&spent.await);
    assert_eq!(spent.keys().collect::<Vec<_>>(), ["center hefei"], "{spent:?}");
    // The bars of a dashboard have one query for each level.
    let mut bars = BTreeMap::new();
    for (_, text) in dashboards {
        let dashboard: Value = serde_json::from_str(&text).expect("the text is valid JSON");
        for panel in dashboard["panels"].as_array().into_iter().flatten() {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let query = target["expr"].as_str().expect("the panel has a query");
                let found = prometheus.query_series(&replace_variables(query)).await;
                if panel["type"] == "bargauge" && query.contains("_level") {
                    let name = target["refId"].as_str().unwrap_or_default().to_owned();
                    bars.insert(name, values_by_scope(&found).into_keys().collect::<Vec<_>>());
                }
            }
        }
    }
    let expected =
        [("A", None), ("B", Some("center wuhu")), ("C", None), ("D", Some("center hefei"))];
    let expected =
        expected.map(|(name, scope)| (name.to_owned(), Vec::from_iter(scope.map(str::to_owned))));
    assert_eq!(bars, BTreeMap::from(expected));
    let answer = prometheus.api_data("rules", &[]).await;
    for group in answer["groups"].as_array().expect("the answer has groups") {
        for rule in group["rules"].as_array().expect("a group has rules") {
            assert_ne!(rule["health"], "err", "{}: {}", rule["name"], rule["lastError"]);
        }
    }
}
