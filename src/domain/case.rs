//! Cases: the merged history of a call, a ticket, an order or an agent, and what it means.
//!
//! [`facts`] is a pure function of a case's observations and of the time reached. Everything else follows from it: late and
//! repeated events, corrections and replay have no code of their own.

pub mod agent;
pub mod call;
pub mod index;
pub mod observation;
pub mod order;
pub mod record;
pub mod spill;
pub mod table;
pub mod ticket;

use super::commitment;
use super::context::{DerivationContext, NamedTimes};
use super::event::{CaseFamily, CustomerKey, EventDetail, PackedMillis, Symbol};
use super::fact::{CaseFacts, Fact, FactKind};
use super::group::CaseGroups;
use super::time::Timestamp;
use observation::Observation;
use record::{CaseRecord, HistoryPart, ObservationReader};
use spill::{CaseOverflow, OverflowObservation};

/// Collects the facts of one family of a case.
#[derive(Debug)]
pub struct FactWriter<'a, 'f> {
    context: &'a DerivationContext<'a>,
    first_kind: FactKind,
    facts: &'f mut CaseFacts,
    /// When the source lost sight of the case, each time.
    lost_at: Vec<Timestamp>,
}

impl FactWriter<'_, '_> {
    /// Tells that the fact at `place` of the life cycle happened at, or stands since, `time`.
    #[inline]
    pub fn add_fact(&mut self, place: u16, time: Timestamp, value: i64) {
        self.add_labeled_fact(place, time, value, None);
    }

    /// As [`Teller::tell`], with the word that tells the fact apart from others.
    #[inline]
    pub fn add_labeled_fact(&mut self, place: u16, time: Timestamp, value: i64, word: Option<Symbol>) {
        let kind = self.first_kind.offset_by(place);
        if self.context.used_kinds[usize::from(kind.0)] {
            self.facts.all.push(Fact { kind, label: word, time, value });
        }
    }

    /// The source has lost sight of the case: nothing stands from `time` on.
    pub fn mark_lost(&mut self, time: Timestamp) {
        self.lost_at.push(time);
    }

    /// Tells that the fact at `place` stands since `since`, and that the case is open; unless it has been lost or has stood for
    /// so long that its end must have been lost: then the fact at `expired` is told of the moment it expired.
    #[inline]
    pub fn add_current_state(&mut self, place: u16, since: Timestamp, expired: u16) -> bool {
        let kind = self.first_kind.offset_by(place);
        let expires = self.context.expiry[usize::from(kind.0)].map(|millis| since.plus_millis(millis));
        let lost = self.lost_at.iter().copied().filter(|lost| *lost >= since).min();
        // A loss is told at once, and with it what had expired before, though nobody may have looked yet.
        let over = match lost {
            Some(lost) => Some(expires.map_or(lost, |expires| expires.min(lost))),
            None => expires.filter(|expires| *expires < self.context.expired_before),
        };
        if let Some(over) = over {
            self.add_fact(expired, over, over.millis_since(since));
            return false;
        }
        self.facts.open = true;
        if let Some(expires) = expires {
            self.facts.expires_at = Some(self.facts.expires_at.map_or(expires, |known| known.min(expires)));
        }
        self.add_fact(place, since, Fact::UNKNOWN);
        true
    }
}

/// What the observations of a case say of it together, beside its life cycle.
#[derive(Clone, Copy, Default, Debug)]
pub struct CaseSummary {
    /// Their families, a bit each.
    pub families: u64,
    group: Option<u32>,
    first_group: Option<u32>,
    last_group: Option<u32>,
    customer: Option<CustomerKey>,
    topic: Option<Symbol>,
    named_times: NamedTimes,
    last_observed: Timestamp,
}

impl CaseSummary {
    /// Hears what another observation says, which comes behind the others.
    #[inline]
    pub fn add_observation(&mut self, one: &Observation, context: &DerivationContext<'_>, groups: &mut CaseGroups) {
        self.add_group(one.kind.family, one.group, context, groups);
        self.add_detail(&one.detail);
        self.last_observed = one.time;
    }

    #[inline]
    fn add_group(&mut self, family: CaseFamily, group: u32, context: &DerivationContext<'_>, groups: &mut CaseGroups) {
        self.families |= 1 << (family.0 & 63);
        // The same attributes once more change nothing.
        let again = self.last_group.replace(group) == Some(group);
        self.group = match self.group {
            None => Some(group),
            Some(earlier) if again || earlier == group => self.group,
            Some(earlier) => {
                if context.standard.schema.changing_dimensions != 0 {
                    self.first_group = Some(groups.join_groups(self.first_group.unwrap_or(earlier), group, 0, context.standard));
                }
                Some(groups.join_groups(earlier, group, context.standard.schema.changing_dimensions, context.standard))
            }
        };
    }

    #[inline]
    fn add_detail(&mut self, detail: &EventDetail) {
        self.customer = self.customer.or(detail.customer);
        self.topic = self.topic.or(detail.topic);
        self.named_times.due = detail.due.or(self.named_times.due);
        self.named_times.appointment = detail.appointment.or(self.named_times.appointment);
    }

    /// Whether facts count at the same place by this as by another.
    #[must_use]
    pub fn has_same_dimensions(&self, other: &CaseSummary) -> bool {
        (self.group, self.customer, self.topic) == (other.group, other.customer, other.topic)
    }

    fn copy_into(&self, out: &mut CaseFacts) {
        out.families = self.families;
        out.group = self.group.unwrap_or(0);
        (out.customer, out.topic, out.last_observed) = (self.customer, self.topic, self.last_observed);
    }
}

/// Tells all that a case means, or what the counted part of it does; what the observations say together.
#[inline]
pub fn derive_case_facts(
    (record, part): (&CaseRecord, HistoryPart),
    spill: &CaseOverflow,
    context: &DerivationContext<'_>,
    groups: &mut CaseGroups,
    out: &mut CaseFacts,
) -> CaseSummary {
    out.clear();
    if record.is_empty(part) {
        return CaseSummary::default();
    }
    let said = record.summarize(part, spill, context, groups);
    said.copy_into(out);
    record.read_observations(part, spill, FactDerivation { context, groups, summary: &said, out });
    said
}

/// As [`facts`] of an agent, but without what the observations mean that come before these last ones, of which the first begins a
/// state. `said` is what all of them say together.
pub fn derive_latest_agent_facts(last: &[OverflowObservation], said: &CaseSummary, context: &DerivationContext<'_>, out: &mut CaseFacts) {
    out.clear();
    said.copy_into(out);
    let first = context.standard.kinds.first_kind(CaseFamily::AGENT);
    agent::derive_facts(
        last.iter().map(OverflowObservation::to_observation),
        &mut FactWriter { context, first_kind: first, facts: out, lost_at: Vec::new() },
    );
}

struct FactDerivation<'a> {
    context: &'a DerivationContext<'a>,
    groups: &'a CaseGroups,
    summary: &'a CaseSummary,
    out: &'a mut CaseFacts,
}

impl ObservationReader<()> for FactDerivation<'_> {
    #[inline]
    fn read(self, observations: impl Iterator<Item = Observation> + Clone) {
        let FactDerivation { context, groups, summary: said, out } = self;
        let mut families = said.families;
        while families != 0 {
            let family = CaseFamily(families.trailing_zeros() as u8);
            families &= families - 1;
            let first = context.standard.kinds.first_kind(family);
            let mut teller = FactWriter { context, first_kind: first, facts: out, lost_at: Vec::new() };
            // Most cases are of one family.
            if said.families.is_power_of_two() {
                derive_family_facts(family, observations.clone(), &mut teller);
            } else {
                derive_family_facts(family, observations.clone().filter(|one| one.kind.family == family), &mut teller);
            }
        }
        if said.families & context.committed_families == 0 {
            return;
        }
        // Only now is it known whether the case is open.
        let first = groups.get(said.first_group.unwrap_or(out.group));
        commitment::evaluate_commitments(
            context,
            &commitment::CommitmentInput { current_group: groups.get(out.group), first_group: first, named_times: said.named_times },
            out,
        );
    }
}

/// Tells what a family's observations of a case mean.
#[inline]
fn derive_family_facts(family: CaseFamily, observations: impl Iterator<Item = Observation> + Clone, teller: &mut FactWriter<'_, '_>) {
    match family {
        CaseFamily::CALL => call::derive_facts(observations, teller),
        CaseFamily::QUEUE => ticket::derive_facts(observations, teller),
        CaseFamily::SURVEY => {
            for rated in observations {
                teller.add_fact(0, rated.time, rated.detail.answer.map_or(Fact::UNKNOWN, |answer| i64::from(answer.get())));
            }
        }
        CaseFamily::AGENT => agent::derive_facts(observations, teller),
        _ => order::derive_facts(observations, teller),
    }
}

/// How long something took, or that nobody knows: what the source said itself, else the time since it began.
#[inline]
fn reported_or_elapsed(said: Option<PackedMillis>, from: Option<Timestamp>, until: Timestamp) -> i64 {
    said.map(PackedMillis::get).or_else(|| from.map(|from| until.millis_since(from))).unwrap_or(Fact::UNKNOWN)
}
