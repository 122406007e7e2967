//! Tests of the sources that a token may send events of.

use crate::{client::TestServer, client::event_json};
use crate::{tokens::request_as, tokens::settings_with_tokens};
use serde_json::{Value, json};

fn event_from_source(source: &str, id: &str) -> Value {
    let mut event = event_json(id, "call.offered", id, -10, &json!({ "center": "hefei" }));
    event["source"] = source.into();
    event
}

#[tokio::test]
async fn rejects_events_of_foreign_sources_individually() {
    let server = TestServer::start(settings_with_tokens()).await;
    let batch = json!([
        event_from_source("/acd/hefei", "1"),
        event_from_source("/acd/wuhu", "2"),
        event_from_source("/acd/hefei/7", "3"),
        event_from_source("/acd/hefei2", "4")
    ]);
    let response = request_as(&server, "acd", "POST", "/v1/events", &batch.to_string()).await;
    let answer = response.json();
    assert_eq!(
        (response.status, &answer["accepted"], &answer["rejected_total"]),
        (200, &json!(2), &json!(2)),
        "{answer}"
    );
    let rejected = answer["rejected"].as_array().expect("the value is an array");
    assert_eq!(
        rejected.iter().map(|rejection| rejection["index"].as_u64()).collect::<Vec<_>>(),
        [Some(1), Some(3)]
    );
    assert!(
        rejected[0]["error"].as_str().is_some_and(|error| error.contains("`/acd/wuhu`")),
        "{answer}"
    );
    let unlimited =
        request_as(&server, "sender", "POST", "/v1/events", &batch.to_string()).await.json();
    assert_eq!(
        (&unlimited["accepted"], &unlimited["duplicates"]),
        (&json!(2), &json!(2)),
        "{unlimited}"
    );

    // A token with sources sees only its own rejected events. The administrator sees all.
    let broken = json!([{ "specversion": "1.0", "source": "/acd/hefei", "id": "b1" }, { "source": "/acd/wuhu", "id": "b2" }]);
    request_as(&server, "sender", "POST", "/v1/events", &broken.to_string()).await;
    let ids = async |name: &str| {
        let list = request_as(&server, name, "GET", "/v1/rejected", "").await.json();
        let ids = list["rejected"]
            .as_array()
            .expect("the value is an array")
            .iter()
            .filter_map(|rejection| rejection["id"].as_str().map(str::to_owned));
        (list["total"].as_u64(), ids.collect::<Vec<_>>())
    };
    let text = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(ids("acd").await, (Some(1), text(&["b1"])));
    let (total, all) = ids("admin").await;
    assert_eq!((total, all.len()), (Some(4), 4));
    assert_eq!(ids("sender").await.0, Some(4));
}

#[tokio::test]
async fn duplicate_or_escaped_source_does_not_bypass_access() {
    let server = TestServer::start(settings_with_tokens()).await;
    let good = event_from_source("/acd/hefei", "1").to_string();
    // Access must be checked on the same source that the decoder takes.
    for event in [
        good.replacen("\"source\":", "\"source\":\"/acd/wuhu\",\"source\":", 1),
        good.replacen(
            "\"source\":\"/acd/hefei\"",
            "\"source\":\"/acd/hefei\",\"source\":\"/acd/wuhu\"",
            1,
        ),
        good.replacen("/acd/hefei", "/acd/\\u0077uhu", 1),
        good.replacen("/acd/hefei", "/ACD/HEFEI", 1),
    ] {
        let answer = request_as(&server, "acd", "POST", "/v1/events", &event).await.json();
        let counted = answer["accepted"].as_u64().unwrap_or(0);
        let history =
            request_as(&server, "admin", "GET", "/v1/explain?subject=1&source=/acd/wuhu", "").await;
        assert_eq!(history.status, 404, "{event}");
        assert!(counted == 0 || event.matches("source").count() == 2, "{event}: {answer}");
    }
    // In binary mode the source is a header.
    let headers = |source: &'static str| {
        [
            ("Authorization", "Bearer acd"),
            ("Content-Type", "application/json"),
            ("ce-specversion", "1.0"),
            ("ce-id", "9"),
            ("ce-source", source),
            ("ce-type", "call.offered"),
            ("ce-time", "2026-03-01T08:00:00Z"),
            ("ce-subject", "9"),
        ]
    };
    let answer = server.request("POST", "/v1/events", &headers("/acd/wuhu"), b"{}").await.json();
    assert!(
        answer["rejected"][0]["error"].as_str().is_some_and(|error| error.contains("`/acd/wuhu`")),
        "{answer}"
    );
}

#[tokio::test]
async fn rejects_oversized_body_after_authentication() {
    let mut settings = settings_with_tokens();
    settings.limits.body_bytes = 64 << 10;
    let server = TestServer::start(settings).await;
    let long = format!("[{}]", " ".repeat(65 << 10));
    assert_eq!(request_as(&server, "acd", "POST", "/v1/events", &long).await.status, 413);
    // Without authentication the body is not read at all.
    assert_eq!(request_as(&server, "wrong", "POST", "/v1/events", &long).await.status, 401);
}
