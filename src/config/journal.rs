//! The part of the configuration about what is kept.
//!
//! ```toml
//! [journal]
//! acknowledge = "disk"        # "disk", "soon" or "memory": what "accepted" means, see below
//! keep = "7d"                 # how long the journal stays beyond what recovery needs ...
//! keep_gb = 10                # ... and how large it may be then
//! snapshot_every = "10m"
//! snapshot_events = 5000000
//! ```
//! `disk`: an accepted event is on disk. `soon`: it is counted, and on disk with the next board; a crash takes at most what was
//! accepted since. `memory`: nothing is kept.

use super::limits::number;
use crate::document::Table;
use crate::domain::time::{HOUR, MINUTE, shorten};

const DAY: i64 = 24 * HOUR;
use crate::engine::Acknowledge;
use crate::journal::Retention;

/// How what is accepted is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Journal {
    /// What an acknowledgement means.
    pub acknowledge: Acknowledge,
    /// How much of the journal stays when recovery does not need it any more.
    pub retention: Retention,
    /// After how many milliseconds a snapshot is made, if anything has happened.
    pub snapshot_ms: i64,
    /// After how many events a snapshot is made.
    pub snapshot_events: u64,
}

impl Default for Journal {
    fn default() -> Self {
        Journal {
            acknowledge: Acknowledge::Disk,
            retention: Retention { age_ms: Some(7 * DAY), bytes: Some(10 << 30) },
            snapshot_ms: 10 * MINUTE,
            snapshot_events: 5_000_000,
        }
    }
}

/// Reads the table; none if nothing is to be kept.
pub(super) fn read(table: &Table<'_>) -> Option<Journal> {
    let usual = Journal::default();
    let acknowledge = match table.string("acknowledge") {
        None | Some("disk") => Some(Acknowledge::Disk),
        Some("soon") => Some(Acknowledge::Soon),
        Some("memory") => None,
        Some(other) => {
            let choice = "\"disk\" (on disk), \"soon\" (on disk with the next board) or \"memory\" (nothing is kept)";
            table.problem("acknowledge", format!("`acknowledge` must be {choice}, not `{}`", shorten(other)));
            None
        }
    };
    let retention = Retention {
        age_ms: table.duration("keep").or(usual.retention.age_ms),
        bytes: number(table, "keep_gb", 1..=100_000).map(|gigabytes| (gigabytes as u64) << 30).or(usual.retention.bytes),
    };
    let snapshot_ms = table.duration("snapshot_every").unwrap_or(usual.snapshot_ms);
    if !(MINUTE..=DAY).contains(&snapshot_ms) {
        table.problem("snapshot_every", "`snapshot_every` must lie between \"1m\" and \"24h\"");
    }
    let events = number(table, "snapshot_events", 1_000..=1_000_000_000).map_or(usual.snapshot_events, |events| events as u64);
    table.finish();
    Some(Journal { acknowledge: acknowledge?, retention, snapshot_ms, snapshot_events: events })
}
