//! Change of the standard: builds a core under another standard from the remembered cases.
//!
//! Every remembered observation is translated by name, case by case. The new core therefore equals
//! one that had used the new standard from the start, except for:
//!
//! - forgotten cases, which exist only as sums under the old standard, and their contacts;
//! - values of dimensions that the old standard did not declare;
//! - events of families that the old standard did not know.
//!
//! A change takes about as long as applying the remembered events again, decoded. Both cores are in
//! memory until the old one is dropped.

use crate::domain::cases::caseload::PREFETCHED_EVENTS;
use crate::domain::cases::observation::Observation;
use crate::domain::cases::store::case_record::{AllObservations, HistoryPart};
use crate::domain::monitor::{Caseload, Monitor};
use crate::domain::standard::schema_translation::SchemaTranslation;
use crate::domain::standard::{RetentionHorizon, Standard};
use std::sync::Arc;

/// Result of a change of the standard.
#[derive(Debug)]
pub struct StandardChangeOutcome {
    /// Core under the new standard.
    pub monitor: Monitor,
    /// Cases that the old core had forgotten. Their sums are lost.
    pub forgotten_cases: u64,
    /// Remembered events of families that the new standard does not know.
    pub left_out_events: u64,
}

impl Monitor {
    /// Returns a core under another standard with the remembered cases of this one, at the same
    /// time.
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
        monitor.caseload.coverage = self.caseload.coverage.with_schema(
            &self.caseload.standard.schema,
            &monitor.caseload.standard.schema,
            self.caseload.now,
        );
        monitor.caseload.advance_to(self.caseload.now);
        monitor.caseload.case_names = self.caseload.case_names.clone_without_cases();
        // Group numbers of the old core, each translated on first use.
        let mut groups: Vec<Option<u32>> = vec![None; self.caseload.groups.count()];
        let mut left_out_events = 0;
        for (number, slot) in self.caseload.cases.occupied_slots().enumerate() {
            let record = self.caseload.cases.record(slot);
            let observations = record.read_observations(
                HistoryPart::All,
                &self.caseload.cases.overflow,
                AllObservations,
            );
            let all = observations.len();
            let known = observations.into_iter().filter_map(|observation| {
                let kind = translation.translate_event_type(observation.kind)?;
                let group = *groups[observation.group as usize].get_or_insert_with(|| {
                    let attributes = translation.translate_attributes(
                        &self.caseload.groups.get(observation.group).attributes,
                    );
                    monitor.caseload.groups.intern(&attributes, &monitor.caseload.standard)
                });
                Some(Observation { kind, group, ..observation })
            });
            let known: Vec<Observation> = known.collect();
            left_out_events += (all - known.len()) as u64;
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
            left_out_events,
        }
    }
}

impl Caseload {
    /// Adds a case with its full history and returns its slot; `None` if it is empty or past the
    /// horizon.
    fn import_case(&mut self, key: u64, observations: &[Observation]) -> Option<u32> {
        let first = observations.first()?;
        let slot = self.cases.find_or_add(key, first.time);
        let groups = &self.groups;
        for observation in observations {
            let (record, overflow) = self.cases.record_and_overflow_mut(slot);
            // Each observation was merged before, so none is rejected or a duplicate.
            record
                .merge(observation, overflow, |left, right| groups.compare_attributes(left, right));
        }
        self.before.clear();
        self.derive_facts(slot, false);
        self.count_case_difference(slot, false);
        (!self.forget_if_due(slot)).then_some(slot)
    }
}
