//! The sums of one leaf in one stretch of time, to be taken out of a window when the stretch leaves it.

use super::Plan;
use crate::domain::histogram::BUCKETS;
use serde::{Deserialize, Serialize};

/// The sums of one leaf in one stretch of time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct PaneCell {
    /// How many sums there can be: those of the slots and the durations of the plan.
    room: u16,
    /// The sums that are not nothing, in order: the place of a slot and its count, or, behind all slots, that of a duration and its
    /// sum in milliseconds. Most kinds of facts do not happen in a leaf, and few in a stretch of time.
    sums: Vec<(u16, i64)>,
    /// Every duration once: its place, its bucket and how many; coalesced when cells are merged.
    values: Vec<(u16, u16, i32)>,
    /// How many values there were when they were last coalesced.
    coalesced: usize,
}

/// A [`PaneCell`] as it is written down, with all its sums.
#[derive(Serialize, Deserialize)]
struct Written {
    sums: Box<[i64]>,
    values: Vec<(u16, u16, i32)>,
    coalesced: usize,
}

impl From<Written> for PaneCell {
    fn from(Written { sums, values, coalesced }: Written) -> PaneCell {
        // What has more places than there can be is none of any plan's, and is found to be none.
        let room = u16::try_from(sums.len()).unwrap_or(u16::MAX);
        let sums = (0..room).zip(sums).filter(|(_, sum)| *sum != 0).collect();
        PaneCell { room, sums, values, coalesced }
    }
}

impl From<PaneCell> for Written {
    fn from(PaneCell { room, sums: own, values, coalesced }: PaneCell) -> Written {
        let mut sums = vec![0; usize::from(room)];
        own.into_iter().for_each(|(place, sum)| sums[usize::from(place)] = sum);
        Written { sums: sums.into(), values, coalesced }
    }
}

impl PaneCell {
    /// An empty cell.
    #[must_use]
    pub fn new(plan: &Plan) -> PaneCell {
        // There are far fewer than 65 536 indicators, each of which makes a few.
        PaneCell { room: (plan.slots() + plan.durations()) as u16, sums: Vec::new(), values: Vec::new(), coalesced: 0 }
    }

    /// Whether nothing was ever added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty() && self.values.is_empty() && self.coalesced == 0
    }

    /// Empties it, keeping the memory.
    pub fn clear(&mut self) {
        self.sums.clear();
        self.values.clear();
        self.coalesced = 0;
    }

    /// Whether a cell that was read is one of this plan.
    #[must_use]
    pub fn is_sound(&self, plan: &Plan) -> bool {
        let known = |(number, at, _): &(u16, u16, i32)| usize::from(*number) < plan.durations() && usize::from(*at) < BUCKETS;
        usize::from(self.room) == plan.slots() + plan.durations() && self.values.iter().all(known)
    }

    /// The sums that are not nothing: the place of a slot and its count, or, behind all slots, that of a duration and its sum in
    /// milliseconds.
    #[must_use]
    pub fn sums(&self) -> &[(u16, i64)] {
        &self.sums
    }

    /// Durations: their place in the plan, their bucket, and how many times. Any may come more than once.
    #[must_use]
    pub fn values(&self) -> &[(u16, u16, i32)] {
        &self.values
    }

    /// Adds a duration so many times.
    #[inline]
    pub(super) fn push(&mut self, number: u16, bucket: u16, times: i32) {
        self.values.push((number, bucket, times));
    }

    /// Adds to one of the sums.
    #[inline]
    pub(super) fn add(&mut self, place: u16, more: i64) {
        // There are a handful.
        let at = self.sums.iter().position(|(known, _)| *known >= place).unwrap_or(self.sums.len());
        match self.sums.get_mut(at) {
            Some((known, sum)) if *known == place => *sum = sum.wrapping_add(more),
            _ => self.sums.insert(at, (place, more)),
        }
    }

    /// Adds what happened elsewhere or in another stretch of time.
    pub fn merge(&mut self, other: &PaneCell) {
        other.sums.iter().for_each(|(place, more)| self.add(*place, *more));
        self.values.extend_from_slice(&other.values);
        // Only when there is twice as much as before, so that the sorting costs little however often panes are merged.
        if self.values.len() < 2 * self.coalesced.max(32) {
            return;
        }
        self.values.sort_unstable_by_key(|&(number, at, _)| (number, at));
        self.values.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            if same {
                kept.2 = kept.2.wrapping_add(next.2);
            }
            same
        });
        self.values.retain(|value| value.2 != 0);
        self.coalesced = self.values.len();
    }
}
