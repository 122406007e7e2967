//! Readings as a text table.

use crate::domain::board::reading::{Board, Level, Reading, ReadingComponents, ReadingState};
use crate::domain::standard::label::INDICATOR_LABELS;

/// Returns the table with its heading.
///
/// `group_by` is the key of a label. Rows are grouped by its values, and indicators without that
/// label come last.
pub(super) fn readings_table(
    board: &Board,
    readings: &[&Reading],
    group_by: Option<&str>,
) -> String {
    let lines = |groups: &[_]| {
        align_columns(["indicator", "scope", "window", "value", "of", ""], &[3, 4], groups)
    };
    let Some(key) = group_by else {
        let rows: Vec<[String; 6]> =
            readings.iter().map(|reading| reading_row(board, reading)).collect();
        return table_heading(board) + &lines(&[(None, rows)]);
    };
    let values =
        INDICATOR_LABELS.iter().filter(|(known, _)| *known == key).flat_map(|(_, values)| *values);
    let label_of = |reading: &Reading| {
        board.standard.indicators[reading.key.indicator].labels.iter().find(|label| label.0 == key)
    };
    let groups = values.map(|value| Some(*value)).chain([None]).map(|value| {
        let members =
            readings.iter().filter(|reading| label_of(reading).map(|label| label.1) == value);
        let title =
            value.map_or_else(|| format!("without {key}"), |value| format!("{key}: {value}"));
        (Some(title), members.map(|reading| reading_row(board, reading)).collect())
    });
    let groups: Vec<(Option<String>, Vec<[String; 6]>)> =
        groups.filter(|(_, rows): &(_, Vec<_>)| !rows.is_empty()).collect();
    table_heading(board) + &lines(&groups)
}

/// Returns the line above a table, with the standard, its version and the time.
pub(super) fn table_heading(board: &Board) -> String {
    let as_of = board.as_of.map_or("nothing yet".to_owned(), |time| time.to_string());
    let version = board.standard.version_at(board.as_of).map_or("", |version| &version.version);
    let mut heading = format!("{} {version} as of {as_of}\n", board.standard.title.en);
    for calendar in board.standard.ended_calendars(board.as_of) {
        let last_day = calendar.last_day.map(|day| day.to_string()).unwrap_or_default();
        heading +=
            &format!("warning: calendar `{}` has no holidays after {last_day}\n", calendar.name);
    }
    heading
}

/// Formats groups of rows under one heading. Columns in `numbers` are right-aligned.
pub(super) fn align_columns<const COLUMNS: usize>(
    heading: [&str; COLUMNS],
    numbers: &[usize],
    groups: &[(Option<String>, Vec<[String; COLUMNS]>)],
) -> String {
    let heading = heading.map(str::to_owned);
    let mut widths = [0; COLUMNS];
    for row in std::iter::once(&heading).chain(groups.iter().flat_map(|(_, rows)| rows)) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; COLUMNS]| {
        let mut line = String::new();
        for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
            let padding = " ".repeat(width - cell.chars().count());
            line += &if numbers.contains(&index) {
                format!("{padding}{cell}  ")
            } else {
                format!("{cell}{padding}  ")
            };
        }
        format!("{}\n", line.trim_end())
    };
    let mut text = line(&heading);
    for (title, rows) in groups {
        text.extend(title.iter().map(|title| format!("\n{title}\n")));
        text.extend(rows.iter().map(line));
    }
    text
}

fn reading_row(board: &Board, reading: &Reading) -> [String; 6] {
    let indicator = &board.standard.indicators[reading.key.indicator];
    let scope: Vec<String> = board
        .scope_values(&reading.key)
        .map(|(dimension, value)| format!("{dimension}={value}"))
        .collect();
    let components = reading.displayed_components();
    let value = match (reading.value, &*components) {
        (None, _) => "-".to_owned(),
        (Some(value), ReadingComponents::Difference { .. }) => {
            format!(
                "{}{}",
                if value < 0.0 { "-" } else { "+" },
                format_gap(value.abs(), indicator.unit())
            )
        }
        (Some(value), _) => format_amount(value, indicator.unit()),
    };
    let of = match &*components {
        ReadingComponents::Ratio { good, of } => format!("{good} / {of}"),
        ReadingComponents::Duration(durations) if durations.of > 0 => {
            format!("{}, P95 {}", durations.of, format_seconds(durations.p95))
        }
        ReadingComponents::Duration(_)
        | ReadingComponents::Count
        | ReadingComponents::Level
        | ReadingComponents::Oldest { .. } => String::new(),
        ReadingComponents::MeanLevel { time, elapsed } => {
            format!("{} / {}", format_seconds(*time), format_seconds(*elapsed))
        }
        ReadingComponents::Score { of } | ReadingComponents::MissCount { of } => of.to_string(),
        ReadingComponents::Share { part, whole, .. } => {
            format!("{} / {}", format_seconds(*part), format_seconds(*whole))
        }
        ReadingComponents::Rate { count, population: Some(users) } => format!("{count} / {users}"),
        ReadingComponents::Rate { count, population: None } => format!("{count} / ?"),
        ReadingComponents::Difference { first, second } => {
            let shown = |value: &Option<f64>| {
                value.map_or("-".to_owned(), |value| format_amount(value, indicator.unit()))
            };
            format!("{} - {}", shown(first), shown(second))
        }
        ReadingComponents::Benchmark { period } => {
            period.map_or(String::new(), |period| period.to_string())
        }
        ReadingComponents::BenchmarkRatio { good, of: Some(of), period: Some(period) } => {
            format!("{good} / {of} in {period}")
        }
        ReadingComponents::BenchmarkRatio { good, .. } => format!("{good} / ?"),
        ReadingComponents::Weighted { parts } => {
            let all: f64 = parts.iter().map(|part| part.weight).sum();
            let counted = parts.iter().filter(|part| part.points.is_some());
            format!("weight {} / {all}", counted.map(|part| part.weight).sum::<f64>())
        }
        ReadingComponents::EstimatedWait { waiting, handling, agents, .. } => {
            let handling = handling.map_or("-".to_owned(), format_seconds);
            format!("({waiting} + 1) x {handling} / {agents}")
        }
    };
    let mut remark = match reading.level {
        Level::None => String::new(),
        level => level.name().to_owned(),
    };
    if reading.state() != ReadingState::Ok {
        remark = format!("{remark} ({})", describe_states(reading)).trim_start().to_owned();
    }
    [
        indicator.name.clone(),
        if scope.is_empty() { "everything".to_owned() } else { scope.join(" ") },
        board.window_name(&reading.key),
        value,
        of,
        remark,
    ]
}

/// Returns the states of a reading. A partial one says from when it is known.
pub(super) fn describe_states(reading: &Reading) -> String {
    let names = reading.states.iter().map(|state| match (state, reading.since) {
        (ReadingState::Partial, Some(since)) => format!("{} since {since}", state.name()),
        _ => state.name().to_owned(),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// Formats a value with its unit.
pub(super) fn format_amount(value: f64, unit: &str) -> String {
    match unit {
        "ratio" => format!("{:.2} %", value * 100.0),
        "seconds" => format_seconds(value),
        "count" if value.fract() == 0.0 => format!("{value}"),
        "score" => format!("{value:.3}"),
        "points" => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Formats the difference between two values. For ratios it is in percentage points.
pub(super) fn format_gap(value: f64, unit: &str) -> String {
    if unit == "ratio" {
        format!("{:.2} points", value * 100.0)
    } else {
        format_amount(value, unit)
    }
}

fn format_seconds(value: f64) -> String {
    match value {
        ..120.0 => format!("{value:.1} s"),
        ..7_200.0 => format!("{:.1} min", value / 60.0),
        ..172_800.0 => format!("{:.1} h", value / 3_600.0),
        _ => format!("{:.1} d", value / 86_400.0),
    }
}
