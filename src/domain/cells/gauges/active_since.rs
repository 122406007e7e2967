//! Start times of active facts, with constant-time access to the oldest.
//!
//! New starts are usually the newest, and ended ones among the oldest. So a sorted deque changes at
//! its ends, whereas a search tree would be rebalanced for every call.

use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Number of active facts by start time.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(from = "BTreeMap<Timestamp, u32>", into = "BTreeMap<Timestamp, u32>")]
pub(super) struct ActiveSince {
    /// Ascending start times. Empty entries in the middle may remain. The first entry is never
    /// empty.
    starts: VecDeque<(Timestamp, u32)>,
    /// Number of empty entries, at most half of all.
    empty_count: usize,
}

impl From<BTreeMap<Timestamp, u32>> for ActiveSince {
    fn from(since: BTreeMap<Timestamp, u32>) -> ActiveSince {
        let mut active = ActiveSince {
            empty_count: since.values().filter(|count| **count == 0).count(),
            starts: since.into_iter().collect(),
        };
        active.drop_empty_starts();
        active
    }
}

impl From<ActiveSince> for BTreeMap<Timestamp, u32> {
    fn from(active: ActiveSince) -> BTreeMap<Timestamp, u32> {
        active.starts.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

impl ActiveSince {
    pub(super) const fn new() -> ActiveSince {
        ActiveSince { starts: VecDeque::new(), empty_count: 0 }
    }

    /// Adds `count` facts active since `since`.
    #[inline]
    pub(super) fn add_starts(&mut self, since: Timestamp, count: u32) {
        if self.starts.back().is_none_or(|(last, _)| *last < since) {
            self.starts.push_back((since, count));
            return;
        }
        match self.starts.binary_search_by_key(&since, |(since, _)| *since) {
            Ok(place) => {
                let existing = &mut self.starts[place].1;
                self.empty_count -= usize::from(*existing == 0);
                *existing = existing.saturating_add(count);
            }
            Err(place) => self.starts.insert(place, (since, count)),
        }
    }

    /// Removes one fact that was active since `since`. Does nothing if there is no such fact.
    #[inline]
    pub(super) fn remove_start(&mut self, since: Timestamp) {
        // The oldest usually ends first.
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

    /// Drops empty entries: leading ones at once, all others when they exceed half of the entries.
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

    /// Adds the facts of another set.
    pub(super) fn merge(&mut self, other: &ActiveSince) {
        other
            .starts
            .iter()
            .filter(|(_, count)| *count > 0)
            .for_each(|(since, count)| self.add_starts(*since, *count));
    }

    /// Returns the number of active facts.
    pub(super) fn active_count(&self) -> i64 {
        self.starts.iter().map(|(_, count)| i64::from(*count)).sum()
    }

    /// Returns the oldest start time, or `None` if no fact is active.
    pub(super) fn oldest_start(&self) -> Option<Timestamp> {
        self.starts.front().map(|(since, _)| *since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        /// Few distinct times, so that many facts share a start and times recur.
        #[test]
        fn oldest_start_matches_search_tree(
            steps in prop::collection::vec((any::<bool>(), 0..30_i64), 0..300),
        ) {
            let (mut active, mut tree) = (ActiveSince::new(), BTreeMap::new());
            for (begins, time) in steps {
                let time = Timestamp(time);
                if begins {
                    active.add_starts(time, 1);
                    *tree.entry(time).or_insert(0) += 1;
                } else {
                    active.remove_start(time);
                    if let Some(count) = tree.get_mut(&time) {
                        *count -= 1;
                        if *count == 0 {
                            tree.remove(&time);
                        }
                    }
                }
                let oldest = tree.first_key_value().map(|(time, _)| *time);
                prop_assert_eq!(active.oldest_start(), oldest);
                let count = tree.values().map(|count| i64::from(*count)).sum::<i64>();
                prop_assert_eq!(active.active_count(), count);
                prop_assert!(active.empty_count * 2 <= active.starts.len());
                prop_assert_eq!(BTreeMap::from(active.clone()), tree.clone());
            }
            let mut twice = ActiveSince::from(tree.clone());
            twice.merge(&active);
            prop_assert_eq!(twice.active_count(), 2 * active.active_count());
            let starts = BTreeMap::from(twice).into_keys().collect::<Vec<_>>();
            prop_assert_eq!(starts, tree.into_keys().collect::<Vec<_>>());
        }
    }
}
