//! What a scrape costs: how long it takes to write so many series, how large they are, and what it does to those who send
//! events meanwhile.
//!
//! `cargo bench --bench scrape -- --events 1000000 --every-ms 1000`. Two parts:
//!
//! - `write`: boards of 1 000, 10 000 and 50 000 series of the built-in standard, in both formats, plain and compressed;
//! - `serve`: the program itself with 50 000 series, as a process of its own: the time until an acknowledgement while nobody scrapes,
//!   and while somebody does, turn by turn.
//!
//! A shared machine is noisy: look at medians, and at the two turns side by side.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench is no library, and it stops where it cannot go on"
)]
#![allow(clippy::disallowed_methods, reason = "a bench measures")]
#![allow(dead_code, reason = "the bench of durable ingest uses the rest of what they share")]

#[path = "../durable/firstline_process.rs"]
mod firstline_process;
#[path = "../durable/load.rs"]
mod load;

use clap::Parser;
use firstline::access::grant::GrantedView;
use firstline::domain::board::published_board::PublishedBoard;
use firstline::domain::events::batch::Batch;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::timestamp::Timestamp;
use firstline::domain::time::window::Window;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::publish::prometheus::{MetricsFormat, MetricsSelection, write_metrics};
use firstline::standard_file::{BUILT_IN, BUILT_IN_NAME, parse_standard};
use firstline_process::FirstlineProcess;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

#[derive(Parser)]
struct ScrapeBenchArguments {
    /// How many events are sent in each turn.
    #[arg(long, default_value_t = 400_000)]
    events: usize,
    /// How long a body is, in kilobytes of text.
    #[arg(long, default_value_t = 64)]
    body_kb: usize,
    /// How often somebody scrapes, in milliseconds.
    #[arg(long, default_value_t = 1_000)]
    every_ms: u64,
    /// How many turns of each kind.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// One part alone: write or serve.
    #[arg(long)]
    part: Option<String>,
    /// What cargo says.
    #[arg(long, hide = true)]
    bench: bool,
}

const SERIES_COUNTS: [usize; 3] = [1_000, 10_000, 50_000];

fn main() {
    let args = ScrapeBenchArguments::parse();
    let wanted = |part: &str| args.part.as_deref().is_none_or(|only| only == part);
    if wanted("write") {
        SERIES_COUNTS.into_iter().for_each(measure_write);
    }
    if wanted("serve") {
        measure_serve(&args);
    }
}

/// A call of each of so many centers.
fn call_lines(centers: usize, at: Timestamp) -> Vec<String> {
    let event = |center: usize, kind: &str, wait: i64| {
        format!(
            r#"{{"specversion":"1.0","id":"scrape-{center}-{kind}","source":"/bench","type":"call.{kind}","time":"{}","subject":"scrape-{center}","data":{{"center":"c{center:04}","queue":"sales"}}}}"#,
            at.plus_millis(wait)
        )
    };
    (0..centers)
        .flat_map(|center| {
            [
                event(center, "offered", 0),
                event(center, "answered", 3_137),
                event(center, "ended", 61_000),
            ]
        })
        .collect()
}

fn published_board(centers: usize) -> PublishedBoard {
    let mut standard: Standard = parse_standard(BUILT_IN_NAME, BUILT_IN).unwrap();
    let declared = Arc::new(standard.clone());
    standard.windows.push(Window::All);
    let standard = Arc::new(standard);
    let mut decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default());
    let at = Timestamp::parse("2026-03-02T10:00:00+08:00").unwrap();
    call_lines(centers, at)
        .iter()
        .for_each(|call| decoder.decode_json(call.as_bytes()).map_err(|_| ()).unwrap());
    let batch: Batch = decoder.take_batch();
    let mut monitor = Monitor::new(standard, None);
    monitor.apply_batch(&batch);
    monitor.tick(at.plus_millis(90_000));
    PublishedBoard::first_of_run("bench".into(), declared, monitor.compute_board(), true, 1)
}

fn count_series(text: &str) -> usize {
    text.lines().filter(|line| !line.starts_with('#')).count()
}

fn measure_write(wanted: usize) {
    let view = GrantedView::default();
    let shown = MetricsSelection { view: &view, scopes_max: usize::MAX };
    // As many centers as it takes: what everything and one center have is known after two boards.
    let (one, two) = (
        count_series(&write_metrics(&published_board(0), shown, MetricsFormat::Text)),
        count_series(&write_metrics(&published_board(10), shown, MetricsFormat::Text)),
    );
    let centers = wanted.saturating_sub(one).div_ceil((two - one) / 10);
    let edition = published_board(centers);
    for format in [MetricsFormat::Text, MetricsFormat::OpenMetrics] {
        let text = write_metrics(&edition, shown, format);
        let written = median_time(|| write_metrics(&edition, shown, format).len());
        let mut packed = 0;
        let compressed = median_time(|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            packed = encoder.finish().unwrap().len();
            packed
        });
        println!(
            "{format:?}: {} series of {centers} centers: {} KB in {written:.2?} ({:.0} ns each); {} KB compressed in {compressed:.2?} more",
            count_series(&text),
            text.len() / 1_000,
            written.as_nanos() as f64 / count_series(&text) as f64,
            packed / 1_000,
        );
    }
}

/// The median of 31 times.
fn median_time(mut work: impl FnMut() -> usize) -> Duration {
    let mut times: Vec<Duration> = (0..31)
        .map(|_| {
            let begun = Instant::now();
            std::hint::black_box(work());
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[15]
}

/// The time until an acknowledgement without and with somebody who scrapes.
fn measure_serve(args: &ScrapeBenchArguments) {
    let bodies: Vec<load::RequestBody> =
        load::simulated_bodies(args.events, args.body_kb << 10).collect();
    for round in 0..args.rounds {
        for scraped in [false, true] {
            let place = tempfile::tempdir().unwrap();
            let program = FirstlineProcess::start(
                std::path::Path::new(env!("CARGO_BIN_EXE_firstline")),
                place.path(),
                "acknowledge = 'disk'\n",
            );
            let calls =
                call_lines(60, firstline::clock::WallClock::Wall.now().plus_millis(-120_000))
                    .join("\n");
            post_events(program.address, &calls);
            let (stop, address) = (AtomicBool::new(false), program.address);
            let (sent, scrapes) = std::thread::scope(|scope| {
                let scraper = scope.spawn(|| {
                    let mut scrapes = Vec::new();
                    while scraped && !stop.load(Ordering::Relaxed) {
                        let begun = Instant::now();
                        let bytes = scrape_metrics(address);
                        scrapes.push((begun.elapsed(), bytes));
                        std::thread::sleep(
                            Duration::from_millis(args.every_ms).saturating_sub(begun.elapsed()),
                        );
                    }
                    scrapes
                });
                let sent = load::send_bodies(address, &bodies, 4);
                stop.store(true, Ordering::Relaxed);
                (sent, scraper.join().unwrap())
            });
            let text = program.get("/metrics").unwrap();
            println!(
                "round {round}, {}: {:.0} events/s; acknowledged after p50 {:.1?}, p99 {:.1?}, at most {:.1?}; {} series",
                if scraped { "scraped" } else { "not scraped" },
                args.events as f64 / sent.duration.as_secs_f64(),
                sent.p50,
                sent.p99,
                sent.max,
                count_series(&text),
            );
            if let Some(bytes) = scrapes.last().map(|(_, bytes)| *bytes) {
                let (p50, _, max) = quantiles(scrapes.iter().map(|(took, _)| *took).collect());
                println!(
                    "  {} scrapes, compressed {} KB: p50 {p50:.1?}, at most {max:.1?}",
                    scrapes.len(),
                    bytes / 1_000
                );
            }
        }
    }
}

fn post_events(address: SocketAddr, text: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "POST /v1/events HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Type: application/x-ndjson\r\n";
    stream
        .write_all(format!("{head}Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("\"rejected_total\":0"),
        "{answer}"
    );
}

/// As Prometheus does it; how many bytes came.
fn scrape_metrics(address: SocketAddr) -> usize {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nAccept: application/openmetrics-text;version=1.0.0\r\n";
    stream.write_all(format!("{head}Accept-Encoding: gzip\r\n\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    answer.len()
}

/// The median, what one in a hundred exceeds, and the longest.
fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100], times[times.len() - 1])
}
