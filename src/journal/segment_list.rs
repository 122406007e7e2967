//! The segments of the journal in order: what its writer and its readers share.

use super::Sequence;
use super::disk::Disk;
use super::segment::Segment;
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

/// A segment that is no longer written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Older {
    pub(super) first: Sequence,
    /// Its last tick, once that is known; the inner one is none if it has no tick.
    pub(super) tick: Option<Option<Timestamp>>,
}

impl Older {
    pub(super) fn new(first: Sequence) -> Older {
        Older { first, tick: None }
    }
}
