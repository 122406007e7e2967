//! What durable ingest costs, over HTTP and with everything in its place: the program itself as a process of its own, senders on
//! the same machine, the journal on a real disk.
//!
//! `cargo bench --bench durable -- --events 2000000 --senders 4 --body-kb 64`; `--data DIR` chooses the disk. Three parts, of
//! which `--part` chooses one:
//!
//! - `ingest`: events a second and the time until an acknowledgement for each level of `acknowledge`, and beside each level
//!   the same bytes in as many plain writes with `fdatasync`, which is what the disk can do;
//! - `recovery`: a start after a kill without a snapshot, the stop that makes one, and a start from it;
//! - `pause`: the longest gaps between acknowledgements and between boards, with and without snapshots being made.
//!
//! Events are those of a simulated organisation, all different, put into bodies before anything is measured; for `recovery`
//! portion by portion, so that `--part recovery --events 10000000` needs memory for little more than the service (2 GB, printed).
//! A shared machine is noisy: look at medians of `--rounds`, and at ratios.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench is no library, and it stops where it cannot go on"
)]
#![allow(clippy::disallowed_methods, reason = "a bench measures")]

mod board_watcher;
#[allow(dead_code, reason = "another bench needs more of it")]
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
    /// How many events are sent to each service.
    #[arg(long, default_value_t = 1_000_000)]
    events: usize,
    /// How many senders there are, each with one connection.
    #[arg(long, default_value_t = 4)]
    senders: usize,
    /// How long a body is, in kilobytes of text.
    #[arg(long, default_value_t = 256)]
    body_kb: usize,
    /// How often each level is measured.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How often a board is published while ingest is measured, in milliseconds; between two of them the engine looks at levels.
    #[arg(long, default_value_t = 100)]
    publish_ms: u64,
    /// Where the data directories are made: the disk that is measured.
    #[arg(long, default_value = ".")]
    data: PathBuf,
    /// Another program than the one built here, to compare them.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_firstline"))]
    program: PathBuf,
    /// One part alone: ingest, recovery or pause.
    #[arg(long)]
    part: Option<String>,
    /// What cargo says.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let args = DurableBenchArguments::parse();
    let place = tempfile::tempdir_in(&args.data).unwrap();
    let wanted = |part: &str| args.part.as_deref().is_none_or(|only| only == part);
    if wanted("ingest") || wanted("pause") {
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
        if wanted("ingest") {
            measure_ingest(place.path(), &bodies, &args);
        }
        if wanted("pause") {
            measure_snapshot_pause(place.path(), &bodies, &args);
        }
    }
    if wanted("recovery") {
        measure_recovery(place.path(), &args);
    }
}

/// What each level of acknowledgement costs; turn by turn, so that a slow minute of the machine is everybody's.
fn measure_ingest(place: &Path, bodies: &[RequestBody], args: &DurableBenchArguments) {
    let mut rates: [Vec<f64>; 3] = Default::default();
    for _ in 0..args.rounds {
        for (level, rates) in ["disk", "soon", "memory"].iter().zip(&mut rates) {
            let directory = tempfile::tempdir_in(place).unwrap();
            let journal = format!("acknowledge = '{level}'\nsnapshot_every = '24h'\n{NO_SNAPSHOT}");
            let publish_every = Duration::from_millis(args.publish_ms);
            let program = FirstlineProcess::start_with_clients(
                &args.program,
                directory.path(),
                &journal,
                publish_every,
                1_000,
            );
            let (served, sending) =
                (program.processor_seconds(), firstline_process::processor_seconds_of("self"));
            let sent = load::send_bodies(program.address, bodies, args.senders);
            let (served, sending) = (
                program.processor_seconds() - served,
                firstline_process::processor_seconds_of("self") - sending,
            );
            print_report(level, &sent, args.events);
            println!(
                "  processor: service {served:.2} s, senders {sending:.2} s ({:.0} % of both); core {:.2} s, {} boards {:.2} s, {} MiB held at most",
                100.0 * sending / (served + sending),
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

/// How many kilobytes of bodies are made at once where it does not matter how long that takes.
const PORTION_KB: usize = 256 << 10;
/// No snapshot is asked for.
const NO_SNAPSHOT: &str = "snapshot_events = 1000000000\n";

/// How long a start takes: after a kill with the journal alone, and from the snapshot of a stop.
fn measure_recovery(place: &Path, args: &DurableBenchArguments) {
    let directory = tempfile::tempdir_in(place).unwrap();
    let journal = format!("acknowledge = 'soon'\nsnapshot_every = '24h'\n{NO_SNAPSHOT}");
    let program = FirstlineProcess::start(&args.program, directory.path(), &journal);
    let mut bodies = load::simulated_bodies(args.events, args.body_kb << 10);
    let mut took = Duration::ZERO;
    loop {
        let portion: Vec<RequestBody> =
            bodies.by_ref().take(PORTION_KB.div_ceil(args.body_kb)).collect();
        if portion.is_empty() {
            break;
        }
        took += load::send_bodies(program.address, &portion, args.senders).duration;
    }
    println!("filling the journal: {} events in {:.2} s", args.events, took.as_secs_f64());
    // What is acknowledged is on disk with the next board.
    std::thread::sleep(Duration::from_secs(2));
    let cases = program.metric_value("firstline_cases");
    drop(program);
    let kept = plain_writes::file_bytes(directory.path(), "journal-");
    let (program, took) =
        measure_time(|| FirstlineProcess::start(&args.program, directory.path(), &journal));
    let seconds = took.as_secs_f64();
    println!(
        "a start after a kill, without a snapshot: ready after {seconds:.2} s ({:.2} s of a processor); {:.2} s a million events, {:.1} s a GB of journal ({} MB), \
         {cases} cases, {} MiB held at most",
        program.processor_seconds(),
        seconds * 1e6 / args.events as f64,
        seconds * 1e9 / kept as f64,
        kept / 1_000_000,
        program.peak_memory() >> 20
    );
    let ((), took) = measure_time(|| program.stop());
    let snapshot = plain_writes::file_bytes(directory.path(), "snapshot-");
    println!(
        "the stop, which makes a snapshot of {} MB: {:.2} s",
        snapshot / 1_000_000,
        took.as_secs_f64()
    );
    // The first comes after the stop, the others each after a kill.
    for _ in 0..args.rounds {
        let (program, took) =
            measure_time(|| FirstlineProcess::start(&args.program, directory.path(), &journal));
        println!(
            "a start from that snapshot: ready after {:.2} s, {:.2} s of them to read it ({:.2} s of a processor); {:.2} s a million events, {} MiB held at most",
            took.as_secs_f64(),
            program.metric_value("firstline_recovery_duration_seconds"),
            program.processor_seconds(),
            took.as_secs_f64() * 1e6 / args.events as f64,
            program.peak_memory() >> 20
        );
    }
}

/// Whether making snapshots holds up those who send and those who watch; turn by turn, as for ingest.
fn measure_snapshot_pause(place: &Path, bodies: &[RequestBody], args: &DurableBenchArguments) {
    let every = format!("snapshot_events = {}\n", args.events / 4);
    let mut longest: [Vec<[f64; 2]>; 2] = Default::default();
    for _ in 0..args.rounds {
        for ((what, snapshots), longest) in
            [("without snapshots", NO_SNAPSHOT), ("with snapshots", &every)]
                .iter()
                .zip(&mut longest)
        {
            let directory = tempfile::tempdir_in(place).unwrap();
            let program = FirstlineProcess::start(
                &args.program,
                directory.path(),
                &format!("snapshot_every = '24h'\n{snapshots}"),
            );
            let wall = BoardWatcher::watch(program.address);
            let sent = load::send_bodies(program.address, bodies, args.senders);
            let (p50, _, boards) = quantiles(wall.publication_gaps());
            print_report(what, &sent, args.events);
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
    let [without, with] = longest
        .map(|rounds| [0, 1].map(|which| median(rounds.iter().map(|gaps| gaps[which]).collect())));
    println!(
        "medians of the longest gaps: between acknowledgements {:.0} ms without and {:.0} ms with snapshots, between boards {:.0} ms and {:.0} ms",
        without[0], with[0], without[1], with[1]
    );
}

fn print_report(what: &str, sent: &SendReport, events: usize) {
    let seconds = sent.duration.as_secs_f64();
    println!(
        "{what}: {:.0} events/s, {:.0} MB/s; acknowledged after p50 {:.1?}, p99 {:.1?}, at most {:.1?}",
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

/// The median, what one in a hundred exceeds, and the longest.
fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100], times[times.len() - 1])
}
