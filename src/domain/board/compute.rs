//! Computes readings from the cells by the standard's formulas, for every scope and window.
//!
//! Cells exist only for rollup groups. The sums of wider scopes are computed here.

mod benchmark;
mod coverage;
mod difference;
pub(in crate::domain) mod duration_sums;
mod durations;
mod mean_level;
mod operands;
mod scope_sums;
mod state_times;
mod weighted;

use self::coverage::{BoardCoverage, ScopeCoverage};
use self::scope_sums::{ScopeSums, ScopeSumsTable};
use super::reading::{
    Board, Level, Reading, ReadingComponents, ReadingKey, ReadingState, ReadingStates,
};
use crate::domain::cases::benchmark_values::BenchmarkValues;
use crate::domain::cases::data_coverage::DataCoverage;
use crate::domain::cells::cell_table::CellTable;
use crate::domain::standard::indicator::answer_tallies;
use crate::domain::standard::population::PopulationCount;
use crate::domain::standard::scope::Scope;
use crate::domain::standard::source::DeclaredSource;
use crate::domain::standard::{FactTally, Formula, Indicator, Standard, Target, TargetDirection};
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::MAX_WINDOWS;
use crate::domain::time::window_bounds::WindowBounds;
use std::sync::Arc;

/// State from which a board is computed.
pub struct BoardInput<'a> {
    /// Standard in force.
    pub standard: &'a Arc<Standard>,
    /// Sums and gauges.
    pub cells: &'a CellTable,
    /// Current time.
    pub now: Timestamp,
    /// True if all sources have been silent for too long.
    pub stale: bool,
    /// Sources that have been silent for longer than each one's limit.
    pub silent_sources: Vec<&'a DeclaredSource>,
    /// Time ranges from which events were received.
    pub coverage: &'a DataCoverage,
    /// Bounds of the windows at the current time.
    pub bounds: &'a WindowBounds,
    /// Values of the outside series.
    pub benchmarks: &'a BenchmarkValues,
}

/// Selection of readings by indicator and kind of scope.
#[derive(Debug)]
pub struct ReadingSelection(Option<Vec<Vec<bool>>>);

impl ReadingSelection {
    /// Selects all readings.
    #[must_use]
    pub fn select_all() -> ReadingSelection {
        ReadingSelection(None)
    }

    /// Selects no readings.
    #[must_use]
    pub fn select_none(standard: &Standard) -> ReadingSelection {
        ReadingSelection(Some(vec![vec![false; standard.scopes.len()]; standard.indicators.len()]))
    }

    /// Selects an indicator's readings in a kind of scope, and the readings that it depends on.
    pub fn select_indicator(&mut self, indicator: usize, scope: usize, standard: &Standard) {
        if let Some(known) = &mut self.0 {
            known[indicator][scope] = true;
        }
        // The standard declares the operands of a formula before it, so the recursion ends.
        for operand in standard.indicators[indicator].formula.operand_indicators() {
            self.select_indicator(operand, scope, standard);
        }
    }

    fn contains(&self, indicator: usize, scope: usize) -> bool {
        self.0.as_ref().is_none_or(|known| known[indicator][scope])
    }

    fn contains_scope_kind(&self, scope: usize) -> bool {
        self.0.as_ref().is_none_or(|known| known.iter().any(|indicator| indicator[scope]))
    }
}

/// Computes the selected readings.
///
/// The whole organization has a reading for each indicator. Other scopes have a reading if they
/// have cases of the indicator's families.
#[must_use]
pub fn compute_board(state: &BoardInput<'_>, selection: &ReadingSelection) -> Board {
    let standard = state.standard;
    let mut scopes = ScopeSumsTable::new(state, selection);
    let coverage = BoardCoverage::new(state);
    let (mut durations, distributions) =
        durations::compute_duration_readings(state, &coverage, &mut scopes);
    let reading_count: usize = scopes
        .sums_by_scope
        .iter()
        .map(|sums| sums.selected.iter().filter(|selected| **selected).count())
        .sum();
    let mut readings: Vec<Reading> =
        Vec::with_capacity(reading_count * standard.windows.len().max(1));
    // Index of the first reading of each indicator.
    let mut first_readings = Vec::with_capacity(standard.indicators.len());
    for (number, indicator) in standard.indicators.iter().enumerate() {
        first_readings.push(readings.len());
        let operand_indicators = indicator.formula.operand_indicators();
        match &indicator.formula {
            Formula::Duration { .. } => readings.append(&mut durations[number]),
            Formula::Difference { .. } | Formula::Weighted(_) => {
                let selected_scopes = scopes
                    .sums_by_scope
                    .iter()
                    .map(|sums| &sums.scope)
                    .filter(|scope| selection.contains(number, scope.kind))
                    .filter(|scope| standard.has_readings_in_scope(number, scope.kind));
                let new_readings = selected_scopes.flat_map(|scope| {
                    let operands = operand_indicators.iter().map(|operand| {
                        let (from, to) = (first_readings[*operand], first_readings[*operand + 1]);
                        readings_of_scope(&readings[from..to], scope)
                    });
                    let operands: Vec<&[Reading]> = operands.collect();
                    match &indicator.formula {
                        Formula::Weighted(formula) => weighted::compute_weighted_scores(
                            state,
                            (number, formula),
                            &operands,
                            scope,
                        ),
                        _ => difference::compute_differences(state, number, &operands, scope),
                    }
                });
                let is_covered = |reading: &Reading| {
                    let window = reading.key.window;
                    window.is_none_or(|window| standard.has_readings_over(number, window))
                };
                let new_readings: Vec<Reading> = new_readings.filter(is_covered).collect();
                readings.extend(new_readings);
            }
            _ => {
                scopes.sums_by_scope.iter().filter(|sums| sums.selected[number]).for_each(|sums| {
                    compute_readings(state, &coverage, number, sums, &mut readings);
                });
            }
        }
    }
    let as_of = (state.now.0 != i64::MIN).then_some(state.now);
    Board { standard: standard.clone(), revision: 0, as_of, readings, distributions }
}

/// Returns the readings of a scope among those of one indicator, which are in scope order.
fn readings_of_scope<'r>(all: &'r [Reading], scope: &Arc<Scope>) -> &'r [Reading] {
    let start = all.partition_point(|reading| reading.key.scope < *scope);
    let count =
        all[start..].iter().take_while(|reading| Arc::ptr_eq(&reading.key.scope, scope)).count();
    &all[start..start + count]
}

/// Builds the readings of one indicator in one scope.
struct ReadingBuilder<'r> {
    state: &'r BoardInput<'r>,
    indicator_number: usize,
    indicator: &'r Indicator,
    scope: &'r Arc<Scope>,
    coverage: ScopeCoverage<'r>,
    stale: bool,
    target: Option<Target>,
    readings: &'r mut Vec<Reading>,
}

impl<'r> ReadingBuilder<'r> {
    fn new(
        state: &'r BoardInput<'_>,
        coverage: &'r BoardCoverage<'r>,
        number: usize,
        scope: &'r Arc<Scope>,
        out: &'r mut Vec<Reading>,
    ) -> ReadingBuilder<'r> {
        let indicator = &state.standard.indicators[number];
        let stale = state.stale
            || state
                .silent_sources
                .iter()
                .any(|source| source.feeds_scope(indicator.families, scope, state.standard));
        ReadingBuilder {
            state,
            indicator_number: number,
            indicator,
            scope,
            coverage: coverage.of_scope(state, number, scope),
            stale,
            target: state.standard.target_in_scope(indicator, scope, Some(state.now)),
            readings: out,
        }
    }

    /// Returns true if the indicator has readings over a window.
    fn covers_window(&self, window: usize) -> bool {
        self.indicator.coverage.includes_window(self.state.standard.windows[window])
    }

    fn add_reading(
        &mut self,
        window: Option<usize>,
        value: Option<f64>,
        components: ReadingComponents,
    ) {
        if window.is_some_and(|window| !self.covers_window(window)) {
            return;
        }
        let lacks_series = matches!(
            components,
            ReadingComponents::Benchmark { period: None }
                | ReadingComponents::BenchmarkRatio { period: None, .. }
        );
        let no_data = lacks_series || !self.coverage.is_known();
        let value = value.filter(|_| !no_data);
        let since = window.and_then(|window| self.coverage.partial_since(window));
        // Every window reaches up to now, so its latest contacts can still be followed by a repeat.
        let provisional =
            matches!(self.indicator.formula, Formula::Ratio { matures_ms: Some(_), .. });
        let no_population = matches!(components, ReadingComponents::Rate { population: None, .. });
        let small_sample = is_small_sample(components.sample_count(), self.indicator.small_sample);
        let measured = value.is_some();
        let states = ReadingStates::default()
            .with(ReadingState::NoData, no_data)
            .with(ReadingState::Stale, self.stale)
            .with(ReadingState::Partial, since.is_some())
            .with(ReadingState::NoPopulation, no_population)
            .with(ReadingState::NoTraffic, !measured && !no_data && !no_population)
            .with(ReadingState::SmallSample, measured && small_sample)
            .with(ReadingState::Provisional, measured && provisional);
        let level =
            reading_level(states, target_level(self.target, value), &components, self.target);
        let key =
            ReadingKey { indicator: self.indicator_number, scope: self.scope.clone(), window };
        self.readings.push(Reading {
            key,
            value,
            components,
            states,
            since,
            level,
            target: self.target.map(|target| target.value),
        });
    }
}

/// Adds the readings of one indicator in one scope. Durations, differences and weighted scores are
/// computed elsewhere.
fn compute_readings(
    state: &BoardInput<'_>,
    coverage: &BoardCoverage<'_>,
    number: usize,
    sums: &ScopeSums,
    out: &mut Vec<Reading>,
) {
    let mut builder = ReadingBuilder::new(state, coverage, number, &sums.scope, out);
    let mut add = |window: Option<usize>, value: Option<f64>, components: ReadingComponents| {
        builder.add_reading(window, value, components);
    };
    let windows = 0..state.standard.windows.len();
    match &state.standard.indicators[number].formula {
        Formula::Ratio { good, of, .. } => {
            let (good, of) = (sums.counts_by_window(state, good), sums.counts_by_window(state, of));
            for lane in windows {
                let (good, of) = (good[lane], of[lane]);
                add(
                    Some(lane),
                    (of != 0).then(|| good as f64 / of as f64),
                    ReadingComponents::Ratio { good, of },
                );
            }
        }
        Formula::Score { of, weights, .. } => {
            let counts: Vec<[i64; MAX_WINDOWS]> = answer_tallies(of, weights.len())
                .iter()
                .map(|tallies| sums.counts_by_window(state, tallies))
                .collect();
            for lane in windows {
                let of: i64 = counts.iter().map(|count| count[lane]).sum();
                let sum: f64 = counts
                    .iter()
                    .zip(weights)
                    .map(|(count, weight)| count[lane] as f64 * weight)
                    .sum();
                add(Some(lane), (of > 0).then(|| sum / of as f64), ReadingComponents::Score { of });
            }
        }
        Formula::Count { of } => {
            let counts = sums.counts_by_window(state, of);
            for lane in windows {
                add(Some(lane), Some(counts[lane] as f64), ReadingComponents::Count);
            }
        }
        Formula::MissCount { of } => {
            for (lane, shares) in sums.duration_sums(state, of).into_iter().enumerate() {
                let components = ReadingComponents::MissCount { of: shares.count };
                add(Some(lane), Some(shares.misses()), components);
            }
        }
        Formula::Benchmark { series, .. } => {
            for lane in windows {
                let found = benchmark::series_value(state, *series, &sums.scope, lane);
                let period = found.map(|(period, _)| period);
                let value = found.map(|(_, value)| value);
                add(Some(lane), value, ReadingComponents::Benchmark { period });
            }
        }
        Formula::BenchmarkRatio { good, series } => {
            let counts = sums.counts_by_window(state, good);
            for lane in windows {
                let found = benchmark::series_value(state, *series, &sums.scope, lane);
                let (period, of) = found.unzip();
                let good = counts[lane];
                let value = of.filter(|of| *of != 0.0).map(|of| good as f64 / of);
                add(Some(lane), value, ReadingComponents::BenchmarkRatio { good, of, period });
            }
        }
        Formula::Level { of } => {
            add(None, Some(active_count(state, sums, of) as f64), ReadingComponents::Level);
        }
        Formula::MeanLevel { of } => {
            for lane in windows {
                let parts = (sums, &builder.coverage);
                let (value, components) = mean_level::mean_level(state, parts, of, lane);
                builder.add_reading(Some(lane), value, components);
            }
        }
        Formula::Oldest { of } => {
            let since = matching_gauges(state, sums, of)
                .filter_map(|(tally, rollup_group)| {
                    state.cells.gauges.oldest_active_since(tally.kind, rollup_group)
                })
                .min();
            let age = since.map(|since| state.now.millis_since(since) as f64 / 1_000.0);
            add(None, age, ReadingComponents::Oldest { since });
        }
        Formula::Share { part, whole, states } => {
            let [part, whole] = match states {
                None => [part, whole].map(|of| sums.duration_sums(state, of)),
                Some([part_states, whole_states]) => [(part, part_states), (whole, whole_states)]
                    .map(|(of, states)| sums.state_time_sums(state, of, states)),
            };
            for (lane, (part, whole)) in part.into_iter().zip(whole).enumerate() {
                let (value, components) = duration_sums::duration_share(part, whole);
                add(Some(lane), value, components);
            }
        }
        Formula::Rate { of, per, population } => {
            let population = match state.standard.populations[*population]
                .users_in_scope(&sums.scope, state.standard)
            {
                PopulationCount::Known(users) => Some(users),
                PopulationCount::Unknown => None,
                // Facts can be counted by a dimension that does not divide the users, but there is
                // no rate.
                PopulationCount::NotDividedByScope => return,
            };
            let counts = sums.counts_by_window(state, of);
            for lane in windows {
                let count = counts[lane];
                let value = population.map(|users| count as f64 * *per as f64 / users as f64);
                add(Some(lane), value, ReadingComponents::Rate { count, population });
            }
        }
        Formula::EstimatedWait { waiting, handling, agents, window } => {
            let handling =
                sums.duration_sums(state, handling).get(*window).copied().unwrap_or_default();
            let (value, components) = duration_sums::estimated_wait(
                active_count(state, sums, waiting),
                handling,
                active_count(state, sums, agents),
            );
            add(None, value, components);
        }
        Formula::Duration { .. } | Formula::Difference { .. } | Formula::Weighted(_) => {}
    }
}

/// Returns the number of active facts.
fn active_count(state: &BoardInput<'_>, sums: &ScopeSums, of: &[FactTally]) -> i64 {
    matching_gauges(state, sums, of)
        .map(|(tally, rollup_group)| state.cells.gauges.active_count(tally.kind, rollup_group))
        .sum()
}

fn matching_gauges<'a>(
    state: &'a BoardInput<'_>,
    sums: &'a ScopeSums,
    of: &'a [FactTally],
) -> impl Iterator<Item = (&'a FactTally, u32)> {
    let matching = move |rollup_group: u32| {
        of.iter().filter(move |tally| {
            tally.fits_attributes(
                state.cells.rollup_groups.all()[rollup_group as usize].attributes(),
            )
        })
    };
    sums.rollup_groups
        .iter()
        .flat_map(move |rollup_group| matching(*rollup_group).map(|tally| (tally, *rollup_group)))
}

/// Returns true if the sample is small, also for stale and provisional readings.
fn is_small_sample(of: Option<i64>, small_sample: u64) -> bool {
    of.is_some_and(|of| of.unsigned_abs() < small_sample)
}

/// Returns the level that the states of a reading permit.
///
/// A partial ratio, duration or score is judged by what is known. A count or rate can only grow
/// by what is missing, so only a level that growth does not change is certain.
fn reading_level(
    states: ReadingStates,
    level: Level,
    components: &ReadingComponents,
    target: Option<Target>,
) -> Level {
    let grows = components.can_only_grow();
    let certain = match target.map(|target| target.better) {
        _ if !grows || !states.contains(ReadingState::Partial) => true,
        Some(TargetDirection::Lower) => level == Level::Breached,
        Some(TargetDirection::Higher) => level == Level::Met,
        None => false,
    };
    if certain && !states.has_no_level() { level } else { Level::None }
}

/// Compares a value with the target in force.
fn target_level(target: Option<Target>, value: Option<f64>) -> Level {
    let (Some(target), Some(value)) = (target, value) else { return Level::None };
    match target.warning {
        _ if !target.is_reached(value) => Level::Breached,
        Some(warning) if !target.better.reaches_threshold(value, warning) => Level::Warning,
        _ => Level::Met,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: ReadingStates = ReadingStates::OK;

    fn level_of(states: ReadingStates, level: Level, better: TargetDirection) -> Level {
        let ratio = ReadingComponents::Ratio { good: 1, of: 2 };
        reading_level(states, level, &ratio, Some(Target { better, value: 0.5, warning: None }))
    }

    fn rate_level(level: Level, better: TargetDirection) -> Level {
        let rate = ReadingComponents::Rate { count: 1, population: Some(2) };
        let partial = OK.with(ReadingState::Partial, true);
        reading_level(partial, level, &rate, Some(Target { better, value: 0.5, warning: None }))
    }

    #[test]
    fn states_without_verdict_have_no_level() {
        let without = [
            ReadingState::NoData,
            ReadingState::Stale,
            ReadingState::NoPopulation,
            ReadingState::NoTraffic,
            ReadingState::SmallSample,
        ];
        for state in ReadingState::ALL {
            for level in [Level::Met, Level::Warning, Level::Breached] {
                let expected = if without.contains(&state) { Level::None } else { level };
                let states = OK.with(state, true);
                assert_eq!(level_of(states, level, TargetDirection::Higher), expected, "{state:?}");
                let also_partial = states.with(ReadingState::Partial, true);
                assert_eq!(level_of(also_partial, level, TargetDirection::Lower), expected);
            }
        }
    }

    #[test]
    fn partial_rate_has_only_levels_that_growth_does_not_change() {
        for (level, upper_limit, lower_limit) in [
            (Level::Met, Level::None, Level::Met),
            (Level::Warning, Level::None, Level::None),
            (Level::Breached, Level::Breached, Level::None),
        ] {
            assert_eq!(rate_level(level, TargetDirection::Lower), upper_limit);
            assert_eq!(rate_level(level, TargetDirection::Higher), lower_limit);
        }
    }

    #[test]
    fn states_are_listed_in_order_of_precedence() {
        assert_eq!((OK.first(), OK.iter().count()), (ReadingState::Ok, 1));
        let states = OK
            .with(ReadingState::Provisional, true)
            .with(ReadingState::Partial, true)
            .with(ReadingState::Stale, false);
        assert_eq!(states.first(), ReadingState::Partial);
        let names: Vec<&str> = states.iter().map(ReadingState::name).collect();
        assert_eq!(names, ["partial", "provisional"]);
        assert!(!states.contains(ReadingState::Ok) && states.contains(ReadingState::Partial));
    }
}
