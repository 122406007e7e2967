//! Sums of durations, from which shares and estimated waits are computed on boards and in trends.

use crate::domain::board::reading::ReadingComponents;
use crate::domain::facts::life_cycle_facts::MILLIONTHS_OF_MISS;

/// Durations of one scope and window, or of one time step: their sum in milliseconds and their
/// number. For shares of misses, the sum is in millionths.
#[derive(Clone, Copy, Default, Debug)]
pub(in crate::domain) struct DurationSum {
    pub(in crate::domain) sum_ms: i64,
    pub(in crate::domain) count: i64,
}

impl DurationSum {
    /// Returns the number of misses of which these are the shares.
    pub(in crate::domain) fn misses(self) -> f64 {
        self.sum_ms as f64 / MILLIONTHS_OF_MISS as f64
    }

    /// Returns the mean in seconds, or `None` if there are no durations.
    pub(in crate::domain) fn mean_seconds(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_ms as f64 / 1_000.0 / self.count as f64)
    }
}

/// Returns `part` divided by `whole`. The value is `None` if the whole is empty or zero.
pub(in crate::domain) fn duration_share(
    part: DurationSum,
    whole: DurationSum,
) -> (Option<f64>, ReadingComponents) {
    let value =
        (whole.count > 0 && whole.sum_ms > 0).then(|| part.sum_ms as f64 / whole.sum_ms as f64);
    let seconds = |durations: DurationSum| durations.sum_ms as f64 / 1_000.0;
    (
        value,
        ReadingComponents::Share { part: seconds(part), whole: seconds(whole), of: whole.count },
    )
}

/// Returns the estimated wait: (waiting + 1) x mean handling time / agents. The value is `None`
/// without agents or without handling durations.
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
