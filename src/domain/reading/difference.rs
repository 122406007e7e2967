//! Differences: what one indicator has more than another, as the VIP customers' answer rate over everyone's.

use super::{State, level_of, small};
use crate::domain::board::{Key, Level, MadeOf, Reading, State as Trust};
use crate::domain::scope::Scope;
use crate::domain::standard::Indicator;
use std::collections::BTreeSet;
use std::sync::Arc;

/// From the best to the worst.
const ORDER: [Trust; 6] = [Trust::Ok, Trust::Provisional, Trust::SmallSample, Trust::NoPopulation, Trust::NoTraffic, Trust::Stale];

/// The readings of an indicator that is the first of `two` less the second, with the readings of each in the order of their
/// scopes. It can be trusted as far as the worse of the two, and has no value if one of them has none.
pub(super) fn read(state: &State<'_>, number: usize, two: [(usize, &[Reading]); 2], scope: &Arc<Scope>) -> Vec<Reading> {
    let standard = state.standard;
    let [(first, first_own), (second, second_own)] = two.map(|(indicator, all)| {
        let begin = all.partition_point(|reading| reading.key.scope < *scope);
        let many = all[begin..].iter().take_while(|reading| Arc::ptr_eq(&reading.key.scope, scope)).count();
        (indicator, &all[begin..begin + many])
    });
    let windows: BTreeSet<Option<usize>> = first_own.iter().chain(second_own).map(|reading| reading.key.window).collect();
    let read = |window: Option<usize>| {
        let [one, other] = [first_own, second_own].map(|own| own.iter().find(|reading| reading.key.window == window));
        let (first_value, second_value) = (one.and_then(|one| one.value), other.and_then(|other| other.value));
        let value = first_value.zip(second_value).map(|(one, other)| one - other);
        let too_few =
            [(one, first), (other, second)].iter().any(|(reading, indicator)| is_small(*reading, &standard.indicators[*indicator]));
        let target = standard.indicators[number].target_at(Some(state.now));
        let level = if too_few { Level::None } else { level_of(target, value) };
        Reading {
            key: Key { indicator: number, scope: scope.clone(), window },
            value,
            made_of: MadeOf::Difference { first: first_value, second: second_value },
            state: worse(trust(one), trust(other)),
            level,
            target: target.map(|target| target.value),
        }
    };
    windows.into_iter().map(read).collect()
}

fn is_small(reading: Option<&Reading>, indicator: &Indicator) -> bool {
    reading.is_some_and(|reading| reading.state == Trust::SmallSample || small(reading.made_of.of(), indicator.small_sample))
}

/// A scope that one of the two does not speak of has nothing to measure.
fn trust(reading: Option<&Reading>) -> Trust {
    reading.map_or(Trust::NoTraffic, |reading| reading.state)
}

fn worse(one: Trust, other: Trust) -> Trust {
    let place = |trust: &Trust| ORDER.iter().position(|known| known == trust);
    if place(&one) >= place(&other) { one } else { other }
}
