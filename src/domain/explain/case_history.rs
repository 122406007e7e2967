//! History of one case: its events, the facts derived from them, and the clocks of its commitments.
//!
//! Labels are shown as text if the text is known, else as a number. Personal data is never shown.
//! Customers and topics are left out, and owners are numbered anew in each case.

use super::explanation::symbol_text;
use crate::domain::cases::case_names::{CaseName, CaseNames};
use crate::domain::cases::groups::{CaseGroups, ScopeReach};
use crate::domain::cases::observation::Observation;
use crate::domain::events::benchmark_report::BenchmarkReport;
use crate::domain::events::event::{EventDetail, EventVerb, PackedMillis, PackedTimestamp, Symbol};
use crate::domain::facts::catalog::{CaseFacts, CountedUnit, Fact, FactMeasure, PlacedFact};
use crate::domain::facts::commitment_clock::{
    ClockReport, ClockState, ClockStop, PauseEffect, StopReason,
};
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::Timestamp;
use std::sync::Arc;

/// A case with its full history.
#[derive(Debug)]
pub struct CaseHistory {
    /// Standard that derived the facts.
    pub standard: Arc<Standard>,
    /// Current engine time.
    pub as_of: Timestamp,
    /// Source and subject, if known.
    pub name: Option<CaseName>,
    /// Number of remembered cases with the same source and subject, this one included.
    pub cases_of_subject: usize,
    /// Dimensions with their values.
    pub attributes: Vec<(String, String)>,
    /// True while the case is open.
    pub open: bool,
    /// Events in case order.
    pub events: Vec<HistoryEvent>,
    /// Derived facts, by time.
    pub facts: Vec<HistoryFact>,
    /// Legs of a contact, if they count apart from it; else empty.
    pub legs: Vec<HistoryLeg>,
    /// Clocks of its commitments.
    pub clocks: Vec<HistoryClock>,
}

/// Leg of a contact with several legs.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryLeg {
    /// Dimensions with their values.
    pub attributes: Vec<(String, String)>,
    /// Derived facts, by time.
    pub facts: Vec<HistoryFact>,
}

/// An event of a case.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryEvent {
    /// Time of the event.
    pub time: Timestamp,
    /// Event type, as in `repair.paused`.
    pub kind: String,
    /// Fields with their values.
    pub fields: Vec<(String, HistoryValue)>,
}

/// Value of a field or a fact.
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

/// A derived fact.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryFact {
    /// Name, as in `repair.opened`.
    pub name: String,
    /// Time of the fact, or start of a current state.
    pub time: Timestamp,
    /// Duration or answer; `None` if unknown.
    pub value: Option<HistoryValue>,
    /// Label, as in a channel or a pause reason.
    pub label: Option<String>,
    /// True for a current state.
    pub is_current: bool,
}

/// Clock of a commitment.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryClock {
    /// Evaluated clock.
    pub report: ClockReport,
    /// Party that the standard excuses, if the clock is excused.
    pub liable: Option<String>,
    /// Warnings that were reached.
    pub warned: Vec<String>,
    /// Interruptions of the work while the clock ran.
    pub stops: Vec<WorkInterruption>,
}

/// An interval in which an order was paused or closed.
#[derive(Clone, PartialEq, Debug)]
pub struct WorkInterruption {
    /// Start of the interval.
    pub begin: Timestamp,
    /// End of the interval; `None` while it lasts.
    pub end: Option<Timestamp>,
    /// True if the order was closed, false if it was paused.
    pub closed: bool,
    /// Reason of the pause, if any.
    pub reason: Option<String>,
    /// Party liable for the pause, if any.
    pub liable: Option<String>,
    /// Effect on the clock.
    pub effect: PauseEffect,
}

/// Describes cases by the names of the standard.
#[derive(Clone, Copy)]
pub(in crate::domain) struct CaseDescriber<'a> {
    pub(in crate::domain) standard: &'a Standard,
    pub(in crate::domain) groups: &'a CaseGroups,
    pub(in crate::domain) names: &'a CaseNames,
}

impl CaseDescriber<'_> {
    fn symbol_text(&self, label: Symbol) -> String {
        symbol_text(label, self.standard, self.names)
    }

    /// Returns the dimensions of a group that have values.
    pub(in crate::domain) fn dimension_values(&self, group: u32) -> Vec<(String, String)> {
        let values = self.groups.get(group).attributes.values();
        let dimensions = self.standard.schema.dimensions.iter().zip(values);
        dimensions
            .filter_map(|(name, value)| Some((name.clone(), value.as_deref()?.to_owned())))
            .collect()
    }

    /// Describes the events of a case.
    pub(in crate::domain) fn describe_events(
        &self,
        observations: &[Observation],
    ) -> Vec<HistoryEvent> {
        let (mut owners, mut legs): (Vec<Symbol>, Vec<Symbol>) = (Vec::new(), Vec::new());
        let event = |observation: &Observation| {
            let kind =
                self.standard.schema.event_types().find(|(_, kind)| *kind == observation.kind);
            let mut fields: Vec<(String, HistoryValue)> = self
                .dimension_values(observation.group)
                .into_iter()
                .map(|(name, value)| (name, HistoryValue::Text(value)))
                .collect();
            fields.extend(
                self.event_fields(observation, &mut owners, &mut legs)
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value)),
            );
            HistoryEvent {
                time: observation.time,
                kind: kind.map(|(name, _)| name.to_owned()).unwrap_or_default(),
                fields,
            }
        };
        observations.iter().map(event).collect()
    }

    fn event_fields(
        &self,
        observation: &Observation,
        owners: &mut Vec<Symbol>,
        legs: &mut Vec<Symbol>,
    ) -> Vec<(&'static str, HistoryValue)> {
        let EventDetail {
            due,
            appointment,
            wait,
            talk,
            hold,
            wrapup,
            owner,
            label,
            liable,
            leg,
            answer,
            agent_state,
            customer: _,
            topic: _,
        } = observation.detail;
        let text = |label: Symbol| HistoryValue::Text(self.symbol_text(label));
        let named_time = |time: PackedTimestamp| {
            time.readable().map_or(HistoryValue::Text("unreadable".to_owned()), HistoryValue::Time)
        };
        let duration = |millis: PackedMillis| HistoryValue::Duration(millis.get());
        // Owners and legs are numbered, since their names may identify persons or calls.
        let number_in = |list: &mut Vec<Symbol>, symbol: Symbol| {
            let place = list.iter().position(|known| *known == symbol).unwrap_or_else(|| {
                list.push(symbol);
                list.len() - 1
            });
            HistoryValue::Number(place as i64 + 1)
        };
        let owner = owner.map(|owner| number_in(owners, owner));
        let leg = leg.map(|leg| number_in(legs, leg));
        if observation.kind.verb == EventVerb::Reported {
            return series_value_fields(&observation.detail);
        }
        let fields = [
            ("due", due.map(named_time)),
            ("appointment", appointment.map(named_time)),
            ("wait_seconds", wait.map(duration)),
            ("talk_seconds", talk.map(duration)),
            ("hold_seconds", hold.map(duration)),
            ("wrapup_seconds", wrapup.map(duration)),
            ("owner", owner),
            ("leg", leg),
            (observation.kind.verb.label_field().unwrap_or("word"), label.map(text)),
            ("liable", liable.map(text)),
            ("answer", answer.map(|answer| HistoryValue::Number(answer.get().into()))),
            ("state", agent_state.map(|state| HistoryValue::Text(state.name().to_owned()))),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Describes the facts of a case, sorted by time, without those of legs.
    pub(in crate::domain) fn describe_facts(&self, facts: &CaseFacts) -> Vec<HistoryFact> {
        let kinds = &self.standard.kinds;
        let placed = facts.placed.iter().filter(|placed| {
            self.groups.get(placed.group).reach == ScopeReach::AllScopes
                && kinds.counted_unit(placed.fact.kind, false) != Some(CountedUnit::Legs)
        });
        let all = facts.all.iter().chain(placed.map(|placed| &placed.fact));
        let mut described: Vec<HistoryFact> = all.map(|fact| self.describe_fact(fact)).collect();
        described.sort_by_key(|fact| fact.time);
        described
    }

    /// Describes the legs of a contact that count apart from it, in their order.
    pub(in crate::domain) fn describe_legs(&self, facts: &CaseFacts) -> Vec<HistoryLeg> {
        let is_own_group =
            |leg: &&PlacedFact| self.groups.get(leg.group).reach == ScopeReach::LegScopes;
        let own: Vec<&PlacedFact> = facts.placed.iter().filter(is_own_group).collect();
        let describe_leg = |facts: &[&PlacedFact]| {
            let mut described: Vec<HistoryFact> =
                facts.iter().map(|leg| self.describe_fact(&leg.fact)).collect();
            described.sort_by_key(|fact| fact.time);
            HistoryLeg {
                attributes: facts
                    .first()
                    .map(|leg| self.dimension_values(leg.group))
                    .unwrap_or_default(),
                facts: described,
            }
        };
        // The first fact of each leg is its arrival, or that it has none.
        own.chunk_by(|_, next| !self.standard.kinds.begins_leg(next.fact.kind))
            .map(describe_leg)
            .collect()
    }

    fn describe_fact(&self, fact: &Fact) -> HistoryFact {
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
                .map(|label| self.warning_text(label).unwrap_or_else(|| self.symbol_text(label))),
            is_current: measure == FactMeasure::CurrentState,
        }
    }

    /// Returns the text of a warning label; `None` for other labels. Warning texts come from the
    /// standard and not from events.
    pub(in crate::domain) fn warning_text(&self, label: Symbol) -> Option<String> {
        let terms = self.standard.commitments.iter().flat_map(|commitment| &commitment.terms);
        let warning =
            terms.flat_map(|terms| &terms.warnings).find(|warning| warning.label == label);
        warning.map(|warning| super::explanation::warning_text(warning.at))
    }

    /// Describes the clocks of a case.
    pub(in crate::domain) fn describe_clocks(&self, facts: &CaseFacts) -> Vec<HistoryClock> {
        let stop = |(stop, effect): &(ClockStop, PauseEffect)| {
            let (closed, reason, liable) = match stop.reason {
                StopReason::Paused { reason, liable } => (false, reason, liable),
                StopReason::Closed => (true, None, None),
            };
            let (reason, liable) = (
                reason.map(|label| self.symbol_text(label)),
                liable.map(|label| self.symbol_text(label)),
            );
            WorkInterruption {
                begin: stop.begin,
                end: stop.end,
                closed,
                reason,
                liable,
                effect: *effect,
            }
        };
        let clock = |report: &ClockReport| {
            let liable = if let ClockState::Excused(liable) = report.state { liable } else { None };
            HistoryClock {
                liable: liable.map(|label| self.symbol_text(label)),
                warned: report
                    .warnings
                    .iter()
                    .filter_map(|label| self.warning_text(*label))
                    .collect(),
                stops: report.stops.iter().map(stop).collect(),
                report: report.clone(),
            }
        };
        facts.clock_reports.iter().flatten().map(clock).collect()
    }
}

/// Returns the fields of a value of an outside series.
fn series_value_fields(detail: &EventDetail) -> Vec<(&'static str, HistoryValue)> {
    let report = BenchmarkReport::from_detail(detail);
    report
        .map(|report| {
            vec![
                ("period", HistoryValue::Text(report.period.to_string())),
                ("value", HistoryValue::Text(report.value.to_string())),
            ]
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::series_period::SeriesPeriod;

    #[test]
    fn series_value_shows_period_and_value() {
        let period = SeriesPeriod::parse("2026-02").expect("a period");
        let name = Symbol::from_text("industry_appeals");
        let detail = BenchmarkReport { name, period, value: 1830.5 }.to_detail();
        let text = |text: &str| HistoryValue::Text(text.to_owned());
        let expected = [("period", text("2026-02")), ("value", text("1830.5"))];
        assert_eq!(series_value_fields(&detail), expected);
        assert_eq!(series_value_fields(&EventDetail::default()), []);
    }
}
