//! Hash index from case keys to slots: open addressing with keys and slots in the same cache line.
//!
//! A look-up touches one cache line whose address follows from the key alone.
//! [`HashIndex::prefetch`] can therefore fetch the lines of many events before the first look-up.
//! The index is split into shards, so that growing moves one sixty-fourth of the table at a time.

const SHARD_COUNT: usize = 64;
/// Lines of the smallest shard.
const LINES_PER_SHARD_MIN: usize = 16;

/// Entries of one cache line, each a key and a slot or [`FREE_SLOT`]. Used entries come first.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct IndexLine {
    keys: [u64; ENTRIES_PER_LINE],
    slots: [u32; ENTRIES_PER_LINE],
}

const ENTRIES_PER_LINE: usize = 5;
const FREE_SLOT: u32 = u32::MAX;
const EMPTY_LINE: IndexLine =
    IndexLine { keys: [0; ENTRIES_PER_LINE], slots: [FREE_SLOT; ENTRIES_PER_LINE] };

#[derive(Clone, Debug)]
struct IndexShard {
    lines: Vec<IndexLine>,
    used: usize,
}

/// Index from keys to slots.
#[derive(Debug)]
pub struct HashIndex {
    shards: Vec<IndexShard>,
}

impl Default for HashIndex {
    fn default() -> Self {
        HashIndex::with_capacity(0)
    }
}

impl HashIndex {
    /// Returns an empty index sized for `capacity` keys, as if it had grown to that size.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> HashIndex {
        let lines = (capacity / SHARD_COUNT * 4 / (3 * ENTRIES_PER_LINE) + 1)
            .next_power_of_two()
            .max(LINES_PER_SHARD_MIN);
        HashIndex {
            shards: vec![IndexShard { lines: vec![EMPTY_LINE; lines], used: 0 }; SHARD_COUNT],
        }
    }

    // Keys are seeded hashes, so that any of their bits can select the shard.
    fn shard_number(key: u64) -> usize {
        (key >> 58) as usize
    }

    /// Touches the first line in the search for a key to prefetch it.
    #[must_use]
    pub fn prefetch(&self, key: u64) -> u32 {
        let shard = &self.shards[Self::shard_number(key)];
        let begin = shard.first_line(key);
        let last = shard.lines[begin].slots[ENTRIES_PER_LINE - 1];
        // The search continues in the next line if this one is full.
        let next = (begin + usize::from(last != FREE_SLOT)) & (shard.lines.len() - 1);
        last ^ shard.lines[next].slots[0]
    }

    /// Returns the slot of a key; `None` if the key is unknown.
    #[must_use]
    pub fn find(&self, key: u64) -> Option<u32> {
        let shard = &self.shards[Self::shard_number(key)];
        let (line, at) = shard.find_entry(key);
        let slot = shard.lines[line].slots[at];
        (slot != FREE_SLOT).then_some(slot)
    }

    /// Adds a key. Returns false without a change if the key is known.
    pub fn insert(&mut self, key: u64, slot: u32) -> bool {
        let shard = &mut self.shards[Self::shard_number(key)];
        // At a load of at most three quarters, most searches end in their first line.
        if (shard.used + 1) * 4 > shard.lines.len() * ENTRIES_PER_LINE * 3 {
            shard.grow();
        }
        let (line, at) = shard.find_entry(key);
        let line = &mut shard.lines[line];
        if line.slots[at] != FREE_SLOT {
            return false;
        }
        (line.keys[at], line.slots[at]) = (key, slot);
        shard.used += 1;
        true
    }

    /// Removes a key. Does nothing if the key is unknown.
    pub fn remove(&mut self, key: u64) {
        let shard = &mut self.shards[Self::shard_number(key)];
        let mut hole = shard.find_entry(key);
        if shard.lines[hole.0].slots[hole.1] == FREE_SLOT {
            return;
        }
        shard.used -= 1;
        // Later entries move into the hole unless their search starts after it.
        let mask = shard.lines.len() - 1;
        let mut place = hole;
        loop {
            place = if place.1 + 1 < ENTRIES_PER_LINE {
                (place.0, place.1 + 1)
            } else {
                ((place.0 + 1) & mask, 0)
            };
            let IndexLine { keys, slots } = shard.lines[place.0];
            if slots[place.1] == FREE_SLOT {
                break;
            }
            let begin = shard.first_line(keys[place.1]);
            if place.0.wrapping_sub(begin) & mask >= place.0.wrapping_sub(hole.0) & mask {
                let line = &mut shard.lines[hole.0];
                (line.keys[hole.1], line.slots[hole.1]) = (keys[place.1], slots[place.1]);
                hole = place;
            }
        }
        shard.lines[hole.0].slots[hole.1] = FREE_SLOT;
    }
}

impl IndexShard {
    /// Returns the line in which the search for a key starts.
    fn first_line(&self, key: u64) -> usize {
        key as usize & (self.lines.len() - 1)
    }

    /// Returns line and position of a key, or of the free entry where it belongs.
    #[inline]
    fn find_entry(&self, key: u64) -> (usize, usize) {
        let mut line = self.first_line(key);
        loop {
            let IndexLine { keys, slots } = &self.lines[line];
            // No early exit, since the position within the line is unpredictable for the branch.
            let ends = (0..ENTRIES_PER_LINE).fold(0, |ends, at| {
                ends | u32::from((keys[at] == key) | (slots[at] == FREE_SLOT)) << at
            });
            if ends != 0 {
                return (line, ends.trailing_zeros() as usize);
            }
            line = (line + 1) & (self.lines.len() - 1);
        }
    }

    fn grow(&mut self) {
        let lines = vec![EMPTY_LINE; self.lines.len() * 2];
        for IndexLine { keys, slots } in std::mem::replace(&mut self.lines, lines) {
            for (key, slot) in keys.into_iter().zip(slots).filter(|(_, slot)| *slot != FREE_SLOT) {
                let (line, at) = self.find_entry(key);
                (self.lines[line].keys[at], self.lines[line].slots[at]) = (key, slot);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Compares the index with a map. Few lines are used, so that searches collide and wrap
        /// around.
        #[test]
        fn behaves_like_ordered_map(steps in prop::collection::vec((prop::bool::weighted(0.7), 0..80_u64), 0..500)) {
            let (mut index, mut map) = (HashIndex::default(), BTreeMap::new());
            for (slot, (insert, number)) in steps.into_iter().enumerate() {
                let key = (number / 4) << 20 | (14 + number % 4);
                if insert && !map.contains_key(&key) {
                    index.insert(key, slot as u32);
                    map.insert(key, slot as u32);
                } else {
                    index.remove(key);
                    map.remove(&key);
                }
                for number in 0..80_u64 {
                    let key = (number / 4) << 20 | (14 + number % 4);
                    prop_assert_eq!(index.find(key), map.get(&key).copied());
                }
            }
        }
    }
}
