//! Since when cases stand, so that the oldest is known at once.
//!
//! What begins to stand is nearly always the newest, and what ends was among the oldest: so a row in the order of time is
//! changed at its ends, where a search tree would be taken apart and put together again for every call.

use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// How many stand since when.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(from = "BTreeMap<Timestamp, u32>", into = "BTreeMap<Timestamp, u32>")]
pub(super) struct ActiveSince {
    /// In the order of time. Those in the middle that nobody stands since any more stay for a while; the first is never one of them.
    starts: VecDeque<(Timestamp, u32)>,
    /// How many of those there are: never more than the others.
    empty_count: usize,
}

impl From<BTreeMap<Timestamp, u32>> for ActiveSince {
    fn from(since: BTreeMap<Timestamp, u32>) -> ActiveSince {
        let mut ages = ActiveSince {
            empty_count: since.values().filter(|count| **count == 0).count(),
            starts: since.into_iter().collect(),
        };
        ages.drop_empty_starts();
        ages
    }
}

impl From<ActiveSince> for BTreeMap<Timestamp, u32> {
    fn from(ages: ActiveSince) -> BTreeMap<Timestamp, u32> {
        ages.starts.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

impl ActiveSince {
    pub(super) const fn new() -> ActiveSince {
        ActiveSince { starts: VecDeque::new(), empty_count: 0 }
    }

    /// So many more stand since `since`.
    #[inline]
    pub(super) fn add_starts(&mut self, since: Timestamp, many: u32) {
        if self.starts.back().is_none_or(|(last, _)| *last < since) {
            self.starts.push_back((since, many));
            return;
        }
        match self.starts.binary_search_by_key(&since, |(since, _)| *since) {
            Ok(place) => {
                let count = &mut self.starts[place].1;
                self.empty_count -= usize::from(*count == 0);
                *count = count.saturating_add(many);
            }
            Err(place) => self.starts.insert(place, (since, many)),
        }
    }

    /// One that stood since `since` does no more.
    #[inline]
    pub(super) fn remove_start(&mut self, since: Timestamp) {
        // Who has waited longest comes first, mostly.
        let place = match self.starts.front() {
            Some((first, _)) if *first == since => Ok(0),
            _ => self.starts.binary_search_by_key(&since, |(since, _)| *since),
        };
        let Some((_, count)) =
            place.ok().and_then(|place| self.starts.get_mut(place)).filter(|(_, count)| *count > 0)
        else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            self.empty_count += 1;
            self.drop_empty_starts();
        }
    }

    /// Takes away what nobody stands since, from the beginning at once and else when it has become much.
    fn drop_empty_starts(&mut self) {
        while self.starts.front().is_some_and(|(_, count)| *count == 0) {
            self.starts.pop_front();
            self.empty_count -= 1;
        }
        if self.empty_count * 2 > self.starts.len() {
            self.starts.retain(|(_, count)| *count > 0);
            self.empty_count = 0;
        }
    }

    /// Adds what else stands.
    pub(super) fn merge(&mut self, other: &ActiveSince) {
        other
            .starts
            .iter()
            .filter(|(_, count)| *count > 0)
            .for_each(|(since, count)| self.add_starts(*since, *count));
    }

    /// How many stand.
    pub(super) fn active_count(&self) -> i64 {
        self.starts.iter().map(|(_, count)| i64::from(*count)).sum()
    }

    /// Since when the oldest stands.
    pub(super) fn oldest_start(&self) -> Option<Timestamp> {
        self.starts.front().map(|(since, _)| *since)
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
        fn oldest_start_matches_search_tree(steps in prop::collection::vec((any::<bool>(), 0..30_i64), 0..300)) {
            let (mut ages, mut tree) = (ActiveSince::new(), BTreeMap::new());
            for (begins, time) in steps {
                let time = Timestamp(time);
                if begins {
                    ages.add_starts(time, 1);
                    *tree.entry(time).or_insert(0) += 1;
                } else {
                    ages.remove_start(time);
                    if let Some(count) = tree.get_mut(&time) {
                        *count -= 1;
                        if *count == 0 {
                            tree.remove(&time);
                        }
                    }
                }
                prop_assert_eq!(ages.oldest_start(), tree.first_key_value().map(|(time, _)| *time));
                prop_assert_eq!(ages.active_count(), tree.values().map(|count| i64::from(*count)).sum::<i64>());
                prop_assert!(ages.empty_count * 2 <= ages.starts.len());
                prop_assert_eq!(BTreeMap::from(ages.clone()), tree.clone());
            }
            let mut twice = ActiveSince::from(tree.clone());
            twice.merge(&ages);
            prop_assert_eq!(twice.active_count(), 2 * ages.active_count());
            prop_assert_eq!(BTreeMap::from(twice).into_keys().collect::<Vec<_>>(), tree.into_keys().collect::<Vec<_>>());
        }
    }
}
