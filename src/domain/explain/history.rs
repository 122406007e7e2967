//! One case told from its first event on: what was said, what it means, and every clock that ran on it.
//!
//! Words are shown where their text is known, else as numbers. Who somebody is never shows: customers and topics are left
//! out, and owners are told apart by numbers that begin anew with every case.

use super::{Name, word_text};
use crate::domain::case::observation::Observation;
use crate::domain::event::{Detail, Millis, Word};
use crate::domain::fact::clock::{self as told, PauseDoes, Stop, Why};
use crate::domain::fact::{Fact, Facts, Measure};
use crate::domain::group::Groups;
use crate::domain::names::CaseNames;
use crate::domain::standard::Standard;
use crate::domain::time::Timestamp;
use std::sync::Arc;

/// A case with its whole history.
#[derive(Debug)]
pub struct History {
    /// The standard it is judged by.
    pub standard: Arc<Standard>,
    /// The time reached.
    pub as_of: Timestamp,
    /// What it is called.
    pub name: Option<Name>,
    /// The dimensions with its values.
    pub attributes: Vec<(String, String)>,
    /// Whether its last word has not been said.
    pub open: bool,
    /// Its events, in their order.
    pub events: Vec<Event>,
    /// What they mean, by time.
    pub facts: Vec<Meaning>,
    /// The clocks of its commitments.
    pub clocks: Vec<Clock>,
}

/// One event.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// When it happened.
    pub time: Timestamp,
    /// What happened, as in `repair.paused`.
    pub kind: String,
    /// What it said, by the names of the fields.
    pub said: Vec<(String, Value)>,
}

/// Something an event said.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A duration in milliseconds.
    Duration(i64),
    /// A point in time.
    Time(Timestamp),
}

/// One fact.
#[derive(Clone, PartialEq, Debug)]
pub struct Meaning {
    /// Its name, as in `repair.opened`.
    pub name: String,
    /// When it happened, or since when it stands.
    pub time: Timestamp,
    /// Its duration or answer, if it has one that is known.
    pub value: Option<Value>,
    /// Its word.
    pub word: Option<String>,
    /// Whether it stands now.
    pub stands: bool,
}

/// One clock of a commitment.
#[derive(Clone, PartialEq, Debug)]
pub struct Clock {
    /// The clock.
    pub told: told::Told,
    /// The party whose fault excuses it.
    pub liable: Option<String>,
    /// The warnings that were given.
    pub warned: Vec<String>,
    /// What stopped the order meanwhile.
    pub stops: Vec<Interruption>,
}

/// A stretch in which an order was not worked on.
#[derive(Clone, PartialEq, Debug)]
pub struct Interruption {
    /// Its beginning.
    pub begin: Timestamp,
    /// Its end; `None` while it lasts.
    pub end: Option<Timestamp>,
    /// Whether the order was closed, and not paused.
    pub closed: bool,
    /// The reason.
    pub reason: Option<String>,
    /// The party liable.
    pub liable: Option<String>,
    /// What it does to the clock.
    pub does: PauseDoes,
}

/// What gives names to what a case says.
#[derive(Clone, Copy)]
pub(in crate::domain) struct Speaker<'a> {
    pub(in crate::domain) standard: &'a Standard,
    pub(in crate::domain) groups: &'a Groups,
    pub(in crate::domain) names: &'a CaseNames,
}

impl Speaker<'_> {
    fn word(&self, word: Word) -> String {
        word_text(word, self.standard, self.names)
    }

    /// The dimensions with the values of a group.
    pub(in crate::domain) fn attributes(&self, group: u32) -> Vec<(String, String)> {
        let values = self.groups.get(group).attributes.values();
        let dimensions = self.standard.schema.dimensions.iter().zip(values);
        dimensions.filter_map(|(name, value)| Some((name.clone(), value.as_deref()?.to_owned()))).collect()
    }

    /// The events of a case.
    pub(in crate::domain) fn events(&self, observations: &[Observation]) -> Vec<Event> {
        let mut owners: Vec<Word> = Vec::new();
        let event = |one: &Observation| {
            let kind = self.standard.schema.event_types().find(|(_, kind)| *kind == one.kind);
            let mut said: Vec<(String, Value)> =
                self.attributes(one.group).into_iter().map(|(name, value)| (name, Value::Text(value))).collect();
            said.extend(self.said(one, &mut owners).into_iter().map(|(name, value)| (name.to_owned(), value)));
            Event { time: one.time, kind: kind.map(|(name, _)| name.to_owned()).unwrap_or_default(), said }
        };
        observations.iter().map(event).collect()
    }

    fn said(&self, one: &Observation, owners: &mut Vec<Word>) -> Vec<(&'static str, Value)> {
        let Detail { due, appointment, wait, talk, hold, wrapup, owner, word, liable, answer, agent_state, customer: _, topic: _ } =
            one.detail;
        let text = |word: Word| Value::Text(self.word(word));
        let duration = |millis: Millis| Value::Duration(millis.get());
        let owner = owner.map(|owner| {
            let place = owners.iter().position(|known| *known == owner).unwrap_or_else(|| {
                owners.push(owner);
                owners.len() - 1
            });
            Value::Number(place as i64 + 1)
        });
        let said = [
            ("due", due.map(|due| Value::Time(due.get()))),
            ("appointment", appointment.map(|appointment| Value::Time(appointment.get()))),
            ("wait_seconds", wait.map(duration)),
            ("talk_seconds", talk.map(duration)),
            ("hold_seconds", hold.map(duration)),
            ("wrapup_seconds", wrapup.map(duration)),
            ("owner", owner),
            (one.kind.verb.word().unwrap_or("word"), word.map(text)),
            ("liable", liable.map(text)),
            ("answer", answer.map(|answer| Value::Number(answer.get().into()))),
            ("state", agent_state.map(|state| Value::Text(state.name().to_owned()))),
        ];
        said.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The facts of a case, by time.
    pub(in crate::domain) fn meanings(&self, facts: &Facts) -> Vec<Meaning> {
        let meaning = |fact: &Fact| {
            let measure = self.standard.kinds.measure(fact.kind);
            let value = (fact.value != Fact::UNKNOWN).then_some(fact.value);
            Meaning {
                name: self.standard.kinds.name(fact.kind).to_owned(),
                time: fact.time,
                value: value.map(|value| if measure == Measure::Duration { Value::Duration(value) } else { Value::Number(value) }),
                word: fact.word.map(|word| self.warning(word).unwrap_or_else(|| self.word(word))),
                stands: measure == Measure::Standing,
            }
        };
        let mut meanings: Vec<Meaning> = facts.all.iter().map(meaning).collect();
        meanings.sort_by_key(|meaning| meaning.time);
        meanings
    }

    /// The text of a word, if it is that of a warning: those are written by the standard and not by events.
    pub(in crate::domain) fn warning(&self, word: Word) -> Option<String> {
        let terms = self.standard.commitments.iter().flat_map(|commitment| &commitment.terms);
        let warning = terms.flat_map(|terms| &terms.warnings).find(|warning| warning.word == word);
        warning.map(|warning| super::warning_text(warning.at))
    }

    /// The clocks of a case.
    pub(in crate::domain) fn clocks(&self, facts: &Facts) -> Vec<Clock> {
        let stop = |(stop, does): &(Stop, PauseDoes)| {
            let (closed, reason, liable) = match stop.why {
                Why::Paused { reason, liable } => (false, reason, liable),
                Why::Closed => (true, None, None),
            };
            let (reason, liable) = (reason.map(|word| self.word(word)), liable.map(|word| self.word(word)));
            Interruption { begin: stop.begin, end: stop.end, closed, reason, liable, does: *does }
        };
        let clock = |told: &told::Told| {
            let liable = if let told::Course::Excused(liable) = told.course { liable } else { None };
            Clock {
                liable: liable.map(|word| self.word(word)),
                warned: told.warned.iter().filter_map(|word| self.warning(*word)).collect(),
                stops: told.stops.iter().map(stop).collect(),
                told: told.clone(),
            }
        };
        facts.clocks.iter().flatten().map(clock).collect()
    }
}
