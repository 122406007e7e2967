//! A wall that watches the live board and notes when it hears of an edition.

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
    /// Watches one indicator from now on.
    pub(crate) fn watch(address: SocketAddr) -> BoardWatcher {
        let (mut socket, _) =
            client(format!("ws://{address}/v1/live"), TcpStream::connect(address).unwrap())
                .unwrap();
        socket.send(Message::text(r#"{"subscribe":{"indicators":["answer_rate"]}}"#)).unwrap();
        // The whole board comes first.
        socket.read().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let thread = std::thread::spawn(move || {
            let (mut last, mut gaps) = (Instant::now(), Vec::new());
            while !told.load(Ordering::Relaxed) {
                if socket.read().unwrap().is_text() {
                    gaps.push(last.elapsed());
                    last = Instant::now();
                }
            }
            gaps
        });
        BoardWatcher { stop, thread }
    }

    /// The times in which it heard nothing, from one edition to the next.
    pub(crate) fn publication_gaps(self) -> Vec<Duration> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
