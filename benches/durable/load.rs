//! Request bodies and low-overhead senders. Each sender has a thread and one connection. It sends
//! a body with a single write.

use firstline::clock::WallClock;
use firstline::domain::time::timestamp::HOUR;
use firstline::simulate::{Simulation, SimulationSettings};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Simulated time before now that the events cover, in ms. It is within the horizon of calls.
const SIMULATED_SPAN: i64 = 20 * HOUR;
/// Minimum number of events of a center of rate 1 within [`SIMULATED_SPAN`].
const EVENTS_PER_CENTER: f64 = 20_000.0;
const CENTER_COUNT: u32 = 12;

/// HTTP request with its head.
pub(crate) struct RequestBody {
    pub(crate) text: Vec<u8>,
}

/// Measurements of the senders.
pub(crate) struct SendReport {
    pub(crate) duration: Duration,
    pub(crate) bytes: usize,
    pub p50: Duration,
    pub p99: Duration,
    pub(crate) max: Duration,
    /// Longest time between two acknowledgements.
    pub(crate) longest_gap: Duration,
}

/// Returns requests with simulated events in bodies of about `bytes`, generated lazily.
pub(crate) fn simulated_bodies(events: usize, bytes: usize) -> impl Iterator<Item = RequestBody> {
    let now = WallClock::Wall.now();
    let rate = events as f64 / EVENTS_PER_CENTER / f64::from(CENTER_COUNT);
    let simulation = Simulation::new(&SimulationSettings {
        seed: 1,
        start: now.plus_millis(-SIMULATED_SPAN),
        centers: CENTER_COUNT,
        rate: rate.max(1.0),
    });
    let mut simulation = simulation.take(events);
    std::iter::from_fn(move || {
        let mut text = Vec::new();
        for event in simulation.by_ref() {
            assert!(
                event.time <= now,
                "the simulation is too small: it reaches {} before all events are generated",
                event.time
            );
            event.write_json(&mut text);
            text.push(b'\n');
            if text.len() >= bytes {
                break;
            }
        }
        (!text.is_empty()).then(|| encode_request(&text))
    })
}

fn encode_request(text: &[u8]) -> RequestBody {
    let head = "POST /v1/events HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-ndjson\r\n";
    RequestBody {
        text: [format!("{head}Content-Length: {}\r\n\r\n", text.len()).as_bytes(), text].concat(),
    }
}

/// Sends all bodies, each with the next free sender.
pub(crate) fn send_bodies(
    address: SocketAddr,
    bodies: &[RequestBody],
    senders: usize,
) -> SendReport {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let sender = || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut acknowledged = Vec::new();
        while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
            let from = begun.elapsed();
            stream.write_all(&body.text).unwrap();
            read_answer(&mut stream);
            acknowledged.push((from, begun.elapsed()));
        }
        acknowledged
    };
    let mut acknowledged: Vec<(Duration, Duration)> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..senders).map(|_| scope.spawn(sender)).collect();
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    });
    acknowledged.sort_unstable_by_key(|(_, at)| *at);
    let longest_gap =
        acknowledged.windows(2).map(|pair| pair[1].1 - pair[0].1).max().unwrap_or_default();
    let duration = acknowledged.last().unwrap().1;
    let (p50, p99, max) =
        super::quantiles(acknowledged.iter().map(|(from, at)| *at - *from).collect());
    SendReport {
        duration,
        bytes: bodies.iter().map(|body| body.text.len()).sum(),
        p50,
        p99,
        max,
        longest_gap,
    }
}

/// Reads a response.
///
/// # Panics
///
/// If an event was rejected or is a duplicate.
fn read_answer(stream: &mut TcpStream) {
    let (mut buffer, mut length) = ([0; 4_096], 0);
    loop {
        let read = stream.read(&mut buffer[length..]).unwrap();
        length += read;
        let text = std::str::from_utf8(&buffer[..length]).unwrap();
        if text.ends_with('}') {
            let accepted = text.starts_with("HTTP/1.1 200")
                && text.contains("\"duplicates\":0")
                && text.contains("\"rejected_total\":0");
            return assert!(accepted, "not all events were accepted: {text}");
        }
        assert!(read > 0 && length < buffer.len(), "no answer: {text}");
    }
}
