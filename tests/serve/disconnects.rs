//! Clients of the live board come and go for months. The program itself, because its figures and its open files are its own.

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

/// How often a client of every kind comes.
const ROUNDS: usize = 40;
/// How long anything may take before the test has failed.
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
        std::fs::write(&config, text).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_firstline"));
        let mut child = command
            .args(["serve", "--config"])
            .arg(config)
            .stderr(Stdio::piped())
            .spawn()
            .expect("a program that starts");
        let mut lines =
            BufReader::new(child.stderr.take().expect("its words")).lines().map_while(Result::ok);
        let greeting = lines.find_map(|line| {
            line.trim().strip_prefix("wallboard").map(|address| address.trim().to_owned())
        });
        std::thread::spawn(move || lines.for_each(drop));
        let address = greeting
            .as_deref()
            .and_then(|url| url.strip_prefix("http://")?.trim_end_matches('/').parse().ok());
        FirstlineProcess { child, address: address.expect("an address in its greeting") }
    }

    /// A figure about the service itself.
    async fn metric_value(&self, name: &str) -> f64 {
        let metrics = send_request(self.address, "GET", "/metrics", &[], b"").await.body;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("no `{name}`"))
    }

    /// How many files, sockets among them, it holds open; none where the system does not tell.
    fn open_file_count(&self) -> Option<usize> {
        Some(std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).ok()?.count())
    }

    /// Waits until nobody is there any more, and no more files are open than so many.
    async fn wait_until_disconnected(&self, files: usize) {
        let left = async {
            while self.metric_value("firstline_live_clients ").await > 0.0
                || self.open_file_count().is_some_and(|open| open > files)
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let told = tokio::time::timeout(TEST_TIMEOUT, left).await;
        assert!(
            told.is_ok(),
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
    let (mut wall, _) =
        connect_async(format!("ws://{address}/v1/live{query}")).await.expect("a place");
    wall.send(Message::text(hello)).await.expect("an open socket");
    wall.next().await.expect("a frame").expect("a frame");
    wall
}

/// One that says goodbye, with a ticket.
async fn client_that_closes(address: SocketAddr) {
    let ticket = send_request(address, "POST", "/v1/ticket", &[], b"").await.json()["ticket"]
        .as_str()
        .expect("a ticket")
        .to_owned();
    let mut wall = connect_socket(address, &format!("?ticket={ticket}"), "{}").await;
    wall.close(None).await.expect("an open socket");
    while let Some(Ok(_)) = wall.next().await {}
}

/// One that is gone from one moment to the next, after it has changed its mind.
async fn client_that_drops(address: SocketAddr) {
    let mut wall =
        connect_socket(address, "", r#"{"subscribe":{"indicators":["answer_rate"]}}"#).await;
    wall.send(Message::text("{}")).await.expect("an open socket");
    wall.next().await.expect("a frame").expect("a frame");
}

/// One that never says what it wants.
async fn client_without_subscription(address: SocketAddr) {
    drop(connect_async(format!("ws://{address}/v1/live")).await.expect("a place"));
}

/// One that asks for what is not there, is told so, and goes.
async fn client_with_invalid_subscription(address: SocketAddr) {
    let hello = json!({ "subscribe": { "indicators": ["nothing"] } }).to_string();
    let mut wall = connect_socket(address, "", &hello).await;
    while let Some(Ok(_)) = wall.next().await {}
}

/// One that goes in the middle of its request.
async fn client_with_partial_request(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(b"GET /v1/live HTTP/1.1\r\nHost: te").await.expect("a listener");
}

/// One that reads a stream for a while.
async fn client_of_stream(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(b"GET /v1/stream HTTP/1.1\r\nHost: test\r\n\r\n").await.expect("a listener");
    let mut heard = Vec::new();
    while !heard.windows(6).any(|six| six == b"data: ") {
        assert!(
            stream.read_buf(&mut heard).await.expect("a service") > 0,
            "{}",
            String::from_utf8_lossy(&heard)
        );
    }
}

#[tokio::test]
async fn disconnected_clients_leak_no_connections_or_files() {
    let folder = tempfile::tempdir().expect("a folder");
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
        tokio::time::timeout(TEST_TIMEOUT, all).await.expect("an end of each");
    };
    // What is made when it is first needed is there from now on.
    round().await;
    program.wait_until_disconnected(usize::MAX).await;
    let before = program.open_file_count().unwrap_or(usize::MAX);
    for _ in 0..ROUNDS {
        round().await;
    }
    program.wait_until_disconnected(before).await;
    // Whoever is still there is seen.
    let staying = connect_socket(address, "", "{}").await;
    assert!(program.metric_value("firstline_live_clients ").await == 1.0, "the one that stays");
    drop(staying);
    program.wait_until_disconnected(before).await;
}
