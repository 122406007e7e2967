//! Comparable forms of a board: all readings as JSON lines, and the sums that add up over cases.

use firstline::domain::board::reading::{Board, ReadingComponents};
use firstline::domain::facts::catalog::place::one_shot;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::{Indicator, Standard};
use std::collections::BTreeMap;

/// Returns the board time, then every reading as JSON, one line each.
pub(crate) fn reading_lines(monitor: &mut Monitor) -> Vec<String> {
    let board = monitor.compute_board();
    let as_of = serde_json::to_string(&board.as_of).expect("times serialize");
    let lines = board.readings.iter().map(|reading| {
        serde_json::to_string(&board.reading_json(reading)).expect("readings serialize")
    });
    std::iter::once(as_of).chain(lines).collect()
}

/// Returns the first lines that are only in one of two boards, empty if the boards are equal.
pub(crate) fn line_differences(left: &[String], right: &[String]) -> String {
    let only_in = |lines: &[String], others: &[String], sign: char| {
        lines
            .iter()
            .filter(|line| !others.contains(line))
            .take(4)
            .map(|line| format!("{sign} {line}\n"))
            .collect::<String>()
    };
    match left == right {
        true => String::new(),
        false => format!(
            "{}{}(lines {} and {})",
            only_in(left, right, '-'),
            only_in(right, left, '+'),
            left.len(),
            right.len()
        ),
    }
}

/// Key of a reading: indicator, scope and window as text.
pub(crate) type ReadingName = (String, String, String);

/// Returns the components of each reading that add up over disjoint cases: numerator and
/// denominator, sum in milliseconds and count, or the value of a gauge.
///
/// First contact indicators are left out, since the cases of a customer may be in both parts.
pub(crate) fn additive_sums(board: &Board) -> BTreeMap<ReadingName, (i64, i64)> {
    let mut sums = BTreeMap::new();
    for reading in &board.readings {
        let indicator = &board.standard.indicators[reading.key.indicator];
        let pair = match &reading.components {
            ReadingComponents::Ratio { good, of } if !is_one_shot(&board.standard, indicator) => {
                (*good, *of)
            }
            ReadingComponents::Duration(durations) => {
                ((durations.mean * durations.of as f64 * 1_000.0).round() as i64, durations.of)
            }
            ReadingComponents::Level => (reading.value.unwrap_or(0.0) as i64, 0),
            ReadingComponents::Score { of } => {
                ((reading.value.unwrap_or(0.0) * *of as f64 * 1_000.0).round() as i64, *of)
            }
            _ => continue,
        };
        if pair != (0, 0) {
            sums.insert(
                (
                    indicator.name.clone(),
                    scope_text(board, &reading.key),
                    board.window_name(&reading.key),
                ),
                pair,
            );
        }
    }
    sums
}

/// Formats a scope as in `center=hefei queue=broadband`.
pub(crate) fn scope_text(
    board: &Board,
    key: &firstline::domain::board::reading::ReadingKey,
) -> String {
    board
        .scope_values(key)
        .map(|(dimension, value)| format!("{dimension}={value}"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Returns true if the indicator counts first contact resolution.
pub(crate) fn is_one_shot(standard: &Standard, indicator: &Indicator) -> bool {
    let fact_kind = |rule: &firstline::domain::standard::FirstContactRule| {
        rule.first_fact.offset_by(one_shot::CONTACTS)
    };
    indicator
        .fact_tallies()
        .any(|tally| standard.first_contact_rules.iter().any(|rule| fact_kind(rule) == tally.kind))
}
