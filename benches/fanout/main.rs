//! What it costs to show the board to thousands, and how soon they see what happened: the program itself as a process of its
//! own, its clients in this one, all over loopback.
//!
//! `cargo bench --profile profiling --bench fanout -- --clients 1000 --clients 10000 --seconds 30`. Parts, of which `--part` chooses one:
//!
//! - `frames`: a frame a second to every client: processor time of the service for each frame delivered, the delay from the
//!   board's time until a client has it, memory for each client; then the same frames from a bare broadcast of tokio-tungstenite,
//!   which shares a text and does nothing else;
//! - `stuck`: the same, and one client in a hundred never reads, another reads a kilobyte a second: what that changes for all others;
//! - `latency`: from the sending of an event to the frame that shows it while `--rate` other events a second are taken: a value
//!   with a board every 100 ms, and a level that turns with a board every second.
//!
//! Thousands of clients need as many open files, here and in the service: this raises its own limit as far as `ulimit -H -n`
//! allows, and what it starts inherits that. A shared machine is noisy: look at ratios within a run.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench is no library, and it stops where it cannot go on"
)]
#![allow(clippy::disallowed_methods, reason = "a bench measures")]

mod bare_broadcast;
mod clients;
#[path = "../durable/firstline_process.rs"]
#[allow(dead_code, reason = "another bench needs more of it")]
mod firstline_process;
mod latency;
#[path = "../durable/load.rs"]
#[allow(dead_code, reason = "another bench sends as fast as it can")]
mod load;

use clap::Parser;
use clients::{FrameStatistics, LiveClients};
use firstline_process::{FirstlineProcess, processor_seconds_of};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

#[derive(Parser, Clone)]
struct FanoutBenchArguments {
    /// How many clients watch; more than once for several turns.
    #[arg(long, default_values_t = [1_000, 5_000, 10_000])]
    clients: Vec<usize>,
    /// For how long each turn is measured, in seconds.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// How many other events there are in a second while latency is measured.
    #[arg(long, default_value_t = 100_000)]
    rate: usize,
    /// One part alone: frames, stuck or latency.
    #[arg(long)]
    part: Option<String>,
    /// Another program than the one built here, to compare them.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_firstline"))]
    program: PathBuf,
    /// The limit of open files has been raised.
    #[arg(long, hide = true)]
    raised: bool,
    /// Is the bare broadcast, of frames of so many bytes.
    #[arg(long, hide = true)]
    bare: Option<usize>,
    /// What cargo says.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Two of a hundred hold things up, each in its own way.
const CLIENTS_PER_STUCK: usize = 100;

fn main() {
    let args = FanoutBenchArguments::parse();
    if let Some(bytes) = args.bare {
        return bare_broadcast::run_broadcast(bytes);
    }
    if !args.raised {
        let raise = "ulimit -S -n \"$(ulimit -H -n)\"; exec \"$0\" \"$@\"";
        let mut again = Command::new("sh");
        again
            .args(["-c", raise])
            .arg(std::env::current_exe().unwrap())
            .args(std::env::args_os().skip(1))
            .arg("--raised");
        std::process::exit(again.status().unwrap().code().unwrap_or(1));
    }
    let wanted = |part: &str| args.part.as_deref().is_none_or(|only| only == part);
    for clients in &args.clients {
        if wanted("frames") {
            let frame = measure_firstline(&args, *clients, 0).frame_bytes();
            measure_bare_broadcast(*clients, frame, args.seconds);
        }
        if wanted("stuck") {
            measure_firstline(&args, *clients, 0);
            measure_firstline(&args, *clients, clients / CLIENTS_PER_STUCK);
        }
    }
    if wanted("latency") {
        latency::measure_latency(&args);
    }
}

/// Clients of the service, of which so many never read and as many read slowly.
fn measure_firstline(args: &FanoutBenchArguments, clients: usize, stuck: usize) -> FrameStatistics {
    let place = tempfile::tempdir().unwrap();
    let program = FirstlineProcess::start_with_clients(
        &args.program,
        place.path(),
        "acknowledge = 'soon'\n",
        Duration::from_secs(1),
        clients + 2 * stuck,
    );
    let feeding = clients::start_feed(program.address);
    let seen = measure_clients(
        "firstline",
        program.address,
        program.process_id(),
        clients,
        stuck,
        args.seconds,
    );
    drop(feeding);
    if stuck > 0 {
        let dropped = program.metric_value("firstline_live_clients_dropped_total{reason=\"slow\"}");
        println!(
            "  {stuck} clients never read and {stuck} read 1 KB a second: {dropped} dropped as slow"
        );
    }
    seen
}

/// The same number of clients of a broadcast that does nothing else.
fn measure_bare_broadcast(clients: usize, frame: usize, seconds: u64) {
    let (process, address) = bare_broadcast::start(frame);
    measure_clients("bare broadcast", address, process.process_id(), clients, 0, seconds);
}

fn measure_clients(
    what: &str,
    address: SocketAddr,
    process: u32,
    clients: usize,
    stuck: usize,
    seconds: u64,
) -> FrameStatistics {
    let empty = resident_memory(process);
    let watching = LiveClients::connect(address, clients, stuck);
    // Until all have their first board, and a few frames after it.
    std::thread::sleep(Duration::from_secs(5));
    watching.begin_measurement();
    let (served, read) = (processor_seconds_of(&process.to_string()), processor_seconds_of("self"));
    std::thread::sleep(Duration::from_secs(seconds));
    let seen = watching.end_measurement();
    let (served, read) =
        (processor_seconds_of(&process.to_string()) - served, processor_seconds_of("self") - read);
    let memory = resident_memory(process).saturating_sub(empty) as f64 / clients as f64;
    let (p50, p99, max) = quantiles(seen.delays.clone());
    let frames = seen.frames as f64;
    println!(
        "{what}, {clients} clients: {:.2} frames a second each, of {} bytes; {:.1} us of a processor a frame (clients {:.1} us); \
         delay p50 {p50:.0?}, p99 {p99:.0?}, at most {max:.0?}; {:.1} KB a client",
        frames / clients as f64 / seconds as f64,
        seen.frame_bytes(),
        served * 1e6 / frames,
        read * 1e6 / frames,
        memory / 1e3
    );
    seen
}

/// How much memory a process holds, in bytes.
fn resident_memory(process: u32) -> u64 {
    let status =
        std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"))
            .unwrap();
    let held = status.lines().find_map(|line| {
        line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    });
    held.unwrap() << 10
}

/// The median, what one in a hundred exceeds, and the longest.
fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100], times[times.len() - 1])
}
