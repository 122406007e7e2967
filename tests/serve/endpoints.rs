//! Tests of the standard endpoint, the static pages and the demonstration.

use crate::{client::TestServer, client::test_settings};
use serde_json::json;

#[tokio::test]
async fn standard_endpoint_describes_targets() {
    let server = TestServer::start(test_settings()).await;
    let standard = server.get("/v1/standard").await.json();
    assert_eq!(
        (&standard["name"], &standard["time_zone"]),
        (&json!("telecom"), &json!("Asia/Shanghai"))
    );
    assert_eq!(standard["zones"], json!(null), "no center has its own time zone");
    assert_eq!(standard["windows"], json!(["5m", "30m", "1h", "24h", "today", "month"]));
    assert_eq!(
        standard["scopes"],
        json!([[], ["center"], ["center", "queue"], ["tier"], ["class"], ["grade"]])
    );
    let formula = json!({ "en": "answered calls, divided by answered, abandoned and overflowed calls",
        "zh": "应答的通话数 ÷ （应答 + 放弃 + 溢出）的通话数" });
    let entry =
        json!({ "where": {}, "from": null, "target": 0.85, "warning": 0.9, "better": "higher" });
    let mut expected = json!({ "name": "answer_rate", "title": { "en": "Answer rate", "zh": "接通率" }, "kind": "ratio", "unit": "ratio",
        "formula": formula, "labels": { "quality": "responsiveness", "stage": "during" }, "target": 0.85, "warning": 0.9, "better": "higher",
        "targets": [{ "version": "1", "date_of_effect": "2026-01-01", "target": 0.85, "warning": 0.9, "better": "higher", "entries": [entry] }] });
    (expected["scopes"], expected["windows"]) =
        (standard["scopes"].clone(), standard["windows"].clone());
    assert_eq!(
        standard["versions"],
        json!([{ "version": "1", "date_of_effect": "2026-01-01", "in_force": true }])
    );
    assert_eq!(standard["indicators"][0], expected);
}

#[tokio::test]
async fn responses_have_security_headers_and_problem_bodies() {
    let server = TestServer::start(test_settings()).await;
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
            assert_eq!(
                reply.headers["content-type"], "application/problem+json",
                "{method} {path}"
            );
            assert_eq!(reply.json()["status"], status);
        }
        assert_eq!(reply.headers.contains_key("allow"), status == 405, "{method} {path}");
    }
    let page = server.get("/").await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers["cache-control"], "no-cache");
    let again = server.request("GET", "/", &[("If-None-Match", &page.headers["etag"])], b"").await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let accept = ("Accept-Encoding", "gzip");
    let compressed = server.request("GET", "/", &[accept], b"").await;
    assert_eq!(compressed.headers["content-encoding"], "gzip");
    assert_eq!(compressed.body, page.body, "the helper decompresses it");
    assert_ne!(compressed.headers["etag"], page.headers["etag"]);
    let tag = ("If-None-Match", compressed.headers["etag"].as_str());
    let again = server.request("GET", "/", &[accept, tag], b"").await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[tokio::test]
async fn demo_replays_history_then_runs_accelerated() {
    let mut settings = test_settings();
    settings.demo_speed = Some(600.0);
    let mut server = TestServer::start_without_waiting(settings).await;
    let begin = firstline::clock::WallClock::Wall.now().to_string();
    // The board is incomplete while the history is replayed, so every request is refused.
    for path in ["/readyz", "/v1/board", "/v1/live", "/v1/cases"] {
        assert_eq!(server.get(path).await.status, 503, "{path}");
    }
    assert_eq!(server.post("application/json", "{}").await.status, 503);
    assert!(!server.get("/metrics").await.body.contains("sla_"));
    server.wait_until_ready().await;
    let mut client = server
        .connect_live(
            &json!({ "subscribe": { "indicators": ["answer_rate"], "windows": ["5m"], "by": [] } }),
        )
        .await;
    // The accelerated demonstration runs ahead of the wall clock.
    let reading = loop {
        let frame = client.expect_frame().await;
        let ahead = frame["as_of"].as_str().is_some_and(|as_of| *as_of > *begin);
        if let Some(reading) =
            frame["readings"].as_array().and_then(|readings| readings.first()).filter(|_| ahead)
        {
            break reading.clone();
        }
    };
    assert!(reading["of"].as_i64() > Some(20), "{reading}");
    assert_eq!(server.get("/readyz").await.status, 200);
    assert_eq!(server.get("/v1/rejected").await.json()["total"], 0);
    server.begin_shutdown();
    while client.next_frame().await.is_ok() {}
    server.wait_until_stopped().await;
}
