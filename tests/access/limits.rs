//! Those who ask too much, too slowly or too often. What must happen is waited for, never a time.

use crate::client::{Server, settings};
use crate::people::guarded;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long anything may take before the test has failed.
const LONG: Duration = Duration::from_secs(60);
const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n";

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

/// What comes until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A connection that is reset has ended too.
    let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.expect("an end");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Asks and reads the answer, on a connection that stays; whether there was one.
async fn answered(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 4_096];
    stream.write_all(REQUEST).await.is_ok()
        && timeout(LONG, stream.read(&mut answer)).await.expect("an answer or an end").is_ok_and(|length| length > 0)
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let server = Server::start(guarded()).await;
    for length in [firstline::http::server::HEAD_BYTES, 4 << 20] {
        let mut stream = connect(server.address).await;
        let head = format!("GET /healthz HTTP/1.1\r\nHost: test\r\nX-Long: {}\r\n\r\n", "x".repeat(length));
        // The service stops reading before all is sent.
        let _ = timeout(LONG, stream.write_all(head.as_bytes())).await.expect("an end");
        let answer = rest(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    assert!(answered(&mut connect(server.address).await).await);
}

#[tokio::test]
async fn a_head_that_never_ends_is_not_waited_for() {
    let mut settings = guarded();
    settings.limits.header_time = Duration::from_millis(200);
    let server = Server::start(settings).await;
    for beginning in ["", "GET /healthz HTTP/1.1\r\nHost: te"] {
        let mut stream = connect(server.address).await;
        stream.write_all(beginning.as_bytes()).await.expect("an open connection");
        let answer = rest(&mut stream).await;
        assert!(!answer.contains("200"), "{answer}");
    }
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_room_is_made_by_those_who_go() {
    let mut settings = settings();
    settings.limits.connections = 2;
    let server = Server::start(settings).await;
    // A WebSocket keeps its place after it has left HTTP.
    let mut wall = server.live(&json!({})).await;
    wall.frame().await;
    let mut second = connect(server.address).await;
    assert!(answered(&mut second).await);
    for _ in 0..3 {
        assert!(!answered(&mut connect(server.address).await).await, "there is no place");
    }
    assert!(answered(&mut second).await, "those who are in stay");
    drop(second);
    timeout(LONG, async { while !answered(&mut connect(server.address).await).await {} }).await.expect("room");
    wall.frame().await;
    drop(wall);
    let two = async {
        loop {
            let (mut one, mut other) = (connect(server.address).await, connect(server.address).await);
            if answered(&mut one).await && answered(&mut other).await {
                break;
            }
        }
    };
    timeout(LONG, two).await.expect("room for two");
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_when_to_come_back() {
    let mut settings = guarded();
    settings.limits.requests_per_second = 1;
    let server = Server::start(settings).await;
    let mut answers = Vec::new();
    for _ in 0..1_000 {
        let reply = server.get("/healthz").await;
        answers.push(reply.status);
        if reply.status == 429 {
            assert_eq!((&*reply.headers["content-type"], &*reply.headers["retry-after"]), ("application/problem+json", "1"));
            assert!(reply.headers.contains_key("content-security-policy"));
            break;
        }
    }
    assert_eq!(answers.last(), Some(&429));
    assert!(answers.len() > 5 && answers[..5].iter().all(|status| *status == 200), "five at once are fine: {answers:?}");
}
