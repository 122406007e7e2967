//! How long it takes to write down what the core remembers and to begin again from it, and how many bytes that is.
//!
//! `cargo bench --bench memory` takes an hour of a simulated organisation; `cargo bench --bench memory -- FILE` all
//! CloudEvents of a file. Written with postcard, then zstd at level 1.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a bench is no library, and it stops where it cannot go on")]
#![allow(clippy::disallowed_methods, reason = "a bench measures")]

use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::{HOUR, Timestamp};
use firstline::domain::window::Window;
use firstline::ingest::wire::{Decoder, Keys};
use firstline::simulate::{Settings, Simulation};
use firstline::standard;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::sync::Arc;
use std::time::Instant;

/// Events in a batch.
const BATCH: usize = 2_048;

fn main() {
    let mut standard = standard::read(standard::BUILT_IN_NAME, standard::BUILT_IN).unwrap();
    standard.windows.push(Window::All);
    let standard = Arc::new(standard);
    let horizon = Some(standard.horizon);
    let (monitor, events) = told(&standard);
    let cases = monitor.cases() as u64;
    println!("{events} events, {cases} cases remembered, {} forgotten", monitor.forgotten());

    let (bytes, seconds) = timed(|| postcard::to_stdvec(&monitor.memory()).unwrap());
    report("written, in memory", bytes.len(), seconds, events, cases);
    let (packed, seconds) = timed(|| {
        let mut packed = Vec::new();
        let packer = zstd::Encoder::new(&mut packed, 1).unwrap().auto_finish();
        postcard::to_io(&monitor.memory(), BufWriter::with_capacity(1 << 16, packer)).unwrap().flush().unwrap();
        packed
    });
    report("written through zstd", packed.len(), seconds, events, cases);
    let readings = monitor.board().readings;
    let before = resident();
    let (first, seconds) = timed(|| Monitor::remember(standard.clone(), horizon, &mut postcard::Deserializer::from_bytes(&bytes)).unwrap());
    report("read, from memory", bytes.len(), seconds, events, cases);
    println!("{} MiB more held than before", (resident() - before) >> 20);
    assert!(postcard::to_stdvec(&first.memory()).unwrap() == bytes, "the same memory");
    drop((first, monitor));
    let (second, seconds) = timed(|| {
        let reader = BufReader::with_capacity(1 << 16, zstd::Decoder::new(&packed[..]).unwrap());
        // Long enough for the longest text.
        let mut scratch = vec![0; 1 << 20];
        let reader = postcard::de_flavors::io::io::IOReader::new(reader, &mut scratch);
        Monitor::remember(standard.clone(), horizon, &mut postcard::Deserializer::from_flavor(reader)).unwrap()
    });
    report("read through zstd", packed.len(), seconds, events, cases);
    assert!(second.board().readings == readings, "the same board");
}

fn report(what: &str, bytes: usize, seconds: f64, events: u64, cases: u64) {
    let (per_case, nanos) = (bytes as u64 / cases.max(1), seconds * 1e9 / cases.max(1) as f64);
    println!(
        "{what}: {per_case} bytes and {nanos:.0} ns a case; {seconds:.2} s, {:.3} s per million events",
        seconds * 1e6 / events as f64
    );
}

fn timed<R>(work: impl FnOnce() -> R) -> (R, f64) {
    let begun = Instant::now();
    let result = work();
    (result, begun.elapsed().as_secs_f64())
}

/// A core that was told all, and how many events that was.
fn told(standard: &Arc<Standard>) -> (Monitor, u64) {
    let mut monitor = Monitor::new(standard.clone(), Some(standard.horizon));
    let mut decoder = Decoder::new(Arc::new(standard.schema.clone()), Keys::default()).keeping_names(true);
    let mut count = 0;
    let mut tell = |line: &[u8]| {
        decoder.json(line).unwrap();
        count += 1;
        if decoder.len() == BATCH {
            monitor.apply(&decoder.take());
        }
    };
    match std::env::args().skip(1).find(|argument| !argument.starts_with('-')) {
        Some(file) => BufReader::new(File::open(file).unwrap()).split(b'\n').for_each(|line| tell(&line.unwrap())),
        None => {
            let start = Timestamp::parse("2026-03-02T09:00:00+08:00").unwrap();
            let simulation = Simulation::new(&Settings { seed: 1, start, centers: 6, rate: 4.0 });
            let mut line = Vec::new();
            for event in simulation.take_while(|event| event.time < start.plus(HOUR)) {
                line.clear();
                event.write_json(&mut line);
                tell(&line);
            }
        }
    }
    monitor.apply(&decoder.take());
    (monitor, count)
}

fn resident() -> u64 {
    let pages: u64 = fs::read_to_string("/proc/self/statm").unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4_096
}
