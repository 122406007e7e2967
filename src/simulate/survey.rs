//! Surveys: one customer in five says what a case was like, on a scale of five.

use super::rng::SimulationRng;
use super::simulated_event::SimulatedValue;

/// The share of customers who answer.
pub(super) const RESPONSE_SHARE: f64 = 0.2;

/// How often each score is given by a customer who is content, and by one who is not.
const CONTENT_SCORES: [f64; 5] = [0.01, 0.01, 0.025, 0.295, 0.66];
const DISCONTENT_SCORES: [f64; 5] = [0.24, 0.18, 0.23, 0.22, 0.13];

/// The data of an answer; `mood` runs from 0 (discontent) to 1 (content).
pub(super) fn random_answer(
    mood: f64,
    chance: &mut SimulationRng,
) -> [(&'static str, SimulatedValue); 2] {
    let scores = if chance.random_bool(mood) { &CONTENT_SCORES } else { &DISCONTENT_SCORES };
    let score = chance.choose_weighted(scores) as i64 + 1;
    [("score", SimulatedValue::Number(score)), ("scale", SimulatedValue::Number(5))]
}
