//! Trends: values of indicators over the last hours, one for every quarter of an hour.
//!
//! Trends are computed from the panes of the rolling windows. So a trend is as long as the longest
//! rolling window, survives restarts, and reflects late events. Gauges have no panes and so no
//! trend. Rates have none because a quarter hour is too short for them, and outside series have a value for a
//! whole period. Weighted scores have none yet.

use crate::domain::board::compute::duration_sums::{DurationSum, duration_share};
use crate::domain::cells::cell::{CellPlan, PaneCell};
use crate::domain::cells::state_time::{SUMS_PER_SET, StateSums};
use crate::domain::standard::indicator::answer_tallies;
use crate::domain::standard::scope::Scope;
use crate::domain::standard::{FactTally, Formula, Standard};
use crate::domain::time::timestamp::{MINUTE, Timestamp};

/// Step of a trend in milliseconds. Every pane lies within one step.
pub const STEP_MS: i64 = 15 * MINUTE;

/// Request for trends.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TrendRequest {
    /// Indicators, as indexes into the standard's indicators.
    pub indicators: Vec<usize>,
    /// Scope.
    pub scope: Scope,
    /// Number of steps back.
    pub step_count: usize,
    /// Number of steps that each value covers: those of a rolling window, or 1.
    pub steps_per_value: usize,
}

/// Trends of indicators.
#[derive(Clone, PartialEq, Debug)]
pub struct IndicatorTrends {
    /// Start of the first step. The last step contains the current time.
    pub from: Timestamp,
    /// Values by step for each indicator that has a trend. `None` if there was too little to
    /// measure, before the start of the longest rolling window, or before the data are known.
    pub values: Vec<(usize, Vec<Option<f64>>)>,
}

/// Sums of one time range.
#[derive(Clone, Debug)]
pub struct TrendSums {
    counts: Vec<i64>,
    durations: Vec<DurationSum>,
    /// Starts and ends by set of timed states.
    states: Vec<StateSums>,
    /// Time in states by set of timed states, and the number of states active at the end of the
    /// range. Zero until [`TrendSums::set_range`].
    state_times: Vec<DurationSum>,
    /// Begin and end of the range. Equal until [`TrendSums::set_range`].
    range: (Timestamp, Timestamp),
}

impl TrendSums {
    /// Creates empty sums.
    #[must_use]
    pub fn new(plan: &CellPlan) -> TrendSums {
        TrendSums {
            counts: vec![0; plan.slot_count()],
            durations: vec![DurationSum::default(); plan.duration_count()],
            states: vec![StateSums::default(); plan.timed_states().len()],
            state_times: vec![DurationSum::default(); plan.timed_states().len()],
            range: Default::default(),
        }
    }

    /// Adds the sums of a pane.
    pub fn add_pane(&mut self, cell: &PaneCell) {
        for &(place, more) in cell.sums() {
            match usize::from(place).checked_sub(self.counts.len()) {
                None => self.counts[usize::from(place)] += more,
                Some(number) => match number.checked_sub(self.durations.len()) {
                    None => self.durations[number].sum_ms += more,
                    Some(place) => {
                        let sums = &mut self.states[place / SUMS_PER_SET];
                        sums.merge(match place % SUMS_PER_SET {
                            0 => StateSums { starts: more, times: 0 },
                            _ => StateSums { starts: 0, times: more },
                        });
                    }
                },
            }
        }
        cell.duration_counts().iter().for_each(|(number, _, times)| {
            self.durations[usize::from(*number)].count += i64::from(*times);
        });
    }

    /// Adds the sums of another time range.
    pub fn merge(&mut self, other: &TrendSums) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, more)| *sum += more);
        for (sum, more) in self.durations.iter_mut().zip(&other.durations) {
            *sum = DurationSum { sum_ms: sum.sum_ms + more.sum_ms, count: sum.count + more.count };
        }
        self.states.iter_mut().zip(&other.states).for_each(|(sum, more)| sum.merge(*more));
    }

    /// Returns the number of starts minus the number of ends, by set of timed states.
    pub fn state_starts(&self) -> impl Iterator<Item = i64> {
        self.states.iter().map(|sums| sums.starts)
    }

    /// Computes the time in states from `begin` to `end`, the range of these sums. `active` has the
    /// number of states active at `end` by set.
    pub fn set_range(&mut self, begin: Timestamp, end: Timestamp, active: &[i64]) {
        self.range = (begin, end);
        let sets = self.state_times.iter_mut().zip(&self.states).zip(active);
        for ((times, sums), active) in sets {
            let sum_ms = sums.millis_between(*active, begin, end);
            *times = DurationSum { sum_ms, count: *active };
        }
    }

    /// Returns time and number of the states that lasted in the range. Those that ended in it have
    /// the durations `of`.
    fn state_time_sum(
        &self,
        of: &[FactTally],
        states: &[FactTally],
        plan: &CellPlan,
    ) -> DurationSum {
        let times = plan.find_timed_states(states).map(|set| self.state_times[set]);
        let DurationSum { sum_ms, count } = times.unwrap_or_default();
        DurationSum { sum_ms, count: count + self.duration_sum(of, plan).count }
    }

    fn count_tallies(&self, tallies: &[FactTally], plan: &CellPlan) -> i64 {
        tallies.iter().filter_map(|tally| plan.find_slot(tally)).map(|slot| self.counts[slot]).sum()
    }

    fn duration_sum(&self, of: &[FactTally], plan: &CellPlan) -> DurationSum {
        plan.find_duration(of).map(|place| self.durations[place]).unwrap_or_default()
    }

    /// Returns the value of an indicator, or `None` if there was nothing or too little to measure.
    /// `known_since` returns the time from which the operands of an indicator are known.
    #[must_use]
    pub fn indicator_value(
        &self,
        indicator: usize,
        (standard, plan): (&Standard, &CellPlan),
        known_since: &impl Fn(usize) -> Option<Timestamp>,
    ) -> Option<f64> {
        let (value, of) = match &standard.indicators[indicator].formula {
            Formula::Count { of } => return Some(self.count_tallies(of, plan) as f64),
            Formula::MissCount { of } => return Some(self.duration_sum(of, plan).misses()),
            Formula::MeanLevel { of } => {
                let time = plan.find_timed_states(of).map(|set| self.state_times[set].sum_ms)?;
                let (begin, end) = self.range;
                let elapsed = end.millis_since(begin.max(known_since(indicator)?));
                return (elapsed > 0).then(|| time as f64 / elapsed as f64);
            }
            Formula::Ratio { good, of, .. } => {
                let of = self.count_tallies(of, plan);
                (self.count_tallies(good, plan) as f64 / of as f64, of)
            }
            Formula::Duration { of } => {
                let durations = self.duration_sum(of, plan);
                (durations.mean_seconds()?, durations.count)
            }
            Formula::Score { of, weights, .. } => {
                let counts: Vec<i64> = answer_tallies(of, weights.len())
                    .iter()
                    .map(|tallies| self.count_tallies(tallies, plan))
                    .collect();
                let of: i64 = counts.iter().sum();
                let sum: f64 =
                    counts.iter().zip(weights).map(|(count, weight)| *count as f64 * weight).sum();
                (sum / of as f64, of)
            }
            Formula::Share { part, whole, states } => {
                let [part, whole] = match states {
                    None => [part, whole].map(|of| self.duration_sum(of, plan)),
                    Some([part_states, whole_states]) => {
                        [(part, part_states), (whole, whole_states)]
                            .map(|(of, states)| self.state_time_sum(of, states, plan))
                    }
                };
                (duration_share(part, whole).0?, whole.count)
            }
            Formula::Difference { first, second, .. } => {
                let value =
                    |operand: &usize| self.indicator_value(*operand, (standard, plan), known_since);
                return Some(value(first)? - value(second)?);
            }
            Formula::Level { .. }
            | Formula::Oldest { .. }
            | Formula::Rate { .. }
            | Formula::Benchmark { .. }
            | Formula::BenchmarkRatio { .. }
            | Formula::Weighted(_)
            | Formula::EstimatedWait { .. } => return None,
        };
        let is_enough = of > 0 && of.unsigned_abs() >= standard.indicators[indicator].small_sample;
        is_enough.then_some(value)
    }
}

/// Returns true if an indicator has a trend.
#[must_use]
pub fn has_trend(indicator: usize, standard: &Standard) -> bool {
    match standard.indicators[indicator].formula {
        Formula::Ratio { .. }
        | Formula::Duration { .. }
        | Formula::Count { .. }
        | Formula::MissCount { .. }
        | Formula::MeanLevel { .. }
        | Formula::Score { .. }
        | Formula::Share { .. } => true,
        Formula::Difference { .. } => {
            let operands = standard.indicators[indicator].formula.operand_indicators();
            operands.into_iter().all(|operand| has_trend(operand, standard))
        }
        Formula::Level { .. }
        | Formula::Oldest { .. }
        | Formula::Rate { .. }
        | Formula::Benchmark { .. }
        | Formula::BenchmarkRatio { .. }
        | Formula::Weighted(_)
        | Formula::EstimatedWait { .. } => false,
    }
}
