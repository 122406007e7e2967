//! Evaluation of commitments: deadlines of a case, judged from its facts and the time reached.
//!
//! A commitment is missed **the moment its deadline passes**, even if the case is still open. A
//! later fulfillment adds the fact `late` beside `missed`. A case schedules its own evaluation for
//! each deadline (`CaseFacts::next_evaluation`).
//!
//! The clock stops during excused pauses. A stopped clock has no deadline, and each pause moves the
//! deadline back. Two durations are available: the gross time from start to end (`kept`), and the
//! net time without pauses and closed hours (`net`).

pub mod clock_report;
mod deadline;

use self::deadline::{CaseDeadlineRule, DeadlineClock, PauseSpan};
use super::context::{DerivationContext, NamedTimes};
use super::groups::CaseGroup;
use crate::domain::events::event::Symbol;
use crate::domain::facts::catalog::{CaseFacts, Fact, FactKind, place::commitment as place};
use crate::domain::facts::commitment_clock::{PauseEffect, StopReason};
use crate::domain::standard::{Commitment, CommitmentTerms, ReopeningEffect, WarningTime};
use crate::domain::time::timestamp::Timestamp;
use jiff::tz::TimeZone;

/// Properties of a case that commitments need in addition to its facts.
#[derive(Clone, Copy, Debug)]
pub struct CommitmentInput<'a> {
    /// Current group of the case.
    pub current_group: &'a CaseGroup,
    /// Group of the case according to its first observation.
    pub first_group: &'a CaseGroup,
    /// Times named by the case's events.
    pub named_times: NamedTimes,
}

/// Adds the facts of all commitments to the derived facts of a case.
#[inline]
pub fn evaluate_commitments(
    context: &DerivationContext<'_>,
    input: &CommitmentInput<'_>,
    facts: &mut CaseFacts,
) {
    let families = facts.families;
    let mut number = 0;
    for commitment in &context.standard.commitments {
        if families & (1 << commitment.family.0) != 0 {
            evaluate_commitment(context, commitment, number, input, facts);
        }
        number += commitment.terms.len();
    }
}

/// Evaluates one commitment. `number` is the index of its first terms among the terms of all.
fn evaluate_commitment(
    context: &DerivationContext<'_>,
    commitment: &Commitment,
    number: usize,
    input: &CommitmentInput<'_>,
    facts: &mut CaseFacts,
) {
    let Some(from) = first_fact_time(facts, commitment.from) else { return };
    let place = commitment.terms_at(from);
    let terms = &commitment.terms[place];
    let group = if terms.by_first_attributes { input.first_group } else { input.current_group };
    let clock = |from: Timestamp, until: Option<Timestamp>, is_latest: bool| {
        let choices = group.choices[number + place];
        CommitmentClock {
            context,
            commitment,
            terms,
            choices,
            named_times: input.named_times,
            zone: context.standard.zones.get(usize::from(group.zone)),
            from,
            until,
            is_latest,
        }
    };
    let reopened = if terms.reopening == ReopeningEffect::FirstVerdict {
        Vec::new()
    } else {
        order_reopenings(facts)
    };
    match (terms.reopening, reopened.last()) {
        (ReopeningEffect::Resumes, Some(last)) => {
            clock(from, first_fact_time_between(facts, commitment.until, last, None), true)
                .evaluate_clock(facts);
        }
        (ReopeningEffect::Restarts, Some(_)) => {
            let first = first_fact_time(facts, commitment.until);
            clock(from, first, first.is_none()).evaluate_clock(facts);
            for (place, reopened_at) in reopened.iter().enumerate() {
                let next = reopened.get(place + 1);
                clock(
                    reopened_at.time,
                    first_fact_time_between(facts, commitment.until, reopened_at, next),
                    next.is_none(),
                )
                .evaluate_clock(facts);
            }
        }
        _ => clock(from, first_fact_time(facts, commitment.until), true).evaluate_clock(facts),
    }
}

/// Returns the time of the first fact of a kind; `None` if there is no such fact.
fn first_fact_time(facts: &CaseFacts, kind: FactKind) -> Option<Timestamp> {
    facts.all.iter().filter(|fact| fact.kind == kind).map(|fact| fact.time).min()
}

/// Reopening of a resolved order, with the number of facts derived before it.
struct OrderReopening {
    time: Timestamp,
    facts_before: usize,
}

fn order_reopenings(facts: &CaseFacts) -> Vec<OrderReopening> {
    let closed = facts.stops.iter().filter(|stop| stop.reason == StopReason::Closed);
    closed
        .filter_map(|stop| {
            Some(OrderReopening { time: stop.end?, facts_before: stop.facts_before })
        })
        .collect()
}

/// Returns the time of the first fact of a kind between two reopenings.
///
/// At the instant of a reopening, the order of derivation decides to which side a fact belongs. An
/// order that is resolved and reopened within one millisecond is therefore open.
fn first_fact_time_between(
    facts: &CaseFacts,
    kind: FactKind,
    after: &OrderReopening,
    before: Option<&OrderReopening>,
) -> Option<Timestamp> {
    let before = |(place, fact): &(usize, &Fact)| {
        before.is_none_or(|before| *place < before.facts_before || fact.time < before.time)
    };
    let candidates = facts
        .all
        .iter()
        .enumerate()
        .skip(after.facts_before)
        .filter(|(_, fact)| fact.kind == kind && fact.time >= after.time);
    candidates.filter(before).map(|(_, fact)| fact.time).min()
}

/// Clock of a commitment on a case.
struct CommitmentClock<'a> {
    context: &'a DerivationContext<'a>,
    commitment: &'a Commitment,
    terms: &'a CommitmentTerms,
    /// Matching choices of a deadline, as a bit set.
    choices: u32,
    named_times: NamedTimes,
    zone: &'a TimeZone,
    from: Timestamp,
    until: Option<Timestamp>,
    /// True if no later clock of this commitment was started.
    is_latest: bool,
}

impl CommitmentClock<'_> {
    #[inline]
    fn add_fact(&self, facts: &mut CaseFacts, place: u16, time: Timestamp, value: i64) {
        if self.is_used(place) {
            facts.all.push(Fact {
                kind: self.commitment.first_fact.offset_by(place),
                label: None,
                time,
                value,
            });
        }
    }

    #[inline]
    fn is_used(&self, place: u16) -> bool {
        self.context.used_kinds[usize::from(self.commitment.first_fact.offset_by(place).0)]
    }

    #[inline]
    fn evaluate_clock(&self, facts: &mut CaseFacts) {
        let Some(rule) = self.deadline_rule() else { return };
        let pauses = self.excused_pauses(facts);
        let clock = rule.deadline_clock(self.from, &pauses);
        let deadline = clock.deadline();
        let (from, now) = (self.from, self.context.now);
        let void = self.void_time(facts);
        let first_index = facts.all.len();
        self.add_fact(facts, place::PROMISED, from, Fact::UNKNOWN);
        let met_at = self.until.filter(|until| {
            deadline.is_none_or(|deadline| *until <= deadline)
                && void.is_none_or(|void| *until <= void)
        });
        let voided_at = void.filter(|void| {
            deadline.is_none_or(|deadline| *void <= deadline)
                && self.until.is_none_or(|until| *void <= until)
        });
        // An excused delay retracts the miss that was counted when the deadline passed.
        let excused_at = self
            .until
            .filter(|_| facts.liable.is_some_and(|liable| self.terms.excused_by.contains(&liable)));
        match (met_at, voided_at.or(excused_at)) {
            (Some(until), _) => {
                self.add_fact(facts, place::KEPT, until, until.millis_since(from));
                match deadline {
                    Some(deadline) if now >= deadline => {
                        self.add_fact(facts, place::KEPT_DUE, deadline, Fact::UNKNOWN);
                    }
                    Some(deadline) if self.is_used(place::KEPT_DUE) => {
                        facts.evaluate_again_at(deadline);
                    }
                    _ => {}
                }
            }
            (None, Some(time)) => {
                if self.is_used(place::EXCUSED) {
                    let kind = self.commitment.first_fact.offset_by(place::EXCUSED);
                    facts.all.push(Fact { kind, label: facts.liable, time, value: Fact::UNKNOWN });
                }
            }
            (None, None) => self.add_unfulfilled_facts(facts, &rule, &pauses, &clock, void),
        }
        if self.until.is_some() && self.is_used(place::NET) {
            self.add_net_time(facts, &rule);
        }
        if !self.terms.warnings.is_empty() && self.is_used(place::WARNED) {
            self.add_warnings(facts, &rule, &pauses, &clock, voided_at);
        }
        if facts.clock_reports.is_some() {
            self.report_clock(facts, first_index, &rule, &pauses, &clock);
        }
    }

    /// Adds the facts of a clock that is neither met in time, void nor excused.
    fn add_unfulfilled_facts(
        &self,
        facts: &mut CaseFacts,
        rule: &CaseDeadlineRule<'_>,
        pauses: &[PauseSpan],
        clock: &DeadlineClock,
        void: Option<Timestamp>,
    ) {
        let (from, now) = (self.from, self.context.now);
        if let (Some(until), Some(deadline)) = (self.until, clock.deadline()) {
            // A source clock that runs ahead may report `until` before the deadline is reached.
            self.add_fact(facts, place::MISSED, deadline, Fact::UNKNOWN);
            self.add_fact(facts, place::LATE, until, until.millis_since(deadline));
            return;
        }
        // A closed case cannot meet the commitment any more. It is missed at the deadline, but its
        // clock is not active.
        let is_active = self.is_latest && facts.open && void.is_none();
        if is_active {
            self.add_fact(facts, place::RUNNING, from, Fact::UNKNOWN);
        }
        match *clock {
            DeadlineClock::StoppedSince(since) if is_active => {
                self.add_fact(facts, place::STOPPED, since, Fact::UNKNOWN);
            }
            DeadlineClock::StoppedSince(_) | DeadlineClock::Never => {}
            DeadlineClock::EndsAt(deadline) if now >= deadline => {
                self.add_fact(facts, place::MISSED, deadline, Fact::UNKNOWN);
                if is_active {
                    self.add_fact(facts, place::OVERDUE, deadline, Fact::UNKNOWN);
                }
            }
            DeadlineClock::EndsAt(deadline) => {
                facts.evaluate_again_at(deadline);
                let soon = self
                    .terms
                    .due_soon_ms
                    .and_then(|millis| self.time_before_deadline(rule, pauses, clock, millis));
                match soon {
                    Some(soon) if now < soon => facts.evaluate_again_at(soon),
                    Some(soon) if is_active => {
                        self.add_fact(facts, place::DUE_SOON, soon, Fact::UNKNOWN);
                    }
                    Some(_) | None => {}
                }
            }
        }
    }

    /// Adds the net time from start to fulfillment.
    fn add_net_time(&self, facts: &mut CaseFacts, rule: &CaseDeadlineRule<'_>) {
        let Some(until) = self.until else { return };
        let pauses = self.pause_spans(facts, |effect| effect != PauseEffect::Ignored);
        let net = rule.open_time_ms(self.from, until, &pauses);
        self.add_fact(facts, place::NET, until, net);
    }

    /// Adds the warnings that came due before the commitment was met or void.
    fn add_warnings(
        &self,
        facts: &mut CaseFacts,
        rule: &CaseDeadlineRule<'_>,
        pauses: &[PauseSpan],
        clock: &DeadlineClock,
        voided_at: Option<Timestamp>,
    ) {
        for warning in &self.terms.warnings {
            let at = match warning.at {
                WarningTime::Percent(percent) => rule.time_at_percent(self.from, pauses, percent),
                WarningTime::Before(millis) => {
                    self.time_before_deadline(rule, pauses, clock, millis)
                }
            };
            let Some(at) = at else { continue };
            if self.until.is_some_and(|until| until <= at)
                || voided_at.is_some_and(|void| void <= at)
            {
                continue;
            }
            if at > self.context.now {
                facts.evaluate_again_at(at);
            } else {
                let kind = self.commitment.first_fact.offset_by(place::WARNED);
                facts.all.push(Fact {
                    kind,
                    label: Some(warning.label),
                    time: at,
                    value: Fact::UNKNOWN,
                });
            }
        }
    }

    /// Returns the time from which at most `millis` milliseconds are left, but no time before the
    /// start of the clock; `None` if the clock is stopped before.
    fn time_before_deadline(
        &self,
        rule: &CaseDeadlineRule<'_>,
        pauses: &[PauseSpan],
        clock: &DeadlineClock,
        millis: i64,
    ) -> Option<Timestamp> {
        if self.terms.warns_in_wall_time {
            return clock.deadline().map(|deadline| deadline.plus_millis(-millis).max(self.from));
        }
        rule.time_with_left(self.from, pauses, millis)
    }

    /// Returns the rule of the first choice that applies to the case; `None` if no choice applies.
    #[inline]
    fn deadline_rule(&self) -> Option<CaseDeadlineRule<'_>> {
        let mut choices = self.choices;
        while choices != 0 {
            let choice = &self.terms.choices[choices.trailing_zeros() as usize];
            if let Some(rule) = CaseDeadlineRule::new(
                choice.deadline,
                &self.named_times,
                self.context.standard,
                self.zone,
            ) {
                return Some(rule);
            }
            choices &= choices - 1;
        }
        None
    }

    /// Returns the time of the first fact that voids the commitment; `None` if no such fact exists.
    #[inline]
    fn void_time(&self, facts: &CaseFacts) -> Option<Timestamp> {
        let voids = facts
            .all
            .iter()
            .filter(|fact| self.terms.void.contains(&fact.kind) && fact.time >= self.from);
        voids.map(|fact| fact.time).min()
    }

    /// Returns the periods in which the clock is stopped.
    #[inline]
    fn excused_pauses(&self, facts: &CaseFacts) -> Vec<PauseSpan> {
        self.pause_spans(facts, |effect| effect == PauseEffect::Excused)
    }

    /// Returns the effect of a pause: that of the first matching rule, else it counts.
    fn pause_effect(&self, reason: Option<Symbol>, liable: Option<Symbol>) -> PauseEffect {
        let matches = |labels: &[Symbol], label: Option<Symbol>| {
            labels.is_empty() || label.is_some_and(|label| labels.contains(&label))
        };
        let pause = self
            .terms
            .pauses
            .iter()
            .find(|pause| matches(&pause.reasons, reason) && matches(&pause.liable, liable));
        pause.map_or(PauseEffect::Counted, |pause| pause.effect)
    }

    /// Returns the pauses whose effect satisfies `fits`, cut to the time between start and end.
    ///
    /// If a reopened order resumes its clock, the periods in which it was closed are included.
    fn pause_spans(&self, facts: &CaseFacts, fits: impl Fn(PauseEffect) -> bool) -> Vec<PauseSpan> {
        let stops = facts.stops.iter().filter(|stop| match stop.reason {
            StopReason::Closed => self.terms.reopening == ReopeningEffect::Resumes,
            StopReason::Paused { reason, liable } => fits(self.pause_effect(reason, liable)),
        });
        let cut = stops.filter_map(|stop| {
            let begin = stop.begin.max(self.from);
            let end = match (stop.end, self.until) {
                (Some(end), Some(until)) => Some(end.min(until)),
                (end, until) => end.or(until),
            };
            end.is_none_or(|end| end > begin).then_some(PauseSpan { begin, end })
        });
        cut.collect()
    }
}
