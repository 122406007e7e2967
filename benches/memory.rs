//! Benchmark of snapshots: time and size of writing and reading the state of the monitor.
//!
//! `cargo bench --bench memory` uses one hour of simulated events, and
//! `cargo bench --bench memory -- FILE` the CloudEvents of a file. Snapshots are encoded with
//! postcard and zstd level 1.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints results and stops at the first error"
)]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads clocks")]

use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::timestamp::{HOUR, Timestamp};
use firstline::domain::time::window::Window;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::simulate::{Simulation, SimulationSettings};
use firstline::standard_file;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::sync::Arc;
use std::time::Instant;

/// Number of events in a batch.
const BATCH_EVENTS: usize = 2_048;

fn main() {
    let mut standard =
        standard_file::parse_standard(standard_file::BUILT_IN_NAME, standard_file::BUILT_IN)
            .unwrap();
    standard.windows.push(Window::All);
    let standard = Arc::new(standard);
    let horizon = Some(standard.horizon);
    let (mut monitor, events) = fill_monitor(&standard);
    let cases = monitor.case_count() as u64;
    println!("{events} events, {cases} cases remembered, {} forgotten", monitor.forgotten_cases());

    let (bytes, seconds) = measure_time(|| postcard::to_stdvec(&monitor.to_snapshot()).unwrap());
    print_report("written, in memory", bytes.len(), seconds, events, cases);
    let (compressed, seconds) = measure_time(|| {
        let mut compressed = Vec::new();
        let encoder = zstd::Encoder::new(&mut compressed, 1).unwrap().auto_finish();
        postcard::to_io(&monitor.to_snapshot(), BufWriter::with_capacity(1 << 16, encoder))
            .unwrap()
            .flush()
            .unwrap();
        compressed
    });
    print_report("written through zstd", compressed.len(), seconds, events, cases);
    let readings = monitor.compute_board().readings;
    let before = resident_memory();
    let (from_memory, seconds) = measure_time(|| {
        Monitor::from_snapshot(
            standard.clone(),
            horizon,
            &mut postcard::Deserializer::from_bytes(&bytes),
        )
        .unwrap()
    });
    print_report("read, from memory", bytes.len(), seconds, events, cases);
    println!("{} MiB more resident than before", (resident_memory() - before) >> 20);
    assert!(
        postcard::to_stdvec(&from_memory.to_snapshot()).unwrap() == bytes,
        "the restored state is encoded alike"
    );
    drop((from_memory, monitor));
    let (mut from_zstd, seconds) = measure_time(|| {
        let reader =
            BufReader::with_capacity(1 << 16, zstd::Decoder::new(&compressed[..]).unwrap());
        // The buffer must hold the longest string.
        let mut scratch = vec![0; 1 << 20];
        let reader = postcard::de_flavors::io::io::IOReader::new(reader, &mut scratch);
        Monitor::from_snapshot(
            standard.clone(),
            horizon,
            &mut postcard::Deserializer::from_flavor(reader),
        )
        .unwrap()
    });
    print_report("read through zstd", compressed.len(), seconds, events, cases);
    assert!(from_zstd.compute_board().readings == readings, "the restored board is the same");
}

fn print_report(label: &str, bytes: usize, seconds: f64, events: u64, cases: u64) {
    let (per_case, nanos) = (bytes as u64 / cases.max(1), seconds * 1e9 / cases.max(1) as f64);
    println!(
        "{label}: {per_case} bytes and {nanos:.0} ns a case; {seconds:.2} s, {:.3} s per million events",
        seconds * 1e6 / events as f64
    );
}

fn measure_time<R>(work: impl FnOnce() -> R) -> (R, f64) {
    let begun = Instant::now();
    let result = work();
    (result, begun.elapsed().as_secs_f64())
}

/// Returns a monitor with all events applied, and their number.
fn fill_monitor(standard: &Arc<Standard>) -> (Monitor, u64) {
    let mut monitor = Monitor::new(standard.clone(), Some(standard.horizon));
    let mut decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default())
        .with_case_names(true);
    let mut count = 0;
    let mut add_line = |line: &[u8]| {
        decoder.decode_json(line).unwrap();
        count += 1;
        if decoder.len() == BATCH_EVENTS {
            monitor.apply_batch(&decoder.take_batch());
        }
    };
    match std::env::args().skip(1).find(|argument| !argument.starts_with('-')) {
        Some(file) => BufReader::new(File::open(file).unwrap())
            .split(b'\n')
            .for_each(|line| add_line(&line.unwrap())),
        None => {
            let start = Timestamp::parse("2026-03-02T09:00:00+08:00").unwrap();
            let simulation =
                Simulation::new(&SimulationSettings { seed: 1, start, centers: 6, rate: 4.0 });
            let mut line = Vec::new();
            for event in simulation.take_while(|event| event.time < start.plus_millis(HOUR)) {
                line.clear();
                event.write_json(&mut line);
                add_line(&line);
            }
        }
    }
    monitor.apply_batch(&decoder.take_batch());
    (monitor, count)
}

fn resident_memory() -> u64 {
    let pages: u64 =
        fs::read_to_string("/proc/self/statm").unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4_096
}
