//! The only writer of the journal: appends, and begins a new segment when one is full or can no longer be trusted.

use super::Sequence;
use super::disk::Disk;
use super::error::Error;
use super::reader::Reader;
use super::record::Record;
use super::segment::{self, InForce, Segment, UNFINISHED};
use super::segment_list::{Older, Row, Segments};
use super::snapshot::{self, Snapshots};
use crate::domain::time::Timestamp;
use std::sync::Arc;

/// The name of an empty file that is there while nothing is open to be written: all that the files hold has reached the disk. It comes
/// last and goes first, so no sync that failed is behind it.
const CLOSED: &str = "closed";

/// How a journal is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// With so many bytes of values a segment is full, and the next begins.
    pub segment_bytes: u64,
    /// [`super::Keys::fingerprint`] of the keys that identities are hashed with.
    pub keys: u64,
}

impl Default for Settings {
    /// 128 MiB, which is checked in less than a second after a crash.
    fn default() -> Self {
        Settings { segment_bytes: 128 << 20, keys: 0 }
    }
}

/// The journal, open to be written.
#[derive(Debug)]
pub struct Journal {
    settings: Settings,
    pub(super) row: Arc<Row>,
    last: Sequence,
    /// The bytes of values in the newest segment.
    bytes: u64,
    /// The last tick in the newest segment.
    tick: Option<Timestamp>,
    /// The standard in force; none before the first, or where an earlier version wrote it.
    standard: Option<InForce>,
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
    pub fn open(disk: Arc<dyn Disk>, settings: Settings) -> Result<Journal, Error> {
        let names = disk.list().map_err(|error| Error::io("the data directory", error))?;
        // No others: cursors may be in the making at this moment.
        let own = |name: &str| segment::first(name).or_else(|| snapshot::at(name)).is_some();
        for name in names.iter().filter(|name| name.strip_suffix(UNFINISHED).is_some_and(own)) {
            disk.remove(name).map_err(|error| Error::io(name, error))?;
        }
        let closed = names.iter().any(|name| name == CLOSED);
        if closed {
            disk.remove(CLOSED).map_err(|error| Error::io(CLOSED, error))?;
        }
        let mut firsts = segment::firsts(&*disk)?;
        let newest = match firsts.pop() {
            Some(first) => Segment::open(&*disk, first, settings.keys, closed)?,
            None => {
                let covered = Snapshots::new(disk.clone()).list()?.first().copied().unwrap_or_default();
                Segment::create(&*disk, covered.next(), settings.keys, None)?
            }
        };
        let (last, bytes) = (newest.last()?, newest.bytes()?);
        let tick = newest.last_tick(last)?;
        let standard = newest.standard(last)?;
        let older = firsts.into_iter().map(Older::new).collect();
        let row = Arc::new(Row::new(disk, Segments { older, newest: Arc::new(newest), last }));
        Ok(Journal { settings, row, last, bytes, tick, standard, failed: false })
    }

    /// Writes these records durably, all or none; when it returns they are on disk. Gives the sequence of the last.
    ///
    /// After an error none of them is in the journal, unless the process ends before the next append: then they may be found
    /// there as a whole. The journal can be used again at once.
    ///
    /// # Errors
    /// [`Error::Full`] if there is no room, or what else the system says.
    pub fn append(&mut self, records: &[Record]) -> Result<Sequence, Error> {
        if records.is_empty() {
            return Ok(self.last);
        }
        if self.failed || self.bytes >= self.settings.segment_bytes {
            self.begin_segment()?;
        }
        let from = self.last.next();
        self.failed = true;
        self.bytes += self.row.read().newest.append(from, records)?;
        self.failed = false;
        self.last = Sequence(self.last.0 + records.len() as u64);
        let ticks = records.iter().rev().find_map(Record::clock);
        self.tick = ticks.or(self.tick);
        let standards = (from.0..).zip(records).filter(|(_, record)| matches!(record, Record::Standard { .. }));
        if let Some((at, record)) = standards.last() {
            self.standard = Some((Sequence(at), record.clone()));
        }
        self.row.write().last = self.last;
        Ok(self.last)
    }

    fn begin_segment(&mut self) -> Result<(), Error> {
        let next = Segment::create(&*self.row.disk, self.last.next(), self.settings.keys, self.standard.as_ref())?;
        let before = self.row.write().begin(next, self.tick);
        (self.bytes, self.tick) = (0, None);
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
    pub fn close(self) -> Result<(), Error> {
        if self.failed {
            return Ok(());
        }
        let Some((disk, newest)) = Arc::into_inner(self.row).and_then(Row::into_newest) else { return Ok(()) };
        newest.close()?;
        disk.open(CLOSED, true).map(drop).map_err(|error| Error::io(CLOSED, error))
    }

    /// The last record; 0 if there is none.
    #[must_use]
    pub fn last(&self) -> Sequence {
        self.last
    }

    /// A reader, which may work on another thread while this writes.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(self.row.clone())
    }
}
