//! Cells: the sums of facts that readings are made of, for one leaf: groups of cases that the standard does not tell apart.
//!
//! [`Plan`] says what is summed: a slot for every distinct tally, and a duration for every set of facts whose durations
//! are taken. A [`Cell`] holds the sums of all windows; a [`PaneCell`] holds those of one stretch of time, to be taken out
//! of a window when the stretch leaves it.

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

/// A slot's place in a cell.
pub type SlotNumber = u16;

/// What a fact adds to: the slots whose range holds its value, and the durations it belongs to.
#[derive(Clone, Default, Debug, PartialEq)]
pub struct UpdateSteps {
    counts: Vec<(SlotNumber, i64, i64)>,
    durations: Vec<(u16, i64, i64)>,
    /// The same for facts with a certain word only; apart, because few have one.
    labeled_counts: Vec<(Symbol, SlotNumber, i64, i64)>,
    labeled_durations: Vec<(Symbol, u16, i64, i64)>,
}

/// What is summed under a standard.
#[derive(Debug)]
pub struct CellPlan {
    /// The distinct tallies that are counted.
    slots: Vec<FactTally>,
    /// The distinct sets of tallies whose durations are taken.
    durations: Vec<Vec<FactTally>>,
    /// The tallies of what stands.
    gauge_tallies: Vec<FactTally>,
    /// The most kinds of facts that can occur.
    fact_kind_count: usize,
    /// How many banks of lanes the windows take.
    bank_count: usize,
    /// For each indicator of durations the edges between which they are counted; none for others.
    bucket_bounds: Vec<Vec<i64>>,
}

/// What the facts of one group's cases add to.
#[derive(Debug, PartialEq)]
pub struct UpdateProgram {
    /// By kind of fact.
    pub steps: Vec<UpdateSteps>,
    /// For each tally of what stands, whether it counts these cases.
    gauges_matched: Vec<bool>,
}

impl CellPlan {
    /// Collects what the indicators need.
    #[must_use]
    pub fn new(standard: &Standard) -> CellPlan {
        let banks = standard.windows.len().div_ceil(LANES_PER_BANK).clamp(1, MAX_BANKS);
        let edges = standard.indicators.iter().map(|indicator| match indicator.formula {
            Formula::Duration { .. } => bucket_bounds(standard, indicator),
            _ => Vec::new(),
        });
        let edges = edges.collect();
        let kinds = standard.kinds.count();
        let mut plan = CellPlan {
            slots: Vec::new(),
            durations: Vec::new(),
            gauge_tallies: Vec::new(),
            fact_kind_count: kinds,
            bank_count: banks,
            bucket_bounds: edges,
        };
        for indicator in &standard.indicators {
            match &indicator.formula {
                Formula::Ratio { .. } | Formula::Rate { .. } => {
                    plan.slots.extend(indicator.fact_tallies().cloned())
                }
                Formula::Score { of, weights } => {
                    plan.slots.extend(answer_tallies(of, weights.len()).into_iter().flatten())
                }
                Formula::Duration { of } => plan.durations.push(of.clone()),
                Formula::EstimatedWait { waiting, handling, agents, .. } => {
                    plan.durations.push(handling.clone());
                    plan.gauge_tallies.extend(waiting.iter().chain(agents).cloned());
                }
                Formula::Share { part, whole } => {
                    plan.durations.extend([part.clone(), whole.clone()])
                }
                Formula::Level { of } | Formula::Oldest { of } => {
                    plan.gauge_tallies.extend_from_slice(of)
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

    /// The slot of a tally that some indicator counts.
    #[must_use]
    pub fn find_slot(&self, tally: &FactTally) -> Option<usize> {
        self.slots.binary_search(tally).ok()
    }

    /// The place of a set of tallies whose durations some indicator takes.
    #[must_use]
    pub fn find_duration(&self, of: &[FactTally]) -> Option<usize> {
        self.durations.binary_search_by(|known| known.as_slice().cmp(of)).ok()
    }

    /// How many slots there are.
    #[must_use]
    pub fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// How many durations there are.
    #[must_use]
    pub fn duration_count(&self) -> usize {
        self.durations.len()
    }

    /// How many banks of lanes every slot and every duration has: one for up to eight windows.
    #[must_use]
    pub fn bank_count(&self) -> usize {
        self.bank_count
    }

    /// The edges between which an indicator's durations are counted, in milliseconds, rising; none if it has no durations.
    #[must_use]
    pub fn bucket_bounds(&self, indicator: usize) -> &[i64] {
        &self.bucket_bounds[indicator]
    }

    /// What each kind of fact adds to for cases with these attributes.
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
                ref words => steps
                    .labeled_counts
                    .extend(words.iter().map(|word| (*word, slot as SlotNumber, low, high))),
            }
        }
        for (number, of) in self.durations.iter().enumerate() {
            for tally in of.iter().filter(|tally| tally.fits_attributes(attributes)) {
                let (low, high) = value_range(tally);
                let steps = &mut steps_of[usize::from(tally.kind.0)];
                match tally.labels[..] {
                    [] => steps.durations.push((number as u16, low, high)),
                    ref words => steps
                        .labeled_durations
                        .extend(words.iter().map(|word| (*word, number as u16, low, high))),
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

/// The sums of one leaf in every window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cell {
    /// A count for each slot; its banks side by side.
    pub counts: Box<[LaneCounts]>,
    /// The durations; the banks of each side by side.
    pub durations: Box<[DurationLanes]>,
}

/// Durations in every window of a bank.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct DurationLanes {
    /// Their sum in milliseconds.
    pub sum: [i64; LANES_PER_BANK],
    /// How they are spread.
    pub histogram: Histogram,
}

impl UpdateSteps {
    /// Whether a fact of this kind adds to nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let UpdateSteps {
            counts,
            durations,
            labeled_counts: worded_counts,
            labeled_durations: worded_durations,
        } = self;
        counts.is_empty()
            && durations.is_empty()
            && worded_counts.is_empty()
            && worded_durations.is_empty()
    }
}

/// A duration on its way into the histogram of a leaf.
///
/// Histograms are the largest part of what the cells are, and where the next value goes is nearly always far from the processor. So
/// [`add`] leaves that to the end, and then [`Cell::spread`] does nothing else: the memory of many is fetched at a time.
#[derive(Clone, Copy, Debug)]
pub struct PendingDuration {
    /// The leaf.
    pub rollup_group: u32,
    duration: u16,
    bucket: u16,
    /// How many times more, by window.
    times: [[i8; LANES_PER_BANK]; MAX_BANKS],
}

/// Adds `fact` once, or withdraws it, in the windows given by `mask` and in the pane it lies in; what is left to be done for its
/// durations comes behind `values`. `BANKS` is that of the plan, known to the compiler, so that a standard with few windows pays for
/// one bank only.
#[inline]
pub fn add_fact<const BANKS: usize>(
    steps: &UpdateSteps,
    fact: &Fact,
    withdraw: bool,
    mask: &[LaneCounts; BANKS],
    (leaf, cell): (u32, &mut Cell),
    mut pane: Option<&mut PaneCell>,
    values: &mut Vec<PendingDuration>,
) {
    let times = if withdraw { -1 } else { 1 };
    let lanes = if withdraw { mask.map(LaneCounts::negated) } else { *mask };
    let mut count = |slot: SlotNumber, low: i64, high: i64| {
        if low <= fact.value && fact.value <= high {
            let at = usize::from(slot) * BANKS;
            cell.counts[at..at + BANKS]
                .iter_mut()
                .zip(&lanes)
                .for_each(|(sum, one)| sum.add_counts(one));
            if let Some(pane) = &mut pane {
                pane.add_to_sum(slot, i64::from(times));
            }
        }
    };
    steps.counts.iter().for_each(|&(slot, low, high)| count(slot, low, high));
    if let Some(word) = fact.label {
        steps
            .labeled_counts
            .iter()
            .filter(|step| step.0 == word)
            .for_each(|&(_, slot, low, high)| count(slot, low, high));
    }
    if fact.value == Fact::UNKNOWN {
        return;
    }
    let mut take = |number: u16, low: i64, high: i64| {
        if fact.value < low || high < fact.value {
            return;
        }
        let first = usize::from(number) * BANKS;
        let bucket = bucket_of_millis(fact.value);
        let value = i64::from(times) * fact.value;
        for (durations, mask) in cell.durations[first..first + BANKS].iter_mut().zip(mask) {
            for (sum, one) in durations.sum.iter_mut().zip(&mask.0) {
                // A mask instead of a product, which takes long in every lane: -1 has all bits, 0 none.
                *sum += value & -i64::from(*one);
            }
        }
        let mut narrow = [[0; LANES_PER_BANK]; MAX_BANKS];
        narrow
            .iter_mut()
            .zip(&lanes)
            .for_each(|(narrow, lanes)| *narrow = lanes.0.map(|one| one as i8));
        values.push(PendingDuration {
            rollup_group: leaf,
            duration: number,
            bucket,
            times: narrow,
        });
        if let Some(pane) = &mut pane {
            pane.add_to_sum((cell.counts.len() / BANKS) as u16 + number, value);
            pane.push_duration(number, bucket, times);
        }
    };
    steps.durations.iter().for_each(|&(number, low, high)| take(number, low, high));
    if let Some(word) = fact.label {
        steps
            .labeled_durations
            .iter()
            .filter(|step| step.0 == word)
            .for_each(|&(_, number, low, high)| take(number, low, high));
    }
}

impl Cell {
    /// An empty cell.
    #[must_use]
    pub fn new(plan: &CellPlan) -> Cell {
        Cell {
            counts: vec![LaneCounts::default(); plan.slot_count() * plan.bank_count].into(),
            durations: vec![DurationLanes::default(); plan.duration_count() * plan.bank_count]
                .into(),
        }
    }

    /// Whether a cell that was read is one of this plan.
    #[must_use]
    pub fn matches_plan(&self, plan: &CellPlan) -> bool {
        self.counts.len() == plan.slot_count() * plan.bank_count
            && self.durations.len() == plan.duration_count() * plan.bank_count
            && self.durations.iter().all(|durations| durations.histogram.is_valid())
    }

    /// Does what is left to be done for a duration.
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
        for (own, other) in self.durations.iter_mut().zip(&other.durations) {
            own.sum
                .iter_mut()
                .zip(&other.sum)
                .for_each(|(sum, more)| *sum = sum.wrapping_add(*more));
            own.histogram.merge(&other.histogram);
        }
    }

    /// Takes a stretch of time out of one window.
    pub fn subtract_pane(&mut self, pane: &PaneCell, lane: usize, plan: &CellPlan) {
        let (bank, lane) = (lane / LANES_PER_BANK, lane % LANES_PER_BANK);
        for &(place, sum) in pane.sums() {
            match usize::from(place).checked_sub(plan.slot_count()) {
                // What lies in a pane was added to the lane as the same 32-bit number of times.
                None => {
                    self.counts[usize::from(place) * plan.bank_count + bank].0[lane] -= sum as i32
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

    /// Empties one window.
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
