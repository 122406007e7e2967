//! Differences: what one indicator has more than another, as the VIP customers' answer rate over everyone's.

use crate::domain::board::compute::{BoardInput, is_small_sample, target_level};
use crate::domain::board::reading::{
    Level, Reading, ReadingComponents, ReadingKey, ReadingState as Trust,
};
use crate::domain::standard::Indicator;
use crate::domain::standard::scope::Scope;
use std::collections::BTreeSet;
use std::sync::Arc;

/// From the best to the worst.
const TRUST_ORDER: [Trust; 6] = [
    Trust::Ok,
    Trust::Provisional,
    Trust::SmallSample,
    Trust::NoPopulation,
    Trust::NoTraffic,
    Trust::Stale,
];

/// The readings of an indicator that is the first of `two` less the second, with the readings of each in the order of their
/// scopes. It can be trusted as far as the worse of the two, and has no value if one of them has none.
pub(super) fn compute_differences(
    state: &BoardInput<'_>,
    number: usize,
    two: [(usize, &[Reading]); 2],
    scope: &Arc<Scope>,
) -> Vec<Reading> {
    let standard = state.standard;
    let [(first, first_own), (second, second_own)] = two.map(|(indicator, all)| {
        let begin = all.partition_point(|reading| reading.key.scope < *scope);
        let many = all[begin..]
            .iter()
            .take_while(|reading| Arc::ptr_eq(&reading.key.scope, scope))
            .count();
        (indicator, &all[begin..begin + many])
    });
    let windows: BTreeSet<Option<usize>> =
        first_own.iter().chain(second_own).map(|reading| reading.key.window).collect();
    let read = |window: Option<usize>| {
        let [one, other] = [first_own, second_own]
            .map(|own| own.iter().find(|reading| reading.key.window == window));
        let (first_value, second_value) =
            (one.and_then(|one| one.value), other.and_then(|other| other.value));
        let value = first_value.zip(second_value).map(|(one, other)| one - other);
        let too_few = [(one, first), (other, second)].iter().any(|(reading, indicator)| {
            has_small_sample(*reading, &standard.indicators[*indicator])
        });
        let target = standard.indicators[number].target_at(Some(state.now));
        let level = if too_few { Level::None } else { target_level(target, value) };
        Reading {
            key: ReadingKey { indicator: number, scope: scope.clone(), window },
            value,
            components: ReadingComponents::Difference { first: first_value, second: second_value },
            state: less_trusted(state_or_no_traffic(one), state_or_no_traffic(other)),
            level,
            target: target.map(|target| target.value),
        }
    };
    windows.into_iter().map(read).collect()
}

fn has_small_sample(reading: Option<&Reading>, indicator: &Indicator) -> bool {
    reading.is_some_and(|reading| {
        reading.state == Trust::SmallSample
            || is_small_sample(reading.components.sample_count(), indicator.small_sample)
    })
}

/// A scope that one of the two does not speak of has nothing to measure.
fn state_or_no_traffic(reading: Option<&Reading>) -> Trust {
    reading.map_or(Trust::NoTraffic, |reading| reading.state)
}

fn less_trusted(one: Trust, other: Trust) -> Trust {
    let place = |trust: &Trust| TRUST_ORDER.iter().position(|known| known == trust);
    if place(&one) >= place(&other) { one } else { other }
}
