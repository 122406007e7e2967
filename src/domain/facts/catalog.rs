//! Facts: what a case's history means. Each kind has a name that standards use, as in `call.answered`.
//!
//! A *moment* happened at a time and may have a value: a duration in milliseconds, or a customer's answer. A *standing*
//! fact holds now, since a time. Facts are a pure function of a case's observations and of the time reached; the core
//! counts the difference between the facts before and after an observation.

use super::commitment_clock::{ClockReport, ClockStop};
pub use super::fact_kind::FactKind;
use crate::domain::events::event::{CaseFamily, CustomerKey, EventVerb, Symbol};
use crate::domain::time::timestamp::Timestamp;

/// One thing that a case's history means.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fact {
    /// What it means.
    pub kind: FactKind,
    /// What it can be told apart by from others of its kind: see [`Kinds::word`].
    pub label: Option<Symbol>,
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
pub struct CaseFacts {
    /// The facts, in the order the life cycle tells them.
    pub all: Vec<Fact>,
    /// Whose case it is.
    pub customer: Option<CustomerKey>,
    /// What it is about.
    pub topic: Option<Symbol>,
    /// The group of the case.
    pub group: u32,
    /// The families of its observations, a bit each.
    pub families: u64,
    /// When the last of its observations happened.
    pub last_observed: Timestamp,
    /// Whether the case is still open: its last word has not been said.
    pub open: bool,
    /// When time alone will next change the facts.
    pub next_evaluation: Option<Timestamp>,
    /// When a standing fact will expire, if nothing more is heard of the case.
    pub expires_at: Option<Timestamp>,
    /// The stretches in which the order was paused or closed, in their order.
    pub stops: Vec<ClockStop>,
    /// Whose fault it is that the order took its time, by its own last word.
    pub liable: Option<Symbol>,
    /// The clocks of its commitments, to be told to people; `None` where nobody asked, as nobody does to count.
    pub clock_reports: Option<Vec<ClockReport>>,
}

impl CaseFacts {
    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.all.clear();
        self.customer = None;
        self.topic = None;
        self.group = 0;
        self.families = 0;
        self.open = false;
        self.last_observed = Timestamp::default();
        self.next_evaluation = None;
        self.expires_at = None;
        self.stops.clear();
        self.liable = None;
        self.clock_reports.iter_mut().for_each(Vec::clear);
    }

    /// Asks for the facts to be told again at `time`.
    pub fn evaluate_again_at(&mut self, time: Timestamp) {
        self.next_evaluation = Some(self.next_evaluation.map_or(time, |wake| wake.min(time)));
    }
}

/// What a value of a kind of fact is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FactMeasure {
    /// It has no value.
    NoValue,
    /// A duration in milliseconds.
    Duration,
    /// An answer from 1 to 5.
    Answer,
    /// A standing fact: since when.
    CurrentState,
}

/// The facts of each life cycle, in the order of the constants below.
const CALL_FACTS: [(&str, FactMeasure); 11] = [
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
];
const QUEUE_FACTS: [(&str, FactMeasure); 7] = [
    ("joined", FactMeasure::NoValue),
    ("called", FactMeasure::Duration),
    ("left", FactMeasure::Duration),
    ("served", FactMeasure::Duration),
    ("expired", FactMeasure::Duration),
    ("waiting", FactMeasure::CurrentState),
    ("at_counter", FactMeasure::CurrentState),
];
const SURVEY_FACTS: [(&str, FactMeasure); 1] = [("rated", FactMeasure::Answer)];
const AGENT_FACTS: [(&str, FactMeasure); 10] = [
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
const ORDER_FACTS: [(&str, FactMeasure); 18] = [
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
const COMMITMENT_FACTS: [(&str, FactMeasure); 12] = [
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
const FIRST_CONTACT_FACTS: [(&str, FactMeasure); 2] =
    [("contacts", FactMeasure::NoValue), ("once", FactMeasure::NoValue)];

/// The fact of each order, call or ticket that comes from one verb alone, and so carries its word.
const LABELED_FACTS: [(&str, EventVerb); 10] = [
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
pub struct FactKinds {
    /// Each kind's name, what its value is, and the family it comes from.
    all: Vec<(String, FactMeasure, CaseFamily)>,
    first_kinds: Vec<u16>,
    /// The kinds from here on come from commitments and one-shot indicators.
    first_commitment: FactKind,
}

impl FactKinds {
    /// The facts of the families, in their order.
    #[must_use]
    pub fn new(families: &[String]) -> FactKinds {
        let mut kinds = FactKinds::default();
        for (number, name) in families.iter().enumerate() {
            let family = CaseFamily(u8::try_from(number).unwrap_or(u8::MAX));
            let facts: &[_] = match family {
                CaseFamily::CALL => &CALL_FACTS,
                CaseFamily::QUEUE => &QUEUE_FACTS,
                CaseFamily::SURVEY => &SURVEY_FACTS,
                CaseFamily::AGENT => &AGENT_FACTS,
                _ => &ORDER_FACTS,
            };
            let first = kinds.add_kinds(name, facts, family);
            kinds.first_kinds.push(first.0);
        }
        kinds.first_commitment = FactKind(u16::try_from(kinds.all.len()).unwrap_or(u16::MAX));
        kinds
    }

    fn add_kinds(
        &mut self,
        prefix: &str,
        facts: &[(&str, FactMeasure)],
        family: CaseFamily,
    ) -> FactKind {
        let first = FactKind(u16::try_from(self.all.len()).unwrap_or(u16::MAX));
        self.all.extend(
            facts.iter().map(|(name, measure)| (format!("{prefix}.{name}"), *measure, family)),
        );
        first
    }

    /// Adds the facts of a commitment on cases of `family`; the result is the first of them.
    pub fn add_commitment(&mut self, name: &str, family: CaseFamily) -> FactKind {
        self.add_kinds(name, &COMMITMENT_FACTS, family)
    }

    /// Adds the facts that a one-shot indicator draws from the contacts of a customer.
    pub fn add_first_contact(&mut self, name: &str, family: CaseFamily) -> FactKind {
        self.add_kinds(name, &FIRST_CONTACT_FACTS, family)
    }

    /// The first kind of a family's facts.
    #[must_use]
    pub fn first_kind(&self, family: CaseFamily) -> FactKind {
        FactKind(self.first_kinds.get(usize::from(family.0)).copied().unwrap_or(u16::MAX))
    }

    /// The kind with this name.
    #[must_use]
    pub fn find_kind(&self, name: &str) -> Option<FactKind> {
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
    pub fn fact_measure(&self, kind: FactKind) -> FactMeasure {
        self.all[usize::from(kind.0)].1
    }

    /// The field of the event by which facts of this kind can be told apart; `at` for the warnings of a commitment.
    #[must_use]
    pub fn label_field(&self, kind: FactKind) -> Option<&'static str> {
        let (_, fact) = self.name(kind).split_once('.')?;
        if kind < self.first_commitment {
            let verb =
                LABELED_FACTS.iter().find(|(name, _)| *name == fact).map(|(_, verb)| *verb)?;
            return verb.label_field();
        }
        match fact {
            "warned" => Some("at"),
            "excused" => Some("liable"),
            _ => None,
        }
    }

    /// The family whose cases have this kind of fact.
    #[must_use]
    pub fn family(&self, kind: FactKind) -> CaseFamily {
        self.all[usize::from(kind.0)].2
    }

    /// Every kind, in order.
    pub fn iter(&self) -> impl Iterator<Item = FactKind> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_match_fact_names() {
        let families: Vec<String> =
            ["call", "queue", "survey", "agent", "repair"].map(String::from).to_vec();
        let mut kinds = FactKinds::new(&families);
        let commitment = kinds.add_commitment("promise", CaseFamily::FIRST_ORDER);
        let name = |family: CaseFamily, place: u16| {
            kinds.name(kinds.first_kind(family).offset_by(place)).to_owned()
        };
        assert_eq!(name(CaseFamily::CALL, place::call::TALKING), "call.talking");
        assert_eq!(name(CaseFamily::QUEUE, place::queue::AT_COUNTER), "queue.at_counter");
        assert_eq!(name(CaseFamily::FIRST_ORDER, place::order::PAUSED), "repair.paused");
        assert_eq!(name(CaseFamily::FIRST_ORDER, place::order::CANCELLED), "repair.cancelled");
        assert_eq!(name(CaseFamily::AGENT, place::agent::OFFLINE), "agent.offline");
        assert_eq!(
            kinds.name(commitment.offset_by(place::commitment::DUE_SOON)),
            "promise.due_soon"
        );
        assert_eq!(
            kinds.find_kind("promise.kept_due"),
            Some(commitment.offset_by(place::commitment::KEPT_DUE))
        );
        assert_eq!(kinds.family(commitment), CaseFamily::FIRST_ORDER);
    }
}
