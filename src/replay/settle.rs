//! Counting what was merged, at the end of a replay.
//!
//! Nobody looks at a replay before its end, so its cases are settled there, each once for its whole life. That costs less than to
//! settle them with every batch, as a living service must.

use crate::domain::monitor::{Changes, Monitor};
use std::sync::mpsc::{channel, sync_channel};

/// How many changes wait for the cells.
const WAITING: usize = 16;

/// Settles the cases of a core; with two threads one tells what they mean, and the other adds it up.
pub(super) fn all(mut monitor: Monitor, threads: u8) -> Monitor {
    if threads < 2 {
        monitor.settle();
        return monitor;
    }
    let (mut caseload, mut cells) = monitor.apart();
    std::thread::scope(|scope| {
        let (hand_over, queue) = sync_channel::<Changes>(WAITING);
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
        while caseload.settle_some() {
            let emptied = taken.try_recv().unwrap_or_default();
            // A thread that has panicked takes nothing; its end tells.
            let _ = hand_over.send(std::mem::replace(caseload.changes(), emptied));
        }
        drop(hand_over);
        Monitor::whole(caseload, cells.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
