//! Breaks of all kinds, with a service that says what the test wants.

use crate::watch::address::Address;
use crate::watch::board::Scope;
use crate::watch::follower::Follower;
use crate::watch::retry::{LEAST, Retry};
use crate::watch::view::Choice;
use crate::watch::wire::Client;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// How long anything may take before the test has failed.
const LONG: Duration = Duration::from_secs(60);

/// A service, as far as a follower knows it.
struct Service(TcpListener);

impl Service {
    async fn start() -> (Service, Follower) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = Address::parse(&listener.local_addr().expect("an address").to_string()).expect("an address");
        let client = Client::new(address, None, None).expect("a client");
        (Service(listener), Follower::new(client, Choice::default(), 1))
    }

    /// Answers a follower who asks for the standard; then what it says on its WebSocket.
    async fn greeted(&self) -> (WebSocketStream<TcpStream>, Value) {
        let standard = json!({
            "name": "s", "title": { "en": "S" }, "windows": ["30m"],
            "indicators": [{ "name": "a", "title": { "en": "A" }, "kind": "ratio", "unit": "ratio", "target": 0.8, "better": "higher" }],
        });
        let standard = standard.to_string();
        let (mut asked, _) = self.0.accept().await.expect("a follower");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(asked.read_u8().await.expect("a request"));
        }
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{standard}", standard.len());
        asked.write_all(answer.as_bytes()).await.expect("a follower");
        let (stream, _) = self.0.accept().await.expect("a follower");
        let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a handshake");
        let hello = socket.next().await.expect("a message").expect("a message");
        (socket, serde_json::from_str(hello.to_text().expect("text")).expect("JSON"))
    }
}

fn reading(value: f64) -> Value {
    json!({ "indicator": "a", "scope": {}, "window": "30m", "value": value, "state": "ok", "level": "met", "target": 0.8 })
}

fn board(epoch: &str, revision: u64, value: f64) -> Message {
    let frame = json!({ "type": "board", "epoch": epoch, "revision": revision, "as_of": null, "readings": [reading(value)] });
    Message::text(frame.to_string())
}

fn delta(from: u64, revision: u64, value: f64) -> Message {
    let frame = json!({ "type": "delta", "epoch": "e", "revision": revision, "as_of": null, "from": from, "readings": [reading(value)],
        "gone": [] });
    Message::text(frame.to_string())
}

/// Follows until it knows this value.
async fn until(follower: &mut Follower, value: f64) {
    let known = |follower: &Follower| follower.board.get("a", &Scope::new(), "30m").and_then(|reading| reading.value);
    timeout(LONG, async {
        while known(follower) != Some(value) {
            follower.next().await;
        }
    })
    .await
    .expect("the value in time");
}

/// Follows until the connection is lost.
async fn lost(follower: &mut Follower) -> String {
    timeout(LONG, async {
        while follower.lost.is_none() {
            follower.next().await;
        }
    })
    .await
    .expect("a loss in time");
    follower.lost.clone().unwrap_or_default()
}

#[tokio::test]
async fn after_a_break_it_goes_on_where_it_stopped() {
    let (service, mut follower) = Service::start().await;
    let serve = async {
        let (mut socket, hello) = service.greeted().await;
        assert_eq!(hello, json!({ "subscribe": { "indicators": ["a"], "windows": ["30m"] } }), "it knows nothing yet");
        socket.send(board("e", 7, 0.5)).await.expect("a follower");
        socket.send(delta(7, 9, 0.6)).await.expect("a follower");
        socket
    };
    let (socket, ()) = tokio::join!(serve, until(&mut follower, 0.6));
    assert_eq!(follower.lost, None);
    drop(socket);
    assert!(lost(&mut follower).await.contains("the connection broke"));
    assert_eq!(follower.board.get("a", &Scope::new(), "30m").and_then(|reading| reading.value), Some(0.6), "the last value stays");

    let serve = async {
        let (mut socket, hello) = service.greeted().await;
        assert_eq!(hello["resume"], json!({ "epoch": "e", "revision": 9 }));
        socket.send(delta(9, 10, 0.7)).await.expect("a follower");
        socket
    };
    let (_socket, ()) = tokio::join!(serve, until(&mut follower, 0.7));
    assert_eq!(follower.lost, None);
}

#[tokio::test]
async fn what_does_not_go_on_is_asked_for_anew_and_whole() {
    let (service, mut follower) = Service::start().await;
    // A hole, and a service that began anew.
    for (first, second) in [(board("e", 1, 0.1), delta(2, 3, 0.2)), (board("e", 4, 0.3), board("f", 1, 0.4))] {
        let serve = async {
            let (mut socket, hello) = service.greeted().await;
            assert_eq!(hello.get("resume"), None, "{hello}");
            socket.send(first).await.expect("a follower");
            socket.send(second).await.expect("a follower");
            // It hangs up by itself.
            while let Some(Ok(_)) = socket.next().await {}
        };
        let follow = async {
            while follower.board.head.is_none() {
                follower.next().await;
            }
            while follower.board.head.is_some() {
                follower.next().await;
            }
        };
        timeout(LONG, async { tokio::join!(serve, follow) }).await.expect("an end in time");
        assert_eq!(follower.lost, None, "it is there, and asked for more");
    }
    let serve = async {
        let (mut socket, hello) = service.greeted().await;
        assert_eq!(hello.get("resume"), None, "{hello}");
        socket.send(board("f", 2, 0.5)).await.expect("a follower");
        socket
    };
    let (_socket, ()) = tokio::join!(serve, until(&mut follower, 0.5));
}

#[tokio::test]
async fn each_attempt_in_vain_makes_the_pause_longer_and_a_frame_makes_it_short() {
    let (service, mut follower) = Service::start().await;
    let mut schedule = Retry::new(1);
    for attempt in 0..8 {
        let begun = Instant::now();
        // Something is there, and hangs up.
        let ((), why) = tokio::join!(async { drop(service.0.accept().await) }, lost(&mut follower));
        let pause = schedule.pause();
        assert!(begun + pause <= follower.again && follower.again <= Instant::now() + pause, "attempt {attempt}: {why}");
        // Nobody waits for that here.
        (follower.again, follower.lost) = (Instant::now(), None);
    }
    let serve = async {
        let (mut socket, _) = service.greeted().await;
        socket.send(board("e", 1, 0.5)).await.expect("a follower");
    };
    tokio::join!(serve, until(&mut follower, 0.5));
    lost(&mut follower).await;
    assert!(follower.again <= Instant::now() + LEAST);
}
