//! Names and measures of the facts of each life cycle, in the order of the constants in
//! [`place`](super::place).

use crate::domain::events::event::EventVerb;

/// Meaning of the value of a kind of fact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FactMeasure {
    /// The kind has no value.
    NoValue,
    /// Duration in milliseconds.
    Duration,
    /// Survey answer from 1 (worst) to 5 (best).
    Answer,
    /// Current state; the time of the fact is its start.
    CurrentState,
}

/// Facts of a contact.
pub(super) const CONTACT_FACTS: [(&str, FactMeasure); 13] = [
    ("offered", FactMeasure::NoValue),
    ("answered", FactMeasure::Duration),
    ("abandoned", FactMeasure::Duration),
    ("overflowed", FactMeasure::Duration),
    ("transferred", FactMeasure::NoValue),
    ("ended", FactMeasure::Duration),
    ("handled", FactMeasure::Duration),
    ("completed", FactMeasure::Duration),
    ("expired", FactMeasure::Duration),
    ("waiting", FactMeasure::CurrentState),
    ("talking", FactMeasure::CurrentState),
    ("not_offered", FactMeasure::NoValue),
    ("callback", FactMeasure::CurrentState),
];
/// Facts of the legs of a contact. They follow those of the contact.
pub(super) const LEG_FACTS: [(&str, FactMeasure); 10] = [
    ("offered", FactMeasure::NoValue),
    ("answered", FactMeasure::Duration),
    ("abandoned", FactMeasure::Duration),
    ("overflowed", FactMeasure::Duration),
    ("transferred", FactMeasure::NoValue),
    ("talked", FactMeasure::Duration),
    ("expired", FactMeasure::Duration),
    ("waiting", FactMeasure::CurrentState),
    ("talking", FactMeasure::CurrentState),
    ("not_offered", FactMeasure::NoValue),
];
pub(super) const QUEUE_FACTS: [(&str, FactMeasure); 7] = [
    ("joined", FactMeasure::NoValue),
    ("called", FactMeasure::Duration),
    ("left", FactMeasure::Duration),
    ("served", FactMeasure::Duration),
    ("expired", FactMeasure::Duration),
    ("waiting", FactMeasure::CurrentState),
    ("at_counter", FactMeasure::CurrentState),
];
pub(super) const SURVEY_FACTS: [(&str, FactMeasure); 1] = [("rated", FactMeasure::Answer)];
pub(super) const AGENT_FACTS: [(&str, FactMeasure); 10] = [
    ("ready_time", FactMeasure::Duration),
    ("talking_time", FactMeasure::Duration),
    ("wrapup_time", FactMeasure::Duration),
    ("pause_time", FactMeasure::Duration),
    ("expired", FactMeasure::Duration),
    ("ready", FactMeasure::CurrentState),
    ("talking", FactMeasure::CurrentState),
    ("wrapup", FactMeasure::CurrentState),
    ("pause", FactMeasure::CurrentState),
    ("offline", FactMeasure::CurrentState),
];
pub(super) const ORDER_FACTS: [(&str, FactMeasure); 18] = [
    ("opened", FactMeasure::NoValue),
    ("assigned", FactMeasure::Duration),
    ("arrived", FactMeasure::Duration),
    ("replied", FactMeasure::Duration),
    ("resolved", FactMeasure::Duration),
    ("first_resolved", FactMeasure::Duration),
    ("by_first_owner", FactMeasure::Duration),
    ("reopened", FactMeasure::NoValue),
    ("reopened_once", FactMeasure::NoValue),
    ("confirmed", FactMeasure::NoValue),
    ("confirmed_once", FactMeasure::NoValue),
    ("escalated", FactMeasure::NoValue),
    ("escalated_once", FactMeasure::NoValue),
    ("resumed", FactMeasure::Duration),
    ("cancelled", FactMeasure::NoValue),
    ("expired", FactMeasure::Duration),
    ("open", FactMeasure::CurrentState),
    ("paused", FactMeasure::CurrentState),
];
/// Number of facts of each commitment.
pub const COMMITMENT_FACT_COUNT: u16 = 12;

pub(super) const COMMITMENT_FACTS: [(&str, FactMeasure); COMMITMENT_FACT_COUNT as usize] = [
    ("promised", FactMeasure::NoValue),
    ("kept", FactMeasure::Duration),
    ("missed", FactMeasure::NoValue),
    ("late", FactMeasure::Duration),
    ("kept_due", FactMeasure::NoValue),
    ("excused", FactMeasure::NoValue),
    ("net", FactMeasure::Duration),
    ("warned", FactMeasure::NoValue),
    ("running", FactMeasure::CurrentState),
    ("overdue", FactMeasure::CurrentState),
    ("due_soon", FactMeasure::CurrentState),
    ("stopped", FactMeasure::CurrentState),
];
pub(super) const FIRST_CONTACT_FACTS: [(&str, FactMeasure); 2] =
    [("contacts", FactMeasure::NoValue), ("once", FactMeasure::NoValue)];

/// Facts that come from a single verb and therefore carry the label of its event.
pub(super) const LABELED_FACTS: [(&str, EventVerb); 11] = [
    ("abandoned", EventVerb::Abandoned),
    ("overflowed", EventVerb::Overflowed),
    ("transferred", EventVerb::Transferred),
    ("ended", EventVerb::Ended),
    ("left", EventVerb::Left),
    ("served", EventVerb::Served),
    ("reopened", EventVerb::Reopened),
    ("confirmed", EventVerb::Confirmed),
    ("escalated", EventVerb::Escalated),
    ("resumed", EventVerb::Paused),
    ("cancelled", EventVerb::Cancelled),
];

/// Number of facts of calls since journal format 4, those of legs included.
pub const CONTACT_FACT_COUNT: usize = CONTACT_FACTS.len() + LEG_FACTS.len();

/// Cases that a fact of a contact family counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CountedUnit {
    /// Contacts, each with all its legs.
    Contacts,
    /// Legs, each a stay of a contact in one queue.
    Legs,
}

impl CountedUnit {
    /// Returns the public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            CountedUnit::Contacts => "contacts",
            CountedUnit::Legs => "legs",
        }
    }
}

