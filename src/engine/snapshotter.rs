//! The keeper of snapshots: a thread beside the engine that makes a snapshot without holding it up.
//!
//! It does not look at the living core at all. It does what recovery would do after a crash, from the snapshot before and
//! the journal after it, and writes down what it comes to. So the flow stands still for no moment, and every snapshot is
//! a rehearsal: that the journal can be read, and that recovery works, is shown every few minutes and not first on the bad
//! day. The price is memory for a second core and the work of counting everything once more, while a snapshot is made.
//!
//! Its thread and those it starts give way: what it writes goes to the disk in small steps (`journal/paced.rs`), and on Linux it has a
//! lower priority than the engine. Where processors are scarce a snapshot takes longer instead of a board.

use super::recovery::{self, RecoveryError, RecoverySources, recover_state};
use super::thread_priority::{SNAPSHOT_NICENESS, lower_thread_priority};
use crate::clock::measure_time;
use crate::journal::{SequenceNumber, SnapshotStore};
use crate::telemetry::Metric;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// How many snapshots are kept: the newest, and the one before in case it is damaged.
const SNAPSHOTS_RETAINED: usize = 2;

/// The engine's side of the keeper.
#[derive(Debug)]
pub(super) struct Snapshotter {
    requests: SyncSender<SequenceNumber>,
    shared: Arc<SnapshotterState>,
    thread: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct SnapshotterState {
    stop: AtomicBool,
    /// The records after this one are needed for recovery, even if the newest snapshot is damaged.
    needed_after: AtomicU64,
}

impl Snapshotter {
    /// Sets a keeper to work.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub(super) fn start_thread(sources: RecoverySources) -> std::io::Result<Snapshotter> {
        let shared = Arc::new(SnapshotterState::default());
        shared.needed_after.store(oldest_snapshot(&sources).0, Ordering::Relaxed);
        let (requests, queue) = sync_channel(0);
        let own = shared.clone();
        let work = move || {
            lower_thread_priority(SNAPSHOT_NICENESS);
            while let Ok(until) = queue.recv() {
                let (made, took) = measure_time(|| make_snapshot(&sources, until, &own.stop));
                match made {
                    Ok(bytes) => {
                        Metric::SnapshotSeconds.record_duration(took);
                        Metric::SnapshotBytes.set(bytes as f64);
                        tracing::debug!(
                            record = until.0,
                            bytes,
                            seconds = took.as_secs_f64(),
                            "a snapshot is made"
                        );
                        own.needed_after.store(oldest_snapshot(&sources).0, Ordering::Relaxed);
                    }
                    Err(RecoveryError::Stopped) => return,
                    Err(error) => tracing::error!(
                        "no snapshot could be made; the next start takes longer: {error}"
                    ),
                }
            }
        };
        let thread = std::thread::Builder::new().name("keeper".to_owned()).spawn(work)?;
        Ok(Snapshotter { requests, shared, thread })
    }

    /// Asks for a snapshot of the state after this record; `false` if the keeper is busy with another.
    pub(super) fn request_snapshot(&self, until: SequenceNumber) -> bool {
        self.requests.try_send(until).is_ok()
    }

    /// The last record that recovery can do without.
    pub(super) fn needed_after(&self) -> SequenceNumber {
        SequenceNumber(self.shared.needed_after.load(Ordering::Relaxed))
    }

    /// Breaks off and waits until it has ended.
    pub(super) fn stop(self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        drop(self.requests);
        if self.thread.join().is_err() {
            tracing::error!("the keeper of snapshots has panicked");
        }
    }
}

fn make_snapshot(
    sources: &RecoverySources,
    until: SequenceNumber,
    stop: &AtomicBool,
) -> Result<u64, RecoveryError> {
    let go_on = |_| {
        if stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let state = recover_state(sources, until, &mut { go_on })?;
    let Some(state) = state else { return Ok(0) };
    let bytes = recovery::write_snapshot(&state, &sources.snapshots)?;
    remove_old_snapshots(&sources.snapshots)?;
    Ok(bytes)
}

/// Removes all snapshots but the newest ones.
///
/// # Errors
/// If they cannot be removed.
pub(super) fn remove_old_snapshots(snapshots: &SnapshotStore) -> Result<(), RecoveryError> {
    for old in snapshots.list_snapshots()?.into_iter().skip(SNAPSHOTS_RETAINED) {
        snapshots.remove_snapshot(old)?;
    }
    Ok(())
}

/// What the oldest snapshot covers; nothing unless there are as many as are to be kept.
fn oldest_snapshot(sources: &RecoverySources) -> SequenceNumber {
    let all = sources.snapshots.list_snapshots().unwrap_or_default();
    all.get(SNAPSHOTS_RETAINED - 1).copied().unwrap_or_default()
}
