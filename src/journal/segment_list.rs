//! The ordered segments of the journal, shared by its writer and its readers.

use super::disk::FileStorage;
use super::segment::Segment;
use crate::domain::time::timestamp::Timestamp;
use crate::journal::SequenceNumber;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The segments, shared by the writer and the readers.
///
/// The writer locks the list exclusively only to begin a segment, to prune segments and to publish
/// the last sequence. Readers release the lock before they read, because a slow reader would block
/// the writer.
#[derive(Debug)]
pub(super) struct SharedSegments {
    pub(super) disk: Arc<dyn FileStorage>,
    list: RwLock<SegmentList>,
}

/// The segments and the last sequence.
#[derive(Debug)]
pub(super) struct SegmentList {
    /// All segments except the newest, in ascending order.
    pub(super) older: Vec<OlderSegment>,
    pub(super) newest: Arc<Segment>,
    /// The last acknowledged record.
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

    /// Returns the newest segment; `None` while a reader uses it.
    pub(super) fn into_newest_segment(self) -> Option<(Arc<dyn FileStorage>, Segment)> {
        let segments = self.list.into_inner().unwrap_or_else(PoisonError::into_inner);
        Some((self.disk, Arc::into_inner(segments.newest)?))
    }
}

impl SegmentList {
    /// Appends a new segment and returns the previous one, whose last tick was at `tick`.
    pub(super) fn begin_segment(&mut self, next: Segment, tick: Option<Timestamp>) -> Arc<Segment> {
        let previous = std::mem::replace(&mut self.newest, Arc::new(next));
        // After a failed first append, the new segment has replaced the file of the previous one.
        if previous.first != self.newest.first {
            self.older.push(OlderSegment { first: previous.first, last_tick: Some(tick) });
        }
        previous
    }

    /// Returns the first record of the oldest segment.
    pub(super) fn first(&self) -> SequenceNumber {
        self.older.first().map_or(self.newest.first, |older| older.first)
    }

    /// Returns the last record of an older segment. Later ones belong to the next segment.
    pub(super) fn older_segment_end(&self, place: usize) -> SequenceNumber {
        let next = self.older.get(place + 1).map_or(self.newest.first, |next| next.first);
        SequenceNumber(next.0.saturating_sub(1))
    }
}

/// A segment that is no longer written.
#[derive(Clone, Copy, Debug)]
pub(super) struct OlderSegment {
    pub(super) first: SequenceNumber,
    /// Its last tick once read; the inner value is `None` for a segment without a tick.
    pub(super) last_tick: Option<Option<Timestamp>>,
}

impl OlderSegment {
    pub(super) fn new(first: SequenceNumber) -> OlderSegment {
        OlderSegment { first, last_tick: None }
    }
}
