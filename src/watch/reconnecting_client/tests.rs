//! Lost connections, gaps and new epochs, tested against a stub service.

use crate::watch::address::ServiceAddress;
use crate::watch::backoff::{Backoff, PAUSE_MIN};
use crate::watch::client::ServiceClient;
use crate::watch::latest_values::WatchScope;
use crate::watch::reconnecting_client::ReconnectingClient;
use crate::watch::view::WatchOptions;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// Timeout of each step of a test.
const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// A service that accepts connections and sends what the test scripts.
struct StubService(TcpListener);

impl StubService {
    async fn start() -> (StubService, ReconnectingClient) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address =
            ServiceAddress::parse(&listener.local_addr().expect("an address").to_string())
                .expect("an address");
        let client = ServiceClient::new(address, None, None).expect("a client");
        (StubService(listener), ReconnectingClient::new(client, WatchOptions::default(), 1))
    }

    /// Serves the standard, accepts the WebSocket, and returns it with the client's first message.
    async fn accept_client(&self) -> (WebSocketStream<TcpStream>, Value) {
        let standard = json!({
            "name": "s", "title": { "en": "S" }, "windows": ["30m"],
            "indicators": [{ "name": "a", "title": { "en": "A" }, "kind": "ratio", "unit": "ratio", "target": 0.8, "better": "higher" }],
        });
        let standard = standard.to_string();
        let (mut stream, _) = self.0.accept().await.expect("a client");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.expect("a request"));
        }
        let answer =
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{standard}", standard.len());
        stream.write_all(answer.as_bytes()).await.expect("a client");
        let (stream, _) = self.0.accept().await.expect("a client");
        let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a handshake");
        let hello = socket.next().await.expect("a message").expect("a message");
        (socket, serde_json::from_str(hello.to_text().expect("text")).expect("JSON"))
    }
}

fn reading_json(value: f64) -> Value {
    json!({ "indicator": "a", "scope": {}, "window": "30m", "value": value, "state": "ok", "level": "met", "target": 0.8 })
}

fn board_message(epoch: &str, revision: u64, value: f64) -> Message {
    let frame = json!({ "type": "board", "epoch": epoch, "revision": revision, "as_of": null, "readings": [reading_json(value)] });
    Message::text(frame.to_string())
}

fn delta_message(from: u64, revision: u64, value: f64) -> Message {
    let frame = json!({ "type": "delta", "epoch": "e", "revision": revision, "as_of": null, "from": from, "readings": [reading_json(value)],
        "gone": [] });
    Message::text(frame.to_string())
}

/// Applies changes until the board has this value.
async fn follow_until_value(client: &mut ReconnectingClient, value: f64) {
    let known = |client: &ReconnectingClient| {
        client.board.get("a", &WatchScope::new(), "30m").and_then(|reading| reading.value)
    };
    timeout(TEST_TIMEOUT, async {
        while known(client) != Some(value) {
            client.wait_for_change().await;
        }
    })
    .await
    .expect("the value in time");
}

/// Applies changes until the connection is lost. Returns the reason.
async fn follow_until_lost(client: &mut ReconnectingClient) -> String {
    timeout(TEST_TIMEOUT, async {
        while client.lost_reason.is_none() {
            client.wait_for_change().await;
        }
    })
    .await
    .expect("a loss in time");
    client.lost_reason.clone().unwrap_or_default()
}

#[tokio::test]
async fn resumes_from_last_revision_after_reconnect() {
    let (service, mut client) = StubService::start().await;
    let serve = async {
        let (mut socket, hello) = service.accept_client().await;
        assert_eq!(
            hello,
            json!({ "subscribe": { "indicators": ["a"], "windows": ["30m"] } }),
            "the first connection does not resume"
        );
        socket.send(board_message("e", 7, 0.5)).await.expect("a client");
        socket.send(delta_message(7, 9, 0.6)).await.expect("a client");
        socket
    };
    let (socket, ()) = tokio::join!(serve, follow_until_value(&mut client, 0.6));
    assert_eq!(client.lost_reason, None);
    drop(socket);
    assert!(follow_until_lost(&mut client).await.contains("the connection was lost"));
    assert_eq!(
        client.board.get("a", &WatchScope::new(), "30m").and_then(|reading| reading.value),
        Some(0.6),
        "the last value stays"
    );

    let serve = async {
        let (mut socket, hello) = service.accept_client().await;
        assert_eq!(hello["resume"], json!({ "epoch": "e", "revision": 9 }));
        socket.send(delta_message(9, 10, 0.7)).await.expect("a client");
        socket
    };
    let (_socket, ()) = tokio::join!(serve, follow_until_value(&mut client, 0.7));
    assert_eq!(client.lost_reason, None);
}

#[tokio::test]
async fn requests_whole_board_after_gap_or_new_epoch() {
    let (service, mut client) = StubService::start().await;
    // A skipped revision, then a restarted service.
    for (first, second) in [
        (board_message("e", 1, 0.1), delta_message(2, 3, 0.2)),
        (board_message("e", 4, 0.3), board_message("f", 1, 0.4)),
    ] {
        let serve = async {
            let (mut socket, hello) = service.accept_client().await;
            assert_eq!(hello.get("resume"), None, "{hello}");
            socket.send(first).await.expect("a client");
            socket.send(second).await.expect("a client");
            // The client closes the connection.
            while let Some(Ok(_)) = socket.next().await {}
        };
        let follow = async {
            while client.board.head.is_none() {
                client.wait_for_change().await;
            }
            while client.board.head.is_some() {
                client.wait_for_change().await;
            }
        };
        timeout(TEST_TIMEOUT, async { tokio::join!(serve, follow) }).await.expect("an end in time");
        assert_eq!(client.lost_reason, None, "the connection is not lost");
    }
    let serve = async {
        let (mut socket, hello) = service.accept_client().await;
        assert_eq!(hello.get("resume"), None, "{hello}");
        socket.send(board_message("f", 2, 0.5)).await.expect("a client");
        socket
    };
    let (_socket, ()) = tokio::join!(serve, follow_until_value(&mut client, 0.5));
}

#[tokio::test]
async fn failures_lengthen_backoff_and_frame_resets_it() {
    let (service, mut client) = StubService::start().await;
    let mut schedule = Backoff::new(1);
    for attempt in 0..8 {
        let begun = Instant::now();
        // The service accepts the connection and closes it.
        let ((), why) =
            tokio::join!(async { drop(service.0.accept().await) }, follow_until_lost(&mut client));
        let pause = schedule.next_pause();
        assert!(
            begun + pause <= client.reconnect_at && client.reconnect_at <= Instant::now() + pause,
            "attempt {attempt}: {why}"
        );
        // Skips the pause to keep the test fast.
        (client.reconnect_at, client.lost_reason) = (Instant::now(), None);
    }
    let serve = async {
        let (mut socket, _) = service.accept_client().await;
        socket.send(board_message("e", 1, 0.5)).await.expect("a client");
    };
    tokio::join!(serve, follow_until_value(&mut client, 0.5));
    follow_until_lost(&mut client).await;
    assert!(client.reconnect_at <= Instant::now() + PAUSE_MIN);
}
