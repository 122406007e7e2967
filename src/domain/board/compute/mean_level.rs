//! Time-weighted means of levels: the time in states inside a window, divided by the length of the
//! window so far.

use super::coverage::ScopeCoverage;
use super::scope_sums::ScopeSums;
use super::state_times::time_in_states;
use crate::domain::board::compute::BoardInput;
use crate::domain::board::reading::ReadingComponents;
use crate::domain::cells::state_time::covered_until;
use crate::domain::standard::FactTally;
use crate::domain::time::timestamp::Timestamp;
use std::collections::BTreeMap;

/// Returns the mean of a level in a window, and its components.
///
/// A window that begins before the first event covers the time from that event on. Calendar windows
/// begin at different times in different zones. Each zone then has a mean of its own, and the means
/// are added, as levels are.
pub(super) fn mean_level(
    state: &BoardInput<'_>,
    (sums, coverage): (&ScopeSums, &ScopeCoverage<'_>),
    of: &[FactTally],
    window: usize,
) -> (Option<f64>, ReadingComponents) {
    let until = covered_until(state.now);
    let known_since = coverage.known_since().unwrap_or(state.now);
    let elapsed_ms = |begin: Timestamp| until.millis_since(begin.max(known_since));
    let own_elapsed = elapsed_ms(coverage.window_start(window));
    let mut by_zone: BTreeMap<usize, i64> = BTreeMap::new();
    for rollup_group in &sums.rollup_groups {
        let zone = state.cells.rollup_groups.all()[*rollup_group as usize].zone_number();
        *by_zone.entry(zone).or_default() +=
            time_in_states(state.cells, *rollup_group, of, (window, until));
    }
    let means = by_zone.iter().map(|(zone, millis)| {
        let begin = state.cells.panes.window_starts(*zone)[window];
        *millis as f64 / elapsed_ms(begin).max(1) as f64
    });
    let value = (own_elapsed > 0).then(|| means.sum());
    let millis: i64 = by_zone.values().sum();
    let seconds = |millis: i64| millis as f64 / 1_000.0;
    let components =
        ReadingComponents::MeanLevel { time: seconds(millis), elapsed: seconds(own_elapsed) };
    (value, components)
}
