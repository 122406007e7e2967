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
///
/// Each operand has its readings in scope order. The states are those of both operands. The value
/// is `None` if an operand has none.
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
        let states = operand_states(first_reading).union(operand_states(second_reading));
        let target = standard.target_in_scope(&standard.indicators[number], scope, Some(state.now));
        // The missing part of a count may raise either operand, so it permits no verdict.
        let uncertain = states.contains(ReadingState::Partial)
            && [first, second].into_iter().any(|operand| is_count(operand, standard));
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
fn operand_states(reading: Option<&Reading>) -> ReadingStates {
    reading.map_or(ReadingStates::default().with(ReadingState::NoTraffic, true), |reading| {
        reading.states
    })
}

/// Returns true if the value counts facts, directly or in an operand.
fn is_count(indicator: usize, standard: &Standard) -> bool {
    match standard.indicators[indicator].formula {
        Formula::Count { .. } | Formula::Rate { .. } => true,
        Formula::Difference { first, second, .. } => {
            is_count(first, standard) || is_count(second, standard)
        }
        _ => false,
    }
}
