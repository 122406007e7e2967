//! Draws the board on a terminal.
//!
//! Levels have a color and a sign. Stale values are dimmed, and the second line shows their age.

use super::messages::Messages;
use super::text_output::{format_breach_counts, format_breaches};
use super::view::{BoardView, HeadlineRow, Verdict};
use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Cell, Clear, Paragraph, Row as TableRow, Table};
use std::time::Duration;

/// Age of the last frame from which the values count as stale.
pub const STALE_AFTER: Duration = Duration::from_secs(5);

/// State of the connection to the service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ConnectionStatus {
    /// No frame was received yet.
    Connecting {
        /// Reason of the last failed attempt. Empty before the first failure.
        why: String,
    },
    /// Connected, with the age of the last frame.
    Connected(Duration),
    /// The connection was lost.
    Lost {
        /// Age of the last frame.
        age: Duration,
        /// Reason for the loss.
        why: String,
    },
}

impl ConnectionStatus {
    fn is_stale(&self) -> bool {
        !matches!(self, ConnectionStatus::Connected(age) if *age < STALE_AFTER)
    }
}

/// Draws the whole screen. Without a view it shows only the state of the connection.
pub fn draw_board(
    frame: &mut Frame<'_>,
    view: Option<&BoardView>,
    as_of: Option<&str>,
    link: &ConnectionStatus,
    help: bool,
    messages: &Messages,
) {
    let [head, state, body, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    if let Some(view) = view {
        let title = Span::styled(
            format!("{} · {}", view.organization, view.scope_title),
            Style::new().add_modifier(Modifier::BOLD),
        );
        frame.render_widget(Paragraph::new(Line::from(title)), head);
        let as_of = as_of.map(|as_of| format!("{} {as_of}", messages.as_of)).unwrap_or_default();
        frame.render_widget(Paragraph::new(as_of).alignment(Alignment::Right), head);
        let age_style =
            if link.is_stale() { Style::new().add_modifier(Modifier::DIM) } else { Style::new() };
        let [lines, caption, places] = Layout::vertical([
            Constraint::Length(view.lines.len() as u16 + 1),
            Constraint::Length(u16::from(!view.places.is_empty())),
            Constraint::Min(0),
        ])
        .areas(body);
        if view.lines.is_empty() {
            frame.render_widget(Paragraph::new(messages.no_data), lines);
        }
        draw_headline(frame, &view.lines, lines, age_style);
        frame.render_widget(
            Paragraph::new(Span::styled(view.caption, Style::new().add_modifier(Modifier::BOLD))),
            caption,
        );
        draw_places(frame, view, places, age_style, messages);
    }
    let mut state_line = connection_line(link, messages);
    for warning in view.iter().flat_map(|view| &view.warnings) {
        let text = format!("   {} {warning}", Verdict::Warning.sign());
        state_line.push_span(Span::styled(text, verdict_style(Verdict::Warning)));
    }
    frame.render_widget(Paragraph::new(state_line), state);
    frame.render_widget(
        Paragraph::new(messages.keys).style(Style::new().add_modifier(Modifier::DIM)),
        foot,
    );
    if help {
        draw_help(frame, messages);
    }
}

fn connection_line(link: &ConnectionStatus, messages: &Messages) -> Line<'static> {
    match link {
        ConnectionStatus::Connecting { why } => {
            Line::from(format!("{} {why}", messages.connecting))
        }
        ConnectionStatus::Connected(age) if *age < STALE_AFTER => {
            Line::from(Span::styled(format!("● {}", messages.live), Style::new().fg(Color::Green)))
        }
        ConnectionStatus::Connected(age) => Line::from(Span::styled(
            format!("◇ {} {}", messages.no_news_for, messages.format_age(*age)),
            Style::new().fg(Color::Yellow),
        )),
        ConnectionStatus::Lost { age, why } => {
            let lost = format!("✕ {} {}", messages.lost, messages.format_age(*age));
            Line::from(vec![
                Span::styled(lost, Style::new().fg(Color::Black).bg(Color::Yellow)),
                Span::raw(format!(" ({why})")),
            ])
        }
    }
}

fn draw_headline(frame: &mut Frame<'_>, lines: &[HeadlineRow], area: Rect, age_style: Style) {
    let rows = lines.iter().map(|line| {
        let style = verdict_style(line.verdict);
        TableRow::new([
            Cell::new(Span::styled(line.verdict.sign(), style)),
            Cell::new(line.title.clone()),
            Cell::new(line.window.clone()),
            Cell::new(
                Line::from(Span::styled(line.value.clone(), style.add_modifier(Modifier::BOLD)))
                    .alignment(Alignment::Right),
            ),
            Cell::new(line.target.clone()),
            Cell::new(if line.note.is_empty() { line.trend.clone() } else { line.note.clone() }),
        ])
    });
    let widths = [1, 30, 5, 10, 10, 16].map(Constraint::Length);
    let widths = [widths[0], Constraint::Fill(1), widths[2], widths[3], widths[4], widths[5]];
    frame.render_widget(Table::new(rows, widths).style(age_style), area);
}

fn draw_places(
    frame: &mut Frame<'_>,
    view: &BoardView,
    area: Rect,
    age_style: Style,
    messages: &Messages,
) {
    let rows = view.places.iter().map(|place| {
        let worst = place.breaches.first().map_or(Verdict::Met, |(verdict, _)| *verdict);
        TableRow::new([
            Cell::new(Span::styled(format_breach_counts(place), verdict_style(worst))),
            Cell::new(place.name.clone()),
            Cell::new(format_breaches(place, messages)),
        ])
    });
    let widths = [Constraint::Length(6), Constraint::Length(16), Constraint::Fill(1)];
    frame.render_widget(Table::new(rows, widths).style(age_style), area);
}

fn verdict_style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Met => Style::new().fg(Color::Green),
        Verdict::Warning => Style::new().fg(Color::Yellow),
        Verdict::Breached => Style::new().fg(Color::Red),
        Verdict::SmallSample | Verdict::Stale | Verdict::Neutral => Style::new(),
    }
}

fn draw_help(frame: &mut Frame<'_>, messages: &Messages) {
    let text: Vec<Line<'_>> = messages.help.iter().map(|line| Line::from(*line)).collect();
    let (width, height) =
        (text.iter().map(Line::width).max().unwrap_or(0) as u16 + 4, text.len() as u16 + 2);
    let area = frame.area().centered(Constraint::Length(width), Constraint::Length(height));
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(text).block(Block::new().borders(Borders::ALL)), area);
}

#[cfg(test)]
mod tests;
