//! A board as the tests compare it: every reading as it is written for others, and those of them that add up.

use firstline::domain::board::reading::{Board, ReadingComponents};
use firstline::domain::facts::catalog::place::one_shot;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::{Indicator, Standard};
use std::collections::BTreeMap;

/// Every reading as the wire has it, a line each, after the time reached.
pub(crate) fn reading_lines(monitor: &Monitor) -> Vec<String> {
    let board = monitor.compute_board();
    let as_of = serde_json::to_string(&board.as_of).expect("a time can be written");
    let written = board.readings.iter().map(|reading| {
        serde_json::to_string(&board.reading_json(reading)).expect("a reading can be written")
    });
    std::iter::once(as_of).chain(written).collect()
}

/// What two boards say differently, in few words; empty if nothing.
pub(crate) fn line_differences(one: &[String], other: &[String]) -> String {
    let only = |these: &[String], those: &[String], sign: char| {
        these
            .iter()
            .filter(|line| !those.contains(line))
            .take(4)
            .map(|line| format!("{sign} {line}\n"))
            .collect::<String>()
    };
    match one == other {
        true => String::new(),
        false => format!(
            "{}{}(lines {} and {})",
            only(one, other, '-'),
            only(other, one, '+'),
            one.len(),
            other.len()
        ),
    }
}

/// The key of a reading: indicator, scope and window as text.
pub(crate) type ReadingName = (String, String, String);

/// The numbers behind each reading that add up over disjoint cases: good and of, count and sum in milliseconds, how many
/// stand. One-shot indicators are left out: they look at customers, who may have cases on both sides.
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

/// A scope as text: `center=hefei queue=broadband`.
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

/// Whether an indicator looks at all contacts of a customer.
pub(crate) fn is_one_shot(standard: &Standard, indicator: &Indicator) -> bool {
    let counts = |known: &firstline::domain::standard::FirstContactRule| {
        known.first_fact.offset_by(one_shot::CONTACTS)
    };
    indicator
        .fact_tallies()
        .any(|tally| standard.first_contact_rules.iter().any(|known| counts(known) == tally.kind))
}
