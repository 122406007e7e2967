//! From the sending of an event to the frame that shows it, while many other events are taken.

use super::{Args, clients, load, program::Program, quantiles};
use firstline::engine::clock::Clock;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

/// How long a body of the other events is, in bytes.
const BODY: usize = 256 << 10;
const SENDERS: usize = 2;

/// What is looked for.
#[derive(Clone, Copy)]
enum Probe {
    /// One more call waits: a value.
    Value,
    /// A repair is overdue, or done: a level turns each time.
    Level,
}

pub(crate) fn measure(args: &Args) {
    let seconds = args.seconds as usize;
    let bodies: Vec<load::Body> = load::bodies(args.rate * (seconds + 5), BODY).collect();
    for (what, probe, publish_every) in [
        ("a value, with a board every 100 ms", Probe::Value, Duration::from_millis(100)),
        ("a level that turns, with a board every second", Probe::Level, Duration::from_secs(1)),
    ] {
        let place = tempfile::tempdir().unwrap();
        let journal = "acknowledge = 'disk'\nsnapshot_every = '24h'\nsnapshot_events = 1000000000\n";
        let program = Program::with_clients(&args.program, place.path(), journal, publish_every, 1_000);
        let stop = AtomicBool::new(false);
        let (times, sent) = std::thread::scope(|scope| {
            let sending = scope.spawn(|| send(program.address, &bodies, args.rate, &stop));
            let times = probe.ask(program.address, Duration::from_secs(args.seconds));
            stop.store(true, Ordering::Relaxed);
            (times, sending.join().unwrap())
        });
        let (p50, p99, max) = quantiles(times.clone());
        let boards = program.metric("firstline_board_seconds_count");
        println!(
            "event to frame, {what}: p50 {p50:.0?}, p99 {p99:.0?}, at most {max:.0?} of {} ({sent:.0} other events a second; {boards} boards of {:.1} ms)",
            times.len(),
            program.metric("firstline_board_seconds_sum") * 1e3 / boards
        );
    }
}

/// Sends bodies at a rate of events; how many events a second were taken.
fn send(address: SocketAddr, bodies: &[load::Body], rate: usize, stop: &AtomicBool) -> f64 {
    let lines = |body: &load::Body| body.text.iter().filter(|byte| **byte == b'\n').count() - 5;
    let next = AtomicUsize::new(0);
    let events = AtomicUsize::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                let mut stream = TcpStream::connect(address).unwrap();
                while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)).filter(|_| !stop.load(Ordering::Relaxed)) {
                    let before = events.fetch_add(lines(body), Ordering::Relaxed);
                    let due = Duration::from_secs_f64(before as f64 / rate as f64);
                    std::thread::sleep(due.saturating_sub(begun.elapsed()));
                    stream.write_all(&body.text).unwrap();
                    let mut answer = [0; 4_096];
                    let read = stream.read(&mut answer).unwrap();
                    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..read]));
                }
            });
        }
    });
    events.into_inner() as f64 / begun.elapsed().as_secs_f64()
}

impl Probe {
    /// How long it took each time.
    fn ask(self, address: SocketAddr, time: Duration) -> Vec<Duration> {
        let (mut socket, _) = client(format!("ws://{address}/v1/live"), TcpStream::connect(address).unwrap()).unwrap();
        let indicator = match self {
            Probe::Value => "calls_waiting",
            Probe::Level => "repairs_overdue",
        };
        let subscribe = json!({ "subscribe": { "indicators": [indicator], "where": { "center": ["probe"] }, "by": [] } });
        socket.send(Message::text(subscribe.to_string())).unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let begun = Instant::now();
        let mut times = Vec::new();
        while begun.elapsed() < time {
            // At another moment between two boards each time.
            std::thread::sleep(Duration::from_millis(150 + (times.len() as u64 * 37) % 100));
            let (line, value) = self.event(times.len());
            let asked = Instant::now();
            clients::post(&mut stream, &line);
            until(&mut socket, value);
            times.push(asked.elapsed());
        }
        // The first events of a center make its readings.
        times.split_off(2)
    }

    /// The next event, and the value that it leads to.
    fn event(self, number: usize) -> (String, f64) {
        let now = Clock::Wall.now();
        let (kind, subject, value) = match (self, number % 2) {
            (Probe::Value, _) => ("call.offered", number, number as f64 + 1.0),
            (Probe::Level, 0) => ("repair.opened", number / 2, 1.0),
            (Probe::Level, _) => ("repair.resolved", number / 2, 0.0),
        };
        let event = json!({
            "specversion": "1.0", "id": number.to_string(), "source": "/probe", "type": kind, "subject": format!("probe-{subject}"),
            "time": now.plus(-500).to_string(), "data": { "center": "probe", "due": now.plus(-100).to_string() },
        });
        (format!("{event}\n"), value)
    }
}

/// Reads frames until one shows this value.
fn until(socket: &mut WebSocket<TcpStream>, value: f64) {
    loop {
        let Message::Text(text) = socket.read().unwrap() else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap();
        if frame["readings"].as_array().into_iter().flatten().any(|reading| reading["value"] == value) {
            return;
        }
    }
}
