//! Tests of rankings and label filters over HTTP and on the live board.

use crate::{client::TestServer, client::event_json, client::test_settings};
use firstline::config::ServiceSettings;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Settings with a standard that has every further formula. Its sources are removed, because they
/// would be stale in these tests.
fn settings_with_formulas() -> ServiceSettings {
    let text = include_str!("../standards/formulas.toml");
    let mut standard = firstline::standard_file::parse_standard("formulas.toml", text)
        .unwrap_or_else(|problems| panic!("{problems:#?}"));
    standard.sources.clear();
    let mut settings = ServiceSettings::new(Arc::new(standard));
    settings.publish_every = Duration::from_millis(100);
    settings.journal = None;
    assert_eq!(settings.publish_every, test_settings().publish_every);
    settings
}

async fn server_with_events() -> TestServer {
    let server = TestServer::start(settings_with_formulas()).await;
    let call = |number: usize, center: &str, verb: &str| {
        let subject = format!("{center}-{number}");
        ["offered", verb].map(|verb| {
            event_json(
                &format!("{subject}-{verb}"),
                &format!("call.{verb}"),
                &subject,
                -30,
                &json!({ "center": center, "tier": "vip" }),
            )
        })
    };
    let mut events: Vec<Value> =
        (0..3).flat_map(|number| call(number, "hefei", "answered")).collect();
    events.extend(call(9, "hefei", "abandoned"));
    events.extend((0..2).flat_map(|number| call(number, "wuhu", "answered")));
    events.extend((0..2).flat_map(|number| call(number, "anqing", "answered")));
    events.extend(call(0, "fuyang", "abandoned"));
    assert_eq!(
        server.post("application/json", json!(events).to_string()).await.json()["accepted"],
        18
    );
    let mut client = server.connect_live(&json!({})).await;
    client
        .wait_for_reading(|reading| reading["indicator"] == "answer_rate" && reading["of"] == 9)
        .await;
    server
}

#[tokio::test]
async fn scopes_are_ranked_from_best_to_worst() {
    let server = server_with_events().await;
    let ranking =
        server.get("/v1/ranking?indicator=answer_rate&by=center&window=week").await.json();
    assert_eq!(
        (&ranking["indicator"], &ranking["by"], &ranking["window"]),
        (&json!("answer_rate"), &json!(["center"]), &json!("week"))
    );
    assert_eq!((&ranking["better"], &ranking["target"]), (&json!("higher"), &json!(0.8)));
    let row = |rank: Value,
               center: &str,
               value: f64,
               of: i64,
               states: &[&str],
               level: &str,
               gap: Value| json!({ "rank": rank, "scope": { "center": center }, "value": value, "of": of, "state": states[0], "states": states, "level": level, "target": 0.8, "gap": gap });
    // The week begins before the first event.
    let partial = &["partial"][..];
    let few = &["partial", "small_sample"];
    let expected = json!([
        row(json!(1), "anqing", 1.0, 2, partial, "met", json!(0.0)),
        row(json!(1), "wuhu", 1.0, 2, partial, "met", json!(0.0)),
        row(json!(3), "hefei", 0.75, 4, partial, "breached", json!(0.25)),
        row(Value::Null, "fuyang", 0.0, 1, few, "none", Value::Null),
    ]);
    assert_eq!(ranking["ranking"], expected);
    // The request must name the better direction if the indicator has no target.
    let no_target = "/v1/ranking?indicator=vip_answer_rate&by=center&window=week";
    assert_eq!(server.get(no_target).await.status, 400);
    assert_eq!(
        server.get(&format!("{no_target}&better=lower")).await.json()["ranking"][0]["scope"]["center"],
        "hefei"
    );
    let now = server.get("/v1/ranking?indicator=estimated_wait&by=center").await.json();
    assert_eq!((&now["window"], now["ranking"].as_array().map(Vec::len)), (&json!("now"), Some(4)));
}

#[tokio::test]
async fn invalid_ranking_request_is_reported_with_remedy() {
    let server = TestServer::start(settings_with_formulas()).await;
    for (query, hint) in [
        ("", "`indicator` is missing"),
        ("indicator=anser_rate&by=center&window=today", "did you mean `answer_rate`?"),
        ("indicator=answer_rate&by=centre&window=today", "did you mean `center`?"),
        ("indicator=answer_rate&by=queue&window=today", "it has: center; center,queue; tier"),
        ("indicator=answer_rate&window=today", "it has: center; center,queue; tier"),
        ("indicator=answer_rate&by=center", "for example `window=today`"),
        ("indicator=answer_rate&by=center&window=now", "has no current value"),
        ("indicator=answer_rate&by=center&window=tody", "did you mean `today`?"),
        ("indicator=answer_rate&by=center&window=today&better=more", "`higher` or `lower`"),
        ("indicator=answer_rate&by=center&window=today&sort=up", "unknown parameter `sort`"),
    ] {
        let reply = server.get(&format!("/v1/ranking?{query}")).await;
        assert_eq!(
            (reply.status, reply.headers["content-type"].as_str()),
            (400, "application/problem+json"),
            "{query}"
        );
        let detail = reply.json()["detail"].as_str().expect("the problem has a detail").to_owned();
        assert!(detail.contains(hint), "{query}: {detail}");
    }
}

#[tokio::test]
async fn board_is_filtered_by_labels() {
    let server = server_with_events().await;
    let names = async |query: &str| -> Vec<String> {
        let board = server.get(&format!("/v1/board?{query}")).await.json();
        let readings = board["readings"].as_array().expect("the board has readings").iter();
        let mut names: Vec<String> = readings
            .map(|reading| reading["indicator"].as_str().expect("the name is a string").to_owned())
            .collect();
        names.dedup();
        names
    };
    assert_eq!(names("label=quality:responsiveness").await, ["answer_rate", "in_time"]);
    assert_eq!(names("label=quality:responsiveness,stage:during").await, ["answer_rate"]);
    assert_eq!(
        names("label=stage:after,stage:during&label=quality:reliability,quality:empathy").await,
        ["repair_timeliness", "complaint_rate"]
    );
    assert_eq!(names("label=quality:responsiveness&indicator=in_time,waiting").await, ["in_time"]);
    assert!(names("label=stage:before").await.is_empty());
    let reply = server.get("/v1/board?label=quality:responsivness").await;
    assert_eq!(reply.status, 400);
    assert!(reply.body.contains("did you mean `quality:responsiveness`?"), "{}", reply.body);
    let standard = server.get("/v1/standard").await.json();
    assert_eq!(
        standard["indicators"][0]["labels"],
        json!({ "quality": "responsiveness", "stage": "during" })
    );

    let mut client =
        server.connect_live(&json!({ "subscribe": { "labels": ["quality:empathy"] } })).await;
    let board = client.expect_frame().await;
    let readings = board["readings"].as_array().expect("the board has readings");
    assert!(
        !readings.is_empty()
            && readings.iter().all(|reading| reading["indicator"] == "complaint_rate"),
        "{board}"
    );
}

#[tokio::test]
async fn all_formulas_appear_in_board_and_metrics() {
    let server = server_with_events().await;
    let board = server.get("/v1/board?by=&window=week,now").await.json();
    let reading = |name: &str| {
        let found = board["readings"]
            .as_array()
            .expect("the board has readings")
            .iter()
            .find(|reading| reading["indicator"] == name);
        found.cloned().unwrap_or_else(|| panic!("no {name}"))
    };
    let has = |name: &str, keys: &[&str]| {
        let reading = reading(name);
        keys.iter().for_each(|key| {
            assert!(reading.get(*key).is_some(), "{name} has no `{key}`: {reading}");
        });
    };
    has("answer_rate", &["good", "of", "interval", "budget"]);
    has("occupancy", &["part_seconds", "whole_seconds", "of"]);
    has("complaint_rate", &["count", "population"]);
    has("vip_gap", &["first", "second"]);
    has("estimated_wait", &["waiting", "handling_seconds", "agents", "of"]);
    let budget: Vec<String> = reading("answer_rate")["budget"]
        .as_object()
        .expect("the reading has a budget")
        .keys()
        .cloned()
        .collect();
    assert_eq!(budget, ["expected", "left", "needed", "recover"]);
    let metrics = server.get("/metrics").await.body;
    for line in [
        "sla_occupancy_ratio{window=\"week\",scope=\"all\"} NaN",
        "sla_complaint_rate_per_10000{window=\"week\",scope=\"all\"} NaN",
        "sla_vip_gap_ratio{window=\"week\",scope=\"center\",center=\"hefei\"} 0",
        "sla_missing_agents{scope=\"all\"} NaN",
        "sla_estimated_wait_seconds{scope=\"all\"} NaN",
        "sla_vip_gap_target_ratio 0",
        "sla_complaint_rate_target_per_10000 0.5",
    ] {
        assert!(metrics.contains(line), "no {line}");
    }
}
