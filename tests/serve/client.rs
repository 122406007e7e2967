//! A service to test, and clients for it: HTTP/1.1 in its plainest form, and WebSocket.

use firstline::app::Stopped;
use firstline::config::Settings;
use firstline::domain::time::Timestamp;
use firstline::engine::clock::Clock;
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
const LONG: Duration = Duration::from_secs(300);

/// A running service.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    run: JoinHandle<anyhow::Result<Stopped>>,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Usual settings, but boards come ten times as often, and nothing is kept.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::built_in().expect("a good standard");
    settings.publish_every = Duration::from_millis(100);
    settings.journal = None;
    settings
}

impl Server {
    /// A service whose board is whole.
    pub(crate) async fn start(settings: Settings) -> Server {
        let has_journal = settings.journal.is_some();
        let server = Server::begin(settings).await;
        if has_journal {
            server.ready().await;
        }
        server
    }

    /// A service that has just begun.
    pub(crate) async fn begin(settings: Settings) -> Server {
        Server::begin_at(settings, ([127, 0, 0, 1], 0).into()).await
    }

    /// The same where one has been before.
    pub(crate) async fn begin_at(settings: Settings, address: SocketAddr) -> Server {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let run = tokio::spawn(firstline::app::run(settings, listener, async {
            let _ = stopped.await;
        }));
        Server { address, stop: Some(stop), run }
    }

    /// Waits until the board is whole.
    pub(crate) async fn ready(&self) {
        let ready = async {
            while !self.run.is_finished() && self.get("/readyz").await.status != 200 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LONG, ready).await.expect("a service that is ready in time");
    }

    /// Begins to stop.
    pub(crate) fn stop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
    }

    /// Waits for the end.
    pub(crate) async fn ended(self) {
        let stopped = tokio::time::timeout(LONG, self.run).await.expect("an end").expect("no panic").expect("no error");
        assert_eq!(stopped, Stopped::InOrder);
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.request("GET", path, &[], b"").await
    }

    pub(crate) async fn post(&self, content_type: &str, body: impl AsRef<[u8]>) -> Reply {
        self.request("POST", "/v1/events", &[("Content-Type", content_type)], body.as_ref()).await
    }

    pub(crate) async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        request(self.address, method, path, headers, body).await
    }

    /// Opens the live board and says `hello`.
    pub(crate) async fn live(&self, hello: &Value) -> Wall {
        self.live_with("", &[], hello).await.unwrap_or_else(|status| panic!("status {status}"))
    }

    /// The same with a query and headers; else the status of the refusal.
    pub(crate) async fn live_with(&self, query: &str, headers: &[(&'static str, &str)], hello: &Value) -> Result<Wall, u16> {
        let mut request = format!("ws://{}/v1/live{query}", self.address).into_client_request().expect("an address");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((mut socket, _)) => {
                socket.send(Message::text(hello.to_string())).await.expect("an open socket");
                Ok(Wall { socket })
            }
            Err(tungstenite::Error::Http(reply)) => Err(reply.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Asks a service for something.
pub(crate) async fn request(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
    stream.write_all(format!("{head}\r\n").as_bytes()).await.expect("a listener");
    // A server that has heard enough answers early and reads no further.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    tokio::time::timeout(LONG, async { while !is_over(&answer) && stream.read_buf(&mut answer).await.is_ok_and(|read| read > 0) {} })
        .await
        .expect("an answer");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).expect("a status");
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let headers: BTreeMap<String, String> = headers;
    let mut body = String::new();
    let read = match headers.get("content-encoding").map(String::as_str) {
        Some("gzip") => flate2::read::GzDecoder::new(&answer[end + 4..]).read_to_string(&mut body),
        _ => Read::read_to_string(&mut &answer[end + 4..], &mut body),
    };
    read.expect("text");
    Reply { status, headers, body }
}

/// Whether an answer that does not end by itself, a stream of events, has told its first.
fn is_over(answer: &[u8]) -> bool {
    let answer = String::from_utf8_lossy(answer);
    let is_stream = answer.split("\r\n\r\n").next().is_some_and(|head| head.contains("text/event-stream"));
    is_stream && answer.split_once("\ndata: ").is_some_and(|(_, event)| event.contains("\n\n"))
}

/// A client of the live board as server-sent events.
pub(crate) struct Events {
    stream: TcpStream,
    /// What has come and was not yet read, without the marks of its chunks.
    text: String,
}

/// An event of a stream: the fields that were there.
pub(crate) type Event = BTreeMap<String, String>;

impl Server {
    /// Opens the stream with this query, already escaped, and these headers.
    pub(crate) async fn events(&self, query: &str, headers: &[(&str, &str)]) -> Events {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let mut head = format!("GET /v1/stream{query} HTTP/1.1\r\nHost: test\r\n");
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        stream.write_all(format!("{head}\r\n").as_bytes()).await.expect("a listener");
        let mut answer = String::new();
        while !answer.ends_with("\r\n\r\n") {
            answer.push(char::from(stream.read_u8().await.expect("a head")));
        }
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("transfer-encoding: chunked"), "{answer}");
        Events { stream, text: String::new() }
    }
}

impl Events {
    /// The next event; none at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let fields: Event =
                    event.lines().filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
                self.text = rest.to_owned();
                if fields.contains_key("data") {
                    return Some(fields);
                }
            }
            let chunk = tokio::time::timeout(LONG, self.chunk()).await.expect("an event in time")?;
            self.text += &chunk;
        }
    }

    /// The next frame; the stream must not have ended.
    pub(crate) async fn frame(&mut self) -> (String, Value) {
        let event = self.next().await.expect("an event");
        (event["id"].clone(), serde_json::from_str(&event["data"]).expect("JSON"))
    }

    async fn chunk(&mut self) -> Option<String> {
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
pub(crate) struct Wall {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Wall {
    /// The next frame, or the close frame that came instead.
    pub(crate) async fn next(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            match tokio::time::timeout(LONG, self.socket.next()).await.expect("a frame in time") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(reason))) => return Err(reason),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    pub(crate) async fn frame(&mut self) -> Value {
        self.next().await.expect("a frame")
    }

    /// The next frame of this type, and those that came before it.
    pub(crate) async fn until(&mut self, kind: &str) -> (Value, Vec<Value>) {
        let mut before = Vec::new();
        for _ in 0..300 {
            let frame = self.frame().await;
            if frame["type"] == kind {
                return (frame, before);
            }
            before.push(frame);
        }
        panic!("no {kind} in 300 frames");
    }

    /// The first frame with a reading that fits, and the reading.
    pub(crate) async fn reading(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..300 {
            let frame = self.frame().await;
            if let Some(reading) = frame["readings"].as_array().into_iter().flatten().find(|reading| fits(reading)) {
                return reading.clone();
            }
        }
        panic!("no such reading in 300 frames");
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text.to_owned())).await.expect("an open socket");
    }
}

/// An event so many seconds from now.
pub(crate) fn event(id: &str, kind: &str, subject: &str, seconds: i64, data: &Value) -> Value {
    event_at(Clock::Wall.now(), id, kind, subject, seconds, data)
}

fn event_at(now: Timestamp, id: &str, kind: &str, subject: &str, seconds: i64, data: &Value) -> Value {
    let time = now.plus(seconds * 1_000).to_string();
    serde_json::json!({ "specversion": "1.0", "id": id, "source": "/test", "type": kind, "time": time, "subject": subject, "data": data })
}

/// A call that waited seven seconds and was answered.
pub(crate) fn answered(call: &str, center: &str) -> Vec<Value> {
    let data = serde_json::json!({ "center": center, "queue": "sales", "customer": "13900001111" });
    // Asked for the time once: a millisecond between two events would be one of waiting.
    let now = Clock::Wall.now();
    let told = [("call.offered", -30), ("call.answered", -23), ("call.ended", -5)];
    let events = (1..).zip(told).map(|(number, (kind, seconds))| event_at(now, &format!("{call}-{number}"), kind, call, seconds, &data));
    events.collect()
}
