//! Applies a mapping to an export and returns what becomes of it.

use firstline::ingest::mapping::{Mapping, RowOutcome};
use std::collections::BTreeMap;

/// Results of a file.
#[derive(Default, Debug)]
pub(crate) struct Mapped {
    /// Events as `LINE TYPE SUBJECT TIME`, with the fields of `data` as ` NAME=TEXT`.
    pub(crate) events: Vec<String>,
    /// Reasons with their lines, as `LINE: REASON`.
    pub(crate) rejected: Vec<String>,
    /// Number of rows left out, by reason.
    pub(crate) left_out: BTreeMap<String, u64>,
    /// Notes with their lines, as `LINE: NOTE`.
    pub(crate) notes: Vec<String>,
    /// Error that ended the reading.
    pub(crate) failed: Option<String>,
}

/// Keys of a mapping before its first table header, beside those of [`CALLS`].
pub(crate) fn calls_mapping(keys: &str) -> String {
    format!("{keys}\n{CALLS}")
}

/// One event per row, with the columns `id`, `at`, `center` and `wait`.
pub(crate) const CALLS: &str = r#"
source = "/x"
time_zone = "Asia/Shanghai"
formats = ["%Y-%m-%d %H:%M:%S"]
subject = "{id}"
[[event]]
type = "call.answered"
time = "at"
data = { center = "center", wait_seconds = "wait" }
"#;

/// Returns the problems of a mapping.
pub(crate) fn problems(mapping: &str) -> Vec<String> {
    let parsed = Mapping::parse("m.toml", mapping);
    parsed.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// Maps an export.
pub(crate) fn map(mapping: &str, export: &[u8]) -> Mapped {
    let mapping =
        Mapping::parse("m.toml", mapping).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let mut mapped = Mapped::default();
    let read = mapping.read_rows(export, &mut |row| match row {
        RowOutcome::Event { line, event } => {
            let mut text = format!("{line} {} {} {}", event.kind, event.subject, event.time);
            for (name, value) in event.data {
                text.push_str(&format!(" {name}={}", value.into_text()));
            }
            mapped.events.push(text);
        }
        RowOutcome::Rejected { line, reason } => mapped.rejected.push(format!("{line}: {reason}")),
        RowOutcome::LeftOut { reason, .. } => {
            *mapped.left_out.entry(reason.to_owned()).or_default() += 1;
        }
        RowOutcome::Noted { line, note } => mapped.notes.push(format!("{line}: {note}")),
    });
    mapped.failed = read.err().map(|error| error.to_string());
    mapped
}

/// Maps an export of which no row may be lost, and returns its events.
pub(crate) fn map_all(mapping: &str, export: &[u8]) -> Vec<String> {
    let mapped = map(mapping, export);
    assert!(mapped.rejected.is_empty() && mapped.failed.is_none(), "{mapped:#?}");
    mapped.events
}
