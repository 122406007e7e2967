//! The core's board against the expected one, reading by reading.

use super::board::{Expected, Made, window_named};
use super::indicators::{Formula, Indicator, SMALL, TARGET, WEIGHTS};
use super::said::written;
use firstline::domain::board::{Board, MadeOf, Reading};
use std::collections::BTreeSet;

/// What the board says differently, a line each; at most so many lines that one can read them.
pub(crate) fn differences(board: &Board, expected: &Expected, indicators: &[Indicator], now: i64) -> Vec<String> {
    let mut differences = Vec::new();
    let mut there = BTreeSet::new();
    let nothing = Made::default();
    for reading in &board.readings {
        let number = reading.key.indicator;
        let scope = board.scope(&reading.key).map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
        let window = board.window(&reading.key);
        let key = (number, scope, window_named(&window));
        let made = expected.made.get(&key).unwrap_or(&nothing);
        if let Err(what) = compare(reading, made, &indicators[number], now) {
            differences.push(format!("{}{{{}}} {window}: {what}", indicators[number].name, key.1));
        }
        there.insert((number, key.1));
    }
    for (number, scope) in expected.there.symmetric_difference(&there) {
        let which = if there.contains(&(*number, scope.clone())) { "expected no such reading" } else { "no such reading" };
        differences.push(format!("{}{{{scope}}}: {which}", indicators[*number].name));
    }
    differences
}

fn compare(reading: &Reading, made: &Made, indicator: &Indicator, now: i64) -> Result<(), String> {
    let (mut state, mut level, mut value) = ("ok", "none", None);
    let sum: i64 = made.values.iter().sum();
    match (&indicator.formula, &reading.made_of) {
        (Formula::Ratio(..), MadeOf::Ratio { good, of }) => {
            same("good/of", &(*good, *of), &(made.good, made.of))?;
            if made.of > 0 {
                let ratio = made.good as f64 / made.of as f64;
                value = Some(ratio);
                (state, level) = match ratio {
                    _ if made.of < SMALL => ("small_sample", "none"),
                    ratio if ratio < TARGET.0 => ("ok", "breached"),
                    ratio if ratio < TARGET.1 => ("ok", "warning"),
                    _ => ("ok", "met"),
                };
            }
        }
        (Formula::Duration(_), MadeOf::Duration(durations)) => {
            let many = made.values.len();
            same("of", &durations.of, &(many as i64))?;
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
        (Formula::Level(_), MadeOf::Level) => value = Some(made.of as f64),
        (Formula::Oldest(_), MadeOf::Oldest { since }) => {
            let since = since.map(|since| since.0);
            if since != made.oldest {
                let tell = |since: Option<i64>| since.map_or("none".to_owned(), written);
                return Err(format!("stands since {}, the oracle says {}", tell(since), tell(made.oldest)));
            }
            value = made.oldest.map(|oldest| (now - oldest) as f64 / 1_000.0);
        }
        (Formula::Score(_), MadeOf::Score { of }) => {
            same("of", of, &(made.values.len() as i64))?;
            let weights: f64 = made.values.iter().map(|answer| WEIGHTS[*answer as usize - 1]).sum();
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
    same("state and level", &(reading.state.name(), reading.level.name()), &(state, level))
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, expected: &T) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what} is {got:?}, the oracle says {expected:?}")) }
}
