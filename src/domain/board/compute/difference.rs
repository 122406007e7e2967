//! Differences between two indicators, such as the VIP customers' answer rate minus everyone's.

use crate::domain::board::compute::{BoardInput, is_small_sample, target_level};
use crate::domain::board::reading::{Level, Reading, ReadingComponents, ReadingKey, ReadingState};
use crate::domain::standard::Indicator;
use crate::domain::standard::scope::Scope;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Ordered from the most to the least trusted.
const TRUST_ORDER: [ReadingState; 6] = [
    ReadingState::Ok,
    ReadingState::Provisional,
    ReadingState::SmallSample,
    ReadingState::NoPopulation,
    ReadingState::NoTraffic,
    ReadingState::Stale,
];

/// Computes the readings of a difference in one scope: the first of `operands` minus the second.
///
/// Each operand has its readings in scope order. The state is that of the less trusted operand. The
/// value is `None` if an operand has none.
pub(super) fn compute_differences(
    state: &BoardInput<'_>,
    number: usize,
    operands: [(usize, &[Reading]); 2],
    scope: &Arc<Scope>,
) -> Vec<Reading> {
    let standard = state.standard;
    let [(first, first_readings), (second, second_readings)] = operands.map(|(indicator, all)| {
        let start = all.partition_point(|reading| reading.key.scope < *scope);
        let count = all[start..]
            .iter()
            .take_while(|reading| Arc::ptr_eq(&reading.key.scope, scope))
            .count();
        (indicator, &all[start..start + count])
    });
    let windows: BTreeSet<Option<usize>> =
        first_readings.iter().chain(second_readings).map(|reading| reading.key.window).collect();
    let compute_reading = |window: Option<usize>| {
        let [first_reading, second_reading] = [first_readings, second_readings]
            .map(|readings| readings.iter().find(|reading| reading.key.window == window));
        let (first_value, second_value) = (
            first_reading.and_then(|reading| reading.value),
            second_reading.and_then(|reading| reading.value),
        );
        let value = first_value.zip(second_value).map(|(first, second)| first - second);
        let small_sample = [(first_reading, first), (second_reading, second)].iter().any(
            |(reading, indicator)| has_small_sample(*reading, &standard.indicators[*indicator]),
        );
        let target = standard.indicators[number].target_at(Some(state.now));
        let level = if small_sample { Level::None } else { target_level(target, value) };
        Reading {
            key: ReadingKey { indicator: number, scope: scope.clone(), window },
            value,
            components: ReadingComponents::Difference { first: first_value, second: second_value },
            state: less_trusted(
                state_or_no_traffic(first_reading),
                state_or_no_traffic(second_reading),
            ),
            level,
            target: target.map(|target| target.value),
        }
    };
    windows.into_iter().map(compute_reading).collect()
}

fn has_small_sample(reading: Option<&Reading>, indicator: &Indicator) -> bool {
    reading.is_some_and(|reading| {
        reading.state == ReadingState::SmallSample
            || is_small_sample(reading.components.sample_count(), indicator.small_sample)
    })
}

/// Returns the reading's state. Without a reading in this scope there is nothing to measure.
fn state_or_no_traffic(reading: Option<&Reading>) -> ReadingState {
    reading.map_or(ReadingState::NoTraffic, |reading| reading.state)
}

fn less_trusted(first: ReadingState, second: ReadingState) -> ReadingState {
    let rank = |state: &ReadingState| TRUST_ORDER.iter().position(|known| known == state);
    if rank(&first) >= rank(&second) { first } else { second }
}
