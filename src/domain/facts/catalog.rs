//! Catalog of facts. Each kind of fact has a name that standards use, such as `call.answered`.
//!
//! A *moment* happened at a time. It may have a value: a duration in milliseconds or a survey
//! answer. A *current state* has held since a time. Facts are a pure function of a case's
//! observations and of the time reached. The engine counts the difference between the facts before
//! and after a change.

use super::commitment_clock::{ClockReport, ClockStop};
pub use super::fact_kind::FactKind;
use super::hold_period::HoldPeriod;
use super::life_cycle_facts::{
    AGENT_FACTS, COMMITMENT_FACTS, COMMITMENT_FACTS_SINCE_FORMAT_6, CONTACT_FACTS,
    FAMILY_FACTS_SINCE_FORMAT_6, FIRST_CONTACT_FACTS, LABELED_FACTS, LEG_FACTS, ORDER_FACTS,
    QUEUE_FACTS, SURVEY_FACTS,
};
pub use super::life_cycle_facts::{
    COMMITMENT_FACT_COUNT, CONTACT_FACT_COUNT_IN_FORMAT_5, CountedUnit, FactMeasure,
};
pub use super::place;
use crate::domain::events::event::{CaseFamily, CustomerKey, LifeCycle, Symbol};
use crate::domain::time::timestamp::Timestamp;

/// One fact derived from a case's observations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fact {
    /// Kind of fact.
    pub kind: FactKind,
    /// Label for filtering and splitting. The event field is given by [`FactKinds::label_field`].
    pub label: Option<Symbol>,
    /// Time of the moment, or the start of the current state.
    pub time: Timestamp,
    /// Duration in milliseconds or survey answer; [`Fact::UNKNOWN`] without one.
    pub value: i64,
}

impl Fact {
    /// Value of a fact without a measure, or of a duration whose start is unknown.
    pub const UNKNOWN: i64 = i64::MIN;
}

/// Fact that counts in another group than its case: a fact of a leg, of a missed ring, or of a
/// unit that held an order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PlacedFact {
    /// Group, by its number in [`crate::domain::cases::groups::CaseGroups`].
    pub group: u32,
    /// The fact.
    pub fact: Fact,
}

/// All facts of a case at one time, with the case data that decides where they count.
#[derive(Default, Debug)]
pub struct CaseFacts {
    /// Facts in the order in which the life cycle derives them. Those of contacts come first.
    pub all: Vec<Fact>,
    /// Number of leading facts in `all` that count in `contact_group`. The others count in `group`.
    pub contact_fact_count: usize,
    /// Group of the facts of a contact whose legs count apart from it; else equal to `group`.
    pub contact_group: u32,
    /// Facts that count in groups of their own.
    pub placed: Vec<PlacedFact>,
    /// Groups in which `placed` facts may count, in the order of the legs or holders.
    pub placed_groups: Vec<u32>,
    /// Customer of the case; `None` if unknown.
    pub customer: Option<CustomerKey>,
    /// Topic of the contact; `None` if unknown.
    pub topic: Option<Symbol>,
    /// Group of the case, by its number in [`crate::domain::cases::groups::CaseGroups`].
    pub group: u32,
    /// Families of the observations, as a bit set.
    pub families: u64,
    /// Time of the last observation.
    pub last_observed: Timestamp,
    /// True while no observation has ended the case.
    pub open: bool,
    /// Next time at which the facts change without a new event; `None` if there is no such time.
    pub next_evaluation: Option<Timestamp>,
    /// Expiry of the current state if no further event arrives; `None` without a current state.
    pub expires_at: Option<Timestamp>,
    /// Periods in which the order was paused or closed, in order of time.
    pub stops: Vec<ClockStop>,
    /// Periods in which units held the order, in order of time. Empty unless the standard has holder
    /// dimensions.
    pub holds: Vec<HoldPeriod>,
    /// Party liable for a delay of the order, from the latest event that names one.
    pub liable: Option<Symbol>,
    /// Reports of the commitment clocks; `None` unless the caller requests them.
    pub clock_reports: Option<Vec<ClockReport>>,
}

impl CaseFacts {
    /// Removes all facts but keeps the allocated memory.
    pub fn clear(&mut self) {
        self.all.clear();
        self.contact_fact_count = 0;
        self.contact_group = 0;
        self.placed.clear();
        self.placed_groups.clear();
        self.customer = None;
        self.topic = None;
        self.group = 0;
        self.families = 0;
        self.open = false;
        self.last_observed = Timestamp::default();
        self.next_evaluation = None;
        self.expires_at = None;
        self.stops.clear();
        self.holds.clear();
        self.liable = None;
        self.clock_reports.iter_mut().for_each(Vec::clear);
    }

    /// Returns the facts that count in `contact_group`, and those that count in `group`.
    #[must_use]
    pub fn by_group(&self) -> [(u32, &[Fact]); 2] {
        let (contact, rest) = self.all.split_at(self.contact_fact_count);
        [(self.contact_group, contact), (self.group, rest)]
    }

    /// Schedules another evaluation of the facts at `time`, if none is due earlier.
    pub fn evaluate_again_at(&mut self, time: Timestamp) {
        self.next_evaluation = Some(self.next_evaluation.map_or(time, |wake| wake.min(time)));
    }
}

/// Kinds of facts that a standard defines.
#[derive(Clone, Default, Debug)]
pub struct FactKinds {
    /// Name of each kind, the measure of its value, and its family.
    all: Vec<(String, FactMeasure, CaseFamily)>,
    first_kinds: Vec<u16>,
    life_cycles: Vec<LifeCycle>,
    /// Kinds from this one on come from commitments and first contact indicators.
    first_commitment: FactKind,
}

impl FactKinds {
    /// Returns the facts of the families, given by name and life cycle in their order.
    #[must_use]
    pub fn new(families: &[(&str, LifeCycle)]) -> FactKinds {
        let mut kinds = FactKinds::default();
        for (number, (name, life_cycle)) in families.iter().enumerate() {
            let family = CaseFamily(u8::try_from(number).unwrap_or(u8::MAX));
            let facts: &[_] = match life_cycle {
                LifeCycle::Contact => &CONTACT_FACTS,
                LifeCycle::HallTicket => &QUEUE_FACTS,
                LifeCycle::Survey => &SURVEY_FACTS,
                LifeCycle::Agent => &AGENT_FACTS,
                LifeCycle::Order => &ORDER_FACTS,
                LifeCycle::Series => &[],
            };
            let first = kinds.add_kinds(name, facts, family);
            if *life_cycle == LifeCycle::Contact {
                kinds.add_kinds(&leg_family_name(name), &LEG_FACTS, family);
            }
            kinds.first_kinds.push(first.0);
            kinds.life_cycles.push(*life_cycle);
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

    /// Adds the facts of a commitment on cases of `family`. Returns the first new kind.
    pub fn add_commitment(&mut self, name: &str, family: CaseFamily) -> FactKind {
        self.add_kinds(name, &COMMITMENT_FACTS, family)
    }

    /// Adds the facts that a first contact indicator derives. Returns the first new kind.
    pub fn add_first_contact(&mut self, name: &str, family: CaseFamily) -> FactKind {
        self.add_kinds(name, &FIRST_CONTACT_FACTS, family)
    }

    /// Returns the first kind of a family's facts.
    #[must_use]
    pub fn first_kind(&self, family: CaseFamily) -> FactKind {
        FactKind(self.first_kinds.get(usize::from(family.0)).copied().unwrap_or(u16::MAX))
    }

    /// Returns the unit that facts of this kind count; `None` if they are not about contacts.
    ///
    /// `leg_scope` is true for a scope that has one of the standard's `leg_dimensions`. Commitments
    /// and first contact resolution are properties of the contact and count contacts in any scope.
    #[must_use]
    pub fn counted_unit(&self, kind: FactKind, leg_scope: bool) -> Option<CountedUnit> {
        let family = self.family(kind);
        if self.life_cycles.get(usize::from(family.0)) != Some(&LifeCycle::Contact) {
            return None;
        }
        let place = kind.0 - self.first_kind(family).0;
        if place == place::contact::RING_MISSED {
            return None;
        }
        Some(if kind >= self.first_commitment {
            CountedUnit::Contacts
        } else if leg_scope || usize::from(place) >= CONTACT_FACTS.len() {
            CountedUnit::Legs
        } else {
            CountedUnit::Contacts
        })
    }

    /// Iterates over the kinds of facts at a place of the life cycle of contacts, one for each
    /// family of contacts.
    pub fn contact_kinds(&self, place: u16) -> impl Iterator<Item = FactKind> + '_ {
        self.life_cycles.iter().zip(&self.first_kinds).filter_map(move |(life_cycle, first)| {
            (*life_cycle == LifeCycle::Contact).then_some(FactKind(*first).offset_by(place))
        })
    }

    /// Returns true if facts of this kind come first among those of a leg.
    #[must_use]
    pub fn begins_leg(&self, kind: FactKind) -> bool {
        [place::contact::OFFERED, place::contact::NOT_OFFERED]
            .into_iter()
            .any(|place| self.contact_kinds(place).any(|known| known == kind))
    }

    /// Iterates over the kinds of facts about legs, each with the kind of the contact's fact from
    /// which it follows.
    pub fn leg_kinds(&self) -> impl Iterator<Item = (FactKind, FactKind)> + '_ {
        self.contact_kinds(0).flat_map(|first| {
            place::LEG_COUNTERPARTS
                .iter()
                .chain([&(place::contact::ENDED, place::leg::TALKED)])
                .map(move |(contact, leg)| (first.offset_by(*leg), first.offset_by(*contact)))
        })
    }

    /// Returns the kind with this name; `None` if the standard has no such fact.
    #[must_use]
    pub fn find_kind(&self, name: &str) -> Option<FactKind> {
        let place = self.all.iter().position(|(known, ..)| known == name)?;
        u16::try_from(place).ok().map(FactKind)
    }

    /// Returns the place of a kind in the life cycle of orders; `None` for facts of other families
    /// and of commitments.
    #[must_use]
    pub fn order_place(&self, kind: FactKind) -> Option<u16> {
        self.family_place(kind, LifeCycle::Order)
    }

    /// Returns the place of a kind in the life cycle of contacts; `None` for facts of other families
    /// and of commitments.
    #[must_use]
    pub fn contact_place(&self, kind: FactKind) -> Option<u16> {
        self.family_place(kind, LifeCycle::Contact)
    }

    fn family_place(&self, kind: FactKind, life_cycle: LifeCycle) -> Option<u16> {
        let family = self.family(kind);
        let is_of_life_cycle = self.life_cycles.get(usize::from(family.0)) == Some(&life_cycle);
        (is_of_life_cycle && kind < self.first_commitment)
            .then(|| kind.0 - self.first_kind(family).0)
    }

    /// Returns the name of a kind, such as `call.answered`.
    #[must_use]
    pub fn name(&self, kind: FactKind) -> &str {
        &self.all[usize::from(kind.0)].0
    }

    /// Returns the measure of a kind's value.
    #[must_use]
    pub fn fact_measure(&self, kind: FactKind) -> FactMeasure {
        self.all[usize::from(kind.0)].1
    }

    /// Returns the event field that labels facts of this kind; `None` if they have no label.
    ///
    /// Warnings of a commitment are labeled by `at`, the name of the warning in the standard.
    #[must_use]
    pub fn label_field(&self, kind: FactKind) -> Option<&'static str> {
        let (_, fact) = self.name(kind).split_once('.')?;
        if kind < self.first_commitment {
            if fact == "held" {
                return Some("owner");
            }
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

    /// Iterates over the kinds that came with journal format 6, in order.
    pub fn kinds_since_format_6(&self) -> impl Iterator<Item = FactKind> + '_ {
        self.iter().filter(|kind| {
            let fact = self.name(*kind).split_once('.').map_or("", |(_, fact)| fact);
            if *kind < self.first_commitment {
                FAMILY_FACTS_SINCE_FORMAT_6.contains(&fact)
            } else {
                COMMITMENT_FACTS_SINCE_FORMAT_6.contains(&fact)
            }
        })
    }

    /// Returns the current state whose whole duration facts of this kind measure: `agent.talking` for
    /// `agent.talking_time`. `None` for all other facts.
    #[must_use]
    pub fn measured_state(&self, kind: FactKind) -> Option<FactKind> {
        let family = self.family(kind);
        if self.life_cycles.get(usize::from(family.0)) != Some(&LifeCycle::Agent) {
            return None;
        }
        let first = self.first_kind(family);
        let measured = place::AGENT_STATE_DURATIONS.iter();
        let mut measured = measured.filter(|(time, _)| first.offset_by(*time) == kind);
        measured.next().map(|(_, state)| first.offset_by(*state))
    }

    /// Returns the family whose cases have this kind of fact.
    #[must_use]
    pub fn family(&self, kind: FactKind) -> CaseFamily {
        self.all[usize::from(kind.0)].2
    }

    /// Iterates over all kinds in order.
    pub fn iter(&self) -> impl Iterator<Item = FactKind> {
        (0..).map(FactKind).take(self.all.len())
    }

    /// Iterates over all names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|(name, ..)| name.as_str())
    }

    /// Returns the number of kinds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.all.len()
    }
}

/// Returns the prefix of the facts about the legs of a contact family: `leg` for calls.
fn leg_family_name(family: &str) -> String {
    if family == "call" { "leg".to_owned() } else { format!("{family}_leg") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_match_fact_names() {
        const REPAIR: CaseFamily = CaseFamily(4);
        let mut kinds = FactKinds::new(&[
            ("call", LifeCycle::Contact),
            ("queue", LifeCycle::HallTicket),
            ("survey", LifeCycle::Survey),
            ("agent", LifeCycle::Agent),
            ("repair", LifeCycle::Order),
            ("chat", LifeCycle::Contact),
        ]);
        let commitment = kinds.add_commitment("promise", REPAIR);
        let name = |family: CaseFamily, place: u16| {
            kinds.name(kinds.first_kind(family).offset_by(place)).to_owned()
        };
        assert_eq!(name(CaseFamily::CALL, place::contact::TALKING), "call.talking");
        assert_eq!(name(CaseFamily::CALL, place::contact::CALLED_BACK), "call.called_back");
        assert_eq!(name(CaseFamily::CALL, place::leg::OFFERED), "leg.offered");
        assert_eq!(name(CaseFamily(5), place::leg::CALLED_BACK), "chat_leg.called_back");
        assert_eq!(name(CaseFamily::QUEUE, place::queue::AT_COUNTER), "queue.at_counter");
        assert_eq!(name(REPAIR, place::order::PAUSED), "repair.paused");
        assert_eq!(name(REPAIR, place::order::HELD), "repair.held");
        assert_eq!(name(CaseFamily::AGENT, place::agent::OFFLINE), "agent.offline");
        assert_eq!(
            kinds.name(commitment.offset_by(place::commitment::MISSED_SHARE)),
            "promise.missed_share"
        );
        assert_eq!(
            kinds.find_kind("promise.kept_due"),
            Some(commitment.offset_by(place::commitment::KEPT_DUE))
        );
        assert_eq!(kinds.family(commitment), REPAIR);
    }
}
