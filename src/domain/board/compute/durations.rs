//! Readings of durations: means, percentiles and distributions, from histograms summed by scope.
//!
//! Duration sets are processed one after the other. Histograms are the largest part of the state.
//! This order reads each histogram once and retains the sums of all scopes in the cache.

use super::scope_sums::{ScopeSums, ScopeSumsTable};
use crate::domain::board::compute::{BoardCoverage, BoardInput, ReadingBuilder};
use crate::domain::board::reading::{
    DurationDistribution, DurationStatistics, Reading, ReadingComponents, ReadingKey,
};
use crate::domain::cells::histogram::HistogramTotals;
use crate::domain::cells::maxima::WindowMaxima;
use crate::domain::standard::{FactTally, Formula, Indicator};
use crate::domain::time::window::{LANES_PER_BANK, Window};

/// Computes the duration readings by indicator, and the distributions in key order. Also fills the
/// duration counts of the other indicators.
pub(super) fn compute_duration_readings(
    state: &BoardInput<'_>,
    coverage: &BoardCoverage<'_>,
    scopes: &mut ScopeSumsTable,
) -> (Vec<Vec<Reading>>, Vec<DurationDistribution>) {
    let mut readings: Vec<Vec<Reading>> = vec![Vec::new(); state.standard.indicators.len()];
    let mut distributions = Vec::new();
    let banks = state.cells.plan.bank_count();
    let mut totals: Vec<HistogramTotals> = Vec::new();
    totals.resize_with(scopes.sums_by_scope.len() * banks, HistogramTotals::default);
    let mut maxima = vec![WindowMaxima::default(); scopes.sums_by_scope.len()];
    for (place, dependents) in indicators_by_duration_set(state).into_iter().enumerate() {
        let needed: Vec<bool> = scopes
            .sums_by_scope
            .iter()
            .map(|sums| dependents.iter().any(|number| sums.selected[*number]))
            .collect();
        for (rollup_group, scope_places) in &scopes.scopes_by_rollup_group {
            let durations = &state.cells.cells[*rollup_group as usize].durations
                [place * banks..(place + 1) * banks];
            for (bank, durations) in durations
                .iter()
                .enumerate()
                .filter(|(_, durations)| !durations.histogram.is_empty())
            {
                let needed_scopes = scope_places.iter().filter(|scope| needed[**scope]);
                needed_scopes.for_each(|scope| {
                    totals[scope * banks + bank].add_histogram(&durations.histogram);
                });
            }
            if let Some(group_maxima) = state.cells.duration_maxima(*rollup_group, place) {
                let needed_scopes = scope_places.iter().filter(|scope| needed[**scope]);
                needed_scopes.for_each(|scope| maxima[*scope].merge(&group_maxima));
            }
        }
        for (scope, sums) in
            scopes.sums_by_scope.iter_mut().enumerate().filter(|(scope, _)| needed[*scope])
        {
            let totals = &mut totals[scope * banks..(scope + 1) * banks];
            totals.iter_mut().for_each(HistogramTotals::finish_totals);
            sums.duration_counts[place * banks..(place + 1) * banks]
                .iter_mut()
                .zip(&*totals)
                .for_each(|(of, totals)| *of = totals.value_counts());
            let is_duration = |number: &&usize| {
                matches!(state.standard.indicators[**number].formula, Formula::Duration { .. })
            };
            for number in
                dependents.iter().filter(is_duration).filter(|number| sums.selected[**number])
            {
                let out = &mut readings[*number];
                let mut builder = ReadingBuilder::new(state, coverage, *number, &sums.scope, out);
                let set = (place, &*totals, &maxima[scope]);
                compute_window_readings(&mut builder, sums, set, &mut distributions);
            }
            totals.iter_mut().for_each(HistogramTotals::clear);
            maxima[scope] = WindowMaxima::default();
        }
    }
    distributions.sort_by(|left: &DurationDistribution, right| left.key.cmp(&right.key));
    (readings, distributions)
}

/// Returns the indicators that use each duration set.
fn indicators_by_duration_set(state: &BoardInput<'_>) -> Vec<Vec<usize>> {
    let mut dependents = vec![Vec::new(); state.cells.plan.duration_count()];
    for (number, indicator) in state.standard.indicators.iter().enumerate() {
        let places = duration_sets(indicator)
            .into_iter()
            .flatten()
            .filter_map(|of| state.cells.plan.find_duration(of));
        places.for_each(|place| dependents[place].push(number));
    }
    dependents
}

/// Returns the duration sets that an indicator uses.
fn duration_sets(indicator: &Indicator) -> [Option<&[FactTally]>; 2] {
    match &indicator.formula {
        Formula::Duration { of }
        | Formula::MissCount { of }
        | Formula::EstimatedWait { handling: of, .. } => [Some(of), None],
        Formula::Share { part, whole, .. } => [Some(part), Some(whole)],
        _ => [None, None],
    }
}

fn compute_window_readings(
    builder: &mut ReadingBuilder<'_>,
    sums: &ScopeSums,
    (place, totals, maxima): (usize, &[HistogramTotals], &WindowMaxima),
    distributions: &mut Vec<DurationDistribution>,
) {
    let state = builder.state;
    for (window, kind) in state.standard.windows.iter().enumerate() {
        let (bank, lane) = (window / LANES_PER_BANK, window % LANES_PER_BANK);
        let at = place * totals.len() + bank;
        let (sum_ms, of, totals) =
            (sums.duration_sums_ms[at][lane], sums.duration_counts[at][lane], &totals[bank]);
        if *kind == Window::All {
            let key = ReadingKey {
                indicator: builder.indicator_number,
                scope: sums.scope.clone(),
                window: Some(window),
            };
            distributions.push(DurationDistribution {
                key,
                at_most: totals
                    .counts_at_most(lane, state.cells.plan.bucket_bounds(builder.indicator_number)),
                of,
                sum_ms,
            });
        }
        if !builder.covers_window(window) {
            continue;
        }
        let durations = duration_statistics(sum_ms, of, (totals, lane), (maxima, window));
        builder.add_reading(
            Some(window),
            (durations.of > 0).then_some(durations.mean),
            ReadingComponents::Duration(durations),
        );
    }
}

/// Returns the statistics of a window's durations. If its maximum is not known, it is the smallest
/// upper bound.
fn duration_statistics(
    sum_ms: i64,
    of: i64,
    (totals, lane): (&HistogramTotals, usize),
    (maxima, window): (&WindowMaxima, usize),
) -> DurationStatistics {
    if of <= 0 {
        return DurationStatistics::default();
    }
    let exact = maxima.exact(window);
    let upper_bound = || {
        let bounds = [maxima.upper_bound(window), totals.upper_bound(lane)];
        bounds.into_iter().flatten().min()
    };
    let max_ms = exact.or_else(upper_bound).unwrap_or_default();
    let mean = sum_ms as f64 / 1_000.0 / of as f64;
    // Negative durations count as 0, as in the histogram. The mean of equal durations may exceed
    // them by a rounding error.
    let max = (max_ms.max(0) as f64 / 1_000.0).max(mean);
    let [p50, p80, p90, p95, p99] = totals
        .percentiles(lane, [0.5, 0.8, 0.9, 0.95, 0.99])
        .map(|millis| (millis / 1_000.0).min(max));
    DurationStatistics { of, mean, p50, p80, p90, p95, p99, max, max_approximate: exact.is_none() }
}
