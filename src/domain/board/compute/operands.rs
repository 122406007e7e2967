//! Parts common to differences and weighted scores, which are computed from readings of operands.

use crate::domain::board::compute::{BoardInput, target_level};
use crate::domain::board::reading::{
    Level, Reading, ReadingComponents, ReadingKey, ReadingState, ReadingStates,
};
use crate::domain::standard::{Formula, Standard};

/// Returns a reading with a value computed from `operands`. `counts` returns true if the value
/// depends on a count.
pub(super) fn combined_reading<'r>(
    state: &BoardInput<'_>,
    key: ReadingKey,
    (value, components): (Option<f64>, ReadingComponents),
    states: ReadingStates,
    (operands, counts): (impl Iterator<Item = &'r Reading>, impl Fn() -> bool),
) -> Reading {
    let indicator = &state.standard.indicators[key.indicator];
    let target = state.standard.target_in_scope(indicator, &key.scope, Some(state.now));
    // The missing part of a count may change the value either way, so it permits no verdict.
    let uncertain = states.contains(ReadingState::Partial) && counts();
    let level =
        if states.has_no_level() || uncertain { Level::None } else { target_level(target, value) };
    Reading {
        key,
        value,
        components,
        states,
        since: operands.filter_map(|reading| reading.since).max(),
        level,
        target: target.map(|target| target.value),
    }
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
    matches!(formula, Formula::Count { .. } | Formula::MissCount { .. } | Formula::Rate { .. })
        || formula.operand_indicators().into_iter().any(|operand| is_count(operand, standard))
}
