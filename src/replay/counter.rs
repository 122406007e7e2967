//! A core that counts a replay, whole or with its cells on a thread of their own.

use crate::domain::event::Batch;
use crate::domain::monitor::{Applied, Caseload, Cells, Changes, Monitor};
use crate::domain::time::Timestamp;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

/// How many batches' changes wait for the cells.
const WAITING: usize = 16;

/// A core.
pub(super) enum Counter<'scope> {
    /// On one thread.
    Whole(Box<Monitor>),
    /// On two.
    Apart(Box<Apart<'scope>>),
}

/// A core whose cells are on another thread.
pub(super) struct Apart<'scope> {
    caseload: Caseload,
    changes: SyncSender<Changes>,
    /// Changes that were taken, for their memory.
    taken: Receiver<Changes>,
    cells: ScopedJoinHandle<'scope, Cells>,
}

impl<'scope> Counter<'scope> {
    /// A core whose cells get a thread.
    pub(super) fn apart(monitor: Monitor, scope: &'scope Scope<'scope, '_>) -> Counter<'scope> {
        let (caseload, mut cells) = monitor.apart();
        let (changes, queue) = sync_channel::<Changes>(WAITING);
        let (back, taken) = channel();
        let cells = scope.spawn(move || {
            for mut changes in queue {
                cells.take(&changes);
                changes.clear();
                // Nobody may need it any more.
                let _ = back.send(changes);
            }
            cells
        });
        Counter::Apart(Box::new(Apart { caseload, changes, taken, cells }))
    }

    /// Takes a batch of events.
    pub(super) fn apply(&mut self, batch: &Batch) -> Applied {
        match self {
            Counter::Whole(monitor) => monitor.apply(batch),
            Counter::Apart(apart) => {
                let applied = apart.caseload.apply(batch);
                apart.hand_over();
                applied
            }
        }
    }

    /// The core at the end of the replay, which is this instant, if one was asked for.
    pub(super) fn end(self, instant: Option<Timestamp>) -> Monitor {
        let mut monitor = match self {
            Counter::Whole(monitor) => *monitor,
            Counter::Apart(apart) => {
                let Apart { caseload, changes, taken: _, cells } = *apart;
                drop(changes);
                Monitor::whole(caseload, cells.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            }
        };
        if let Some(instant) = instant {
            monitor.tick(instant);
        }
        monitor
    }
}

impl Apart<'_> {
    fn hand_over(&mut self) {
        let emptied = self.taken.try_recv().unwrap_or_default();
        let changes = std::mem::replace(self.caseload.changes(), emptied);
        // A thread that has panicked takes nothing; the end of the replay tells.
        let _ = self.changes.send(changes);
    }
}
