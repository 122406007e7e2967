//! Derives the facts of a case at a given time from all of its events.
//!
//! This module covers tickets, surveys and agents. `call_legs.rs` covers calls, `order_facts.rs`
//! orders and `commitment_clock.rs` commitments.

use super::calendar::{CaseZone, HOUR, MINUTE, SECOND};
use super::call_legs::{self, LegMeaning};
use super::event::OracleEvent;
use super::holders::{UnitHold, derive_holds};
use super::{commitment_clock, order_facts};

/// Fact name: family or commitment, then the fact.
pub(crate) type FactName = (&'static str, &'static str);

/// A fact derived from a history.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct OracleFact {
    pub(crate) name: FactName,
    /// Milliseconds since 1970: time of occurrence, or the start of a gauge.
    pub(crate) time: i64,
    /// Duration in milliseconds, or the answer of a survey.
    pub(crate) value: Option<i64>,
    pub(crate) label: Option<&'static str>,
    /// Index of the event that caused it, `usize::MAX` if time did.
    pub(crate) event_index: usize,
}

/// Span in which an order was not worked on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct WorkInterruption {
    pub(crate) begin: i64,
    pub(crate) end: Option<i64>,
    /// True if the order was closed, false if it was paused.
    pub(crate) closed: bool,
    pub(crate) reason: Option<&'static str>,
    pub(crate) liable: Option<&'static str>,
    /// Index of the event that ended it, `usize::MAX` if none did.
    pub(crate) ended_by_event: usize,
}

/// Time that an agent spent in a state.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct StateSpan {
    /// Name of the fact that counts its duration.
    pub(crate) name: FactName,
    pub(crate) from: i64,
    /// `None` while the state is active.
    pub(crate) until: Option<i64>,
}

/// When the expiry of a state shows.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) enum ExpiryCheck {
    /// Once the minute of the expiry is over.
    #[default]
    EachMinute,
    /// At once, if the minute of the expiry is over at `now`.
    AtTime { now: i64 },
}

/// Values in the order of [`DIMENSIONS`].
pub(crate) type DimensionValues = [Option<&'static str>; DIMENSIONS.len()];

/// Dimensions of the standard.
pub(crate) const DIMENSIONS: [&str; 5] = ["center", "class", "tier", "area", "queue"];

/// State and facts derived from all events of a case.
#[derive(Default, Debug)]
pub(crate) struct CaseMeaning {
    pub(crate) now: i64,
    pub(crate) families: Vec<&'static str>,
    /// Current attributes. A contact with several legs has those of its first leg.
    pub(crate) attributes: DimensionValues,
    /// First known value of each attribute.
    pub(crate) first_attributes: DimensionValues,
    pub(crate) due: Option<i64>,
    pub(crate) appointment: Option<i64>,
    /// Facts of the case. Those named `call.*` are facts of the contact.
    pub(crate) facts: Vec<OracleFact>,
    /// Legs of a contact.
    pub(crate) legs: Vec<LegMeaning>,
    /// Facts that count with values of their own: those of missed rings and of units.
    pub(crate) placed: Vec<(OracleFact, DimensionValues)>,
    /// Units that held an order, in order.
    pub(crate) holds: Vec<UnitHold>,
    pub(crate) open: bool,
    pub(crate) interruptions: Vec<WorkInterruption>,
    /// Past and active working states of an agent. An expired state is none.
    pub(crate) state_spans: Vec<StateSpan>,
    pub(crate) liable: Option<&'static str>,
    /// When the expiry of a state shows.
    expiry_check: ExpiryCheck,
    /// Instants at which the passing of time alone changes the board.
    pub(crate) critical_times: Vec<i64>,
    loss_times: Vec<i64>,
}

/// Processing order of events with equal time and sequence: starts before ends.
const VERB_ORDER: [&str; 27] = [
    "offered",
    "answered",
    "abandoned",
    "overflowed",
    "transferred",
    "ended",
    "lost",
    "joined",
    "called",
    "left",
    "served",
    "opened",
    "assigned",
    "arrived",
    "replied",
    "paused",
    "resumed",
    "resolved",
    "confirmed",
    "reopened",
    "escalated",
    "cancelled",
    "rated",
    "changed",
    "called_back",
    "ring_missed",
    "customer_replied",
];
const FAMILIES: [&str; 6] = ["call", "queue", "survey", "agent", "repair", "install"];

/// Returns the time in milliseconds after which a gauge without an end event expires.
fn fact_expiry(name: FactName) -> Option<i64> {
    match name {
        ("call", "waiting") => Some(10 * MINUTE),
        ("call", "talking") => Some(90 * SECOND),
        ("call", "callback") => Some(HOUR),
        ("queue", "waiting") => Some(HOUR),
        ("queue", "at_counter") => Some(30 * MINUTE),
        ("agent", "ready") => Some(4 * HOUR),
        ("agent", "talking") => Some(61 * MINUTE),
        ("repair", "open") => Some(20 * 24 * HOUR),
        _ => None,
    }
}

/// Splits the events of a subject into cases. An arrival begins a new case if the case before is not
/// open and ended more than an hour ago. Orders and agents stay in the first case.
pub(crate) fn split_subject<'e>(
    events: &[(&'e OracleEvent, u64)],
) -> Vec<Vec<(&'e OracleEvent, u64)>> {
    let is_contact = |event: &OracleEvent| ["call", "queue"].contains(&event.family);
    let mut cases: Vec<Vec<(&OracleEvent, u64)>> = vec![Vec::new()];
    let (contacts, others): (Vec<_>, Vec<_>) = in_reading_order(events)
        .into_iter()
        .partition(|(event, _)| is_contact(event) || event.family == "survey");
    for (event, tie) in contacts {
        let before: Vec<(&OracleEvent, u64)> = cases
            .last()
            .map(|case| case.iter().filter(|(event, _)| is_contact(event)).copied().collect())
            .unwrap_or_default();
        let meaning = from_events(&before, event.time);
        let facts = meaning.facts.iter().chain(meaning.legs.iter().flat_map(|leg| &leg.facts));
        let ends = facts
            .filter(|fact| ["call", "leg", "queue"].contains(&fact.name.0))
            .map(|fact| fact.time)
            .chain(before.iter().map(|(event, _)| event.time));
        let has_ended = ends.max().is_some_and(|end| !meaning.open && event.time - end > HOUR);
        if ["offered", "joined"].contains(&event.verb) && has_ended {
            cases.push(Vec::new());
        }
        cases.last_mut().expect("there is a first case").push((event, tie));
    }
    cases[0].extend(others);
    cases
}

/// Returns the events in the order in which a case reads them.
fn in_reading_order<'e>(events: &[(&'e OracleEvent, u64)]) -> Vec<(&'e OracleEvent, u64)> {
    let mut events = events.to_vec();
    let rank = |list: &[&str], name: &str| {
        list.iter().position(|known| *known == name).expect("a known name")
    };
    events.sort_by_key(|(event, tie)| {
        let family_rank = rank(&FAMILIES, event.family);
        (event.time, event.sequence, family_rank, rank(&VERB_ORDER, event.verb), *tie)
    });
    events
}

/// Derives the facts of a case at `now`. The number beside each event breaks the last ties.
pub(crate) fn from_events(events: &[(&OracleEvent, u64)], now: i64) -> CaseMeaning {
    from_events_at(events, now, ExpiryCheck::EachMinute)
}

/// Derives the facts of a case at `now`, with this check of expiries.
pub(crate) fn from_events_at(
    events: &[(&OracleEvent, u64)],
    now: i64,
    expiry_check: ExpiryCheck,
) -> CaseMeaning {
    let events = in_reading_order(events);
    let mut meaning = CaseMeaning { now, expiry_check, ..CaseMeaning::default() };
    let only_rings = events.iter().all(|(event, _)| event.verb == "ring_missed");
    for (place, (event, _)) in events.iter().enumerate() {
        if !meaning.families.contains(&event.family) {
            meaning.families.push(event.family);
        }
        // The values of a ring are those of another agent, if anything else is known.
        if event.verb == "ring_missed" && !(only_rings && place == 0) {
            continue;
        }
        for (index, name) in DIMENSIONS.iter().enumerate() {
            let value = event.text_field(name);
            meaning.first_attributes[index] = meaning.first_attributes[index].or(value);
            // Only a class can change.
            meaning.attributes[index] = if *name == "class" {
                value.or(meaning.attributes[index])
            } else {
                meaning.first_attributes[index]
            };
        }
        meaning.due = event.millis_field("due").or(meaning.due);
        meaning.appointment = event.millis_field("appointment").or(meaning.appointment);
    }
    for family in meaning.families.clone() {
        let family_events: Vec<(usize, &OracleEvent)> = events
            .iter()
            .enumerate()
            .filter(|(_, (event, _))| event.family == family)
            .map(|(index, (event, _))| (index, *event))
            .collect();
        meaning.loss_times = family_events
            .iter()
            .filter(|(_, event)| event.verb == "lost")
            .map(|(_, event)| event.time)
            .collect();
        match family {
            "call" => {
                let calls: Vec<(&OracleEvent, u64)> =
                    events.iter().filter(|(event, _)| event.family == family).copied().collect();
                call_legs::derive_call(&calls, &mut meaning);
            }
            "queue" => derive_hall_ticket(&family_events, &mut meaning),
            "survey" => {
                family_events.iter().for_each(|(index, event)| {
                    meaning.add_labeled_fact(
                        (family, "rated"),
                        *index,
                        event.time,
                        event.number_field("score"),
                        event.text_field("question"),
                    );
                });
            }
            "agent" => derive_agent(&family_events, &mut meaning),
            _ => {
                order_facts::derive_order(family, &family_events, &mut meaning);
                derive_holds(family, &family_events, &mut meaning);
            }
        }
    }
    commitment_clock::evaluate_commitments(&mut meaning);
    meaning
}

/// Returns the time zone of the center.
pub(crate) fn zone_of(attributes: &DimensionValues) -> CaseZone {
    if attributes[0] == Some("berlin") { CaseZone::Berlin } else { CaseZone::Shanghai }
}

impl CaseMeaning {
    /// Returns the time zone of the case's center.
    pub(crate) fn case_zone(&self) -> CaseZone {
        zone_of(&self.attributes)
    }

    pub(crate) fn add_fact(&mut self, name: FactName, index: usize, time: i64, value: Option<i64>) {
        self.add_labeled_fact(name, index, time, value, None);
    }

    pub(crate) fn add_labeled_fact(
        &mut self,
        name: FactName,
        index: usize,
        time: i64,
        value: Option<i64>,
        label: Option<&'static str>,
    ) {
        self.facts.push(OracleFact { name, time, value, label, event_index: index });
    }

    /// Adds a gauge active since `since`, or its expiry if the end event is missing.
    ///
    /// Returns true if the gauge is active.
    pub(crate) fn add_active_fact(&mut self, name: FactName, since: i64) -> bool {
        let fact = self.active_or_expired(name, since);
        let is_active = fact.name == name;
        self.facts.push(fact);
        is_active
    }

    /// Adds a gauge active since `since` that was confirmed at `renewed`, or its expiry.
    pub(crate) fn add_renewed_fact(&mut self, name: FactName, since: i64, renewed: i64) {
        let fact = self.renewed_or_expired(name, since, renewed);
        self.facts.push(fact);
    }

    /// Returns the gauge active since `since`, or its expiry if the end event is missing. The case is
    /// open if the gauge is active.
    pub(crate) fn active_or_expired(&mut self, name: FactName, since: i64) -> OracleFact {
        self.renewed_or_expired(name, since, since)
    }

    fn renewed_or_expired(&mut self, name: FactName, since: i64, renewed: i64) -> OracleFact {
        let expires = fact_expiry(name).map(|millis| renewed + millis);
        let lost = self.loss_times.iter().copied().filter(|lost| *lost >= renewed).min();
        // The engine checks expiry once a minute, after the minute is over.
        let checked_at = expires.map(|time| (time.div_euclid(MINUTE) + 1) * MINUTE);
        self.critical_times.extend(expires.into_iter().chain(checked_at));
        let over = match (lost, expires) {
            (Some(lost), Some(expires)) => Some(lost.min(expires)),
            (Some(lost), None) => Some(lost),
            (None, expires) => expires.filter(|time| self.has_expired(*time)),
        };
        self.open |= over.is_none();
        let (name, time, value) = match over {
            Some(over) => ((name.0, "expired"), over, Some(over - since)),
            None => (name, since, None),
        };
        OracleFact { name, time, value, label: None, event_index: usize::MAX }
    }

    /// Returns true if a state that expires at `expires` no longer shows.
    fn has_expired(&self, expires: i64) -> bool {
        let checked_at = (expires.div_euclid(MINUTE) + 1) * MINUTE;
        match self.expiry_check {
            ExpiryCheck::EachMinute => checked_at <= self.now,
            ExpiryCheck::AtTime { now } => expires <= self.now && checked_at <= now,
        }
    }

    /// Adds a call-back pending since `since`, unless it has expired. A loss does not end it.
    ///
    /// Returns true if it is pending.
    pub(crate) fn add_pending_callback(&mut self, since: i64) -> bool {
        let name = ("call", "callback");
        let expires = since + fact_expiry(name).expect("a pending call-back expires");
        let checked_at = (expires.div_euclid(MINUTE) + 1) * MINUTE;
        self.critical_times.extend([expires, checked_at]);
        let is_pending = !self.has_expired(expires);
        if is_pending {
            self.open = true;
            self.add_fact(name, usize::MAX, since, None);
        }
        is_pending
    }
}

type CaseEvents<'a> = [(usize, &'a OracleEvent)];

/// Returns the first event with one of these verbs, with its index.
fn first_with_verb<'a>(
    events: &CaseEvents<'a>,
    verbs: &[&str],
) -> Option<(usize, &'a OracleEvent)> {
    events.iter().find(|(_, event)| verbs.contains(&event.verb)).copied()
}

/// Returns the duration reported by the event, otherwise the time since `since`.
fn reported_duration(event: &OracleEvent, name: &str, since: Option<i64>) -> Option<i64> {
    event.millis_field(name).or(since.map(|since| event.time - since))
}

fn derive_hall_ticket(events: &CaseEvents<'_>, meaning: &mut CaseMeaning) {
    let (joined, left, served) = (
        first_with_verb(events, &["joined"]),
        first_with_verb(events, &["left"]),
        first_with_verb(events, &["served"]),
    );
    let called = events.iter().rposition(|(_, event)| event.verb == "called");
    // A ticket that is called after it left is at the counter.
    let left = called.map_or(left, |place| first_with_verb(&events[place..], &["left"]));
    let called = called.map(|place| events[place]);
    let joined_at = joined.map(|(_, event)| event.time);
    let called_at = called.map(|(_, event)| event.time);
    if let Some((index, event)) = joined {
        meaning.add_fact(("queue", "joined"), index, event.time, None);
    }
    if let Some((index, event)) = called {
        meaning.add_fact(
            ("queue", "called"),
            index,
            event.time,
            reported_duration(event, "wait_seconds", joined_at),
        );
    }
    if let Some((index, event)) = served {
        meaning.add_labeled_fact(
            ("queue", "served"),
            index,
            event.time,
            reported_duration(event, "talk_seconds", called_at),
            event.text_field("resolved"),
        );
    } else if let Some((index, event)) = left {
        meaning.add_labeled_fact(
            ("queue", "left"),
            index,
            event.time,
            reported_duration(event, "wait_seconds", joined_at),
            event.text_field("reason"),
        );
    } else if let Some(called_at) = called_at {
        meaning.add_active_fact(("queue", "at_counter"), called_at);
    } else if let Some(joined_at) = joined_at {
        meaning.add_active_fact(("queue", "waiting"), joined_at);
    }
}

fn derive_agent(events: &CaseEvents<'_>, meaning: &mut CaseMeaning) {
    let mut now: Option<(&'static str, i64)> = None;
    for (index, event) in events {
        let Some(state) = event.text_field("state") else { continue };
        let Some((before, since)) = now.filter(|(before, _)| *before != state) else {
            now = now.or(Some((state, event.time)));
            continue;
        };
        if let Some(time) = time_in_state(before) {
            let name = ("agent", time);
            meaning.add_fact(name, *index, event.time, Some(event.time - since));
            meaning.state_spans.push(StateSpan { name, from: since, until: Some(event.time) });
        }
        now = Some((state, event.time));
    }
    if let Some((state, since)) = now
        && meaning.add_active_fact(("agent", state), since)
        && let Some(time) = time_in_state(state)
    {
        meaning.state_spans.push(StateSpan { name: ("agent", time), from: since, until: None });
    }
}

/// Returns the fact that counts the durations of a working state.
fn time_in_state(state: &str) -> Option<&'static str> {
    match state {
        "ready" => Some("ready_time"),
        "talking" => Some("talking_time"),
        "wrapup" => Some("wrapup_time"),
        "pause" => Some("pause_time"),
        _ => None,
    }
}
