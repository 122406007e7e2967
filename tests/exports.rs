//! Exports as other programs write them: encodings, lines around the table, numbers, words for the
//! half of the day, JSON, and what `firstline check` shows of them.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

#[path = "exports/cloud_events.rs"]
mod cloud_events;
#[path = "exports/csv_against_python.rs"]
mod csv_against_python;
#[path = "exports/encodings.rs"]
mod encodings;
#[path = "exports/json.rs"]
mod json;
#[path = "exports/mapped.rs"]
mod mapped;
#[path = "exports/sample.rs"]
mod sample;
#[path = "exports/tables.rs"]
mod tables;
#[path = "exports/times.rs"]
mod times;
