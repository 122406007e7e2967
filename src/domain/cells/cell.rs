//! Cells: sums of facts per window for one rollup group.
//!
//! [`CellPlan`] defines the sums: a slot for each distinct tally, and a duration set for each
//! distinct set of facts with durations. Each distinct set of timed states has the sums of
//! [`super::state_time`], which follow after all duration sets. A [`Cell`] holds the sums of all
//! windows. A [`PaneCell`] holds the sums of one pane, which are subtracted when the pane leaves a
//! window.

mod pane_cell;
mod state_lanes;
mod update_steps;

pub use self::pane_cell::PaneCell;
use self::update_steps::StepSum;
pub use self::update_steps::{UpdateProgram, UpdateSteps};
use super::bucket_bounds::bucket_bounds;
use super::histogram::{Histogram, bucket_of_millis};
use super::state_time::SUMS_PER_SET;
use crate::domain::events::event::CaseFamily;
use crate::domain::facts::catalog::{Fact, FactKind};
use crate::domain::standard::indicator::answer_tallies;
use crate::domain::standard::{FactTally, Formula, Standard};
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::{LANES_PER_BANK, LaneCounts, MAX_BANKS};
use serde::{Deserialize, Serialize};

/// Index of a slot in a cell.
pub type SlotNumber = u16;

/// Layout of the cells of a standard.
#[derive(Debug)]
pub struct CellPlan {
    /// Distinct counted tallies, sorted.
    slots: Vec<FactTally>,
    /// Distinct sets of tallies with durations, sorted.
    durations: Vec<Vec<FactTally>>,
    /// Distinct sets of current states whose time is summed, sorted.
    timed_states: Vec<Vec<FactTally>>,
    /// For each kind of fact, the current state that it measures.
    measured_states: Vec<Option<FactKind>>,
    /// True for each kind of fact that reports starts and ends of a state. The states of other
    /// families are reported by [`crate::domain::cases::state_timeline`].
    state_reporting_kinds: Vec<bool>,
    /// True for each duration set whose maximum a reading shows.
    sets_with_maximum: Vec<bool>,
    /// Tallies of current-state facts, sorted.
    gauge_tallies: Vec<FactTally>,
    /// Number of fact kinds.
    fact_kind_count: usize,
    /// Number of banks of lanes for the windows.
    bank_count: usize,
    /// Bucket bounds by indicator, empty for indicators without durations.
    bucket_bounds: Vec<Vec<i64>>,
    /// Maximum number of times that one fact adds to one count.
    additions_per_fact: u64,
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
            timed_states: Vec::new(),
            measured_states: standard
                .kinds
                .iter()
                .map(|kind| standard.kinds.measured_state(kind))
                .collect(),
            state_reporting_kinds: standard
                .kinds
                .iter()
                .map(|kind| standard.kinds.family(kind) == CaseFamily::AGENT)
                .collect(),
            sets_with_maximum: Vec::new(),
            gauge_tallies: Vec::new(),
            fact_kind_count,
            bank_count,
            bucket_bounds,
            additions_per_fact: 1,
        };
        for indicator in &standard.indicators {
            plan.timed_states.extend(indicator.formula.timed_states().cloned());
            match &indicator.formula {
                Formula::Ratio { .. }
                | Formula::Count { .. }
                | Formula::Rate { .. }
                | Formula::BenchmarkRatio { .. } => {
                    plan.slots.extend(indicator.fact_tallies().cloned());
                }
                Formula::Score { of, weights, .. } => {
                    plan.slots.extend(answer_tallies(of, weights.len()).into_iter().flatten());
                }
                Formula::Duration { of } | Formula::MissCount { of } => {
                    plan.durations.push(of.clone());
                }
                Formula::EstimatedWait { waiting, handling, agents, .. } => {
                    plan.durations.push(handling.clone());
                    plan.gauge_tallies.extend(waiting.iter().chain(agents).cloned());
                }
                Formula::Share { part, whole, .. } => {
                    plan.durations.extend([part.clone(), whole.clone()]);
                }
                Formula::Level { of } | Formula::MeanLevel { of } | Formula::Oldest { of } => {
                    plan.gauge_tallies.extend_from_slice(of);
                }
                Formula::Difference { .. } | Formula::Weighted(_) | Formula::Benchmark { .. } => {}
            }
        }
        plan.slots.sort();
        plan.slots.dedup();
        plan.durations.sort();
        plan.durations.dedup();
        plan.timed_states.sort();
        plan.timed_states.dedup();
        let has_maximum = |set: &Vec<FactTally>| {
            standard.indicators.iter().any(
                |indicator| matches!(&indicator.formula, Formula::Duration { of } if of == set),
            )
        };
        plan.sets_with_maximum = plan.durations.iter().map(has_maximum).collect();
        plan.gauge_tallies.sort();
        plan.gauge_tallies.dedup();
        let additions = |tally: &FactTally| tally.labels.len().max(1);
        let by_set = plan.durations.iter().map(|of| of.iter().map(additions).sum());
        let most = plan.slots.iter().map(additions).chain(by_set).max();
        plan.additions_per_fact = most.unwrap_or(1) as u64;
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

    /// Returns the sets of current states whose time is summed.
    #[must_use]
    pub fn timed_states(&self) -> &[Vec<FactTally>] {
        &self.timed_states
    }

    /// Returns the index of a set of timed states, or `None` if no indicator sums their time.
    #[must_use]
    pub fn find_timed_states(&self, of: &[FactTally]) -> Option<usize> {
        self.timed_states.binary_search_by(|known| known.as_slice().cmp(of)).ok()
    }

    /// Returns true if facts of this kind report starts and ends of a state.
    #[inline]
    #[must_use]
    pub fn facts_report_state(&self, kind: FactKind) -> bool {
        self.state_reporting_kinds[usize::from(kind.0)]
    }

    /// Returns the place of the first sum of a set of timed states, counted from the first duration
    /// set.
    #[must_use]
    pub fn first_state_sum(&self, set: usize) -> usize {
        self.duration_count() + SUMS_PER_SET * set
    }

    /// Returns the number of sums of durations and of timed states.
    #[must_use]
    pub fn time_sum_count(&self) -> usize {
        self.first_state_sum(self.timed_states.len())
    }

    /// Returns true for each duration set whose maximum a reading shows.
    #[must_use]
    pub fn sets_with_maximum(&self) -> &[bool] {
        &self.sets_with_maximum
    }

    /// Returns the maximum number of times that one fact adds to one count.
    #[must_use]
    pub fn additions_per_fact(&self) -> u64 {
        self.additions_per_fact
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
}

/// Sums of one rollup group in every window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cell {
    /// Count of each slot, its banks side by side. The high parts of counts that exceed 32 bits
    /// follow after all slots, if there are any.
    pub counts: Box<[LaneCounts]>,
    /// Sums of each duration set, its banks side by side. The sums of timed states follow, with empty
    /// histograms.
    pub durations: Box<[DurationLanes]>,
}

/// Durations in every window of a bank.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct DurationLanes {
    /// Sum in milliseconds by lane, or a sum of timed states.
    pub sum: [i64; LANES_PER_BANK],
    /// Distribution of the values.
    pub histogram: Histogram,
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
    /// Index of the duration set.
    pub duration: u16,
    bucket: u16,
    /// Time of the fact.
    pub time: Timestamp,
    /// Duration in milliseconds.
    pub millis: i64,
    /// True if the duration is withdrawn, false if it is added.
    pub is_withdrawn: bool,
    /// Change of the count by window.
    times: [[i8; LANES_PER_BANK]; MAX_BANKS],
}

impl PendingDuration {
    /// Returns true if a window covers the fact.
    #[inline]
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.times != [[0; LANES_PER_BANK]; MAX_BANKS]
    }
}

/// Adds or withdraws `fact` in the windows given by `mask` and in its pane.
///
/// `is_open` returns true if a calendar, by its index, is open at the time of the fact. Appends the
/// pending histogram updates to `pending`. `BANKS` is the plan's number of banks as a constant, so
/// that a standard with few windows pays for one bank only.
#[inline]
pub fn add_fact<const BANKS: usize>(
    (steps, is_open): (&UpdateSteps, impl Fn(usize) -> bool),
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
    for step in steps.calendar_steps_of(fact, &is_open) {
        if let StepSum::Count(slot) = step {
            count(slot, i64::MIN, i64::MAX);
        }
    }
    steps.for_each_duration(fact, is_open, |number| {
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
            time: fact.time,
            millis: fact.value,
            is_withdrawn: withdraw,
            times: narrow_times,
        });
        if let Some(pane) = &mut pane {
            let first = pane.sum_count() - (cell.durations.len() / BANKS) as u16;
            pane.add_to_sum(first + number, value);
            pane.push_duration(number, bucket, times);
        }
    });
}

impl Cell {
    /// Creates an empty cell.
    #[must_use]
    pub fn new(plan: &CellPlan) -> Cell {
        Cell {
            counts: vec![LaneCounts::default(); plan.slot_count() * plan.bank_count].into(),
            durations: vec![DurationLanes::default(); plan.time_sum_count() * plan.bank_count]
                .into(),
        }
    }

    /// Returns true if a decoded cell matches this plan.
    #[must_use]
    pub fn matches_plan(&self, plan: &CellPlan) -> bool {
        let count = plan.slot_count() * plan.bank_count;
        (self.counts.len() == count || self.counts.len() == 2 * count)
            && self.durations.len() == plan.time_sum_count() * plan.bank_count
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

    /// Carries the excess of all counts into their high parts. Necessary at the latest when
    /// [`LaneCounts::ADDITIONS_BEFORE_CARRY`] values were added to a count.
    pub fn carry(&mut self, plan: &CellPlan) {
        let count = plan.slot_count() * plan.bank_count;
        for place in 0..count {
            if let Some(carry) = self.counts[place].take_carry() {
                self.high_counts_mut(count)[place].add_counts(&carry);
            }
        }
        self.durations.iter_mut().for_each(|durations| durations.histogram.carry());
    }

    /// Returns the high parts of `count` counts. Adds them if there are none.
    #[cold]
    fn high_counts_mut(&mut self, count: usize) -> &mut [LaneCounts] {
        if self.counts.len() == count {
            let mut counts = std::mem::take(&mut self.counts).into_vec();
            counts.resize(2 * count, LaneCounts::default());
            self.counts = counts.into();
        }
        &mut self.counts[count..]
    }

    /// Adds another cell of the same plan. Both must have been carried.
    pub fn merge(&mut self, other: &Cell) {
        if other.counts.len() > self.counts.len() {
            self.high_counts_mut(self.counts.len());
        }
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
                None => {
                    let place = usize::from(place) * plan.bank_count + bank;
                    let carry = self.counts[place].add_to_lane(lane, -sum);
                    if carry != 0 {
                        let count = plan.slot_count() * plan.bank_count;
                        self.high_counts_mut(count)[place].0[lane] += carry;
                    }
                }
                Some(number) => {
                    let lanes = &mut self.durations[number * plan.bank_count + bank].sum;
                    lanes[lane] = lanes[lane].wrapping_sub(sum);
                }
            }
        }
        for &(number, bucket, times) in pane.duration_counts() {
            self.durations[usize::from(number) * plan.bank_count + bank].histogram.add_to_bucket(
                bucket,
                lane,
                -i64::from(times),
            );
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::board::reading::{Board, ReadingComponents};
    use crate::domain::events::batch::Batch;
    use crate::domain::monitor::Monitor;
    use crate::domain::time::timestamp::HOUR;
    use crate::ingest::decode::{EventDecoder, HashKeys};
    use crate::standard_file::{BUILT_IN, parse_standard};
    use std::sync::Arc;

    const MANY: i64 = 9 * LaneCounts::ADDITIONS_BEFORE_CARRY as i64;

    fn answered_call(standard: &Standard) -> Batch {
        let mut decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default());
        for (id, verb, second) in [(1, "offered", "00"), (2, "answered", "07")] {
            let event = format!(
                r#"{{"specversion":"1.0","type":"call.{verb}","source":"/t","id":"{id}",
                "subject":"c","time":"2026-03-02T10:00:{second}+08:00"}}"#
            );
            decoder.decode_json(event.as_bytes()).expect("a valid event");
        }
        decoder.take_batch()
    }

    /// Returns numerator and denominator of `answer_rate`, and the count of `speed_of_answer`.
    fn call_counts(board: &Board, window: &str) -> (i64, i64, i64) {
        let reading = |name: &str| {
            let matches = board.readings.iter().find(|reading| {
                board.standard.indicators[reading.key.indicator].name == name
                    && board.window_name(&reading.key) == window
                    && reading.key.scope.values.is_empty()
            });
            matches.expect("the board has the reading").components.clone()
        };
        let ReadingComponents::Ratio { good, of } = reading("answer_rate") else {
            panic!("a ratio")
        };
        let ReadingComponents::Duration(durations) = reading("speed_of_answer") else {
            panic!("a duration")
        };
        (good, of, durations.of)
    }

    #[test]
    fn counts_beyond_32_bits_survive_windows_and_snapshots() {
        let standard = Arc::new(parse_standard("s.toml", BUILT_IN).expect("a valid standard"));
        let mut monitor = Monitor::new(standard.clone(), None);
        monitor.apply_batch(&answered_call(&standard));
        let (caseload, mut table) = monitor.into_parts();
        let one = LaneCounts([LaneCounts::ADDITIONS_BEFORE_CARRY as i32; LANES_PER_BANK]);
        for _ in 0..9 {
            for cell in &mut table.cells {
                let counts = table.plan.slot_count() * table.plan.bank_count;
                cell.counts[..counts].iter_mut().for_each(|lanes| lanes.add_counts(&one));
                for durations in &mut cell.durations {
                    durations.histogram.bucket_lanes_mut(7).add_counts(&one);
                }
                cell.carry(&table.plan);
            }
        }
        let mut monitor = Monitor::from_parts(caseload, table);
        assert!(MANY > 2 * i64::from(i32::MAX));
        let (good, of, answered) = call_counts(&monitor.compute_board(), "30m");
        assert_eq!((good, answered), (MANY + 1, MANY + 1));
        assert!(of > MANY, "{of} is the sum of several counts");

        let bytes = postcard::to_stdvec(&monitor.to_snapshot()).expect("a snapshot is written");
        let mut read = postcard::Deserializer::from_bytes(&bytes);
        let mut restored = Monitor::from_snapshot(standard, None, &mut read).expect("it is read");
        assert_eq!(restored.compute_board().readings, monitor.compute_board().readings);

        let noon = Timestamp::parse("2026-03-02T12:00:00+08:00").expect("a time");
        monitor.tick(noon);
        let (good, _, answered) = call_counts(&monitor.compute_board(), "30m");
        assert_eq!((good, answered), (MANY, MANY), "the pane with the call has left the window");
        monitor.tick(noon.plus_millis(24 * HOUR));
        assert_eq!(call_counts(&monitor.compute_board(), "today"), (0, 0, 0));
    }

    #[test]
    fn pane_of_more_than_32_bits_leaves_its_window() {
        let standard = parse_standard("s.toml", BUILT_IN).expect("a valid standard");
        let plan = CellPlan::new(&standard);
        let (mut cell, mut pane) = (Cell::new(&plan), PaneCell::new(&plan));
        pane.add_to_sum(0, MANY);
        cell.subtract_pane(&pane, 2, &plan);
        let mut sums = [0; LANES_PER_BANK];
        cell.counts[0].add_to_sums(&mut sums);
        cell.counts[plan.slot_count() * plan.bank_count].add_high_to_sums(&mut sums);
        assert_eq!(sums, [0, 0, -MANY, 0, 0, 0, 0, 0]);
    }
}
