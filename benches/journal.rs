//! What the journal costs: packing, appending against a plain file in the same run, and a start after a kill.
//!
//! `cargo bench --bench journal`; `FIRSTLINE_DATA=DIR` chooses the disk. The ratios count: a plain file with `fdatasync` of the
//! same bytes is what the disk can do, and it is measured alternately with the journal.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench measures time and is no library"
)]

use firstline::domain::event::Batch;
use firstline::domain::time::Timestamp;
use firstline::ingest::wire::{Decoder, Keys};
use firstline::journal::{Directory, Journal, Packed, Record, Settings};
use firstline::simulate::{self, Simulation};
use firstline::standard;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn main() {
    let lines = lines();
    for names in [false, true] {
        packing(&batches(&lines, names, 256 << 10), names);
    }
    let data = std::env::var("FIRSTLINE_DATA").unwrap_or_else(|_| ".".to_owned());
    let place = tempfile::tempdir_in(data).unwrap();
    let batches: Vec<Packed> = batches(&lines, true, 64 << 10).iter().map(Packed::pack).collect();
    appending(place.path(), &batches, 1_000, Duration::ZERO);
    appending(place.path(), &batches, 300, Duration::from_millis(10));
    starting(place.path(), &batches);
}

/// The events of a simulated organisation.
fn lines() -> Vec<Vec<u8>> {
    let start = Timestamp::parse("2026-03-02T09:00:00+08:00").unwrap();
    let simulation = Simulation::new(&simulate::Settings { seed: 1, start, centers: 6, rate: 4.0 });
    let lines = simulation.take_while(|event| event.time < start.plus(3_600_000)).map(|event| {
        let mut line = Vec::new();
        event.write_json(&mut line);
        line
    });
    lines.collect()
}

/// The events in batches of so many bytes of text.
fn batches(lines: &[Vec<u8>], names: bool, bytes: usize) -> Vec<Batch> {
    let schema = standard::read(standard::BUILT_IN_NAME, standard::BUILT_IN).unwrap().schema;
    let mut decoder = Decoder::new(Arc::new(schema), Keys { seed: 1, customer: [7; 16] }).keeping_names(names);
    let (mut batches, mut read) = (Vec::new(), 0);
    for line in lines {
        decoder.json(line).unwrap();
        read += line.len();
        if read >= bytes {
            batches.push(decoder.take());
            read = 0;
        }
    }
    batches
}

fn packing(batches: &[Batch], names: bool) {
    let events: usize = batches.iter().map(|batch| batch.events.len()).sum();
    let packed: Vec<Packed> = batches.iter().map(Packed::pack).collect();
    let bytes: usize = packed.iter().map(Packed::bytes).sum();
    let best = |work: &dyn Fn()| {
        let once = || {
            let begin = Instant::now();
            work();
            begin.elapsed().as_nanos() as f64 / events as f64
        };
        (0..15).map(|_| once()).fold(f64::INFINITY, f64::min)
    };
    let pack = best(&|| batches.iter().for_each(|batch| _ = black_box(Packed::pack(batch))));
    let unpack = best(&|| packed.iter().for_each(|packed| _ = black_box(packed.unpack().unwrap())));
    let with = if names { "with names" } else { "without names" };
    println!(
        "{with}: {events} events in {} batches: pack {pack:.0} ns, unpack {unpack:.0} ns, {:.1} bytes an event",
        batches.len(),
        bytes as f64 / events as f64
    );
}

fn appending(place: &Path, batches: &[Packed], count: usize, pause: Duration) {
    let directory = tempfile::tempdir_in(place).unwrap();
    let mut journal = Journal::open(Arc::new(Directory(directory.path().to_owned())), Settings::default()).unwrap();
    let mut plain = File::create(place.join("plain")).unwrap();
    let (mut ours, mut theirs, mut bytes) = (Vec::new(), Vec::new(), 0);
    for packed in batches.iter().cycle().take(count) {
        let raw = vec![0x5A; packed.bytes()];
        bytes += raw.len();
        theirs.push(timed(|| {
            plain.write_all(&raw).unwrap();
            plain.sync_data().unwrap();
        }));
        std::thread::sleep(pause);
        let records = [Record::Batch(packed.clone())];
        ours.push(timed(|| _ = journal.append(&records).unwrap()));
        std::thread::sleep(pause);
    }
    let how = if pause.is_zero() { "flat out".to_owned() } else { format!("with a pause of {pause:?}") };
    println!("{count} appends {how}, {} bytes each on average:", bytes / count);
    let (ours, theirs) = (quantiles(ours), quantiles(theirs));
    println!("  journal    p50 {:?}  p99 {:?}", ours.0, ours.1);
    println!("  plain file p50 {:?}  p99 {:?}", theirs.0, theirs.1);
    println!(
        "  ratio      p50 {:.2}  p99 {:.2}",
        ours.0.as_secs_f64() / theirs.0.as_secs_f64(),
        ours.1.as_secs_f64() / theirs.1.as_secs_f64()
    );
}

/// How long a start takes that finds 256 MB and was not told to stop: in one segment, and in segments of the usual size.
fn starting(place: &Path, batches: &[Packed]) {
    for (what, segment_bytes) in [("one segment", u64::MAX), ("the usual segments", Settings::default().segment_bytes)] {
        let directory = tempfile::tempdir_in(place).unwrap();
        let disk = Arc::new(Directory(directory.path().to_owned()));
        let settings = Settings { segment_bytes, ..Settings::default() };
        let mut journal = Journal::open(disk.clone(), settings).unwrap();
        let (mut bytes, mut events) = (0, 0);
        let mut group = Vec::new();
        for packed in batches.iter().cycle() {
            bytes += packed.bytes();
            events += packed.events();
            group.push(Record::Batch(packed.clone()));
            if group.len() == 64 {
                journal.append(&group).unwrap();
                group.clear();
            }
            if bytes > 256_000_000 {
                break;
            }
        }
        // As a kill leaves it: nothing is closed.
        std::mem::forget(journal);
        let on_disk: u64 = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        let begin = Instant::now();
        let journal = Journal::open(disk, settings).unwrap();
        println!("a start after a kill with 256 MB ({events} events, {on_disk} bytes on disk) in {what}: {:?}", begin.elapsed());
        let begin = Instant::now();
        let read: u64 = journal
            .reader()
            .after(firstline::journal::Sequence(0))
            .map(|read| match read.unwrap().1 {
                Record::Batch(packed) => packed.unpack().unwrap().events.len() as u64,
                _ => 0,
            })
            .sum();
        println!("  and reading and unpacking {read} events: {:?}", begin.elapsed());
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

/// The median, and what only one in a hundred exceeds.
fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}
