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
use crate::domain::monitor::Monitor;
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
            let key = self.caseload.cases.record(slot).key();
            let cases = self.caseload.reused.cases_beside(key);
            if cases.first().is_some_and(|first| first.key != key) {
                continue;
            }
            let slots: Vec<u32> = if cases.is_empty() {
                vec![slot]
            } else {
                cases.iter().filter_map(|case| self.caseload.cases.find(case.key)).collect()
            };
            let observations: Vec<Observation> =
                slots.iter().flat_map(|slot| self.caseload.cases.observations(*slot)).collect();
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
            let mut known: Vec<Observation> = known.collect();
            known.sort_by(Observation::compare_order);
            left_out_events += (all - known.len()) as u64;
            let subject = self.caseload.reused.subject_of(key);
            monitor.caseload.import_subject(
                (subject, subject == key),
                &known,
                self.caseload.case_names.case_name(slot),
            );
            if number % PREFETCHED_EVENTS == 0 {
                monitor.update_cells();
            }
        }
        monitor.update_cells();
        monitor.caseload.record_all_benchmarks();
        StandardChangeOutcome {
            monitor,
            forgotten_cases: self.caseload.cases.forgotten_count(),
            left_out_events,
        }
    }
}
