//! Tests of the limits on request heads, header time, connections and request rate.
//!
//! The tests wait for conditions, not for fixed times.

use crate::tokens::settings_with_tokens;
use crate::{client::TestServer, client::test_settings};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Time limit for a single operation.
const TEST_TIMEOUT: Duration = Duration::from_secs(60);
const HEALTH_REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n";

async fn open_connection(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("the server accepts the connection")
}

/// Reads until the server closes the connection.
async fn read_until_closed(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset ends the connection too, so the error is ignored.
    let _ = timeout(TEST_TIMEOUT, stream.read_to_end(&mut answer))
        .await
        .expect("the server closes in time");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends a request on an open connection. Returns true if the server responds.
async fn is_request_answered(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 4_096];
    stream.write_all(HEALTH_REQUEST).await.is_ok()
        && timeout(TEST_TIMEOUT, stream.read(&mut answer))
            .await
            .expect("the server answers or closes in time")
            .is_ok_and(|length| length > 0)
}

#[tokio::test]
async fn rejects_oversized_request_head() {
    let server = TestServer::start(settings_with_tokens()).await;
    for length in [firstline::http::server::HEAD_BYTES, 4 << 20] {
        let mut stream = open_connection(server.address).await;
        let head = format!(
            "GET /healthz HTTP/1.1\r\nHost: test\r\nX-Long: {}\r\n\r\n",
            "x".repeat(length)
        );
        // The write may fail, because the service stops reading before all is sent.
        let _ = timeout(TEST_TIMEOUT, stream.write_all(head.as_bytes()))
            .await
            .expect("the server closes in time");
        let answer = read_until_closed(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    assert!(is_request_answered(&mut open_connection(server.address).await).await);
}

#[tokio::test]
async fn closes_connection_after_header_timeout() {
    let mut settings = settings_with_tokens();
    settings.limits.header_time = Duration::from_millis(200);
    let server = TestServer::start(settings).await;
    for beginning in ["", "GET /healthz HTTP/1.1\r\nHost: te"] {
        let mut stream = open_connection(server.address).await;
        stream.write_all(beginning.as_bytes()).await.expect("the connection is open");
        let answer = read_until_closed(&mut stream).await;
        assert!(!answer.contains("200"), "{answer}");
    }
}

#[tokio::test]
async fn connection_limit_rejects_excess_until_one_closes() {
    let mut settings = test_settings();
    settings.limits.connections = 2;
    let server = TestServer::start(settings).await;
    // An upgraded WebSocket still counts as a connection.
    let mut live_client = server.connect_live(&json!({})).await;
    live_client.expect_frame().await;
    let mut second = open_connection(server.address).await;
    assert!(is_request_answered(&mut second).await);
    for _ in 0..3 {
        assert!(
            !is_request_answered(&mut open_connection(server.address).await).await,
            "the connection limit is reached"
        );
    }
    assert!(is_request_answered(&mut second).await, "open connections stay open");
    drop(second);
    timeout(TEST_TIMEOUT, async {
        while !is_request_answered(&mut open_connection(server.address).await).await {}
    })
    .await
    .expect("the limit admits a new connection");
    live_client.expect_frame().await;
    drop(live_client);
    let both_answered = async {
        loop {
            let (mut first, mut second) =
                (open_connection(server.address).await, open_connection(server.address).await);
            if is_request_answered(&mut first).await && is_request_answered(&mut second).await {
                break;
            }
        }
    };
    timeout(TEST_TIMEOUT, both_answered).await.expect("the limit admits two connections");
}

#[tokio::test]
async fn rate_limit_answers_429_with_retry_after() {
    let mut settings = settings_with_tokens();
    settings.limits.requests_per_second = 1;
    let server = TestServer::start(settings).await;
    let mut answers = Vec::new();
    for _ in 0..1_000 {
        let reply = server.get("/healthz").await;
        answers.push(reply.status);
        if reply.status == 429 {
            assert_eq!(
                (&*reply.headers["content-type"], &*reply.headers["retry-after"]),
                ("application/problem+json", "1")
            );
            assert!(reply.headers.contains_key("content-security-policy"));
            break;
        }
    }
    assert_eq!(answers.last(), Some(&429));
    assert!(
        answers.len() > 5 && answers[..5].iter().all(|status| *status == 200),
        "a burst of five is allowed: {answers:?}"
    );
}
