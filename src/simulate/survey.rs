//! Customer surveys: one customer in five rates a case on a scale from 1 to 5.

use super::rng::SimulationRng;
use super::simulated_event::SimulatedValue;

/// Share of the customers who answer.
pub(super) const RESPONSE_SHARE: f64 = 0.2;

/// Shares of the scores 1 to 5 from satisfied and from dissatisfied customers.
const CONTENT_SCORES: [f64; 5] = [0.01, 0.01, 0.025, 0.295, 0.66];
const DISCONTENT_SCORES: [f64; 5] = [0.24, 0.18, 0.23, 0.22, 0.13];

/// Returns the data of an answer. `mood` is the probability of a satisfied customer, 0 to 1.
pub(super) fn random_answer(
    mood: f64,
    rng: &mut SimulationRng,
) -> [(&'static str, SimulatedValue); 2] {
    let scores = if rng.random_bool(mood) { &CONTENT_SCORES } else { &DISCONTENT_SCORES };
    let score = rng.choose_weighted(scores) as i64 + 1;
    [("score", SimulatedValue::Number(score)), ("scale", SimulatedValue::Number(5))]
}
