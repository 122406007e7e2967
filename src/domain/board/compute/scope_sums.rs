//! Sums of every scope, computed in one pass over the cells.
//!
//! Cells are spread over much memory, and a rollup group belongs to several scopes. So each cell is
//! read once and added to all of its scopes.

use super::duration_sums::DurationSum;
use super::state_times::{StateTimes, has_any_mean, has_mean};
use crate::domain::board::compute::{BoardInput, ReadingSelection};
use crate::domain::cells::cell::Cell;
use crate::domain::standard::FactTally;
use crate::domain::standard::scope::Scope;
use crate::domain::time::window::{LANES_PER_BANK, LaneCounts, MAX_WINDOWS};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sums of the selected scopes, in scope order.
pub(super) struct ScopeSumsTable {
    pub(super) sums_by_scope: Vec<ScopeSums>,
    /// Rollup groups that belong to selected scopes, with the indexes of those scopes.
    pub(super) scopes_by_rollup_group: Vec<(u32, Vec<usize>)>,
}

/// Sums of one scope.
pub(super) struct ScopeSums {
    pub(super) scope: Arc<Scope>,
    /// Rollup groups of the scope.
    pub(super) rollup_groups: Vec<u32>,
    /// True for each indicator with readings in this scope, except differences.
    pub(super) selected: Vec<bool>,
    /// Counts by slot, its banks side by side as in cells.
    counts: Vec<[i64; LANES_PER_BANK]>,
    /// Sums in milliseconds and number of durations by duration set, its banks side by side.
    pub(super) duration_sums_ms: Vec<[i64; LANES_PER_BANK]>,
    pub(super) duration_counts: Vec<[i64; LANES_PER_BANK]>,
    /// Time in states by set of timed states.
    state_times: StateTimes,
}

impl ScopeSumsTable {
    pub(super) fn new(state: &BoardInput<'_>, selection: &ReadingSelection) -> ScopeSumsTable {
        let standard = state.standard;
        let scopes = state.cells.rollup_groups.scopes.all();
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); scopes.len()];
        let rollup_groups =
            (0..).zip(state.cells.rollup_groups.all()).zip(&state.cells.case_counts);
        for ((number, rollup_group), _) in rollup_groups.filter(|((number, _), counts)| {
            counts.iter().any(|cases| *cases > 0) || has_any_mean(state, *number)
        }) {
            rollup_group.scopes().iter().for_each(|scope| members[*scope as usize].push(number));
        }
        let mut all: Vec<(&Scope, Vec<u32>)> = scopes.iter().zip(members).collect();
        // The whole organization has readings even before the first case.
        let organization = Scope {
            kind: standard.scopes.iter().position(Vec::is_empty).unwrap_or(usize::MAX),
            values: Vec::new(),
        };
        all.retain(|(scope, members)| {
            !members.is_empty() && selection.contains_scope_kind(scope.kind)
        });
        if organization.kind != usize::MAX
            && selection.contains_scope_kind(organization.kind)
            && !all.iter().any(|(scope, _)| **scope == organization)
        {
            all.push((&organization, Vec::new()));
        }
        all.sort_unstable_by_key(|(scope, _)| *scope);
        let mut rollup_groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (place, (_, members)) in all.iter().enumerate() {
            members.iter().for_each(|rollup_group| {
                rollup_groups.entry(*rollup_group).or_default().push(place);
            });
        }
        let all = all
            .into_iter()
            .map(|(scope, members)| ScopeSums::new(state, selection, scope, members));
        let mut scopes = ScopeSumsTable {
            sums_by_scope: all.collect(),
            scopes_by_rollup_group: rollup_groups.into_iter().collect(),
        };
        for (rollup_group, places) in &scopes.scopes_by_rollup_group {
            let cell = &state.cells.cells[*rollup_group as usize];
            let times = StateTimes::of_rollup_group(state.cells, *rollup_group, state.now);
            for place in places {
                let sums = &mut scopes.sums_by_scope[*place];
                sums.add_cell(cell);
                sums.state_times.merge(&times);
            }
        }
        scopes
    }
}

impl ScopeSums {
    fn new(
        state: &BoardInput<'_>,
        selection: &ReadingSelection,
        scope: &Scope,
        members: Vec<u32>,
    ) -> ScopeSums {
        let families_of = |rollup_group: &u32| {
            state.cells.case_counts[*rollup_group as usize]
                .iter()
                .enumerate()
                .filter(|(_, cases)| **cases > 0)
                .map(|(family, _)| 1 << family)
        };
        let families =
            members.iter().flat_map(families_of).fold(0, |all, family: u64| all | family);
        let indicators = state.standard.indicators.iter().enumerate();
        let selected = indicators.map(|(number, indicator)| {
            let was_member = || members.iter().any(|group| has_mean(state, indicator, *group));
            let applies =
                scope.values.is_empty() || families & indicator.families != 0 || was_member();
            applies
                && indicator.coverage.includes_scope(scope.kind)
                && selection.contains(number, scope.kind)
                && indicator.formula.operand_indicators().is_empty()
        });
        let selected = selected.collect();
        let lanes = |count: usize| vec![[0; LANES_PER_BANK]; count * state.cells.plan.bank_count()];
        ScopeSums {
            scope: Arc::new(scope.clone()),
            rollup_groups: members,
            selected,
            counts: lanes(state.cells.plan.slot_count()),
            duration_sums_ms: lanes(state.cells.plan.duration_count()),
            duration_counts: lanes(state.cells.plan.duration_count()),
            state_times: StateTimes::new(state.cells),
        }
    }

    fn add_cell(&mut self, cell: &Cell) {
        // Most counts of a rollup group are zero.
        let counts = self
            .counts
            .iter_mut()
            .zip(&cell.counts)
            .filter(|(_, lanes)| **lanes != LaneCounts::default());
        counts.for_each(|(sums, lanes)| lanes.add_to_sums(sums));
        let high_counts = cell.counts.get(self.counts.len()..).unwrap_or_default();
        self.counts
            .iter_mut()
            .zip(high_counts)
            .for_each(|(sums, high)| high.add_high_to_sums(sums));
        for (sums, durations) in self.duration_sums_ms.iter_mut().zip(&cell.durations) {
            sums.iter_mut().zip(&durations.sum).for_each(|(sum, millis)| *sum += millis);
        }
    }

    /// Returns the count of these tallies by window.
    pub(super) fn counts_by_window(
        &self,
        state: &BoardInput<'_>,
        tallies: &[FactTally],
    ) -> [i64; MAX_WINDOWS] {
        let mut counts = [0; MAX_WINDOWS];
        let banks = state.cells.plan.bank_count();
        for slot in tallies.iter().filter_map(|tally| state.cells.plan.find_slot(tally)) {
            let slot_counts = self.counts[slot * banks..(slot + 1) * banks].as_flattened();
            counts.iter_mut().zip(slot_counts).for_each(|(sum, count)| *sum += count);
        }
        counts
    }

    /// Returns the time in states by window, and the number of states that lasted in it: those that
    /// are active, and those whose durations `of` ended in the window.
    pub(super) fn state_time_sums(
        &self,
        state: &BoardInput<'_>,
        of: &[FactTally],
        states: &[FactTally],
    ) -> Vec<DurationSum> {
        let ended = self.duration_sums(state, of);
        let set = state.cells.plan.find_timed_states(states);
        set.map(|set| self.state_times.of_set(set, &ended)).unwrap_or_default()
    }

    /// Returns the sums of a duration set by window, or an empty vector if the plan does not have
    /// it.
    pub(super) fn duration_sums(
        &self,
        state: &BoardInput<'_>,
        of: &[FactTally],
    ) -> Vec<DurationSum> {
        let Some(place) = state.cells.plan.find_duration(of) else { return Vec::new() };
        let banks =
            place * state.cells.plan.bank_count()..(place + 1) * state.cells.plan.bank_count();
        let (millis, of) = (
            self.duration_sums_ms[banks.clone()].as_flattened(),
            self.duration_counts[banks].as_flattened(),
        );
        let sums = millis.iter().zip(of).map(|(ms, of)| DurationSum { sum_ms: *ms, count: *of });
        sums.take(state.standard.windows.len()).collect()
    }
}
