//! Events as the core takes them: decoded, hashed and small; the texts of a batch stand once in its own table.
//!
//! A [`Batch`] is self-contained: its group numbers mean something only together with its own [`Batch::groups`], so
//! batches may be decoded by different threads, queued, and written down.

use super::time::Timestamp;
use std::sync::Arc;

/// What identifies a case: a seeded hash of `source` and `subject`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CaseKey(pub u64);

/// What identifies an event: a seeded hash of `source` and `id`. Two events with the same one are the same event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct EventId(pub u64);

/// A customer as a keyed hash; the number itself never gets past the decoder.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Customer(pub u64);

/// What happened: `repair.opened` is the verb [`Verb::Opened`] of the family `repair`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventType {
    /// Which kind of case it happened to.
    pub family: Family,
    /// What happened to it.
    pub verb: Verb,
}

/// A kind of case, with a life cycle of its own: its place among [`super::standard::Schema::families`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
#[expect(missing_docs, reason = "the contract describes each; they are the second half of the event types")]
pub enum Verb {
    Offered,
    Answered,
    Abandoned,
    Overflowed,
    Transferred,
    Ended,
    Joined,
    Called,
    Left,
    Served,
    Opened,
    Assigned,
    Arrived,
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
    const CALL: [(&'static str, Verb); 6] = [
        ("offered", Verb::Offered),
        ("answered", Verb::Answered),
        ("abandoned", Verb::Abandoned),
        ("overflowed", Verb::Overflowed),
        ("transferred", Verb::Transferred),
        ("ended", Verb::Ended),
    ];
    const QUEUE: [(&'static str, Verb); 4] =
        [("joined", Verb::Joined), ("called", Verb::Called), ("left", Verb::Left), ("served", Verb::Served)];
    const ORDER: [(&'static str, Verb); 10] = [
        ("opened", Verb::Opened),
        ("assigned", Verb::Assigned),
        ("arrived", Verb::Arrived),
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
#[derive(Clone, Debug)]
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
    /// What happened.
    pub kind: EventType,
    /// Its attributes: an index into [`Batch::groups`].
    pub group: u32,
    /// The CloudEvents `sequence` of a source that numbers its events: orders events of the same time.
    pub sequence: u32,
    /// What else the event says.
    pub detail: Detail,
}

/// The data of an event beyond its dimensions. Durations are milliseconds.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Detail {
    /// Who the case is about (`customer`).
    pub customer: Option<Customer>,
    /// What the contact is about (`topic`), hashed.
    pub topic: Option<u32>,
    /// The promised time (`due`).
    pub due: Option<Timestamp>,
    /// How long the customer waited, where the source says so itself (`wait_seconds`).
    pub wait_ms: Option<i64>,
    /// How long the conversation or service took, where the source says so itself (`talk_seconds`).
    pub talk_ms: Option<i64>,
    /// After-call work (`wrapup_seconds`).
    pub wrapup_ms: Option<i64>,
    /// A customer's answer, brought to 1 (worst) to 5 (best) from `score` and `scale`.
    pub answer: Option<u8>,
    /// An agent's new state (`state`).
    pub agent_state: Option<AgentState>,
}

/// What an agent is doing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
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

/// Events decoded together, with the attributes they speak of.
#[derive(Clone, Default, Debug)]
pub struct Batch {
    /// The events in the order they came.
    pub events: Vec<Event>,
    /// Each combination of attributes that occurs, once.
    pub groups: Vec<Attributes>,
}
