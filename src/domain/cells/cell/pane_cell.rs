//! The sums of one leaf in one stretch of time, to be taken out of a window when the stretch leaves it.

use crate::domain::cells::cell::CellPlan;
use crate::domain::cells::histogram::BUCKET_COUNT;
use serde::{Deserialize, Serialize};

/// The sums of one leaf in one stretch of time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "StoredPaneCell", into = "StoredPaneCell")]
pub struct PaneCell {
    /// How many sums there can be: those of the slots and the durations of the plan.
    sum_count: u16,
    /// The sums that are not nothing, in order: the place of a slot and its count, or, behind all slots, that of a duration and its
    /// sum in milliseconds. Most kinds of facts do not happen in a leaf, and few in a stretch of time.
    sums: Vec<(u16, i64)>,
    /// Every duration once: its place, its bucket and how many; coalesced when cells are merged.
    duration_counts: Vec<(u16, u16, i32)>,
    /// How many values there were when they were last coalesced.
    coalesced_len: usize,
}

/// A [`PaneCell`] as it is written down, with all its sums.
#[derive(Serialize, Deserialize)]
struct StoredPaneCell {
    sums: Box<[i64]>,
    duration_counts: Vec<(u16, u16, i32)>,
    coalesced_len: usize,
}

impl From<StoredPaneCell> for PaneCell {
    fn from(
        StoredPaneCell { sums, duration_counts: values, coalesced_len: coalesced }: StoredPaneCell,
    ) -> PaneCell {
        // What has more places than there can be is none of any plan's, and is found to be none.
        let room = u16::try_from(sums.len()).unwrap_or(u16::MAX);
        let sums = (0..room).zip(sums).filter(|(_, sum)| *sum != 0).collect();
        PaneCell { sum_count: room, sums, duration_counts: values, coalesced_len: coalesced }
    }
}

impl From<PaneCell> for StoredPaneCell {
    fn from(
        PaneCell { sum_count: room, sums: own, duration_counts: values, coalesced_len: coalesced }: PaneCell,
    ) -> StoredPaneCell {
        let mut sums = vec![0; usize::from(room)];
        own.into_iter().for_each(|(place, sum)| sums[usize::from(place)] = sum);
        StoredPaneCell { sums: sums.into(), duration_counts: values, coalesced_len: coalesced }
    }
}

impl PaneCell {
    /// An empty cell.
    #[must_use]
    pub fn new(plan: &CellPlan) -> PaneCell {
        // There are far fewer than 65 536 indicators, each of which makes a few.
        PaneCell {
            sum_count: (plan.slot_count() + plan.duration_count()) as u16,
            sums: Vec::new(),
            duration_counts: Vec::new(),
            coalesced_len: 0,
        }
    }

    /// Whether nothing was ever added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty() && self.duration_counts.is_empty() && self.coalesced_len == 0
    }

    /// Empties it, keeping the memory.
    pub fn clear(&mut self) {
        self.sums.clear();
        self.duration_counts.clear();
        self.coalesced_len = 0;
    }

    /// Whether a cell that was read is one of this plan.
    #[must_use]
    pub fn matches_plan(&self, plan: &CellPlan) -> bool {
        let known = |(number, at, _): &(u16, u16, i32)| {
            usize::from(*number) < plan.duration_count() && usize::from(*at) < BUCKET_COUNT
        };
        usize::from(self.sum_count) == plan.slot_count() + plan.duration_count()
            && self.duration_counts.iter().all(known)
    }

    /// The sums that are not nothing: the place of a slot and its count, or, behind all slots, that of a duration and its sum in
    /// milliseconds.
    #[must_use]
    pub fn sums(&self) -> &[(u16, i64)] {
        &self.sums
    }

    /// Durations: their place in the plan, their bucket, and how many times. Any may come more than once.
    #[must_use]
    pub fn duration_counts(&self) -> &[(u16, u16, i32)] {
        &self.duration_counts
    }

    /// Adds a duration so many times.
    #[inline]
    pub(super) fn push_duration(&mut self, number: u16, bucket: u16, times: i32) {
        self.duration_counts.push((number, bucket, times));
    }

    /// Adds to one of the sums.
    #[inline]
    pub(super) fn add_to_sum(&mut self, place: u16, more: i64) {
        // There are a handful.
        let at = self.sums.iter().position(|(known, _)| *known >= place).unwrap_or(self.sums.len());
        match self.sums.get_mut(at) {
            Some((known, sum)) if *known == place => *sum = sum.wrapping_add(more),
            _ => self.sums.insert(at, (place, more)),
        }
    }

    /// Adds what happened elsewhere or in another stretch of time.
    pub fn merge(&mut self, other: &PaneCell) {
        other.sums.iter().for_each(|(place, more)| self.add_to_sum(*place, *more));
        self.duration_counts.extend_from_slice(&other.duration_counts);
        // Only when there is twice as much as before, so that the sorting costs little however often panes are merged.
        if self.duration_counts.len() < 2 * self.coalesced_len.max(32) {
            return;
        }
        self.duration_counts.sort_unstable_by_key(|&(number, at, _)| (number, at));
        self.duration_counts.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            if same {
                kept.2 = kept.2.wrapping_add(next.2);
            }
            same
        });
        self.duration_counts.retain(|value| value.2 != 0);
        self.coalesced_len = self.duration_counts.len();
    }
}
