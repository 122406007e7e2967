//! Tests of the live board over server-sent events, which must equal the WebSocket connection.

use crate::{client::TestServer, client::answered_call, client::test_settings};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Returns a JSON value percent-encoded for a query string.
fn escape_query(value: &Value) -> String {
    value
        .to_string()
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

async fn send_answered_call(server: &TestServer, call: &str) {
    let response =
        server.post("application/json", json!(answered_call(call, "hefei")).to_string()).await;
    assert_eq!(response.json()["accepted"], 3, "{}", response.body);
}

fn has_call_count(frame: &Value, of: u64) -> bool {
    frame["readings"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|reading| reading["scope"] == json!({}) && reading["of"] == of)
}

#[tokio::test]
async fn stream_frames_equal_websocket_frames() {
    let server = TestServer::start(test_settings()).await;
    let subscription = json!({ "indicators": ["answer_rate"], "windows": ["30m"] });
    let mut stream =
        server.open_stream(&format!("?subscribe={}", escape_query(&subscription)), &[]).await;
    let mut client = server.connect_live(&json!({ "subscribe": subscription })).await;
    let (mut events, mut frames) = (Vec::new(), Vec::new());
    for call in 0..3 {
        send_answered_call(&server, &format!("c-{call}")).await;
        while !events.last().is_some_and(|(_, frame)| has_call_count(frame, call + 1)) {
            events.push(stream.expect_frame().await);
        }
        while !frames.last().is_some_and(|frame| has_call_count(frame, call + 1)) {
            frames.push(client.expect_frame().await);
        }
    }
    assert_eq!(events[0].1["type"], "board");
    for (id, frame) in &events {
        assert_eq!(
            *id,
            format!(
                "{}/{}",
                frame["epoch"].as_str().expect("the value is a string"),
                frame["revision"]
            )
        );
    }
    // The connections started at different revisions, so only the deltas of both are compared.
    let deltas = |frames: &mut dyn Iterator<Item = &Value>| -> BTreeMap<String, Value> {
        let deltas = frames.filter(|frame| frame["type"] == "delta");
        deltas
            .map(|delta| (format!("{} {}", delta["from"], delta["revision"]), delta.clone()))
            .collect()
    };
    let (stream_deltas, socket_deltas) =
        (deltas(&mut events.iter().map(|(_, frame)| frame)), deltas(&mut frames.iter()));
    let common: Vec<&String> =
        stream_deltas.keys().filter(|step| socket_deltas.contains_key(*step)).collect();
    assert!(
        !common.is_empty()
            && common.iter().all(|step| stream_deltas[*step] == socket_deltas[*step]),
        "{stream_deltas:?} {socket_deltas:?}"
    );
}

#[tokio::test]
async fn stream_resumes_at_its_revision() {
    let server = TestServer::start(test_settings()).await;
    let (id, board) = server.open_stream("", &[]).await.expect_frame().await;
    send_answered_call(&server, "c-1").await;
    server
        .connect_live(&json!({}))
        .await
        .wait_for_reading(|reading| reading["indicator"] == "answer_rate" && reading["of"] == 1)
        .await;
    let resume = escape_query(&json!({ "epoch": board["epoch"], "revision": board["revision"] }));
    let foreign = escape_query(&json!({ "epoch": "another", "revision": 1 }));
    // A reconnecting browser sends `Last-Event-ID`, which takes precedence over the query string.
    let cases = [
        (format!("?resume={resume}"), None),
        (String::new(), Some(&*id)),
        (format!("?resume={foreign}"), Some(&*id)),
    ];
    for (query, last) in cases {
        let headers: Vec<(&str, &str)> = last.map(|id| ("Last-Event-ID", id)).into_iter().collect();
        let (_, delta) = server.open_stream(&query, &headers).await.expect_frame().await;
        assert_eq!(
            (&delta["type"], &delta["from"]),
            (&json!("delta"), &board["revision"]),
            "{query}"
        );
    }
    for last in ["", "another/1", "nonsense", "/", "e/-1"] {
        let (_, frame) =
            server.open_stream("", &[("Last-Event-ID", last)]).await.expect_frame().await;
        assert_eq!(frame["type"], "board", "{last}");
    }
}

#[tokio::test]
async fn stream_ends_with_last_board_and_close_reason() {
    let mut server = TestServer::start(test_settings()).await;
    let mut stream = server.open_stream("", &[]).await;
    stream.expect_frame().await;
    send_answered_call(&server, "c-1").await;
    server.begin_shutdown();
    let mut last_board_received = false;
    let close = loop {
        let event = stream.next_event().await.expect("the stream ends with a close event");
        match event.get("event") {
            Some(event_type) => {
                assert_eq!(event_type, "close");
                break event["data"].clone();
            }
            None => {
                last_board_received |= has_call_count(
                    &serde_json::from_str(&event["data"]).expect("the text is valid JSON"),
                    1,
                );
            }
        }
    };
    assert!(last_board_received, "the last board was not sent");
    assert_eq!(close, r#"{"code":1001,"reason":"the service is stopping"}"#);
    assert_eq!(stream.next_event().await, None);
    server.wait_until_stopped().await;
}

#[tokio::test]
async fn invalid_stream_request_is_refused_with_reason() {
    let mut settings = test_settings();
    settings.limits.live_clients = 1;
    let server = TestServer::start(settings).await;
    for (query, reason) in [
        (
            format!("?subscribe={}", escape_query(&json!({ "indicators": ["answer_rat"] }))),
            "did you mean `answer_rate`?",
        ),
        ("?subscribe=x".to_owned(), "`subscribe` is invalid"),
        ("?resume=1".to_owned(), "`resume` is invalid"),
        ("?windows=30m".to_owned(), "unknown parameter `windows`"),
    ] {
        let reply = server.get(&format!("/v1/stream{query}")).await;
        assert_eq!(
            (reply.status, &*reply.headers["content-type"]),
            (400, "application/problem+json"),
            "{query}"
        );
        assert!(reply.body.contains(reason), "{}", reply.body);
    }
    let mut stream = server.open_stream("", &[]).await;
    stream.expect_frame().await;
    // Streams and WebSockets share the client limit.
    assert_eq!(server.get("/v1/stream").await.status, 503);
    assert_eq!(server.connect_live_with("", &[], &json!({})).await.err(), Some(503));
    drop(stream);
    // The slot is free again after the client has disconnected.
    let free = async { while server.get("/v1/stream").await.status != 200 {} };
    tokio::time::timeout(std::time::Duration::from_secs(60), free)
        .await
        .expect("the slot is released in time");
}

#[tokio::test]
async fn stream_is_neither_cached_nor_buffered() {
    let server = TestServer::start(test_settings()).await;
    let reply = server.get("/v1/stream").await;
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
    ] {
        assert_eq!(reply.headers[name], value);
    }
    assert!(!reply.headers.contains_key("content-encoding"));
}
