//! A core with another standard, made from what a core remembers.
//!
//! Every remembered observation is taken over by name, case by case, so the new core says what it would say had it gone by
//! the new standard from the start. What it cannot know: the cases that were forgotten, which stayed only as sums by the old
//! standard, with their customers' contacts; values of dimensions that the old standard did not declare, and what events of
//! families that it did not know said. All this takes about as long as hearing the remembered events once more, decoded;
//! until the old core is dropped there are two in memory.

use crate::domain::cases::caseload::PREFETCHED_EVENTS;
use crate::domain::cases::observation::Observation;
use crate::domain::cases::store::case_record::{AllObservations, HistoryPart};
use crate::domain::monitor::{Caseload, Monitor};
use crate::domain::standard::schema_translation::SchemaTranslation;
use crate::domain::standard::{RetentionHorizon, Standard};
use std::sync::Arc;

/// A core that has taken over from another, and what was lost on the way.
#[derive(Debug)]
pub struct StandardChangeOutcome {
    /// The core.
    pub monitor: Monitor,
    /// How many cases the old core had forgotten: their sums are gone.
    pub forgotten_cases: u64,
    /// How many remembered events are of families that the new standard does not know.
    pub left_out_events: u64,
}

impl Monitor {
    /// A core with the given standard that knows what this one remembers, at the same time.
    #[must_use]
    pub fn change_standard(
        &self,
        standard: Arc<Standard>,
        horizon: Option<RetentionHorizon>,
    ) -> StandardChangeOutcome {
        let translation = SchemaTranslation::new(&self.caseload.standard.schema, &standard.schema);
        let mut monitor = Monitor::new(standard, horizon);
        (monitor.caseload.clock, monitor.caseload.last_received) =
            (self.caseload.clock, self.caseload.last_received);
        monitor.caseload.silent_sources = self.caseload.silent_sources.with_sources(
            &self.caseload.standard.schema.sources,
            &monitor.caseload.standard.schema.sources,
        );
        monitor.caseload.advance_to(self.caseload.now);
        monitor.caseload.case_names = self.caseload.case_names.clone_without_cases();
        // Groups by the numbers of the old core, each translated when it is first met.
        let mut groups: Vec<Option<u32>> = vec![None; self.caseload.groups.count()];
        let mut left_out = 0;
        for (number, slot) in self.caseload.cases.occupied_slots().enumerate() {
            let record = self.caseload.cases.record(slot);
            let observations = record.read_observations(
                HistoryPart::All,
                &self.caseload.cases.overflow,
                AllObservations,
            );
            let all = observations.len();
            let known = observations.into_iter().filter_map(|one| {
                let kind = translation.translate_event_type(one.kind)?;
                let group = *groups[one.group as usize].get_or_insert_with(|| {
                    let attributes = translation
                        .translate_attributes(&self.caseload.groups.get(one.group).attributes);
                    monitor.caseload.groups.intern(&attributes, &monitor.caseload.standard)
                });
                Some(Observation { kind, group, ..one })
            });
            let known: Vec<Observation> = known.collect();
            left_out += (all - known.len()) as u64;
            if let (Some(slot), Some(name)) = (
                monitor.caseload.import_case(record.key(), &known),
                self.caseload.case_names.case_name(slot),
            ) {
                monitor.caseload.case_names.record_case_name(slot, name);
            }
            if number % PREFETCHED_EVENTS == 0 {
                monitor.update_cells();
            }
        }
        monitor.update_cells();
        StandardChangeOutcome {
            monitor,
            forgotten_cases: self.caseload.cases.forgotten_count(),
            left_out_events: left_out,
        }
    }
}

impl Caseload {
    /// Takes a case with its whole history; its place, if it is remembered here.
    fn import_case(&mut self, key: u64, observations: &[Observation]) -> Option<u32> {
        let first = observations.first()?;
        let slot = self.cases.find_or_add(key, first.time);
        let groups = &self.groups;
        for one in observations {
            let (record, spill) = self.cases.record_and_overflow_mut(slot);
            // Each was merged before: none is refused or known already.
            record.merge(one, spill, |one, other| groups.compare_attributes(one, other));
        }
        self.before.clear();
        self.derive_facts(slot, false);
        self.count_case_difference(slot, false);
        (!self.forget_if_due(slot)).then_some(slot)
    }
}
