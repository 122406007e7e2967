//! Latency from sending an event to the frame that shows it, under a load of other events.

use super::{FanoutBenchArguments, clients, firstline_process::FirstlineProcess, load, quantiles};
use firstline::clock::WallClock;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

/// Size of a body with other events, in bytes.
const BODY_BYTES: usize = 256 << 10;
const SENDER_COUNT: usize = 2;

/// Change that is measured.
#[derive(Clone, Copy)]
enum LatencyProbe {
    /// A value changes: one more call waits.
    Value,
    /// A level changes: a repair is overdue or resolved.
    Level,
}

pub(crate) fn measure_latency(args: &FanoutBenchArguments) {
    let seconds = args.seconds as usize;
    let bodies: Vec<load::RequestBody> =
        load::simulated_bodies(args.rate * (seconds + 5), BODY_BYTES).collect();
    for (label, probe, publish_every) in [
        ("a value, with a board every 100 ms", LatencyProbe::Value, Duration::from_millis(100)),
        ("a level change, with a board every second", LatencyProbe::Level, Duration::from_secs(1)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let journal =
            "acknowledge = 'disk'\nsnapshot_every = '24h'\nsnapshot_events = 1000000000\n";
        let program = FirstlineProcess::start_with_clients(
            &args.program,
            folder.path(),
            journal,
            publish_every,
            1_000,
        );
        let stop = AtomicBool::new(false);
        let (times, sent) = std::thread::scope(|scope| {
            let sending = scope.spawn(|| send_at_rate(program.address, &bodies, args.rate, &stop));
            let times = probe.measure_delays(program.address, Duration::from_secs(args.seconds));
            stop.store(true, Ordering::Relaxed);
            (times, sending.join().unwrap())
        });
        let (p50, p99, max) = quantiles(times.clone());
        let boards = program.metric_value("firstline_board_seconds_count");
        println!(
            "event to frame, {label}: p50 {p50:.0?}, p99 {p99:.0?}, at most {max:.0?} of {} ({sent:.0} other events a second; {boards} boards of {:.1} ms)",
            times.len(),
            program.metric_value("firstline_board_seconds_sum") * 1e3 / boards
        );
    }
}

/// Sends bodies at a rate of events per second. Returns the rate that was reached.
fn send_at_rate(
    address: SocketAddr,
    bodies: &[load::RequestBody],
    rate: usize,
    stop: &AtomicBool,
) -> f64 {
    let lines =
        |body: &load::RequestBody| body.text.iter().filter(|byte| **byte == b'\n').count() - 5;
    let next = AtomicUsize::new(0);
    let events = AtomicUsize::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..SENDER_COUNT {
            scope.spawn(|| {
                let mut stream = TcpStream::connect(address).unwrap();
                while let Some(body) = bodies
                    .get(next.fetch_add(1, Ordering::Relaxed))
                    .filter(|_| !stop.load(Ordering::Relaxed))
                {
                    let before = events.fetch_add(lines(body), Ordering::Relaxed);
                    let due = Duration::from_secs_f64(before as f64 / rate as f64);
                    std::thread::sleep(due.saturating_sub(begun.elapsed()));
                    stream.write_all(&body.text).unwrap();
                    let mut answer = [0; 4_096];
                    let read = stream.read(&mut answer).unwrap();
                    assert!(
                        answer.starts_with(b"HTTP/1.1 200"),
                        "{}",
                        String::from_utf8_lossy(&answer[..read])
                    );
                }
            });
        }
    });
    events.into_inner() as f64 / begun.elapsed().as_secs_f64()
}

impl LatencyProbe {
    /// Returns the latency of each change within `time`.
    fn measure_delays(self, address: SocketAddr, time: Duration) -> Vec<Duration> {
        let (mut socket, _) =
            client(format!("ws://{address}/v1/live"), TcpStream::connect(address).unwrap())
                .unwrap();
        let indicator = match self {
            LatencyProbe::Value => "calls_waiting",
            LatencyProbe::Level => "repairs_overdue",
        };
        let subscribe = json!({ "subscribe": { "indicators": [indicator], "where": { "center": ["probe"] }, "by": [] } });
        socket.send(Message::text(subscribe.to_string())).unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let begun = Instant::now();
        let mut times = Vec::new();
        while begun.elapsed() < time {
            // Vary the phase between two boards.
            std::thread::sleep(Duration::from_millis(150 + (times.len() as u64 * 37) % 100));
            let (line, value) = self.next_event(times.len());
            let sent_at = Instant::now();
            clients::post_events(&mut stream, &line);
            read_until(&mut socket, value);
            times.push(sent_at.elapsed());
        }
        // The first two events also create the readings of the center.
        times.split_off(2)
    }

    /// Returns the next event as a line, and the value that it leads to.
    fn next_event(self, number: usize) -> (String, f64) {
        let now = WallClock::Wall.now();
        let (kind, subject, value) = match (self, number % 2) {
            (LatencyProbe::Value, _) => ("call.offered", number, number as f64 + 1.0),
            (LatencyProbe::Level, 0) => ("repair.opened", number / 2, 1.0),
            (LatencyProbe::Level, _) => ("repair.resolved", number / 2, 0.0),
        };
        let event = json!({
            "specversion": "1.0", "id": number.to_string(), "source": "/probe", "type": kind, "subject": format!("probe-{subject}"),
            "time": now.plus_millis(-500).to_string(), "data": { "center": "probe", "due": now.plus_millis(-100).to_string() },
        });
        (format!("{event}\n"), value)
    }
}

/// Reads frames until a reading has this value.
fn read_until(socket: &mut WebSocket<TcpStream>, value: f64) {
    loop {
        let Message::Text(text) = socket.read().unwrap() else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap();
        if frame["readings"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|reading| reading["value"] == value)
        {
            return;
        }
    }
}
