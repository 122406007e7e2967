//! Time in states inside every window, for each set of timed states.

use super::duration_sums::DurationSum;
use crate::domain::board::compute::BoardInput;
use crate::domain::cells::cell_table::CellTable;
use crate::domain::cells::state_time::covered_until;
use crate::domain::standard::{FactTally, Formula, Indicator};
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::LANES_PER_BANK;

/// Times of a scope or rollup group.
#[derive(Debug)]
pub(super) struct StateTimes {
    /// Number of active states by set.
    active: Vec<i64>,
    /// Milliseconds by set, its banks side by side.
    millis: Vec<[i64; LANES_PER_BANK]>,
}

impl StateTimes {
    /// Returns no time in any state.
    pub(super) fn new(cells: &CellTable) -> StateTimes {
        let sets = cells.plan.timed_states().len();
        StateTimes {
            active: vec![0; sets],
            millis: vec![[0; LANES_PER_BANK]; sets * cells.plan.bank_count()],
        }
    }

    /// Returns the times of a rollup group up to `now`, the time that the cells have reached.
    pub(super) fn of_rollup_group(
        cells: &CellTable,
        rollup_group: u32,
        now: Timestamp,
    ) -> StateTimes {
        let banks = cells.plan.bank_count();
        let end = covered_until(now);
        let mut times = StateTimes::new(cells);
        for (set, active) in times.active.iter_mut().enumerate() {
            *active = cells.active_states(set, rollup_group);
            let millis = times.millis[set * banks..(set + 1) * banks].as_flattened_mut();
            let by_window = time_by_window(cells, rollup_group, (set, *active), end);
            millis.iter_mut().zip(by_window).for_each(|(millis, time)| *millis = time);
        }
        times
    }

    /// Adds the times of another rollup group.
    pub(super) fn merge(&mut self, other: &StateTimes) {
        self.active.iter_mut().zip(&other.active).for_each(|(sum, more)| *sum += more);
        let millis = self.millis.as_flattened_mut().iter_mut();
        millis
            .zip(other.millis.as_flattened())
            .for_each(|(sum, more)| *sum = sum.wrapping_add(*more));
    }

    /// Returns time and number of a set's states by window. `ended` has the durations of the states
    /// that ended in each window.
    pub(super) fn of_set(&self, set: usize, ended: &[DurationSum]) -> Vec<DurationSum> {
        let banks = self.millis.len() / self.active.len();
        let millis = self.millis[set * banks..(set + 1) * banks].as_flattened();
        let sums = millis.iter().zip(ended);
        sums.map(|(ms, ended)| DurationSum { sum_ms: *ms, count: ended.count + self.active[set] })
            .collect()
    }
}

/// Iterates over the milliseconds that the cases of a rollup group spent in a set of timed states
/// inside each window, which ends at `until`. `active` is the number of states active now.
fn time_by_window(
    cells: &CellTable,
    rollup_group: u32,
    (set, active): (usize, i64),
    until: Timestamp,
) -> impl Iterator<Item = i64> {
    let plan = &cells.plan;
    let cell = &cells.cells[rollup_group as usize];
    let zone = cells.rollup_groups.all()[rollup_group as usize].zone_number();
    let sums = (0..plan.bank_count()).flat_map(move |bank| cell.state_sums(set, bank, plan));
    sums.zip(cells.panes.window_starts(zone))
        .map(move |(sums, begin)| sums.millis_between(active, *begin, until))
}

/// Returns the milliseconds that the cases of a rollup group spent in states inside a window, which
/// ends at `until`.
pub(super) fn time_in_states(
    cells: &CellTable,
    rollup_group: u32,
    of: &[FactTally],
    (window, until): (usize, Timestamp),
) -> i64 {
    let Some(set) = cells.plan.find_timed_states(of) else { return 0 };
    let active = cells.active_states(set, rollup_group);
    time_by_window(cells, rollup_group, (set, active), until).nth(window).unwrap_or_default()
}

/// Returns true if an indicator is the mean of a level and the cases of a rollup group were in its
/// states inside a window. Cases that have left the group may have been.
pub(super) fn has_mean(state: &BoardInput<'_>, indicator: &Indicator, rollup_group: u32) -> bool {
    let Formula::MeanLevel { of } = &indicator.formula else { return false };
    let Some(set) = state.cells.plan.find_timed_states(of) else { return false };
    let active = state.cells.active_states(set, rollup_group);
    time_by_window(state.cells, rollup_group, (set, active), covered_until(state.now))
        .take(state.standard.windows.len())
        .any(|millis| millis != 0)
}

/// Returns true if [`has_mean`] is true for some indicator.
pub(super) fn has_any_mean(state: &BoardInput<'_>, rollup_group: u32) -> bool {
    let mut indicators = state.standard.indicators.iter();
    indicators.any(|indicator| has_mean(state, indicator, rollup_group))
}
