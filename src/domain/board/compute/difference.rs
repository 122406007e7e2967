//! Differences between two indicators, such as the VIP customers' answer rate minus everyone's.

use super::operands::{combined_reading, is_count, operand_states};
use crate::domain::board::compute::BoardInput;
use crate::domain::board::reading::{Reading, ReadingComponents, ReadingKey};
use crate::domain::standard::scope::Scope;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Computes the readings of a difference in one scope: the first of `operands` minus the second.
/// Each operand has its readings in this scope.
///
/// The states are those of both operands. The value is `None` if an operand has none.
pub(super) fn compute_differences(
    state: &BoardInput<'_>,
    number: usize,
    operands: &[&[Reading]],
    scope: &Arc<Scope>,
) -> Vec<Reading> {
    let [first_readings, second_readings] = *operands else { return Vec::new() };
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
        let states = operand_states(first_reading).union(operand_states(second_reading));
        let components = ReadingComponents::Difference { first: first_value, second: second_value };
        let operands = [first_reading, second_reading];
        combined_reading(
            state,
            ReadingKey { indicator: number, scope: scope.clone(), window },
            (value, components),
            states,
            (operands.into_iter().flatten(), || is_count(number, state.standard)),
        )
    };
    windows.into_iter().map(compute_reading).collect()
}
