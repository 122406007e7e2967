//! The board as plain text, for scripts, mails and screens that only print.

use super::messages::Messages;
use super::view::{BoardView, HeadlineRow, PlaceSummary};
use std::fmt::Write;

/// Writes a view.
#[must_use]
pub fn write_text(view: &BoardView, as_of: Option<&str>, words: &Messages) -> String {
    let mut text = format!("{} · {}", view.organization, view.scope_title);
    if let Some(as_of) = as_of {
        let _ = write!(text, " · {} {as_of}", words.as_of);
    }
    text.push_str("\n\n");
    let rows: Vec<[&str; 6]> = view.lines.iter().map(line_cells).collect();
    write_table(&rows, &mut text);
    if !view.places.is_empty() {
        let _ = write!(text, "\n{}\n", view.caption);
        let counts: Vec<(String, String)> = view
            .places
            .iter()
            .map(|place| (format_breach_counts(place), format_breaches(place, words)))
            .collect();
        let rows: Vec<[&str; 3]> = view
            .places
            .iter()
            .zip(&counts)
            .map(|(place, (trouble, what))| [&*place.name, trouble, what])
            .collect();
        write_table(&rows, &mut text);
    }
    text
}

fn line_cells(line: &HeadlineRow) -> [&str; 6] {
    [line.verdict.sign(), &line.title, &line.window, &line.value, &line.target, line.note]
}

/// How many targets a place misses and is near to, with their signs.
#[must_use]
pub fn format_breach_counts(place: &PlaceSummary) -> String {
    match place.breach_counts {
        (0, 0) => "✓".to_owned(),
        (missed, 0) => format!("✕{missed}"),
        (0, near) => format!("▲{near}"),
        (missed, near) => format!("✕{missed} ▲{near}"),
    }
}

/// What a place misses or is near to.
#[must_use]
pub fn format_breaches(place: &PlaceSummary, words: &Messages) -> String {
    let said: Vec<String> =
        place.breaches.iter().map(|(verdict, what)| format!("{} {what}", verdict.sign())).collect();
    if said.is_empty() { words.all_targets_met.to_owned() } else { said.join("  ") }
}

/// Columns as wide as their widest cell on a terminal, where a Chinese character is two wide.
fn write_table<const N: usize>(rows: &[[&str; N]], text: &mut String) {
    let width = |cell: &str| ratatui::text::Span::raw(cell).width();
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| width(row[column])).max().unwrap_or(0));
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, all)| format!("{cell}{:1$}", "", all - width(cell)));
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
