//! Readings: what the cells mean by the standard's formulas, for every scope and window.
//!
//! Cells are kept for leaves only; a wider scope is the sum of its leaves, made here.

mod difference;
mod duration;
pub(super) mod spent;
mod sums;

use super::board::{Board, Key, Level, MadeOf, Reading, State as Trust};
use super::cells::Cells;
use super::scope::Scope;
use super::standard::indicator::answers;
use super::standard::population::Users;
use super::standard::source::Source;
use super::standard::{Formula, Indicator, Standard, Tally, Target};
use super::time::Timestamp;
use super::window::WINDOWS;
use std::sync::Arc;
use sums::{Scopes, Sums};

/// What the core knows when it is asked for a board.
pub struct State<'a> {
    /// The standard in force.
    pub standard: &'a Arc<Standard>,
    /// The sums, and what stands now.
    pub cells: &'a Cells,
    /// The time reached.
    pub now: Timestamp,
    /// Whether the sources have been silent for too long, all of them.
    pub stale: bool,
    /// The sources that have been silent for longer than each of them should be.
    pub silent: Vec<&'a Source>,
}

/// Which readings are wanted: by indicator and kind of scope.
#[derive(Debug)]
pub struct Wanted(Option<Vec<Vec<bool>>>);

impl Wanted {
    /// All that there are.
    #[must_use]
    pub fn everything() -> Wanted {
        Wanted(None)
    }

    /// None so far.
    #[must_use]
    pub fn nothing(standard: &Standard) -> Wanted {
        Wanted(Some(vec![vec![false; standard.scopes.len()]; standard.indicators.len()]))
    }

    /// Wants those of an indicator in a kind of scopes, and what they are made of.
    pub fn want(&mut self, indicator: usize, scope: usize, standard: &Standard) {
        if let Some(known) = &mut self.0 {
            known[indicator][scope] = true;
        }
        if let Formula::Difference { first, second, .. } = standard.indicators[indicator].formula {
            // What a difference is made of is declared above it.
            self.want(first, scope, standard);
            self.want(second, scope, standard);
        }
    }

    fn has(&self, indicator: usize, scope: usize) -> bool {
        self.0.as_ref().is_none_or(|known| known[indicator][scope])
    }

    fn has_any(&self, scope: usize) -> bool {
        self.0.as_ref().is_none_or(|known| known.iter().any(|indicator| indicator[scope]))
    }
}

/// Every reading that is wanted: the whole organisation's for each indicator, and those of every scope with cases that the
/// indicator speaks of.
#[must_use]
pub fn board(state: &State<'_>, wanted: &Wanted) -> Board {
    let standard = state.standard;
    let mut scopes = Scopes::new(state, wanted);
    let (mut durations, spreads) = duration::read(state, &mut scopes);
    let most: usize = scopes.all.iter().map(|sums| sums.wanted.iter().filter(|wanted| **wanted).count()).sum();
    let mut readings: Vec<Reading> = Vec::with_capacity(most * standard.windows.len().max(1));
    // Where the readings of each indicator begin.
    let mut begins = Vec::with_capacity(standard.indicators.len());
    for (number, indicator) in standard.indicators.iter().enumerate() {
        begins.push(readings.len());
        match indicator.formula {
            Formula::Duration { .. } => readings.append(&mut durations[number]),
            Formula::Difference { first, second, .. } => {
                let of = |indicator: usize| &readings[begins[indicator]..begins[indicator + 1]];
                let wanted = scopes.all.iter().map(|sums| &sums.scope).filter(|scope| wanted.has(number, scope.kind));
                let new = wanted.flat_map(|scope| difference::read(state, number, [(first, of(first)), (second, of(second))], scope));
                let new: Vec<Reading> = new.collect();
                readings.extend(new);
            }
            _ => scopes.all.iter().filter(|sums| sums.wanted[number]).for_each(|sums| read(state, number, sums, &mut readings)),
        }
    }
    let as_of = (state.now.0 != i64::MIN).then_some(state.now);
    Board { standard: standard.clone(), revision: 0, as_of, readings, spreads }
}

/// Adds the readings of one indicator in one scope.
struct Reader<'r> {
    state: &'r State<'r>,
    number: usize,
    indicator: &'r Indicator,
    scope: &'r Arc<Scope>,
    stale: bool,
    target: Option<Target>,
    out: &'r mut Vec<Reading>,
}

impl<'r> Reader<'r> {
    fn new(state: &'r State<'_>, number: usize, scope: &'r Arc<Scope>, out: &'r mut Vec<Reading>) -> Reader<'r> {
        let indicator = &state.standard.indicators[number];
        let stale = state.stale || state.silent.iter().any(|source| source.feeds(indicator.families, scope, state.standard));
        Reader { state, number, indicator, scope, stale, target: indicator.target_at(Some(state.now)), out }
    }

    fn add(&mut self, window: Option<usize>, value: Option<f64>, made_of: MadeOf) {
        let of = made_of.of();
        // Every window reaches up to now, so its latest contacts can still be followed by another.
        let provisional = matches!(self.indicator.formula, Formula::Ratio { matures_ms: Some(_), .. });
        let trust = match made_of {
            MadeOf::Rate { population: None, .. } if !self.stale => Trust::NoPopulation,
            _ => trust(self.stale, value, of, self.indicator.small_sample, provisional),
        };
        let level = if small(of, self.indicator.small_sample) { Level::None } else { level_of(self.target, value) };
        let key = Key { indicator: self.number, scope: self.scope.clone(), window };
        self.out.push(Reading { key, value, made_of, state: trust, level, target: self.target.map(|target| target.value) });
    }
}

/// Adds the readings of one indicator in one scope, if they are not of durations or differences: these are read together.
fn read(state: &State<'_>, number: usize, sums: &Sums, out: &mut Vec<Reading>) {
    let mut reader = Reader::new(state, number, &sums.scope, out);
    let mut add = |window: Option<usize>, value: Option<f64>, made_of: MadeOf| reader.add(window, value, made_of);
    let windows = 0..state.standard.windows.len();
    match &state.standard.indicators[number].formula {
        Formula::Ratio { good, of, .. } => {
            let (good, of) = (sums.count(state, good), sums.count(state, of));
            for lane in windows {
                let (good, of) = (good[lane], of[lane]);
                add(Some(lane), (of != 0).then(|| good as f64 / of as f64), MadeOf::Ratio { good, of });
            }
        }
        Formula::Score { of, weights } => {
            let counts: Vec<[i64; WINDOWS]> = answers(of, weights.len()).iter().map(|tallies| sums.count(state, tallies)).collect();
            for lane in windows {
                let of: i64 = counts.iter().map(|count| count[lane]).sum();
                let sum: f64 = counts.iter().zip(weights).map(|(count, weight)| count[lane] as f64 * weight).sum();
                add(Some(lane), (of > 0).then(|| sum / of as f64), MadeOf::Score { of });
            }
        }
        Formula::Level { of } => {
            add(None, Some(stands(state, sums, of) as f64), MadeOf::Level);
        }
        Formula::Oldest { of } => {
            let since = standing(state, sums, of).filter_map(|(tally, leaf)| state.cells.levels.oldest(tally.kind, leaf)).min();
            let age = since.map(|since| state.now.since(since) as f64 / 1_000.0);
            add(None, age, MadeOf::Oldest { since });
        }
        Formula::Share { part, whole } => {
            let (part, whole) = (sums.spent(state, part), sums.spent(state, whole));
            for (lane, (part, whole)) in part.into_iter().zip(whole).enumerate() {
                let (value, made_of) = spent::share(part, whole);
                add(Some(lane), value, made_of);
            }
        }
        Formula::Rate { of, per, population } => {
            let population = match state.standard.populations[*population].of(&sums.scope, state.standard) {
                Users::Are(users) => Some(users),
                Users::Unsaid => None,
                // Complaints of a tier can be counted, but not be told of its users: there is nothing to read.
                Users::Undivided => return,
            };
            let counts = sums.count(state, of);
            for lane in windows {
                let count = counts[lane];
                let value = population.map(|users| count as f64 * *per as f64 / users as f64);
                add(Some(lane), value, MadeOf::Rate { count, population });
            }
        }
        Formula::EstimatedWait { waiting, handling, agents, window } => {
            let handling = sums.spent(state, handling).get(*window).copied().unwrap_or_default();
            let (value, made_of) = spent::estimated_wait(stands(state, sums, waiting), handling, stands(state, sums, agents));
            add(None, value, made_of);
        }
        Formula::Duration { .. } | Formula::Difference { .. } => {}
    }
}

/// How many stand now.
fn stands(state: &State<'_>, sums: &Sums, of: &[Tally]) -> i64 {
    standing(state, sums, of).map(|(tally, leaf)| state.cells.levels.count(tally.kind, leaf)).sum()
}

fn standing<'a>(state: &'a State<'_>, sums: &'a Sums, of: &'a [Tally]) -> impl Iterator<Item = (&'a Tally, u32)> {
    let fitting = move |leaf: u32| of.iter().filter(move |tally| tally.fits(state.cells.leaves.all()[leaf as usize].attributes()));
    sums.members.iter().flat_map(move |leaf| fitting(*leaf).map(|tally| (tally, *leaf)))
}

/// Whether there is too little to judge by. It is so however stale or provisional the reading is.
fn small(of: Option<i64>, small_sample: u64) -> bool {
    of.is_some_and(|of| of.unsigned_abs() < small_sample)
}

/// The first reason not to trust a value, if there is one.
fn trust(stale: bool, value: Option<f64>, of: Option<i64>, small_sample: u64, provisional: bool) -> Trust {
    match value {
        _ if stale => Trust::Stale,
        None => Trust::NoTraffic,
        Some(_) if small(of, small_sample) => Trust::SmallSample,
        Some(_) if provisional => Trust::Provisional,
        Some(_) => Trust::Ok,
    }
}

/// How a value stands to the indicator's target in force.
fn level_of(target: Option<Target>, value: Option<f64>) -> Level {
    let (Some(target), Some(value)) = (target, value) else { return Level::None };
    match target.warning {
        _ if !target.is_reached(value) => Level::Breached,
        Some(warning) if !target.better.reaches(value, warning) => Level::Warning,
        _ => Level::Met,
    }
}
