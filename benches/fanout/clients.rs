//! Thousands of clients that cost as little as can be: they read frames, find the time of the board in each, and count.

use firstline::clock::WallClock;
use firstline::domain::time::timestamp::Timestamp;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream as Blocking};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// What they want to see: about four kilobytes of it change with every call.
const SUBSCRIPTION_REQUEST: &str = r#"{"subscribe":{"windows":["30m","1h"],"by":[]}}"#;
/// How many connect at the same time.
const CONNECTING_MAX: usize = 64;
/// A frame's time stands near its beginning.
const FRAME_HEAD_BYTES: usize = 200;

/// What all clients saw while it was measured.
#[derive(Clone, Default)]
pub(crate) struct FrameStatistics {
    pub(crate) frames: u64,
    bytes: u64,
    /// From the board's time until a client had read its frame.
    pub(crate) delays: Vec<Duration>,
}

impl FrameStatistics {
    /// How long a frame was, on the average.
    pub(crate) fn frame_bytes(&self) -> usize {
        (self.bytes / self.frames.max(1)) as usize
    }
}

#[derive(Default)]
struct SharedMeasurement {
    measuring: AtomicBool,
    statistics: Mutex<FrameStatistics>,
}

/// Connected clients, on a thread of their own.
pub(crate) struct LiveClients {
    runtime: Runtime,
    shared: Arc<SharedMeasurement>,
}

impl LiveClients {
    /// Connects so many, and beside them so many that never read and as many that read slowly.
    pub(crate) fn connect(address: SocketAddr, clients: usize, stuck: usize) -> LiveClients {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let shared = Arc::new(SharedMeasurement::default());
        let all = async {
            let mut connecting = JoinSet::new();
            for number in 0..clients + 2 * stuck {
                if connecting.len() >= CONNECTING_MAX {
                    connecting.join_next().await.unwrap().unwrap();
                }
                let shared = shared.clone();
                connecting.spawn(async move {
                    let small = number >= clients;
                    let stream = open_websocket(address, small).await;
                    match number.checked_sub(clients) {
                        None => _ = tokio::spawn(read_frames(stream, shared)),
                        Some(extra) if extra % 2 == 0 => _ = tokio::spawn(never_read(stream)),
                        Some(_) => _ = tokio::spawn(read_slowly(stream)),
                    }
                });
            }
            while connecting.join_next().await.is_some() {}
        };
        runtime.block_on(all);
        LiveClients { runtime, shared }
    }

    /// Begins to measure.
    pub(crate) fn begin_measurement(&self) {
        self.shared.measuring.store(true, Ordering::Relaxed);
    }

    /// What was seen since; then all go.
    pub(crate) fn end_measurement(self) -> FrameStatistics {
        self.shared.measuring.store(false, Ordering::Relaxed);
        let seen = std::mem::take(&mut *self.shared.statistics.lock().unwrap());
        self.runtime.shutdown_background();
        assert!(seen.frames > 0, "no client saw a frame");
        seen
    }
}

/// A WebSocket, and what is wanted said.
async fn open_websocket(address: SocketAddr, small: bool) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    if small {
        // Or the system would take minutes of frames for one that does not read.
        socket.set_recv_buffer_size(4_096).unwrap();
    }
    let mut stream = socket.connect(address).await.unwrap();
    let head = "GET /v1/live HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
    // A masked text; the mask is 0.
    let message = [
        &[0x81, 0x80 | SUBSCRIPTION_REQUEST.len() as u8, 0, 0, 0, 0],
        SUBSCRIPTION_REQUEST.as_bytes(),
    ]
    .concat();
    stream.write_all(&message).await.unwrap();
    stream
}

async fn read_frames(mut stream: TcpStream, shared: Arc<SharedMeasurement>) {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let Ok((is_ping, length)) = read_header(&mut stream).await else { return };
        // Who answers no ping is dropped. The answer is masked; the mask is 0.
        if is_ping && stream.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await.is_err() {
            return;
        }
        let (mut left, mut read) = (length, 0);
        let mut head = [0; FRAME_HEAD_BYTES];
        while left > 0 {
            let most = left.min(buffer.len());
            let Ok(some @ 1..) = stream.read(&mut buffer[..most]).await else { return };
            if read < FRAME_HEAD_BYTES {
                let part = some.min(FRAME_HEAD_BYTES - read);
                head[read..read + part].copy_from_slice(&buffer[..part]);
            }
            (left, read) = (left - some, read + some);
        }
        if length > 0 && shared.measuring.load(Ordering::Relaxed) {
            let delay = WallClock::Wall.now().millis_since(frame_time(&head));
            let mut seen = shared.statistics.lock().unwrap();
            seen.frames += 1;
            seen.bytes += length as u64;
            seen.delays.push(Duration::from_millis(delay.max(0) as u64));
        }
    }
}

/// Whether the next message is a ping, and its length; servers do not mask.
async fn read_header(stream: &mut TcpStream) -> std::io::Result<(bool, usize)> {
    let mut two = [0; 2];
    stream.read_exact(&mut two).await?;
    let length = match two[1] {
        126 => usize::from(stream.read_u16().await?),
        127 => stream.read_u64().await? as usize,
        length => usize::from(length),
    };
    Ok((two[0] == 0x89, length))
}

/// When the board of a frame was made.
fn frame_time(head: &[u8]) -> Timestamp {
    let text = String::from_utf8_lossy(head);
    let (_, rest) = text.split_once("\"as_of\":\"").unwrap();
    Timestamp::parse(rest.split('"').next().unwrap()).unwrap()
}

async fn never_read(stream: TcpStream) {
    std::future::pending::<()>().await;
    drop(stream);
}

async fn read_slowly(mut stream: TcpStream) {
    let mut some = [0; 1_024];
    while stream.read(&mut some).await.is_ok_and(|read| read > 0) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Tells the service of a call every second, until it is dropped.
pub(crate) fn start_feed(address: SocketAddr) -> impl Drop {
    struct CallFeed(Arc<AtomicBool>);
    impl Drop for CallFeed {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    std::thread::spawn(move || {
        let mut stream = Blocking::connect(address).unwrap();
        let mut call = 0;
        while !told.load(Ordering::Relaxed) {
            call += 1;
            post_events(&mut stream, &call_lines(call));
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    CallFeed(stop)
}

fn call_lines(call: usize) -> String {
    let now = WallClock::Wall.now();
    let line = |kind: &str, seconds: i64| {
        let data = json!({ "center": "hefei", "queue": "sales", "customer": format!("{call}"), "agent": "a-1" });
        let time = now.plus_millis(-seconds * 1_000).to_string();
        let event = json!({
            "specversion": "1.0", "id": format!("{call}-{kind}"), "source": "/bench", "type": format!("call.{kind}"), "time": time,
            "subject": format!("call-{call}"), "data": data,
        });
        format!("{event}\n")
    };
    [("offered", 40), ("answered", 30), ("ended", 1)]
        .map(|(kind, seconds)| line(kind, seconds))
        .concat()
}

/// Sends events and waits for the answer.
pub(crate) fn post_events(stream: &mut Blocking, lines: &str) {
    let head = "POST /v1/events HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-ndjson\r\n";
    let request = format!("{head}Content-Length: {}\r\n\r\n{lines}", lines.len());
    // The service goes before this does at the end.
    if stream.write_all(request.as_bytes()).is_ok() {
        let mut answer = [0; 4_096];
        let read = stream.read(&mut answer).unwrap_or(0);
        assert!(
            read == 0 || answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&answer[..read])
        );
    }
}
