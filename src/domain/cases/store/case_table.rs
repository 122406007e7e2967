//! Table of all remembered cases, found by their keys.
//!
//! Records lie in blocks that never move, and the index is sharded. Growing a single table at once
//! would stop the engine for tens of milliseconds.

use super::case_record::{AllObservations, CaseRecord, HistoryPart};
use super::hash_index::HashIndex;
use super::overflow::CaseOverflow;
use crate::domain::cases::observation::Observation;
use crate::domain::cases::snapshot_validation::SnapshotBounds;
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// Records per block. A block is large enough for huge pages.
const RECORDS_PER_BLOCK: usize = 32_768;

/// Number of records whose index lines are prefetched before they are inserted.
const PREFETCHED_RECORDS: usize = 32;

/// Remembered cases.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CaseTable {
    blocks: Vec<Vec<CaseRecord>>,
    free: Vec<u32>,
    #[serde(skip)]
    index: HashIndex,
    #[serde(skip)]
    count: usize,
    forgotten_count: u64,
    /// Histories that do not fit into records.
    pub overflow: CaseOverflow,
}

impl CaseTable {
    /// Returns a table of decoded parts. [`CaseTable::restore`] must follow.
    pub(super) fn from_parts(
        blocks: Vec<Vec<CaseRecord>>,
        free: Vec<u32>,
        forgotten_count: u64,
        overflow: CaseOverflow,
    ) -> CaseTable {
        CaseTable { blocks, free, forgotten_count, overflow, ..CaseTable::default() }
    }

    /// Returns the slot of the case with this key, and adds a new case if needed.
    pub fn find_or_add(&mut self, key: u64, time: Timestamp) -> u32 {
        if let Some(slot) = self.index.find(key) {
            return slot;
        }
        let fresh = CaseRecord::new(key, time);
        let slot = match self.free.pop() {
            Some(slot) => {
                *self.record_mut(slot) = fresh;
                slot
            }
            None => {
                if self.blocks.last().is_none_or(|block| block.len() == RECORDS_PER_BLOCK) {
                    self.blocks.push(Vec::with_capacity(RECORDS_PER_BLOCK));
                }
                let before = (self.blocks.len() - 1) * RECORDS_PER_BLOCK;
                let block = self.blocks.last_mut().expect("a block with room was added above");
                block.push(fresh);
                (before + block.len() - 1) as u32
            }
        };
        self.count += 1;
        self.index.insert(key, slot);
        slot
    }

    /// Validates cases from a snapshot and rebuilds the index.
    ///
    /// # Errors
    /// Returns a message if the cases do not fit `bounds` or contradict each other.
    pub fn restore(mut self, bounds: &SnapshotBounds) -> Result<CaseTable, &'static str> {
        let mut blocks = self.blocks.iter().rev().map(Vec::len);
        if blocks.next().is_some_and(|last| last == 0 || last > RECORDS_PER_BLOCK)
            || blocks.any(|len| len != RECORDS_PER_BLOCK)
        {
            return Err("snapshot has a case block of the wrong length");
        }
        if let Some(last) = self.blocks.last_mut() {
            last.reserve_exact(RECORDS_PER_BLOCK - last.len());
        }
        let mut used = vec![true; self.slot_count()];
        for slot in &self.free {
            match used.get_mut(*slot as usize) {
                Some(used) if *used => *used = false,
                _ => return Err("snapshot has an invalid free slot in the case table"),
            }
        }
        self.count = used.len() - self.free.len();
        self.index = HashIndex::with_capacity(self.count);
        let mut places = (0..).zip(used);
        for records in self.blocks.iter_mut().flat_map(|block| block.chunks_mut(PREFETCHED_RECORDS))
        {
            std::hint::black_box(
                records.iter().fold(0, |sum, record| sum ^ self.index.prefetch(record.key())),
            );
            for (record, (slot, used)) in records.iter_mut().zip(&mut places) {
                if !record.is_valid(bounds) || !(used || record.is_empty(HistoryPart::All)) {
                    return Err("snapshot has an invalid case record");
                }
                if used && !self.index.insert(record.key(), slot) {
                    return Err("snapshot has two cases with the same key");
                }
                record.mark_settled(record.is_open());
            }
        }
        if !self
            .overflow
            .is_valid(self.blocks.iter().flatten().filter_map(CaseRecord::overflow_place), bounds)
        {
            return Err("snapshot has an invalid long history, or one without a case");
        }
        Ok(self)
    }

    /// Returns the number of slots, including free ones.
    #[must_use]
    pub fn slot_count(&self) -> usize {
        self.blocks
            .last()
            .map_or(0, |last| (self.blocks.len() - 1) * RECORDS_PER_BLOCK + last.len())
    }

    /// Iterates over the slots of all cases with observations.
    pub fn occupied_slots(&self) -> impl Iterator<Item = u32> + '_ {
        let blocks = self.blocks.iter().enumerate();
        let places = blocks.flat_map(|(number, block)| (number * RECORDS_PER_BLOCK..).zip(block));
        places
            .filter(|(_, record)| !record.is_empty(HistoryPart::All))
            .map(|(place, _)| place as u32)
    }

    /// Returns the case in a slot.
    #[must_use]
    pub fn record(&self, slot: u32) -> &CaseRecord {
        &self.blocks[slot as usize / RECORDS_PER_BLOCK][slot as usize % RECORDS_PER_BLOCK]
    }

    /// Returns the case in a slot for modification.
    pub fn record_mut(&mut self, slot: u32) -> &mut CaseRecord {
        self.record_and_overflow_mut(slot).0
    }

    /// Returns the case in a slot with the overflow, for merging an observation.
    pub fn record_and_overflow_mut(&mut self, slot: u32) -> (&mut CaseRecord, &mut CaseOverflow) {
        (
            &mut self.blocks[slot as usize / RECORDS_PER_BLOCK][slot as usize % RECORDS_PER_BLOCK],
            &mut self.overflow,
        )
    }

    /// Returns all observations of the case in a slot, in order.
    #[must_use]
    pub fn observations(&self, slot: u32) -> Vec<Observation> {
        self.record(slot).read_observations(HistoryPart::All, &self.overflow, AllObservations)
    }

    /// Forgets a case, of which only sums remain, and frees its slot.
    pub fn forget_case(&mut self, slot: u32) {
        self.forgotten_count += u64::from(self.remove_case(slot));
    }

    /// Removes a case and frees its slot. Returns false if the slot was free.
    pub fn remove_case(&mut self, slot: u32) -> bool {
        let key = self.record(slot).key();
        let is_used = self.index.find(key) == Some(slot);
        if is_used {
            self.index.remove(key);
            self.count -= 1;
            self.free.push(slot);
            let (record, overflow) = self.record_and_overflow_mut(slot);
            record.release_overflow(overflow);
        }
        is_used
    }

    /// Returns the slot of the case with this key; `None` if the case is unknown.
    #[must_use]
    pub fn find(&self, key: u64) -> Option<u32> {
        self.index.find(key)
    }

    /// Touches the index line of a key to prefetch it.
    #[must_use]
    pub fn prefetch(&self, key: u64) -> u32 {
        self.index.prefetch(key)
    }

    /// Returns the number of cases forgotten so far.
    #[must_use]
    pub fn forgotten_count(&self) -> u64 {
        self.forgotten_count
    }

    /// Returns the number of remembered cases.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reuses_slots_of_forgotten_cases() {
        let mut cases = CaseTable::default();
        let key = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let slots: Vec<u32> =
            (0..20_000).map(|n| cases.find_or_add(key(n), Timestamp(0))).collect();
        assert_eq!(cases.count(), 20_000);
        for n in 0..20_000 {
            assert_eq!(cases.find_or_add(key(n), Timestamp(0)), slots[n as usize]);
        }
        cases.forget_case(slots[7]);
        assert_eq!(cases.count(), 19_999);
        assert_eq!(cases.find_or_add(key(99_999), Timestamp(0)), slots[7], "free slots are reused");
        assert_ne!(cases.find_or_add(key(7), Timestamp(0)), slots[7]);
    }
}
