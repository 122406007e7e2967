//! What is kept of the journal, and letting go of the rest: whole segments, the oldest first, never what recovery needs.

use super::error::Error;
use super::segment::{self, Segment};
use super::writer::Journal;
use super::{Sequence, segment_list::Segments};
use crate::domain::time::Timestamp;

/// How much is kept. What exceeds either is let go; without both everything is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Retention {
    /// For so many milliseconds since its last tick a segment is kept. One without a tick is never too old.
    pub age_ms: Option<i64>,
    /// So many bytes of segments are kept, on disk, the newest included.
    pub bytes: Option<u64>,
}

/// What was let go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pruned {
    /// How many segments.
    pub segments: usize,
    /// Their bytes on disk.
    pub bytes: u64,
    /// The oldest record that is kept.
    pub first: Sequence,
}

impl Journal {
    /// Removes whole segments that end before `needed` and are beyond the retention.
    ///
    /// # Errors
    /// What the system says; [`Error::Damaged`] if the age of a segment cannot be told.
    pub fn prune(&mut self, needed: Sequence, keep: Retention, now: Timestamp) -> Result<Pruned, Error> {
        let prunable = self.prunable(needed, keep, now)?;
        for _ in 0..prunable.segments {
            // First nobody reads it any more, then it goes.
            let older = self.row.write().older.remove(0);
            let name = segment::name(older.first);
            self.row.disk.remove(&name).map_err(|error| Error::io(&name, error))?;
        }
        Ok(prunable)
    }

    /// What [`Journal::prune`] would remove.
    ///
    /// # Errors
    /// As there.
    pub fn prunable(&mut self, needed: Sequence, keep: Retention, now: Timestamp) -> Result<Pruned, Error> {
        let firsts: Vec<Sequence> = {
            let segments = self.row.read();
            segments.older.iter().map(|older| older.first).chain([segments.newest.first]).collect()
        };
        let sizes = firsts.iter().map(|first| {
            let name = segment::name(*first);
            self.row.disk.bytes(&name).map_err(|error| Error::io(&name, error))
        });
        let sizes = sizes.collect::<Result<Vec<u64>, Error>>()?;
        let mut left: u64 = sizes.iter().sum();
        let mut pruned = Pruned { first: firsts[0], ..Pruned::default() };
        for (place, bytes) in sizes.iter().enumerate().take(firsts.len() - 1) {
            let too_much = keep.bytes.is_some_and(|most| left > most);
            let needed = firsts[place + 1] > needed;
            if needed || !(too_much || self.too_old(place, keep, now)?) {
                break;
            }
            left -= bytes;
            pruned = Pruned { segments: pruned.segments + 1, bytes: pruned.bytes + bytes, first: firsts[place + 1] };
        }
        Ok(pruned)
    }

    fn too_old(&mut self, place: usize, keep: Retention, now: Timestamp) -> Result<bool, Error> {
        let Some(age) = keep.age_ms else { return Ok(false) };
        Ok(self.tick_of(place)?.is_some_and(|tick| now.since(tick) > age))
    }

    /// The last tick of an older segment, which is looked for once.
    fn tick_of(&mut self, place: usize) -> Result<Option<Timestamp>, Error> {
        let (older, end) = {
            let segments: &Segments = &self.row.read();
            (segments.older[place], segments.end(place))
        };
        if let Some(tick) = older.tick {
            return Ok(tick);
        }
        let tick = Segment::open_to_read(&*self.row.disk, older.first)?.last_tick(end)?;
        self.row.write().older[place].tick = Some(tick);
        Ok(tick)
    }
}
