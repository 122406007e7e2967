//! Readings as a table for people.

use crate::domain::board::{Board, Level, MadeOf, Reading, State};

/// The table with its heading.
pub(super) fn text(board: &Board, readings: &[&Reading]) -> String {
    let as_of = board.as_of.map_or("nothing yet".to_owned(), |time| time.to_string());
    let rows: Vec<[String; 6]> = readings.iter().map(|reading| row(board, reading)).collect();
    let heading = ["indicator", "scope", "window", "value", "of", ""].map(str::to_owned);
    let mut widths = [0; 6];
    for row in std::iter::once(&heading).chain(&rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let version = board.standard.version_at(board.as_of).map_or("", |version| &version.version);
    let mut text = format!("{} {version} as of {as_of}\n", board.standard.title.en);
    for row in std::iter::once(&heading).chain(&rows) {
        let mut line = String::new();
        for (place, (cell, width)) in row.iter().zip(widths).enumerate() {
            let padding = " ".repeat(width - cell.chars().count());
            // Numbers are compared by eye, so they end in one column.
            line += &if place == 3 || place == 4 { format!("{padding}{cell}  ") } else { format!("{cell}{padding}  ") };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn row(board: &Board, reading: &Reading) -> [String; 6] {
    let indicator = &board.standard.indicators[reading.key.indicator];
    let scope: Vec<String> = board.scope(&reading.key).map(|(dimension, value)| format!("{dimension}={value}")).collect();
    let value = match (reading.value, &reading.made_of) {
        (None, _) => "-".to_owned(),
        (Some(value), MadeOf::Ratio { .. }) => format!("{:.2} %", value * 100.0),
        (Some(value), MadeOf::Duration(_) | MadeOf::Oldest { .. }) => seconds(value),
        (Some(value), MadeOf::Level) => format!("{value}"),
        (Some(value), MadeOf::Score { .. }) => format!("{value:.3}"),
    };
    let of = match &reading.made_of {
        MadeOf::Ratio { good, of } => format!("{good} / {of}"),
        MadeOf::Duration(durations) if durations.of > 0 => format!("{}, P95 {}", durations.of, seconds(durations.p95)),
        MadeOf::Duration(_) | MadeOf::Level | MadeOf::Oldest { .. } => String::new(),
        MadeOf::Score { of } => of.to_string(),
    };
    let mut remark = match reading.level {
        Level::None => String::new(),
        level => level.name().to_owned(),
    };
    if reading.state != State::Ok {
        remark = format!("{remark} ({})", reading.state.name()).trim_start().to_owned();
    }
    [
        indicator.name.clone(),
        if scope.is_empty() { "everything".to_owned() } else { scope.join(" ") },
        board.window(&reading.key),
        value,
        of,
        remark,
    ]
}

fn seconds(value: f64) -> String {
    match value {
        ..120.0 => format!("{value:.1} s"),
        ..7_200.0 => format!("{:.1} min", value / 60.0),
        ..172_800.0 => format!("{:.1} h", value / 3_600.0),
        _ => format!("{:.1} d", value / 86_400.0),
    }
}
