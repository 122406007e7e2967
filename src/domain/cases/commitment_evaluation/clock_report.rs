//! Report of a commitment's clock for display: start, deadline, stops and state.
//!
//! The report only reads the facts that the evaluation has just derived. It needs a
//! [`DerivationContext`](crate::domain::cases::context::DerivationContext) in which all kinds are
//! used.

use super::deadline::{CaseDeadlineRule, DeadlineClock, PauseSpan};
use crate::domain::cases::commitment_evaluation::{CommitmentClock, place};
use crate::domain::facts::catalog::{CaseFacts, Fact};
use crate::domain::facts::commitment_clock::{
    ClockReport, ClockState, ClockStop, PauseEffect, StopReason,
};
use crate::domain::standard::ReopeningEffect;
use crate::domain::time::timestamp::Timestamp;

impl CommitmentClock<'_> {
    /// Adds the report of the clock whose facts start at these indexes in the facts of the case and in
    /// the placed ones.
    #[cold]
    pub(super) fn report_clock(
        &self,
        facts: &mut CaseFacts,
        (first_index, first_placed): (usize, usize),
        rule: &CaseDeadlineRule<'_>,
        pauses: &[PauseSpan],
        clock: &DeadlineClock,
    ) {
        let find_fact = |place: u16| {
            let placed = facts.placed[first_placed..].iter().map(|placed| &placed.fact);
            facts.all[first_index..]
                .iter()
                .chain(placed)
                .find(|fact| fact.kind == self.commitment.first_fact.offset_by(place))
        };
        let state = self.clock_state(facts, find_fact);
        let end = match state {
            ClockState::Void(_) | ClockState::Excused(_) if self.until.is_none() => {
                find_fact(place::EXCUSED).map(|fact| fact.time)
            }
            _ => self.until,
        };
        let end = end.unwrap_or(self.context.now).max(self.from);
        let net_pauses = self.pause_spans(facts, |effect| effect != PauseEffect::Ignored);
        let report = ClockReport {
            commitment: self
                .context
                .standard
                .commitments
                .iter()
                .position(|commitment| commitment.first_fact == self.commitment.first_fact)
                .unwrap_or(usize::MAX),
            from: self.from,
            until: self.until,
            deadline: clock.deadline(),
            state,
            allowed_ms: rule.allowed_ms(self.from),
            is_counting: state.is_open()
                && !matches!(state, ClockState::Stopped(_))
                && rule.is_open_at(self.context.now),
            used_ms: rule.open_time_ms(self.from, end, &cut_spans(pauses, end)),
            gross_ms: end.millis_since(self.from),
            net_ms: rule.open_time_ms(self.from, end, &cut_spans(&net_pauses, end)),
            stops: self.stops_before(facts, end),
            warnings: facts.all[first_index..]
                .iter()
                .filter(|fact| fact.kind == self.commitment.first_fact.offset_by(place::WARNED))
                .filter_map(|fact| fact.label)
                .collect(),
            unreadable: self.named_times.unreadable_fields(),
        };
        facts.clock_reports.get_or_insert_default().push(report);
    }

    fn clock_state<'f>(
        &self,
        facts: &'f CaseFacts,
        find_fact: impl Fn(u16) -> Option<&'f Fact>,
    ) -> ClockState {
        if find_fact(place::KEPT).is_some() {
            return ClockState::Kept;
        }
        if let Some(excused) = find_fact(place::EXCUSED) {
            let void = facts
                .all
                .iter()
                .find(|fact| self.terms.void.contains(&fact.kind) && fact.time == excused.time);
            return void
                .map_or(ClockState::Excused(excused.label), |void| ClockState::Void(void.kind));
        }
        match (find_fact(place::RUNNING), find_fact(place::STOPPED)) {
            (Some(_), Some(stopped)) => ClockState::Stopped(stopped.time),
            (Some(_), None) if find_fact(place::OVERDUE).is_some() => ClockState::Overdue,
            (Some(_), None) if find_fact(place::DUE_SOON).is_some() => ClockState::DueSoon,
            (Some(_), None) => ClockState::Running,
            (None, _) if find_fact(place::MISSED).is_some() => ClockState::Missed,
            (None, _) => ClockState::Over,
        }
    }

    /// Returns the stops between the start of the clock and `end`, with their effects.
    fn stops_before(&self, facts: &CaseFacts, end: Timestamp) -> Vec<(ClockStop, PauseEffect)> {
        let resumes = self.terms.reopening == ReopeningEffect::Resumes;
        let stops = facts
            .stops
            .iter()
            .filter(|stop| stop.begin < end && stop.end.is_none_or(|end| end > self.from));
        let stops = stops.filter(|stop| resumes || stop.reason != StopReason::Closed);
        let effect = |reason: StopReason| match reason {
            StopReason::Closed => PauseEffect::Excused,
            StopReason::Paused { reason, liable } => self.pause_effect(reason, liable),
        };
        stops.map(|stop| (*stop, effect(stop.reason))).collect()
    }
}

/// Returns the parts of the spans before `end`.
fn cut_spans(spans: &[PauseSpan], end: Timestamp) -> Vec<PauseSpan> {
    let before = spans.iter().filter(|span| span.begin < end);
    before
        .map(|span| PauseSpan { begin: span.begin, end: span.end.map(|own_end| own_end.min(end)) })
        .collect()
}
