//! Thousands of low-overhead live clients. They read frames, parse the time of the board and count.

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

/// Subscription of each client. About 4 KB of it change with every call.
const SUBSCRIPTION_REQUEST: &str = r#"{"subscribe":{"windows":["30m","1h"],"by":[]}}"#;
/// Maximum number of concurrent connection attempts.
const CONNECTING_MAX: usize = 64;
/// Number of bytes at the beginning of a frame that contain its time.
const FRAME_HEAD_BYTES: usize = 200;

/// Totals of all clients during the measurement.
#[derive(Clone, Default)]
pub(crate) struct FrameStatistics {
    pub(crate) frames: u64,
    bytes: u64,
    /// Time from the board to the end of the read by a client, for each frame.
    pub(crate) delays: Vec<Duration>,
}

impl FrameStatistics {
    /// Average size of a frame in bytes.
    pub(crate) fn frame_bytes(&self) -> usize {
        (self.bytes / self.frames.max(1)) as usize
    }
}

#[derive(Default)]
struct SharedMeasurement {
    measuring: AtomicBool,
    statistics: Mutex<FrameStatistics>,
}

/// Connected clients with their own runtime thread.
pub(crate) struct LiveClients {
    runtime: Runtime,
    shared: Arc<SharedMeasurement>,
}

impl LiveClients {
    /// Connects `clients` normal clients, `stuck` that never read, and `stuck` slow readers.
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

    /// Starts the measurement.
    pub(crate) fn begin_measurement(&self) {
        self.shared.measuring.store(true, Ordering::Relaxed);
    }

    /// Ends the measurement, disconnects all clients and returns the totals.
    pub(crate) fn end_measurement(self) -> FrameStatistics {
        self.shared.measuring.store(false, Ordering::Relaxed);
        let statistics = std::mem::take(&mut *self.shared.statistics.lock().unwrap());
        self.runtime.shutdown_background();
        assert!(statistics.frames > 0, "no client saw a frame");
        statistics
    }
}

/// Opens a WebSocket and subscribes. `small` limits the receive buffer.
async fn open_websocket(address: SocketAddr, small: bool) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    if small {
        // With the default buffer the system would accept minutes of frames for a stuck client.
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
    // Clients must mask their messages. The mask 0 leaves the text unchanged.
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
        // The service drops clients that answer no ping. The pong is masked with 0.
        if is_ping && stream.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await.is_err() {
            return;
        }
        let (mut left, mut read) = (length, 0);
        let mut head = [0; FRAME_HEAD_BYTES];
        while left > 0 {
            let limit = left.min(buffer.len());
            let Ok(count @ 1..) = stream.read(&mut buffer[..limit]).await else { return };
            if read < FRAME_HEAD_BYTES {
                let part = count.min(FRAME_HEAD_BYTES - read);
                head[read..read + part].copy_from_slice(&buffer[..part]);
            }
            (left, read) = (left - count, read + count);
        }
        if length > 0 && shared.measuring.load(Ordering::Relaxed) {
            let delay = WallClock::Wall.now().millis_since(frame_time(&head));
            let mut statistics = shared.statistics.lock().unwrap();
            statistics.frames += 1;
            statistics.bytes += length as u64;
            statistics.delays.push(Duration::from_millis(delay.max(0) as u64));
        }
    }
}

/// Reads a frame header. Returns true for a ping, and the length of the payload.
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

/// Returns the time of the board of a frame.
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

/// Sends the events of one call every second until the returned guard is dropped.
pub(crate) fn start_feed(address: SocketAddr) -> impl Drop {
    struct CallFeed(Arc<AtomicBool>);
    impl Drop for CallFeed {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    std::thread::spawn(move || {
        let mut stream = Blocking::connect(address).unwrap();
        let mut call = 0;
        while !stopped.load(Ordering::Relaxed) {
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

/// Sends events and waits for the response.
pub(crate) fn post_events(stream: &mut Blocking, lines: &str) {
    let head = "POST /v1/events HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-ndjson\r\n";
    let request = format!("{head}Content-Length: {}\r\n\r\n{lines}", lines.len());
    // The service stops before the feed at the end, so a failed write is no error.
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
