//! Differences of the times of states before and after a change of a case, for the means of levels.

use super::count_difference::visit_difference;
use crate::domain::cases::caseload::Caseload;
use crate::domain::cases::changes::{CaseState, CaseStateChange};
use crate::domain::cases::groups::CaseGroups;
use crate::domain::cases::state_timeline::{StateTimeline, periods};
use crate::domain::cases::store::case_record::{AllObservations, HistoryPart};
use crate::domain::facts::catalog::CaseFacts;
use crate::domain::time::timestamp::Timestamp;

impl Caseload {
    /// Records the history from which the facts before or after a change were derived.
    pub(super) fn record_timeline(&mut self, (slot, part): (u32, HistoryPart), before: bool) {
        let context = self.derivation.context(&self.standard, self.now);
        let (record, overflow) = (self.cases.record(slot), &self.cases.overflow);
        self.timelines[usize::from(!before)] = StateTimeline {
            observations: record.read_observations(part, overflow, AllObservations),
            now: context.now,
            expired_before: context.expired_before,
        };
    }

    /// Visits the states with a mean that each remembered case has or had: the key of the case, the
    /// state, its start and end. An active state has no end.
    pub(in crate::domain) fn visit_past_states(
        &mut self,
        mut visit: impl FnMut(u64, CaseState, (Timestamp, Option<Timestamp>), &CaseGroups),
    ) {
        let Caseload { standard, derivation, now, cases, groups, timed_kinds, .. } = self;
        let context = derivation.context(standard, *now);
        for slot in cases.occupied_slots() {
            let observations = cases.observations(slot);
            let families = observations.iter().fold(0, |all, one| all | 1 << one.kind.family.0);
            if !timed_kinds.include_family(families) {
                continue;
            }
            let timeline =
                StateTimeline { observations, now: *now, expired_before: context.expired_before };
            let changes = timeline.changes_after(0, timed_kinds, &context, groups);
            for (state, start, end) in periods(&changes) {
                visit(cases.record(slot).key(), state, (start, end), groups);
            }
        }
    }

    /// Counts the difference between the states before and after a change of a case.
    #[inline(never)]
    pub(super) fn count_state_changes(&mut self) {
        let context = self.derivation.context(&self.standard, self.now);
        let [before, after] = &mut self.timelines;
        // Cleared facts have no history.
        let clear = |timeline: &mut StateTimeline, facts: &CaseFacts| {
            if !self.timed_kinds.include_family(facts.families) {
                timeline.observations.clear();
            }
        };
        clear(before, &self.before);
        clear(after, &self.after);
        let (timed, groups) = (&self.timed_kinds, &mut self.groups);
        let known = before.shared_len(after, timed, &context, groups);
        let [mut gone, mut new] =
            [before, after].map(|timeline| timeline.changes_after(known, timed, &context, groups));
        visit_difference(&mut gone, &mut new, |change, times| {
            let starts = change.starts * i64::from(times);
            self.changes.state_changes.push(CaseStateChange { starts, ..*change });
        });
    }
}
