//! The segments of the journal in order: what its writer and its readers share.

use super::disk::FileStorage;
use super::segment::Segment;
use crate::domain::time::timestamp::Timestamp;
use crate::journal::SequenceNumber;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The segments in their row: what the writer and the readers share.
///
/// The writer takes the lock for itself only to begin a segment, to let go of old ones, and to say how far it is. A reader
/// never holds it while it reads: the writer would wait for it, and a reader that gives way to others may take long.
#[derive(Debug)]
pub(super) struct SharedSegments {
    pub(super) disk: Arc<dyn FileStorage>,
    list: RwLock<SegmentList>,
}

/// The segments and how far they reach.
#[derive(Debug)]
pub(super) struct SegmentList {
    /// All but the newest, in order.
    pub(super) older: Vec<OlderSegment>,
    pub(super) newest: Arc<Segment>,
    /// The last record that was acknowledged.
    pub(super) last_sequence: SequenceNumber,
}

impl SharedSegments {
    pub(super) fn new(disk: Arc<dyn FileStorage>, segments: SegmentList) -> SharedSegments {
        SharedSegments { disk, list: RwLock::new(segments) }
    }

    pub(super) fn read_list(&self) -> RwLockReadGuard<'_, SegmentList> {
        self.list.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write_list(&self) -> RwLockWriteGuard<'_, SegmentList> {
        self.list.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest segment, unless somebody reads it.
    pub(super) fn into_newest_segment(self) -> Option<(Arc<dyn FileStorage>, Segment)> {
        let segments = self.list.into_inner().unwrap_or_else(PoisonError::into_inner);
        Some((self.disk, Arc::into_inner(segments.newest)?))
    }
}

impl SegmentList {
    /// Puts a new segment at the end; gives the one before, which had its last tick at `tick`.
    pub(super) fn begin_segment(&mut self, next: Segment, tick: Option<Timestamp>) -> Arc<Segment> {
        let before = std::mem::replace(&mut self.newest, Arc::new(next));
        // The first append to it failed: the new one has its name and lies in its place.
        if before.first != self.newest.first {
            self.older.push(OlderSegment { first: before.first, last_tick: Some(tick) });
        }
        before
    }

    /// The first record of the oldest segment.
    pub(super) fn first(&self) -> SequenceNumber {
        self.older.first().map_or(self.newest.first, |older| older.first)
    }

    /// The last record of an older segment: what lies behind it belongs to the next.
    pub(super) fn older_segment_end(&self, place: usize) -> SequenceNumber {
        let next = self.older.get(place + 1).map_or(self.newest.first, |next| next.first);
        SequenceNumber(next.0.saturating_sub(1))
    }
}

/// A segment that is no longer written.
#[derive(Clone, Copy, Debug)]
pub(super) struct OlderSegment {
    pub(super) first: SequenceNumber,
    /// Its last tick, once that is known; the inner one is none if it has no tick.
    pub(super) last_tick: Option<Option<Timestamp>>,
}

impl OlderSegment {
    pub(super) fn new(first: SequenceNumber) -> OlderSegment {
        OlderSegment { first, last_tick: None }
    }
}
