//! Merging observations into their cases, and settling the cases: counting what all that was merged changes together.
//!
//! A case that hears several things in a short time is settled once for all of them: what it meant in between nobody has seen.

use super::{Caseload, LOOK_AHEAD};
use crate::domain::case::observation::Observation;
use crate::domain::case::record::Merged;
use crate::domain::event::Family;

/// An agent's history is cut at its old end whenever it has grown by so many observations.
const TRIM: usize = 256;

/// How many cases are settled before the cells hear of it: as many as a batch changes.
const TOGETHER: usize = 1_024;

impl Caseload {
    /// Settles some of the cases that are not; false if all were. The sums are right only when all are settled.
    pub fn settle_some(&mut self) -> bool {
        let many = self.unsettled.len().min(TOGETHER);
        let slots: Vec<u32> = self.unsettled.drain(..many).collect();
        for chunk in slots.chunks(LOOK_AHEAD) {
            self.touch(chunk);
            for &slot in chunk {
                if self.settle_now(slot) {
                    self.forget_in_time(slot);
                }
            }
        }
        many > 0
    }

    /// Settles a case; false if it was.
    fn settle_now(&mut self, slot: u32) -> bool {
        if self.cases.record(slot).is_settled() {
            return false;
        }
        self.tell(slot, true);
        self.tell(slot, false);
        self.settle(slot, false);
        true
    }

    /// Merges an observation into its case, to be settled later; at once where what was counted could not be told any more.
    pub(super) fn observe(&mut self, slot: u32, observation: &Observation) -> Merged {
        let record = self.cases.record_mut(slot);
        let was_settled = record.is_settled();
        if record.append(observation) {
            if was_settled {
                self.unsettled.push_back(slot);
            }
            return Merged::New;
        }
        self.settle_now(slot);
        let merged = self.go_on(slot, observation).unwrap_or_else(|| self.insert(slot, observation));
        if observation.kind.family == Family::AGENT && matches!(merged, Merged::New | Merged::Replaced) {
            self.trim(slot);
        }
        merged
    }

    /// Merges an observation that may change all that its case means, and settles the case.
    fn insert(&mut self, slot: u32, observation: &Observation) -> Merged {
        self.tell(slot, true);
        let (record, spill) = self.cases.merging(slot);
        let groups = &self.groups;
        let merged = record.merge(observation, spill, |one, other| groups.compare(one, other));
        if matches!(merged, Merged::New | Merged::Replaced) {
            let said = self.tell(slot, false);
            if observation.kind.family == Family::AGENT {
                let (record, spill) = self.cases.merging(slot);
                spill.digest(record.spill(), said);
            }
            self.settle(slot, false);
        }
        merged
    }

    /// Lets go of what an agent did before anything that can still be corrected; it stays counted. Looked at now and then.
    fn trim(&mut self, slot: u32) {
        let Some(horizon) = self.horizon.filter(|_| self.cases.record(slot).len(&self.cases.spill).is_multiple_of(TRIM)) else { return };
        let cutoff = self.now.plus(-horizon.of(Family::AGENT)).min(self.current.earliest());
        let (record, spill) = self.cases.merging(slot);
        let trimmed = record.trim(spill, cutoff);
        self.tell(slot, true);
        // What was said long ago may be all that is known of where the agent belongs.
        if self.before.group != self.after.group {
            let (record, spill) = self.cases.merging(slot);
            record.untrim(spill, trimmed);
        }
    }
}
