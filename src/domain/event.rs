//! Events as the core takes them: decoded, hashed and small; the texts of a batch stand once in its own table.
//!
//! A [`Batch`] is self-contained: its group numbers mean something only together with its own [`Batch::groups`], so
//! batches may be decoded by different threads, queued, and written down.

pub mod names;

use super::time::Timestamp;
use names::Names;
use serde::{Deserialize, Serialize};
use std::num::{NonZeroI64, NonZeroU8, NonZeroU32, NonZeroU64};
use std::sync::Arc;

/// What identifies a case: a seeded hash of `source` and `subject`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CaseKey(pub u64);

/// What identifies an event: a seeded hash of `source` and `id`. Two events with the same one are the same event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct EventId(#[serde(with = "hash")] pub u64);

/// A customer as a keyed hash; the number itself never gets past the decoder.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Customer(pub NonZeroU64);

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
pub struct Word(NonZeroU32);

impl Word {
    /// The word with this text.
    #[must_use]
    pub fn of(text: &str) -> Word {
        let hash = xxhash_rust::xxh3::xxh3_64(text.as_bytes()) as u32;
        Word(NonZeroU32::new(hash).unwrap_or(NonZeroU32::MIN))
    }

    /// The word that is written as this number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Word> {
        NonZeroU32::new(number).map(Word)
    }

    /// A number that is the word's own; never 0.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0.get()
    }
}

/// A duration of at most 49 days, in milliseconds, in four bytes with room for none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Millis(NonZeroU32);

impl Millis {
    /// The longest duration, in milliseconds.
    pub const LONGEST: i64 = u32::MAX as i64 - 1;

    /// So many milliseconds; none if it is negative or too long.
    #[must_use]
    pub fn new(millis: i64) -> Option<Millis> {
        let millis = u32::try_from(millis).ok()?;
        NonZeroU32::new(millis.checked_add(1)?).map(Millis)
    }

    /// The milliseconds.
    #[must_use]
    pub fn get(self) -> i64 {
        i64::from(self.0.get()) - 1
    }
}

/// A time in eight bytes with room for none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Moment(NonZeroI64);

impl Moment {
    /// This time; none for the least number there is, which is no time anyone could say.
    #[must_use]
    pub fn new(time: Timestamp) -> Option<Moment> {
        NonZeroI64::new(time.0 ^ i64::MIN).map(Moment)
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
    pub family: Family,
    /// What happened to it.
    pub verb: Verb,
}

/// A kind of case, with a life cycle of its own: its place among [`super::standard::Schema::families`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Family(pub u8);

impl Family {
    /// Telephone calls.
    pub const CALL: Family = Family(0);
    /// Tickets of a hall.
    pub const QUEUE: Family = Family(1);
    /// Judgements by customers; they join the case that is judged.
    pub const SURVEY: Family = Family(2);
    /// Agents and what they are doing.
    pub const AGENT: Family = Family(3);
    /// The first of the families of orders that the standard declares.
    pub const FIRST_ORDER: Family = Family(4);
}

/// What can happen to a case. The order of the verbs settles ties of time, so that a beginning comes before its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[repr(u8)]
#[expect(missing_docs, reason = "the contract describes each; they are the second half of the event types")]
pub enum Verb {
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

impl Verb {
    /// Every verb, at the place that is its number.
    pub const ALL: [Verb; 24] = [
        Verb::Offered,
        Verb::Answered,
        Verb::Abandoned,
        Verb::Overflowed,
        Verb::Transferred,
        Verb::Ended,
        Verb::Lost,
        Verb::Joined,
        Verb::Called,
        Verb::Left,
        Verb::Served,
        Verb::Opened,
        Verb::Assigned,
        Verb::Arrived,
        Verb::Replied,
        Verb::Paused,
        Verb::Resumed,
        Verb::Resolved,
        Verb::Confirmed,
        Verb::Reopened,
        Verb::Escalated,
        Verb::Cancelled,
        Verb::Rated,
        Verb::Changed,
    ];
    const CALL: [(&'static str, Verb); 7] = [
        ("offered", Verb::Offered),
        ("answered", Verb::Answered),
        ("abandoned", Verb::Abandoned),
        ("overflowed", Verb::Overflowed),
        ("transferred", Verb::Transferred),
        ("ended", Verb::Ended),
        ("lost", Verb::Lost),
    ];
    const QUEUE: [(&'static str, Verb); 5] =
        [("joined", Verb::Joined), ("called", Verb::Called), ("left", Verb::Left), ("served", Verb::Served), ("lost", Verb::Lost)];
    const ORDER: [(&'static str, Verb); 11] = [
        ("opened", Verb::Opened),
        ("assigned", Verb::Assigned),
        ("arrived", Verb::Arrived),
        ("replied", Verb::Replied),
        ("paused", Verb::Paused),
        ("resumed", Verb::Resumed),
        ("resolved", Verb::Resolved),
        ("confirmed", Verb::Confirmed),
        ("reopened", Verb::Reopened),
        ("escalated", Verb::Escalated),
        ("cancelled", Verb::Cancelled),
    ];

    /// The verbs of a family with their names in event types.
    #[must_use]
    pub fn of(family: Family) -> &'static [(&'static str, Verb)] {
        match family {
            Family::CALL => &Self::CALL,
            Family::QUEUE => &Self::QUEUE,
            Family::SURVEY => &[("rated", Verb::Rated)],
            Family::AGENT => &[("changed", Verb::Changed)],
            _ => &Self::ORDER,
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
    pub fn hash_of<'v>(values: impl Iterator<Item = Option<&'v str>>) -> u64 {
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
    pub fn fulfil(&self, conditions: &[(usize, Vec<String>)]) -> bool {
        conditions.iter().all(|(dimension, wanted)| {
            self.values.get(*dimension).and_then(Option::as_deref).is_some_and(|value| wanted.iter().any(|one| one == value))
        })
    }
}

impl From<Vec<Option<Box<str>>>> for Attributes {
    fn from(values: Vec<Option<Box<str>>>) -> Attributes {
        Attributes::new(Attributes::hash_of(values.iter().map(Option::as_deref)), values.into())
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
    pub detail: Detail,
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
pub struct Detail {
    /// Who the case is about (`customer`).
    pub customer: Option<Customer>,
    /// The promised time (`due`).
    pub due: Option<Moment>,
    /// When the customer was promised a visit (`appointment`).
    pub appointment: Option<Moment>,
    /// How long the customer waited, where the source says so itself (`wait_seconds`).
    pub wait: Option<Millis>,
    /// How long the conversation or service took, where the source says so itself (`talk_seconds`).
    pub talk: Option<Millis>,
    /// How long the customer was put on hold (`hold_seconds`).
    pub hold: Option<Millis>,
    /// After-call work (`wrapup_seconds`).
    pub wrapup: Option<Millis>,
    /// What the contact is about (`topic`).
    pub topic: Option<Word>,
    /// Who is responsible for the order (`owner`).
    pub owner: Option<Word>,
    /// What [`Verb::word`] says of it: a reason, a level, where a call went, yes or no.
    pub word: Option<Word>,
    /// Whose fault a pause or a delay is (`liable`).
    pub liable: Option<Word>,
    /// A customer's answer, brought to 1 (worst) to 5 (best) from `score` and `scale`.
    pub answer: Option<NonZeroU8>,
    /// An agent's new state (`state`).
    pub agent_state: Option<AgentState>,
}

impl Detail {
    /// Whether nothing is said, as most events do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Detail { customer, due, appointment, wait, talk, hold, wrapup, topic, owner, word, liable, answer, agent_state } = self;
        // Without an early end, so that all are looked at together.
        let times = due.is_some() | appointment.is_some() | wait.is_some() | talk.is_some() | hold.is_some() | wrapup.is_some();
        let words = topic.is_some() | owner.is_some() | word.is_some() | liable.is_some();
        !(times | words | customer.is_some() | answer.is_some() | agent_state.is_some())
    }
}

impl Verb {
    /// The field of an event's `data` that its facts can be told apart by.
    #[must_use]
    pub fn word(self) -> Option<&'static str> {
        match self {
            Verb::Overflowed | Verb::Left | Verb::Paused | Verb::Reopened | Verb::Cancelled => Some("reason"),
            Verb::Transferred => Some("to"),
            Verb::Ended | Verb::Served => Some("resolved"),
            Verb::Escalated => Some("level"),
            Verb::Confirmed => Some("satisfied"),
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

/// Events decoded together, with the attributes they speak of.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Batch {
    /// The events in the order they came.
    pub events: Vec<Event>,
    /// Each combination of attributes that occurs, once.
    pub groups: Vec<Attributes>,
    /// What the events call their cases, if the decoder was told to keep it.
    pub names: Names,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_stays_small() {
        assert_eq!((size_of::<Detail>(), size_of::<Event>()), (64, 104));
    }

    #[test]
    fn a_verb_stands_at_the_place_that_is_its_number() {
        Verb::ALL.iter().enumerate().for_each(|(place, verb)| assert_eq!(*verb as usize, place));
        for family in 0..=Family::FIRST_ORDER.0 {
            Verb::of(Family(family)).iter().for_each(|(_, verb)| assert!(Verb::ALL.contains(verb)));
        }
    }

    /// Journals and snapshots of earlier versions have them.
    #[test]
    fn the_numbers_of_verbs_stay_what_they_are() {
        let names = Verb::ALL.map(|verb| format!("{verb:?}"));
        let before = "Offered Answered Abandoned Overflowed Transferred Ended Lost Joined Called Left Served Opened Assigned Arrived \
                      Replied Paused Resumed Resolved Confirmed Reopened Escalated Cancelled Rated Changed";
        assert_eq!(names.join(" "), before);
        assert!(Verb::ALL.iter().enumerate().all(|(number, verb)| *verb as usize == number));
    }

    #[test]
    fn an_agent_s_states_have_their_own_names() {
        AgentState::NAMES.iter().for_each(|(name, state)| assert_eq!(state.name(), *name));
    }

    #[test]
    fn packed_values_are_what_was_put_in() {
        for millis in [0, 1, 7_250, Millis::LONGEST] {
            assert_eq!(Millis::new(millis).map(Millis::get), Some(millis));
        }
        assert_eq!((Millis::new(-1), Millis::new(Millis::LONGEST + 1)), (None, None));
        for time in [0, -1, 1_772_323_200_000] {
            assert_eq!(Moment::new(Timestamp(time)).map(Moment::get), Some(Timestamp(time)));
        }
    }
}
