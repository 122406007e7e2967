//! A receiver of messages over HTTP that answers as it is told, or not at all.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How long anything may take before the test has failed.
const TEST_TIMEOUT: Duration = Duration::from_secs(180);

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedMessage {
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl ReceivedMessage {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| {
            line.split_once(": ").filter(|(known, _)| known.eq_ignore_ascii_case(name))
        });
        line.map_or("", |(_, value)| value)
    }
}

/// A receiver.
pub(crate) struct WebhookReceiver {
    pub(crate) address: SocketAddr,
    messages: Arc<(Mutex<Vec<ReceivedMessage>>, Condvar)>,
}

/// An address that nobody listens at.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
}

impl WebhookReceiver {
    /// Listens at an address. `answer` gives the status for each message by its number from 0 on; none for no answer at all.
    pub(crate) fn start(
        address: SocketAddr,
        answer: impl Fn(usize) -> Option<u16> + Send + 'static,
    ) -> WebhookReceiver {
        let listener = TcpListener::bind(address).expect("the address is free");
        let address = listener.local_addr().expect("an address");
        let heard: Arc<(Mutex<Vec<ReceivedMessage>>, Condvar)> = Arc::default();
        let own = heard.clone();
        std::thread::spawn(move || {
            // Those without an answer stay open until the test ends.
            let mut silent = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(message) = read_message(&stream) else { continue };
                let number = {
                    let mut all = own.0.lock().expect("no panic");
                    all.push(message);
                    all.len() - 1
                };
                match answer(number) {
                    Some(status) => {
                        let answer = format!(
                            "HTTP/1.1 {status} Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                        );
                        let _ = (&stream).write_all(answer.as_bytes());
                    }
                    None => silent.push(stream),
                }
                own.1.notify_all();
            }
        });
        WebhookReceiver { address, messages: heard }
    }

    /// Waits until what was heard fulfils something; what was heard then.
    pub(crate) fn wait_for_messages(
        &self,
        fits: impl Fn(&[ReceivedMessage]) -> bool,
    ) -> Vec<ReceivedMessage> {
        let all = self.messages.0.lock().expect("no panic");
        let (all, timeout) = self
            .messages
            .1
            .wait_timeout_while(all, TEST_TIMEOUT, |all| !fits(all))
            .expect("no panic");
        assert!(!timeout.timed_out(), "this was heard: {all:#?}");
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
