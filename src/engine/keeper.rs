//! The keeper of snapshots: a thread beside the engine that makes a snapshot without holding it up.
//!
//! It does not look at the living core at all. It does what recovery would do after a crash, from the snapshot before and
//! the journal after it, and writes down what it comes to. So the flow stands still for no moment, and every snapshot is
//! a rehearsal: that the journal can be read, and that recovery works, is shown every few minutes and not first on the bad
//! day. The price is memory for a second core and the work of counting everything once more, while a snapshot is made.
//!
//! Its thread and those it starts give way: what it writes goes to the disk in small steps (`journal/paced.rs`), and on Linux it has a
//! lower priority than the engine. Where processors are scarce a snapshot takes longer instead of a board.

use super::clock::timed;
use super::recovery::{self, Error, Sources, recover};
use super::urgency::{SNAPSHOTS, give_way};
use crate::journal::{Sequence, Snapshots};
use crate::telemetry::Metric;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// How many snapshots are kept: the newest, and the one before in case it is damaged.
const KEPT: usize = 2;

/// The engine's side of the keeper.
#[derive(Debug)]
pub(super) struct Keeper {
    requests: SyncSender<Sequence>,
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    /// The records after this one are needed for recovery, even if the newest snapshot is damaged.
    needed: AtomicU64,
}

impl Keeper {
    /// Sets a keeper to work.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub(super) fn start(sources: Sources) -> std::io::Result<Keeper> {
        let shared = Arc::new(Shared::default());
        shared.needed.store(oldest(&sources).0, Ordering::Relaxed);
        let (requests, queue) = sync_channel(0);
        let own = shared.clone();
        let work = move || {
            give_way(SNAPSHOTS);
            while let Ok(until) = queue.recv() {
                let (made, took) = timed(|| make(&sources, until, &own.stop));
                match made {
                    Ok(bytes) => {
                        Metric::SnapshotSeconds.record(took);
                        Metric::SnapshotBytes.set(bytes as f64);
                        tracing::debug!(record = until.0, bytes, seconds = took.as_secs_f64(), "a snapshot is made");
                        own.needed.store(oldest(&sources).0, Ordering::Relaxed);
                    }
                    Err(Error::Stopped) => return,
                    Err(error) => tracing::error!("no snapshot could be made; the next start takes longer: {error}"),
                }
            }
        };
        let thread = std::thread::Builder::new().name("keeper".to_owned()).spawn(work)?;
        Ok(Keeper { requests, shared, thread })
    }

    /// Asks for a snapshot of the state after this record; `false` if the keeper is busy with another.
    pub(super) fn ask(&self, until: Sequence) -> bool {
        self.requests.try_send(until).is_ok()
    }

    /// The last record that recovery can do without.
    pub(super) fn needed(&self) -> Sequence {
        Sequence(self.shared.needed.load(Ordering::Relaxed))
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

fn make(sources: &Sources, until: Sequence, stop: &AtomicBool) -> Result<u64, Error> {
    let go_on = |_| if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let state = recover(sources, until, &mut { go_on })?;
    let Some(state) = state else { return Ok(0) };
    let bytes = recovery::save(&state, &sources.snapshots)?;
    tidy(&sources.snapshots)?;
    Ok(bytes)
}

/// Removes all snapshots but the newest ones.
///
/// # Errors
/// If they cannot be removed.
pub(super) fn tidy(snapshots: &Snapshots) -> Result<(), Error> {
    for old in snapshots.list()?.into_iter().skip(KEPT) {
        snapshots.remove(old)?;
    }
    Ok(())
}

/// What the oldest snapshot covers; nothing unless there are as many as are to be kept.
fn oldest(sources: &Sources) -> Sequence {
    let all = sources.snapshots.list().unwrap_or_default();
    all.get(KEPT - 1).copied().unwrap_or_default()
}
