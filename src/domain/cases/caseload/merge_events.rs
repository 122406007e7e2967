//! Merging of observations into cases, and settling of the changed cases.
//!
//! Several observations of a case within a short time are settled together. Intermediate results
//! are never published.

use super::count_difference::{visit_difference, visit_maximum_facts};
use crate::domain::cases::caseload::{Caseload, PREFETCHED_EVENTS};
use crate::domain::cases::observation::Observation;
use crate::domain::cases::store::case_record::MergeResult;
use crate::domain::events::event::{CaseFamily, LifeCycle};
use crate::domain::facts::catalog::Fact;

/// Number of new observations after which an agent's history is trimmed.
const TRIM_INTERVAL: usize = 256;

/// Maximum number of cases settled before a handover to the cells, about one batch.
const CASES_SETTLED_AT_ONCE: usize = 1_024;

impl Caseload {
    /// Settles some of the unsettled cases. Returns false if there were none.
    ///
    /// The sums are correct only when all cases are settled.
    pub fn settle_some_cases(&mut self) -> bool {
        let many = self.unsettled.len().min(CASES_SETTLED_AT_ONCE);
        let slots: Vec<u32> = self.unsettled.drain(..many).collect();
        for chunk in slots.chunks(PREFETCHED_EVENTS) {
            self.prefetch_cases(chunk);
            for &slot in chunk {
                if self.settle_case(slot) {
                    self.forget_if_due(slot);
                }
            }
        }
        many > 0
    }

    /// Counts the difference between the facts that earlier versions derived for a settled contact
    /// and its facts now. Other cases are unchanged.
    pub(in crate::domain) fn recount_contact(&mut self, slot: u32) {
        self.derivation.legs.before_format_4 = true;
        self.derive_facts(slot, true);
        self.derivation.legs.before_format_4 = false;
        if self.before.families & self.derivation.legs.contact_families != 0 {
            self.derive_facts(slot, false);
            self.count_case_difference(slot, false);
        }
    }

    /// Settles a case. Returns false if it was settled already.
    pub(super) fn settle_case(&mut self, slot: u32) -> bool {
        if self.cases.record(slot).is_settled() {
            return false;
        }
        self.derive_facts(slot, true);
        self.derive_facts(slot, false);
        self.count_case_difference(slot, false);
        true
    }

    /// Merges an observation into its case.
    ///
    /// A simple append is settled later. Any other merge settles the case at once, since the
    /// counted facts could no longer be derived afterwards.
    pub(super) fn merge_observation(
        &mut self,
        slot: u32,
        observation: &Observation,
    ) -> MergeResult {
        let record = self.cases.record_mut(slot);
        let was_settled = record.is_settled();
        if record.try_append(observation) {
            if was_settled {
                self.unsettled.push_back(slot);
            }
            return MergeResult::New;
        }
        self.settle_case(slot);
        let merged = self
            .append_agent_observation(slot, observation)
            .unwrap_or_else(|| self.merge_and_settle(slot, observation));
        if observation.kind.family == CaseFamily::AGENT
            && matches!(merged, MergeResult::New | MergeResult::Replaced)
        {
            self.trim_agent_history(slot);
        }
        merged
    }

    /// Merges an observation that may change any fact of its case, and settles the case.
    fn merge_and_settle(&mut self, slot: u32, observation: &Observation) -> MergeResult {
        self.derive_facts(slot, true);
        let (record, overflow) = self.cases.record_and_overflow_mut(slot);
        let groups = &self.groups;
        let merged =
            record.merge(observation, overflow, |one, other| groups.compare_attributes(one, other));
        if matches!(merged, MergeResult::New | MergeResult::Replaced) {
            let summary = self.derive_facts(slot, false);
            if observation.kind.family == CaseFamily::AGENT {
                let (record, overflow) = self.cases.record_and_overflow_mut(slot);
                overflow.set_digest(record.overflow_place(), summary);
            }
            self.count_case_difference(slot, false);
        }
        merged
    }

    /// Removes an agent's observations that no event can correct any more. Their facts stay
    /// counted.
    ///
    /// The history is checked only once every [`TRIM_INTERVAL`] observations.
    fn trim_agent_history(&mut self, slot: u32) {
        let Some(horizon) = self.horizon.filter(|_| {
            self.cases.record(slot).len(&self.cases.overflow).is_multiple_of(TRIM_INTERVAL)
        }) else {
            return;
        };
        let cutoff = self
            .now
            .plus_millis(-horizon.for_life_cycle(LifeCycle::Agent))
            .min(self.current.earliest_start());
        self.derive_facts(slot, false);
        let (record, overflow) = self.cases.record_and_overflow_mut(slot);
        let trimmed = record.trim_before(overflow, cutoff);
        self.derive_facts(slot, true);
        // Only the trimmed observations may carry some of the agent's attributes.
        if self.before.group != self.after.group {
            let (record, overflow) = self.cases.record_and_overflow_mut(slot);
            record.restore_trimmed(overflow, trimmed);
            return;
        }
        let mut forgotten = std::mem::take(&mut self.changes.forgotten_durations);
        let (group, consumers) = (self.after.group, &self.consumers);
        // A fact only in the rest is a shortened one of the whole and never larger.
        visit_difference(&mut self.after.all, &mut self.before.all, |fact, times| {
            if times < 0 && consumers[usize::from(fact.kind.0)].maxima {
                forgotten.push((group, *fact));
            }
        });
        self.changes.forgotten_durations = forgotten;
    }

    /// Visits the counted facts of a case whose durations count in a maximum, each with its group.
    pub(in crate::domain) fn visit_counted_durations(
        &mut self,
        slot: u32,
        visit: impl FnMut(u32, Fact),
    ) {
        self.derive_facts(slot, true);
        visit_maximum_facts(&self.consumers, &self.before, visit);
    }
}
