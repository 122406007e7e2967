//! Readings of durations: means, percentiles and spreads, from histograms summed for every scope.
//!
//! One set of durations after the other, because histograms are the largest part of what the core knows: each is fetched once,
//! and the sums of all scopes stay in the cache meanwhile.

use super::sums::{Scopes, Sums};
use super::{Reader, State};
use crate::domain::board::{Durations, Key, MadeOf, Reading, Spread};
use crate::domain::histogram::Totals;
use crate::domain::standard::{Formula, Indicator, Tally};
use crate::domain::window::{LANES, Window};

/// By indicator the readings of durations, and the spreads, in order. Counts the durations of the other indicators on the way.
pub(super) fn read(state: &State<'_>, scopes: &mut Scopes) -> (Vec<Vec<Reading>>, Vec<Spread>) {
    let mut readings: Vec<Vec<Reading>> = vec![Vec::new(); state.standard.indicators.len()];
    let mut spreads = Vec::new();
    let banks = state.cells.plan.banks();
    let mut totals: Vec<Totals> = Vec::new();
    totals.resize_with(scopes.all.len() * banks, Totals::default);
    for (place, users) in users(state).into_iter().enumerate() {
        let needed: Vec<bool> = scopes.all.iter().map(|sums| users.iter().any(|number| sums.wanted[*number])).collect();
        for (leaf, own) in &scopes.leaves {
            let durations = &state.cells.all[*leaf as usize].durations[place * banks..(place + 1) * banks];
            for (bank, durations) in durations.iter().enumerate().filter(|(_, durations)| !durations.histogram.is_empty()) {
                let own = own.iter().filter(|scope| needed[**scope]);
                own.for_each(|scope| totals[scope * banks + bank].add(&durations.histogram));
            }
        }
        for (scope, sums) in scopes.all.iter_mut().enumerate().filter(|(scope, _)| needed[*scope]) {
            let totals = &mut totals[scope * banks..(scope + 1) * banks];
            totals.iter_mut().for_each(Totals::close);
            sums.of[place * banks..(place + 1) * banks].iter_mut().zip(&*totals).for_each(|(of, totals)| *of = totals.counts());
            let means_it = |number: &&usize| matches!(state.standard.indicators[**number].formula, Formula::Duration { .. });
            for number in users.iter().filter(means_it).filter(|number| sums.wanted[**number]) {
                let mut reader = Reader::new(state, *number, &sums.scope, &mut readings[*number]);
                read_one(&mut reader, sums, place, totals, &mut spreads);
            }
            totals.iter_mut().for_each(Totals::clear);
        }
    }
    spreads.sort_by(|one: &Spread, other| one.key.cmp(&other.key));
    (readings, spreads)
}

/// For each set of durations the indicators that are made of it.
fn users(state: &State<'_>) -> Vec<Vec<usize>> {
    let mut users = vec![Vec::new(); state.cells.plan.durations()];
    for (number, indicator) in state.standard.indicators.iter().enumerate() {
        let places = made_of(indicator).into_iter().flatten().filter_map(|of| state.cells.plan.duration(of));
        places.for_each(|place| users[place].push(number));
    }
    users
}

/// The sets of durations that an indicator is made of.
fn made_of(indicator: &Indicator) -> [Option<&[Tally]>; 2] {
    match &indicator.formula {
        Formula::Duration { of } | Formula::EstimatedWait { handling: of, .. } => [Some(of), None],
        Formula::Share { part, whole } => [Some(part), Some(whole)],
        _ => [None, None],
    }
}

fn read_one(reader: &mut Reader<'_>, sums: &Sums, place: usize, totals: &[Totals], spreads: &mut Vec<Spread>) {
    let state = reader.state;
    for (window, kind) in state.standard.windows.iter().enumerate() {
        let (bank, lane) = (window / LANES, window % LANES);
        let at = place * totals.len() + bank;
        let (sum_ms, of, totals) = (sums.millis[at][lane], sums.of[at][lane], &totals[bank]);
        if *kind == Window::All {
            let key = Key { indicator: reader.number, scope: sums.scope.clone(), window: Some(window) };
            spreads.push(Spread { key, at_most: totals.at_most(lane, state.cells.plan.edges(reader.number)), of, sum_ms });
        }
        let durations = durations(sum_ms, of, totals, lane);
        reader.add(Some(window), (durations.of > 0).then_some(durations.mean), MadeOf::Duration(durations));
    }
}

fn durations(sum_ms: i64, of: i64, totals: &Totals, lane: usize) -> Durations {
    if of <= 0 {
        return Durations::default();
    }
    let [p50, p80, p90, p95, p99, max] = totals.percentiles(lane, [0.5, 0.8, 0.9, 0.95, 0.99, 1.0]).map(|millis| millis / 1_000.0);
    Durations { of, mean: sum_ms as f64 / 1_000.0 / of as f64, p50, p80, p90, p95, p99, max }
}
