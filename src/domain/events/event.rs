//! Decoded events in compact form. Texts are hashed or stored once per batch.
//!
//! A [`Batch`](super::batch::Batch) is self-contained: its events refer to groups of attributes by
//! index into its own `groups`. Therefore threads can decode, queue and store batches
//! independently.

use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::num::{NonZeroI64, NonZeroU8, NonZeroU32, NonZeroU64};
use std::sync::Arc;

/// Identity of a case: a seeded hash of `source` and `subject`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CaseKey(pub u64);

/// Identity of an event: a seeded hash of `source` and `id`. Events with equal ids are duplicates.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct EventId(#[serde(with = "hash")] pub u64);

/// Customer as a keyed hash. The customer number itself never leaves the decoder.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CustomerKey(pub NonZeroU64);

/// Serialization of a hash as eight bytes, since variable-length integers would need ten.
pub mod hash {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes a hash.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(hash: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        hash.to_le_bytes().serialize(serializer)
    }

    /// Reads a hash.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        <[u8; 8]>::deserialize(deserializer).map(u64::from_le_bytes)
    }
}

/// Symbol for a text that is only compared, such as a reason or an owner: a hash of the text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Symbol(NonZeroU32);

impl Symbol {
    /// Returns the symbol of this text.
    #[must_use]
    pub fn from_text(text: &str) -> Symbol {
        let hash = xxhash_rust::xxh3::xxh3_64(text.as_bytes()) as u32;
        Symbol(NonZeroU32::new(hash).unwrap_or(NonZeroU32::MIN))
    }

    /// Returns the symbol with this number; `None` for 0.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Symbol> {
        NonZeroU32::new(number).map(Symbol)
    }

    /// Returns the number of the symbol, which is never 0.
    #[must_use]
    pub fn to_number(self) -> u32 {
        self.0.get()
    }
}

/// Duration from 0 to about 49 days, in milliseconds. An `Option` of it takes four bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct PackedMillis(NonZeroU32);

impl PackedMillis {
    /// Longest duration in milliseconds.
    pub const MAX_MS: i64 = u32::MAX as i64 - 1;

    /// Returns the duration; `None` if it is negative or longer than [`PackedMillis::MAX_MS`].
    #[must_use]
    pub fn new(millis: i64) -> Option<PackedMillis> {
        let millis = u32::try_from(millis).ok()?;
        NonZeroU32::new(millis.checked_add(1)?).map(PackedMillis)
    }

    /// Returns the duration in milliseconds.
    #[must_use]
    pub fn get(self) -> i64 {
        i64::from(self.0.get()) - 1
    }
}

/// Timestamp whose `Option` takes eight bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct PackedTimestamp(NonZeroI64);

impl PackedTimestamp {
    /// A time that was sent but could not be read. No readable time is so early.
    pub const UNREADABLE: PackedTimestamp =
        PackedTimestamp(NonZeroI64::new(1).expect("1 is not 0"));

    /// Returns the packed timestamp; `None` for `i64::MIN`, which no event may carry.
    #[must_use]
    pub fn new(time: Timestamp) -> Option<PackedTimestamp> {
        NonZeroI64::new(time.0 ^ i64::MIN).map(PackedTimestamp)
    }

    /// Returns the timestamp.
    #[must_use]
    pub fn get(self) -> Timestamp {
        Timestamp(self.0.get() ^ i64::MIN)
    }

    /// Returns the timestamp; `None` if it could not be read.
    #[must_use]
    pub fn readable(self) -> Option<Timestamp> {
        (self != PackedTimestamp::UNREADABLE).then(|| self.get())
    }
}

/// Type of an event: `repair.opened` is [`EventVerb::Opened`] of the family `repair`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct EventType {
    /// Family of the case.
    pub family: CaseFamily,
    /// Verb of the event.
    pub verb: EventVerb,
}

/// Kind of case with its own life cycle, by its index in
/// [`EventSchema::families`](crate::domain::standard::EventSchema::families).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CaseFamily(pub u8);

impl CaseFamily {
    /// Telephone calls.
    pub const CALL: CaseFamily = CaseFamily(0);
    /// Tickets of a service hall.
    pub const QUEUE: CaseFamily = CaseFamily(1);
    /// Survey answers of customers. They join the case that is rated.
    pub const SURVEY: CaseFamily = CaseFamily(2);
    /// Agents and their states.
    pub const AGENT: CaseFamily = CaseFamily(3);
}

/// Life cycle that the cases of a family go through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LifeCycle {
    /// Contacts of customers: calls, chats.
    Contact,
    /// Tickets of a service hall.
    HallTicket,
    /// Survey answers.
    Survey,
    /// Agents and their states.
    Agent,
    /// Orders.
    Order,
    /// Values of outside series, each a case that never closes.
    Series,
}

/// Event verbs. Their order breaks ties of time, so that starts precede ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[repr(u8)]
#[expect(missing_docs, reason = "the event reference describes each verb")]
pub enum EventVerb {
    Offered,
    Answered,
    Abandoned,
    Overflowed,
    Transferred,
    Ended,
    Lost,
    Joined,
    Called,
    Left,
    Served,
    Opened,
    Assigned,
    Arrived,
    Replied,
    Paused,
    Resumed,
    Resolved,
    Confirmed,
    Reopened,
    Escalated,
    Cancelled,
    Rated,
    Changed,
    // Since format 4. The numbers of the verbs are part of the format.
    CalledBack,
    Merged,
    // Since format 6.
    RingMissed,
    CustomerReplied,
    Reported,
}

impl EventVerb {
    /// All verbs, indexed by their number.
    pub const ALL: [EventVerb; 29] = [
        EventVerb::Offered,
        EventVerb::Answered,
        EventVerb::Abandoned,
        EventVerb::Overflowed,
        EventVerb::Transferred,
        EventVerb::Ended,
        EventVerb::Lost,
        EventVerb::Joined,
        EventVerb::Called,
        EventVerb::Left,
        EventVerb::Served,
        EventVerb::Opened,
        EventVerb::Assigned,
        EventVerb::Arrived,
        EventVerb::Replied,
        EventVerb::Paused,
        EventVerb::Resumed,
        EventVerb::Resolved,
        EventVerb::Confirmed,
        EventVerb::Reopened,
        EventVerb::Escalated,
        EventVerb::Cancelled,
        EventVerb::Rated,
        EventVerb::Changed,
        EventVerb::CalledBack,
        EventVerb::Merged,
        EventVerb::RingMissed,
        EventVerb::CustomerReplied,
        EventVerb::Reported,
    ];
    const CONTACT_VERBS: [(&'static str, EventVerb); 10] = [
        ("offered", EventVerb::Offered),
        ("answered", EventVerb::Answered),
        ("abandoned", EventVerb::Abandoned),
        ("overflowed", EventVerb::Overflowed),
        ("transferred", EventVerb::Transferred),
        ("called_back", EventVerb::CalledBack),
        ("ring_missed", EventVerb::RingMissed),
        ("merged", EventVerb::Merged),
        ("ended", EventVerb::Ended),
        ("lost", EventVerb::Lost),
    ];
    const QUEUE_VERBS: [(&'static str, EventVerb); 5] = [
        ("joined", EventVerb::Joined),
        ("called", EventVerb::Called),
        ("left", EventVerb::Left),
        ("served", EventVerb::Served),
        ("lost", EventVerb::Lost),
    ];
    const ORDER_VERBS: [(&'static str, EventVerb); 12] = [
        ("opened", EventVerb::Opened),
        ("assigned", EventVerb::Assigned),
        ("arrived", EventVerb::Arrived),
        ("replied", EventVerb::Replied),
        ("customer_replied", EventVerb::CustomerReplied),
        ("paused", EventVerb::Paused),
        ("resumed", EventVerb::Resumed),
        ("resolved", EventVerb::Resolved),
        ("confirmed", EventVerb::Confirmed),
        ("reopened", EventVerb::Reopened),
        ("escalated", EventVerb::Escalated),
        ("cancelled", EventVerb::Cancelled),
    ];

    /// Returns the verbs of a life cycle with their names in event types.
    #[must_use]
    pub fn of_life_cycle(life_cycle: LifeCycle) -> &'static [(&'static str, EventVerb)] {
        match life_cycle {
            LifeCycle::Contact => &Self::CONTACT_VERBS,
            LifeCycle::HallTicket => &Self::QUEUE_VERBS,
            LifeCycle::Survey => &[("rated", EventVerb::Rated)],
            LifeCycle::Agent => &[("changed", EventVerb::Changed)],
            LifeCycle::Order => &Self::ORDER_VERBS,
            LifeCycle::Series => &[("reported", EventVerb::Reported)],
        }
    }
}

/// Values of an event for the standard's dimensions, in their order. A missing value is `None`.
///
/// Cloning is cheap, since the values are shared.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<Option<Box<str>>>", into = "Vec<Option<Box<str>>>")]
pub struct Attributes {
    hash: u64,
    values: Arc<[Option<Box<str>>]>,
}

impl Attributes {
    /// Returns attributes of these values. `hash` must be their [`Attributes::hash_values`].
    #[must_use]
    pub fn new(hash: u64, values: Arc<[Option<Box<str>>]>) -> Attributes {
        Attributes { hash, values }
    }

    /// Returns a hash of the values and their positions.
    #[must_use]
    pub fn hash_values<'v>(values: impl Iterator<Item = Option<&'v str>>) -> u64 {
        values.fold(0, |hash, value| match value {
            Some(text) => xxhash_rust::xxh3::xxh3_64_with_seed(text.as_bytes(), hash),
            // The odd multiplier distinguishes a missing value from an empty one.
            None => hash.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1),
        })
    }

    /// Returns the hash of the values.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Returns the values; `None` for each dimension without a value.
    #[must_use]
    pub fn values(&self) -> &[Option<Box<str>>] {
        &self.values
    }

    /// Returns true if the value of each listed dimension is one of the accepted values.
    #[must_use]
    pub fn fulfill_conditions(&self, conditions: &[(usize, Vec<String>)]) -> bool {
        conditions.iter().all(|(dimension, accepted)| {
            self.values
                .get(*dimension)
                .and_then(Option::as_deref)
                .is_some_and(|value| accepted.iter().any(|candidate| candidate == value))
        })
    }
}

impl From<Vec<Option<Box<str>>>> for Attributes {
    fn from(values: Vec<Option<Box<str>>>) -> Attributes {
        Attributes::new(Attributes::hash_values(values.iter().map(Option::as_deref)), values.into())
    }
}

impl From<Attributes> for Vec<Option<Box<str>>> {
    fn from(attributes: Attributes) -> Self {
        attributes.values.to_vec()
    }
}

impl PartialEq for Attributes {
    fn eq(&self, other: &Attributes) -> bool {
        Arc::ptr_eq(&self.values, &other.values) || self.values == other.values
    }
}

/// Decoded event.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Event {
    /// The case it belongs to.
    pub case: CaseKey,
    /// Identity of the event.
    pub id: EventId,
    /// Time of the event according to its source.
    pub time: Timestamp,
    /// Further data of the event.
    pub detail: EventDetail,
    /// Index of its attributes in [`Batch::groups`](super::batch::Batch::groups).
    pub group: u32,
    /// CloudEvents `sequence` of a source that numbers its events. Orders events of the same time.
    pub sequence: u32,
    /// Event type.
    pub kind: EventType,
    /// Index of the declared source plus one; 0 for an undeclared source.
    pub source: u8,
}

/// The data of an event beyond its dimensions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct EventDetail {
    /// Customer of the case (`customer`).
    pub customer: Option<CustomerKey>,
    /// Due time (`due`).
    pub due: Option<PackedTimestamp>,
    /// Start of the visit agreed with the customer (`appointment`).
    pub appointment: Option<PackedTimestamp>,
    /// Waiting time reported by the source (`wait_seconds`).
    pub wait: Option<PackedMillis>,
    /// Duration of the conversation or service reported by the source (`talk_seconds`).
    pub talk: Option<PackedMillis>,
    /// Hold time (`hold_seconds`).
    pub hold: Option<PackedMillis>,
    /// After-call work (`wrapup_seconds`).
    pub wrapup: Option<PackedMillis>,
    /// Topic of the contact (`topic`).
    pub topic: Option<Symbol>,
    /// Person or team responsible for the order (`owner`).
    pub owner: Option<Symbol>,
    /// Value of the field named by [`EventVerb::label_field`], such as a reason or a level.
    pub label: Option<Symbol>,
    /// Party liable for a pause or delay (`liable`).
    pub liable: Option<Symbol>,
    /// Name of the leg of a contact (`leg`).
    pub leg: Option<Symbol>,
    /// Survey answer from 1 (worst) to 5 (best), scaled from `score` and `scale`.
    pub answer: Option<NonZeroU8>,
    /// New state of an agent (`state`).
    pub agent_state: Option<AgentState>,
}

impl EventDetail {
    /// Returns true if no field is set, which holds for most events.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let EventDetail {
            customer,
            due,
            appointment,
            wait,
            talk,
            hold,
            wrapup,
            topic,
            owner,
            label,
            liable,
            leg,
            answer,
            agent_state,
        } = self;
        // `|` instead of `||` avoids a branch per field.
        let times = due.is_some()
            | appointment.is_some()
            | wait.is_some()
            | talk.is_some()
            | hold.is_some()
            | wrapup.is_some();
        let symbols =
            topic.is_some() | owner.is_some() | label.is_some() | liable.is_some() | leg.is_some();
        !(times | symbols | customer.is_some() | answer.is_some() | agent_state.is_some())
    }
}

impl EventVerb {
    /// Returns the field of an event's `data` that labels its facts; `None` if they have no label.
    #[must_use]
    pub fn label_field(self) -> Option<&'static str> {
        match self {
            EventVerb::Abandoned
            | EventVerb::Overflowed
            | EventVerb::Left
            | EventVerb::Paused
            | EventVerb::Reopened
            | EventVerb::Cancelled => Some("reason"),
            EventVerb::Transferred => Some("to"),
            EventVerb::CalledBack => Some("reached"),
            EventVerb::Ended | EventVerb::Served => Some("resolved"),
            EventVerb::Escalated => Some("level"),
            EventVerb::Confirmed => Some("satisfied"),
            EventVerb::Rated => Some("question"),
            _ => None,
        }
    }
}

/// State of an agent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum AgentState {
    /// Available for the next contact.
    Ready,
    /// In conversation with a customer.
    Talking,
    /// After-call work.
    Wrapup,
    /// On a break.
    Pause,
    /// Not signed in.
    Offline,
}

impl AgentState {
    /// All states with their names in events.
    pub const NAMES: [(&'static str, AgentState); 5] = [
        ("ready", AgentState::Ready),
        ("talking", AgentState::Talking),
        ("wrapup", AgentState::Wrapup),
        ("pause", AgentState::Pause),
        ("offline", AgentState::Offline),
    ];

    /// Returns the name of the state in events.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_takes_104_bytes() {
        assert_eq!((size_of::<EventDetail>(), size_of::<Event>()), (64, 104));
    }

    #[test]
    fn lists_verbs_in_order_of_their_numbers() {
        EventVerb::ALL
            .iter()
            .enumerate()
            .for_each(|(place, verb)| assert_eq!(*verb as usize, place));
        let life_cycles = [
            LifeCycle::Contact,
            LifeCycle::HallTicket,
            LifeCycle::Survey,
            LifeCycle::Agent,
            LifeCycle::Order,
            LifeCycle::Series,
        ];
        for (_, verb) in life_cycles.into_iter().flat_map(EventVerb::of_life_cycle) {
            assert!(EventVerb::ALL.contains(verb));
        }
    }

    /// Journals and snapshots of earlier versions contain these numbers.
    #[test]
    fn verb_numbers_stay_stable() {
        let names = EventVerb::ALL.map(|verb| format!("{verb:?}"));
        let before = "Offered Answered Abandoned Overflowed Transferred Ended Lost Joined Called Left Served Opened Assigned Arrived \
                      Replied Paused Resumed Resolved Confirmed Reopened Escalated Cancelled Rated Changed CalledBack Merged RingMissed CustomerReplied Reported";
        assert_eq!(names.join(" "), before);
        assert!(EventVerb::ALL.iter().enumerate().all(|(number, verb)| *verb as usize == number));
    }

    #[test]
    fn agent_states_have_distinct_names() {
        AgentState::NAMES.iter().for_each(|(name, state)| assert_eq!(state.name(), *name));
    }

    #[test]
    fn packed_values_round_trip() {
        for millis in [0, 1, 7_250, PackedMillis::MAX_MS] {
            assert_eq!(PackedMillis::new(millis).map(PackedMillis::get), Some(millis));
        }
        assert_eq!(
            (PackedMillis::new(-1), PackedMillis::new(PackedMillis::MAX_MS + 1)),
            (None, None)
        );
        for time in [0, -1, 1_772_323_200_000] {
            assert_eq!(
                PackedTimestamp::new(Timestamp(time)).map(PackedTimestamp::get),
                Some(Timestamp(time))
            );
        }
    }
}
