//! Merging observations into their cases, and settling the cases: counting what all that was merged changes together.
//!
//! A case that hears several things in a short time is settled once for all of them: what it meant in between nobody has seen.

use crate::domain::cases::caseload::{Caseload, PREFETCHED_EVENTS};
use crate::domain::cases::observation::Observation;
use crate::domain::cases::store::case_record::MergeResult;
use crate::domain::events::event::CaseFamily;

/// An agent's history is cut at its old end whenever it has grown by so many observations.
const TRIM_INTERVAL: usize = 256;

/// How many cases are settled before the cells hear of it: as many as a batch changes.
const CASES_SETTLED_AT_ONCE: usize = 1_024;

impl Caseload {
    /// Settles some of the cases that are not; false if all were. The sums are right only when all are settled.
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

    /// Settles a case; false if it was.
    fn settle_case(&mut self, slot: u32) -> bool {
        if self.cases.record(slot).is_settled() {
            return false;
        }
        self.derive_facts(slot, true);
        self.derive_facts(slot, false);
        self.count_case_difference(slot, false);
        true
    }

    /// Merges an observation into its case, to be settled later; at once where what was counted could not be told any more.
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

    /// Merges an observation that may change all that its case means, and settles the case.
    fn merge_and_settle(&mut self, slot: u32, observation: &Observation) -> MergeResult {
        self.derive_facts(slot, true);
        let (record, spill) = self.cases.record_and_overflow_mut(slot);
        let groups = &self.groups;
        let merged =
            record.merge(observation, spill, |one, other| groups.compare_attributes(one, other));
        if matches!(merged, MergeResult::New | MergeResult::Replaced) {
            let said = self.derive_facts(slot, false);
            if observation.kind.family == CaseFamily::AGENT {
                let (record, spill) = self.cases.record_and_overflow_mut(slot);
                spill.set_digest(record.overflow_place(), said);
            }
            self.count_case_difference(slot, false);
        }
        merged
    }

    /// Lets go of what an agent did before anything that can still be corrected; it stays counted. Looked at now and then.
    fn trim_agent_history(&mut self, slot: u32) {
        let Some(horizon) = self.horizon.filter(|_| {
            self.cases.record(slot).len(&self.cases.overflow).is_multiple_of(TRIM_INTERVAL)
        }) else {
            return;
        };
        let cutoff = self
            .now
            .plus_millis(-horizon.for_family(CaseFamily::AGENT))
            .min(self.current.earliest_start());
        let (record, spill) = self.cases.record_and_overflow_mut(slot);
        let trimmed = record.trim_before(spill, cutoff);
        self.derive_facts(slot, true);
        // What was said long ago may be all that is known of where the agent belongs.
        if self.before.group != self.after.group {
            let (record, spill) = self.cases.record_and_overflow_mut(slot);
            record.restore_trimmed(spill, trimmed);
        }
    }
}
