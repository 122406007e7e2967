//! Crash tests: the real program is killed with SIGKILL at random points under load and restarted.
//!
//! In the end every acknowledged event is counted exactly once, and the board equals that of an
//! uninterrupted monitor.
//!
//! The default is ten rounds. `CRASH_ROUNDS=1000` runs more, and `CRASH_SEED` repeats a failed run.
#![cfg(unix)]

#[path = "crash/firstline_process.rs"]
mod firstline_process;
#[path = "crash/simulated_load.rs"]
mod simulated_load;

use firstline::clock::WallClock;
use firstline::domain::events::batch::Batch;
use firstline::domain::monitor::Monitor;
use firstline::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use firstline::engine::recovery::{RecoverySources, recover_state};
use firstline::engine::state::EngineState;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::journal::{self, DirectoryLock, Journal, SnapshotStore};
use firstline_process::FirstlineProcess;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use simulated_load::{EventBody, SimulatedLoad};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Number of concurrent senders.
const SENDER_COUNT: usize = 4;
/// Maximum number of acknowledgements before the program is killed.
const ACKNOWLEDGEMENTS_BEFORE_KILL_MAX: u32 = 60;

fn environment_number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn acknowledged_events_count_once_across_random_kills() {
    let rounds = environment_number("CRASH_ROUNDS").unwrap_or(10);
    let seed = environment_number("CRASH_SEED").unwrap_or_else(firstline::engine::random_number);
    eprintln!("CRASH_SEED={seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let directory = tempfile::tempdir().expect("a directory");
    let start = WallClock::Wall.now().plus_millis(-2 * HOUR);
    // At night four centers hardly generate 24 000 events in two hours, and events ahead of the
    // clock are refused. By day an organization larger than needed would first generate many
    // agent events.
    let mut load = SimulatedLoad::new(seed, start, (rounds as f64 / 20.0).max(3.0));
    let mut sent: Vec<EventBody> = Vec::new();
    let mut unacknowledged: Vec<EventBody> = Vec::new();
    for round in 0..rounds {
        let program = FirstlineProcess::start(directory.path());
        // Senders retry unacknowledged bodies. Enough new bodies follow for the kill to interrupt
        // them.
        let mut bodies = std::mem::take(&mut unacknowledged);
        let new = load.next_bodies(
            (ACKNOWLEDGEMENTS_BEFORE_KILL_MAX as usize * 2).saturating_sub(bodies.len()),
        );
        sent.extend(new.iter().cloned());
        bodies.extend(new);
        if (round + 1).is_multiple_of(100) {
            eprintln!("{} rounds", round + 1);
        }
        let outcome = program.send_until_kill(
            bodies,
            SENDER_COUNT,
            rng.random_range(1..=ACKNOWLEDGEMENTS_BEFORE_KILL_MAX),
        );
        unacknowledged = outcome.unacknowledged;
        assert!(outcome.refused.is_empty(), "round {round}, seed {seed}: {:?}", outcome.refused);
        program.kill();
    }
    let program = FirstlineProcess::start(directory.path());
    let outcome = program.send_until_kill(unacknowledged, SENDER_COUNT, u32::MAX);
    assert!(
        outcome.unacknowledged.is_empty() && outcome.refused.is_empty(),
        "seed {seed}: {:?}",
        outcome.refused
    );
    program.stop();

    // The uninterrupted monitor receives the bodies in the order of sending.
    let (mut recovered, keys) = recovered_state(directory.path());
    let mut uninterrupted =
        EngineState::new(recovered.standard.clone(), "uninterrupted".into()).monitor;
    uninterrupted
        .tick(recovered.monitor.clock_time().expect("a recovered monitor has a clock time"));
    apply_bodies(&mut uninterrupted, &recovered, keys, &sent);
    let later = recovered.monitor.now().expect("a time").plus_millis(MINUTE);
    uninterrupted.tick(later);
    recovered.monitor.tick(later);
    let events: usize = sent.iter().map(|body| body.events).sum();
    eprintln!(
        "{rounds} rounds, {} bodies, {events} events, {} cases",
        sent.len(),
        uninterrupted.case_count()
    );
    assert_eq!(recovered.monitor.case_count(), uninterrupted.case_count(), "seed {seed}");
    let difference = reading_lines(&mut recovered.monitor)
        .into_iter()
        .zip(reading_lines(&mut uninterrupted))
        .find(|(recovered, expected)| recovered != expected);
    assert_eq!(difference, None, "seed {seed}");
}

/// Recovers the state from the files. Also returns the hash keys of the data directory.
fn recovered_state(directory: &std::path::Path) -> (EngineState, HashKeys) {
    let lock = DirectoryLock::acquire(directory).expect("no process uses the directory");
    let settings = journal::JournalSettings {
        keys_fingerprint: lock.keys().fingerprint(),
        ..journal::JournalSettings::default()
    };
    let journal = Journal::open(lock.disk(), settings).expect("the journal is valid");
    let sources = RecoverySources {
        journal: journal.new_reader(),
        snapshots: SnapshotStore::new(lock.disk()),
    };
    let state =
        recover_state(&sources, journal.last_sequence(), &mut |_| ControlFlow::Continue(()))
            .expect("the journal is valid")
            .expect("the journal has records");
    let keys = lock.keys();
    (state, HashKeys { seed: keys.seed, customer: keys.customer })
}

fn apply_bodies(monitor: &mut Monitor, state: &EngineState, keys: HashKeys, sent: &[EventBody]) {
    let schema = Arc::new(state.standard.schema.clone());
    let mut decoder = EventDecoder::new(schema, keys).with_case_names(true);
    for body in sent {
        for line in body.text.lines() {
            decoder.decode_json(line.as_bytes()).expect("the event is valid");
        }
        let batch: Batch = decoder.take_batch();
        let applied = monitor.apply_batch(&batch);
        assert!(applied.refused.is_empty(), "{:?}", applied.refused);
    }
}

/// Returns the number of readings, then each reading as JSON.
fn reading_lines(monitor: &mut Monitor) -> Vec<String> {
    let board = monitor.compute_board();
    let readings = board
        .readings
        .iter()
        .map(|reading| serde_json::to_string(&board.reading_json(reading)).expect("JSON"));
    [board.readings.len().to_string()].into_iter().chain(readings).collect()
}

/// A long replay makes a snapshot, even if no further event arrives. The next start then reads
/// less.
#[test]
fn long_replay_at_startup_creates_snapshot() {
    let directory = tempfile::tempdir().expect("a directory");
    let snapshots = || {
        let files = std::fs::read_dir(directory.path())
            .expect("a directory")
            .map(|file| file.expect("a file").file_name());
        files
            .filter(|name| {
                name.to_string_lossy().starts_with("snapshot-")
                    && !name.to_string_lossy().ends_with(".new")
            })
            .count()
    };
    let program = FirstlineProcess::start_without_snapshots(directory.path());
    let sent = program.send_until_kill(
        SimulatedLoad::new(1, WallClock::Wall.now().plus_millis(-2 * HOUR), 1.0).next_bodies(60),
        SENDER_COUNT,
        u32::MAX,
    );
    assert!(sent.unacknowledged.is_empty() && sent.refused.is_empty());
    program.kill();
    assert_eq!(snapshots(), 0);
    let program = FirstlineProcess::start(directory.path());
    let made = (0..3_000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        snapshots() > 0
    });
    assert!(made, "no snapshot within a minute");
    program.kill();
}

/// Events are refused with a reason while the disk is full. The board is still served. Events are
/// accepted again once the disk has space.
#[test]
fn full_disk_refuses_events_until_space_returns() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = FirstlineProcess::start_with_file_size_limit(directory.path());
    let sent =
        SimulatedLoad::new(1, WallClock::Wall.now().plus_millis(-2 * HOUR), 1.0).next_bodies(9);
    let post = |body| program.post_body(body).expect("a response");
    assert!(sent[..8].iter().all(|body| post(body).starts_with("HTTP/1.1 200")));
    program.limit_file_size("4096");
    let refused = post(&sent[8]);
    assert!(
        refused.starts_with("HTTP/1.1 503")
            && refused.contains("no space left to write")
            && refused.contains("retry-after"),
        "{refused}"
    );
    let board =
        program.get("/v1/board?indicator=answer_rate&window=today&by=").expect("a response");
    assert!(board.starts_with("HTTP/1.1 200") && board.contains("\"of\":"), "{board}");
    assert!(program.get("/readyz").expect("a response").contains("no space left to write"));
    assert!(program.get("/metrics").expect("a response").contains("firstline_journal_failing 1"));
    program.limit_file_size("unlimited");
    while !post(&sent[8]).starts_with("HTTP/1.1 200") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    program.stop();
    let (recovered, keys) = recovered_state(directory.path());
    let mut uninterrupted =
        EngineState::new(recovered.standard.clone(), "uninterrupted".into()).monitor;
    apply_bodies(&mut uninterrupted, &recovered, keys, &sent);
    assert_eq!(recovered.monitor.case_count(), uninterrupted.case_count());
}

/// The load does not depend on the clock of the machine.
#[test]
fn simulated_load_lies_in_the_past() {
    let mut load = SimulatedLoad::new(1, Timestamp(0), 1.0);
    assert!(
        load.next_bodies(3)
            .iter()
            .all(|body| body.events > 0 && body.text.lines().count() == body.events)
    );
}
