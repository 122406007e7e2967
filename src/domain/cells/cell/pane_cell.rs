//! Sums of one rollup group in one pane, to be subtracted from a window when the pane leaves it.

use crate::domain::cells::cell::CellPlan;
use crate::domain::cells::histogram::BUCKET_COUNT;
use serde::{Deserialize, Serialize};

/// Sums of one rollup group in one pane.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "StoredPaneCell", into = "StoredPaneCell")]
pub struct PaneCell {
    /// Number of possible sums: the plan's slots, duration sets and sums of timed states.
    sum_count: u16,
    /// Nonzero sums in ascending order of index. The index is a slot with a count, or, after all
    /// slots, a duration set with a sum in milliseconds, or, after all duration sets, a sum of timed
    /// states. Most sums of a pane are zero.
    sums: Vec<(u16, i64)>,
    /// Duration counts: duration set, bucket and count. Merging coalesces entries of one bucket.
    duration_counts: Vec<(u16, u16, i32)>,
    /// Number of entries after the last coalescing.
    coalesced_len: usize,
}

/// Snapshot form of a [`PaneCell`], with all its sums.
#[derive(Serialize, Deserialize)]
struct StoredPaneCell {
    sums: Box<[i64]>,
    duration_counts: Vec<(u16, u16, i32)>,
    coalesced_len: usize,
}

impl From<StoredPaneCell> for PaneCell {
    fn from(StoredPaneCell { sums, duration_counts, coalesced_len }: StoredPaneCell) -> PaneCell {
        // A cell with too many sums matches no plan, so `matches_plan` rejects it.
        let sum_count = u16::try_from(sums.len()).unwrap_or(u16::MAX);
        let sums = (0..sum_count).zip(sums).filter(|(_, sum)| *sum != 0).collect();
        PaneCell { sum_count, sums, duration_counts, coalesced_len }
    }
}

impl From<PaneCell> for StoredPaneCell {
    fn from(
        PaneCell { sum_count, sums: nonzero_sums, duration_counts, coalesced_len }: PaneCell,
    ) -> StoredPaneCell {
        let mut sums = vec![0; usize::from(sum_count)];
        nonzero_sums.into_iter().for_each(|(index, sum)| sums[usize::from(index)] = sum);
        StoredPaneCell { sums: sums.into(), duration_counts, coalesced_len }
    }
}

impl PaneCell {
    /// Creates an empty cell.
    #[must_use]
    pub fn new(plan: &CellPlan) -> PaneCell {
        // A standard has far fewer than 65 536 sums.
        PaneCell {
            sum_count: (plan.slot_count() + plan.time_sum_count()) as u16,
            sums: Vec::new(),
            duration_counts: Vec::new(),
            coalesced_len: 0,
        }
    }

    /// Returns true if nothing was ever added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty() && self.duration_counts.is_empty() && self.coalesced_len == 0
    }

    /// Clears the cell but retains its memory.
    pub fn clear(&mut self) {
        self.sums.clear();
        self.duration_counts.clear();
        self.coalesced_len = 0;
    }

    /// Makes room for the sums of timed states if a decoded cell lacks them.
    #[must_use]
    pub fn with_state_sums(mut self, plan: &CellPlan) -> PaneCell {
        if usize::from(self.sum_count) == plan.slot_count() + plan.duration_count() {
            self.sum_count = PaneCell::new(plan).sum_count;
        }
        self
    }

    /// Returns true if a decoded cell matches this plan.
    #[must_use]
    pub fn matches_plan(&self, plan: &CellPlan) -> bool {
        let known = |(number, at, _): &(u16, u16, i32)| {
            usize::from(*number) < plan.duration_count() && usize::from(*at) < BUCKET_COUNT
        };
        usize::from(self.sum_count) == plan.slot_count() + plan.time_sum_count()
            && self.duration_counts.iter().all(known)
    }

    /// Returns the number of possible sums: the plan's slots, duration sets and sums of timed states.
    #[inline]
    pub(super) fn sum_count(&self) -> u16 {
        self.sum_count
    }

    /// Returns the nonzero sums. The index is a slot with a count, or, after all slots, a duration
    /// set with a sum in milliseconds, or, after all duration sets, a sum of timed states.
    #[must_use]
    pub fn sums(&self) -> &[(u16, i64)] {
        &self.sums
    }

    /// Returns the duration counts: duration set, bucket and count. A bucket may occur several
    /// times.
    #[must_use]
    pub fn duration_counts(&self) -> &[(u16, u16, i32)] {
        &self.duration_counts
    }

    /// Adds a duration `times` times.
    #[inline]
    pub(super) fn push_duration(&mut self, number: u16, bucket: u16, times: i32) {
        self.duration_counts.push((number, bucket, times));
    }

    /// Adds to the sum at `index`.
    #[inline]
    pub(super) fn add_to_sum(&mut self, index: u16, more: i64) {
        // A linear search is fast because a pane has few nonzero sums.
        let at = self.sums.iter().position(|(known, _)| *known >= index).unwrap_or(self.sums.len());
        match self.sums.get_mut(at) {
            Some((known, sum)) if *known == index => *sum = sum.wrapping_add(more),
            _ => self.sums.insert(at, (index, more)),
        }
    }

    /// Adds a cell of another group or pane.
    pub fn merge(&mut self, other: &PaneCell) {
        other.sums.iter().for_each(|(index, more)| self.add_to_sum(*index, *more));
        self.duration_counts.extend_from_slice(&other.duration_counts);
        // Coalescing only after a doubling keeps the amortized cost of sorting low.
        if self.duration_counts.len() < 2 * self.coalesced_len.max(32) {
            return;
        }
        self.duration_counts.sort_unstable_by_key(|&(number, at, _)| (number, at));
        self.duration_counts.dedup_by(|next, first| {
            // Two entries remain if their sum exceeds 32 bits.
            let sum = first.2.checked_add(next.2);
            let sum = sum.filter(|_| (next.0, next.1) == (first.0, first.1));
            first.2 = sum.unwrap_or(first.2);
            sum.is_some()
        });
        self.duration_counts.retain(|value| value.2 != 0);
        self.coalesced_len = self.duration_counts.len();
    }
}
