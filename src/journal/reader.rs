//! Reading the journal, also while it is written: in portions, so that it is never held in memory, and never in the writer's way.

use super::error::JournalError;
use super::record::JournalRecord;
use super::segment::{self, Segment};
use super::segment_list::SharedSegments;
use crate::journal::SequenceNumber;
use std::sync::Arc;

/// Reads the journal. Cheap to clone; may be used on any thread.
#[derive(Clone, Debug)]
pub struct JournalReader {
    segments: Arc<SharedSegments>,
}

impl JournalReader {
    pub(super) fn new(row: Arc<SharedSegments>) -> JournalReader {
        JournalReader { segments: row }
    }

    /// The oldest record that is kept; the one that will be the first if there is none.
    #[must_use]
    pub fn first_sequence(&self) -> SequenceNumber {
        self.segments.read_list().first()
    }

    /// The last record; 0 if there is none.
    #[must_use]
    pub fn last_sequence(&self) -> SequenceNumber {
        self.segments.read_list().last_sequence
    }

    /// The record of the standard that is in force where the oldest record that is kept lies, also if it is no longer kept itself.
    /// None where the journal begins, and of segments that earlier versions wrote.
    ///
    /// # Errors
    /// [`Error::Damaged`], or what the system says.
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

    /// The records after this one, in order, each checked, until the last that was written when the end is reached.
    ///
    /// After an error there is nothing more. A record that is no longer kept is an error too: begin at [`Reader::first`].
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

/// Records, one after the other.
#[derive(Debug)]
pub struct RecordIterator {
    segments: Arc<SharedSegments>,
    next: SequenceNumber,
    portion: std::vec::IntoIter<(SequenceNumber, JournalRecord)>,
    /// The older segment that is being read.
    open_segment: Option<Segment>,
    ended: bool,
}

impl RecordIterator {
    /// The next portion; empty at the end.
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
            let what = format!("it is no longer kept; the oldest is {}", segments.first());
            return Err(JournalError::damaged_file(
                segment::segment_name(segments.first()),
                Some(self.next),
                what,
            ));
        };
        let (first, end) = (segments.older[place].first, segments.older_segment_end(place));
        // The older ones never change; whoever writes need not wait.
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
