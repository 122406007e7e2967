//! Trends: how indicators went over the last hours, a value for every quarter of an hour.
//!
//! Nothing is recorded for it: the panes that the rolling windows are made of hold it already. So a trend is as long as the
//! longest rolling window, is there after a restart, and late events correct it like everything else. What stands now has no
//! panes and so no trend, and neither has a rate: a quarter of an hour of complaints for a year's users says nothing.

use crate::domain::board::compute::duration_sums::{DurationSum, duration_share};
use crate::domain::cells::cell::{CellPlan, PaneCell};
use crate::domain::standard::indicator::answer_tallies;
use crate::domain::standard::scope::Scope;
use crate::domain::standard::{FactTally, Formula, Standard};
use crate::domain::time::timestamp::{MINUTE, Timestamp};

/// How far apart the values of a trend are, in milliseconds; every pane lies within one step.
pub const STEP_MS: i64 = 15 * MINUTE;

/// Which trends are asked for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TrendRequest {
    /// The indicators: their places in the standard.
    pub indicators: Vec<usize>,
    /// The scope.
    pub scope: Scope,
    /// How many steps back.
    pub step_count: usize,
    /// How many steps each value covers: those of a rolling window, or 1.
    pub steps_per_value: usize,
}

/// How indicators went.
#[derive(Clone, PartialEq, Debug)]
pub struct IndicatorTrends {
    /// The beginning of the first step; the last is the one that the time reached lies in.
    pub from: Timestamp,
    /// By indicator a value for each step, of those indicators that have a trend. None where there was nothing to measure or
    /// too little, and before the longest rolling window began.
    pub values: Vec<(usize, Vec<Option<f64>>)>,
}

/// What happened in one stretch of time.
#[derive(Clone, Debug)]
pub struct TrendSums {
    counts: Vec<i64>,
    durations: Vec<DurationSum>,
}

impl TrendSums {
    /// Nothing happened.
    #[must_use]
    pub fn new(plan: &CellPlan) -> TrendSums {
        TrendSums {
            counts: vec![0; plan.slot_count()],
            durations: vec![DurationSum::default(); plan.duration_count()],
        }
    }

    /// Adds what happened in a pane.
    pub fn add_pane(&mut self, cell: &PaneCell) {
        for &(place, more) in cell.sums() {
            match usize::from(place).checked_sub(self.counts.len()) {
                None => self.counts[usize::from(place)] += more,
                Some(number) => self.durations[number].sum_ms += more,
            }
        }
        cell.duration_counts().iter().for_each(|(number, _, times)| {
            self.durations[usize::from(*number)].count += i64::from(*times)
        });
    }

    /// Adds another stretch.
    pub fn merge(&mut self, other: &TrendSums) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, more)| *sum += more);
        for (sum, more) in self.durations.iter_mut().zip(&other.durations) {
            *sum = DurationSum { sum_ms: sum.sum_ms + more.sum_ms, count: sum.count + more.count };
        }
    }

    fn count_tallies(&self, tallies: &[FactTally], plan: &CellPlan) -> i64 {
        tallies.iter().filter_map(|tally| plan.find_slot(tally)).map(|slot| self.counts[slot]).sum()
    }

    fn duration_sum(&self, of: &[FactTally], plan: &CellPlan) -> DurationSum {
        plan.find_duration(of).map(|place| self.durations[place]).unwrap_or_default()
    }

    /// The value of an indicator; none if there was nothing or too little to measure.
    #[must_use]
    pub fn indicator_value(
        &self,
        indicator: usize,
        standard: &Standard,
        plan: &CellPlan,
    ) -> Option<f64> {
        let indicator = &standard.indicators[indicator];
        let (value, of) = match &indicator.formula {
            Formula::Ratio { good, of, .. } => {
                let of = self.count_tallies(of, plan);
                (self.count_tallies(good, plan) as f64 / of as f64, of)
            }
            Formula::Duration { of } => {
                let spent = self.duration_sum(of, plan);
                (spent.mean_seconds()?, spent.count)
            }
            Formula::Score { of, weights } => {
                let counts: Vec<i64> = answer_tallies(of, weights.len())
                    .iter()
                    .map(|tallies| self.count_tallies(tallies, plan))
                    .collect();
                let of: i64 = counts.iter().sum();
                let sum: f64 =
                    counts.iter().zip(weights).map(|(count, weight)| *count as f64 * weight).sum();
                (sum / of as f64, of)
            }
            Formula::Share { part, whole } => {
                let (part, whole) = (self.duration_sum(part, plan), self.duration_sum(whole, plan));
                (duration_share(part, whole).0?, whole.count)
            }
            Formula::Difference { first, second, .. } => {
                return Some(
                    self.indicator_value(*first, standard, plan)?
                        - self.indicator_value(*second, standard, plan)?,
                );
            }
            Formula::Level { .. }
            | Formula::Oldest { .. }
            | Formula::Rate { .. }
            | Formula::EstimatedWait { .. } => return None,
        };
        (of > 0 && of.unsigned_abs() >= indicator.small_sample).then_some(value)
    }
}

/// Whether an indicator has a trend.
#[must_use]
pub fn has_trend(indicator: usize, standard: &Standard) -> bool {
    match standard.indicators[indicator].formula {
        Formula::Ratio { .. }
        | Formula::Duration { .. }
        | Formula::Score { .. }
        | Formula::Share { .. } => true,
        Formula::Difference { first, second, .. } => {
            has_trend(first, standard) && has_trend(second, standard)
        }
        Formula::Level { .. }
        | Formula::Oldest { .. }
        | Formula::Rate { .. }
        | Formula::EstimatedWait { .. } => false,
    }
}
