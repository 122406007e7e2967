//! Deterministic simulation of the engine and the journal.
//!
//! Each seed generates one history. In a history the real engine and the real journal run on a
//! simulated disk that fails. The simulated clock is set, drifts and stops. Senders retry their
//! requests, and displays reconnect.
//!
//! Everything runs on one thread. The only exception is the decompression of snapshots, which
//! changes nothing and is awaited. Time advances only in explicit steps. A seed therefore
//! reproduces its history exactly, down to the last change of the disk.
//!
//! `SIMULATION_CASES` is the number of histories for each acknowledgement level. `SIMULATION_SEED`
//! is the seed of the first one. A history that fails prints its seed.
//!
//! # Invariants
//! - `journal_audit.rs`: Snapshots change nothing. Replaying the journal alone restores the same
//!   state, byte for byte.
//! - `journal_audit.rs`, `history.rs`: Order, retries and interruptions change nothing. The board
//!   equals that of an uninterrupted engine.
//! - `senders.rs`: Every event of a request is accepted, a duplicate or refused. Acknowledged
//!   events are never lost. With `soon` only the newest bodies acknowledged since the last board
//!   can be lost.
//! - `history.rs`: Board time goes backward only after a crash, and an uncertain clock is reported.
//! - `history.rs`: An unwritable journal is reported. Once the disk has space again, events are
//!   accepted again.
//! - `history.rs`: After a graceful shutdown a display resumes without a full board.
//! - `alert_observer.rs`: An alert fires once and ends once, whatever happens in between. No
//!   reported alert disappears.
//! - `display.rs`: An epoch and a revision identify one board. A display that applies changes shows
//!   the same board as the service.
//!
//! # Planted bugs
//! Each of these bugs was planted on purpose, one at a time. The columns give the number of
//! histories, counted from the first seed, until the simulation failed.
//!
//! | bug | `disk` | `soon` |
//! |---|---|---|
//! | events are acknowledged before they are written | 1 | |
//! | the journal does not sync | 1 | 1 |
//! | the time of a group of batches is not written | 1 | 1 |
//! | recovery skips the first record after a snapshot | 1 | 1 |
//! | no revisions are skipped after a crash | 1 | 1 |
//! | no revisions are skipped if the first tick of a run cannot be written | 31 | 5 |
//! | a group of batches is applied although it could not be written | 2 | 2 |
//! | a shutdown discards pending writes | | 277 |
//! | recovery trusts a stop record that may not have reached the disk | more than 1 000 | 603 |
//! | a standard is adopted although its record could not be written | 19 | 6 |
//! | records are appended to a segment after it failed | 15 | 15 |
//! | a batch decoded before a change of the standard is not translated | 5 | 5 |
//! | frames do not report an uncertain clock | 1 | 1 |
//! | alerts are evaluated without a journal record | 1 | 1 |
//!
//! # Limitation
//! The thread that makes snapshots does not run here. The simulation makes each snapshot in one
//! step.

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

/// Prints how to rerun a history if it panics.
struct ReplayHint(u64);

impl Drop for ReplayHint {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to rerun the failed history: SIMULATION_SEED={} SIMULATION_CASES=1", self.0);
        }
    }
}

fn run_histories(acknowledge: AcknowledgementLevel) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let (seed, cases) = (
        number("SIMULATION_SEED").unwrap_or(SEED),
        number("SIMULATION_CASES").unwrap_or(HISTORY_COUNT),
    );
    let (mut total_steps, mut total_alerts) = (0, 0);
    for seed in seed..seed + cases {
        let _replay = ReplayHint(seed);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let (steps, alerts) =
            runtime.block_on(SimulatedHistory::new(seed, acknowledge).run_to_end());
        (total_steps, total_alerts) = (total_steps + steps, total_alerts + alerts);
    }
    eprintln!(
        "SIMULATION_SEED={seed} SIMULATION_CASES={cases}: {total_steps} steps, {total_alerts} alerts with {acknowledge:?}"
    );
    assert!(total_alerts > 0 || cases < 20, "no alert fired in any history");
}

#[test]
fn histories_with_acknowledgement_after_sync_hold_invariants() {
    run_histories(AcknowledgementLevel::Disk);
}

#[test]
fn histories_with_acknowledgement_before_sync_hold_invariants() {
    run_histories(AcknowledgementLevel::Soon);
}
