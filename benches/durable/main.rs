//! Benchmark of durable ingest over HTTP. The program runs as a child process with its journal on a
//! real disk. The senders run on the same machine.
//!
//! Run `cargo bench --bench durable -- --events 2000000 --senders 4 --body-kb 64`. `--data DIR`
//! selects the disk, and `--part` selects one of three parts:
//!
//! - `ingest`: throughput and acknowledgement latency for each level of `acknowledge`. As a
//!   baseline, the same bytes are written to a plain file with as many calls of `fdatasync`.
//! - `recovery`: startup after a kill without a snapshot, shutdown with a snapshot, and startup
//!   from that snapshot.
//! - `pause`: longest gaps between acknowledgements and between boards, with and without snapshots.
//!
//! Events are simulated, all different, and encoded before the measurement. `recovery` encodes them
//! in portions, so `--part recovery --events 10000000` needs little more memory than the service
//! (2 GB, printed). On a shared machine, compare medians of `--rounds` and ratios.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints results and stops at the first error"
)]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads clocks")]

mod board_watcher;
#[allow(dead_code, reason = "another benchmark uses the rest")]
mod firstline_process;
mod load;
mod plain_writes;

use board_watcher::BoardWatcher;
use clap::Parser;
use firstline_process::FirstlineProcess;
use load::{RequestBody, SendReport};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Parser)]
struct DurableBenchArguments {
    /// Number of events sent to each service
    #[arg(long, default_value_t = 1_000_000)]
    events: usize,
    /// Number of senders, each with one connection
    #[arg(long, default_value_t = 4)]
    senders: usize,
    /// Size of a body in KiB
    #[arg(long, default_value_t = 256)]
    body_kb: usize,
    /// Number of rounds
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Publication interval during `ingest`, in milliseconds
    #[arg(long, default_value_t = 100)]
    publish_ms: u64,
    /// Parent of the data directories, on the disk to measure
    #[arg(long, default_value = ".")]
    data: PathBuf,
    /// Program to measure, for comparison with another version
    #[arg(long, default_value = env!("CARGO_BIN_EXE_firstline"))]
    program: PathBuf,
    /// Part to run: ingest, recovery or pause (default all)
    #[arg(long)]
    part: Option<String>,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let args = DurableBenchArguments::parse();
    let folder = tempfile::tempdir_in(&args.data).unwrap();
    let is_selected = |part: &str| args.part.as_deref().is_none_or(|only| only == part);
    if is_selected("ingest") || is_selected("pause") {
        let bodies: Vec<RequestBody> =
            load::simulated_bodies(args.events, args.body_kb << 10).collect();
        let bytes: usize = bodies.iter().map(|body| body.text.len()).sum();
        println!(
            "{} events of {} bytes in {} bodies, {} senders",
            args.events,
            bytes / args.events,
            bodies.len(),
            args.senders
        );
        if is_selected("ingest") {
            measure_ingest(folder.path(), &bodies, &args);
        }
        if is_selected("pause") {
            measure_snapshot_pause(folder.path(), &bodies, &args);
        }
    }
    if is_selected("recovery") {
        measure_recovery(folder.path(), &args);
    }
}

/// Measures ingest at each acknowledgement level. The levels alternate, so that a slow phase of the
/// machine affects all of them.
fn measure_ingest(folder: &Path, bodies: &[RequestBody], args: &DurableBenchArguments) {
    let mut rates: [Vec<f64>; 3] = Default::default();
    for _ in 0..args.rounds {
        for (level, rates) in ["disk", "soon", "memory"].iter().zip(&mut rates) {
            let directory = tempfile::tempdir_in(folder).unwrap();
            let journal = format!("acknowledge = '{level}'\nsnapshot_every = '24h'\n{NO_SNAPSHOT}");
            let publish_every = Duration::from_millis(args.publish_ms);
            let program = FirstlineProcess::start_with_clients(
                &args.program,
                directory.path(),
                &journal,
                publish_every,
                1_000,
            );
            let (service_cpu, sender_cpu) =
                (program.processor_seconds(), firstline_process::processor_seconds_of("self"));
            let sent = load::send_bodies(program.address, bodies, args.senders);
            let (service_cpu, sender_cpu) = (
                program.processor_seconds() - service_cpu,
                firstline_process::processor_seconds_of("self") - sender_cpu,
            );
            print_report(level, &sent, args.events);
            println!(
                "  CPU: service {service_cpu:.2} s, senders {sender_cpu:.2} s ({:.0} % of both); core {:.2} s, {} boards {:.2} s, {} MiB peak memory",
                100.0 * sender_cpu / (service_cpu + sender_cpu),
                program.metric_value("firstline_apply_seconds_sum"),
                program.metric_value("firstline_board_seconds_count"),
                program.metric_value("firstline_board_seconds_sum"),
                program.peak_memory() >> 20
            );
            rates.push(args.events as f64 / sent.duration.as_secs_f64());
            let (commits, bytes) = (
                program.metric_value("firstline_journal_seconds_count"),
                program.metric_value("firstline_journal_bytes_total"),
            );
            let (seconds, written) =
                (program.metric_value("firstline_journal_seconds_sum"), program.written_bytes());
            drop(program);
            if commits > 0.0 {
                let plain = plain_writes::measure_plain_writes(
                    directory.path(),
                    commits as usize,
                    (bytes / commits) as usize,
                );
                println!(
                    "  journal: {:.1} bytes an event, {:.2} written for each; {commits} commits in {seconds:.2} s; as many plain writes with fdatasync {:.2} s \
                     (p50 {:?}, p99 {:?}): ratio {:.2}",
                    bytes / args.events as f64,
                    written as f64 / bytes,
                    plain.duration.as_secs_f64(),
                    plain.p50,
                    plain.p99,
                    seconds / plain.duration.as_secs_f64()
                );
            }
        }
    }
    let [disk, soon, memory] = rates.map(median);
    println!(
        "medians: disk {disk:.0} events/s, soon {soon:.0} ({:.2} of disk), memory {memory:.0} ({:.2})",
        soon / disk,
        memory / disk
    );
}

/// KiB of bodies encoded at once while no time is measured.
const PORTION_KB: usize = 256 << 10;
/// Journal setting that prevents snapshots.
const NO_SNAPSHOT: &str = "snapshot_events = 1000000000\n";

/// Measures startup after a kill with the journal alone, and from the snapshot of a shutdown.
fn measure_recovery(folder: &Path, args: &DurableBenchArguments) {
    let directory = tempfile::tempdir_in(folder).unwrap();
    let journal = format!("acknowledge = 'soon'\nsnapshot_every = '24h'\n{NO_SNAPSHOT}");
    let program = FirstlineProcess::start(&args.program, directory.path(), &journal);
    let mut bodies = load::simulated_bodies(args.events, args.body_kb << 10);
    let mut elapsed = Duration::ZERO;
    loop {
        let portion: Vec<RequestBody> =
            bodies.by_ref().take(PORTION_KB.div_ceil(args.body_kb)).collect();
        if portion.is_empty() {
            break;
        }
        elapsed += load::send_bodies(program.address, &portion, args.senders).duration;
    }
    println!("filling the journal: {} events in {:.2} s", args.events, elapsed.as_secs_f64());
    // `soon` acknowledges before the disk, so give the journal time to write.
    std::thread::sleep(Duration::from_secs(2));
    let cases = program.metric_value("firstline_cases");
    drop(program);
    let journal_bytes = plain_writes::file_bytes(directory.path(), "journal-");
    let (program, elapsed) =
        measure_time(|| FirstlineProcess::start(&args.program, directory.path(), &journal));
    let seconds = elapsed.as_secs_f64();
    println!(
        "startup after a kill, without a snapshot: ready after {seconds:.2} s ({:.2} s CPU); {:.2} s a million events, {:.1} s a GB of journal ({} MB), \
         {cases} cases, {} MiB peak memory",
        program.processor_seconds(),
        seconds * 1e6 / args.events as f64,
        seconds * 1e9 / journal_bytes as f64,
        journal_bytes / 1_000_000,
        program.peak_memory() >> 20
    );
    let ((), elapsed) = measure_time(|| program.stop());
    let snapshot_bytes = plain_writes::file_bytes(directory.path(), "snapshot-");
    println!(
        "shutdown with a snapshot of {} MB: {:.2} s",
        snapshot_bytes / 1_000_000,
        elapsed.as_secs_f64()
    );
    // The first startup follows a graceful shutdown, all others a kill.
    for _ in 0..args.rounds {
        let (program, elapsed) =
            measure_time(|| FirstlineProcess::start(&args.program, directory.path(), &journal));
        println!(
            "startup from that snapshot: ready after {:.2} s, {:.2} s of them to read it ({:.2} s CPU); {:.2} s a million events, {} MiB peak memory",
            elapsed.as_secs_f64(),
            program.metric_value("firstline_recovery_duration_seconds"),
            program.processor_seconds(),
            elapsed.as_secs_f64() * 1e6 / args.events as f64,
            program.peak_memory() >> 20
        );
    }
}

/// Measures gaps for senders and live clients with and without snapshots, in alternating rounds.
fn measure_snapshot_pause(folder: &Path, bodies: &[RequestBody], args: &DurableBenchArguments) {
    let every = format!("snapshot_events = {}\n", args.events / 4);
    let mut longest: [Vec<[f64; 2]>; 2] = Default::default();
    for _ in 0..args.rounds {
        for ((label, snapshots), longest) in
            [("without snapshots", NO_SNAPSHOT), ("with snapshots", &every)]
                .iter()
                .zip(&mut longest)
        {
            let directory = tempfile::tempdir_in(folder).unwrap();
            let program = FirstlineProcess::start(
                &args.program,
                directory.path(),
                &format!("snapshot_every = '24h'\n{snapshots}"),
            );
            let watcher = BoardWatcher::watch(program.address);
            let sent = load::send_bodies(program.address, bodies, args.senders);
            let (p50, _, boards) = quantiles(watcher.publication_gaps());
            print_report(label, &sent, args.events);
            println!(
                "  longest gap between acknowledgements {:.1?}, between boards (one each {:?}) {boards:.1?}, p50 {p50:.1?}; {} snapshots in {:.2} s",
                sent.longest_gap,
                firstline_process::PUBLISH_EVERY,
                program.metric_value("firstline_snapshot_seconds_count"),
                program.metric_value("firstline_snapshot_seconds_sum"),
            );
            longest.push([sent.longest_gap.as_secs_f64() * 1e3, boards.as_secs_f64() * 1e3]);
        }
    }
    let [without_snapshots, with_snapshots] = longest
        .map(|rounds| [0, 1].map(|which| median(rounds.iter().map(|gaps| gaps[which]).collect())));
    println!(
        "medians of the longest gaps: between acknowledgements {:.0} ms without and {:.0} ms with snapshots, between boards {:.0} ms and {:.0} ms",
        without_snapshots[0], with_snapshots[0], without_snapshots[1], with_snapshots[1]
    );
}

fn print_report(label: &str, sent: &SendReport, events: usize) {
    let seconds = sent.duration.as_secs_f64();
    println!(
        "{label}: {:.0} events/s, {:.0} MB/s; acknowledged after p50 {:.1?}, p99 {:.1?}, at most {:.1?}",
        events as f64 / seconds,
        sent.bytes as f64 / 1e6 / seconds,
        sent.p50,
        sent.p99,
        sent.max
    );
}

fn measure_time<R>(work: impl FnOnce() -> R) -> (R, Duration) {
    let begun = Instant::now();
    let result = work();
    (result, begun.elapsed())
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Returns the median, the 99th percentile and the maximum.
fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100], times[times.len() - 1])
}
