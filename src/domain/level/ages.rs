//! Since when cases stand, so that the oldest is known at once.
//!
//! What begins to stand is nearly always the newest, and what ends was among the oldest: so a row in the order of time is
//! changed at its ends, where a search tree would be taken apart and put together again for every call.

use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// How many stand since when.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(from = "BTreeMap<Timestamp, u32>", into = "BTreeMap<Timestamp, u32>")]
pub(super) struct Ages {
    /// In the order of time. Those in the middle that nobody stands since any more stay for a while; the first is never one of them.
    row: VecDeque<(Timestamp, u32)>,
    /// How many of those there are: never more than the others.
    empty: usize,
}

impl From<BTreeMap<Timestamp, u32>> for Ages {
    fn from(since: BTreeMap<Timestamp, u32>) -> Ages {
        let mut ages = Ages { empty: since.values().filter(|count| **count == 0).count(), row: since.into_iter().collect() };
        ages.tidy();
        ages
    }
}

impl From<Ages> for BTreeMap<Timestamp, u32> {
    fn from(ages: Ages) -> BTreeMap<Timestamp, u32> {
        ages.row.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

impl Ages {
    pub(super) const fn new() -> Ages {
        Ages { row: VecDeque::new(), empty: 0 }
    }

    /// So many more stand since `since`.
    #[inline]
    pub(super) fn begin(&mut self, since: Timestamp, many: u32) {
        if self.row.back().is_none_or(|(last, _)| *last < since) {
            self.row.push_back((since, many));
            return;
        }
        match self.row.binary_search_by_key(&since, |(since, _)| *since) {
            Ok(place) => {
                let count = &mut self.row[place].1;
                self.empty -= usize::from(*count == 0);
                *count = count.saturating_add(many);
            }
            Err(place) => self.row.insert(place, (since, many)),
        }
    }

    /// One that stood since `since` does no more.
    #[inline]
    pub(super) fn end(&mut self, since: Timestamp) {
        // Who has waited longest comes first, mostly.
        let place = match self.row.front() {
            Some((first, _)) if *first == since => Ok(0),
            _ => self.row.binary_search_by_key(&since, |(since, _)| *since),
        };
        let Some((_, count)) = place.ok().and_then(|place| self.row.get_mut(place)).filter(|(_, count)| *count > 0) else { return };
        *count -= 1;
        if *count == 0 {
            self.empty += 1;
            self.tidy();
        }
    }

    /// Takes away what nobody stands since, from the beginning at once and else when it has become much.
    fn tidy(&mut self) {
        while self.row.front().is_some_and(|(_, count)| *count == 0) {
            self.row.pop_front();
            self.empty -= 1;
        }
        if self.empty * 2 > self.row.len() {
            self.row.retain(|(_, count)| *count > 0);
            self.empty = 0;
        }
    }

    /// Adds what else stands.
    pub(super) fn add(&mut self, other: &Ages) {
        other.row.iter().filter(|(_, count)| *count > 0).for_each(|(since, count)| self.begin(*since, *count));
    }

    /// How many stand.
    pub(super) fn count(&self) -> i64 {
        self.row.iter().map(|(_, count)| i64::from(*count)).sum()
    }

    /// Since when the oldest stands.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.row.front().map(|(since, _)| *since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The row against a search tree; few distinct times, so that many stand since the same and come back.
        #[test]
        fn the_oldest_is_known_whoever_comes_and_goes(steps in prop::collection::vec((any::<bool>(), 0..30_i64), 0..300)) {
            let (mut ages, mut tree) = (Ages::new(), BTreeMap::new());
            for (begins, time) in steps {
                let time = Timestamp(time);
                if begins {
                    ages.begin(time, 1);
                    *tree.entry(time).or_insert(0) += 1;
                } else {
                    ages.end(time);
                    if let Some(count) = tree.get_mut(&time) {
                        *count -= 1;
                        if *count == 0 {
                            tree.remove(&time);
                        }
                    }
                }
                prop_assert_eq!(ages.oldest(), tree.first_key_value().map(|(time, _)| *time));
                prop_assert_eq!(ages.count(), tree.values().map(|count| i64::from(*count)).sum::<i64>());
                prop_assert!(ages.empty * 2 <= ages.row.len());
                prop_assert_eq!(BTreeMap::from(ages.clone()), tree.clone());
            }
            let mut twice = Ages::from(tree.clone());
            twice.add(&ages);
            prop_assert_eq!(twice.count(), 2 * ages.count());
            prop_assert_eq!(BTreeMap::from(twice).into_keys().collect::<Vec<_>>(), tree.into_keys().collect::<Vec<_>>());
        }
    }
}
