//! WebSocket client of the live board that measures the gaps between published boards.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{Message, client};

pub(crate) struct BoardWatcher {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

impl BoardWatcher {
    /// Connects, subscribes to one indicator and starts to measure.
    pub(crate) fn watch(address: SocketAddr) -> BoardWatcher {
        let (mut socket, _) =
            client(format!("ws://{address}/v1/live"), TcpStream::connect(address).unwrap())
                .unwrap();
        socket.send(Message::text(r#"{"subscribe":{"indicators":["answer_rate"]}}"#)).unwrap();
        // The first frame is the whole board, not a publication.
        socket.read().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let (mut last, mut gaps) = (Instant::now(), Vec::new());
            while !stopped.load(Ordering::Relaxed) {
                if socket.read().unwrap().is_text() {
                    gaps.push(last.elapsed());
                    last = Instant::now();
                }
            }
            gaps
        });
        BoardWatcher { stop, thread }
    }

    /// Stops and returns the gaps between successive boards.
    pub(crate) fn publication_gaps(self) -> Vec<Duration> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
