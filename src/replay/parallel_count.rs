//! Counting of the merged events at the end of a replay.
//!
//! A replay needs no boards before its end. Its cases are therefore settled there, each once. That
//! costs less than settling them after every batch, as the live service must.

use crate::domain::monitor::{CaseChanges, Monitor};
use std::sync::mpsc::{channel, sync_channel};

/// Maximum number of changes queued for counting.
const QUEUED_CHANGES_MAX: usize = 16;

/// Settles all cases. With two or more threads, one derives the changes and another counts them.
pub(super) fn settle_in_parallel(mut monitor: Monitor, threads: u8) -> Monitor {
    if threads < 2 {
        monitor.settle();
        return monitor;
    }
    let (mut caseload, mut cells) = monitor.into_parts();
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<CaseChanges>(QUEUED_CHANGES_MAX);
        let (return_sender, returned) = channel();
        let cells = scope.spawn(move || {
            for mut changes in receiver {
                cells.apply_changes(&changes);
                changes.clear();
                // The settling thread may have ended already.
                let _ = return_sender.send(changes);
            }
            cells
        });
        while caseload.settle_some_cases() {
            let empty = returned.try_recv().unwrap_or_default();
            // Sending fails only if the counting thread has panicked; joining it reports the panic.
            let _ = sender.send(std::mem::replace(caseload.pending_changes(), empty));
        }
        drop(sender);
        Monitor::from_parts(
            caseload,
            cells.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        )
    })
}
