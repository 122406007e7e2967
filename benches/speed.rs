//! Benchmark of decoding and counting events, and of the memory per case.
//!
//! `cargo bench` uses one hour of simulated events. `FIRSTLINE_EVENTS=FILE cargo bench` uses the
//! first 500 000 lines of a file of CloudEvents. Criterion prints events per second as `thrpt`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints results and stops at the first error"
)]

use criterion::{BatchSize, Criterion, Throughput};
use firstline::domain::events::batch::Batch;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::timestamp::Timestamp;
use firstline::domain::time::window::Window;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::simulate::{Simulation, SimulationSettings};
use firstline::standard_file;
use std::fs;
use std::hint::black_box;
use std::sync::Arc;

fn main() {
    let lines = simulated_events();
    let mut standard =
        standard_file::parse_standard(standard_file::BUILT_IN_NAME, standard_file::BUILT_IN)
            .unwrap();
    standard.windows.push(Window::All);
    let standard = Arc::new(standard);
    let batches = decode_events(&lines, &standard);
    let count: u64 = batches.iter().map(|batch| batch.events.len() as u64).sum();
    println!(
        "{count} events, {} bytes a line on average",
        lines.iter().map(Vec::len).sum::<usize>() as u64 / count
    );
    measure_memory(&standard);

    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let mut group = criterion.benchmark_group("events");
    group.throughput(Throughput::Elements(count));
    group.bench_function("decode", |bench| {
        bench.iter(|| black_box(decode_events(&lines, &standard)));
    });
    group.bench_function("core", |bench| {
        bench.iter_batched(
            || Monitor::new(standard.clone(), None),
            |monitor| black_box(apply_batches(monitor, &batches)),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("core, settled at the end", |bench| {
        bench.iter_batched(
            || Monitor::new(standard.clone(), None),
            |monitor| black_box(merge_batches(monitor, &batches)),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("decode and core, settled at the end", |bench| {
        bench.iter(|| {
            black_box(merge_batches(
                Monitor::new(standard.clone(), None),
                &decode_events(&lines, &standard),
            ))
        });
    });
    group.finish();
    let mut monitor = apply_batches(Monitor::new(standard, None), &batches);
    let readings = monitor.compute_board().readings.len();
    criterion.bench_function(&format!("a board of {readings} readings"), |bench| {
        bench.iter(|| black_box(monitor.compute_board()));
    });
    criterion.final_summary();
}

fn simulated_events() -> Vec<Vec<u8>> {
    if let Ok(file) = std::env::var("FIRSTLINE_EVENTS") {
        return fs::read(file)
            .unwrap()
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .take(500_000)
            .map(<[u8]>::to_vec)
            .collect();
    }
    let start = Timestamp::parse("2026-03-02T09:00:00+08:00").unwrap();
    let simulation = Simulation::new(&SimulationSettings { seed: 1, start, centers: 6, rate: 4.0 });
    let lines =
        simulation.take_while(|event| event.time < start.plus_millis(3_600_000)).map(|event| {
            let mut line = Vec::new();
            event.write_json(&mut line);
            line
        });
    lines.collect()
}

fn decode_events(lines: &[Vec<u8>], standard: &Standard) -> Vec<Batch> {
    let mut decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default());
    let batch = |chunk: &[Vec<u8>]| {
        chunk.iter().for_each(|line| decoder.decode_json(line).unwrap());
        decoder.take_batch()
    };
    lines.chunks(2_048).map(batch).collect()
}

/// Applies batches one by one, like a running service.
fn apply_batches(mut monitor: Monitor, batches: &[Batch]) -> Monitor {
    batches.iter().for_each(|batch| _ = monitor.apply_batch(batch));
    monitor
}

/// Merges batches and settles once at the end, like a replay.
fn merge_batches(mut monitor: Monitor, batches: &[Batch]) -> Monitor {
    batches.iter().for_each(|batch| _ = monitor.merge_batch(batch));
    monitor.settle();
    monitor
}

/// Measures the memory of a million cases as the growth of the resident set.
fn measure_memory(standard: &Arc<Standard>) {
    let mut decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default());
    let mut monitor = Monitor::new(standard.clone(), None);
    let start = Timestamp::parse("2026-03-02T09:00:00+08:00").unwrap();
    let mut round = |monitor: &mut Monitor, verb: &str, offset: i64| {
        for chunk in 0..1_000 {
            for number in chunk * 1_000..(chunk + 1) * 1_000 {
                let time = start.plus_millis(number + offset);
                let event = format!(
                    r#"{{"specversion":"1.0","id":"{verb}{number}","source":"/b","type":"call.{verb}","time":"{time}","subject":"{number}","data":{{"center":"c","queue":"q{}"}}}}"#,
                    number % 100
                );
                decoder.decode_json(event.as_bytes()).unwrap();
            }
            monitor.apply_batch(&decoder.take_batch());
        }
    };
    let before = resident_memory();
    round(&mut monitor, "offered", 0);
    let open = resident_memory() - before;
    round(&mut monitor, "answered", 5_000);
    round(&mut monitor, "ended", 90_000);
    let closed = resident_memory() - before;
    println!(
        "{} bytes for an open case, {} for a closed one with three events, of {} cases",
        open / 1_000_000,
        closed / 1_000_000,
        monitor.case_count()
    );
}

fn resident_memory() -> u64 {
    let pages: u64 =
        fs::read_to_string("/proc/self/statm").unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4_096
}
