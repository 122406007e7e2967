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

use super::limits_table::number_within;
use crate::domain::time::timestamp::{HOUR, MINUTE, truncate_for_message};
use crate::toml_document::TomlTable;

const DAY: i64 = 24 * HOUR;
use crate::engine::AcknowledgementLevel;
use crate::journal::RetentionLimits;

/// How what is accepted is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JournalConfiguration {
    /// What an acknowledgement means.
    pub acknowledge: AcknowledgementLevel,
    /// How much of the journal stays when recovery does not need it any more.
    pub retention: RetentionLimits,
    /// After how many milliseconds a snapshot is made, if anything has happened.
    pub snapshot_ms: i64,
    /// After how many events a snapshot is made.
    pub snapshot_events: u64,
}

impl Default for JournalConfiguration {
    fn default() -> Self {
        JournalConfiguration {
            acknowledge: AcknowledgementLevel::Disk,
            retention: RetentionLimits { age_ms: Some(7 * DAY), bytes: Some(10 << 30) },
            snapshot_ms: 10 * MINUTE,
            snapshot_events: 5_000_000,
        }
    }
}

/// Reads the table; none if nothing is to be kept.
pub(super) fn read_journal_table(table: &TomlTable<'_>) -> Option<JournalConfiguration> {
    let usual = JournalConfiguration::default();
    let acknowledge = match table.optional_string("acknowledge") {
        None | Some("disk") => Some(AcknowledgementLevel::Disk),
        Some("soon") => Some(AcknowledgementLevel::Soon),
        Some("memory") => None,
        Some(other) => {
            let choice = "\"disk\" (on disk), \"soon\" (on disk with the next board) or \"memory\" (nothing is kept)";
            table.report_problem(
                "acknowledge",
                format!("`acknowledge` must be {choice}, not `{}`", truncate_for_message(other)),
            );
            None
        }
    };
    let retention = RetentionLimits {
        age_ms: table.optional_duration("keep").or(usual.retention.age_ms),
        bytes: number_within(table, "keep_gb", 1..=100_000)
            .map(|gigabytes| (gigabytes as u64) << 30)
            .or(usual.retention.bytes),
    };
    let snapshot_ms = table.optional_duration("snapshot_every").unwrap_or(usual.snapshot_ms);
    if !(MINUTE..=DAY).contains(&snapshot_ms) {
        table.report_problem(
            "snapshot_every",
            "`snapshot_every` must lie between \"1m\" and \"24h\"",
        );
    }
    let events = number_within(table, "snapshot_events", 1_000..=1_000_000_000)
        .map_or(usual.snapshot_events, |events| events as u64);
    table.report_unknown_keys();
    Some(JournalConfiguration {
        acknowledge: acknowledge?,
        retention,
        snapshot_ms,
        snapshot_events: events,
    })
}
