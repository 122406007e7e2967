//! `firstline check --sample`: shows what the first rows of an export become by a mapping.

use crate::ingest::mapping::{MappingSample, RowNote, SampledRow};
use serde_json::{Value, json};
use std::fmt::Write;

/// Returns what makes a sample fail: no row gives an event, or a local time does not exist.
pub(super) fn find_fault(sample: &MappingSample) -> Option<&'static str> {
    if sample.event_count() == 0 {
        return Some("no row gives an event");
    }
    let is_skipped = |note: &RowNote| matches!(note, RowNote::SkippedTime(_));
    let has_skipped = sample.rows.iter().flat_map(|row| &row.notes).any(is_skipped);
    has_skipped.then_some("a local time does not exist; is the `time_zone` that of the export?")
}

/// Returns a sample as text.
pub(super) fn sample_text(file: &str, sample: &MappingSample) -> String {
    let mut out = String::new();
    for row in &sample.rows {
        let _ = writeln!(out, "{file}:{}", row.line);
        write_row(&mut out, row);
    }
    let lists = [
        ("columns of the mapping", &sample.used),
        ("not used", &sample.columns.unused),
        ("in no row", &sample.columns.absent),
    ];
    for (title, columns) in lists.iter().filter(|(_, columns)| !columns.is_empty()) {
        let _ = writeln!(out, "{title}: {}", columns.join(", "));
    }
    let count = |is_counted: fn(&SampledRow) -> bool| {
        sample.rows.iter().filter(|row| is_counted(row)).count()
    };
    let _ = writeln!(
        out,
        "{} rows read: {} events, {} rows rejected, {} left out",
        sample.rows_read,
        sample.event_count(),
        count(|row| row.rejected.is_some()),
        count(|row| row.left_out.is_some()),
    );
    if let Some(fault) = find_fault(sample) {
        let _ = writeln!(out, "{fault}");
    }
    out
}

fn write_row(out: &mut String, row: &SampledRow) {
    for event in &row.events {
        let _ = writeln!(
            out,
            "  {}  {}  ({})  subject {}",
            event.kind, event.time, event.local_time, event.subject
        );
        let data: Vec<String> =
            event.data.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !data.is_empty() {
            let _ = writeln!(out, "      {}", data.join("  "));
        }
    }
    for note in &row.notes {
        let _ = writeln!(out, "  noted: {note}");
    }
    if let Some(reason) = &row.rejected {
        let _ = writeln!(out, "  rejected: {reason}");
    }
    if let Some(reason) = &row.left_out {
        let _ = writeln!(out, "  left out: {reason}");
    }
}

/// Returns a sample as JSON.
pub(super) fn sample_json(sample: &MappingSample) -> Value {
    let rows: Vec<Value> = sample.rows.iter().map(row_json).collect();
    json!({
        "rows": rows,
        "rows_read": sample.rows_read,
        "events": sample.event_count(),
        "columns": {
            "used": sample.used,
            "unused": sample.columns.unused,
            "absent": sample.columns.absent,
        },
        "fault": find_fault(sample),
    })
}

fn row_json(row: &SampledRow) -> Value {
    let events: Vec<Value> = row
        .events
        .iter()
        .map(|event| {
            let data: serde_json::Map<String, Value> =
                event.data.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            json!({
                "id": event.id,
                "type": event.kind,
                "time": event.time.to_string(),
                "local_time": event.local_time,
                "subject": event.subject,
                "data": data,
            })
        })
        .collect();
    let notes: Vec<String> = row.notes.iter().map(ToString::to_string).collect();
    json!({
        "line": row.line,
        "events": events,
        "rejected": row.rejected,
        "left_out": row.left_out,
        "notes": notes,
    })
}
