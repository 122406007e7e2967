//! A core with another standard, made from what a core remembers.
//!
//! Every remembered observation is taken over by name, case by case, so the new core says what it would say had it gone by
//! the new standard from the start. What it cannot know: the cases that were forgotten, which stayed only as sums by the old
//! standard, with their customers' contacts; values of dimensions that the old standard did not declare, and what events of
//! families that it did not know said. All this takes about as long as hearing the remembered events once more, decoded;
//! until the old core is dropped there are two in memory.

use super::translate::Translation;
use super::{Caseload, Monitor};
use crate::domain::case::observation::Observation;
use crate::domain::case::record::{All, Part};
use crate::domain::caseload::LOOK_AHEAD;
use crate::domain::standard::{Horizon, Standard};
use std::sync::Arc;

/// A core that has taken over from another, and what was lost on the way.
#[derive(Debug)]
pub struct Adopted {
    /// The core.
    pub monitor: Monitor,
    /// How many cases the old core had forgotten: their sums are gone.
    pub forgotten: u64,
    /// How many remembered events are of families that the new standard does not know.
    pub left_out: u64,
}

impl Monitor {
    /// A core with the given standard that knows what this one remembers, at the same time.
    #[must_use]
    pub fn adopt(&self, standard: Arc<Standard>, horizon: Option<Horizon>) -> Adopted {
        let translation = Translation::new(&self.caseload.standard.schema, &standard.schema);
        let mut monitor = Monitor::new(standard, horizon);
        (monitor.caseload.clock, monitor.caseload.heard) = (self.caseload.clock, self.caseload.heard);
        monitor.caseload.silence =
            self.caseload.silence.renamed(&self.caseload.standard.schema.sources, &monitor.caseload.standard.schema.sources);
        monitor.caseload.advance(self.caseload.now);
        monitor.caseload.names = self.caseload.names.without_cases();
        // Groups by the numbers of the old core, each translated when it is first met.
        let mut groups: Vec<Option<u32>> = vec![None; self.caseload.groups.count()];
        let mut left_out = 0;
        for (number, slot) in self.caseload.cases.places().enumerate() {
            let record = self.caseload.cases.record(slot);
            let observations = record.read(Part::All, &self.caseload.cases.spill, All);
            let all = observations.len();
            let known = observations.into_iter().filter_map(|one| {
                let kind = translation.kind(one.kind)?;
                let group = *groups[one.group as usize].get_or_insert_with(|| {
                    let attributes = translation.attributes(&self.caseload.groups.get(one.group).attributes);
                    monitor.caseload.groups.intern(&attributes, &monitor.caseload.standard)
                });
                Some(Observation { kind, group, ..one })
            });
            let known: Vec<Observation> = known.collect();
            left_out += (all - known.len()) as u64;
            if let (Some(slot), Some(name)) = (monitor.caseload.take_over(record.key(), &known), self.caseload.names.of(slot)) {
                monitor.caseload.names.note(slot, name);
            }
            if number % LOOK_AHEAD == 0 {
                monitor.add_up();
            }
        }
        monitor.add_up();
        Adopted { monitor, forgotten: self.caseload.cases.forgotten(), left_out }
    }
}

impl Caseload {
    /// Takes a case with its whole history; its place, if it is remembered here.
    fn take_over(&mut self, key: u64, observations: &[Observation]) -> Option<u32> {
        let first = observations.first()?;
        let slot = self.cases.find_or_add(key, first.time);
        let groups = &self.groups;
        for one in observations {
            let (record, spill) = self.cases.merging(slot);
            // Each was merged before: none is refused or known already.
            record.merge(one, spill, |one, other| groups.compare(one, other));
        }
        self.before.clear();
        self.tell(slot, false);
        self.settle(slot, false);
        (!self.forget_in_time(slot)).then_some(slot)
    }
}
