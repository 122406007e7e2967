//! Sums of durations: what shares and estimated waits are made of, on the board as in trends.

use super::{State, Sums};
use crate::domain::board::MadeOf;
use crate::domain::histogram::Totals;
use crate::domain::standard::Tally;
use crate::domain::window::LANES;

/// Durations of one scope and window, or stretch of time: their sum in milliseconds and their number.
#[derive(Clone, Copy, Default, Debug)]
pub(in crate::domain) struct Spent {
    pub(in crate::domain) ms: i64,
    pub(in crate::domain) of: i64,
}

impl Spent {
    /// How long one took, in seconds; none if there is nothing to take the mean of.
    pub(in crate::domain) fn mean(self) -> Option<f64> {
        (self.of > 0).then(|| self.ms as f64 / 1_000.0 / self.of as f64)
    }
}

/// The durations of these facts in a scope, by window.
pub(super) fn spent(state: &State<'_>, sums: &Sums, of: &[Tally], totals: &mut Totals) -> Vec<Spent> {
    let Some(place) = state.plan.duration(of) else { return Vec::new() };
    let mut spent = Vec::with_capacity(state.standard.windows.len());
    for place in (0..state.plan.banks()).map(|bank| place * state.plan.banks() + bank) {
        totals.clear();
        sums.members.iter().for_each(|group| state.cells[*group as usize].durations[place].histogram.add_to(totals));
        spent.extend((0..LANES).map(|lane| Spent { ms: sums.sums[place][lane], of: totals.count(lane) }));
    }
    spent.truncate(state.standard.windows.len());
    spent
}

/// A part of a whole: no value if there is no whole.
pub(in crate::domain) fn share(part: Spent, whole: Spent) -> (Option<f64>, MadeOf) {
    let value = (whole.of > 0 && whole.ms > 0).then(|| part.ms as f64 / whole.ms as f64);
    let seconds = |spent: Spent| spent.ms as f64 / 1_000.0;
    (value, MadeOf::Share { part: seconds(part), whole: seconds(whole), of: whole.of })
}

/// How long one more would wait: (waiting + 1) x mean handling time / agents. No value without agents or without any
/// handling to take the mean of.
pub(super) fn estimated_wait(waiting: i64, handling: Spent, agents: i64) -> (Option<f64>, MadeOf) {
    let mean = handling.mean();
    let value = mean.filter(|_| agents > 0).map(|mean| (waiting + 1) as f64 * mean / agents as f64);
    (value, MadeOf::EstimatedWait { waiting, handling: mean, of: handling.of, agents })
}
