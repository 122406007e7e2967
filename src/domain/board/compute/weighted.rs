//! Weighted scores: points of several indicators for reaching their targets, as one score.

use super::operands::{combined_reading, is_count, operand_states};
use crate::domain::board::compute::BoardInput;
use crate::domain::board::reading::{
    PartReading, Reading, ReadingComponents, ReadingKey, ReadingState, ReadingStates,
};
use crate::domain::standard::Standard;
use crate::domain::standard::scope::Scope;
use crate::domain::standard::weighted::{WeightedFormula, part_points, weighted_score};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Computes the readings of a weighted score in one scope. `operands` has the readings of each part
/// in this scope.
///
/// A part that is a current state counts with its value now in every window. The states are those
/// of the parts with a value.
pub(super) fn compute_weighted_scores(
    state: &BoardInput<'_>,
    (number, formula): (usize, &WeightedFormula),
    operands: &[&[Reading]],
    scope: &Arc<Scope>,
) -> Vec<Reading> {
    let mut windows: BTreeSet<Option<usize>> =
        operands.iter().flat_map(|all| all.iter()).map(|reading| reading.key.window).collect();
    if !formula.is_current_state {
        windows.remove(&None);
    }
    let compute_reading = |window: Option<usize>| {
        let is_of_window = |one: &&Reading| one.key.window == window || one.key.window.is_none();
        let readings: Vec<Option<&Reading>> =
            operands.iter().map(|all| all.iter().find(is_of_window)).collect();
        score_reading(state, (number, formula), &readings, (scope, window))
    };
    windows.into_iter().map(compute_reading).collect()
}

/// Returns the score of the readings of its parts.
fn score_reading(
    state: &BoardInput<'_>,
    (number, formula): (usize, &WeightedFormula),
    readings: &[Option<&Reading>],
    (scope, window): (&Arc<Scope>, Option<usize>),
) -> Reading {
    let standard: &Standard = state.standard;
    let parts: Vec<PartReading> = formula
        .parts
        .iter()
        .zip(readings)
        .map(|(part, reading)| {
            let value = reading.and_then(|reading| reading.value);
            let indicator = &standard.indicators[part.indicator];
            let target = standard.target_in_scope(indicator, scope, Some(state.now));
            let points = value.zip(target).map(|(value, target)| part_points(value, target));
            let reading_state = operand_states(*reading).first();
            let (indicator, weight) = (part.indicator, part.weight);
            PartReading { indicator, value, points, weight, state: reading_state }
        })
        .collect();
    let value = weighted_score(formula, parts.iter().map(|part| part.points));
    // A part that was never received is only missing, unless there is no other.
    let has_data = |part: &PartReading| part.state != ReadingState::NoData;
    let no_data = !parts.iter().any(has_data);
    let counted = |place: &usize| match value {
        Some(_) => parts[*place].points.is_some(),
        None => no_data || has_data(&parts[*place]),
    };
    let places: Vec<usize> = (0..parts.len()).filter(counted).collect();
    let states = places.iter().map(|place| operand_states(readings[*place]));
    let states = states.fold(ReadingStates::default(), ReadingStates::union);
    let states = if value.is_some() || no_data {
        states
    } else {
        // With too little weight there is no score, even if some parts have values.
        [ReadingState::Stale, ReadingState::Partial]
            .into_iter()
            .fold(ReadingStates::OK, |kept, state| kept.with(state, states.contains(state)))
            .with(ReadingState::NoTraffic, true)
    };
    let counts = || places.iter().any(|place| is_count(formula.parts[*place].indicator, standard));
    combined_reading(
        state,
        ReadingKey { indicator: number, scope: scope.clone(), window },
        (value, ReadingComponents::Weighted { parts }),
        states,
        (places.iter().filter_map(|place| readings[*place]), counts),
    )
}
