//! Delivers events to the engine and reads the figures of its board.

use super::event::CallEvent;
use super::figures::{ExpectedFigures, FigureKey, Figures};
use super::model::{LegOutcome, ModelContact, ModelLeg, derive_contacts};
use firstline::domain::board::reading::{Board, ReadingComponents};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::timestamp::Timestamp;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::standard_file::parse_standard;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Returns the standard of these tests.
///
/// # Panics
///
/// If it cannot be parsed.
pub(crate) fn legs_standard() -> Arc<Standard> {
    let text = include_str!("../standards/legs.toml");
    Arc::new(parse_standard("legs.toml", text).unwrap_or_else(|problems| panic!("{problems:#?}")))
}

/// Engine under test with the events it received.
pub(crate) struct EngineRun {
    monitor: Monitor,
    decoder: EventDecoder,
    /// Events by subject and id.
    received: BTreeMap<(String, String), CallEvent>,
    pub(crate) now: i64,
}

impl EngineRun {
    pub(crate) fn new(standard: &Arc<Standard>) -> EngineRun {
        EngineRun {
            monitor: Monitor::new(standard.clone(), None),
            decoder: EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default()),
            received: BTreeMap::new(),
            now: i64::MIN,
        }
    }

    /// Delivers a batch.
    pub(crate) fn receive_batch<'e>(&mut self, events: impl IntoIterator<Item = &'e CallEvent>) {
        let events: Vec<&CallEvent> = events.into_iter().collect();
        for event in &events {
            self.decoder
                .decode_json(event.json.as_bytes())
                .unwrap_or_else(|rejection| panic!("{}: {}", event.json, rejection.reason));
        }
        let batch = self.decoder.take_batch();
        for (event, decoded) in events.into_iter().zip(&batch.events) {
            self.now = self.now.max(event.time);
            // The engine orders ids by their hashes.
            let event = CallEvent { tie: decoded.id.0, ..event.clone() };
            self.received.insert((event.subject.clone(), event.id.clone()), event);
        }
        self.monitor.apply_batch(&batch);
    }

    pub(crate) fn tick_to(&mut self, now: i64) {
        self.monitor.tick(Timestamp(now));
        self.now = self.now.max(now);
    }

    pub(crate) fn compute_board(&mut self) -> Board {
        self.monitor.compute_board()
    }

    /// Returns the differences between the board and the model, one line each; `None` if the engine
    /// differs from the definition on purpose, see [`has_late_queue`].
    pub(crate) fn board_differences(&mut self) -> Option<Vec<String>> {
        let received: Vec<&CallEvent> = self.received.values().collect();
        let contacts = derive_contacts(&received);
        if contacts.iter().any(|(subject, contact)| has_late_queue(subject, contact, &received)) {
            return None;
        }
        let expected = ExpectedFigures::from_contacts(contacts.values());
        let undefined_dimensions = undefined_dimensions(contacts.values(), &received);
        let is_defined = |(indicator, scope): &FigureKey| {
            let by_leg = scope.contains("queue=") || scope.contains("agent=");
            let is_undefined = undefined_dimensions.iter().any(|name| scope.contains(name))
                || expected.undefined.contains(indicator.as_str())
                // A pending call-back is a state of the contact.
                || by_leg && indicator == "call_callback";
            !is_undefined
        };
        let board = self.compute_board();
        let mut differences = Vec::new();
        for window in ["all", "24h"] {
            let mut got = board_figures(&board, window);
            got.retain(|key, _| is_defined(key));
            for (key, expected) in expected.figures.iter().filter(|(key, _)| is_defined(key)) {
                let got = got.remove(key).unwrap_or_default();
                if got != *expected {
                    differences.push(format!(
                        "{}{{{}}} {window}: {got:?}, expected {expected:?}",
                        key.0, key.1
                    ));
                }
            }
            differences.extend(got.iter().map(|(key, got)| {
                format!("{}{{{}}} {window}: {got:?}, expected (0, 0)", key.0, key.1)
            }));
        }
        Some(differences)
    }
}

/// Returns true if a leg arrived in no queue and other events of the contact name one.
///
/// Here the engine follows a rule of its own: such a leg takes the first queue that is named. In the
/// definition it has none, and the named queue begins another leg.
fn has_late_queue(subject: &str, contact: &ModelContact, events: &[&CallEvent]) -> bool {
    contact.legs.iter().any(|leg| leg.offered.is_some() && leg.began_without_queue)
        && events.iter().any(|event| event.subject == subject && event.data.queue.is_some())
}

/// Returns the dimensions whose scopes the definition leaves open: it does not say whose center or
/// agent it is if only some of the legs know theirs.
fn undefined_dimensions<'c>(
    contacts: impl Iterator<Item = &'c ModelContact>,
    events: &[&CallEvent],
) -> Vec<&'static str> {
    let legs: Vec<&ModelLeg> = contacts.flat_map(|contact| &contact.legs).collect();
    let answered = || legs.iter().filter(|leg| leg.outcome == Some(LegOutcome::Answered));
    let has_centers = events.iter().any(|event| event.data.center.is_some());
    let has_agents = events.iter().any(|event| event.data.agent.is_some());
    let mut undefined = Vec::new();
    if has_centers && legs.iter().any(|leg| leg.center.is_none()) {
        undefined.push("center");
    }
    if has_agents && answered().any(|leg| leg.agent.is_none()) {
        undefined.push("agent");
    }
    undefined
}

/// Returns the figures of a board over one window, with the current states.
pub(crate) fn board_figures(board: &Board, window: &str) -> Figures {
    let mut figures = Figures::new();
    for reading in &board.readings {
        let name = board.window_name(&reading.key);
        if name != window && name != "now" {
            continue;
        }
        let figure = match &reading.components {
            ReadingComponents::Ratio { good, of } => (*good, *of),
            ReadingComponents::Duration(durations) => {
                ((durations.mean * durations.of as f64 * 1_000.0).round() as i64, durations.of)
            }
            ReadingComponents::Level => (reading.value.unwrap_or(0.0) as i64, 0),
            ReadingComponents::Oldest { since } => since.map_or((0, 0), |since| (since.0, 1)),
            other => panic!("no such figure in the standard of these tests: {other:?}"),
        };
        let scope: Vec<String> = board
            .scope_values(&reading.key)
            .map(|(dimension, value)| format!("{dimension}={value}"))
            .collect();
        if figure != (0, 0) {
            let indicator = &board.standard.indicators[reading.key.indicator].name;
            figures.insert((indicator.clone(), scope.join(" ")), figure);
        }
    }
    figures
}
