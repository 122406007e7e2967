//! HTTP receiver of webhooks that responds with given statuses, or not at all.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Time limit for a single wait.
const TEST_TIMEOUT: Duration = Duration::from_secs(180);

/// Received HTTP request.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedMessage {
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl ReceivedMessage {
    /// Returns the value of a header, or an empty text if it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| {
            line.split_once(": ").filter(|(known, _)| known.eq_ignore_ascii_case(name))
        });
        line.map_or("", |(_, value)| value)
    }
}

/// Webhook receiver that records all messages.
pub(crate) struct WebhookReceiver {
    pub(crate) address: SocketAddr,
    messages: Arc<(Mutex<Vec<ReceivedMessage>>, Condvar)>,
}

/// Returns a loopback address with an unused port.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port is free")
}

impl WebhookReceiver {
    /// Listens at an address.
    ///
    /// `answer` returns the status for each message by its number, starting at 0. None leaves the
    /// message without a response.
    pub(crate) fn start(
        address: SocketAddr,
        answer: impl Fn(usize) -> Option<u16> + Send + 'static,
    ) -> WebhookReceiver {
        let listener = TcpListener::bind(address).expect("the address is free");
        let address = listener.local_addr().expect("the address is valid");
        let messages: Arc<(Mutex<Vec<ReceivedMessage>>, Condvar)> = Arc::default();
        let received = messages.clone();
        std::thread::spawn(move || {
            // Dropping a stream would close the connection, which is a kind of response.
            let mut unanswered = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(message) = read_message(&stream) else { continue };
                let number = {
                    let mut all = received.0.lock().expect("no thread panicked");
                    all.push(message);
                    all.len() - 1
                };
                match answer(number) {
                    Some(status) => {
                        let answer = format!(
                            "HTTP/1.1 {status} Test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                        );
                        let _ = (&stream).write_all(answer.as_bytes());
                    }
                    None => unanswered.push(stream),
                }
                received.1.notify_all();
            }
        });
        WebhookReceiver { address, messages }
    }

    /// Waits until `fits` is true for all messages so far. Returns them.
    pub(crate) fn wait_for_messages(
        &self,
        fits: impl Fn(&[ReceivedMessage]) -> bool,
    ) -> Vec<ReceivedMessage> {
        let all = self.messages.0.lock().expect("no thread panicked");
        let (all, timeout) = self
            .messages
            .1
            .wait_timeout_while(all, TEST_TIMEOUT, |all| !fits(all))
            .expect("no thread panicked");
        assert!(!timeout.timed_out(), "timed out after these messages: {all:#?}");
        all.clone()
    }
}

fn read_message(stream: &TcpStream) -> Option<ReceivedMessage> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if let Some(value) = line.to_lowercase().strip_prefix("content-length: ") {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(ReceivedMessage { head, body: serde_json::from_slice(&body).ok()? })
}
