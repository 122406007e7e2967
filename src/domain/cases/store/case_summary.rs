//! Summary of a case: data of its observations that does not depend on its life cycle.

use crate::domain::cases::context::{DerivationContext, NamedTimes};
use crate::domain::cases::groups::CaseGroups;
use crate::domain::cases::observation::Observation;
use crate::domain::events::event::{CustomerKey, EventDetail, EventType, EventVerb, Symbol};
use crate::domain::facts::catalog::CaseFacts;
use crate::domain::time::timestamp::Timestamp;

/// Data that the observations of a case give together, apart from its life cycle.
#[derive(Clone, Copy, Default, Debug)]
pub struct CaseSummary {
    /// Families of the observations, as a bit set.
    pub families: u64,
    group: Option<u32>,
    pub(in crate::domain::cases) first_group: Option<u32>,
    last_group: Option<u32>,
    /// Group of the first missed ring, for a case of which nothing else is known.
    ring_group: Option<u32>,
    customer: Option<CustomerKey>,
    topic: Option<Symbol>,
    pub(in crate::domain::cases) named_times: NamedTimes,
    pub(in crate::domain::cases) last_observed: Timestamp,
}

impl CaseSummary {
    /// Adds an observation that comes after all others.
    #[inline]
    pub fn add_observation(
        &mut self,
        one: &Observation,
        context: &DerivationContext<'_>,
        groups: &mut CaseGroups,
    ) {
        self.add_group(one.kind, one.group, context, groups);
        self.add_detail(&one.detail);
        self.last_observed = one.time;
    }

    #[inline]
    pub(super) fn add_group(
        &mut self,
        kind: EventType,
        group: u32,
        context: &DerivationContext<'_>,
        groups: &mut CaseGroups,
    ) {
        self.families |= 1 << (kind.family.0 & 63);
        if kind.verb == EventVerb::RingMissed {
            // The agent who let it ring is not the one of the case.
            self.ring_group = self.ring_group.or(Some(group));
            return;
        }
        // A repeated group changes nothing, and most observations repeat it.
        let again = self.last_group.replace(group) == Some(group);
        self.group = match self.group {
            None => Some(group),
            Some(earlier) if again || earlier == group => self.group,
            Some(earlier) => {
                if context.standard.schema.changing_dimensions != 0 {
                    self.first_group = Some(groups.join_groups(
                        self.first_group.unwrap_or(earlier),
                        group,
                        0,
                        context.standard,
                    ));
                }
                Some(groups.join_groups(
                    earlier,
                    group,
                    context.standard.schema.changing_dimensions,
                    context.standard,
                ))
            }
        };
    }

    #[inline]
    pub(super) fn add_detail(&mut self, detail: &EventDetail) {
        self.customer = self.customer.or(detail.customer);
        self.topic = self.topic.or(detail.topic);
        self.named_times.add_detail(detail);
    }

    /// Returns true if facts count at the same place under both summaries.
    #[must_use]
    pub fn has_same_dimensions(&self, other: &CaseSummary) -> bool {
        (self.group, self.customer, self.topic) == (other.group, other.customer, other.topic)
    }

    pub(in crate::domain::cases) fn copy_into(&self, out: &mut CaseFacts) {
        out.families = self.families;
        out.group = self.group.or(self.ring_group).unwrap_or(0);
        (out.customer, out.topic, out.last_observed) =
            (self.customer, self.topic, self.last_observed);
    }
}
