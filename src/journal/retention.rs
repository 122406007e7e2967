//! Retention: removal of whole segments, the oldest first, never those that recovery needs.

use super::error::JournalError;
use super::segment::{self, Segment};
use super::segment_list::SegmentList;
use super::writer::Journal;
use crate::domain::time::timestamp::Timestamp;
use crate::journal::SequenceNumber;

/// Limits of the stored journal. Without limits nothing is removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RetentionLimits {
    /// Maximum time since the last tick of a segment, in milliseconds. A segment without a tick
    /// never exceeds it.
    pub age_ms: Option<i64>,
    /// Maximum size of all segments on disk, in bytes, including the newest.
    pub bytes: Option<u64>,
}

/// Result of pruning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PruneSummary {
    /// Number of removed segments.
    pub segments: usize,
    /// Their size on disk, in bytes.
    pub bytes: u64,
    /// The oldest remaining record.
    pub first: SequenceNumber,
}

impl Journal {
    /// Removes the segments that end before `needed` and exceed a retention limit.
    ///
    /// # Errors
    /// Returns an error if a segment cannot be removed. [`JournalError::Damaged`] if its last tick
    /// cannot be read.
    pub fn prune_segments(
        &mut self,
        needed: SequenceNumber,
        limits: RetentionLimits,
        now: Timestamp,
    ) -> Result<PruneSummary, JournalError> {
        let prunable = self.prunable_segments(needed, limits, now)?;
        for _ in 0..prunable.segments {
            // Readers must not find the segment once its file is gone.
            let older = self.segments.write_list().older.remove(0);
            let name = segment::segment_name(older.first);
            self.segments
                .disk
                .remove_file(&name)
                .map_err(|error| JournalError::from_io(&name, error))?;
        }
        Ok(prunable)
    }

    /// Returns the segments that [`Journal::prune_segments`] would remove, and removes nothing.
    ///
    /// # Errors
    /// As for [`Journal::prune_segments`].
    pub fn prunable_segments(
        &mut self,
        needed: SequenceNumber,
        limits: RetentionLimits,
        now: Timestamp,
    ) -> Result<PruneSummary, JournalError> {
        let firsts: Vec<SequenceNumber> = {
            let segments = self.segments.read_list();
            segments.older.iter().map(|older| older.first).chain([segments.newest.first]).collect()
        };
        let sizes = firsts.iter().map(|first| {
            let name = segment::segment_name(*first);
            self.segments
                .disk
                .file_bytes(&name)
                .map_err(|error| JournalError::from_io(&name, error))
        });
        let sizes = sizes.collect::<Result<Vec<u64>, JournalError>>()?;
        let mut remaining: u64 = sizes.iter().sum();
        let mut pruned = PruneSummary { first: firsts[0], ..PruneSummary::default() };
        for (place, bytes) in sizes.iter().enumerate().take(firsts.len() - 1) {
            let exceeds_size = limits.bytes.is_some_and(|most| remaining > most);
            let is_needed = firsts[place + 1] > needed;
            if is_needed || !(exceeds_size || self.is_too_old(place, limits, now)?) {
                break;
            }
            remaining -= bytes;
            pruned = PruneSummary {
                segments: pruned.segments + 1,
                bytes: pruned.bytes + bytes,
                first: firsts[place + 1],
            };
        }
        Ok(pruned)
    }

    fn is_too_old(
        &mut self,
        place: usize,
        limits: RetentionLimits,
        now: Timestamp,
    ) -> Result<bool, JournalError> {
        let Some(age) = limits.age_ms else { return Ok(false) };
        Ok(self.older_segment_tick(place)?.is_some_and(|tick| now.millis_since(tick) > age))
    }

    /// Returns the last tick of an older segment and caches it.
    fn older_segment_tick(&mut self, place: usize) -> Result<Option<Timestamp>, JournalError> {
        let (older, end) = {
            let segments: &SegmentList = &self.segments.read_list();
            (segments.older[place], segments.older_segment_end(place))
        };
        if let Some(tick) = older.last_tick {
            return Ok(tick);
        }
        let tick = Segment::open_read_only(&*self.segments.disk, older.first)?.last_tick(end)?;
        self.segments.write_list().older[place].last_tick = Some(tick);
        Ok(tick)
    }
}
