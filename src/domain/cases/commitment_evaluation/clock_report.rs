//! A clock of a commitment as it is told to people: where it started, where it leads, what stopped it, how it ended.
//!
//! Nothing is decided here. What became of the clock is read off the facts that its judging has just told, which takes a
//! [`Context`](super::Context) in which every fact is wanted.

use super::deadline::{CaseDeadlineRule, DeadlineClock, PauseSpan};
use crate::domain::cases::commitment_evaluation::{CommitmentClock, place};
use crate::domain::facts::catalog::{CaseFacts, Fact};
use crate::domain::facts::commitment_clock::{
    ClockReport, ClockState, ClockStop, PauseEffect, StopReason,
};
use crate::domain::standard::ReopeningEffect;
use crate::domain::time::timestamp::Timestamp;

impl CommitmentClock<'_> {
    /// Tells of the clock whose facts stand in `facts` from the place `own` on.
    #[cold]
    pub(super) fn report_clock(
        &self,
        facts: &mut CaseFacts,
        own: usize,
        rule: &CaseDeadlineRule<'_>,
        stretches: &[PauseSpan],
        clock: &DeadlineClock,
    ) {
        let said = |place: u16| {
            facts.all[own..]
                .iter()
                .find(|fact| fact.kind == self.commitment.first_fact.offset_by(place))
        };
        let course = self.clock_state(facts, said);
        let end = match course {
            ClockState::Void(_) | ClockState::Excused(_) if self.until.is_none() => {
                said(place::EXCUSED).map(|fact| fact.time)
            }
            _ => self.until,
        };
        let end = end.unwrap_or(self.context.now).max(self.from);
        // Without the stretch that lasts there is a deadline, to say how much time is allowed.
        let closed: Vec<PauseSpan> =
            stretches.iter().filter(|stretch| stretch.end.is_some()).copied().collect();
        let full = rule.deadline_clock(self.from, &closed, 100).deadline();
        let paused = self.pause_spans(facts, |does| does != PauseEffect::Ignored);
        let told = ClockReport {
            commitment: self
                .context
                .standard
                .commitments
                .iter()
                .position(|one| one.first_fact == self.commitment.first_fact)
                .unwrap_or(usize::MAX),
            from: self.from,
            until: self.until,
            deadline: clock.deadline(),
            state: course,
            allowed_ms: full
                .map(|full| rule.open_time_ms(self.from, full, &cut_spans(&closed, full))),
            used_ms: rule.open_time_ms(self.from, end, &cut_spans(stretches, end)),
            gross_ms: end.millis_since(self.from),
            net_ms: rule.open_time_ms(self.from, end, &cut_spans(&paused, end)),
            stops: self.stops_before(facts, end),
            warnings: facts.all[own..]
                .iter()
                .filter(|fact| fact.kind == self.commitment.first_fact.offset_by(place::WARNED))
                .filter_map(|fact| fact.label)
                .collect(),
        };
        facts.clock_reports.get_or_insert_default().push(told);
    }

    fn clock_state<'f>(
        &self,
        facts: &'f CaseFacts,
        said: impl Fn(u16) -> Option<&'f Fact>,
    ) -> ClockState {
        if said(place::KEPT).is_some() {
            return ClockState::Kept;
        }
        if let Some(excused) = said(place::EXCUSED) {
            let void = facts
                .all
                .iter()
                .find(|fact| self.terms.void.contains(&fact.kind) && fact.time == excused.time);
            return void
                .map_or(ClockState::Excused(excused.label), |void| ClockState::Void(void.kind));
        }
        match (said(place::RUNNING), said(place::STOPPED)) {
            (Some(_), Some(stopped)) => ClockState::Stopped(stopped.time),
            (Some(_), None) if said(place::OVERDUE).is_some() => ClockState::Overdue,
            (Some(_), None) if said(place::DUE_SOON).is_some() => ClockState::DueSoon,
            (Some(_), None) => ClockState::Running,
            (None, _) if said(place::MISSED).is_some() => ClockState::Missed,
            (None, _) => ClockState::Over,
        }
    }

    /// What stopped the order between the start of the clock and `end`.
    fn stops_before(&self, facts: &CaseFacts, end: Timestamp) -> Vec<(ClockStop, PauseEffect)> {
        let resumes = self.terms.reopening == ReopeningEffect::Resumes;
        let meanwhile = facts
            .stops
            .iter()
            .filter(|stop| stop.begin < end && stop.end.is_none_or(|end| end > self.from));
        let meanwhile = meanwhile.filter(|stop| resumes || stop.reason != StopReason::Closed);
        let does = |why: StopReason| match why {
            StopReason::Closed => PauseEffect::Excused,
            StopReason::Paused { reason, liable } => self.pause_effect(reason, liable),
        };
        meanwhile.map(|stop| (*stop, does(stop.reason))).collect()
    }
}

/// The stretches as far as they lie before `end`.
fn cut_spans(stretches: &[PauseSpan], end: Timestamp) -> Vec<PauseSpan> {
    let before = stretches.iter().filter(|stretch| stretch.begin < end);
    before
        .map(|stretch| PauseSpan { begin: stretch.begin, end: stretch.end.map(|own| own.min(end)) })
        .collect()
}
