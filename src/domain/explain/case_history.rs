//! One case told from its first event on: what was said, what it means, and every clock that ran on it.
//!
//! Words are shown where their text is known, else as numbers. Who somebody is never shows: customers and topics are left
//! out, and owners are told apart by numbers that begin anew with every case.

use super::explanation::symbol_text;
use crate::domain::cases::case_names::{CaseName, CaseNames};
use crate::domain::cases::groups::CaseGroups;
use crate::domain::cases::observation::Observation;
use crate::domain::events::event::{EventDetail, PackedMillis, Symbol};
use crate::domain::facts::catalog::{CaseFacts, Fact, FactMeasure};
use crate::domain::facts::commitment_clock::{self as told, ClockStop, PauseEffect, StopReason};
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::Timestamp;
use std::sync::Arc;

/// A case with its whole history.
#[derive(Debug)]
pub struct CaseHistory {
    /// The standard it is judged by.
    pub standard: Arc<Standard>,
    /// The time reached.
    pub as_of: Timestamp,
    /// What it is called.
    pub name: Option<CaseName>,
    /// The dimensions with its values.
    pub attributes: Vec<(String, String)>,
    /// Whether its last word has not been said.
    pub open: bool,
    /// Its events, in their order.
    pub events: Vec<HistoryEvent>,
    /// What they mean, by time.
    pub facts: Vec<HistoryFact>,
    /// The clocks of its commitments.
    pub clocks: Vec<HistoryClock>,
}

/// One event.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryEvent {
    /// When it happened.
    pub time: Timestamp,
    /// What happened, as in `repair.paused`.
    pub kind: String,
    /// What it said, by the names of the fields.
    pub fields: Vec<(String, HistoryValue)>,
}

/// Something an event said.
#[derive(Clone, PartialEq, Debug)]
pub enum HistoryValue {
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
pub struct HistoryFact {
    /// Its name, as in `repair.opened`.
    pub name: String,
    /// When it happened, or since when it stands.
    pub time: Timestamp,
    /// Its duration or answer, if it has one that is known.
    pub value: Option<HistoryValue>,
    /// Its word.
    pub label: Option<String>,
    /// Whether it stands now.
    pub is_current: bool,
}

/// One clock of a commitment.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryClock {
    /// The clock.
    pub report: told::ClockReport,
    /// The party whose fault excuses it.
    pub liable: Option<String>,
    /// The warnings that were given.
    pub warned: Vec<String>,
    /// What stopped the order meanwhile.
    pub stops: Vec<WorkInterruption>,
}

/// A stretch in which an order was not worked on.
#[derive(Clone, PartialEq, Debug)]
pub struct WorkInterruption {
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
    pub effect: PauseEffect,
}

/// What gives names to what a case says.
#[derive(Clone, Copy)]
pub(in crate::domain) struct CaseDescriber<'a> {
    pub(in crate::domain) standard: &'a Standard,
    pub(in crate::domain) groups: &'a CaseGroups,
    pub(in crate::domain) names: &'a CaseNames,
}

impl CaseDescriber<'_> {
    fn symbol_text(&self, word: Symbol) -> String {
        symbol_text(word, self.standard, self.names)
    }

    /// The dimensions with the values of a group.
    pub(in crate::domain) fn dimension_values(&self, group: u32) -> Vec<(String, String)> {
        let values = self.groups.get(group).attributes.values();
        let dimensions = self.standard.schema.dimensions.iter().zip(values);
        dimensions
            .filter_map(|(name, value)| Some((name.clone(), value.as_deref()?.to_owned())))
            .collect()
    }

    /// The events of a case.
    pub(in crate::domain) fn describe_events(
        &self,
        observations: &[Observation],
    ) -> Vec<HistoryEvent> {
        let mut owners: Vec<Symbol> = Vec::new();
        let event = |one: &Observation| {
            let kind = self.standard.schema.event_types().find(|(_, kind)| *kind == one.kind);
            let mut said: Vec<(String, HistoryValue)> = self
                .dimension_values(one.group)
                .into_iter()
                .map(|(name, value)| (name, HistoryValue::Text(value)))
                .collect();
            said.extend(
                self.event_fields(one, &mut owners)
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value)),
            );
            HistoryEvent {
                time: one.time,
                kind: kind.map(|(name, _)| name.to_owned()).unwrap_or_default(),
                fields: said,
            }
        };
        observations.iter().map(event).collect()
    }

    fn event_fields(
        &self,
        one: &Observation,
        owners: &mut Vec<Symbol>,
    ) -> Vec<(&'static str, HistoryValue)> {
        let EventDetail {
            due,
            appointment,
            wait,
            talk,
            hold,
            wrapup,
            owner,
            label: word,
            liable,
            answer,
            agent_state,
            customer: _,
            topic: _,
        } = one.detail;
        let text = |word: Symbol| HistoryValue::Text(self.symbol_text(word));
        let duration = |millis: PackedMillis| HistoryValue::Duration(millis.get());
        let owner = owner.map(|owner| {
            let place = owners.iter().position(|known| *known == owner).unwrap_or_else(|| {
                owners.push(owner);
                owners.len() - 1
            });
            HistoryValue::Number(place as i64 + 1)
        });
        let said = [
            ("due", due.map(|due| HistoryValue::Time(due.get()))),
            ("appointment", appointment.map(|appointment| HistoryValue::Time(appointment.get()))),
            ("wait_seconds", wait.map(duration)),
            ("talk_seconds", talk.map(duration)),
            ("hold_seconds", hold.map(duration)),
            ("wrapup_seconds", wrapup.map(duration)),
            ("owner", owner),
            (one.kind.verb.label_field().unwrap_or("word"), word.map(text)),
            ("liable", liable.map(text)),
            ("answer", answer.map(|answer| HistoryValue::Number(answer.get().into()))),
            ("state", agent_state.map(|state| HistoryValue::Text(state.name().to_owned()))),
        ];
        said.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The facts of a case, by time.
    pub(in crate::domain) fn describe_facts(&self, facts: &CaseFacts) -> Vec<HistoryFact> {
        let meaning = |fact: &Fact| {
            let measure = self.standard.kinds.fact_measure(fact.kind);
            let value = (fact.value != Fact::UNKNOWN).then_some(fact.value);
            HistoryFact {
                name: self.standard.kinds.name(fact.kind).to_owned(),
                time: fact.time,
                value: value.map(|value| {
                    if measure == FactMeasure::Duration {
                        HistoryValue::Duration(value)
                    } else {
                        HistoryValue::Number(value)
                    }
                }),
                label: fact
                    .label
                    .map(|word| self.warning_text(word).unwrap_or_else(|| self.symbol_text(word))),
                is_current: measure == FactMeasure::CurrentState,
            }
        };
        let mut meanings: Vec<HistoryFact> = facts.all.iter().map(meaning).collect();
        meanings.sort_by_key(|meaning| meaning.time);
        meanings
    }

    /// The text of a word, if it is that of a warning: those are written by the standard and not by events.
    pub(in crate::domain) fn warning_text(&self, word: Symbol) -> Option<String> {
        let terms = self.standard.commitments.iter().flat_map(|commitment| &commitment.terms);
        let warning = terms.flat_map(|terms| &terms.warnings).find(|warning| warning.label == word);
        warning.map(|warning| super::explanation::warning_text(warning.at))
    }

    /// The clocks of a case.
    pub(in crate::domain) fn describe_clocks(&self, facts: &CaseFacts) -> Vec<HistoryClock> {
        let stop = |(stop, does): &(ClockStop, PauseEffect)| {
            let (closed, reason, liable) = match stop.reason {
                StopReason::Paused { reason, liable } => (false, reason, liable),
                StopReason::Closed => (true, None, None),
            };
            let (reason, liable) = (
                reason.map(|word| self.symbol_text(word)),
                liable.map(|word| self.symbol_text(word)),
            );
            WorkInterruption {
                begin: stop.begin,
                end: stop.end,
                closed,
                reason,
                liable,
                effect: *does,
            }
        };
        let clock = |told: &told::ClockReport| {
            let liable =
                if let told::ClockState::Excused(liable) = told.state { liable } else { None };
            HistoryClock {
                liable: liable.map(|word| self.symbol_text(word)),
                warned: told.warnings.iter().filter_map(|word| self.warning_text(*word)).collect(),
                stops: told.stops.iter().map(stop).collect(),
                report: told.clone(),
            }
        };
        facts.clock_reports.iter().flatten().map(clock).collect()
    }
}
