//! Counting what was merged, at the end of a replay.
//!
//! Nobody looks at a replay before its end, so its cases are settled there, each once for its whole life. That costs less than to
//! settle them with every batch, as a living service must.

use crate::domain::monitor::{CaseChanges, Monitor};
use std::sync::mpsc::{channel, sync_channel};

/// How many changes wait for the cells.
const QUEUED_CHANGES_MAX: usize = 16;

/// Settles the cases of a core; with two threads one tells what they mean, and the other adds it up.
pub(super) fn settle_in_parallel(mut monitor: Monitor, threads: u8) -> Monitor {
    if threads < 2 {
        monitor.settle();
        return monitor;
    }
    let (mut caseload, mut cells) = monitor.into_parts();
    std::thread::scope(|scope| {
        let (hand_over, queue) = sync_channel::<CaseChanges>(QUEUED_CHANGES_MAX);
        let (back, taken) = channel();
        let cells = scope.spawn(move || {
            for mut changes in queue {
                cells.apply_changes(&changes);
                changes.clear();
                // Nobody may need it any more.
                let _ = back.send(changes);
            }
            cells
        });
        while caseload.settle_some_cases() {
            let emptied = taken.try_recv().unwrap_or_default();
            // A thread that has panicked takes nothing; its end tells.
            let _ = hand_over.send(std::mem::replace(caseload.pending_changes(), emptied));
        }
        drop(hand_over);
        Monitor::from_parts(
            caseload,
            cells.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        )
    })
}
