//! Sums of durations: what shares and estimated waits are made of, on the board as in trends.

use crate::domain::board::MadeOf;

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
