//! Parses `[journal]`: acknowledgement, retention and snapshots.
//!
//! ```toml
//! [journal]
//! acknowledge = "disk"        # durability of an accepted event: "disk", "soon" or "memory"
//! keep = "7d"                 # retention of segments that recovery no longer needs
//! keep_gb = 10                # maximum size of the retained segments, in GiB
//! snapshot_every = "10m"
//! snapshot_events = 5000000
//! ```
//!
//! | `acknowledge` | durability |
//! |---|---|
//! | `disk` | an event is on disk before it is acknowledged |
//! | `soon` | an event is on disk with the next board; a crash loses those accepted since |
//! | `memory` | nothing is stored |

use super::limits_table::number_within;
use crate::domain::time::timestamp::{DAY, MINUTE, truncate_for_message};
use crate::engine::AcknowledgementLevel;
use crate::journal::RetentionLimits;
use crate::toml_document::TomlTable;

/// Settings of the journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JournalConfiguration {
    /// Durability of an acknowledged event.
    pub acknowledge: AcknowledgementLevel,
    /// Retention of segments that recovery no longer needs.
    pub retention: RetentionLimits,
    /// Time between snapshots in ms, 1 min to 24 h. No snapshot is made without new events.
    pub snapshot_ms: i64,
    /// Maximum number of events between snapshots, 1,000 to 1,000,000,000.
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

/// Reads `[journal]`. Returns `None` for `acknowledge = "memory"` and for an invalid value.
pub(super) fn read_journal_table(table: &TomlTable<'_>) -> Option<JournalConfiguration> {
    let defaults = JournalConfiguration::default();
    let acknowledge = match table.optional_string("acknowledge") {
        None | Some("disk") => Some(AcknowledgementLevel::Disk),
        Some("soon") => Some(AcknowledgementLevel::Soon),
        Some("memory") => None,
        Some(other) => {
            let choice = "\"disk\" (on disk), \"soon\" (on disk with the next board) or \"memory\" \
                 (nothing is stored)";
            table.report_problem(
                "acknowledge",
                format!("`acknowledge` must be {choice}, not `{}`", truncate_for_message(other)),
            );
            None
        }
    };
    let retention = RetentionLimits {
        age_ms: table.optional_duration("keep").or(defaults.retention.age_ms),
        bytes: number_within(table, "keep_gb", 1..=100_000)
            .map(|gigabytes| (gigabytes as u64) << 30)
            .or(defaults.retention.bytes),
    };
    let snapshot_ms = table.optional_duration("snapshot_every").unwrap_or(defaults.snapshot_ms);
    if !(MINUTE..=DAY).contains(&snapshot_ms) {
        table.report_problem(
            "snapshot_every",
            "`snapshot_every` must be between \"1m\" and \"24h\"",
        );
    }
    let events = number_within(table, "snapshot_events", 1_000..=1_000_000_000)
        .map_or(defaults.snapshot_events, |events| events as u64);
    table.report_unknown_keys();
    Some(JournalConfiguration {
        acknowledge: acknowledge?,
        retention,
        snapshot_ms,
        snapshot_events: events,
    })
}
