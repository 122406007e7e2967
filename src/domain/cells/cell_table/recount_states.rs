//! Recount of the sums of timed states. Snapshots of earlier versions lack them.

use super::{CellTable, PendingState};
use crate::domain::cells::cell::Cell;
use crate::domain::cells::state_time::StateChange;
use crate::domain::facts::catalog::{Fact, FactKind};
use crate::domain::time::window::{LANES_PER_BANK, Window};

impl CellTable {
    /// Appends empty sums of timed states to decoded cells if all lack them. Returns true if they did.
    pub(in crate::domain) fn append_state_sums(&self, cells: &mut [Cell]) -> bool {
        let banks = self.plan.bank_count();
        let (without, with) = (self.plan.duration_count(), self.plan.time_sum_count());
        let lack_sums = without < with
            && !cells.is_empty()
            && cells.iter().all(|cell| cell.durations.len() == without * banks);
        for cell in cells.iter_mut().filter(|_| lack_sums) {
            let mut durations = std::mem::take(&mut cell.durations).into_vec();
            durations.resize_with(with * banks, Default::default);
            cell.durations = durations.into();
        }
        lack_sums
    }

    /// Counts the timed states of all remembered cases, given as facts with their case groups. The
    /// sums must be empty.
    ///
    /// In the window `all`, states of forgotten cases count too: their durations are known. In a
    /// rolling window that is longer than cases are remembered, they do not count.
    pub(in crate::domain) fn recount_states(&mut self, facts: Vec<(u32, Fact)>) {
        let (active, ended): (Vec<_>, Vec<_>) =
            facts.into_iter().partition(|(_, fact)| self.gauge_kinds[usize::from(fact.kind.0)]);
        ended.into_iter().for_each(|(group, fact)| self.recount_state(group, &fact, false));
        self.take_over_ended_states();
        let levels = self.standard.indicators.iter().flat_map(|indicator| indicator.fact_tallies());
        let levels: Vec<FactKind> = levels.map(|tally| tally.kind).collect();
        for (group, fact) in active {
            self.recount_state(group, &fact, true);
            // Earlier versions counted the active states of levels only.
            if !levels.contains(&fact.kind) {
                let rollup_group = self.rollup_groups.rollup_of_group(group);
                self.gauges.record_start(fact.kind, rollup_group, fact.time);
            }
        }
    }

    fn recount_state(&mut self, group: u32, fact: &Fact, is_active: bool) {
        let rollup_group = self.rollup_groups.rollup_of_group(group);
        for change in StateChange::of_fact(fact, is_active) {
            self.add_state(PendingState { kind: fact.kind, rollup_group, change });
        }
    }

    /// Sets the sums of the windows `all` to those of all states that have ended: as many starts as
    /// ends, and start times minus end times, which are the durations.
    fn take_over_ended_states(&mut self) {
        let CellTable { standard, plan, cells, .. } = self;
        let banks = plan.bank_count();
        let windows = standard.windows.iter().enumerate();
        let all = windows.filter(|(_, window)| **window == Window::All).map(|(lane, _)| lane);
        let all: Vec<(usize, usize)> =
            all.map(|lane| (lane / LANES_PER_BANK, lane % LANES_PER_BANK)).collect();
        for formula in standard.indicators.iter().map(|indicator| &indicator.formula) {
            for (of, states) in formula.operands().into_iter().zip(formula.timed_states()) {
                let (Some(number), Some(set)) =
                    (plan.find_duration(of), plan.find_timed_states(states))
                else {
                    continue;
                };
                let first = plan.first_state_sum(set);
                for cell in cells.iter_mut() {
                    for (bank, lane) in &all {
                        let duration = cell.durations[number * banks + bank].sum[*lane];
                        cell.durations[first * banks + bank].sum[*lane] = 0;
                        cell.durations[(first + 1) * banks + bank].sum[*lane] =
                            duration.wrapping_neg();
                    }
                }
            }
        }
    }
}
