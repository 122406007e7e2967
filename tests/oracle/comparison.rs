//! Compares the engine's board with the expected one, reading by reading.

use super::board::{ExpectedBoard, ExpectedReading, is_leg_scope, reading_start, window_named};
use super::event::format_time;
use super::indicators::{OracleFormula, OracleIndicator, SCORE_WEIGHTS, SMALL_SAMPLE};
use super::targets::ratio_target;
use firstline::domain::board::reading::{Board, Reading, ReadingComponents};
use std::collections::BTreeSet;

/// Returns one line for each difference between the board and the expected one.
pub(crate) fn board_differences(
    board: &Board,
    expected: &ExpectedBoard,
    indicators: &[OracleIndicator],
    now: i64,
) -> Vec<String> {
    let mut differences = Vec::new();
    let mut present_scopes = BTreeSet::new();
    let no_facts = ExpectedReading::default();
    for reading in &board.readings {
        let number = reading.key.indicator;
        let scope = board
            .scope_values(&reading.key)
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join(" ");
        let window = board.window_name(&reading.key);
        let key = (number, scope, window_named(&window));
        let components = expected.readings.get(&key).unwrap_or(&no_facts);
        present_scopes.insert((number, key.1.clone()));
        // Whose class a leg has if its contact changes it is open.
        if indicators[number].counts_legs_only() && !(key.1.is_empty() || is_leg_scope(&key.1)) {
            continue;
        }
        let since = expected.known_since[number];
        let partial_since =
            since.filter(|since| reading_start(&key, now).is_some_and(|start| start < *since));
        let compared = match since {
            None => compare_no_data(reading),
            Some(_) => {
                let indicator = &indicators[number];
                compare_reading(reading, components, indicator, &key.1, partial_since, now)
            }
        };
        if let Err(difference) = compared {
            let name = &indicators[number].name;
            differences.push(format!("{name}{{{}}} {window}: {difference}", key.1));
        }
        // Serializing each reading would take most of the time.
        if ["now", "month"].contains(&key.2)
            && let Some(expected) = indicators[number].counts_in_scope(&key.1)
        {
            let json = serde_json::to_value(board.reading_json(reading)).expect("a JSON value");
            if json["counts"] != expected {
                let name = &indicators[number].name;
                let got = &json["counts"];
                differences.push(format!("{name}{{{}}} counts {got}, expected {expected}", key.1));
            }
        }
    }
    for place in expected.present_scopes.symmetric_difference(&present_scopes) {
        let (number, scope) = place;
        let difference = if present_scopes.contains(place) {
            if expected.possible_scopes.contains(place) {
                continue;
            }
            "unexpected reading"
        } else {
            "reading missing"
        };
        differences.push(format!("{}{{{scope}}}: {difference}", indicators[*number].name));
    }
    differences
}

/// Compares a reading of which no event was received.
fn compare_no_data(reading: &Reading) -> Result<(), String> {
    let Reading { value, since, .. } = reading;
    expect_equal("value and since", &(*value, *since), &(None, None))?;
    expect_equal("states and level", &states_and_level(reading), &(vec!["no_data"], "none"))
}

fn states_and_level(reading: &Reading) -> (Vec<&'static str>, &'static str) {
    (reading.states.iter().map(|state| state.name()).collect(), reading.level.name())
}

fn compare_reading(
    reading: &Reading,
    components: &ExpectedReading,
    indicator: &OracleIndicator,
    scope: &str,
    partial_since: Option<i64>,
    now: i64,
) -> Result<(), String> {
    let (mut state, mut level, mut value) = ("ok", "none", None);
    let sum: i64 = components.values.iter().sum();
    match (&indicator.formula, &reading.components) {
        (OracleFormula::Ratio(..), ReadingComponents::Ratio { good, of }) => {
            expect_equal("good/of", &(*good, *of), &(components.good, components.of))?;
            let (target, warning) = ratio_target(scope, now);
            expect_equal("target", &reading.target, &Some(target))?;
            if components.of > 0 {
                let ratio = components.good as f64 / components.of as f64;
                value = Some(ratio);
                (state, level) = match ratio {
                    _ if components.of < SMALL_SAMPLE => ("small_sample", "none"),
                    ratio if ratio < target => ("ok", "breached"),
                    ratio if ratio < warning => ("ok", "warning"),
                    _ => ("ok", "met"),
                };
            }
        }
        (OracleFormula::Duration(_), ReadingComponents::Duration(durations)) => {
            let count = components.values.len();
            expect_equal("of", &durations.of, &(count as i64))?;
            if count > 0 {
                value = Some(sum as f64 / 1_000.0 / count as f64);
                // Percentiles count negative durations as 0.
                let mut sorted: Vec<i64> =
                    components.values.iter().map(|value| *value.max(&0)).collect();
                sorted.sort_unstable();
                let percentiles = [
                    (50, durations.p50),
                    (80, durations.p80),
                    (90, durations.p90),
                    (95, durations.p95),
                    (99, durations.p99),
                ];
                for (percent, got) in percentiles {
                    // Nearest rank.
                    let exact = sorted[(percent * count).div_ceil(100) - 1] as f64 / 1_000.0;
                    if (got - exact).abs() > exact * 0.01 + 1e-9 {
                        return Err(format!("p{percent} is {got} s, expected {exact} s"));
                    }
                    if got > durations.max {
                        return Err(format!("p{percent} is above the maximum, {durations:?}"));
                    }
                }
                let max = sorted[count - 1] as f64 / 1_000.0;
                if (durations.max - max).abs() > 1e-9 * max || durations.max_approximate {
                    return Err(format!("the maximum of {durations:?} is not {max} s"));
                }
                if durations.mean > durations.max {
                    return Err(format!("the mean is above the maximum, {durations:?}"));
                }
            }
        }
        (OracleFormula::Count(_), ReadingComponents::Count)
        | (OracleFormula::Level(_), ReadingComponents::Level) => value = Some(components.of as f64),
        (OracleFormula::MissCount(_), ReadingComponents::MissCount { of }) => {
            expect_equal("of", of, &components.of)?;
            value = Some(sum as f64 / 1_000_000.0);
        }
        (OracleFormula::Weighted(_), ReadingComponents::Weighted { .. }) => {
            if let Some((score, is_small)) = components.score {
                value = Some(score);
                state = if is_small { "small_sample" } else { "ok" };
            }
        }
        (OracleFormula::MeanLevel(_), ReadingComponents::MeanLevel { time, .. }) => {
            expect_equal("time", time, &(components.times[1] as f64 / 1_000.0))?;
            value = Some(components.level_mean);
        }
        (OracleFormula::Oldest(_), ReadingComponents::Oldest { since }) => {
            let since = since.map(|since| since.0);
            if since != components.oldest {
                let format_since =
                    |since: Option<i64>| since.map_or("none".to_owned(), format_time);
                return Err(format!(
                    "active since {}, expected {}",
                    format_since(since),
                    format_since(components.oldest)
                ));
            }
            value = components.oldest.map(|oldest| (now - oldest) as f64 / 1_000.0);
        }
        (OracleFormula::Score(_), ReadingComponents::Score { of }) => {
            expect_equal("of", of, &(components.values.len() as i64))?;
            let weights: f64 =
                components.values.iter().map(|answer| SCORE_WEIGHTS[*answer as usize - 1]).sum();
            value = (*of > 0).then(|| weights / *of as f64);
        }
        (OracleFormula::Share(..), ReadingComponents::Share { part, whole, of }) => {
            let times = components.times.map(|millis| millis as f64 / 1_000.0);
            expect_equal("part/whole", &[*part, *whole], &times)?;
            expect_equal("of", of, &components.of)?;
            if components.of > 0 && times[1] > 0.0 {
                value = Some(times[0] / times[1]);
                state = if components.of < SMALL_SAMPLE { "small_sample" } else { "ok" };
            }
        }
        (formula, got) => return Err(format!("components {got:?} for {formula:?}")),
    }
    if value.is_none() {
        state = "no_traffic";
    }
    let equal = match (reading.value, value) {
        (Some(got), Some(expected)) => (got - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        (got, expected) => got == expected,
    };
    if !equal {
        return Err(format!("is {:?}, expected {value:?} ({components:?})", reading.value));
    }
    expect_equal("since", &reading.since.map(|since| since.0), &partial_since)?;
    let mut states = Vec::from_iter(partial_since.map(|_| "partial"));
    states.extend((state != "ok").then_some(state));
    if states.is_empty() {
        states.push("ok");
    }
    expect_equal("states and level", &states_and_level(reading), &(states, level))
}

fn expect_equal<T: PartialEq + std::fmt::Debug>(
    name: &str,
    got: &T,
    expected: &T,
) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{name} is {got:?}, expected {expected:?}")) }
}
