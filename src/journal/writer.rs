//! The only writer of the journal: appends, and begins a new segment when one is full or can no longer be trusted.

use super::disk::FileStorage;
use super::error::JournalError;
use super::reader::JournalReader;
use super::record::JournalRecord;
use super::segment::{self, Segment, StandardInForce, UNFINISHED_SUFFIX};
use super::segment_list::{OlderSegment, SegmentList, SharedSegments};
use super::snapshot::{self, SnapshotStore};
use crate::domain::time::timestamp::Timestamp;
use crate::journal::SequenceNumber;
use std::sync::Arc;

/// The name of an empty file that is there while nothing is open to be written: all that the files hold has reached the disk. It comes
/// last and goes first, so no sync that failed is behind it.
const CLOSED_FILE: &str = "closed";

/// How a journal is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JournalSettings {
    /// With so many bytes of values a segment is full, and the next begins.
    pub segment_bytes: u64,
    /// [`super::Keys::fingerprint`] of the keys that identities are hashed with.
    pub keys_fingerprint: u64,
}

impl Default for JournalSettings {
    /// 128 MiB, which is checked in less than a second after a crash.
    fn default() -> Self {
        JournalSettings { segment_bytes: 128 << 20, keys_fingerprint: 0 }
    }
}

/// The journal, open to be written.
#[derive(Debug)]
pub struct Journal {
    settings: JournalSettings,
    pub(super) segments: Arc<SharedSegments>,
    last_sequence: SequenceNumber,
    /// The bytes of values in the newest segment.
    newest_segment_bytes: u64,
    /// The last tick in the newest segment.
    newest_segment_tick: Option<Timestamp>,
    /// The standard in force; none before the first, or where an earlier version wrote it.
    standard: Option<StandardInForce>,
    /// Whether writing the newest segment failed: the system may pretend that what it could not write is there, so nothing
    /// more is built on it.
    failed: bool,
}

impl Journal {
    /// Opens the journal that lies here, or begins one: after the newest snapshot, if somebody took all segments away and left
    /// that. The newest segment is checked, and written anew unless the journal was closed; the older ones are checked when they are
    /// read.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the newest segment is; [`Error::Newer`], [`Error::OtherKeys`], or what the system says.
    pub fn open(
        disk: Arc<dyn FileStorage>,
        settings: JournalSettings,
    ) -> Result<Journal, JournalError> {
        let names = disk
            .list_files()
            .map_err(|error| JournalError::from_io("the data directory", error))?;
        // No others: cursors may be in the making at this moment.
        let own = |name: &str| {
            segment::parse_segment_name(name)
                .or_else(|| snapshot::parse_snapshot_name(name))
                .is_some()
        };
        for name in
            names.iter().filter(|name| name.strip_suffix(UNFINISHED_SUFFIX).is_some_and(own))
        {
            disk.remove_file(name).map_err(|error| JournalError::from_io(name, error))?;
        }
        let closed = names.iter().any(|name| name == CLOSED_FILE);
        if closed {
            disk.remove_file(CLOSED_FILE)
                .map_err(|error| JournalError::from_io(CLOSED_FILE, error))?;
        }
        let mut firsts = segment::list_segments(&*disk)?;
        let newest = match firsts.pop() {
            Some(first) => Segment::open(&*disk, first, settings.keys_fingerprint, closed)?,
            None => {
                let covered = SnapshotStore::new(disk.clone())
                    .list_snapshots()?
                    .first()
                    .copied()
                    .unwrap_or_default();
                Segment::create(&*disk, covered.next(), settings.keys_fingerprint, None)?
            }
        };
        let (last, bytes) = (newest.last_sequence()?, newest.stored_bytes()?);
        let tick = newest.last_tick(last)?;
        let standard = newest.standard_after(last)?;
        let older = firsts.into_iter().map(OlderSegment::new).collect();
        let row = Arc::new(SharedSegments::new(
            disk,
            SegmentList { older, newest: Arc::new(newest), last_sequence: last },
        ));
        Ok(Journal {
            settings,
            segments: row,
            last_sequence: last,
            newest_segment_bytes: bytes,
            newest_segment_tick: tick,
            standard,
            failed: false,
        })
    }

    /// Writes these records durably, all or none; when it returns they are on disk. Gives the sequence of the last.
    ///
    /// After an error none of them is in the journal, unless the process ends before the next append: then they may be found
    /// there as a whole. The journal can be used again at once.
    ///
    /// # Errors
    /// [`Error::Full`] if there is no room, or what else the system says.
    pub fn append_records(
        &mut self,
        records: &[JournalRecord],
    ) -> Result<SequenceNumber, JournalError> {
        if records.is_empty() {
            return Ok(self.last_sequence);
        }
        if self.failed || self.newest_segment_bytes >= self.settings.segment_bytes {
            self.begin_segment()?;
        }
        let from = self.last_sequence.next();
        self.failed = true;
        self.newest_segment_bytes +=
            self.segments.read_list().newest.append_records(from, records)?;
        self.failed = false;
        self.last_sequence = SequenceNumber(self.last_sequence.0 + records.len() as u64);
        let ticks = records.iter().rev().find_map(JournalRecord::clock_time);
        self.newest_segment_tick = ticks.or(self.newest_segment_tick);
        let standards = (from.0..)
            .zip(records)
            .filter(|(_, record)| matches!(record, JournalRecord::Standard { .. }));
        if let Some((at, record)) = standards.last() {
            self.standard = Some((SequenceNumber(at), record.clone()));
        }
        self.segments.write_list().last_sequence = self.last_sequence;
        Ok(self.last_sequence)
    }

    fn begin_segment(&mut self) -> Result<(), JournalError> {
        let next = Segment::create(
            &*self.segments.disk,
            self.last_sequence.next(),
            self.settings.keys_fingerprint,
            self.standard.as_ref(),
        )?;
        let before = self.segments.write_list().begin_segment(next, self.newest_segment_tick);
        (self.newest_segment_bytes, self.newest_segment_tick) = (0, None);
        // It was durable before it was closed; only a later check of it takes longer. A reader that is in it closes it.
        if let Some(Err(error)) = Arc::into_inner(before).map(Segment::close)
            && !self.failed
        {
            tracing::warn!(%error, "a full segment was not closed in good order");
        }
        self.failed = false;
        Ok(())
    }

    /// Closes the journal in good order, once nobody reads it any more: the next start can then go on with the newest segment.
    /// Without this, while somebody reads, and after an append that failed it is as after a crash, and the next start takes longer.
    ///
    /// # Errors
    /// If that could not be written.
    pub fn close_cleanly(self) -> Result<(), JournalError> {
        if self.failed {
            return Ok(());
        }
        let Some((disk, newest)) =
            Arc::into_inner(self.segments).and_then(SharedSegments::into_newest_segment)
        else {
            return Ok(());
        };
        newest.close()?;
        disk.open_file(CLOSED_FILE, true)
            .map(drop)
            .map_err(|error| JournalError::from_io(CLOSED_FILE, error))
    }

    /// The last record; 0 if there is none.
    #[must_use]
    pub fn last_sequence(&self) -> SequenceNumber {
        self.last_sequence
    }

    /// A reader, which may work on another thread while this writes.
    #[must_use]
    pub fn new_reader(&self) -> JournalReader {
        JournalReader::new(self.segments.clone())
    }
}
