//! Readings: what the cells mean by the standard's formulas, for every scope and window.
//!
//! Cells are kept for the finest groups only; a wider scope is the sum of its groups, made here.

mod difference;
pub(super) mod spent;

use super::board::{Board, Durations, Key, Level, MadeOf, Reading, Spread, State as Trust};
use super::cell::{Cell, Plan, answers, fits};
use super::group::{Groups, Scope};
use super::histogram::Totals;
use super::level::Levels;
use super::standard::population::Users;
use super::standard::source::Source;
use super::standard::{Formula, Indicator, Standard, Tally, Target};
use super::time::Timestamp;
use super::window::{LANES, Window};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the core knows when it is asked for a board.
pub struct State<'a> {
    /// The standard in force.
    pub standard: &'a Arc<Standard>,
    /// What the cells sum.
    pub plan: &'a Plan,
    /// The groups and scopes.
    pub groups: &'a Groups,
    /// The sums, by group.
    pub cells: &'a [Cell],
    /// How many cases of each family were seen, by group.
    pub seen: &'a [Vec<u64>],
    /// What stands now.
    pub levels: &'a Levels,
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

/// The sums of one scope.
struct Sums {
    members: Vec<u32>,
    /// By slot, its banks side by side, as in cells.
    counts: Vec<[i64; LANES]>,
    /// By duration, its banks side by side.
    sums: Vec<[i64; LANES]>,
}

/// Every reading that is wanted: the whole organisation's for each indicator, and those of every scope with cases that the
/// indicator speaks of.
#[must_use]
pub fn board(state: &State<'_>, wanted: &Wanted) -> Board {
    let standard = state.standard;
    let mut members: BTreeMap<&Scope, Vec<u32>> = BTreeMap::new();
    let everything = Scope { kind: standard.scopes.iter().position(Vec::is_empty).unwrap_or(usize::MAX), values: Vec::new() };
    if everything.kind != usize::MAX && wanted.has_any(everything.kind) {
        members.insert(&everything, Vec::new());
    }
    for group in 0..state.groups.count() as u32 {
        if state.seen[group as usize].iter().any(|cases| *cases > 0) {
            let scopes = state.groups.get(group).scopes.iter().map(|scope| &state.groups.scopes()[*scope as usize]);
            for scope in scopes.filter(|scope| wanted.has_any(scope.kind)) {
                members.entry(scope).or_default().push(group);
            }
        }
    }
    let mut readings: Vec<Vec<Reading>> = vec![Vec::new(); standard.indicators.len()];
    let mut work = Work::default();
    for (scope, members) in members {
        let sums = Sums::new(state, members);
        let families = sums.families(state);
        let scope = Arc::new(scope.clone());
        let indicators = standard.indicators.iter().enumerate();
        for (number, indicator) in indicators.filter(|(number, _)| wanted.has(*number, scope.kind)) {
            if let Formula::Difference { first, second, .. } = indicator.formula {
                let new = difference::read(standard, number, (first, second), &scope, Some(state.now), &readings);
                readings[number].extend(new);
            } else if scope.values.is_empty() || families & indicator.families != 0 {
                read(state, number, indicator, &scope, &sums, &mut work, &mut readings[number]);
            }
        }
    }
    let as_of = (state.now.0 != i64::MIN).then_some(state.now);
    let mut spreads = work.spreads;
    spreads.sort_by(|one, other| one.key.cmp(&other.key));
    Board { standard: standard.clone(), revision: 0, as_of, readings: readings.into_iter().flatten().collect(), spreads }
}

/// What is used from one reading to the next.
#[derive(Default)]
struct Work {
    /// Sums of histograms; their memory is kept.
    totals: Totals,
    spreads: Vec<Spread>,
}

impl Sums {
    fn new(state: &State<'_>, members: Vec<u32>) -> Sums {
        let lanes = |many: usize| vec![[0; LANES]; many * state.plan.banks()];
        let mut sums = Sums { members, counts: lanes(state.plan.slots()), sums: lanes(state.plan.durations()) };
        for cell in sums.members.iter().map(|group| &state.cells[*group as usize]) {
            for (sum, count) in sums.counts.iter_mut().flatten().zip(cell.counts.iter().flat_map(|lanes| &lanes.0)) {
                *sum += i64::from(*count);
            }
            for (number, durations) in cell.durations.iter().enumerate() {
                for lane in 0..LANES {
                    sums.sums[number][lane] += durations.sum[lane];
                }
            }
        }
        sums
    }

    fn families(&self, state: &State<'_>) -> u64 {
        let seen =
            |group: &u32| state.seen[*group as usize].iter().enumerate().filter(|(_, cases)| **cases > 0).map(|(family, _)| 1 << family);
        self.members.iter().flat_map(seen).fold(0, |all, one: u64| all | one)
    }

    fn count(&self, state: &State<'_>, tallies: &[Tally], lane: usize) -> i64 {
        let (banks, bank, lane) = (state.plan.banks(), lane / LANES, lane % LANES);
        tallies.iter().filter_map(|tally| state.plan.slot(tally)).map(|slot| self.counts[slot * banks + bank][lane]).sum()
    }
}

/// Adds the readings of one indicator in one scope.
fn read(state: &State<'_>, number: usize, indicator: &Indicator, scope: &Arc<Scope>, sums: &Sums, work: &mut Work, out: &mut Vec<Reading>) {
    let stale = state.stale || state.silent.iter().any(|source| source.feeds(indicator.families, scope, state.standard));
    let target = indicator.target_at(Some(state.now));
    let mut add = |window: Option<usize>, value: Option<f64>, made_of: MadeOf| {
        let of = made_of.of();
        // Every window reaches up to now, so its latest contacts can still be followed by another.
        let provisional = matches!(indicator.formula, Formula::Ratio { matures_ms: Some(_), .. });
        let trust = match made_of {
            MadeOf::Rate { population: None, .. } if !stale => Trust::NoPopulation,
            _ => trust(stale, value, of, indicator.small_sample, provisional),
        };
        let level = if small(of, indicator.small_sample) { Level::None } else { level_of(target, value) };
        let key = Key { indicator: number, scope: scope.clone(), window };
        out.push(Reading { key, value, made_of, state: trust, level, target: target.map(|target| target.value) });
    };
    let windows = 0..state.standard.windows.len();
    match &indicator.formula {
        Formula::Ratio { good, of, .. } => {
            for lane in windows {
                let (good, of) = (sums.count(state, good, lane), sums.count(state, of, lane));
                add(Some(lane), (of != 0).then(|| good as f64 / of as f64), MadeOf::Ratio { good, of });
            }
        }
        Formula::Duration { of } => {
            let Some(place) = state.plan.duration(of) else { return };
            for bank in 0..state.plan.banks() {
                let place = place * state.plan.banks() + bank;
                let totals = &mut work.totals;
                totals.clear();
                sums.members.iter().for_each(|group| state.cells[*group as usize].durations[place].histogram.add_to(totals));
                for lane in windows.clone().skip(bank * LANES).take(LANES) {
                    if state.standard.windows[lane] == Window::All {
                        let key = Key { indicator: number, scope: scope.clone(), window: Some(lane) };
                        let at_most = totals.at_most(lane % LANES, state.plan.edges(number));
                        let (of, sum_ms) = (totals.count(lane % LANES), sums.sums[place][lane % LANES]);
                        work.spreads.push(Spread { key, at_most, of, sum_ms });
                    }
                    let durations = durations(sums.sums[place][lane % LANES], totals, lane % LANES);
                    add(Some(lane), (durations.of > 0).then_some(durations.mean), MadeOf::Duration(durations));
                }
            }
        }
        Formula::Score { of, weights } => {
            let answers = answers(of, weights.len());
            for lane in windows {
                let counts: Vec<i64> = answers.iter().map(|tallies| sums.count(state, tallies, lane)).collect();
                let of: i64 = counts.iter().sum();
                let sum: f64 = counts.iter().zip(weights).map(|(count, weight)| *count as f64 * weight).sum();
                add(Some(lane), (of > 0).then(|| sum / of as f64), MadeOf::Score { of });
            }
        }
        Formula::Level { of } => {
            add(None, Some(stands(state, sums, of) as f64), MadeOf::Level);
        }
        Formula::Oldest { of } => {
            let since = standing(state, sums, of).filter_map(|(tally, group)| state.levels.oldest(tally.kind, group)).min();
            let age = since.map(|since| state.now.since(since) as f64 / 1_000.0);
            add(None, age, MadeOf::Oldest { since });
        }
        Formula::Share { part, whole } => {
            let (part, whole) = (spent::spent(state, sums, part, &mut work.totals), spent::spent(state, sums, whole, &mut work.totals));
            for (lane, (part, whole)) in part.into_iter().zip(whole).enumerate() {
                let (value, made_of) = spent::share(part, whole);
                add(Some(lane), value, made_of);
            }
        }
        Formula::Rate { of, per, population } => {
            let population = match state.standard.populations[*population].of(scope, state.standard) {
                Users::Are(users) => Some(users),
                Users::Unsaid => None,
                // Complaints of a tier can be counted, but not be told of its users: there is nothing to read.
                Users::Undivided => return,
            };
            for lane in windows {
                let count = sums.count(state, of, lane);
                let value = population.map(|users| count as f64 * *per as f64 / users as f64);
                add(Some(lane), value, MadeOf::Rate { count, population });
            }
        }
        Formula::EstimatedWait { waiting, handling, agents, window } => {
            let handling = spent::spent(state, sums, handling, &mut work.totals).get(*window).copied().unwrap_or_default();
            let (value, made_of) = spent::estimated_wait(stands(state, sums, waiting), handling, stands(state, sums, agents));
            add(None, value, made_of);
        }
        // Made of other readings when they are there.
        Formula::Difference { .. } => {}
    }
}

/// How many stand now.
fn stands(state: &State<'_>, sums: &Sums, of: &[Tally]) -> i64 {
    standing(state, sums, of).map(|(tally, group)| state.levels.count(tally.kind, group)).sum()
}

fn standing<'a>(state: &'a State<'_>, sums: &'a Sums, of: &'a [Tally]) -> impl Iterator<Item = (&'a Tally, u32)> {
    let fitting = move |group: u32| of.iter().filter(move |tally| fits(tally, &state.groups.get(group).attributes));
    sums.members.iter().flat_map(move |group| fitting(*group).map(|tally| (tally, *group)))
}

fn durations(sum_ms: i64, totals: &Totals, lane: usize) -> Durations {
    let of = totals.count(lane);
    if of <= 0 {
        return Durations::default();
    }
    let [p50, p80, p90, p95, p99, max] = totals.percentiles(lane, [0.5, 0.8, 0.9, 0.95, 0.99, 1.0]).map(|millis| millis / 1_000.0);
    Durations { of, mean: sum_ms as f64 / 1_000.0 / of as f64, p50, p80, p90, p95, p99, max }
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
