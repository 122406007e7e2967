//! Cells: the sums of facts that readings are made of, for one leaf: groups of cases that the standard does not tell apart.
//!
//! [`Plan`] says what is summed: a slot for every distinct tally, and a duration for every set of facts whose durations
//! are taken. A [`Cell`] holds the sums of all windows; a [`PaneCell`] holds those of one stretch of time, to be taken out
//! of a window when the stretch leaves it.

mod pane;

use super::bucket_bounds::edges;
use super::event::{Attributes, Word};
use super::fact::Fact;
use super::histogram::{Histogram, bucket};
use super::standard::indicator::answers;
use super::standard::{Formula, Standard, Tally};
use super::window::{BANKS, LANES, Lanes};
pub use pane::PaneCell;
use serde::{Deserialize, Serialize};

/// A slot's place in a cell.
pub type Slot = u16;

/// What a fact adds to: the slots whose range holds its value, and the durations it belongs to.
#[derive(Clone, Default, Debug, PartialEq)]
pub struct Steps {
    counts: Vec<(Slot, i64, i64)>,
    durations: Vec<(u16, i64, i64)>,
    /// The same for facts with a certain word only; apart, because few have one.
    worded_counts: Vec<(Word, Slot, i64, i64)>,
    worded_durations: Vec<(Word, u16, i64, i64)>,
}

/// What is summed under a standard.
#[derive(Debug)]
pub struct Plan {
    /// The distinct tallies that are counted.
    slots: Vec<Tally>,
    /// The distinct sets of tallies whose durations are taken.
    durations: Vec<Vec<Tally>>,
    /// The tallies of what stands.
    standing: Vec<Tally>,
    /// The most kinds of facts that can occur.
    kinds: usize,
    /// How many banks of lanes the windows take.
    banks: usize,
    /// For each indicator of durations the edges between which they are counted; none for others.
    edges: Vec<Vec<i64>>,
}

/// What the facts of one group's cases add to.
#[derive(Debug, PartialEq)]
pub struct Program {
    /// By kind of fact.
    pub steps: Vec<Steps>,
    /// For each tally of what stands, whether it counts these cases.
    standing: Vec<bool>,
}

impl Plan {
    /// Collects what the indicators need.
    #[must_use]
    pub fn new(standard: &Standard) -> Plan {
        let banks = standard.windows.len().div_ceil(LANES).clamp(1, BANKS);
        let edges = standard.indicators.iter().map(|indicator| match indicator.formula {
            Formula::Duration { .. } => edges(standard, indicator),
            _ => Vec::new(),
        });
        let edges = edges.collect();
        let kinds = standard.kinds.count();
        let mut plan = Plan { slots: Vec::new(), durations: Vec::new(), standing: Vec::new(), kinds, banks, edges };
        for indicator in &standard.indicators {
            match &indicator.formula {
                Formula::Ratio { .. } | Formula::Rate { .. } => plan.slots.extend(indicator.tallies().cloned()),
                Formula::Score { of, weights } => plan.slots.extend(answers(of, weights.len()).into_iter().flatten()),
                Formula::Duration { of } => plan.durations.push(of.clone()),
                Formula::EstimatedWait { waiting, handling, agents, .. } => {
                    plan.durations.push(handling.clone());
                    plan.standing.extend(waiting.iter().chain(agents).cloned());
                }
                Formula::Share { part, whole } => plan.durations.extend([part.clone(), whole.clone()]),
                Formula::Level { of } | Formula::Oldest { of } => plan.standing.extend_from_slice(of),
                Formula::Difference { .. } => {}
            }
        }
        plan.slots.sort();
        plan.slots.dedup();
        plan.durations.sort();
        plan.durations.dedup();
        plan.standing.sort();
        plan.standing.dedup();
        plan
    }

    /// The slot of a tally that some indicator counts.
    #[must_use]
    pub fn slot(&self, tally: &Tally) -> Option<usize> {
        self.slots.binary_search(tally).ok()
    }

    /// The place of a set of tallies whose durations some indicator takes.
    #[must_use]
    pub fn duration(&self, of: &[Tally]) -> Option<usize> {
        self.durations.binary_search_by(|known| known.as_slice().cmp(of)).ok()
    }

    /// How many slots there are.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// How many durations there are.
    #[must_use]
    pub fn durations(&self) -> usize {
        self.durations.len()
    }

    /// How many banks of lanes every slot and every duration has: one for up to eight windows.
    #[must_use]
    pub fn banks(&self) -> usize {
        self.banks
    }

    /// The edges between which an indicator's durations are counted, in milliseconds, rising; none if it has no durations.
    #[must_use]
    pub fn edges(&self, indicator: usize) -> &[i64] {
        &self.edges[indicator]
    }

    /// What each kind of fact adds to for cases with these attributes.
    #[must_use]
    pub fn program(&self, attributes: &Attributes) -> Program {
        let mut steps_of = vec![Steps::default(); self.kinds];
        for (slot, tally) in self.slots.iter().enumerate().filter(|(_, tally)| tally.fits(attributes)) {
            let (low, high) = range(tally);
            let steps = &mut steps_of[usize::from(tally.kind.0)];
            match tally.words[..] {
                [] => steps.counts.push((slot as Slot, low, high)),
                ref words => steps.worded_counts.extend(words.iter().map(|word| (*word, slot as Slot, low, high))),
            }
        }
        for (number, of) in self.durations.iter().enumerate() {
            for tally in of.iter().filter(|tally| tally.fits(attributes)) {
                let (low, high) = range(tally);
                let steps = &mut steps_of[usize::from(tally.kind.0)];
                match tally.words[..] {
                    [] => steps.durations.push((number as u16, low, high)),
                    ref words => steps.worded_durations.extend(words.iter().map(|word| (*word, number as u16, low, high))),
                }
            }
        }
        Program { steps: steps_of, standing: self.standing.iter().map(|tally| tally.fits(attributes)).collect() }
    }
}

fn range(tally: &Tally) -> (i64, i64) {
    tally.values.unwrap_or((i64::MIN, i64::MAX))
}

/// The sums of one leaf in every window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cell {
    /// A count for each slot; its banks side by side.
    pub counts: Box<[Lanes]>,
    /// The durations; the banks of each side by side.
    pub durations: Box<[Durations]>,
}

/// Durations in every window of a bank.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct Durations {
    /// Their sum in milliseconds.
    pub sum: [i64; LANES],
    /// How they are spread.
    pub histogram: Histogram,
}

impl Steps {
    /// Whether a fact of this kind adds to nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Steps { counts, durations, worded_counts, worded_durations } = self;
        counts.is_empty() && durations.is_empty() && worded_counts.is_empty() && worded_durations.is_empty()
    }
}

/// A duration on its way into the histogram of a leaf.
///
/// Histograms are the largest part of what the cells are, and where the next value goes is nearly always far from the processor. So
/// [`add`] leaves that to the end, and then [`Cell::spread`] does nothing else: the memory of many is fetched at a time.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// The leaf.
    pub leaf: u32,
    number: u16,
    bucket: u16,
    /// How many times more, by window.
    times: [[i8; LANES]; BANKS],
}

/// Adds `fact` once, or withdraws it, in the windows given by `mask` and in the pane it lies in; what is left to be done for its
/// durations comes behind `values`. `BANKS` is that of the plan, known to the compiler, so that a standard with few windows pays for
/// one bank only.
#[inline]
pub fn add<const BANKS: usize>(
    steps: &Steps,
    fact: &Fact,
    withdraw: bool,
    mask: &[Lanes; BANKS],
    (leaf, cell): (u32, &mut Cell),
    mut pane: Option<&mut PaneCell>,
    values: &mut Vec<Value>,
) {
    let times = if withdraw { -1 } else { 1 };
    let lanes = if withdraw { mask.map(Lanes::negative) } else { *mask };
    let mut count = |slot: Slot, low: i64, high: i64| {
        if low <= fact.value && fact.value <= high {
            let at = usize::from(slot) * BANKS;
            cell.counts[at..at + BANKS].iter_mut().zip(&lanes).for_each(|(sum, one)| sum.add(one));
            if let Some(pane) = &mut pane {
                pane.add(slot, i64::from(times));
            }
        }
    };
    steps.counts.iter().for_each(|&(slot, low, high)| count(slot, low, high));
    if let Some(word) = fact.word {
        steps.worded_counts.iter().filter(|step| step.0 == word).for_each(|&(_, slot, low, high)| count(slot, low, high));
    }
    if fact.value == Fact::UNKNOWN {
        return;
    }
    let mut take = |number: u16, low: i64, high: i64| {
        if fact.value < low || high < fact.value {
            return;
        }
        let first = usize::from(number) * BANKS;
        let bucket = bucket(fact.value);
        let value = i64::from(times) * fact.value;
        for (durations, mask) in cell.durations[first..first + BANKS].iter_mut().zip(mask) {
            for (sum, one) in durations.sum.iter_mut().zip(&mask.0) {
                // A mask instead of a product, which takes long in every lane: -1 has all bits, 0 none.
                *sum += value & -i64::from(*one);
            }
        }
        let mut narrow = [[0; LANES]; super::window::BANKS];
        narrow.iter_mut().zip(&lanes).for_each(|(narrow, lanes)| *narrow = lanes.0.map(|one| one as i8));
        values.push(Value { leaf, number, bucket, times: narrow });
        if let Some(pane) = &mut pane {
            pane.add((cell.counts.len() / BANKS) as u16 + number, value);
            pane.push(number, bucket, times);
        }
    };
    steps.durations.iter().for_each(|&(number, low, high)| take(number, low, high));
    if let Some(word) = fact.word {
        steps.worded_durations.iter().filter(|step| step.0 == word).for_each(|&(_, number, low, high)| take(number, low, high));
    }
}

impl Cell {
    /// An empty cell.
    #[must_use]
    pub fn new(plan: &Plan) -> Cell {
        Cell {
            counts: vec![Lanes::default(); plan.slots() * plan.banks].into(),
            durations: vec![Durations::default(); plan.durations() * plan.banks].into(),
        }
    }

    /// Whether a cell that was read is one of this plan.
    #[must_use]
    pub fn is_sound(&self, plan: &Plan) -> bool {
        self.counts.len() == plan.slots() * plan.banks
            && self.durations.len() == plan.durations() * plan.banks
            && self.durations.iter().all(|durations| durations.histogram.is_sound())
    }

    /// Does what is left to be done for a duration.
    #[inline]
    pub fn spread<const BANKS: usize>(&mut self, value: &Value) {
        let first = usize::from(value.number) * BANKS;
        for (durations, times) in self.durations[first..first + BANKS].iter_mut().zip(&value.times) {
            durations.histogram.lanes(value.bucket).add(&Lanes(times.map(i32::from)));
        }
    }

    /// Adds another cell of the same plan.
    pub fn add(&mut self, other: &Cell) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, more)| sum.add(more));
        for (own, other) in self.durations.iter_mut().zip(&other.durations) {
            own.sum.iter_mut().zip(&other.sum).for_each(|(sum, more)| *sum = sum.wrapping_add(*more));
            own.histogram.add(&other.histogram);
        }
    }

    /// Takes a stretch of time out of one window.
    pub fn subtract(&mut self, pane: &PaneCell, lane: usize, plan: &Plan) {
        let (bank, lane) = (lane / LANES, lane % LANES);
        for &(place, sum) in pane.sums() {
            match usize::from(place).checked_sub(plan.slots()) {
                // What lies in a pane was added to the lane as the same 32-bit number of times.
                None => self.counts[usize::from(place) * plan.banks + bank].0[lane] -= sum as i32,
                Some(number) => self.durations[number * plan.banks + bank].sum[lane] -= sum,
            }
        }
        for &(number, bucket, times) in pane.values() {
            self.durations[usize::from(number) * plan.banks + bank].histogram.lanes(bucket).0[lane] -= times;
        }
    }

    /// Empties one window.
    pub fn clear(&mut self, lane: usize, plan: &Plan) {
        let (bank, lane) = (lane / LANES, lane % LANES);
        for count in self.counts.iter_mut().skip(bank).step_by(plan.banks) {
            count.0[lane] = 0;
        }
        for durations in self.durations.iter_mut().skip(bank).step_by(plan.banks) {
            durations.sum[lane] = 0;
            durations.histogram.clear(lane);
        }
    }
}
