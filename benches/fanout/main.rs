//! Benchmark of the fan-out of the live board to thousands of clients. The program runs as a child
//! process, the clients run in this process, and all connections use loopback.
//!
//! ```sh
//! cargo bench --profile profiling --bench fanout -- --clients 1000 --clients 10000 --seconds 30
//! ```
//!
//! `--part` selects one of three parts:
//!
//! - `frames`: CPU time per delivered frame, delay from the board to the client, and memory per
//!   client, at one frame per second. The baseline is a bare broadcast over tokio-tungstenite.
//! - `stuck`: the same measurements while one client in a hundred never reads and another reads
//!   1 KB per second.
//! - `latency`: time from sending an event to the frame that shows it, while `--rate` other events
//!   per second are ingested. One run measures a value with a board every 100 ms, another a level
//!   change with a board every second.
//!
//! Thousands of clients need as many open files in both processes. The benchmark raises its soft
//! limit to `ulimit -H -n`, and the child inherits it. On a shared machine, compare ratios within a
//! run.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints results and stops at the first error"
)]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads clocks")]

mod bare_broadcast;
mod clients;
#[path = "../durable/firstline_process.rs"]
#[allow(dead_code, reason = "another benchmark uses the rest")]
mod firstline_process;
mod latency;
#[path = "../durable/load.rs"]
#[allow(dead_code, reason = "another benchmark uses the rest")]
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
    /// Number of clients; repeat for several runs
    #[arg(long, default_values_t = [1_000, 5_000, 10_000])]
    clients: Vec<usize>,
    /// Duration of each measurement, in seconds
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Other events per second during `latency`
    #[arg(long, default_value_t = 100_000)]
    rate: usize,
    /// Part to run: frames, stuck or latency (default all)
    #[arg(long)]
    part: Option<String>,
    /// Program to measure, for comparison with another version
    #[arg(long, default_value = env!("CARGO_BIN_EXE_firstline"))]
    program: PathBuf,
    /// Set once the limit of open files is raised
    #[arg(long, hide = true)]
    raised: bool,
    /// Run the bare broadcast with frames of this many bytes
    #[arg(long, hide = true)]
    bare: Option<usize>,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// Number of normal clients per client that never reads and per slow reader.
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
    let is_selected = |part: &str| args.part.as_deref().is_none_or(|only| only == part);
    for clients in &args.clients {
        if is_selected("frames") {
            let frame = measure_firstline(&args, *clients, 0).frame_bytes();
            measure_bare_broadcast(*clients, frame, args.seconds);
        }
        if is_selected("stuck") {
            measure_firstline(&args, *clients, 0);
            measure_firstline(&args, *clients, clients / CLIENTS_PER_STUCK);
        }
    }
    if is_selected("latency") {
        latency::measure_latency(&args);
    }
}

/// Measures clients of the service, plus `stuck` clients that never read and `stuck` slow readers.
fn measure_firstline(args: &FanoutBenchArguments, clients: usize, stuck: usize) -> FrameStatistics {
    let folder = tempfile::tempdir().unwrap();
    let program = FirstlineProcess::start_with_clients(
        &args.program,
        folder.path(),
        "acknowledge = 'soon'\n",
        Duration::from_secs(1),
        clients + 2 * stuck,
    );
    let feed = clients::start_feed(program.address);
    let statistics = measure_clients(
        "firstline",
        program.address,
        program.process_id(),
        clients,
        stuck,
        args.seconds,
    );
    drop(feed);
    if stuck > 0 {
        let dropped = program.metric_value("firstline_live_clients_dropped_total{reason=\"slow\"}");
        println!(
            "  {stuck} clients never read and {stuck} read 1 KB a second: {dropped} dropped as slow"
        );
    }
    statistics
}

/// Measures the same number of clients of the bare broadcast.
fn measure_bare_broadcast(clients: usize, frame: usize, seconds: u64) {
    let (process, address) = bare_broadcast::start(frame);
    measure_clients("bare broadcast", address, process.process_id(), clients, 0, seconds);
}

fn measure_clients(
    label: &str,
    address: SocketAddr,
    process: u32,
    clients: usize,
    stuck: usize,
    seconds: u64,
) -> FrameStatistics {
    let memory_before = resident_memory(process);
    let live_clients = LiveClients::connect(address, clients, stuck);
    // Wait until all clients have received their first board and a few frames.
    std::thread::sleep(Duration::from_secs(5));
    live_clients.begin_measurement();
    let (service_cpu, client_cpu) =
        (processor_seconds_of(&process.to_string()), processor_seconds_of("self"));
    std::thread::sleep(Duration::from_secs(seconds));
    let statistics = live_clients.end_measurement();
    let (service_cpu, client_cpu) = (
        processor_seconds_of(&process.to_string()) - service_cpu,
        processor_seconds_of("self") - client_cpu,
    );
    let memory = resident_memory(process).saturating_sub(memory_before) as f64 / clients as f64;
    let (p50, p99, max) = quantiles(statistics.delays.clone());
    let frames = statistics.frames as f64;
    println!(
        "{label}, {clients} clients: {:.2} frames a second each, of {} bytes; {:.1} us CPU a frame (clients {:.1} us); \
         delay p50 {p50:.0?}, p99 {p99:.0?}, at most {max:.0?}; {:.1} KB a client",
        frames / clients as f64 / seconds as f64,
        statistics.frame_bytes(),
        service_cpu * 1e6 / frames,
        client_cpu * 1e6 / frames,
        memory / 1e3
    );
    statistics
}

/// Resident memory of a process in bytes.
fn resident_memory(process: u32) -> u64 {
    let status =
        std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"))
            .unwrap();
    let resident = status.lines().find_map(|line| {
        line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    });
    resident.unwrap() << 10
}

/// Returns the median, the 99th percentile and the maximum.
fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100], times[times.len() - 1])
}
