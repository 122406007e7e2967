//! Deterministic simulation: the real engine and the real journal live thousands of seeded histories on a disk that fails and by a
//! clock that is set, drifts and stands, with senders who repeat themselves and walls that come back.
//!
//! Nothing here runs on a thread of its own but the unpacking of a snapshot, which changes nothing and is waited for, and no time passes
//! by itself; so a seed is a history, to the last change of the disk.
//!
//! `SIMULATION_CASES` histories (for each kind of acknowledgement), from `SIMULATION_SEED` on; a history that fails prints its own.
//!
//! | what must be true | where it is checked |
//! |---|---|
//! | snapshots change nothing: the journal alone gives the same memory, to the byte | `audit.rs` |
//! | order, repetition and interruption change nothing: the board is that of a core never interrupted | `audit.rs`, `history.rs` |
//! | every event of every answer is accepted, a duplicate or refused; what was acknowledged is there ever after | `senders.rs` |
//! | with `soon` only what was acknowledged last, and since the last board, may be missing | `senders.rs` |
//! | time never goes back, and a doubted clock is told | `history.rs` |
//! | a journal that cannot be written is told; with room again events are taken again | `history.rs` |
//! | an alert fires once and ends once, whatever happens between; nothing that was told is forgotten | `bell.rs` |
//! | an epoch and a revision name one board, ever; a wall that takes changes shows the whole board | `wall.rs` |
//! | after a stop in good order a wall goes on without a whole board | `history.rs` |
//!
//! # What it is worth
//! Each of these mistakes was made on purpose, alone, and the simulation ended after so many histories from the first seed:
//!
//! | mistake | `disk` | `soon` |
//! |---|---|---|
//! | events are answered before they are written | 1 | |
//! | the journal does not sync | 1 | 1 |
//! | the time of a group is not written down | 1 | 1 |
//! | recovery goes on one record too late after a snapshot | 1 | 1 |
//! | no revisions are skipped after a crash | 1 | 1 |
//! | revisions do not leap when the first tick of a run cannot be written | 31 | 5 |
//! | a group is applied although it could not be written | 2 | 2 |
//! | a stop forgets what waits to be written | | 277 |
//! | a stop is believed by its record, whether or not that reached the disk | more than 1 000 | 603 |
//! | a standard is taken although that could not be written | 19 | 6 |
//! | a segment that failed is written on | 15 | 15 |
//! | a batch decoded before the standard changed is not translated | 5 | 5 |
//! | frames do not say that the clock is doubted | 1 | 1 |
//! | a look for alerts is taken without being written down | 1 | 1 |
//!
//! # What it cannot show
//! The keeper's own thread is not here; its work is done in one step.

#[path = "simulation/alert_observer.rs"]
mod alert_observer;
#[path = "simulation/body.rs"]
mod body;
#[path = "disk/simulated_disk.rs"]
mod disk;
#[path = "simulation/display.rs"]
mod display;
#[path = "simulation/history.rs"]
mod history;
#[path = "simulation/journal_audit.rs"]
mod journal_audit;
#[path = "simulation/machine.rs"]
mod machine;
#[path = "simulation/senders.rs"]
mod senders;
#[path = "simulation/service_life.rs"]
mod service_life;

use firstline::engine::AcknowledgementLevel;
use history::SimulatedHistory;

const SEED: u64 = 1;
const HISTORY_COUNT: u64 = 1_000;

/// Says how to live a history again if it ends in a panic.
struct ReplayHint(u64);

impl Drop for ReplayHint {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("SIMULATION_SEED={} SIMULATION_CASES=1 is the history that failed", self.0);
        }
    }
}

fn run_histories(acknowledge: AcknowledgementLevel) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let (seed, cases) = (
        number("SIMULATION_SEED").unwrap_or(SEED),
        number("SIMULATION_CASES").unwrap_or(HISTORY_COUNT),
    );
    let (mut steps, mut rung) = (0, 0);
    for seed in seed..seed + cases {
        let _replay = ReplayHint(seed);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let (lived, fired) =
            runtime.block_on(SimulatedHistory::new(seed, acknowledge).run_to_end());
        (steps, rung) = (steps + lived, rung + fired);
    }
    eprintln!(
        "SIMULATION_SEED={seed} SIMULATION_CASES={cases}: {steps} steps, {rung} alerts with {acknowledge:?}"
    );
    assert!(rung > 0 || cases < 20, "no alert ever fired");
}

#[test]
fn histories_with_acknowledgement_after_sync_hold_invariants() {
    run_histories(AcknowledgementLevel::Disk);
}

#[test]
fn histories_with_acknowledgement_before_sync_hold_invariants() {
    run_histories(AcknowledgementLevel::Soon);
}
