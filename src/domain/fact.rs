//! Facts: what a case's history means. Each kind has a name that standards use, as in `call.answered`.
//!
//! A *moment* happened at a time and may have a value: a duration in milliseconds, or a customer's answer. A *standing*
//! fact holds now, since a time. Facts are a pure function of a case's observations and of the time reached; the core
//! counts the difference between the facts before and after an observation.

pub mod clock;

use super::event::{Customer, Family, Verb, Word};
use super::time::Timestamp;
use clock::{Stop, Told};

/// A kind of fact: its place in [`Kinds`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FactKind(pub u16);

/// One thing that a case's history means.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fact {
    /// What it means.
    pub kind: FactKind,
    /// What it can be told apart by from others of its kind: see [`Kinds::word`].
    pub word: Option<Word>,
    /// When it happened, or since when it holds.
    pub time: Timestamp,
    /// Its duration in milliseconds or its answer; [`Fact::UNKNOWN`] if it has none.
    pub value: i64,
}

impl Fact {
    /// The value of a fact that has none, or whose beginning is not known.
    pub const UNKNOWN: i64 = i64::MIN;
}

/// All that a case means at a moment.
#[derive(Default, Debug)]
pub struct Facts {
    /// The facts, in the order the life cycle tells them.
    pub all: Vec<Fact>,
    /// Whose case it is.
    pub customer: Option<Customer>,
    /// What it is about.
    pub topic: Option<Word>,
    /// The group of the case.
    pub group: u32,
    /// The families of its observations, a bit each.
    pub families: u64,
    /// When the last of its observations happened.
    pub last: Timestamp,
    /// Whether the case is still open: its last word has not been said.
    pub open: bool,
    /// When time alone will next change the facts.
    pub wake: Option<Timestamp>,
    /// When a standing fact will expire, if nothing more is heard of the case.
    pub expires: Option<Timestamp>,
    /// The stretches in which the order was paused or closed, in their order.
    pub stops: Vec<Stop>,
    /// Whose fault it is that the order took its time, by its own last word.
    pub liable: Option<Word>,
    /// The clocks of its commitments, to be told to people; `None` where nobody asked, as nobody does to count.
    pub clocks: Option<Vec<Told>>,
}

impl Facts {
    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.all.clear();
        self.customer = None;
        self.topic = None;
        self.group = 0;
        self.families = 0;
        self.open = false;
        self.last = Timestamp::default();
        self.wake = None;
        self.expires = None;
        self.stops.clear();
        self.liable = None;
        self.clocks.iter_mut().for_each(Vec::clear);
    }

    /// Asks for the facts to be told again at `time`.
    pub fn wake_at(&mut self, time: Timestamp) {
        self.wake = Some(self.wake.map_or(time, |wake| wake.min(time)));
    }
}

/// What a value of a kind of fact is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure {
    /// It has no value.
    Nothing,
    /// A duration in milliseconds.
    Duration,
    /// An answer from 1 to 5.
    Answer,
    /// A standing fact: since when.
    Standing,
}

/// The facts of each life cycle, in the order of the constants below.
const CALL: [(&str, Measure); 11] = [
    ("offered", Measure::Nothing),
    ("answered", Measure::Duration),
    ("abandoned", Measure::Duration),
    ("overflowed", Measure::Duration),
    ("transferred", Measure::Nothing),
    ("ended", Measure::Duration),
    ("handled", Measure::Duration),
    ("completed", Measure::Duration),
    ("expired", Measure::Duration),
    ("waiting", Measure::Standing),
    ("talking", Measure::Standing),
];
const QUEUE: [(&str, Measure); 7] = [
    ("joined", Measure::Nothing),
    ("called", Measure::Duration),
    ("left", Measure::Duration),
    ("served", Measure::Duration),
    ("expired", Measure::Duration),
    ("waiting", Measure::Standing),
    ("at_counter", Measure::Standing),
];
const SURVEY: [(&str, Measure); 1] = [("rated", Measure::Answer)];
const AGENT: [(&str, Measure); 10] = [
    ("ready_time", Measure::Duration),
    ("talking_time", Measure::Duration),
    ("wrapup_time", Measure::Duration),
    ("pause_time", Measure::Duration),
    ("expired", Measure::Duration),
    ("ready", Measure::Standing),
    ("talking", Measure::Standing),
    ("wrapup", Measure::Standing),
    ("pause", Measure::Standing),
    ("offline", Measure::Standing),
];
const ORDER: [(&str, Measure); 18] = [
    ("opened", Measure::Nothing),
    ("assigned", Measure::Duration),
    ("arrived", Measure::Duration),
    ("replied", Measure::Duration),
    ("resolved", Measure::Duration),
    ("first_resolved", Measure::Duration),
    ("by_first_owner", Measure::Duration),
    ("reopened", Measure::Nothing),
    ("reopened_once", Measure::Nothing),
    ("confirmed", Measure::Nothing),
    ("confirmed_once", Measure::Nothing),
    ("escalated", Measure::Nothing),
    ("escalated_once", Measure::Nothing),
    ("resumed", Measure::Duration),
    ("cancelled", Measure::Nothing),
    ("expired", Measure::Duration),
    ("open", Measure::Standing),
    ("paused", Measure::Standing),
];
const COMMITMENT: [(&str, Measure); 12] = [
    ("promised", Measure::Nothing),
    ("kept", Measure::Duration),
    ("missed", Measure::Nothing),
    ("late", Measure::Duration),
    ("kept_due", Measure::Nothing),
    ("excused", Measure::Nothing),
    ("net", Measure::Duration),
    ("warned", Measure::Nothing),
    ("running", Measure::Standing),
    ("overdue", Measure::Standing),
    ("due_soon", Measure::Standing),
    ("stopped", Measure::Standing),
];
const ONE_SHOT: [(&str, Measure); 2] = [("contacts", Measure::Nothing), ("once", Measure::Nothing)];

/// The fact of each order, call or ticket that comes from one verb alone, and so carries its word.
const WORDS: [(&str, Verb); 10] = [
    ("overflowed", Verb::Overflowed),
    ("transferred", Verb::Transferred),
    ("ended", Verb::Ended),
    ("left", Verb::Left),
    ("served", Verb::Served),
    ("reopened", Verb::Reopened),
    ("confirmed", Verb::Confirmed),
    ("escalated", Verb::Escalated),
    ("resumed", Verb::Paused),
    ("cancelled", Verb::Cancelled),
];

/// Places of the facts within their life cycle; added to the first kind of a family or commitment.
#[expect(missing_docs, reason = "each is the name it has in a standard")]
pub mod place {
    pub mod call {
        pub const OFFERED: u16 = 0;
        pub const ANSWERED: u16 = 1;
        pub const ABANDONED: u16 = 2;
        pub const OVERFLOWED: u16 = 3;
        pub const TRANSFERRED: u16 = 4;
        pub const ENDED: u16 = 5;
        pub const HANDLED: u16 = 6;
        pub const COMPLETED: u16 = 7;
        pub const EXPIRED: u16 = 8;
        pub const WAITING: u16 = 9;
        pub const TALKING: u16 = 10;
    }
    pub mod queue {
        pub const JOINED: u16 = 0;
        pub const CALLED: u16 = 1;
        pub const LEFT: u16 = 2;
        pub const SERVED: u16 = 3;
        pub const EXPIRED: u16 = 4;
        pub const WAITING: u16 = 5;
        pub const AT_COUNTER: u16 = 6;
    }
    pub mod agent {
        pub const READY_TIME: u16 = 0;
        pub const TALKING_TIME: u16 = 1;
        pub const WRAPUP_TIME: u16 = 2;
        pub const PAUSE_TIME: u16 = 3;
        pub const EXPIRED: u16 = 4;
        pub const READY: u16 = 5;
        pub const TALKING: u16 = 6;
        pub const WRAPUP: u16 = 7;
        pub const PAUSE: u16 = 8;
        pub const OFFLINE: u16 = 9;
    }
    pub mod order {
        pub const OPENED: u16 = 0;
        pub const ASSIGNED: u16 = 1;
        pub const ARRIVED: u16 = 2;
        pub const REPLIED: u16 = 3;
        pub const RESOLVED: u16 = 4;
        pub const FIRST_RESOLVED: u16 = 5;
        pub const BY_FIRST_OWNER: u16 = 6;
        pub const REOPENED: u16 = 7;
        pub const REOPENED_ONCE: u16 = 8;
        pub const CONFIRMED: u16 = 9;
        pub const CONFIRMED_ONCE: u16 = 10;
        pub const ESCALATED: u16 = 11;
        pub const ESCALATED_ONCE: u16 = 12;
        pub const RESUMED: u16 = 13;
        pub const CANCELLED: u16 = 14;
        pub const EXPIRED: u16 = 15;
        pub const OPEN: u16 = 16;
        pub const PAUSED: u16 = 17;
    }
    pub mod commitment {
        pub const PROMISED: u16 = 0;
        pub const KEPT: u16 = 1;
        pub const MISSED: u16 = 2;
        pub const LATE: u16 = 3;
        pub const KEPT_DUE: u16 = 4;
        pub const EXCUSED: u16 = 5;
        pub const NET: u16 = 6;
        pub const WARNED: u16 = 7;
        pub const RUNNING: u16 = 8;
        pub const OVERDUE: u16 = 9;
        pub const DUE_SOON: u16 = 10;
        pub const STOPPED: u16 = 11;
    }
    pub mod one_shot {
        pub const CONTACTS: u16 = 0;
        pub const ONCE: u16 = 1;
    }
}

/// The kinds of facts there are under a standard.
#[derive(Clone, Default, Debug)]
pub struct Kinds {
    /// Each kind's name, what its value is, and the family it comes from.
    all: Vec<(String, Measure, Family)>,
    families: Vec<u16>,
    /// The kinds from here on come from commitments and one-shot indicators.
    first_commitment: FactKind,
}

impl Kinds {
    /// The facts of the families, in their order.
    #[must_use]
    pub fn new(families: &[String]) -> Kinds {
        let mut kinds = Kinds::default();
        for (number, name) in families.iter().enumerate() {
            let family = Family(u8::try_from(number).unwrap_or(u8::MAX));
            let facts: &[_] = match family {
                Family::CALL => &CALL,
                Family::QUEUE => &QUEUE,
                Family::SURVEY => &SURVEY,
                Family::AGENT => &AGENT,
                _ => &ORDER,
            };
            let first = kinds.add(name, facts, family);
            kinds.families.push(first.0);
        }
        kinds.first_commitment = FactKind(u16::try_from(kinds.all.len()).unwrap_or(u16::MAX));
        kinds
    }

    fn add(&mut self, prefix: &str, facts: &[(&str, Measure)], family: Family) -> FactKind {
        let first = FactKind(u16::try_from(self.all.len()).unwrap_or(u16::MAX));
        self.all.extend(facts.iter().map(|(name, measure)| (format!("{prefix}.{name}"), *measure, family)));
        first
    }

    /// Adds the facts of a commitment on cases of `family`; the result is the first of them.
    pub fn add_commitment(&mut self, name: &str, family: Family) -> FactKind {
        self.add(name, &COMMITMENT, family)
    }

    /// Adds the facts that a one-shot indicator draws from the contacts of a customer.
    pub fn add_one_shot(&mut self, name: &str, family: Family) -> FactKind {
        self.add(name, &ONE_SHOT, family)
    }

    /// The first kind of a family's facts.
    #[must_use]
    pub fn first_of(&self, family: Family) -> FactKind {
        FactKind(self.families.get(usize::from(family.0)).copied().unwrap_or(u16::MAX))
    }

    /// The kind with this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<FactKind> {
        let place = self.all.iter().position(|(known, ..)| known == name)?;
        u16::try_from(place).ok().map(FactKind)
    }

    /// The name of a kind, as in `call.answered`.
    #[must_use]
    pub fn name(&self, kind: FactKind) -> &str {
        &self.all[usize::from(kind.0)].0
    }

    /// What the value of a kind is.
    #[must_use]
    pub fn measure(&self, kind: FactKind) -> Measure {
        self.all[usize::from(kind.0)].1
    }

    /// The field of the event by which facts of this kind can be told apart; `at` for the warnings of a commitment.
    #[must_use]
    pub fn word(&self, kind: FactKind) -> Option<&'static str> {
        let (_, fact) = self.name(kind).split_once('.')?;
        if kind < self.first_commitment {
            let verb = WORDS.iter().find(|(name, _)| *name == fact).map(|(_, verb)| *verb)?;
            return verb.word();
        }
        match fact {
            "warned" => Some("at"),
            "excused" => Some("liable"),
            _ => None,
        }
    }

    /// The family whose cases have this kind of fact.
    #[must_use]
    pub fn family(&self, kind: FactKind) -> Family {
        self.all[usize::from(kind.0)].2
    }

    /// Every kind, in order.
    pub fn all(&self) -> impl Iterator<Item = FactKind> {
        (0..).map(FactKind).take(self.all.len())
    }

    /// Every name, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|(name, ..)| name.as_str())
    }

    /// How many kinds there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.all.len()
    }
}

impl FactKind {
    /// The kind `place` behind this one, the first of its life cycle.
    #[must_use]
    pub fn plus(self, place: u16) -> FactKind {
        FactKind(self.0 + place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_where_the_names_are() {
        let families: Vec<String> = ["call", "queue", "survey", "agent", "repair"].map(String::from).to_vec();
        let mut kinds = Kinds::new(&families);
        let commitment = kinds.add_commitment("promise", Family::FIRST_ORDER);
        let name = |family: Family, place: u16| kinds.name(kinds.first_of(family).plus(place)).to_owned();
        assert_eq!(name(Family::CALL, place::call::TALKING), "call.talking");
        assert_eq!(name(Family::QUEUE, place::queue::AT_COUNTER), "queue.at_counter");
        assert_eq!(name(Family::FIRST_ORDER, place::order::PAUSED), "repair.paused");
        assert_eq!(name(Family::FIRST_ORDER, place::order::CANCELLED), "repair.cancelled");
        assert_eq!(name(Family::AGENT, place::agent::OFFLINE), "agent.offline");
        assert_eq!(kinds.name(commitment.plus(place::commitment::DUE_SOON)), "promise.due_soon");
        assert_eq!(kinds.find("promise.kept_due"), Some(commitment.plus(place::commitment::KEPT_DUE)));
        assert_eq!(kinds.family(commitment), Family::FIRST_ORDER);
    }
}
