//! Readings of durations: means, percentiles and spreads, from histograms summed for every scope.
//!
//! One set of durations after the other, because histograms are the largest part of what the core knows: each is fetched once,
//! and the sums of all scopes stay in the cache meanwhile.

use super::scope_sums::{ScopeSums, ScopeSumsTable};
use crate::domain::board::compute::{BoardInput, ReadingBuilder};
use crate::domain::board::reading::{
    DurationDistribution, DurationStatistics, Reading, ReadingComponents, ReadingKey,
};
use crate::domain::cells::histogram::HistogramTotals;
use crate::domain::standard::{FactTally, Formula, Indicator};
use crate::domain::time::window::{LANES_PER_BANK, Window};

/// By indicator the readings of durations, and the spreads, in order. Counts the durations of the other indicators on the way.
pub(super) fn compute_duration_readings(
    state: &BoardInput<'_>,
    scopes: &mut ScopeSumsTable,
) -> (Vec<Vec<Reading>>, Vec<DurationDistribution>) {
    let mut readings: Vec<Vec<Reading>> = vec![Vec::new(); state.standard.indicators.len()];
    let mut spreads = Vec::new();
    let banks = state.cells.plan.bank_count();
    let mut totals: Vec<HistogramTotals> = Vec::new();
    totals.resize_with(scopes.sums_by_scope.len() * banks, HistogramTotals::default);
    for (place, users) in indicators_by_duration_set(state).into_iter().enumerate() {
        let needed: Vec<bool> = scopes
            .sums_by_scope
            .iter()
            .map(|sums| users.iter().any(|number| sums.selected[*number]))
            .collect();
        for (leaf, own) in &scopes.scopes_by_rollup_group {
            let durations =
                &state.cells.cells[*leaf as usize].durations[place * banks..(place + 1) * banks];
            for (bank, durations) in durations
                .iter()
                .enumerate()
                .filter(|(_, durations)| !durations.histogram.is_empty())
            {
                let own = own.iter().filter(|scope| needed[**scope]);
                own.for_each(|scope| {
                    totals[scope * banks + bank].add_histogram(&durations.histogram)
                });
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
            let means_it = |number: &&usize| {
                matches!(state.standard.indicators[**number].formula, Formula::Duration { .. })
            };
            for number in users.iter().filter(means_it).filter(|number| sums.selected[**number]) {
                let mut reader =
                    ReadingBuilder::new(state, *number, &sums.scope, &mut readings[*number]);
                compute_window_readings(&mut reader, sums, place, totals, &mut spreads);
            }
            totals.iter_mut().for_each(HistogramTotals::clear);
        }
    }
    spreads.sort_by(|one: &DurationDistribution, other| one.key.cmp(&other.key));
    (readings, spreads)
}

/// For each set of durations the indicators that are made of it.
fn indicators_by_duration_set(state: &BoardInput<'_>) -> Vec<Vec<usize>> {
    let mut users = vec![Vec::new(); state.cells.plan.duration_count()];
    for (number, indicator) in state.standard.indicators.iter().enumerate() {
        let places = duration_sets(indicator)
            .into_iter()
            .flatten()
            .filter_map(|of| state.cells.plan.find_duration(of));
        places.for_each(|place| users[place].push(number));
    }
    users
}

/// The sets of durations that an indicator is made of.
fn duration_sets(indicator: &Indicator) -> [Option<&[FactTally]>; 2] {
    match &indicator.formula {
        Formula::Duration { of } | Formula::EstimatedWait { handling: of, .. } => [Some(of), None],
        Formula::Share { part, whole } => [Some(part), Some(whole)],
        _ => [None, None],
    }
}

fn compute_window_readings(
    reader: &mut ReadingBuilder<'_>,
    sums: &ScopeSums,
    place: usize,
    totals: &[HistogramTotals],
    spreads: &mut Vec<DurationDistribution>,
) {
    let state = reader.state;
    for (window, kind) in state.standard.windows.iter().enumerate() {
        let (bank, lane) = (window / LANES_PER_BANK, window % LANES_PER_BANK);
        let at = place * totals.len() + bank;
        let (sum_ms, of, totals) =
            (sums.duration_sums_ms[at][lane], sums.duration_counts[at][lane], &totals[bank]);
        if *kind == Window::All {
            let key = ReadingKey {
                indicator: reader.indicator_number,
                scope: sums.scope.clone(),
                window: Some(window),
            };
            spreads.push(DurationDistribution {
                key,
                at_most: totals
                    .counts_at_most(lane, state.cells.plan.bucket_bounds(reader.indicator_number)),
                of,
                sum_ms,
            });
        }
        let durations = duration_statistics(sum_ms, of, totals, lane);
        reader.add_reading(
            Some(window),
            (durations.of > 0).then_some(durations.mean),
            ReadingComponents::Duration(durations),
        );
    }
}

fn duration_statistics(
    sum_ms: i64,
    of: i64,
    totals: &HistogramTotals,
    lane: usize,
) -> DurationStatistics {
    if of <= 0 {
        return DurationStatistics::default();
    }
    let [p50, p80, p90, p95, p99, max] =
        totals.percentiles(lane, [0.5, 0.8, 0.9, 0.95, 0.99, 1.0]).map(|millis| millis / 1_000.0);
    DurationStatistics {
        of,
        mean: sum_ms as f64 / 1_000.0 / of as f64,
        p50,
        p80,
        p90,
        p95,
        p99,
        max,
    }
}
