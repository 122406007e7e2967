//! Life cycle of a contact: offered, then answered, abandoned or overflowed, then ended.
//!
//! A *contact* is all that one customer does under one subject. A *leg* is one stay of the contact in
//! one queue. Most contacts have one leg, and then the facts of contact and leg are the same. A
//! contact with several legs has one outcome of its own, and each leg has one. The facts of the
//! contact count in scopes without a leg dimension, those of the legs in the others.
//!
//! A *ring* is the attempt to reach one agent for a leg. One that nobody answered is a fact about the
//! agent and belongs to no leg.
//!
//! - `contact/legs.rs` finds the legs of a contact.
//! - `contact/outcome.rs` derives the facts of the contact and of each leg.

mod format_3;
mod legs;
mod outcome;

use self::legs::LegHistory;
use super::fact_writer::{FactWriter, reported_or_elapsed};
use crate::domain::cases::groups::{CaseGroups, ScopeReach};
use crate::domain::cases::leg_settings::LegSettings;
use crate::domain::cases::observation::Observation;
use crate::domain::events::event::{EventDetail, EventVerb, PackedMillis};
use crate::domain::facts::catalog::place::{LEG_COUNTERPARTS, contact, leg};
use crate::domain::facts::catalog::{Fact, PlacedFact};
use crate::domain::time::timestamp::Timestamp;

/// Legs of a contact, as far as they count apart from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum LegPlacement {
    /// The contact has no leg.
    NoLeg,
    /// Its only leg has the same facts and attributes.
    SameAsContact,
    /// The legs have facts of their own. The contact counts in this group.
    Apart(u32),
}

/// Derives the facts of a contact from its observations, which join to the group `case_group`.
///
/// Returns the group of the contact if its legs count apart from it.
#[inline]
pub fn derive_facts(
    observations: impl Iterator<Item = Observation> + Clone,
    case_group: u32,
    groups: &mut CaseGroups,
    writer: &mut FactWriter<'_, '_>,
) -> Option<u32> {
    let first_fact = writer.facts.all.len();
    let settings = writer.context.legs;
    if settings.before_format_4 {
        format_3::derive_facts(observations, writer);
        return None;
    }
    let placement = match SimpleContact::read(observations.clone(), groups, &settings) {
        Some(contact) => {
            contact.write_facts(&settings, writer);
            LegPlacement::SameAsContact
        }
        None => derive_facts_with_legs(observations, case_group, groups, writer),
    };
    match placement {
        LegPlacement::Apart(contact_group) => return Some(contact_group),
        LegPlacement::SameAsContact if settings.uses_leg_facts => {
            copy_facts_to_leg(first_fact, writer);
        }
        LegPlacement::SameAsContact | LegPlacement::NoLeg => {}
    }
    None
}

/// Contact with one leg whose events come in their usual order.
struct SimpleContact {
    offered: Timestamp,
    answered: Option<(Timestamp, Option<PackedMillis>)>,
    left: Option<Observation>,
    ended: Option<Observation>,
    lost: Option<Timestamp>,
}

impl SimpleContact {
    /// Returns the contact; `None` if it needs the rules of [`legs`].
    #[inline]
    fn read(
        mut observations: impl Iterator<Item = Observation>,
        groups: &CaseGroups,
        settings: &LegSettings,
    ) -> Option<SimpleContact> {
        let offered = observations.next().filter(|one| one.kind.verb == EventVerb::Offered)?;
        if offered.detail.leg.is_some() {
            return None;
        }
        let mut simple = SimpleContact {
            offered: offered.time,
            answered: None,
            left: None,
            ended: None,
            lost: None,
        };
        for one in observations {
            let is_left = simple.left.is_some();
            if one.detail.leg.is_some() || simple.ended.is_some() {
                return None;
            }
            match one.kind.verb {
                EventVerb::Answered if simple.answered.is_none() && !is_left => {
                    simple.answered = Some((one.time, one.detail.wait));
                }
                EventVerb::Abandoned | EventVerb::Overflowed
                    if simple.answered.is_none() && !is_left =>
                {
                    let waited = one.time.millis_since(offered.time);
                    if one.detail.label == Some(settings.callback)
                        || one.detail.wait.is_some_and(|wait| wait.get() != waited)
                    {
                        return None;
                    }
                    simple.left = Some(one);
                }
                EventVerb::Ended => simple.ended = Some(one),
                EventVerb::Lost if simple.lost.is_none() => simple.lost = Some(one.time),
                _ => return None,
            }
            if let Some(queue) = settings.queue_dimension
                && !groups.agree_on_value(offered.group, one.group, queue)
            {
                return None;
            }
        }
        Some(simple)
    }

    #[inline]
    fn write_facts(&self, settings: &LegSettings, writer: &mut FactWriter<'_, '_>) {
        self.lost.into_iter().for_each(|time| writer.mark_lost(time));
        writer.add_fact(contact::OFFERED, self.offered, Fact::UNKNOWN);
        if let Some((time, wait)) = self.answered {
            let waited = reported_or_elapsed(wait, Some(self.offered), time);
            writer.add_fact(contact::ANSWERED, time, waited);
            match &self.ended {
                None => _ = writer.add_current_state(contact::TALKING, time, contact::EXPIRED),
                Some(ended) => {
                    let detail = &ended.detail;
                    let talk = reported_or_elapsed(detail.talk, Some(time), ended.time);
                    writer.add_labeled_fact(contact::ENDED, ended.time, talk, detail.label);
                    let rest = EndingWork::from_detail(detail);
                    writer.add_fact(contact::HANDLED, ended.time, talk + rest.work_ms());
                    writer.add_fact(contact::COMPLETED, ended.time, waited);
                }
            }
            return;
        }
        let left = self.left.map(|left| {
            let place = match left.kind.verb {
                EventVerb::Abandoned => contact::ABANDONED,
                _ => contact::OVERFLOWED,
            };
            (place, left.time, left.detail.label)
        });
        // Ended without an answer or an exit: the customer hung up.
        let hung_up =
            self.ended.map(|ended| (contact::ABANDONED, ended.time, Some(settings.hangup)));
        match left.or(hung_up) {
            Some((place, time, reason)) => {
                writer.add_labeled_fact(place, time, time.millis_since(self.offered), reason);
            }
            None => {
                writer.add_current_state(contact::WAITING, self.offered, contact::EXPIRED);
            }
        }
        if let Some(ended) = &self.ended {
            let resolved = ended.detail.label;
            writer.add_labeled_fact(contact::ENDED, ended.time, Fact::UNKNOWN, resolved);
            writer.add_fact(contact::HANDLED, ended.time, Fact::UNKNOWN);
        }
    }
}

/// Work at the end of a contact, as the source reported it.
#[derive(Clone, Copy, Default, Debug)]
struct EndingWork {
    talk: Option<PackedMillis>,
    hold: Option<PackedMillis>,
    wrapup: Option<PackedMillis>,
}

impl EndingWork {
    fn from_detail(detail: &EventDetail) -> EndingWork {
        EndingWork { talk: detail.talk, hold: detail.hold, wrapup: detail.wrapup }
    }

    /// Returns the milliseconds of work besides the conversation.
    ///
    /// The time from answer to end includes holds, but a reported talk time does not.
    fn work_ms(&self) -> i64 {
        let hold = self.hold.filter(|_| self.talk.is_some());
        hold.map_or(0, PackedMillis::get) + self.wrapup.map_or(0, PackedMillis::get)
    }
}

/// Derives the facts of a contact by the rules for legs.
#[inline(never)]
fn derive_facts_with_legs(
    observations: impl Iterator<Item = Observation>,
    case_group: u32,
    groups: &mut CaseGroups,
    writer: &mut FactWriter<'_, '_>,
) -> LegPlacement {
    let (settings, standard) = (writer.context.legs, writer.context.standard);
    let (rings, observations): (Vec<Observation>, Vec<Observation>) =
        observations.partition(|one| one.kind.verb == EventVerb::RingMissed);
    let mut history = LegHistory::new(groups, standard, settings);
    history.add_observations(&observations);
    if history.merged {
        return LegPlacement::NoLeg;
    }
    write_missed_rings(&rings, case_group, history.groups, writer);
    history.lost_at.iter().for_each(|time| writer.mark_lost(*time));
    let first_fact = writer.facts.all.len();
    let pending = outcome::write_contact_facts(&history, writer);
    let (legs, end) = (history.legs, history.end);
    if legs.is_empty() {
        return LegPlacement::NoLeg;
    }
    if !settings.has_leg_scopes && !settings.uses_leg_facts {
        return LegPlacement::SameAsContact;
    }
    let (changing, kept) = (standard.schema.changing_dimensions, settings.own_dimensions);
    // All observations belong to an only leg, unless one names a queue that the leg was not in.
    let is_in_queue_of_case = settings.queue_dimension.is_none_or(|queue| {
        let leg = &legs[0];
        groups.has_same_value(leg.group, case_group, queue)
            || (leg.offered.is_some() && !groups.has_value(leg.group, queue))
    });
    let contact_group = if legs.len() == 1 && is_in_queue_of_case {
        case_group
    } else {
        groups.inherit_attributes(legs[0].group, case_group, kept, changing, standard)
    };
    let contact_facts = first_fact..writer.facts.all.len();
    for (number, leg) in legs.iter().enumerate() {
        let first_of_leg = writer.facts.all.len();
        outcome::write_leg_facts(number, &legs, (&end, pending), writer);
        let facts = &writer.facts.all;
        // The usual contact has one leg with the same facts, and both count in every scope.
        if legs.len() == 1
            && contact_group == case_group
            && facts[contact_facts.clone()] == facts[first_of_leg..]
        {
            writer.facts.all.truncate(first_of_leg);
            return LegPlacement::SameAsContact;
        }
        let group = if legs.len() == 1 {
            contact_group
        } else {
            groups.inherit_attributes(leg.group, case_group, kept, 0, standard)
        };
        let in_leg_scopes = groups.with_reach(group, ScopeReach::LegScopes, standard);
        writer.facts.placed_groups.push(in_leg_scopes);
        if settings.uses_leg_facts {
            writer.facts.placed_groups.push(group);
        }
        move_facts_to_leg(first_of_leg, in_leg_scopes, group, writer);
    }
    LegPlacement::Apart(contact_group)
}

/// Adds the facts about rings that no agent answered. Each counts for its queue and agent.
fn write_missed_rings(
    rings: &[Observation],
    case_group: u32,
    groups: &mut CaseGroups,
    writer: &mut FactWriter<'_, '_>,
) {
    let kind = writer.first_kind.offset_by(contact::RING_MISSED);
    if !writer.context.used_kinds[usize::from(kind.0)] {
        return;
    }
    let (own, standard) = (writer.context.legs.own_dimensions, writer.context.standard);
    for ring in rings {
        let group = groups.inherit_attributes(ring.group, case_group, own, 0, standard);
        let value = ring.detail.wait.map_or(Fact::UNKNOWN, PackedMillis::get);
        let fact = Fact { kind, label: None, time: ring.time, value };
        writer.facts.placed_groups.push(group);
        writer.facts.placed.push(PlacedFact { group, fact });
    }
}

/// Moves the facts from index `first` on to the leg facts, in the group `in_leg_scopes`. Adds their
/// counterparts, such as `leg.answered`, in the group `in_all_scopes`.
fn move_facts_to_leg(
    first: usize,
    in_leg_scopes: u32,
    in_all_scopes: u32,
    writer: &mut FactWriter<'_, '_>,
) {
    for place in first..writer.facts.all.len() {
        let fact = writer.facts.all[place];
        writer.facts.placed.push(PlacedFact { group: in_leg_scopes, fact });
        let counterpart = leg_counterpart(&fact, writer);
        writer
            .facts
            .placed
            .extend(counterpart.map(|fact| PlacedFact { group: in_all_scopes, fact }));
    }
    writer.facts.all.truncate(first);
}

/// Adds the counterparts of the facts from index `first` on for a leg that has the same facts as
/// its contact.
fn copy_facts_to_leg(first: usize, writer: &mut FactWriter<'_, '_>) {
    for place in first..writer.facts.all.len() {
        let counterpart = leg_counterpart(&writer.facts.all[place], writer);
        writer.facts.all.extend(counterpart);
    }
}

/// Returns the fact about legs that follows from a fact about a contact, such as `leg.answered`
/// from `call.answered`; `None` without one that is used.
fn leg_counterpart(fact: &Fact, writer: &FactWriter<'_, '_>) -> Option<Fact> {
    let place = fact.kind.0 - writer.first_kind.0;
    let kind = match place {
        contact::ENDED => leg::TALKED,
        _ => LEG_COUNTERPARTS.iter().find(|(contact, _)| *contact == place)?.1,
    };
    let kind = writer.first_kind.offset_by(kind);
    // A leg without a conversation has ended, but nobody has talked.
    let applies = place != contact::ENDED || fact.value != Fact::UNKNOWN;
    let label = fact.label.filter(|_| place != contact::ENDED);
    (applies && writer.context.used_kinds[usize::from(kind.0)]).then_some(Fact {
        kind,
        label,
        ..*fact
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cases::context::DerivationSettings;
    use crate::domain::events::event::{Attributes, CaseFamily, EventId, EventType, Symbol};
    use crate::domain::facts::catalog::CaseFacts;
    use crate::standard_file::parse_standard;
    use proptest::prelude::*;

    const STANDARD: &str = r#"
    name = "contacts"
    version = "1"
    title = { en = "Contacts", zh = "接触" }
    time_zone = "UTC"
    dimensions = ["queue", "agent"]
    scopes = [[], ["queue"]]
    windows = ["all"]
    [expire]
    "call.waiting" = "1h"
    "call.talking" = "2h"
    [indicator.answered_legs]
    title = { en = "Answered legs", zh = "应答段" }
    ratio = { good = ["leg.answered"], of = ["leg.offered"] }
    "#;

    /// Facts of a contact and its legs, sorted, with the group of the contact if its legs count apart.
    type DerivedFacts = (Vec<Fact>, Vec<PlacedFact>, Option<u32>);

    /// Derives the facts of a contact; with `by_legs` always by the rules for legs.
    fn facts_of(
        observations: &[Observation],
        queues: &[Option<&str>],
        by_legs: bool,
    ) -> DerivedFacts {
        let standard = parse_standard("contacts.toml", STANDARD).expect("the standard is valid");
        let mut groups = CaseGroups::default();
        let attributes =
            |queue: &Option<&str>| Attributes::from(vec![queue.map(Box::<str>::from), None]);
        let numbers: Vec<u32> =
            queues.iter().map(|queue| groups.intern(&attributes(queue), &standard)).collect();
        let observations: Vec<Observation> = observations
            .iter()
            .map(|one| Observation { group: numbers[one.group as usize], ..*one })
            .collect();
        let case_group = observations
            .iter()
            .map(|one| one.group)
            .reduce(|known, next| groups.join_groups(known, next, 0, &standard))
            .expect("at least one observation");
        let derivation = DerivationSettings::new(&standard, vec![true; standard.kinds.count()]);
        let context = derivation.context(&standard, Timestamp(3_000_000));
        let mut out = CaseFacts::default();
        let first = standard.kinds.first_kind(CaseFamily::CALL);
        let mut writer = FactWriter::new(&context, first, &mut out);
        let all = observations.iter().copied();
        let contact_group = if by_legs {
            match derive_facts_with_legs(all, case_group, &mut groups, &mut writer) {
                LegPlacement::Apart(group) => Some(group),
                LegPlacement::SameAsContact => {
                    copy_facts_to_leg(0, &mut writer);
                    None
                }
                LegPlacement::NoLeg => None,
            }
        } else {
            derive_facts(all, case_group, &mut groups, &mut writer)
        };
        out.all.sort_unstable();
        out.placed.sort_unstable();
        (out.all, out.placed, contact_group)
    }

    fn observation(place: usize, verb: EventVerb, time: i64, queue: u32) -> Observation {
        Observation {
            time: Timestamp(time),
            sequence: 0,
            kind: EventType { family: CaseFamily::CALL, verb },
            id: EventId(place as u64),
            group: queue,
            detail: EventDetail::default(),
        }
    }

    /// Observations of a contact with few events, mostly in their usual order.
    fn observations() -> impl Strategy<Value = Vec<Observation>> {
        let verbs = [
            EventVerb::Answered,
            EventVerb::Abandoned,
            EventVerb::Overflowed,
            EventVerb::Ended,
            EventVerb::Lost,
            EventVerb::Transferred,
        ];
        let label = prop_oneof![
            Just(None),
            Just(Some("callback")),
            Just(Some("timeout")),
            Just(Some("true"))
        ];
        let millis =
            || prop_oneof![4 => Just(None), 1 => (0..3_i64).prop_map(|n| Some(n * 1_000_000))];
        let one = (0..verbs.len(), 0..4_i64, 0..3_u32, label, (millis(), millis(), millis()));
        prop::collection::vec(one, 0..4).prop_map(move |rest| {
            let mut all = vec![observation(0, EventVerb::Offered, 0, 1)];
            for (place, (verb, time, queue, label, (wait, talk, wrapup))) in
                rest.into_iter().enumerate()
            {
                let mut one = observation(place + 1, verbs[verb], time * 1_000_000, queue);
                one.detail.label = label.map(Symbol::from_text);
                one.detail.wait = wait.and_then(PackedMillis::new);
                one.detail.talk = talk.and_then(PackedMillis::new);
                one.detail.wrapup = wrapup.and_then(PackedMillis::new);
                all.push(one);
            }
            all.sort_by(Observation::compare_order);
            all
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The short way for usual contacts gives the facts that the rules for legs give.
        #[test]
        fn simple_contact_has_the_facts_of_its_leg(observations in observations()) {
            let queues = [None, Some("q1"), Some("q2")];
            prop_assert_eq!(
                facts_of(&observations, &queues, false),
                facts_of(&observations, &queues, true)
            );
        }
    }

    #[test]
    fn usual_contacts_take_the_short_way() {
        let standard = parse_standard("contacts.toml", STANDARD).expect("the standard is valid");
        let settings = LegSettings::new(&standard, &vec![true; standard.kinds.count()]);
        let mut groups = CaseGroups::default();
        groups.intern(&Attributes::from(vec![None, None]), &standard);
        use EventVerb::{Abandoned, Answered, Ended, Offered, Transferred};
        for (verbs, is_simple) in [
            (&[Offered, Answered, Ended][..], true),
            (&[Offered, Abandoned, Ended], true),
            (&[Offered, Ended], true),
            (&[Offered, Answered, Transferred, Ended], false),
            (&[Offered, Offered], false),
            (&[Answered, Ended], false),
        ] {
            let all = verbs.iter().enumerate();
            let all = all.map(|(place, verb)| observation(place, *verb, place as i64 * 1_000, 0));
            assert_eq!(
                SimpleContact::read(all, &groups, &settings).is_some(),
                is_simple,
                "{verbs:?}"
            );
        }
    }
}
