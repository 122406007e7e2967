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
    /// Share of one miss of a commitment, in millionths.
    MissShare,
}

/// Facts of a contact.
pub(super) const CONTACT_FACTS: [(&str, FactMeasure); 15] = [
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
    ("ring_missed", FactMeasure::Duration),
    ("called_back", FactMeasure::Duration),
];
/// Facts of the legs of a contact. They follow those of the contact.
pub(super) const LEG_FACTS: [(&str, FactMeasure); 11] = [
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
    ("called_back", FactMeasure::Duration),
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
pub(super) const ORDER_FACTS: [(&str, FactMeasure); 20] = [
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
    ("customer_replied", FactMeasure::NoValue),
    ("held", FactMeasure::Duration),
];
/// Parts into which a miss is divided, see [`FactMeasure::MissShare`].
pub const MILLIONTHS_OF_MISS: i64 = 1_000_000;

/// Number of facts of each commitment.
pub const COMMITMENT_FACT_COUNT: u16 = 13;

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
    ("missed_share", FactMeasure::MissShare),
];
pub(super) const FIRST_CONTACT_FACTS: [(&str, FactMeasure); 2] =
    [("contacts", FactMeasure::NoValue), ("once", FactMeasure::NoValue)];

/// Facts that come from a single verb and therefore carry the label of its event.
pub(super) const LABELED_FACTS: [(&str, EventVerb); 12] = [
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
    ("rated", EventVerb::Rated),
];

/// Number of facts of calls in the journal formats 4 and 5, those of legs included.
pub const CONTACT_FACT_COUNT_IN_FORMAT_5: usize = 23;

/// Facts of families that came with journal format 6.
pub(super) const FAMILY_FACTS_SINCE_FORMAT_6: [&str; 4] =
    ["ring_missed", "called_back", "customer_replied", "held"];
/// Facts of commitments that came with journal format 6.
pub(super) const COMMITMENT_FACTS_SINCE_FORMAT_6: [&str; 1] = ["missed_share"];

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
