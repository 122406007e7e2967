//! Leak test for clients of the live board. It runs the real program, because metrics and open
//! files are counted per process.

use crate::client::send_request;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Number of rounds. Every round connects one client of each kind.
const ROUNDS: usize = 40;
/// Time limit for a single operation.
const TEST_TIMEOUT: Duration = Duration::from_secs(60);

struct FirstlineProcess {
    child: Child,
    address: SocketAddr,
}

impl FirstlineProcess {
    fn start(folder: &std::path::Path) -> FirstlineProcess {
        let config = folder.join("config.toml");
        let text = format!(
            "listen = '127.0.0.1:0'\ndata = '{}'\npublish_every = '100ms'\n",
            folder.join("data").display()
        );
        std::fs::write(&config, text).expect("the configuration is writable");
        let mut command = Command::new(env!("CARGO_BIN_EXE_firstline"));
        let mut child = command
            .args(["serve", "--config"])
            .arg(config)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped"))
            .lines()
            .map_while(Result::ok);
        let banner = lines.find_map(|line| {
            line.trim().strip_prefix("wallboard").map(|address| address.trim().to_owned())
        });
        std::thread::spawn(move || lines.for_each(drop));
        let address = banner
            .as_deref()
            .and_then(|url| url.strip_prefix("http://")?.trim_end_matches('/').parse().ok());
        FirstlineProcess { child, address: address.expect("the banner has the address") }
    }

    /// Returns the value of the first series whose line begins with `name`.
    async fn metric_value(&self, name: &str) -> f64 {
        let metrics = send_request(self.address, "GET", "/metrics", &[], b"").await.body;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("no `{name}`"))
    }

    /// Number of open file descriptors, or none on systems without `/proc`.
    fn open_file_count(&self) -> Option<usize> {
        Some(std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).ok()?.count())
    }

    /// Waits until no live client is connected and at most `files` descriptors are open.
    async fn wait_until_disconnected(&self, files: usize) {
        let disconnected = async {
            while self.metric_value("firstline_live_clients ").await > 0.0
                || self.open_file_count().is_some_and(|open| open > files)
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let result = tokio::time::timeout(TEST_TIMEOUT, disconnected).await;
        assert!(
            result.is_ok(),
            "{} clients and {:?} files, {files} before",
            self.metric_value("firstline_live_clients ").await,
            self.open_file_count()
        );
    }
}

impl Drop for FirstlineProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

type LiveSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect_socket(address: SocketAddr, query: &str, hello: &str) -> LiveSocket {
    let (mut socket, _) = connect_async(format!("ws://{address}/v1/live{query}"))
        .await
        .expect("the server accepts the connection");
    socket.send(Message::text(hello)).await.expect("the socket is open");
    socket.next().await.expect("a frame arrives").expect("a frame arrives");
    socket
}

/// Connects with a ticket and completes the closing handshake.
async fn client_that_closes(address: SocketAddr) {
    let ticket = send_request(address, "POST", "/v1/ticket", &[], b"").await.json()["ticket"]
        .as_str()
        .expect("the response has a ticket")
        .to_owned();
    let mut socket = connect_socket(address, &format!("?ticket={ticket}"), "{}").await;
    socket.close(None).await.expect("the socket is open");
    while let Some(Ok(_)) = socket.next().await {}
}

/// Changes its subscription, then disconnects without a closing handshake.
async fn client_that_drops(address: SocketAddr) {
    let mut socket =
        connect_socket(address, "", r#"{"subscribe":{"indicators":["answer_rate"]}}"#).await;
    socket.send(Message::text("{}")).await.expect("the socket is open");
    socket.next().await.expect("a frame arrives").expect("a frame arrives");
}

/// Disconnects before it has sent a subscription.
async fn client_without_subscription(address: SocketAddr) {
    drop(
        connect_async(format!("ws://{address}/v1/live"))
            .await
            .expect("the server accepts the connection"),
    );
}

/// Sends an invalid subscription and reads until the service closes the connection.
async fn client_with_invalid_subscription(address: SocketAddr) {
    let hello = json!({ "subscribe": { "indicators": ["nothing"] } }).to_string();
    let mut socket = connect_socket(address, "", &hello).await;
    while let Some(Ok(_)) = socket.next().await {}
}

/// Disconnects in the middle of the request head.
async fn client_with_partial_request(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).await.expect("the server accepts the connection");
    stream
        .write_all(b"GET /v1/live HTTP/1.1\r\nHost: te")
        .await
        .expect("the server reads the request");
}

/// Reads the first event of a stream, then disconnects.
async fn client_of_stream(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).await.expect("the server accepts the connection");
    stream
        .write_all(b"GET /v1/stream HTTP/1.1\r\nHost: test\r\n\r\n")
        .await
        .expect("the server reads the request");
    let mut received = Vec::new();
    while !received.windows(6).any(|window| window == b"data: ") {
        assert!(
            stream.read_buf(&mut received).await.expect("the service is running") > 0,
            "{}",
            String::from_utf8_lossy(&received)
        );
    }
}

#[tokio::test]
async fn disconnected_clients_leak_no_connections_or_files() {
    let folder = tempfile::tempdir().expect("the temporary directory is created");
    let program = FirstlineProcess::start(folder.path());
    let address = program.address;
    while send_request(address, "GET", "/readyz", &[], b"").await.status != 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let round = async || {
        let all = async {
            tokio::join!(
                client_that_closes(address),
                client_that_drops(address),
                client_without_subscription(address),
                client_with_invalid_subscription(address),
                client_with_partial_request(address),
                client_of_stream(address)
            )
        };
        tokio::time::timeout(TEST_TIMEOUT, all).await.expect("all clients end in time");
    };
    // Descriptors that are opened on first use stay open after the first round.
    round().await;
    program.wait_until_disconnected(usize::MAX).await;
    let before = program.open_file_count().unwrap_or(usize::MAX);
    for _ in 0..ROUNDS {
        round().await;
    }
    program.wait_until_disconnected(before).await;
    // A client that stays connected must be counted.
    let staying = connect_socket(address, "", "{}").await;
    assert!(
        program.metric_value("firstline_live_clients ").await == 1.0,
        "one client is connected"
    );
    drop(staying);
    program.wait_until_disconnected(before).await;
}
