//! Test server with clients for HTTP/1.1, WebSocket and server-sent events.

use firstline::app::StopOutcome;
use firstline::clock::WallClock;
use firstline::config::ServiceSettings;
use firstline::domain::standard::Standard;
use firstline::domain::time::time_zones::TimeZones;
use firstline::domain::time::timestamp::Timestamp;
use futures_util::{SinkExt, StreamExt};
use jiff::tz::TimeZone;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Time limit for a single operation, generous enough for a loaded machine.
const TEST_TIMEOUT: Duration = Duration::from_secs(300);

/// A service that runs in the process of the test.
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

/// Default settings with a board every 100 ms and without a journal.
pub(crate) fn test_settings() -> ServiceSettings {
    let mut settings = ServiceSettings::with_built_in_standard().expect("the standard is valid");
    settings.publish_every = Duration::from_millis(100);
    settings.journal = None;
    settings
}

/// Returns settings in a time zone where it is between 13 and 14 o'clock, and the seconds since noon
/// there.
pub(crate) fn settings_after_noon() -> (ServiceSettings, i64) {
    let now = WallClock::Wall.now().0.div_euclid(1_000);
    let ahead = 13 - now.div_euclid(3_600).rem_euclid(24);
    // The sign in these names is inverted.
    let zone = TimeZone::get(&format!("Etc/GMT{:+}", -ahead)).expect("a bundled time zone");
    let mut settings = test_settings();
    let standard = Standard::clone(&settings.standard);
    settings.standard = Arc::new(Standard { zones: TimeZones::new(zone), ..standard });
    (settings, (now + ahead * 3_600).rem_euclid(24 * 3_600) - 12 * 3_600)
}

impl TestServer {
    /// Starts a service. If it has a journal, waits until recovery is complete.
    pub(crate) async fn start(settings: ServiceSettings) -> TestServer {
        let has_journal = settings.journal.is_some();
        let server = TestServer::start_without_waiting(settings).await;
        if has_journal {
            server.wait_until_ready().await;
        }
        server
    }

    /// Starts a service without waiting for its recovery.
    pub(crate) async fn start_without_waiting(settings: ServiceSettings) -> TestServer {
        TestServer::start_at(settings, ([127, 0, 0, 1], 0).into()).await
    }

    /// Starts a service at this address without waiting for its recovery.
    pub(crate) async fn start_at(settings: ServiceSettings, address: SocketAddr) -> TestServer {
        let listener = TcpListener::bind(address).await.expect("a port is free");
        let address = listener.local_addr().expect("the address is valid");
        let (stop, stopped) = oneshot::channel();
        let run = tokio::spawn(firstline::app::run_service(settings, listener, async {
            let _ = stopped.await;
        }));
        TestServer { address, stop: Some(stop), run }
    }

    /// Waits until `/readyz` returns 200. Returns early if the service has stopped.
    pub(crate) async fn wait_until_ready(&self) {
        let ready = async {
            while !self.run.is_finished() && self.get("/readyz").await.status != 200 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(TEST_TIMEOUT, ready).await.expect("the service is ready in time");
    }

    /// Requests a graceful shutdown without waiting for it.
    pub(crate) fn begin_shutdown(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
    }

    /// Waits until the service has stopped.
    ///
    /// # Panics
    ///
    /// If the shutdown was not graceful.
    pub(crate) async fn wait_until_stopped(self) {
        let stopped = tokio::time::timeout(TEST_TIMEOUT, self.run)
            .await
            .expect("the service stops in time")
            .expect("the service does not panic")
            .expect("the service stops without an error");
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

    /// Connects to the live board and sends `hello` as the first message.
    pub(crate) async fn connect_live(&self, hello: &Value) -> LiveClient {
        self.connect_live_with("", &[], hello)
            .await
            .unwrap_or_else(|status| panic!("status {status}"))
    }

    /// Connects to the live board with a query string and headers.
    ///
    /// # Errors
    ///
    /// The HTTP status if the service refuses the upgrade.
    pub(crate) async fn connect_live_with(
        &self,
        query: &str,
        headers: &[(&'static str, &str)],
        hello: &Value,
    ) -> Result<LiveClient, u16> {
        let mut request = format!("ws://{}/v1/live{query}", self.address)
            .into_client_request()
            .expect("the address is valid");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("the header value is valid"));
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((mut socket, _)) => {
                socket.send(Message::text(hello.to_string())).await.expect("the socket is open");
                Ok(LiveClient { socket })
            }
            Err(tungstenite::Error::Http(reply)) => Err(reply.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Sends one request and reads the response. An event stream is read up to its first event.
pub(crate) async fn send_request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> HttpReply {
    let mut stream = TcpStream::connect(address).await.expect("the server accepts the connection");
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
    stream.write_all(format!("{head}\r\n").as_bytes()).await.expect("the server reads the request");
    // The server may respond and close before it has read the whole body.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    tokio::time::timeout(TEST_TIMEOUT, async {
        while !has_first_stream_event(&answer)
            && stream.read_buf(&mut answer).await.is_ok_and(|read| read > 0)
        {}
    })
    .await
    .expect("the server answers in time");
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("the response has a head");
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok())
        .expect("the response has a status code");
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
    read.expect("the body is valid UTF-8");
    HttpReply { status, headers, body }
}

/// Returns true if the response is an event stream with at least one complete event.
fn has_first_stream_event(answer: &[u8]) -> bool {
    let answer = String::from_utf8_lossy(answer);
    let is_stream =
        answer.split("\r\n\r\n").next().is_some_and(|head| head.contains("text/event-stream"));
    is_stream && answer.split_once("\ndata: ").is_some_and(|(_, event)| event.contains("\n\n"))
}

/// Client of the live board over server-sent events.
pub(crate) struct EventStream {
    stream: TcpStream,
    /// Received text that is not parsed yet, without the chunk headers.
    buffered_text: String,
}

/// Fields of a server-sent event by name.
pub(crate) type StreamEvent = BTreeMap<String, String>;

impl TestServer {
    /// Opens the stream with a percent-encoded query string and headers.
    pub(crate) async fn open_stream(&self, query: &str, headers: &[(&str, &str)]) -> EventStream {
        let mut stream =
            TcpStream::connect(self.address).await.expect("the server accepts the connection");
        let mut head = format!("GET /v1/stream{query} HTTP/1.1\r\nHost: test\r\n");
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        stream
            .write_all(format!("{head}\r\n").as_bytes())
            .await
            .expect("the server reads the request");
        let mut answer = String::new();
        while !answer.ends_with("\r\n\r\n") {
            answer.push(char::from(stream.read_u8().await.expect("the response has a head")));
        }
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains("transfer-encoding: chunked"),
            "{answer}"
        );
        EventStream { stream, buffered_text: String::new() }
    }
}

impl EventStream {
    /// Returns the next event, or none at the end of the stream.
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
                .expect("an event arrives in time")?;
            self.buffered_text += &chunk;
        }
    }

    /// Returns the id and the frame of the next event.
    ///
    /// # Panics
    ///
    /// If the stream has ended.
    pub(crate) async fn expect_frame(&mut self) -> (String, Value) {
        let event = self.next_event().await.expect("an event arrives");
        (event["id"].clone(), serde_json::from_str(&event["data"]).expect("the text is valid JSON"))
    }

    async fn read_chunk(&mut self) -> Option<String> {
        let mut length = String::new();
        while !length.ends_with("\r\n") {
            length.push(char::from(self.stream.read_u8().await.ok()?));
        }
        let length =
            usize::from_str_radix(length.trim(), 16).expect("the chunk has a hexadecimal length");
        let mut chunk = vec![0; length + 2];
        self.stream.read_exact(&mut chunk).await.ok()?;
        chunk.truncate(length);
        (length > 0).then(|| String::from_utf8(chunk).expect("the body is valid UTF-8"))
    }
}

/// Client of the live board over WebSocket.
pub(crate) struct LiveClient {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl LiveClient {
    /// Returns the next frame.
    ///
    /// # Errors
    ///
    /// The close frame, if any, once the connection is closed.
    pub(crate) async fn next_frame(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            match tokio::time::timeout(TEST_TIMEOUT, self.socket.next())
                .await
                .expect("a frame arrives in time")
            {
                Some(Ok(Message::Text(text))) => {
                    return Ok(serde_json::from_str(&text).expect("the text is valid JSON"));
                }
                Some(Ok(Message::Close(reason))) => return Err(reason),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    pub(crate) async fn expect_frame(&mut self) -> Value {
        self.next_frame().await.expect("a frame arrives")
    }

    /// Returns the next frame of this type and the frames before it.
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

    /// Returns the first reading for which `fits` is true, within 300 frames.
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
        self.socket.send(Message::text(text.to_owned())).await.expect("the socket is open");
    }
}

/// Returns a CloudEvent whose time is `seconds` from now.
pub(crate) fn event_json(id: &str, kind: &str, subject: &str, seconds: i64, data: &Value) -> Value {
    event_json_at(WallClock::Wall.now(), id, kind, subject, seconds, data)
}

pub(crate) fn event_json_at(
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

/// Returns the events of a call that is answered after 7 s.
pub(crate) fn answered_call(call: &str, center: &str) -> Vec<Value> {
    let data = serde_json::json!({ "center": center, "queue": "sales", "customer": "13900001111" });
    // A second read of the clock could lengthen the wait by a millisecond.
    let now = WallClock::Wall.now();
    let steps = [("call.offered", -30), ("call.answered", -23), ("call.ended", -5)];
    let events = (1..).zip(steps).map(|(number, (kind, seconds))| {
        event_json_at(now, &format!("{call}-{number}"), kind, call, seconds, &data)
    });
    events.collect()
}
