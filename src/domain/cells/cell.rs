//! Cells: sums of facts per window for one rollup group.
//!
//! [`CellPlan`] defines the sums: a slot for each distinct tally, and a duration set for each
//! distinct set of facts with durations. A [`Cell`] holds the sums of all windows. A [`PaneCell`]
//! holds the sums of one pane, which are subtracted when the pane leaves a window.

mod pane_cell;

pub use self::pane_cell::PaneCell;
use super::bucket_bounds::bucket_bounds;
use super::histogram::{Histogram, bucket_of_millis};
use crate::domain::events::event::{Attributes, Symbol};
use crate::domain::facts::catalog::Fact;
use crate::domain::standard::indicator::answer_tallies;
use crate::domain::standard::{FactTally, Formula, Standard};
use crate::domain::time::window::{LANES_PER_BANK, LaneCounts, MAX_BANKS};
use serde::{Deserialize, Serialize};

/// Index of a slot in a cell.
pub type SlotNumber = u16;

/// Slots and duration sets that a fact of one kind may add to, each with its range of values.
#[derive(Clone, Default, Debug, PartialEq)]
pub struct UpdateSteps {
    counts: Vec<(SlotNumber, i64, i64)>,
    durations: Vec<(u16, i64, i64)>,
    /// Steps for facts with a certain label. They are separate because few facts have one.
    labeled_counts: Vec<(Symbol, SlotNumber, i64, i64)>,
    labeled_durations: Vec<(Symbol, u16, i64, i64)>,
}

/// Layout of the cells of a standard.
#[derive(Debug)]
pub struct CellPlan {
    /// Distinct counted tallies, sorted.
    slots: Vec<FactTally>,
    /// Distinct sets of tallies with durations, sorted.
    durations: Vec<Vec<FactTally>>,
    /// Tallies of current-state facts, sorted.
    gauge_tallies: Vec<FactTally>,
    /// Number of fact kinds.
    fact_kind_count: usize,
    /// Number of banks of lanes for the windows.
    bank_count: usize,
    /// Bucket bounds by indicator, empty for indicators without durations.
    bucket_bounds: Vec<Vec<i64>>,
}

/// Update steps for the facts of one group's cases.
#[derive(Debug, PartialEq)]
pub struct UpdateProgram {
    /// Steps by kind of fact.
    pub steps: Vec<UpdateSteps>,
    /// True for each current-state tally that matches these cases.
    gauges_matched: Vec<bool>,
}

impl CellPlan {
    /// Creates the plan from the indicators of a standard.
    #[must_use]
    pub fn new(standard: &Standard) -> CellPlan {
        let bank_count = standard.windows.len().div_ceil(LANES_PER_BANK).clamp(1, MAX_BANKS);
        let bounds = standard.indicators.iter().map(|indicator| match indicator.formula {
            Formula::Duration { .. } => bucket_bounds(standard, indicator),
            _ => Vec::new(),
        });
        let bucket_bounds = bounds.collect();
        let fact_kind_count = standard.kinds.count();
        let mut plan = CellPlan {
            slots: Vec::new(),
            durations: Vec::new(),
            gauge_tallies: Vec::new(),
            fact_kind_count,
            bank_count,
            bucket_bounds,
        };
        for indicator in &standard.indicators {
            match &indicator.formula {
                Formula::Ratio { .. } | Formula::Rate { .. } => {
                    plan.slots.extend(indicator.fact_tallies().cloned());
                }
                Formula::Score { of, weights } => {
                    plan.slots.extend(answer_tallies(of, weights.len()).into_iter().flatten());
                }
                Formula::Duration { of } => plan.durations.push(of.clone()),
                Formula::EstimatedWait { waiting, handling, agents, .. } => {
                    plan.durations.push(handling.clone());
                    plan.gauge_tallies.extend(waiting.iter().chain(agents).cloned());
                }
                Formula::Share { part, whole } => {
                    plan.durations.extend([part.clone(), whole.clone()]);
                }
                Formula::Level { of } | Formula::Oldest { of } => {
                    plan.gauge_tallies.extend_from_slice(of);
                }
                Formula::Difference { .. } => {}
            }
        }
        plan.slots.sort();
        plan.slots.dedup();
        plan.durations.sort();
        plan.durations.dedup();
        plan.gauge_tallies.sort();
        plan.gauge_tallies.dedup();
        plan
    }

    /// Returns the slot of a tally, or `None` if no indicator counts it.
    #[must_use]
    pub fn find_slot(&self, tally: &FactTally) -> Option<usize> {
        self.slots.binary_search(tally).ok()
    }

    /// Returns the index of a duration set, or `None` if no indicator uses it.
    #[must_use]
    pub fn find_duration(&self, of: &[FactTally]) -> Option<usize> {
        self.durations.binary_search_by(|known| known.as_slice().cmp(of)).ok()
    }

    /// Returns the number of slots.
    #[must_use]
    pub fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// Returns the number of duration sets.
    #[must_use]
    pub fn duration_count(&self) -> usize {
        self.durations.len()
    }

    /// Returns the number of banks: 1 for up to eight windows, otherwise more.
    #[must_use]
    pub fn bank_count(&self) -> usize {
        self.bank_count
    }

    /// Returns the bucket bounds of an indicator in milliseconds, ascending. Returns an empty slice
    /// for an indicator without durations.
    #[must_use]
    pub fn bucket_bounds(&self, indicator: usize) -> &[i64] {
        &self.bucket_bounds[indicator]
    }

    /// Returns the update steps for cases with these attributes.
    #[must_use]
    pub fn update_program(&self, attributes: &Attributes) -> UpdateProgram {
        let mut steps_of = vec![UpdateSteps::default(); self.fact_kind_count];
        for (slot, tally) in
            self.slots.iter().enumerate().filter(|(_, tally)| tally.fits_attributes(attributes))
        {
            let (low, high) = value_range(tally);
            let steps = &mut steps_of[usize::from(tally.kind.0)];
            match tally.labels[..] {
                [] => steps.counts.push((slot as SlotNumber, low, high)),
                ref labels => steps
                    .labeled_counts
                    .extend(labels.iter().map(|label| (*label, slot as SlotNumber, low, high))),
            }
        }
        for (number, of) in self.durations.iter().enumerate() {
            for tally in of.iter().filter(|tally| tally.fits_attributes(attributes)) {
                let (low, high) = value_range(tally);
                let steps = &mut steps_of[usize::from(tally.kind.0)];
                match tally.labels[..] {
                    [] => steps.durations.push((number as u16, low, high)),
                    ref labels => steps
                        .labeled_durations
                        .extend(labels.iter().map(|label| (*label, number as u16, low, high))),
                }
            }
        }
        UpdateProgram {
            steps: steps_of,
            gauges_matched: self
                .gauge_tallies
                .iter()
                .map(|tally| tally.fits_attributes(attributes))
                .collect(),
        }
    }
}

fn value_range(tally: &FactTally) -> (i64, i64) {
    tally.values.unwrap_or((i64::MIN, i64::MAX))
}

/// Sums of one rollup group in every window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cell {
    /// Count of each slot, its banks side by side.
    pub counts: Box<[LaneCounts]>,
    /// Sums of each duration set, its banks side by side.
    pub durations: Box<[DurationLanes]>,
}

/// Durations in every window of a bank.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct DurationLanes {
    /// Sum in milliseconds by lane.
    pub sum: [i64; LANES_PER_BANK],
    /// Distribution of the values.
    pub histogram: Histogram,
}

impl UpdateSteps {
    /// Returns true if facts of this kind add to nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let UpdateSteps { counts, durations, labeled_counts, labeled_durations } = self;
        counts.is_empty()
            && durations.is_empty()
            && labeled_counts.is_empty()
            && labeled_durations.is_empty()
    }
}

/// Duration that is not yet in its rollup group's histogram.
///
/// Histograms are the largest part of the cells, so the next position is rarely cached.
/// [`add_fact`] defers this work. [`Cell::add_to_histogram`] then does nothing else, so that the
/// processor fetches many positions at a time.
#[derive(Clone, Copy, Debug)]
pub struct PendingDuration {
    /// Number of the rollup group.
    pub rollup_group: u32,
    duration: u16,
    bucket: u16,
    /// Change of the count by window.
    times: [[i8; LANES_PER_BANK]; MAX_BANKS],
}

/// Adds or withdraws `fact` in the windows given by `mask` and in its pane.
///
/// Appends the pending histogram updates to `pending`. `BANKS` is the plan's number of banks as a
/// constant, so that a standard with few windows pays for one bank only.
#[inline]
pub fn add_fact<const BANKS: usize>(
    steps: &UpdateSteps,
    fact: &Fact,
    withdraw: bool,
    mask: &[LaneCounts; BANKS],
    (rollup_group, cell): (u32, &mut Cell),
    mut pane: Option<&mut PaneCell>,
    pending: &mut Vec<PendingDuration>,
) {
    let times = if withdraw { -1 } else { 1 };
    let lanes = if withdraw { mask.map(LaneCounts::negated) } else { *mask };
    let mut count = |slot: SlotNumber, low: i64, high: i64| {
        if low <= fact.value && fact.value <= high {
            let at = usize::from(slot) * BANKS;
            cell.counts[at..at + BANKS]
                .iter_mut()
                .zip(&lanes)
                .for_each(|(sum, counts)| sum.add_counts(counts));
            if let Some(pane) = &mut pane {
                pane.add_to_sum(slot, i64::from(times));
            }
        }
    };
    steps.counts.iter().for_each(|&(slot, low, high)| count(slot, low, high));
    if let Some(label) = fact.label {
        steps
            .labeled_counts
            .iter()
            .filter(|step| step.0 == label)
            .for_each(|&(_, slot, low, high)| count(slot, low, high));
    }
    if fact.value == Fact::UNKNOWN {
        return;
    }
    let mut add_duration = |number: u16, low: i64, high: i64| {
        if fact.value < low || high < fact.value {
            return;
        }
        let first = usize::from(number) * BANKS;
        let bucket = bucket_of_millis(fact.value);
        let value = i64::from(times) * fact.value;
        for (durations, mask) in cell.durations[first..first + BANKS].iter_mut().zip(mask) {
            for (sum, bit) in durations.sum.iter_mut().zip(&mask.0) {
                // A mask is faster than a product per lane: -1 has all bits set, 0 has none.
                *sum += value & -i64::from(*bit);
            }
        }
        let mut narrow_times = [[0; LANES_PER_BANK]; MAX_BANKS];
        narrow_times
            .iter_mut()
            .zip(&lanes)
            .for_each(|(narrow, lanes)| *narrow = lanes.0.map(|count| count as i8));
        pending.push(PendingDuration {
            rollup_group,
            duration: number,
            bucket,
            times: narrow_times,
        });
        if let Some(pane) = &mut pane {
            pane.add_to_sum((cell.counts.len() / BANKS) as u16 + number, value);
            pane.push_duration(number, bucket, times);
        }
    };
    steps.durations.iter().for_each(|&(number, low, high)| add_duration(number, low, high));
    if let Some(label) = fact.label {
        steps
            .labeled_durations
            .iter()
            .filter(|step| step.0 == label)
            .for_each(|&(_, number, low, high)| add_duration(number, low, high));
    }
}

impl Cell {
    /// Creates an empty cell.
    #[must_use]
    pub fn new(plan: &CellPlan) -> Cell {
        Cell {
            counts: vec![LaneCounts::default(); plan.slot_count() * plan.bank_count].into(),
            durations: vec![DurationLanes::default(); plan.duration_count() * plan.bank_count]
                .into(),
        }
    }

    /// Returns true if a decoded cell matches this plan.
    #[must_use]
    pub fn matches_plan(&self, plan: &CellPlan) -> bool {
        self.counts.len() == plan.slot_count() * plan.bank_count
            && self.durations.len() == plan.duration_count() * plan.bank_count
            && self.durations.iter().all(|durations| durations.histogram.is_valid())
    }

    /// Adds a pending duration to its histogram.
    #[inline]
    pub fn add_to_histogram<const BANKS: usize>(&mut self, value: &PendingDuration) {
        let first = usize::from(value.duration) * BANKS;
        for (durations, times) in self.durations[first..first + BANKS].iter_mut().zip(&value.times)
        {
            durations
                .histogram
                .bucket_lanes_mut(value.bucket)
                .add_counts(&LaneCounts(times.map(i32::from)));
        }
    }

    /// Adds another cell of the same plan.
    pub fn merge(&mut self, other: &Cell) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, more)| sum.add_counts(more));
        for (durations, other) in self.durations.iter_mut().zip(&other.durations) {
            durations
                .sum
                .iter_mut()
                .zip(&other.sum)
                .for_each(|(sum, more)| *sum = sum.wrapping_add(*more));
            durations.histogram.merge(&other.histogram);
        }
    }

    /// Subtracts a pane from one window.
    pub fn subtract_pane(&mut self, pane: &PaneCell, lane: usize, plan: &CellPlan) {
        let (bank, lane) = (lane / LANES_PER_BANK, lane % LANES_PER_BANK);
        for &(place, sum) in pane.sums() {
            match usize::from(place).checked_sub(plan.slot_count()) {
                // The lane received the same 32-bit counts.
                None => {
                    self.counts[usize::from(place) * plan.bank_count + bank].0[lane] -= sum as i32;
                }
                Some(number) => self.durations[number * plan.bank_count + bank].sum[lane] -= sum,
            }
        }
        for &(number, bucket, times) in pane.duration_counts() {
            self.durations[usize::from(number) * plan.bank_count + bank]
                .histogram
                .bucket_lanes_mut(bucket)
                .0[lane] -= times;
        }
    }

    /// Clears one window.
    pub fn clear_window(&mut self, lane: usize, plan: &CellPlan) {
        let (bank, lane) = (lane / LANES_PER_BANK, lane % LANES_PER_BANK);
        for count in self.counts.iter_mut().skip(bank).step_by(plan.bank_count) {
            count.0[lane] = 0;
        }
        for durations in self.durations.iter_mut().skip(bank).step_by(plan.bank_count) {
            durations.sum[lane] = 0;
            durations.histogram.clear_window(lane);
        }
    }
}
