//! The core's board against the expected one, reading by reading.

use super::board::{ExpectedBoard, ExpectedReading, window_named};
use super::event::format_time;
use super::indicators::{
    OracleFormula, OracleIndicator, RATIO_TARGET, SCORE_WEIGHTS, SMALL_SAMPLE,
};
use firstline::domain::board::reading::{Board, Reading, ReadingComponents};
use std::collections::BTreeSet;

/// What the board says differently, a line each; at most so many lines that one can read them.
pub(crate) fn board_differences(
    board: &Board,
    expected: &ExpectedBoard,
    indicators: &[OracleIndicator],
    now: i64,
) -> Vec<String> {
    let mut differences = Vec::new();
    let mut there = BTreeSet::new();
    let nothing = ExpectedReading::default();
    for reading in &board.readings {
        let number = reading.key.indicator;
        let scope = board
            .scope_values(&reading.key)
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join(" ");
        let window = board.window_name(&reading.key);
        let key = (number, scope, window_named(&window));
        let made = expected.readings.get(&key).unwrap_or(&nothing);
        if let Err(what) = compare_reading(reading, made, &indicators[number], now) {
            differences.push(format!("{}{{{}}} {window}: {what}", indicators[number].name, key.1));
        }
        there.insert((number, key.1));
    }
    for (number, scope) in expected.present_scopes.symmetric_difference(&there) {
        let which = if there.contains(&(*number, scope.clone())) {
            "expected no such reading"
        } else {
            "no such reading"
        };
        differences.push(format!("{}{{{scope}}}: {which}", indicators[*number].name));
    }
    differences
}

fn compare_reading(
    reading: &Reading,
    made: &ExpectedReading,
    indicator: &OracleIndicator,
    now: i64,
) -> Result<(), String> {
    let (mut state, mut level, mut value) = ("ok", "none", None);
    let sum: i64 = made.values.iter().sum();
    match (&indicator.formula, &reading.components) {
        (OracleFormula::Ratio(..), ReadingComponents::Ratio { good, of }) => {
            expect_equal("good/of", &(*good, *of), &(made.good, made.of))?;
            if made.of > 0 {
                let ratio = made.good as f64 / made.of as f64;
                value = Some(ratio);
                (state, level) = match ratio {
                    _ if made.of < SMALL_SAMPLE => ("small_sample", "none"),
                    ratio if ratio < RATIO_TARGET.0 => ("ok", "breached"),
                    ratio if ratio < RATIO_TARGET.1 => ("ok", "warning"),
                    _ => ("ok", "met"),
                };
            }
        }
        (OracleFormula::Duration(_), ReadingComponents::Duration(durations)) => {
            let many = made.values.len();
            expect_equal("of", &durations.of, &(many as i64))?;
            if many > 0 {
                value = Some(sum as f64 / 1_000.0 / many as f64);
                // What is negative counts as nothing, in percentiles.
                let mut sorted: Vec<i64> = made.values.iter().map(|value| *value.max(&0)).collect();
                sorted.sort_unstable();
                let percentiles = [
                    (50, durations.p50),
                    (80, durations.p80),
                    (90, durations.p90),
                    (95, durations.p95),
                    (99, durations.p99),
                    (100, durations.max),
                ];
                for (percent, got) in percentiles {
                    // The smallest value such that at least that share is not greater.
                    let exact = sorted[(percent * many).div_ceil(100) - 1] as f64 / 1_000.0;
                    if (got - exact).abs() > exact * 0.01 + 1e-9 {
                        return Err(format!("p{percent} is {got} s, the oracle says {exact} s"));
                    }
                }
            }
        }
        (OracleFormula::Level(_), ReadingComponents::Level) => value = Some(made.of as f64),
        (OracleFormula::Oldest(_), ReadingComponents::Oldest { since }) => {
            let since = since.map(|since| since.0);
            if since != made.oldest {
                let tell = |since: Option<i64>| since.map_or("none".to_owned(), format_time);
                return Err(format!(
                    "stands since {}, the oracle says {}",
                    tell(since),
                    tell(made.oldest)
                ));
            }
            value = made.oldest.map(|oldest| (now - oldest) as f64 / 1_000.0);
        }
        (OracleFormula::Score(_), ReadingComponents::Score { of }) => {
            expect_equal("of", of, &(made.values.len() as i64))?;
            let weights: f64 =
                made.values.iter().map(|answer| SCORE_WEIGHTS[*answer as usize - 1]).sum();
            value = (*of > 0).then(|| weights / *of as f64);
        }
        (formula, made_of) => return Err(format!("{made_of:?} for {formula:?}")),
    }
    if value.is_none() {
        state = "no_traffic";
    }
    let near = match (reading.value, value) {
        (Some(got), Some(expected)) => (got - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        (got, expected) => got == expected,
    };
    if !near {
        return Err(format!("is {:?}, the oracle says {value:?} ({made:?})", reading.value));
    }
    expect_equal("state and level", &(reading.state.name(), reading.level.name()), &(state, level))
}

fn expect_equal<T: PartialEq + std::fmt::Debug>(
    what: &str,
    got: &T,
    expected: &T,
) -> Result<(), String> {
    if got == expected {
        Ok(())
    } else {
        Err(format!("{what} is {got:?}, the oracle says {expected:?}"))
    }
}
