//! Baseline of the fan-out benchmark: a bare broadcast over tokio-tungstenite that sends one shared
//! text to every WebSocket once a second.

use firstline::clock::WallClock;
use futures_util::SinkExt;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Process of the bare broadcast, killed on drop.
pub(crate) struct BareBroadcast(Child);

impl BareBroadcast {
    pub(crate) fn process_id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for BareBroadcast {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Starts the broadcast with frames of `bytes` as a child process.
pub(crate) fn start(bytes: usize) -> (BareBroadcast, SocketAddr) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let mut process =
        command.args(["--bare", &bytes.to_string()]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (BareBroadcast(process), line.trim().parse().unwrap())
}

/// Runs the broadcast in this process and never returns.
#[tokio::main]
pub(crate) async fn run_broadcast(bytes: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let (frames, _) = broadcast::channel::<Message>(4);
    let sender = frames.clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_secs(1));
        loop {
            every.tick().await;
            let mut text = format!("{{\"as_of\":\"{}\",\"filler\":\"", WallClock::Wall.now());
            text.extend(std::iter::repeat_n('x', bytes.saturating_sub(text.len() + 2)));
            let _ = sender.send(Message::text(text + "\"}"));
        }
    });
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut frames = frames.subscribe();
        tokio::spawn(async move {
            let config = WebSocketConfig::default().read_buffer_size(2_048).write_buffer_size(0);
            let Ok(mut socket) =
                tokio_tungstenite::accept_async_with_config(stream, Some(config)).await
            else {
                return;
            };
            while let Ok(frame) = frames.recv().await {
                if socket.send(frame).await.is_err() {
                    return;
                }
            }
        });
    }
}
