//! Reading the journal, also while it is written: in portions, so that it is never held in memory, and never in the writer's way.

use super::Sequence;
use super::disk::Disk;
use super::error::Error;
use super::prune::Older;
use super::record::Record;
use super::segment::{self, Segment};
use crate::domain::time::Timestamp;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The segments in their row: what the writer and the readers share.
///
/// The writer takes the lock for itself only to begin a segment, to let go of old ones, and to say how far it is. A reader
/// never holds it while it reads: the writer would wait for it, and a reader that gives way to others may take long.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) disk: Arc<dyn Disk>,
    segments: RwLock<Segments>,
}

/// The segments and how far they reach.
#[derive(Debug)]
pub(super) struct Segments {
    /// All but the newest, in order.
    pub(super) older: Vec<Older>,
    pub(super) newest: Arc<Segment>,
    /// The last record that was acknowledged.
    pub(super) last: Sequence,
}

impl Row {
    pub(super) fn new(disk: Arc<dyn Disk>, segments: Segments) -> Row {
        Row { disk, segments: RwLock::new(segments) }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Segments> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Segments> {
        self.segments.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest segment, unless somebody reads it.
    pub(super) fn into_newest(self) -> Option<(Arc<dyn Disk>, Segment)> {
        let segments = self.segments.into_inner().unwrap_or_else(PoisonError::into_inner);
        Some((self.disk, Arc::into_inner(segments.newest)?))
    }
}

impl Segments {
    /// Puts a new segment at the end; gives the one before, which had its last tick at `tick`.
    pub(super) fn begin(&mut self, next: Segment, tick: Option<Timestamp>) -> Arc<Segment> {
        let before = std::mem::replace(&mut self.newest, Arc::new(next));
        // The first append to it failed: the new one has its name and lies in its place.
        if before.first != self.newest.first {
            self.older.push(Older { first: before.first, tick: Some(tick) });
        }
        before
    }

    /// The first record of the oldest segment.
    pub(super) fn first(&self) -> Sequence {
        self.older.first().map_or(self.newest.first, |older| older.first)
    }

    /// The last record of an older segment: what lies behind it belongs to the next.
    pub(super) fn end(&self, place: usize) -> Sequence {
        let next = self.older.get(place + 1).map_or(self.newest.first, |next| next.first);
        Sequence(next.0.saturating_sub(1))
    }
}

/// Reads the journal. Cheap to clone; may be used on any thread.
#[derive(Clone, Debug)]
pub struct Reader {
    row: Arc<Row>,
}

impl Reader {
    pub(super) fn new(row: Arc<Row>) -> Reader {
        Reader { row }
    }

    /// The oldest record that is kept; the one that will be the first if there is none.
    #[must_use]
    pub fn first(&self) -> Sequence {
        self.row.read().first()
    }

    /// The last record; 0 if there is none.
    #[must_use]
    pub fn last(&self) -> Sequence {
        self.row.read().last
    }

    /// The record of the standard that is in force where the oldest record that is kept lies, also if it is no longer kept itself.
    /// None where the journal begins, and of segments that earlier versions wrote.
    ///
    /// # Errors
    /// [`Error::Damaged`], or what the system says.
    pub fn standard(&self) -> Result<Option<Record>, Error> {
        let segments = self.row.read();
        let (newest, first) = (segments.newest.clone(), segments.first());
        drop(segments);
        let before = Sequence(first.0.saturating_sub(1));
        let standard = if first == newest.first {
            newest.standard(before)?
        } else {
            Segment::open_to_read(&*self.row.disk, first)?.standard(before)?
        };
        Ok(standard.map(|(_, record)| record))
    }

    /// The records after this one, in order, each checked, until the last that was written when the end is reached.
    ///
    /// After an error there is nothing more. A record that is no longer kept is an error too: begin at [`Reader::first`].
    #[must_use]
    pub fn after(&self, after: Sequence) -> Records {
        Records { row: self.row.clone(), next: after.next(), portion: Vec::new().into_iter(), open: None, ended: false }
    }
}

/// Records, one after the other.
#[derive(Debug)]
pub struct Records {
    row: Arc<Row>,
    next: Sequence,
    portion: std::vec::IntoIter<(Sequence, Record)>,
    /// The older segment that is being read.
    open: Option<Segment>,
    ended: bool,
}

impl Records {
    /// The next portion; empty at the end.
    fn fetch(&mut self) -> Result<Vec<(Sequence, Record)>, Error> {
        let segments = self.row.read();
        if self.next > segments.last {
            return Ok(Vec::new());
        }
        if self.next >= segments.newest.first {
            self.open = None;
            let (newest, last) = (segments.newest.clone(), segments.last);
            drop(segments);
            return newest.portion(self.next, last);
        }
        let Some(place) = segments.older.partition_point(|older| older.first <= self.next).checked_sub(1) else {
            let what = format!("it is no longer kept; the oldest is {}", segments.first());
            return Err(Error::damaged(segment::name(segments.first()), Some(self.next), what));
        };
        let (first, end) = (segments.older[place].first, segments.end(place));
        // The older ones never change; whoever writes need not wait.
        drop(segments);
        let open = match self.open.take() {
            Some(open) if open.first == first => open,
            _ => Segment::open_to_read(&*self.row.disk, first)?,
        };
        self.open.insert(open).portion(self.next, end)
    }
}

impl Iterator for Records {
    type Item = Result<(Sequence, Record), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((at, record)) = self.portion.next() {
                self.next = at.next();
                return Some(Ok((at, record)));
            }
            if self.ended {
                return None;
            }
            match self.fetch() {
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
