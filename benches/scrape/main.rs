//! Benchmark of Prometheus scrapes: time and size of the exposition, and its effect on ingest.
//!
//! Run `cargo bench --bench scrape -- --events 1000000 --every-ms 1000`. `--part` selects one of
//! two parts:
//!
//! - `write`: boards of 1 000, 10 000 and 50 000 series of the built-in standard, in both formats,
//!   plain and compressed.
//! - `serve`: acknowledgement latency of a child process with 50 000 series, alternately with and
//!   without scrapes.
//!
//! On a shared machine, compare medians and adjacent rounds.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints results and stops at the first error"
)]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads clocks")]
#![allow(dead_code, reason = "another benchmark uses the rest")]

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
    /// Number of events sent in each round
    #[arg(long, default_value_t = 400_000)]
    events: usize,
    /// Size of a body in KiB
    #[arg(long, default_value_t = 64)]
    body_kb: usize,
    /// Scrape interval in milliseconds
    #[arg(long, default_value_t = 1_000)]
    every_ms: u64,
    /// Number of rounds with and without scrapes
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Part to run: write or serve (default all)
    #[arg(long)]
    part: Option<String>,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

const SERIES_COUNTS: [usize; 3] = [1_000, 10_000, 50_000];

fn main() {
    let args = ScrapeBenchArguments::parse();
    let is_selected = |part: &str| args.part.as_deref().is_none_or(|only| only == part);
    if is_selected("write") {
        SERIES_COUNTS.into_iter().for_each(measure_write);
    }
    if is_selected("serve") {
        measure_serve(&args);
    }
}

/// Returns the events of one call for each of `centers` centers.
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

fn measure_write(series: usize) {
    let view = GrantedView::default();
    let selection = MetricsSelection { view: &view, scopes_max: usize::MAX };
    // Two boards give the number of series per center.
    let (without_centers, with_ten_centers) = (
        count_series(&write_metrics(&published_board(0), selection, MetricsFormat::Text)),
        count_series(&write_metrics(&published_board(10), selection, MetricsFormat::Text)),
    );
    let centers =
        series.saturating_sub(without_centers).div_ceil((with_ten_centers - without_centers) / 10);
    let board = published_board(centers);
    for format in [MetricsFormat::Text, MetricsFormat::OpenMetrics] {
        let text = write_metrics(&board, selection, format);
        let written = median_time(|| write_metrics(&board, selection, format).len());
        let mut compressed_bytes = 0;
        let compressed = median_time(|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            compressed_bytes = encoder.finish().unwrap().len();
            compressed_bytes
        });
        println!(
            "{format:?}: {} series of {centers} centers: {} KB in {written:.2?} ({:.0} ns each); {} KB compressed in {compressed:.2?} more",
            count_series(&text),
            text.len() / 1_000,
            written.as_nanos() as f64 / count_series(&text) as f64,
            compressed_bytes / 1_000,
        );
    }
}

/// Returns the median duration of 31 runs.
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

/// Measures acknowledgement latency without and with scrapes.
fn measure_serve(args: &ScrapeBenchArguments) {
    let bodies: Vec<load::RequestBody> =
        load::simulated_bodies(args.events, args.body_kb << 10).collect();
    for round in 0..args.rounds {
        for scraped in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let program = FirstlineProcess::start(
                std::path::Path::new(env!("CARGO_BIN_EXE_firstline")),
                folder.path(),
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
                let (p50, _, max) =
                    quantiles(scrapes.iter().map(|(elapsed, _)| *elapsed).collect());
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

/// Scrapes with the headers of Prometheus. Returns the size of the response in bytes.
fn scrape_metrics(address: SocketAddr) -> usize {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nAccept: application/openmetrics-text;version=1.0.0\r\n";
    stream.write_all(format!("{head}Accept-Encoding: gzip\r\n\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    answer.len()
}

/// Returns the median, the 99th percentile and the maximum.
fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100], times[times.len() - 1])
}
