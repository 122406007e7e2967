//! Crash equals pause: the real program is killed (SIGKILL) at random points under load and started again. In the end every
//! acknowledged event is counted exactly once, and its board is that of a core that was never interrupted.
//!
//! Ten rounds; `CRASH_ROUNDS=1000` runs more, `CRASH_SEED` those of a run that failed.
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

/// How many senders send at the same time.
const SENDER_COUNT: usize = 4;
/// After how many acknowledgements the program is killed, at most.
const ACKNOWLEDGEMENTS_BEFORE_KILL_MAX: u32 = 60;

fn environment_number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn acknowledged_events_count_once_across_random_kills() {
    let rounds = environment_number("CRASH_ROUNDS").unwrap_or(10);
    let seed = environment_number("CRASH_SEED").unwrap_or_else(firstline::engine::random_number);
    eprintln!("CRASH_SEED={seed}");
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let directory = tempfile::tempdir().expect("a directory");
    let start = WallClock::Wall.now().plus_millis(-2 * HOUR);
    // By night four centers hardly say 24 000 events in two hours, and what lies ahead of the clock is refused. By day a larger
    // organisation than needed would say nothing for a long time but that its agents come on duty.
    let mut load = SimulatedLoad::new(seed, start, (rounds as f64 / 20.0).max(3.0));
    let mut sent: Vec<EventBody> = Vec::new();
    let mut again: Vec<EventBody> = Vec::new();
    for round in 0..rounds {
        let program = FirstlineProcess::start(directory.path());
        // What was not acknowledged is sent again, as any sender would; beside it so much new that the kill comes amidst.
        let mut bodies = std::mem::take(&mut again);
        let new = load.next_bodies(
            (ACKNOWLEDGEMENTS_BEFORE_KILL_MAX as usize * 2).saturating_sub(bodies.len()),
        );
        sent.extend(new.iter().cloned());
        bodies.extend(new);
        if (round + 1).is_multiple_of(100) {
            eprintln!("{} rounds", round + 1);
        }
        let acknowledged = program.send_until_kill(
            bodies,
            SENDER_COUNT,
            chance.random_range(1..=ACKNOWLEDGEMENTS_BEFORE_KILL_MAX),
        );
        again = acknowledged.unacknowledged;
        assert!(
            acknowledged.refused.is_empty(),
            "round {round}, seed {seed}: {:?}",
            acknowledged.refused
        );
        program.kill();
    }
    let program = FirstlineProcess::start(directory.path());
    let rest = program.send_until_kill(again, SENDER_COUNT, u32::MAX);
    assert!(
        rest.unacknowledged.is_empty() && rest.refused.is_empty(),
        "seed {seed}: {:?}",
        rest.refused
    );
    program.stop();

    // A core that was never interrupted, fed in the order of sending; and what the journal says.
    let (mut recovered, keys) = recovered_state(directory.path());
    let mut never = EngineState::new(recovered.standard.clone(), "never".into()).monitor;
    never.tick(recovered.monitor.clock_time().expect("a clock"));
    apply_bodies(&mut never, &recovered, keys, &sent);
    let later = recovered.monitor.now().expect("a time").plus_millis(MINUTE);
    never.tick(later);
    recovered.monitor.tick(later);
    let events: usize = sent.iter().map(|body| body.events).sum();
    eprintln!(
        "{rounds} rounds, {} bodies, {events} events, {} cases",
        sent.len(),
        never.case_count()
    );
    assert_eq!(recovered.monitor.case_count(), never.case_count(), "seed {seed}");
    let differ = reading_lines(&recovered.monitor)
        .into_iter()
        .zip(reading_lines(&never))
        .find(|(one, other)| one != other);
    assert_eq!(differ, None, "seed {seed}");
}

/// The state that the files tell of, and the keys to compare with it.
fn recovered_state(directory: &std::path::Path) -> (EngineState, HashKeys) {
    let held = DirectoryLock::acquire(directory).expect("a directory that nobody holds");
    let settings = journal::JournalSettings {
        keys_fingerprint: held.keys().fingerprint(),
        ..journal::JournalSettings::default()
    };
    let journal = Journal::open(held.disk(), settings).expect("a good journal");
    let sources = RecoverySources {
        journal: journal.new_reader(),
        snapshots: SnapshotStore::new(held.disk()),
    };
    let state =
        recover_state(&sources, journal.last_sequence(), &mut |_| ControlFlow::Continue(()))
            .expect("a good journal")
            .expect("records");
    let keys = held.keys();
    (state, HashKeys { seed: keys.seed, customer: keys.customer })
}

fn apply_bodies(monitor: &mut Monitor, like: &EngineState, keys: HashKeys, sent: &[EventBody]) {
    let schema = Arc::new(like.standard.schema.clone());
    let mut decoder = EventDecoder::new(schema, keys).with_case_names(true);
    for body in sent {
        for line in body.text.lines() {
            decoder.decode_json(line.as_bytes()).expect("a good event");
        }
        let batch: Batch = decoder.take_batch();
        let applied = monitor.apply_batch(&batch);
        assert!(applied.refused.is_empty(), "{:?}", applied.refused);
    }
}

/// Each reading, and how many there are.
fn reading_lines(monitor: &Monitor) -> Vec<String> {
    let board = monitor.compute_board();
    let readings = board
        .readings
        .iter()
        .map(|reading| serde_json::to_string(&board.reading_json(reading)).expect("JSON"));
    [board.readings.len().to_string()].into_iter().chain(readings).collect()
}

/// What a start had to read is not read by the next one again: a snapshot is made without a further event.
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
    assert!(made, "none within a minute");
    program.kill();
}

/// Events are refused with the reason, the board is still served, and events are taken again when there is room.
#[test]
fn full_disk_refuses_events_until_space_returns() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = FirstlineProcess::start_with_file_size_limit(directory.path());
    let sent =
        SimulatedLoad::new(1, WallClock::Wall.now().plus_millis(-2 * HOUR), 1.0).next_bodies(9);
    let post = |body| program.post_body(body).expect("an answer");
    assert!(sent[..8].iter().all(|body| post(body).starts_with("HTTP/1.1 200")));
    program.limit_file_size("4096");
    let refused = post(&sent[8]);
    assert!(
        refused.starts_with("HTTP/1.1 503")
            && refused.contains("no room to write")
            && refused.contains("retry-after"),
        "{refused}"
    );
    let board = program.get("/v1/board?indicator=answer_rate&window=today&by=").expect("an answer");
    assert!(board.starts_with("HTTP/1.1 200") && board.contains("\"of\":"), "{board}");
    assert!(program.get("/readyz").expect("an answer").contains("no room to write"));
    assert!(program.get("/metrics").expect("an answer").contains("firstline_journal_failing 1"));
    program.limit_file_size("unlimited");
    while !post(&sent[8]).starts_with("HTTP/1.1 200") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    program.stop();
    let (recovered, keys) = recovered_state(directory.path());
    let mut never = EngineState::new(recovered.standard.clone(), "never".into()).monitor;
    apply_bodies(&mut never, &recovered, keys, &sent);
    assert_eq!(recovered.monitor.case_count(), never.case_count());
}

/// Nothing of the machine's own time gets into a comparison: events lie in the past, and both cores hear of one last time.
#[test]
fn simulated_load_lies_in_the_past() {
    let mut load = SimulatedLoad::new(1, Timestamp(0), 1.0);
    assert!(
        load.next_bodies(3)
            .iter()
            .all(|body| body.events > 0 && body.text.lines().count() == body.events)
    );
}
