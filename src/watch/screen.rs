//! The board on a terminal. Colour AND sign say how a value stands; what is old is dim, and the head says since when.

use super::plain::{trouble, what};
use super::view::{Line as Row, Verdict, View};
use super::words::Words;
use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Cell, Clear, Paragraph, Row as TableRow, Table};
use std::time::Duration;

/// News older than this is no longer called live.
pub const OLD: Duration = Duration::from_secs(5);

/// The connection to the service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Link {
    /// It was never there.
    Connecting {
        /// Why it is not yet there; empty as long as there is no reason.
        why: String,
    },
    /// It is there; the last news is so old.
    Up(Duration),
    /// It was lost, and the last news is so old.
    Lost {
        /// The age of the values.
        age: Duration,
        /// Why.
        why: String,
    },
}

impl Link {
    fn is_old(&self) -> bool {
        !matches!(self, Link::Up(age) if *age < OLD)
    }
}

/// Draws all of it. Without a view there is only the state of the connection.
pub fn draw(frame: &mut Frame<'_>, view: Option<&View>, as_of: Option<&str>, link: &Link, help: bool, words: &Words) {
    let [head, state, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(frame.area());
    if let Some(view) = view {
        let title = Span::styled(format!("{} · {}", view.organisation, view.whose), Style::new().add_modifier(Modifier::BOLD));
        frame.render_widget(Paragraph::new(Line::from(title)), head);
        let as_of = as_of.map(|as_of| format!("{} {as_of}", words.as_of)).unwrap_or_default();
        frame.render_widget(Paragraph::new(as_of).alignment(Alignment::Right), head);
        let old = if link.is_old() { Style::new().add_modifier(Modifier::DIM) } else { Style::new() };
        let [lines, caption, places] = Layout::vertical([
            Constraint::Length(view.lines.len() as u16 + 1),
            Constraint::Length(u16::from(!view.places.is_empty())),
            Constraint::Min(0),
        ])
        .areas(body);
        if view.lines.is_empty() {
            frame.render_widget(Paragraph::new(words.nothing), lines);
        }
        headline(frame, &view.lines, lines, old);
        frame.render_widget(Paragraph::new(Span::styled(view.caption, Style::new().add_modifier(Modifier::BOLD))), caption);
        list(frame, view, places, old, words);
    }
    frame.render_widget(Paragraph::new(connection(link, words)), state);
    frame.render_widget(Paragraph::new(words.keys).style(Style::new().add_modifier(Modifier::DIM)), foot);
    if help {
        explain(frame, words);
    }
}

fn connection(link: &Link, words: &Words) -> Line<'static> {
    match link {
        Link::Connecting { why } => Line::from(format!("{} {why}", words.connecting)),
        Link::Up(age) if *age < OLD => Line::from(Span::styled(format!("● {}", words.live), Style::new().fg(Color::Green))),
        Link::Up(age) => Line::from(Span::styled(format!("◇ {} {}", words.old, words.age(*age)), Style::new().fg(Color::Yellow))),
        Link::Lost { age, why } => {
            let lost = format!("✕ {} {}", words.lost, words.age(*age));
            Line::from(vec![Span::styled(lost, Style::new().fg(Color::Black).bg(Color::Yellow)), Span::raw(format!(" ({why})"))])
        }
    }
}

fn headline(frame: &mut Frame<'_>, lines: &[Row], area: Rect, old: Style) {
    let rows = lines.iter().map(|line| {
        let colour = colour(line.verdict);
        TableRow::new([
            Cell::new(Span::styled(line.verdict.sign(), colour)),
            Cell::new(line.title.clone()),
            Cell::new(line.window.clone()),
            Cell::new(Line::from(Span::styled(line.value.clone(), colour.add_modifier(Modifier::BOLD))).alignment(Alignment::Right)),
            Cell::new(line.target.clone()),
            Cell::new(if line.note.is_empty() { line.trend.clone() } else { line.note.to_owned() }),
        ])
    });
    let widths = [1, 30, 5, 10, 10, 16].map(Constraint::Length);
    let widths = [widths[0], Constraint::Fill(1), widths[2], widths[3], widths[4], widths[5]];
    frame.render_widget(Table::new(rows, widths).style(old), area);
}

fn list(frame: &mut Frame<'_>, view: &View, area: Rect, old: Style, words: &Words) {
    let rows = view.places.iter().map(|place| {
        let worst = place.what.first().map_or(Verdict::Met, |(verdict, _)| *verdict);
        TableRow::new([
            Cell::new(Span::styled(trouble(place), colour(worst))),
            Cell::new(place.name.clone()),
            Cell::new(what(place, words)),
        ])
    });
    let widths = [Constraint::Length(6), Constraint::Length(16), Constraint::Fill(1)];
    frame.render_widget(Table::new(rows, widths).style(old), area);
}

fn colour(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Met => Style::new().fg(Color::Green),
        Verdict::Near => Style::new().fg(Color::Yellow),
        Verdict::Missed => Style::new().fg(Color::Red),
        Verdict::Few | Verdict::Stale | Verdict::Plain => Style::new(),
    }
}

fn explain(frame: &mut Frame<'_>, words: &Words) {
    let text: Vec<Line<'_>> = words.help.iter().map(|line| Line::from(*line)).collect();
    let (width, height) = (text.iter().map(Line::width).max().unwrap_or(0) as u16 + 4, text.len() as u16 + 2);
    let area = frame.area().centered(Constraint::Length(width), Constraint::Length(height));
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(text).block(Block::new().borders(Borders::ALL)), area);
}

#[cfg(test)]
mod tests;
