//! Retention: how long cases and contacts are remembered.

use super::count_difference::visit_maximum_facts;
use crate::domain::cases::caseload::Caseload;
use crate::domain::events::event::CaseFamily;
use crate::domain::facts::catalog::CaseFacts;
use crate::domain::standard::{FirstContactRule, RetentionHorizon, Standard};
use crate::domain::time::timestamp::{HOUR, Timestamp};
use crate::domain::time::window::Window;

impl Caseload {
    /// Returns the retention of contacts for each first contact indicator, in milliseconds.
    ///
    /// After this time no accepted event can change the outcome of the contact.
    pub(super) fn contact_retention_ms(horizon: RetentionHorizon, standard: &Standard) -> Vec<i64> {
        let open = standard.windows.iter().filter_map(|window| {
            if let Window::Calendar(period) = window { Some(period.max_length_ms()) } else { None }
        });
        let open = open.max().unwrap_or(0);
        let late = |one_shot: &FirstContactRule| {
            one_shot
                .fact_tallies()
                .map(|tally| {
                    let family = standard.kinds.family(tally.kind);
                    horizon.for_life_cycle(standard.schema.life_cycle(family)).max(open)
                })
                .max()
        };
        standard
            .first_contact_rules
            .iter()
            .map(|one_shot| one_shot.within_ms + late(one_shot).unwrap_or(0))
            .collect()
    }

    /// Forgets a just settled case if its retention has ended. Returns true if it was forgotten.
    pub(in crate::domain) fn forget_if_due(&mut self, slot: u32) -> bool {
        let is_time = self.forget_time(&self.after).is_some_and(|forget| forget <= self.now);
        if is_time {
            let forgotten = &mut self.changes.forgotten_durations;
            visit_maximum_facts(&self.consumers, &self.after, |group, fact| {
                forgotten.push((group, fact));
            });
            self.coverage.record_forgotten(self.after.families, self.after.last_observed);
            let key = self.cases.record(slot).key();
            if !self.reused.cases_beside(key).is_empty() {
                let ids = self.cases.observations(slot).into_iter().map(|one| one.id);
                self.reused.forget_case(key, ids);
            }
            self.cases.forget_case(slot);
            self.case_names.forget_case(slot);
        }
        is_time
    }

    /// Returns the time at which a case may be forgotten; `None` while it is open or has a timer.
    pub(in crate::domain) fn forget_time(&self, facts: &CaseFacts) -> Option<Timestamp> {
        let horizon = self
            .horizon
            .filter(|_| facts.families != 0 && !facts.open && facts.next_evaluation.is_none())?;
        let family = CaseFamily(63 - facts.families.leading_zeros() as u8);
        // One millisecond more: a repeated last event at the horizon must not start the case anew.
        let beyond = facts
            .last_observed
            .plus_millis(horizon.for_life_cycle(self.standard.schema.life_cycle(family)) + 1);
        // Deletion is spread over an hour by event time, so that a month's end causes no long
        // pause.
        let closed = self
            .current
            .last_window_end(facts.last_observed)
            .plus_millis(facts.last_observed.0.rem_euclid(HOUR));
        Some(beyond.max(closed))
    }
}
