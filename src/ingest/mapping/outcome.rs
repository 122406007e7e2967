//! What becomes of the rows of a file.

use crate::ingest::decode::raw_event::RawEvent;
use jiff::civil::DateTime;
use std::fmt;

/// Result of a row. Every row gives events, is left out with a reason, or is rejected.
#[derive(Debug)]
pub enum RowOutcome<'r> {
    /// An event of the row.
    Event {
        /// Line in which the row begins, counted from 1.
        line: u64,
        /// The event.
        event: RawEvent<'r>,
    },
    /// The row is rejected.
    Rejected {
        /// Line in which the row begins.
        line: u64,
        /// Reason of the rejection.
        reason: String,
    },
    /// The row is left out by design. For a group without events this is reported once.
    LeftOut {
        /// Line in which the row begins.
        line: u64,
        /// Reason, for counting.
        reason: &'r str,
    },
    /// The row was read, but not as it stands.
    Noted {
        /// Line in which the row begins.
        line: u64,
        /// What was done.
        note: RowNote,
    },
}

/// What was done to read a row or a file. Shown in full by `firstline check --sample`, and counted
/// by its summary.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RowNote {
    /// Cells at the end of the row are missing.
    ShortRow,
    /// A change of daylight saving time skips this local time.
    SkippedTime(DateTime),
    /// A change of daylight saving time repeats this local time.
    RepeatedTime(DateTime),
    /// No row of the file has this column.
    AbsentColumn(String),
}

impl RowNote {
    /// Returns the text under which the note is counted.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            RowNote::ShortRow => "cells at the end of a row are missing, which count as missing \
                                  values"
                .to_owned(),
            RowNote::SkippedTime(_) => "a local time does not exist, because daylight saving time \
                                        begins; the later time was taken"
                .to_owned(),
            RowNote::RepeatedTime(_) => "a local time occurs twice, because daylight saving time \
                                         ends; the first was taken"
                .to_owned(),
            RowNote::AbsentColumn(column) => {
                format!("the column `{column}` is in no row, its values are missing")
            }
        }
    }
}

impl fmt::Display for RowNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RowNote::SkippedTime(time) | RowNote::RepeatedTime(time) => {
                write!(f, "{}: {}", time.strftime("%Y-%m-%d %H:%M:%S"), self.summary())
            }
            RowNote::ShortRow | RowNote::AbsentColumn(_) => f.write_str(&self.summary()),
        }
    }
}
