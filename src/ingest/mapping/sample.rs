//! What the first rows of a file become, for trying a mapping.

use crate::domain::time::timestamp::Timestamp;
use crate::ingest::mapping::{Mapping, RowNote, RowOutcome, TableColumns};
use std::collections::BTreeMap;
use std::io::{self, Read};

/// What the first rows of a file become.
#[derive(Debug)]
pub struct MappingSample {
    /// Rows with a result, by line. A group without events has it at its first row.
    pub rows: Vec<SampledRow>,
    /// Number of rows read.
    pub rows_read: u64,
    /// Columns of the mapping.
    pub used: Vec<String>,
    /// Columns of the file, compared with those of the mapping.
    pub columns: TableColumns,
}

/// What a row becomes.
#[derive(Default, Debug)]
pub struct SampledRow {
    /// Line in which the row begins, counted from 1.
    pub line: u64,
    /// Events of the row.
    pub events: Vec<SampledEvent>,
    /// Reason of the rejection.
    pub rejected: Option<String>,
    /// Reason why the row is left out.
    pub left_out: Option<String>,
    /// How the row was read where it could not be read as it stands.
    pub notes: Vec<RowNote>,
}

/// An event of a sample.
#[derive(Debug)]
pub struct SampledEvent {
    /// CloudEvents `id`.
    pub id: String,
    /// CloudEvents `type`.
    pub kind: String,
    /// CloudEvents `subject`.
    pub subject: String,
    /// Time of the event.
    pub time: Timestamp,
    /// Time of the event in the zone of the mapping.
    pub local_time: String,
    /// Fields of `data` as texts.
    pub data: Vec<(String, String)>,
}

impl MappingSample {
    /// Returns the number of events.
    #[must_use]
    pub fn event_count(&self) -> usize {
        self.rows.iter().map(|row| row.events.len()).sum()
    }
}

impl Mapping {
    /// Returns what the first `rows_max` rows of a file become, as if the file had no more.
    ///
    /// # Errors
    /// Fails if the file cannot be read or lacks a column of the mapping.
    pub fn sample_rows(&self, input: impl Read, rows_max: u64) -> io::Result<MappingSample> {
        let mut rows: BTreeMap<u64, SampledRow> = BTreeMap::new();
        let mut collect = |outcome: RowOutcome<'_>| {
            let (RowOutcome::Event { line, .. }
            | RowOutcome::Rejected { line, .. }
            | RowOutcome::LeftOut { line, .. }
            | RowOutcome::Noted { line, .. }) = outcome;
            let row =
                rows.entry(line).or_insert_with(|| SampledRow { line, ..SampledRow::default() });
            match outcome {
                RowOutcome::Event { event, .. } => row.events.push(SampledEvent {
                    id: event.id.into_owned(),
                    kind: event.kind.into_owned(),
                    subject: event.subject.into_owned(),
                    time: event.time,
                    local_time: self.local_text(event.time),
                    data: event
                        .data
                        .into_iter()
                        .map(|(name, value)| (name.into_owned(), value.into_text().into_owned()))
                        .collect(),
                }),
                RowOutcome::Rejected { reason, .. } => row.rejected = Some(reason),
                RowOutcome::LeftOut { reason, .. } => row.left_out = Some(reason.to_owned()),
                RowOutcome::Noted { note, .. } => row.notes.push(note),
            }
        };
        let (counts, columns) = self.read_first_rows(input, rows_max, &mut collect)?;
        // Columns that no row has are listed once, not as a row.
        rows.remove(&0);
        Ok(MappingSample {
            rows: rows.into_values().collect(),
            rows_read: counts.rows,
            used: self.columns.clone(),
            columns,
        })
    }

    fn local_text(&self, time: Timestamp) -> String {
        jiff::Timestamp::from_millisecond(time.0).map_or_else(
            |_| time.to_string(),
            |time| {
                let time = time.to_zoned(self.zone.clone());
                time.strftime("%Y-%m-%d %H:%M:%S%.f %:z").to_string()
            },
        )
    }
}
