//! The sums of every scope, made in one pass over the cells: these are spread over much memory, and a leaf belongs to several
//! scopes, so each cell is fetched once and added to all of them.

use super::duration_sums::DurationSum;
use crate::domain::board::compute::{BoardInput, ReadingSelection};
use crate::domain::cells::cell::Cell;
use crate::domain::standard::scope::Scope;
use crate::domain::standard::{FactTally, Formula};
use crate::domain::time::window::{LANES_PER_BANK, LaneCounts, MAX_WINDOWS};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The scopes of which something is wanted, in their order.
pub(super) struct ScopeSumsTable {
    pub(super) sums_by_scope: Vec<ScopeSums>,
    /// Each leaf that belongs to some of them, with their places.
    pub(super) scopes_by_rollup_group: Vec<(u32, Vec<usize>)>,
}

/// The sums of one scope.
pub(super) struct ScopeSums {
    pub(super) scope: Arc<Scope>,
    /// Its leaves.
    pub(super) rollup_groups: Vec<u32>,
    /// By indicator, whether its readings are to be read here, other than differences.
    pub(super) selected: Vec<bool>,
    /// By slot, its banks side by side, as in cells.
    counts: Vec<[i64; LANES_PER_BANK]>,
    /// By duration, its banks side by side: the sums of the durations in milliseconds, and how many there are.
    pub(super) duration_sums_ms: Vec<[i64; LANES_PER_BANK]>,
    pub(super) duration_counts: Vec<[i64; LANES_PER_BANK]>,
}

impl ScopeSumsTable {
    pub(super) fn new(state: &BoardInput<'_>, wanted: &ReadingSelection) -> ScopeSumsTable {
        let standard = state.standard;
        let scopes = state.cells.rollup_groups.scopes.all();
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); scopes.len()];
        let leaves = (0..).zip(state.cells.rollup_groups.all()).zip(&state.cells.case_counts);
        for ((number, leaf), _) in leaves.filter(|(_, seen)| seen.iter().any(|cases| *cases > 0)) {
            leaf.scopes().iter().for_each(|scope| members[*scope as usize].push(number));
        }
        let mut all: Vec<(&Scope, Vec<u32>)> = scopes.iter().zip(members).collect();
        // The whole organisation is there before anybody was heard of.
        let everything = Scope {
            kind: standard.scopes.iter().position(Vec::is_empty).unwrap_or(usize::MAX),
            values: Vec::new(),
        };
        all.retain(|(scope, members)| {
            !members.is_empty() && wanted.contains_scope_kind(scope.kind)
        });
        if everything.kind != usize::MAX
            && wanted.contains_scope_kind(everything.kind)
            && !all.iter().any(|(scope, _)| **scope == everything)
        {
            all.push((&everything, Vec::new()));
        }
        all.sort_unstable_by_key(|(scope, _)| *scope);
        let mut leaves: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (place, (_, members)) in all.iter().enumerate() {
            members.iter().for_each(|leaf| leaves.entry(*leaf).or_default().push(place));
        }
        let all =
            all.into_iter().map(|(scope, members)| ScopeSums::new(state, wanted, scope, members));
        let mut scopes = ScopeSumsTable {
            sums_by_scope: all.collect(),
            scopes_by_rollup_group: leaves.into_iter().collect(),
        };
        for (leaf, places) in &scopes.scopes_by_rollup_group {
            let cell = &state.cells.cells[*leaf as usize];
            places.iter().for_each(|place| scopes.sums_by_scope[*place].add_cell(cell));
        }
        scopes
    }
}

impl ScopeSums {
    fn new(
        state: &BoardInput<'_>,
        wanted: &ReadingSelection,
        scope: &Scope,
        members: Vec<u32>,
    ) -> ScopeSums {
        let seen = |leaf: &u32| {
            state.cells.case_counts[*leaf as usize]
                .iter()
                .enumerate()
                .filter(|(_, cases)| **cases > 0)
                .map(|(family, _)| 1 << family)
        };
        let families = members.iter().flat_map(seen).fold(0, |all, one: u64| all | one);
        let indicators = state.standard.indicators.iter().enumerate();
        let wanted = indicators.map(|(number, indicator)| {
            let speaks = scope.values.is_empty() || families & indicator.families != 0;
            speaks
                && wanted.contains(number, scope.kind)
                && !matches!(indicator.formula, Formula::Difference { .. })
        });
        let lanes = |many: usize| vec![[0; LANES_PER_BANK]; many * state.cells.plan.bank_count()];
        ScopeSums {
            scope: Arc::new(scope.clone()),
            rollup_groups: members,
            selected: wanted.collect(),
            counts: lanes(state.cells.plan.slot_count()),
            duration_sums_ms: lanes(state.cells.plan.duration_count()),
            duration_counts: lanes(state.cells.plan.duration_count()),
        }
    }

    fn add_cell(&mut self, cell: &Cell) {
        // Most facts do not happen to the cases of a leaf.
        let counts = self
            .counts
            .iter_mut()
            .zip(&cell.counts)
            .filter(|(_, lanes)| **lanes != LaneCounts::default());
        counts.for_each(|(sums, lanes)| lanes.add_to_sums(sums));
        for (sums, durations) in self.duration_sums_ms.iter_mut().zip(&cell.durations) {
            sums.iter_mut().zip(&durations.sum).for_each(|(sum, millis)| *sum += millis);
        }
    }

    /// How many of these there are in each window.
    pub(super) fn counts_by_window(
        &self,
        state: &BoardInput<'_>,
        tallies: &[FactTally],
    ) -> [i64; MAX_WINDOWS] {
        let mut counts = [0; MAX_WINDOWS];
        let banks = state.cells.plan.bank_count();
        for slot in tallies.iter().filter_map(|tally| state.cells.plan.find_slot(tally)) {
            let own = self.counts[slot * banks..(slot + 1) * banks].as_flattened();
            counts.iter_mut().zip(own).for_each(|(sum, count)| *sum += count);
        }
        counts
    }

    /// The durations of these facts, by window.
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
        let spent = millis.iter().zip(of).map(|(ms, of)| DurationSum { sum_ms: *ms, count: *of });
        spent.take(state.standard.windows.len()).collect()
    }
}
