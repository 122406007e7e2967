//! Reading of the journal in portions, while the writer continues to append.

use super::error::JournalError;
use super::record::JournalRecord;
use super::segment::{self, Segment};
use super::segment_list::SharedSegments;
use crate::journal::SequenceNumber;
use std::sync::Arc;

/// Reads the journal. Cheap to clone, usable from any thread.
#[derive(Clone, Debug)]
pub struct JournalReader {
    segments: Arc<SharedSegments>,
}

impl JournalReader {
    pub(super) fn new(segments: Arc<SharedSegments>) -> JournalReader {
        JournalReader { segments }
    }

    /// Returns the oldest stored record; the next record to be written if the journal is empty.
    #[must_use]
    pub fn first_sequence(&self) -> SequenceNumber {
        self.segments.read_list().first()
    }

    /// Returns the last record; 0 if the journal is empty.
    #[must_use]
    pub fn last_sequence(&self) -> SequenceNumber {
        self.segments.read_list().last_sequence
    }

    /// Returns the record of the standard in force at the oldest stored record.
    ///
    /// The standard is returned even if its own record was pruned. `None` at the beginning of the
    /// journal, and for segments of earlier versions of the program.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] if the segment is damaged, or another error if it cannot be read.
    pub fn standard_record(&self) -> Result<Option<JournalRecord>, JournalError> {
        let segments = self.segments.read_list();
        let (newest, first) = (segments.newest.clone(), segments.first());
        drop(segments);
        let before = SequenceNumber(first.0.saturating_sub(1));
        let standard = if first == newest.first {
            newest.standard_after(before)?
        } else {
            Segment::open_read_only(&*self.segments.disk, first)?.standard_after(before)?
        };
        Ok(standard.map(|(_, record)| record))
    }

    /// Iterates over the records after this one, in order, each checked. The end is the last record
    /// written when the iterator reaches it.
    ///
    /// The iterator ends after an error. A pruned record is an error too, so start at
    /// [`JournalReader::first_sequence`].
    #[must_use]
    pub fn records_after(&self, after: SequenceNumber) -> RecordIterator {
        RecordIterator {
            segments: self.segments.clone(),
            next: after.next(),
            portion: Vec::new().into_iter(),
            open_segment: None,
            ended: false,
        }
    }
}

/// Iterator over records.
#[derive(Debug)]
pub struct RecordIterator {
    segments: Arc<SharedSegments>,
    next: SequenceNumber,
    portion: std::vec::IntoIter<(SequenceNumber, JournalRecord)>,
    /// The older segment being read.
    open_segment: Option<Segment>,
    ended: bool,
}

impl RecordIterator {
    /// Reads the next portion; returns an empty one at the end.
    fn fetch_portion(&mut self) -> Result<Vec<(SequenceNumber, JournalRecord)>, JournalError> {
        let segments = self.segments.read_list();
        if self.next > segments.last_sequence {
            return Ok(Vec::new());
        }
        if self.next >= segments.newest.first {
            self.open_segment = None;
            let (newest, last) = (segments.newest.clone(), segments.last_sequence);
            drop(segments);
            return newest.read_portion(self.next, last);
        }
        let Some(place) =
            segments.older.partition_point(|older| older.first <= self.next).checked_sub(1)
        else {
            let what = format!("pruned by retention; the oldest record is {}", segments.first());
            return Err(JournalError::damaged_file(
                segment::segment_name(segments.first()),
                Some(self.next),
                what,
            ));
        };
        let (first, end) = (segments.older[place].first, segments.older_segment_end(place));
        // Older segments never change, so the writer need not wait.
        drop(segments);
        let open = match self.open_segment.take() {
            Some(open) if open.first == first => open,
            _ => Segment::open_read_only(&*self.segments.disk, first)?,
        };
        self.open_segment.insert(open).read_portion(self.next, end)
    }
}

impl Iterator for RecordIterator {
    type Item = Result<(SequenceNumber, JournalRecord), JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((at, record)) = self.portion.next() {
                self.next = at.next();
                return Some(Ok((at, record)));
            }
            if self.ended {
                return None;
            }
            match self.fetch_portion() {
                Ok(portion) => {
                    self.ended = portion.is_empty();
                    self.portion = portion.into_iter();
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
    }
}
