//! A service to test, and clients for it: HTTP/1.1 in its plainest form, and WebSocket.

use firstline::app::StopOutcome;
use firstline::clock::WallClock;
use firstline::config::ServiceSettings;
use firstline::domain::time::timestamp::Timestamp;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// How long anything may take before the test has failed, on a machine however busy.
const TEST_TIMEOUT: Duration = Duration::from_secs(300);

/// A running service.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    run: JoinHandle<anyhow::Result<StopOutcome>>,
}

pub(crate) struct HttpReply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl HttpReply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Usual settings, but boards come ten times as often, and nothing is kept.
pub(crate) fn test_settings() -> ServiceSettings {
    let mut settings = ServiceSettings::with_built_in_standard().expect("a good standard");
    settings.publish_every = Duration::from_millis(100);
    settings.journal = None;
    settings
}

impl TestServer {
    /// A service whose board is whole.
    pub(crate) async fn start(settings: ServiceSettings) -> TestServer {
        let has_journal = settings.journal.is_some();
        let server = TestServer::start_without_waiting(settings).await;
        if has_journal {
            server.wait_until_ready().await;
        }
        server
    }

    /// A service that has just begun.
    pub(crate) async fn start_without_waiting(settings: ServiceSettings) -> TestServer {
        TestServer::start_at(settings, ([127, 0, 0, 1], 0).into()).await
    }

    /// The same where one has been before.
    pub(crate) async fn start_at(settings: ServiceSettings, address: SocketAddr) -> TestServer {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let run = tokio::spawn(firstline::app::run_service(settings, listener, async {
            let _ = stopped.await;
        }));
        TestServer { address, stop: Some(stop), run }
    }

    /// Waits until the board is whole.
    pub(crate) async fn wait_until_ready(&self) {
        let ready = async {
            while !self.run.is_finished() && self.get("/readyz").await.status != 200 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(TEST_TIMEOUT, ready).await.expect("a service that is ready in time");
    }

    /// Begins to stop.
    pub(crate) fn begin_shutdown(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
    }

    /// Waits for the end.
    pub(crate) async fn wait_until_stopped(self) {
        let stopped = tokio::time::timeout(TEST_TIMEOUT, self.run)
            .await
            .expect("an end")
            .expect("no panic")
            .expect("no error");
        assert_eq!(stopped, StopOutcome::Graceful);
    }

    pub(crate) async fn get(&self, path: &str) -> HttpReply {
        self.request("GET", path, &[], b"").await
    }

    pub(crate) async fn post(&self, content_type: &str, body: impl AsRef<[u8]>) -> HttpReply {
        self.request("POST", "/v1/events", &[("Content-Type", content_type)], body.as_ref()).await
    }

    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> HttpReply {
        send_request(self.address, method, path, headers, body).await
    }

    /// Opens the live board and says `hello`.
    pub(crate) async fn connect_live(&self, hello: &Value) -> LiveClient {
        self.connect_live_with("", &[], hello)
            .await
            .unwrap_or_else(|status| panic!("status {status}"))
    }

    /// The same with a query and headers; else the status of the refusal.
    pub(crate) async fn connect_live_with(
        &self,
        query: &str,
        headers: &[(&'static str, &str)],
        hello: &Value,
    ) -> Result<LiveClient, u16> {
        let mut request = format!("ws://{}/v1/live{query}", self.address)
            .into_client_request()
            .expect("an address");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((mut socket, _)) => {
                socket.send(Message::text(hello.to_string())).await.expect("an open socket");
                Ok(LiveClient { socket })
            }
            Err(tungstenite::Error::Http(reply)) => Err(reply.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Asks a service for something.
pub(crate) async fn send_request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> HttpReply {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
    stream.write_all(format!("{head}\r\n").as_bytes()).await.expect("a listener");
    // A server that has heard enough answers early and reads no further.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    tokio::time::timeout(TEST_TIMEOUT, async {
        while !has_first_stream_event(&answer)
            && stream.read_buf(&mut answer).await.is_ok_and(|read| read > 0)
        {}
    })
    .await
    .expect("an answer");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok())
        .expect("a status");
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let headers: BTreeMap<String, String> = headers;
    let mut body = String::new();
    let read = match headers.get("content-encoding").map(String::as_str) {
        Some("gzip") => flate2::read::GzDecoder::new(&answer[end + 4..]).read_to_string(&mut body),
        _ => Read::read_to_string(&mut &answer[end + 4..], &mut body),
    };
    read.expect("text");
    HttpReply { status, headers, body }
}

/// Whether an answer that does not end by itself, a stream of events, has told its first.
fn has_first_stream_event(answer: &[u8]) -> bool {
    let answer = String::from_utf8_lossy(answer);
    let is_stream =
        answer.split("\r\n\r\n").next().is_some_and(|head| head.contains("text/event-stream"));
    is_stream && answer.split_once("\ndata: ").is_some_and(|(_, event)| event.contains("\n\n"))
}

/// A client of the live board as server-sent events.
pub(crate) struct EventStream {
    stream: TcpStream,
    /// What has come and was not yet read, without the marks of its chunks.
    buffered_text: String,
}

/// An event of a stream: the fields that were there.
pub(crate) type StreamEvent = BTreeMap<String, String>;

impl TestServer {
    /// Opens the stream with this query, already escaped, and these headers.
    pub(crate) async fn open_stream(&self, query: &str, headers: &[(&str, &str)]) -> EventStream {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let mut head = format!("GET /v1/stream{query} HTTP/1.1\r\nHost: test\r\n");
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        stream.write_all(format!("{head}\r\n").as_bytes()).await.expect("a listener");
        let mut answer = String::new();
        while !answer.ends_with("\r\n\r\n") {
            answer.push(char::from(stream.read_u8().await.expect("a head")));
        }
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains("transfer-encoding: chunked"),
            "{answer}"
        );
        EventStream { stream, buffered_text: String::new() }
    }
}

impl EventStream {
    /// The next event; none at the end of the stream.
    pub(crate) async fn next_event(&mut self) -> Option<StreamEvent> {
        loop {
            while let Some((event, rest)) = self.buffered_text.split_once("\n\n") {
                let fields: StreamEvent = event
                    .lines()
                    .filter_map(|line| line.split_once(": "))
                    .map(|(k, v)| (k.to_owned(), v.to_owned()))
                    .collect();
                self.buffered_text = rest.to_owned();
                if fields.contains_key("data") {
                    return Some(fields);
                }
            }
            let chunk = tokio::time::timeout(TEST_TIMEOUT, self.read_chunk())
                .await
                .expect("an event in time")?;
            self.buffered_text += &chunk;
        }
    }

    /// The next frame; the stream must not have ended.
    pub(crate) async fn expect_frame(&mut self) -> (String, Value) {
        let event = self.next_event().await.expect("an event");
        (event["id"].clone(), serde_json::from_str(&event["data"]).expect("JSON"))
    }

    async fn read_chunk(&mut self) -> Option<String> {
        let mut length = String::new();
        while !length.ends_with("\r\n") {
            length.push(char::from(self.stream.read_u8().await.ok()?));
        }
        let length = usize::from_str_radix(length.trim(), 16).expect("a length");
        let mut chunk = vec![0; length + 2];
        self.stream.read_exact(&mut chunk).await.ok()?;
        chunk.truncate(length);
        (length > 0).then(|| String::from_utf8(chunk).expect("text"))
    }
}

/// A client of the live board.
pub(crate) struct LiveClient {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl LiveClient {
    /// The next frame, or the close frame that came instead.
    pub(crate) async fn next_frame(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            match tokio::time::timeout(TEST_TIMEOUT, self.socket.next())
                .await
                .expect("a frame in time")
            {
                Some(Ok(Message::Text(text))) => {
                    return Ok(serde_json::from_str(&text).expect("JSON"));
                }
                Some(Ok(Message::Close(reason))) => return Err(reason),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    pub(crate) async fn expect_frame(&mut self) -> Value {
        self.next_frame().await.expect("a frame")
    }

    /// The next frame of this type, and those that came before it.
    pub(crate) async fn wait_for_type(&mut self, kind: &str) -> (Value, Vec<Value>) {
        let mut before = Vec::new();
        for _ in 0..300 {
            let frame = self.expect_frame().await;
            if frame["type"] == kind {
                return (frame, before);
            }
            before.push(frame);
        }
        panic!("no {kind} in 300 frames");
    }

    /// The first frame with a reading that fits, and the reading.
    pub(crate) async fn wait_for_reading(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..300 {
            let frame = self.expect_frame().await;
            if let Some(reading) =
                frame["readings"].as_array().into_iter().flatten().find(|reading| fits(reading))
            {
                return reading.clone();
            }
        }
        panic!("no such reading in 300 frames");
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text.to_owned())).await.expect("an open socket");
    }
}

/// An event so many seconds from now.
pub(crate) fn event_json(id: &str, kind: &str, subject: &str, seconds: i64, data: &Value) -> Value {
    event_json_at(WallClock::Wall.now(), id, kind, subject, seconds, data)
}

fn event_json_at(
    now: Timestamp,
    id: &str,
    kind: &str,
    subject: &str,
    seconds: i64,
    data: &Value,
) -> Value {
    let time = now.plus_millis(seconds * 1_000).to_string();
    serde_json::json!({ "specversion": "1.0", "id": id, "source": "/test", "type": kind, "time": time, "subject": subject, "data": data })
}

/// A call that waited seven seconds and was answered.
pub(crate) fn answered_call(call: &str, center: &str) -> Vec<Value> {
    let data = serde_json::json!({ "center": center, "queue": "sales", "customer": "13900001111" });
    // Asked for the time once: a millisecond between two events would be one of waiting.
    let now = WallClock::Wall.now();
    let told = [("call.offered", -30), ("call.answered", -23), ("call.ended", -5)];
    let events = (1..).zip(told).map(|(number, (kind, seconds))| {
        event_json_at(now, &format!("{call}-{number}"), kind, call, seconds, &data)
    });
    events.collect()
}
