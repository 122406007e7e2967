//! Tests of event ingest over HTTP: content types, encodings, limits and rejections.

use crate::{client::TestServer, client::answered_call, client::event_json, client::test_settings};
use serde_json::json;
use std::io::Write;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const NDJSON: &str = "application/x-ndjson";
const BATCH: &str = "application/cloudevents-batch+json";

fn compress_gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).expect("writing to memory succeeds");
    encoder.finish().expect("writing to memory succeeds")
}

fn compress_zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 3).expect("writing to memory succeeds")
}

#[tokio::test]
async fn accepts_every_content_type_and_deduplicates() {
    let server = TestServer::start(test_settings()).await;
    let events = answered_call("c-1", "hefei");
    let response = server.post(BATCH, json!(events).to_string()).await;
    assert_eq!(
        (
            response.status,
            response.json()["accepted"].as_u64(),
            response.json()["duplicates"].as_u64()
        ),
        (200, Some(3), Some(0))
    );
    assert_eq!(response.json()["rejected"], json!([]));

    let known = |reply: crate::client::HttpReply, of: u64| {
        assert_eq!(
            (reply.status, reply.json()["duplicates"].as_u64()),
            (200, Some(of)),
            "{}",
            reply.body
        );
    };
    let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
    known(server.post("application/json", events[0].to_string()).await, 1);
    known(server.post("application/json; charset=utf-8", format!(" {}", json!(events))).await, 3);
    known(server.post("application/cloudevents+json", events[1].to_string()).await, 1);
    known(server.post(NDJSON, &lines).await, 3);
    known(server.post(NDJSON, lines.trim_end()).await, 3);
    let packed = |coding| [("Content-Type", NDJSON), ("Content-Encoding", coding)];
    known(
        server
            .request("POST", "/v1/events", &packed("gzip"), &compress_gzip(lines.as_bytes()))
            .await,
        3,
    );
    known(
        server
            .request("POST", "/v1/events", &packed("zstd"), &compress_zstd(lines.as_bytes()))
            .await,
        3,
    );

    let first = &events[0];
    let time = first["time"].as_str().expect("the event has a time");
    let headers = [
        ("Content-Type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "c%2D1-1"),
        ("ce-source", "/test"),
        ("ce-type", "call.offered"),
        ("ce-subject", "c-1"),
        ("ce-time", time),
    ];
    known(
        server.request("POST", "/v1/events", &headers, first["data"].to_string().as_bytes()).await,
        1,
    );
}

#[tokio::test]
async fn rejects_deeply_nested_body_and_keeps_serving() {
    let server = TestServer::start(test_settings()).await;
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for (media, body) in [
        (BATCH, deep.clone()),
        (BATCH, format!("[{deep}]")),
        ("application/json", format!(r#"{{"data":{deep}}}"#)),
    ] {
        assert_eq!(server.post(media, body).await.status, 400, "{media}");
    }
    let line = server.post(NDJSON, format!(r#"{{"extra":{deep}}}"#)).await;
    assert_eq!((line.status, line.json()["rejected"].as_array().map(Vec::len)), (200, Some(1)));
    assert_eq!(
        server
            .post(BATCH, serde_json::json!(answered_call("c-1", "hefei")).to_string())
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn rejected_event_is_listed_and_others_are_accepted() {
    let server = TestServer::start(test_settings()).await;
    let good = answered_call("c-1", "hefei");
    let personal = json!({ "customer": "13900001111" });
    let unknown = event_json("u-1", "call.vanished", "c-2", -5, &personal);
    let ahead = event_json("a-1", "call.offered", "c-3", 86_400, &personal);
    let late = event_json("l-1", "call.offered", "c-4", -30 * 86_400, &personal);
    let body = format!("{}\nnonsense\n\n{unknown}\n{ahead}\n{}\n{late}\n", good[0], good[1]);
    let reply = server.post(NDJSON, body).await;
    let response = reply.json();
    assert_eq!(
        (response["accepted"].as_u64(), response["rejected_total"].as_u64()),
        (Some(2), Some(4)),
        "{response}"
    );
    let rejections: Vec<_> = response["rejected"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|rejection| (rejection["index"].as_u64(), rejection["id"].as_str()))
        .collect();
    assert_eq!(
        rejections,
        [(Some(1), None), (Some(3), Some("u-1")), (Some(4), Some("a-1")), (Some(6), Some("l-1"))],
        "{response}"
    );

    let memory = server.get("/v1/rejected").await;
    let remembered = memory.json();
    assert_eq!(
        (remembered["total"].as_u64(), remembered["rejected"][0]["id"].as_str()),
        (Some(4), Some("l-1"))
    );
    assert_eq!(remembered["rejected"][2]["type"], "call.vanished");
    assert!(!memory.body.contains("13900001111"));
}

#[tokio::test]
async fn event_is_accepted_without_odd_field_and_answer_names_it() {
    let server = TestServer::start(test_settings()).await;
    let events = json!([
        event_json(
            "a",
            "repair.opened",
            "r-1",
            -50,
            &json!({ "center": "hefei", "due": "32 May" })
        ),
        event_json("b", "call.offered", "c-1", -40, &json!({ "centre": "hefei" })),
        event_json(
            "c",
            "call.answered",
            "c-1",
            -30,
            &json!({ "wait_seconds": -2, "customer": [1] })
        ),
        event_json("d", "call.ended", "c-1", -20, &json!({ "center": "hefei", "other": 1 })),
    ]);
    let response = server.post(BATCH, events.to_string()).await.json();
    assert_eq!(response["accepted"], 4, "{response}");
    assert_eq!((&response["rejected_total"], &response["warnings_total"]), (&json!(0), &json!(4)));
    let warnings: Vec<_> = response["warnings"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| (one["index"].as_u64(), one["id"].as_str(), one["field"].as_str()))
        .collect();
    assert_eq!(
        warnings,
        [
            (Some(0), Some("a"), Some("due")),
            (Some(1), Some("b"), Some("centre")),
            (Some(2), Some("c"), Some("customer")),
            (Some(2), Some("c"), Some("wait_seconds")),
        ]
    );
    assert_eq!(
        response["warnings"][1]["warning"],
        "not known, did you mean `center`?; taken without it"
    );
    let listed = server.get("/v1/rejected").await.json();
    assert_eq!(listed["total"], 0);
    assert_eq!(listed["rejected"][3]["accepted"], true);
    let error = listed["rejected"][3]["error"].as_str().unwrap_or_default();
    assert!(error.starts_with("accepted without `due`: "), "{error}");
    let metrics = server.get("/metrics").await.body;
    for (field, count) in [("due", 1), ("center", 1), ("wait_seconds", 1), ("customer", 1)] {
        let line = format!("firstline_fields_dropped_total{{field=\"{field}\"}} {count}");
        assert!(metrics.contains(&line), "`{line}` is missing");
    }
}

#[tokio::test]
async fn large_body_reaches_engine_in_several_batches() {
    let server = TestServer::start(test_settings()).await;
    let events: Vec<_> =
        (0..1_500).flat_map(|call| answered_call(&format!("c-{call}"), "hefei")).collect();
    let mut lines: Vec<String> = events.iter().map(ToString::to_string).collect();
    let long = format!("\"{}\"", "x".repeat(3 << 20));
    // The engine reports a rejection by its index in the batch. The response must name the line.
    let late =
        |name: &str| event_json(name, "call.offered", name, -30 * 86_400, &json!({})).to_string();
    for (index, line) in [
        (0, long.clone()),
        (1, late("l-1")),
        (1_500, late("l-2")),
        (3_333, late("l-3")),
        (4_504, long),
    ] {
        lines.insert(index, line);
    }
    let lines = lines.join("\n");
    let response = server.post(NDJSON, &lines).await.json();
    assert_eq!(
        (response["accepted"].as_u64(), response["rejected_total"].as_u64()),
        (Some(4_500), Some(5)),
        "{response}"
    );
    let rejections = |response: &serde_json::Value| -> Vec<_> {
        let rejected = response["rejected"].as_array().cloned().unwrap_or_default();
        rejected
            .iter()
            .map(|rejection| {
                (
                    rejection["index"].as_u64().unwrap_or_default(),
                    rejection["id"].as_str().map(String::from),
                )
            })
            .collect()
    };
    let expected =
        [(0, None), (1, Some("l-1")), (1_500, Some("l-2")), (3_333, Some("l-3")), (4_504, None)];
    let expected = expected.map(|(index, id)| (index, id.map(String::from)));
    assert_eq!(rejections(&response), expected);
    assert!(
        response["rejected"][0]["error"]
            .as_str()
            .is_some_and(|error| error.contains("longer than")),
        "{response}"
    );

    // The compressed body is small, but decodes into several batches too.
    for (coding, compressed) in
        [("gzip", compress_gzip(lines.as_bytes())), ("zstd", compress_zstd(lines.as_bytes()))]
    {
        let headers = [("Content-Type", NDJSON), ("Content-Encoding", coding)];
        let again = server.request("POST", "/v1/events", &headers, &compressed).await.json();
        assert_eq!(
            (again["duplicates"].as_u64(), rejections(&again)),
            (Some(4_500), expected.to_vec()),
            "{coding}: {again}"
        );
    }
}

#[tokio::test]
async fn unreadable_body_is_reported_with_remedy() {
    let mut settings = test_settings();
    settings.limits.body_bytes = 1 << 20;
    let server = TestServer::start(settings).await;
    let bomb = vec![b' '; 64 << 20];
    let truncated = compress_zstd(&[7; 10_000]);
    let post = |headers: Vec<(&'static str, &'static str)>, body: Vec<u8>| {
        let server = &server;
        async move { server.request("POST", "/v1/events", &headers, &body).await }
    };
    let json = ("Content-Type", "application/json");
    let cases = [
        (415, post(vec![("Content-Type", "text/plain")], b"{}".to_vec()).await),
        (415, post(vec![], b"{}".to_vec()).await),
        (415, post(vec![json, ("Content-Encoding", "br")], b"{}".to_vec()).await),
        (400, post(vec![json], b"".to_vec()).await),
        (400, post(vec![json], b"[{},".to_vec()).await),
        (400, post(vec![json], b"17".to_vec()).await),
        (400, post(vec![json, ("Content-Encoding", "gzip")], b"{}".to_vec()).await),
        (
            400,
            post(
                vec![json, ("Content-Encoding", "zstd")],
                truncated[..truncated.len() - 3].to_vec(),
            )
            .await,
        ),
        (413, post(vec![json, ("Content-Encoding", "gzip")], compress_gzip(&bomb)).await),
        (413, post(vec![json, ("Content-Encoding", "zstd")], compress_zstd(&bomb)).await),
        (413, post(vec![json], bomb.clone()).await),
    ];
    for (index, (status, reply)) in cases.iter().enumerate() {
        assert_eq!(reply.status, *status, "case {index}: {}", reply.body);
        assert_eq!(reply.headers["content-type"], "application/problem+json");
        assert_eq!(reply.json()["status"], *status);
        assert!(
            reply.json()["detail"].as_str().is_some_and(|detail| detail.len() > 10),
            "{}",
            reply.body
        );
    }
    assert_eq!(cases[2].1.headers["accept-encoding"], "gzip, zstd");
    assert_eq!(server.get("/v1/rejected").await.json()["total"], 0);
}

#[tokio::test]
async fn excess_concurrent_bodies_get_retry_after() {
    let server = TestServer::start(test_settings()).await;
    let mut open = Vec::new();
    for _ in 0..64 {
        let mut stream =
            TcpStream::connect(server.address).await.expect("the server accepts the connection");
        let head = format!(
            "POST /v1/events HTTP/1.1\r\nHost: t\r\nContent-Type: {NDJSON}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("the server reads the request");
        // The interim response shows that the server has begun to read the body.
        let mut interim = [0; 12];
        stream.read_exact(&mut interim).await.expect("the service answers");
        assert_eq!(&interim, b"HTTP/1.1 100");
        open.push(stream);
    }
    let reply = server.post(NDJSON, "").await;
    assert_eq!((reply.status, reply.headers["retry-after"].as_str()), (429, "1"));
    for stream in &mut open {
        stream.write_all(b"    \n").await.expect("the connection is open");
        stream.read_u8().await.expect("the service answers");
    }
    drop(open);
    assert_eq!(server.get("/readyz").await.status, 200);
}
