//! Benchmark of the journal: encoding of batches, appends, and startup after a kill.
//!
//! Run `cargo bench --bench journal`. `FIRSTLINE_DATA=DIR` selects the disk. Appends alternate with
//! `fdatasync` writes of the same size to a plain file, so compare the ratios, not absolute times.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads clocks, prints results and stops at the first error"
)]

use firstline::domain::events::batch::Batch;
use firstline::domain::time::timestamp::Timestamp;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::journal::{DirectoryStorage, EncodedBatch, Journal, JournalRecord, JournalSettings};
use firstline::simulate::{self, Simulation};
use firstline::standard_file;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn main() {
    let lines = simulated_lines();
    for names in [false, true] {
        measure_packing(&decode_batches(&lines, names, 256 << 10), names);
    }
    let data = std::env::var("FIRSTLINE_DATA").unwrap_or_else(|_| ".".to_owned());
    let folder = tempfile::tempdir_in(data).unwrap();
    let batches: Vec<EncodedBatch> =
        decode_batches(&lines, true, 64 << 10).iter().map(EncodedBatch::encode_batch).collect();
    measure_appending(folder.path(), &batches, 1_000, Duration::ZERO);
    measure_appending(folder.path(), &batches, 300, Duration::from_millis(10));
    measure_startup(folder.path(), &batches);
}

/// Returns one hour of simulated events as JSON lines.
fn simulated_lines() -> Vec<Vec<u8>> {
    let start = Timestamp::parse("2026-03-02T09:00:00+08:00").unwrap();
    let simulation =
        Simulation::new(&simulate::SimulationSettings { seed: 1, start, centers: 6, rate: 4.0 });
    let lines =
        simulation.take_while(|event| event.time < start.plus_millis(3_600_000)).map(|event| {
            let mut line = Vec::new();
            event.write_json(&mut line);
            line
        });
    lines.collect()
}

/// Decodes the lines into batches of about `bytes` of text. The rest at the end is dropped.
fn decode_batches(lines: &[Vec<u8>], names: bool, bytes: usize) -> Vec<Batch> {
    let schema =
        standard_file::parse_standard(standard_file::BUILT_IN_NAME, standard_file::BUILT_IN)
            .unwrap()
            .schema;
    let mut decoder = EventDecoder::new(Arc::new(schema), HashKeys { seed: 1, customer: [7; 16] })
        .with_case_names(names);
    let (mut batches, mut read) = (Vec::new(), 0);
    for line in lines {
        decoder.decode_json(line).unwrap();
        read += line.len();
        if read >= bytes {
            batches.push(decoder.take_batch());
            read = 0;
        }
    }
    batches
}

fn measure_packing(batches: &[Batch], names: bool) {
    let events: usize = batches.iter().map(|batch| batch.events.len()).sum();
    let packed: Vec<EncodedBatch> = batches.iter().map(EncodedBatch::encode_batch).collect();
    let bytes: usize = packed.iter().map(EncodedBatch::encoded_bytes).sum();
    let fastest = |work: &dyn Fn()| {
        let nanos_per_event = || {
            let begin = Instant::now();
            work();
            begin.elapsed().as_nanos() as f64 / events as f64
        };
        (0..15).map(|_| nanos_per_event()).fold(f64::INFINITY, f64::min)
    };
    let pack = fastest(&|| {
        batches.iter().for_each(|batch| _ = black_box(EncodedBatch::encode_batch(batch)));
    });
    let unpack =
        fastest(&|| packed.iter().for_each(|packed| _ = black_box(packed.decode_batch().unwrap())));
    let case_names = if names { "with names" } else { "without names" };
    println!(
        "{case_names}: {events} events in {} batches: pack {pack:.0} ns, unpack {unpack:.0} ns, {:.1} bytes an event",
        batches.len(),
        bytes as f64 / events as f64
    );
}

fn measure_appending(folder: &Path, batches: &[EncodedBatch], count: usize, pause: Duration) {
    let directory = tempfile::tempdir_in(folder).unwrap();
    let mut journal = Journal::open(
        Arc::new(DirectoryStorage(directory.path().to_owned())),
        JournalSettings::default(),
    )
    .unwrap();
    let mut plain = File::create(folder.join("plain")).unwrap();
    let (mut journal_times, mut plain_times, mut bytes) = (Vec::new(), Vec::new(), 0);
    for batch in batches.iter().cycle().take(count) {
        let raw = vec![0x5A; batch.encoded_bytes()];
        bytes += raw.len();
        plain_times.push(measure_time(|| {
            plain.write_all(&raw).unwrap();
            plain.sync_data().unwrap();
        }));
        std::thread::sleep(pause);
        let records = [JournalRecord::Batch(batch.clone())];
        journal_times.push(measure_time(|| _ = journal.append_records(&records).unwrap()));
        std::thread::sleep(pause);
    }
    let mode = if pause.is_zero() {
        "without pauses".to_owned()
    } else {
        format!("with a pause of {pause:?}")
    };
    println!("{count} appends {mode}, {} bytes each on average:", bytes / count);
    let (journal_times, plain_times) = (quantiles(journal_times), quantiles(plain_times));
    println!("  journal    p50 {:?}  p99 {:?}", journal_times.0, journal_times.1);
    println!("  plain file p50 {:?}  p99 {:?}", plain_times.0, plain_times.1);
    println!(
        "  ratio      p50 {:.2}  p99 {:.2}",
        journal_times.0.as_secs_f64() / plain_times.0.as_secs_f64(),
        journal_times.1.as_secs_f64() / plain_times.1.as_secs_f64()
    );
}

/// Measures startup after a kill with 256 MB of journal, in one segment and in default segments.
fn measure_startup(folder: &Path, batches: &[EncodedBatch]) {
    for (layout, segment_bytes) in [
        ("one segment", u64::MAX),
        ("segments of the default size", JournalSettings::default().segment_bytes),
    ] {
        let directory = tempfile::tempdir_in(folder).unwrap();
        let disk = Arc::new(DirectoryStorage(directory.path().to_owned()));
        let settings = JournalSettings { segment_bytes, ..JournalSettings::default() };
        let mut journal = Journal::open(disk.clone(), settings).unwrap();
        let (mut bytes, mut events) = (0, 0);
        let mut group = Vec::new();
        for batch in batches.iter().cycle() {
            bytes += batch.encoded_bytes();
            events += batch.event_count();
            group.push(JournalRecord::Batch(batch.clone()));
            if group.len() == 64 {
                journal.append_records(&group).unwrap();
                group.clear();
            }
            if bytes > 256_000_000 {
                break;
            }
        }
        // Like a kill, this leaves the journal unclosed.
        std::mem::forget(journal);
        let on_disk: u64 = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        let begin = Instant::now();
        let journal = Journal::open(disk, settings).unwrap();
        println!(
            "startup after a kill with 256 MB ({events} events, {on_disk} bytes on disk) in {layout}: {:?}",
            begin.elapsed()
        );
        let begin = Instant::now();
        let read: u64 = journal
            .new_reader()
            .records_after(firstline::journal::SequenceNumber(0))
            .map(|read| match read.unwrap().1 {
                JournalRecord::Batch(batch) => batch.decode_batch().unwrap().events.len() as u64,
                _ => 0,
            })
            .sum();
        println!("  and reading and unpacking {read} events: {:?}", begin.elapsed());
    }
}

fn measure_time(work: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

/// Returns the median and the 99th percentile.
fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}
