//! What is kept of the journal, and letting go of the rest: whole segments, the oldest first, never what recovery needs.

use super::error::JournalError;
use super::segment::{self, Segment};
use super::segment_list::SegmentList;
use super::writer::Journal;
use crate::domain::time::timestamp::Timestamp;
use crate::journal::SequenceNumber;

/// How much is kept. What exceeds either is let go; without both everything is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RetentionLimits {
    /// For so many milliseconds since its last tick a segment is kept. One without a tick is never too old.
    pub age_ms: Option<i64>,
    /// So many bytes of segments are kept, on disk, the newest included.
    pub bytes: Option<u64>,
}

/// What was let go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PruneSummary {
    /// How many segments.
    pub segments: usize,
    /// Their bytes on disk.
    pub bytes: u64,
    /// The oldest record that is kept.
    pub first: SequenceNumber,
}

impl Journal {
    /// Removes whole segments that end before `needed` and are beyond the retention.
    ///
    /// # Errors
    /// What the system says; [`Error::Damaged`] if the age of a segment cannot be told.
    pub fn prune_segments(
        &mut self,
        needed: SequenceNumber,
        keep: RetentionLimits,
        now: Timestamp,
    ) -> Result<PruneSummary, JournalError> {
        let prunable = self.prunable_segments(needed, keep, now)?;
        for _ in 0..prunable.segments {
            // First nobody reads it any more, then it goes.
            let older = self.segments.write_list().older.remove(0);
            let name = segment::segment_name(older.first);
            self.segments
                .disk
                .remove_file(&name)
                .map_err(|error| JournalError::from_io(&name, error))?;
        }
        Ok(prunable)
    }

    /// What [`Journal::prune`] would remove.
    ///
    /// # Errors
    /// As there.
    pub fn prunable_segments(
        &mut self,
        needed: SequenceNumber,
        keep: RetentionLimits,
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
        let mut left: u64 = sizes.iter().sum();
        let mut pruned = PruneSummary { first: firsts[0], ..PruneSummary::default() };
        for (place, bytes) in sizes.iter().enumerate().take(firsts.len() - 1) {
            let too_much = keep.bytes.is_some_and(|most| left > most);
            let needed = firsts[place + 1] > needed;
            if needed || !(too_much || self.is_too_old(place, keep, now)?) {
                break;
            }
            left -= bytes;
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
        keep: RetentionLimits,
        now: Timestamp,
    ) -> Result<bool, JournalError> {
        let Some(age) = keep.age_ms else { return Ok(false) };
        Ok(self.older_segment_tick(place)?.is_some_and(|tick| now.millis_since(tick) > age))
    }

    /// The last tick of an older segment, which is looked for once.
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
