//! Where each case lies, by its key: open addressing with the key beside the place.
//!
//! Written here rather than taken from a library because of what a look-up costs: one cache line, whose address is known from
//! the key alone, so that [`Index::touch`] can bring it for many events before the first is looked up. In shards, so
//! that growing moves a sixty-fourth of the table at a time.

const SHARDS: usize = 64;
const SMALLEST: usize = 64;

/// An entry: a key in two halves, to take twelve bytes, and a place. The place of a free entry is [`FREE`].
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: [u32; 2],
    slot: u32,
}

const FREE: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Shard {
    entries: Vec<Entry>,
    used: usize,
}

/// The places of all cases.
#[derive(Debug)]
pub struct Index {
    shards: Vec<Shard>,
}

impl Default for Index {
    fn default() -> Self {
        Index::with_room(0)
    }
}

/// The halves of a key. Keys are seeded hashes already, so their bits are as good as any.
fn halves(key: u64) -> [u32; 2] {
    [(key >> 32) as u32, key as u32]
}

impl Index {
    /// An index with room for so many keys, as large as it would have grown.
    #[must_use]
    pub fn with_room(many: usize) -> Index {
        let size = (many / SHARDS * 8 / 5).next_power_of_two().max(SMALLEST);
        Index { shards: vec![Shard { entries: vec![Entry { key: [0; 2], slot: FREE }; size], used: 0 }; SHARDS] }
    }

    fn shard(key: u64) -> usize {
        (key >> 58) as usize
    }

    /// Reads where the search for a key begins, for the memory's sake alone.
    #[must_use]
    pub fn touch(&self, key: u64) -> u32 {
        let shard = &self.shards[Self::shard(key)];
        shard.entries[shard.begin(halves(key))].slot
    }

    /// The place of a key.
    #[must_use]
    pub fn find(&self, key: u64) -> Option<u32> {
        let shard = &self.shards[Self::shard(key)];
        let entry = shard.entries[shard.search(halves(key))];
        (entry.slot != FREE).then_some(entry.slot)
    }

    /// Adds a key; false if it is there, and then nothing changes.
    pub fn insert(&mut self, key: u64, slot: u32) -> bool {
        let shard = &mut self.shards[Self::shard(key)];
        // At most five eighths full: a search then looks at two entries on average.
        if (shard.used + 1) * 8 > shard.entries.len() * 5 {
            shard.grow();
        }
        let place = shard.search(halves(key));
        if shard.entries[place].slot != FREE {
            return false;
        }
        shard.entries[place] = Entry { key: halves(key), slot };
        shard.used += 1;
        true
    }

    /// Takes a key away.
    pub fn remove(&mut self, key: u64) {
        let shard = &mut self.shards[Self::shard(key)];
        let mut hole = shard.search(halves(key));
        if shard.entries[hole].slot == FREE {
            return;
        }
        shard.used -= 1;
        // Entries behind the hole move into it unless they lie where their search begins or behind it.
        let mask = shard.entries.len() - 1;
        let mut place = hole;
        loop {
            place = (place + 1) & mask;
            let entry = shard.entries[place];
            if entry.slot == FREE {
                break;
            }
            let begin = shard.begin(entry.key);
            if place.wrapping_sub(begin) & mask >= place.wrapping_sub(hole) & mask {
                shard.entries[hole] = entry;
                hole = place;
            }
        }
        shard.entries[hole].slot = FREE;
    }
}

impl Shard {
    fn begin(&self, key: [u32; 2]) -> usize {
        key[1] as usize & (self.entries.len() - 1)
    }

    /// The entry of a key, or the free one where it would go.
    fn search(&self, key: [u32; 2]) -> usize {
        let mask = self.entries.len() - 1;
        let mut place = self.begin(key);
        while self.entries[place].slot != FREE && self.entries[place].key != key {
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self) {
        let size = self.entries.len() * 2;
        let old = std::mem::replace(&mut self.entries, vec![Entry { key: [0; 2], slot: FREE }; size]);
        for entry in old.into_iter().filter(|entry| entry.slot != FREE) {
            let place = self.search(entry.key);
            self.entries[place] = entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// The index against a plain map; few distinct keys, so that searches run into each other and around the end.
        #[test]
        fn the_index_is_a_map(steps in prop::collection::vec((any::<bool>(), 0..40_u64), 0..400)) {
            let (mut index, mut map) = (Index::default(), BTreeMap::new());
            for (slot, (insert, number)) in steps.into_iter().enumerate() {
                let key = (number / 8) << 20 | (60 + number % 8);
                if insert && !map.contains_key(&key) {
                    index.insert(key, slot as u32);
                    map.insert(key, slot as u32);
                } else {
                    index.remove(key);
                    map.remove(&key);
                }
                for number in 0..40_u64 {
                    let key = (number / 8) << 20 | (60 + number % 8);
                    prop_assert_eq!(index.find(key), map.get(&key).copied());
                }
            }
        }
    }
}
