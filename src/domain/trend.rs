//! Trends: how indicators went over the last hours, a value for every quarter of an hour.
//!
//! Nothing is recorded for it: the panes that the rolling windows are made of hold it already. So a trend is as long as the
//! longest rolling window, is there after a restart, and late events correct it like everything else. What stands now has no
//! panes and so no trend, and neither has a rate: a quarter of an hour of complaints for a year's users says nothing.

use super::cell::{PaneCell, Plan};
use super::reading::spent::{Spent, share};
use super::scope::Scope;
use super::standard::indicator::answers;
use super::standard::{Formula, Standard, Tally};
use super::time::{MINUTE, Timestamp};

/// How far apart the values of a trend are, in milliseconds; every pane lies within one step.
pub const STEP: i64 = 15 * MINUTE;

/// Which trends are asked for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Asked {
    /// The indicators: their places in the standard.
    pub indicators: Vec<usize>,
    /// The scope.
    pub scope: Scope,
    /// How many steps back.
    pub steps: usize,
    /// How many steps each value covers: those of a rolling window, or 1.
    pub over: usize,
}

/// How indicators went.
#[derive(Clone, PartialEq, Debug)]
pub struct Trends {
    /// The beginning of the first step; the last is the one that the time reached lies in.
    pub from: Timestamp,
    /// By indicator a value for each step, of those indicators that have a trend. None where there was nothing to measure or
    /// too little, and before the longest rolling window began.
    pub values: Vec<(usize, Vec<Option<f64>>)>,
}

/// What happened in one stretch of time.
#[derive(Clone, Debug)]
pub struct Stretch {
    counts: Vec<i64>,
    durations: Vec<Spent>,
}

impl Stretch {
    /// Nothing happened.
    #[must_use]
    pub fn new(plan: &Plan) -> Stretch {
        Stretch { counts: vec![0; plan.slots()], durations: vec![Spent::default(); plan.durations()] }
    }

    /// Adds what happened in a pane.
    pub fn take(&mut self, cell: &PaneCell) {
        for &(place, more) in cell.sums() {
            match usize::from(place).checked_sub(self.counts.len()) {
                None => self.counts[usize::from(place)] += more,
                Some(number) => self.durations[number].ms += more,
            }
        }
        cell.values().iter().for_each(|(number, _, times)| self.durations[usize::from(*number)].of += i64::from(*times));
    }

    /// Adds another stretch.
    pub fn add(&mut self, other: &Stretch) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, more)| *sum += more);
        for (sum, more) in self.durations.iter_mut().zip(&other.durations) {
            *sum = Spent { ms: sum.ms + more.ms, of: sum.of + more.of };
        }
    }

    fn count(&self, tallies: &[Tally], plan: &Plan) -> i64 {
        tallies.iter().filter_map(|tally| plan.slot(tally)).map(|slot| self.counts[slot]).sum()
    }

    fn spent(&self, of: &[Tally], plan: &Plan) -> Spent {
        plan.duration(of).map(|place| self.durations[place]).unwrap_or_default()
    }

    /// The value of an indicator; none if there was nothing or too little to measure.
    #[must_use]
    pub fn value(&self, indicator: usize, standard: &Standard, plan: &Plan) -> Option<f64> {
        let indicator = &standard.indicators[indicator];
        let (value, of) = match &indicator.formula {
            Formula::Ratio { good, of, .. } => {
                let of = self.count(of, plan);
                (self.count(good, plan) as f64 / of as f64, of)
            }
            Formula::Duration { of } => {
                let spent = self.spent(of, plan);
                (spent.mean()?, spent.of)
            }
            Formula::Score { of, weights } => {
                let counts: Vec<i64> = answers(of, weights.len()).iter().map(|tallies| self.count(tallies, plan)).collect();
                let of: i64 = counts.iter().sum();
                let sum: f64 = counts.iter().zip(weights).map(|(count, weight)| *count as f64 * weight).sum();
                (sum / of as f64, of)
            }
            Formula::Share { part, whole } => {
                let (part, whole) = (self.spent(part, plan), self.spent(whole, plan));
                (share(part, whole).0?, whole.of)
            }
            Formula::Difference { first, second, .. } => {
                return Some(self.value(*first, standard, plan)? - self.value(*second, standard, plan)?);
            }
            Formula::Level { .. } | Formula::Oldest { .. } | Formula::Rate { .. } | Formula::EstimatedWait { .. } => return None,
        };
        (of > 0 && of.unsigned_abs() >= indicator.small_sample).then_some(value)
    }
}

/// Whether an indicator has a trend.
#[must_use]
pub fn has_trend(indicator: usize, standard: &Standard) -> bool {
    match standard.indicators[indicator].formula {
        Formula::Ratio { .. } | Formula::Duration { .. } | Formula::Score { .. } | Formula::Share { .. } => true,
        Formula::Difference { first, second, .. } => has_trend(first, standard) && has_trend(second, standard),
        Formula::Level { .. } | Formula::Oldest { .. } | Formula::Rate { .. } | Formula::EstimatedWait { .. } => false,
    }
}
