//! Differences: what one indicator has more than another, as the VIP customers' answer rate over everyone's.

use super::{level_of, small};
use crate::domain::board::{Key, Level, MadeOf, Reading, State as Trust};
use crate::domain::group::Scope;
use crate::domain::standard::{Indicator, Standard};
use crate::domain::time::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// From the best to the worst.
const ORDER: [Trust; 6] = [Trust::Ok, Trust::Provisional, Trust::SmallSample, Trust::NoPopulation, Trust::NoTraffic, Trust::Stale];

/// The readings of an indicator that is `first` less `second`, from those of both in the same scope, which were read last. It
/// can be trusted as far as the worse of the two, and has no value if one of them has none.
pub(super) fn read(
    standard: &Standard,
    number: usize,
    (first, second): (usize, usize),
    scope: &Arc<Scope>,
    now: Option<Timestamp>,
    readings: &[Vec<Reading>],
) -> Vec<Reading> {
    let last = |indicator: usize| readings[indicator].iter().rev().take_while(|reading| Arc::ptr_eq(&reading.key.scope, scope));
    let windows: BTreeSet<Option<usize>> = last(first).chain(last(second)).map(|reading| reading.key.window).collect();
    let read = |window: Option<usize>| {
        let of = |indicator: usize| last(indicator).find(|reading| reading.key.window == window);
        let (one, other) = (of(first), of(second));
        let (first_value, second_value) = (one.and_then(|one| one.value), other.and_then(|other| other.value));
        let value = first_value.zip(second_value).map(|(one, other)| one - other);
        let too_few =
            [(one, first), (other, second)].iter().any(|(reading, indicator)| is_small(*reading, &standard.indicators[*indicator]));
        let target = standard.indicators[number].target_at(now);
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
