//! Snapshotter: a thread that writes snapshots without blocking the engine.
//!
//! It never reads the live core. It restores the previous snapshot, replays the journal after it,
//! and writes the result, as recovery does after a crash. The engine is never paused, and every
//! snapshot tests recovery. The cost is memory for a second core and applying all events a second
//! time while a snapshot is made.
//!
//! The thread gives way to the engine. It syncs its output in small steps
//! (`journal/incremental_sync.rs`), and on Linux it has a lower priority. On a busy machine
//! snapshots take longer instead of boards.

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

/// Number of retained snapshots: the newest, and the previous one in case it is damaged.
const SNAPSHOTS_RETAINED: usize = 2;

/// Handle of the snapshot thread.
#[derive(Debug)]
pub(super) struct Snapshotter {
    requests: SyncSender<SequenceNumber>,
    shared: Arc<SnapshotterState>,
    thread: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct SnapshotterState {
    stop: AtomicBool,
    /// Last record not needed for recovery, even if the newest snapshot is damaged.
    needed_after: AtomicU64,
}

impl Snapshotter {
    /// Starts the snapshot thread.
    ///
    /// # Errors
    /// Returns an error if the thread cannot be started.
    pub(super) fn start_thread(sources: RecoverySources) -> std::io::Result<Snapshotter> {
        let shared = Arc::new(SnapshotterState::default());
        shared.needed_after.store(oldest_snapshot(&sources).0, Ordering::Relaxed);
        let (requests, queue) = sync_channel(0);
        let state = shared.clone();
        let work = move || {
            lower_thread_priority(SNAPSHOT_NICENESS);
            while let Ok(until) = queue.recv() {
                let (result, took) = measure_time(|| make_snapshot(&sources, until, &state.stop));
                match result {
                    Ok(bytes) => {
                        Metric::SnapshotSeconds.record_duration(took);
                        Metric::SnapshotBytes.set(bytes as f64);
                        tracing::debug!(
                            record = until.0,
                            bytes,
                            seconds = took.as_secs_f64(),
                            "snapshot written"
                        );
                        state.needed_after.store(oldest_snapshot(&sources).0, Ordering::Relaxed);
                    }
                    Err(RecoveryError::Stopped) => return,
                    Err(error) => {
                        tracing::error!("snapshot failed; the next start takes longer: {error}");
                    }
                }
            }
        };
        let thread = std::thread::Builder::new().name("snapshotter".to_owned()).spawn(work)?;
        Ok(Snapshotter { requests, shared, thread })
    }

    /// Requests a snapshot of the state after a record. Returns false while another is in progress.
    pub(super) fn request_snapshot(&self, until: SequenceNumber) -> bool {
        self.requests.try_send(until).is_ok()
    }

    /// Returns the last record that recovery does not need.
    pub(super) fn needed_after(&self) -> SequenceNumber {
        SequenceNumber(self.shared.needed_after.load(Ordering::Relaxed))
    }

    /// Cancels a snapshot in progress and waits for the thread to end.
    pub(super) fn stop(self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        drop(self.requests);
        if self.thread.join().is_err() {
            tracing::error!("the snapshot thread panicked");
        }
    }
}

fn make_snapshot(
    sources: &RecoverySources,
    until: SequenceNumber,
    stop: &AtomicBool,
) -> Result<u64, RecoveryError> {
    let check_stop = |_| {
        if stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let state = recover_state(sources, until, &mut { check_stop })?;
    let Some(state) = state else { return Ok(0) };
    let bytes = recovery::write_snapshot(&state, &sources.snapshots)?;
    remove_old_snapshots(&sources.snapshots)?;
    Ok(bytes)
}

/// Removes all but the newest [`SNAPSHOTS_RETAINED`] snapshots.
///
/// # Errors
/// Returns an error if a snapshot cannot be listed or removed.
pub(super) fn remove_old_snapshots(snapshots: &SnapshotStore) -> Result<(), RecoveryError> {
    for old in snapshots.list_snapshots()?.into_iter().skip(SNAPSHOTS_RETAINED) {
        snapshots.remove_snapshot(old)?;
    }
    Ok(())
}

/// Returns the last record of the oldest retained snapshot; 0 while there are fewer than
/// [`SNAPSHOTS_RETAINED`].
fn oldest_snapshot(sources: &RecoverySources) -> SequenceNumber {
    let all = sources.snapshots.list_snapshots().unwrap_or_default();
    all.get(SNAPSHOTS_RETAINED - 1).copied().unwrap_or_default()
}
