//! The board as plain text, for scripts and e-mails.

use super::messages::Messages;
use super::view::{BoardView, HeadlineRow, PlaceSummary, Verdict};
use std::fmt::Write;

/// Formats a view as tables.
#[must_use]
pub fn write_text(view: &BoardView, as_of: Option<&str>, messages: &Messages) -> String {
    let mut text = format!("{} · {}", view.organization, view.scope_title);
    if let Some(as_of) = as_of {
        let _ = write!(text, " · {} {as_of}", messages.as_of);
    }
    text.push('\n');
    for warning in &view.warnings {
        let _ = writeln!(text, "{} {warning}", Verdict::Warning.sign());
    }
    text.push('\n');
    let rows: Vec<[&str; 6]> = view.lines.iter().map(line_cells).collect();
    write_table(&rows, &mut text);
    if !view.places.is_empty() {
        let _ = write!(text, "\n{}\n", view.caption);
        let summaries: Vec<(String, String)> = view
            .places
            .iter()
            .map(|place| (format_breach_counts(place), format_breaches(place, messages)))
            .collect();
        let rows: Vec<[&str; 3]> = view
            .places
            .iter()
            .zip(&summaries)
            .map(|(place, (counts, breaches))| [&*place.name, counts, breaches])
            .collect();
        write_table(&rows, &mut text);
    }
    text
}

fn line_cells(line: &HeadlineRow) -> [&str; 6] {
    [line.verdict.sign(), &line.title, &line.window, &line.value, &line.target, &line.note]
}

/// Formats the number of breaches and warnings of a place with their signs.
#[must_use]
pub fn format_breach_counts(place: &PlaceSummary) -> String {
    match place.breach_counts {
        (0, 0) if place.met == 0 => String::new(),
        (0, 0) => "✓".to_owned(),
        (breached, 0) => format!("✕{breached}"),
        (0, warning) => format!("▲{warning}"),
        (breached, warning) => format!("✕{breached} ▲{warning}"),
    }
}

/// Formats the breaches and warnings of a place with their values.
#[must_use]
pub fn format_breaches(place: &PlaceSummary, messages: &Messages) -> String {
    let texts: Vec<String> =
        place.breaches.iter().map(|(verdict, text)| format!("{} {text}", verdict.sign())).collect();
    match place.met {
        _ if !texts.is_empty() => texts.join("  "),
        0 => messages.not_evaluated.to_owned(),
        met if place.is_unsure => format!("{met} {}", messages.on_target),
        _ => messages.all_targets_met.to_owned(),
    }
}

/// Writes aligned columns. A Chinese character is two columns wide.
fn write_table<const N: usize>(rows: &[[&str; N]], text: &mut String) {
    let width = |cell: &str| ratatui::text::Span::raw(cell).width();
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| width(row[column])).max().unwrap_or(0));
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, column)| format!("{cell}{:1$}", "", column - width(cell)));
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
