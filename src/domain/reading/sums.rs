//! The sums of every scope, made in one pass over the cells: these are spread over much memory, and a leaf belongs to several
//! scopes, so each cell is fetched once and added to all of them.

use super::spent::Spent;
use super::{State, Wanted};
use crate::domain::cell::Cell;
use crate::domain::scope::Scope;
use crate::domain::standard::{Formula, Tally};
use crate::domain::window::{LANES, Lanes, WINDOWS};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The scopes of which something is wanted, in their order.
pub(super) struct Scopes {
    pub(super) all: Vec<Sums>,
    /// Each leaf that belongs to some of them, with their places.
    pub(super) leaves: Vec<(u32, Vec<usize>)>,
}

/// The sums of one scope.
pub(super) struct Sums {
    pub(super) scope: Arc<Scope>,
    /// Its leaves.
    pub(super) members: Vec<u32>,
    /// By indicator, whether its readings are to be read here, other than differences.
    pub(super) wanted: Vec<bool>,
    /// By slot, its banks side by side, as in cells.
    counts: Vec<[i64; LANES]>,
    /// By duration, its banks side by side: the sums of the durations in milliseconds, and how many there are.
    pub(super) millis: Vec<[i64; LANES]>,
    pub(super) of: Vec<[i64; LANES]>,
}

impl Scopes {
    pub(super) fn new(state: &State<'_>, wanted: &Wanted) -> Scopes {
        let standard = state.standard;
        let scopes = state.cells.leaves.scopes.all();
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); scopes.len()];
        let leaves = (0..).zip(state.cells.leaves.all()).zip(&state.cells.seen);
        for ((number, leaf), _) in leaves.filter(|(_, seen)| seen.iter().any(|cases| *cases > 0)) {
            leaf.scopes().iter().for_each(|scope| members[*scope as usize].push(number));
        }
        let mut all: Vec<(&Scope, Vec<u32>)> = scopes.iter().zip(members).collect();
        // The whole organisation is there before anybody was heard of.
        let everything = Scope { kind: standard.scopes.iter().position(Vec::is_empty).unwrap_or(usize::MAX), values: Vec::new() };
        all.retain(|(scope, members)| !members.is_empty() && wanted.has_any(scope.kind));
        if everything.kind != usize::MAX && wanted.has_any(everything.kind) && !all.iter().any(|(scope, _)| **scope == everything) {
            all.push((&everything, Vec::new()));
        }
        all.sort_unstable_by_key(|(scope, _)| *scope);
        let mut leaves: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (place, (_, members)) in all.iter().enumerate() {
            members.iter().for_each(|leaf| leaves.entry(*leaf).or_default().push(place));
        }
        let all = all.into_iter().map(|(scope, members)| Sums::new(state, wanted, scope, members));
        let mut scopes = Scopes { all: all.collect(), leaves: leaves.into_iter().collect() };
        for (leaf, places) in &scopes.leaves {
            let cell = &state.cells.all[*leaf as usize];
            places.iter().for_each(|place| scopes.all[*place].add(cell));
        }
        scopes
    }
}

impl Sums {
    fn new(state: &State<'_>, wanted: &Wanted, scope: &Scope, members: Vec<u32>) -> Sums {
        let seen = |leaf: &u32| {
            state.cells.seen[*leaf as usize].iter().enumerate().filter(|(_, cases)| **cases > 0).map(|(family, _)| 1 << family)
        };
        let families = members.iter().flat_map(seen).fold(0, |all, one: u64| all | one);
        let indicators = state.standard.indicators.iter().enumerate();
        let wanted = indicators.map(|(number, indicator)| {
            let speaks = scope.values.is_empty() || families & indicator.families != 0;
            speaks && wanted.has(number, scope.kind) && !matches!(indicator.formula, Formula::Difference { .. })
        });
        let lanes = |many: usize| vec![[0; LANES]; many * state.cells.plan.banks()];
        Sums {
            scope: Arc::new(scope.clone()),
            members,
            wanted: wanted.collect(),
            counts: lanes(state.cells.plan.slots()),
            millis: lanes(state.cells.plan.durations()),
            of: lanes(state.cells.plan.durations()),
        }
    }

    fn add(&mut self, cell: &Cell) {
        // Most facts do not happen to the cases of a leaf.
        let counts = self.counts.iter_mut().zip(&cell.counts).filter(|(_, lanes)| **lanes != Lanes::default());
        counts.for_each(|(sums, lanes)| lanes.add_to(sums));
        for (sums, durations) in self.millis.iter_mut().zip(&cell.durations) {
            sums.iter_mut().zip(&durations.sum).for_each(|(sum, millis)| *sum += millis);
        }
    }

    /// How many of these there are in each window.
    pub(super) fn count(&self, state: &State<'_>, tallies: &[Tally]) -> [i64; WINDOWS] {
        let mut counts = [0; WINDOWS];
        let banks = state.cells.plan.banks();
        for slot in tallies.iter().filter_map(|tally| state.cells.plan.slot(tally)) {
            let own = self.counts[slot * banks..(slot + 1) * banks].as_flattened();
            counts.iter_mut().zip(own).for_each(|(sum, count)| *sum += count);
        }
        counts
    }

    /// The durations of these facts, by window.
    pub(super) fn spent(&self, state: &State<'_>, of: &[Tally]) -> Vec<Spent> {
        let Some(place) = state.cells.plan.duration(of) else { return Vec::new() };
        let banks = place * state.cells.plan.banks()..(place + 1) * state.cells.plan.banks();
        let (millis, of) = (self.millis[banks.clone()].as_flattened(), self.of[banks].as_flattened());
        let spent = millis.iter().zip(of).map(|(ms, of)| Spent { ms: *ms, of: *of });
        spent.take(state.standard.windows.len()).collect()
    }
}
