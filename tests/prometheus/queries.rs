//! Test that every rule and dashboard query works in a real Prometheus that scrapes the
//! demonstration.

use crate::processes::PrometheusProcess;
use crate::{built_in_standard, is_installed};
use crate::{client::TestServer, client::test_settings};
use crate::{grafana_page::PanelResult, grafana_page::check_grafana_page};
use firstline::export::grafana;
use serde_json::Value;
use std::time::Duration;

/// Replaces dashboard variables with their defaults, as Grafana does.
pub(crate) fn replace_variables(text: &str) -> String {
    text.replace("$window", "30m")
        .replace("$center", ".*")
        .replace("$queue", ".*")
        .replace("$__rate_interval", "1m")
}

#[tokio::test]
async fn every_rule_and_dashboard_query_returns_data() {
    if !is_installed("prometheus") {
        return;
    }
    let mut settings = test_settings();
    settings.demo_speed = Some(1.0);
    // Fewer boards speed up the replay of two days of history. No client watches them.
    settings.publish_every = Duration::from_secs(1);
    let server = TestServer::start(settings).await;
    server.wait_until_ready().await;
    let prometheus = PrometheusProcess::start(&server, None).await;
    prometheus.wait_for_series("rate(sla_calls_lost_of_total{scope=\"all\"}[1m])").await;

    // Every rule must have been evaluated without an error.
    let rules = |answer: &Value| -> Vec<Value> {
        let groups = answer["groups"].as_array().cloned().unwrap_or_default();
        groups
            .iter()
            .flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default())
            .collect()
    };
    let answer = prometheus
        .wait_for_api("rules", |answer| {
            rules(answer).iter().all(|rule| rule["health"] != "unknown")
        })
        .await;
    let rules = rules(&answer);
    assert!(rules.len() > 150, "{} rules", rules.len());
    for rule in &rules {
        assert_eq!(rule["health"], "ok", "{}: {}", rule["name"], rule["lastError"]);
    }
    prometheus.wait_for_series("sla:budget_spent:ratio{scope=\"all\"}").await;

    let mut described = Vec::new();
    for (file, text) in grafana::dashboard_files(&built_in_standard()) {
        let dashboard: Value = serde_json::from_str(&text).expect("the text is valid JSON");
        for variable in dashboard["templating"]["list"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|variable| variable["type"] == "query")
        {
            let query = variable["query"]["query"].as_str().expect("the panel has a query");
            let (series, label) = query
                .strip_prefix("label_values(")
                .and_then(|rest| rest.strip_suffix(')'))
                .and_then(|rest| rest.rsplit_once(", "))
                .expect("the query calls label_values");
            let values = prometheus
                .api_data(
                    &format!("label/{label}/values"),
                    &[("match[]", &replace_variables(series))],
                )
                .await;
            assert!(values.as_array().is_some_and(|values| !values.is_empty()), "{file}: {query}");
        }
        let mut panels = Vec::new();
        for panel in dashboard["panels"].as_array().into_iter().flatten() {
            let mut queries = Vec::new();
            for target in panel["targets"].as_array().into_iter().flatten() {
                let query = target["expr"].as_str().expect("the panel has a query");
                let found = prometheus.query_series(&replace_variables(query)).await;
                assert!(
                    !found.is_empty(),
                    "{file}: panel `{}` has no data: {query}",
                    panel["title"]
                );
                queries.push((query.to_owned(), found));
            }
            panels.push(PanelResult { json: panel.clone(), queries });
        }
        described.push((dashboard, panels));
    }
    check_grafana_page(&described);
}
