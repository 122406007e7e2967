//! Differences between two indicators, such as the VIP customers' answer rate minus everyone's.

use crate::domain::board::compute::{BoardInput, target_level};
use crate::domain::board::reading::{
    Level, Reading, ReadingComponents, ReadingKey, ReadingState, ReadingStates,
};
use crate::domain::standard::scope::Scope;
use crate::domain::standard::{Formula, Standard};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Computes the readings of a difference in one scope: the first of `operands` minus the second.
/// Each operand has its readings in this scope.
///
/// The states are those of both operands. The value
/// is `None` if an operand has none.
pub(super) fn compute_differences(
    state: &BoardInput<'_>,
    number: usize,
    operands: &[&[Reading]],
    scope: &Arc<Scope>,
) -> Vec<Reading> {
    let standard = state.standard;
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
        let target = standard.target_in_scope(&standard.indicators[number], scope, Some(state.now));
        // The missing part of a count may raise either operand, so it permits no verdict.
        let uncertain = states.contains(ReadingState::Partial) && is_count(number, standard);
        let level = match states.has_no_level() || uncertain {
            true => Level::None,
            false => target_level(target, value),
        };
        let operands = [first_reading, second_reading].into_iter().flatten();
        Reading {
            key: ReadingKey { indicator: number, scope: scope.clone(), window },
            value,
            components: ReadingComponents::Difference { first: first_value, second: second_value },
            states,
            since: operands.filter_map(|reading| reading.since).max(),
            level,
            target: target.map(|target| target.value),
        }
    };
    windows.into_iter().map(compute_reading).collect()
}

/// Returns the states of an operand. Without a reading in this scope there is nothing to measure.
pub(super) fn operand_states(reading: Option<&Reading>) -> ReadingStates {
    reading.map_or(ReadingStates::default().with(ReadingState::NoTraffic, true), |reading| {
        reading.states
    })
}

/// Returns true if the value counts facts, directly or in an operand.
pub(super) fn is_count(indicator: usize, standard: &Standard) -> bool {
    let formula = &standard.indicators[indicator].formula;
    matches!(formula, Formula::Count { .. } | Formula::Rate { .. })
        || formula.operand_indicators().into_iter().any(|operand| is_count(operand, standard))
}
