//! Surveys: one customer in five says what a case was like, on a scale of five.

use super::chance::Chance;
use super::report::Value;

/// The share of customers who answer.
pub(super) const RESPONSE: f64 = 0.2;

/// How often each score is given by a customer who is content, and by one who is not.
const CONTENT: [f64; 5] = [0.01, 0.01, 0.025, 0.295, 0.66];
const DISCONTENT: [f64; 5] = [0.24, 0.18, 0.23, 0.22, 0.13];

/// The data of an answer; `mood` runs from 0 (discontent) to 1 (content).
pub(super) fn answer(mood: f64, chance: &mut Chance) -> [(&'static str, Value); 2] {
    let scores = if chance.yes(mood) { &CONTENT } else { &DISCONTENT };
    let score = chance.weighted(scores) as i64 + 1;
    [("score", Value::Number(score)), ("scale", Value::Number(5))]
}
