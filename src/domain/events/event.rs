//! Events as the core takes them: decoded, hashed and small; the texts of a batch stand once in its own table.
//!
//! A [`Batch`] is self-contained: its group numbers mean something only together with its own [`Batch::groups`], so
//! batches may be decoded by different threads, queued, and written down.

use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::num::{NonZeroI64, NonZeroU8, NonZeroU32, NonZeroU64};
use std::sync::Arc;

/// What identifies a case: a seeded hash of `source` and `subject`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CaseKey(pub u64);

/// What identifies an event: a seeded hash of `source` and `id`. Two events with the same one are the same event.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct EventId(#[serde(with = "hash")] pub u64);

/// A customer as a keyed hash; the number itself never gets past the decoder.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CustomerKey(pub NonZeroU64);

/// A hash is written as its eight bytes: forms that make small numbers short take ten for one.
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

/// A word of an event that only has to be told from others, such as a reason or an owner: a hash of its text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Symbol(NonZeroU32);

impl Symbol {
    /// The word with this text.
    #[must_use]
    pub fn from_text(text: &str) -> Symbol {
        let hash = xxhash_rust::xxh3::xxh3_64(text.as_bytes()) as u32;
        Symbol(NonZeroU32::new(hash).unwrap_or(NonZeroU32::MIN))
    }

    /// The word that is written as this number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Symbol> {
        NonZeroU32::new(number).map(Symbol)
    }

    /// A number that is the word's own; never 0.
    #[must_use]
    pub fn to_number(self) -> u32 {
        self.0.get()
    }
}

/// A duration of at most 49 days, in milliseconds, in four bytes with room for none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct PackedMillis(NonZeroU32);

impl PackedMillis {
    /// The longest duration, in milliseconds.
    pub const MAX_MS: i64 = u32::MAX as i64 - 1;

    /// So many milliseconds; none if it is negative or too long.
    #[must_use]
    pub fn new(millis: i64) -> Option<PackedMillis> {
        let millis = u32::try_from(millis).ok()?;
        NonZeroU32::new(millis.checked_add(1)?).map(PackedMillis)
    }

    /// The milliseconds.
    #[must_use]
    pub fn get(self) -> i64 {
        i64::from(self.0.get()) - 1
    }
}

/// A time in eight bytes with room for none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct PackedTimestamp(NonZeroI64);

impl PackedTimestamp {
    /// This time; none for the least number there is, which is no time anyone could say.
    #[must_use]
    pub fn new(time: Timestamp) -> Option<PackedTimestamp> {
        NonZeroI64::new(time.0 ^ i64::MIN).map(PackedTimestamp)
    }

    /// The time.
    #[must_use]
    pub fn get(self) -> Timestamp {
        Timestamp(self.0.get() ^ i64::MIN)
    }
}

/// What happened: `repair.opened` is the verb [`Verb::Opened`] of the family `repair`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct EventType {
    /// Which kind of case it happened to.
    pub family: CaseFamily,
    /// What happened to it.
    pub verb: EventVerb,
}

/// A kind of case, with a life cycle of its own: its place among [`super::standard::Schema::families`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CaseFamily(pub u8);

impl CaseFamily {
    /// Telephone calls.
    pub const CALL: CaseFamily = CaseFamily(0);
    /// Tickets of a hall.
    pub const QUEUE: CaseFamily = CaseFamily(1);
    /// Judgements by customers; they join the case that is judged.
    pub const SURVEY: CaseFamily = CaseFamily(2);
    /// Agents and what they are doing.
    pub const AGENT: CaseFamily = CaseFamily(3);
    /// The first of the families of orders that the standard declares.
    pub const FIRST_ORDER: CaseFamily = CaseFamily(4);
}

/// What can happen to a case. The order of the verbs settles ties of time, so that a beginning comes before its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[repr(u8)]
#[expect(
    missing_docs,
    reason = "the contract describes each; they are the second half of the event types"
)]
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
}

impl EventVerb {
    /// Every verb, at the place that is its number.
    pub const ALL: [EventVerb; 24] = [
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
    ];
    const CALL_VERBS: [(&'static str, EventVerb); 7] = [
        ("offered", EventVerb::Offered),
        ("answered", EventVerb::Answered),
        ("abandoned", EventVerb::Abandoned),
        ("overflowed", EventVerb::Overflowed),
        ("transferred", EventVerb::Transferred),
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
    const ORDER_VERBS: [(&'static str, EventVerb); 11] = [
        ("opened", EventVerb::Opened),
        ("assigned", EventVerb::Assigned),
        ("arrived", EventVerb::Arrived),
        ("replied", EventVerb::Replied),
        ("paused", EventVerb::Paused),
        ("resumed", EventVerb::Resumed),
        ("resolved", EventVerb::Resolved),
        ("confirmed", EventVerb::Confirmed),
        ("reopened", EventVerb::Reopened),
        ("escalated", EventVerb::Escalated),
        ("cancelled", EventVerb::Cancelled),
    ];

    /// The verbs of a family with their names in event types.
    #[must_use]
    pub fn family_verbs(family: CaseFamily) -> &'static [(&'static str, EventVerb)] {
        match family {
            CaseFamily::CALL => &Self::CALL_VERBS,
            CaseFamily::QUEUE => &Self::QUEUE_VERBS,
            CaseFamily::SURVEY => &[("rated", EventVerb::Rated)],
            CaseFamily::AGENT => &[("changed", EventVerb::Changed)],
            _ => &Self::ORDER_VERBS,
        }
    }
}

/// The values an event gave for the standard's dimensions, in their order; `None` where it gave none. Cheap to clone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<Option<Box<str>>>", into = "Vec<Option<Box<str>>>")]
pub struct Attributes {
    hash: u64,
    values: Arc<[Option<Box<str>>]>,
}

impl Attributes {
    /// These values; `hash` must be [`Attributes::hash_of`] them.
    #[must_use]
    pub fn new(hash: u64, values: Arc<[Option<Box<str>>]>) -> Attributes {
        Attributes { hash, values }
    }

    /// A hash of the values and their places.
    #[must_use]
    pub fn hash_values<'v>(values: impl Iterator<Item = Option<&'v str>>) -> u64 {
        values.fold(0, |hash, value| match value {
            Some(text) => xxhash_rust::xxh3::xxh3_64_with_seed(text.as_bytes(), hash),
            // An odd number without pattern tells a value not said from an empty one.
            None => hash.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1),
        })
    }

    /// The hash of the values.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The values.
    #[must_use]
    pub fn values(&self) -> &[Option<Box<str>>] {
        &self.values
    }

    /// Whether these attributes fulfil conditions: for each dimension named, the values that fit.
    #[must_use]
    pub fn fulfill_conditions(&self, conditions: &[(usize, Vec<String>)]) -> bool {
        conditions.iter().all(|(dimension, wanted)| {
            self.values
                .get(*dimension)
                .and_then(Option::as_deref)
                .is_some_and(|value| wanted.iter().any(|one| one == value))
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

/// One event, decoded.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Event {
    /// The case it belongs to.
    pub case: CaseKey,
    /// Which event it is.
    pub id: EventId,
    /// When it happened, by its source.
    pub time: Timestamp,
    /// What else the event says.
    pub detail: EventDetail,
    /// Its attributes: an index into [`Batch::groups`].
    pub group: u32,
    /// The CloudEvents `sequence` of a source that numbers its events: orders events of the same time.
    pub sequence: u32,
    /// What happened.
    pub kind: EventType,
    /// Which of the sources that the standard declares said it: its place plus one; 0 for any other.
    pub source: u8,
}

/// The data of an event beyond its dimensions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct EventDetail {
    /// Who the case is about (`customer`).
    pub customer: Option<CustomerKey>,
    /// The promised time (`due`).
    pub due: Option<PackedTimestamp>,
    /// When the customer was promised a visit (`appointment`).
    pub appointment: Option<PackedTimestamp>,
    /// How long the customer waited, where the source says so itself (`wait_seconds`).
    pub wait: Option<PackedMillis>,
    /// How long the conversation or service took, where the source says so itself (`talk_seconds`).
    pub talk: Option<PackedMillis>,
    /// How long the customer was put on hold (`hold_seconds`).
    pub hold: Option<PackedMillis>,
    /// After-call work (`wrapup_seconds`).
    pub wrapup: Option<PackedMillis>,
    /// What the contact is about (`topic`).
    pub topic: Option<Symbol>,
    /// Who is responsible for the order (`owner`).
    pub owner: Option<Symbol>,
    /// What [`Verb::word`] says of it: a reason, a level, where a call went, yes or no.
    pub label: Option<Symbol>,
    /// Whose fault a pause or a delay is (`liable`).
    pub liable: Option<Symbol>,
    /// A customer's answer, brought to 1 (worst) to 5 (best) from `score` and `scale`.
    pub answer: Option<NonZeroU8>,
    /// An agent's new state (`state`).
    pub agent_state: Option<AgentState>,
}

impl EventDetail {
    /// Whether nothing is said, as most events do.
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
            label: word,
            liable,
            answer,
            agent_state,
        } = self;
        // Without an early end, so that all are looked at together.
        let times = due.is_some()
            | appointment.is_some()
            | wait.is_some()
            | talk.is_some()
            | hold.is_some()
            | wrapup.is_some();
        let words = topic.is_some() | owner.is_some() | word.is_some() | liable.is_some();
        !(times | words | customer.is_some() | answer.is_some() | agent_state.is_some())
    }
}

impl EventVerb {
    /// The field of an event's `data` that its facts can be told apart by.
    #[must_use]
    pub fn label_field(self) -> Option<&'static str> {
        match self {
            EventVerb::Overflowed
            | EventVerb::Left
            | EventVerb::Paused
            | EventVerb::Reopened
            | EventVerb::Cancelled => Some("reason"),
            EventVerb::Transferred => Some("to"),
            EventVerb::Ended | EventVerb::Served => Some("resolved"),
            EventVerb::Escalated => Some("level"),
            EventVerb::Confirmed => Some("satisfied"),
            _ => None,
        }
    }
}

/// What an agent is doing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum AgentState {
    /// Free for the next contact.
    Ready,
    /// With a customer.
    Talking,
    /// Finishing the work after a contact.
    Wrapup,
    /// On a break.
    Pause,
    /// Not signed in.
    Offline,
}

impl AgentState {
    /// Every state with its public name.
    pub const NAMES: [(&'static str, AgentState); 5] = [
        ("ready", AgentState::Ready),
        ("talking", AgentState::Talking),
        ("wrapup", AgentState::Wrapup),
        ("pause", AgentState::Pause),
        ("offline", AgentState::Offline),
    ];

    /// Its public name.
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
        for family in 0..=CaseFamily::FIRST_ORDER.0 {
            EventVerb::family_verbs(CaseFamily(family))
                .iter()
                .for_each(|(_, verb)| assert!(EventVerb::ALL.contains(verb)));
        }
    }

    /// Journals and snapshots of earlier versions have them.
    #[test]
    fn verb_numbers_stay_stable() {
        let names = EventVerb::ALL.map(|verb| format!("{verb:?}"));
        let before = "Offered Answered Abandoned Overflowed Transferred Ended Lost Joined Called Left Served Opened Assigned Arrived \
                      Replied Paused Resumed Resolved Confirmed Reopened Escalated Cancelled Rated Changed";
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
