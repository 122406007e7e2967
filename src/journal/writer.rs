//! The single writer of the journal. It begins a new segment when the newest is full or a write
//! failed.

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

/// Name of an empty file that is present while no file is open for writing and all data is on disk.
/// It is created last and removed first, so it never follows a failed sync.
const CLOSED_FILE: &str = "closed";

/// Settings of a journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JournalSettings {
    /// Size of values at which a segment is full and the next one begins, in bytes.
    pub segment_bytes: u64,
    /// [`super::IdentityKeys::fingerprint`] of the keys that identities are hashed with.
    pub keys_fingerprint: u64,
}

impl Default for JournalSettings {
    /// Returns segments of 128 MiB, which are checked in less than a second after a crash.
    fn default() -> Self {
        JournalSettings { segment_bytes: 128 << 20, keys_fingerprint: 0 }
    }
}

/// The journal, open for writing.
#[derive(Debug)]
pub struct Journal {
    settings: JournalSettings,
    pub(super) segments: Arc<SharedSegments>,
    last_sequence: SequenceNumber,
    /// Size of values in the newest segment, in bytes.
    newest_segment_bytes: u64,
    /// The time of the last tick in the newest segment.
    newest_segment_tick: Option<Timestamp>,
    /// The standard in force; `None` before the first, or if an earlier version wrote it.
    standard: Option<StandardInForce>,
    /// True after a failed write to the newest segment. The operating system may show data that did
    /// not reach the disk, so the next append begins a new segment.
    failed: bool,
}

impl Journal {
    /// Opens the journal of a directory, or begins one.
    ///
    /// A new journal begins after the newest snapshot, if only snapshots are left. The newest
    /// segment is checked, and rewritten unless the journal was closed cleanly. Older segments are
    /// checked when they are read.
    ///
    /// # Errors
    /// - [`JournalError::Damaged`] if the newest segment is damaged
    /// - [`JournalError::NewerFormat`] if a later version of the program wrote it
    /// - [`JournalError::OtherKeys`] if it was written with other keys
    /// - another error if a file cannot be read or written
    pub fn open(
        disk: Arc<dyn FileStorage>,
        settings: JournalSettings,
    ) -> Result<Journal, JournalError> {
        let names = disk
            .list_files()
            .map_err(|error| JournalError::from_io("the data directory", error))?;
        // Other unfinished files stay: the cursors may be opened concurrently.
        let is_journal_file = |name: &str| {
            segment::parse_segment_name(name)
                .or_else(|| snapshot::parse_snapshot_name(name))
                .is_some()
        };
        for name in names
            .iter()
            .filter(|name| name.strip_suffix(UNFINISHED_SUFFIX).is_some_and(is_journal_file))
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
        let segments = Arc::new(SharedSegments::new(
            disk,
            SegmentList { older, newest: Arc::new(newest), last_sequence: last },
        ));
        Ok(Journal {
            settings,
            segments,
            last_sequence: last,
            newest_segment_bytes: bytes,
            newest_segment_tick: tick,
            standard,
            failed: false,
        })
    }

    /// Writes records durably, all or none. Returns the sequence of the last one.
    ///
    /// After an error the journal contains none of them and can be used again at once. If the
    /// process ends before the next append, all of them may be present after the restart.
    ///
    /// # Errors
    /// [`JournalError::DiskFull`] if no space is left, or another error if writing fails.
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
        let last_tick = records.iter().rev().find_map(JournalRecord::clock_time);
        self.newest_segment_tick = last_tick.or(self.newest_segment_tick);
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
        let previous = self.segments.write_list().begin_segment(next, self.newest_segment_tick);
        (self.newest_segment_bytes, self.newest_segment_tick) = (0, None);
        // Its data is durable already, so a failed close only delays the next check. A reader that
        // still uses the segment closes it later.
        if let Some(Err(error)) = Arc::into_inner(previous).map(Segment::close)
            && !self.failed
        {
            tracing::warn!(
                %error,
                "a full segment could not be closed; its next check takes longer"
            );
        }
        self.failed = false;
        Ok(())
    }

    /// Closes the journal cleanly, so that the next startup continues the newest segment.
    ///
    /// Without it, while a reader is active or after a failed append, the next startup checks the
    /// segment as after a crash and takes longer.
    ///
    /// # Errors
    /// Returns an error if closing cannot be recorded on disk.
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

    /// Returns the last record; 0 if the journal is empty.
    #[must_use]
    pub fn last_sequence(&self) -> SequenceNumber {
        self.last_sequence
    }

    /// Returns a reader, which may work on another thread.
    #[must_use]
    pub fn new_reader(&self) -> JournalReader {
        JournalReader::new(self.segments.clone())
    }
}
