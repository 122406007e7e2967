//! Sums of durations: what shares and estimated waits are made of, on the board as in trends.

use crate::domain::board::reading::ReadingComponents;

/// Durations of one scope and window, or stretch of time: their sum in milliseconds and their number.
#[derive(Clone, Copy, Default, Debug)]
pub(in crate::domain) struct DurationSum {
    pub(in crate::domain) sum_ms: i64,
    pub(in crate::domain) count: i64,
}

impl DurationSum {
    /// How long one took, in seconds; none if there is nothing to take the mean of.
    pub(in crate::domain) fn mean_seconds(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_ms as f64 / 1_000.0 / self.count as f64)
    }
}

/// A part of a whole: no value if there is no whole.
pub(in crate::domain) fn duration_share(
    part: DurationSum,
    whole: DurationSum,
) -> (Option<f64>, ReadingComponents) {
    let value =
        (whole.count > 0 && whole.sum_ms > 0).then(|| part.sum_ms as f64 / whole.sum_ms as f64);
    let seconds = |spent: DurationSum| spent.sum_ms as f64 / 1_000.0;
    (
        value,
        ReadingComponents::Share { part: seconds(part), whole: seconds(whole), of: whole.count },
    )
}

/// How long one more would wait: (waiting + 1) x mean handling time / agents. No value without agents or without any
/// handling to take the mean of.
pub(super) fn estimated_wait(
    waiting: i64,
    handling: DurationSum,
    agents: i64,
) -> (Option<f64>, ReadingComponents) {
    let mean = handling.mean_seconds();
    let value = mean.filter(|_| agents > 0).map(|mean| (waiting + 1) as f64 * mean / agents as f64);
    (
        value,
        ReadingComponents::EstimatedWait { waiting, handling: mean, of: handling.count, agents },
    )
}
