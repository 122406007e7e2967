//! Evaluation of commitments: deadlines of a case, judged from its facts and the time reached.
//!
//! A commitment is missed **the moment its deadline passes**, even if the case is still open. A
//! later fulfillment adds the fact `late` beside `missed`. A case schedules its own evaluation for
//! each deadline (`CaseFacts::next_evaluation`).
//!
//! The clock stops during excused pauses. A stopped clock has no deadline, and each pause moves the
//! deadline back. Two durations are available: the gross time from start to end (`kept`), and the
//! net time without pauses and closed hours (`net`).

mod clock_periods;
pub mod clock_report;
mod deadline;
mod miss_holder;

use self::clock_periods::{ClockPeriod, clock_periods, first_start, only_clock};
use self::deadline::{CaseDeadlineRule, DeadlineClock, PauseSpan};
use self::miss_holder::{MissedClock, miss_parts};
use super::context::{DerivationContext, NamedTimes};
use super::groups::{CaseGroup, CaseGroups};
use crate::domain::events::event::Symbol;
use crate::domain::facts::catalog::{CaseFacts, Fact, PlacedFact, place::commitment as place};
use crate::domain::facts::commitment_clock::{PauseEffect, StopReason};
use crate::domain::standard::{
    Commitment, CommitmentTerms, HolderRule, ReopeningEffect, WarningTime,
};
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
    /// All groups, in which the periods of the holders are found.
    pub groups: &'a CaseGroups,
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
    let Some(first) = first_start(facts, commitment) else { return };
    let first_terms = &commitment.terms[commitment.terms_at(first)];
    let start = ClockStart { context, commitment, number, input };
    match only_clock(facts, commitment, first_terms, first) {
        Some(only) => start.clock(only, first).evaluate_clock(facts),
        None => {
            for period in clock_periods(facts, commitment, first_terms, first) {
                // A recurring clock has the terms of its own start.
                let terms_from = if commitment.recurs { period.from } else { first };
                start.clock(period, terms_from).evaluate_clock(facts);
            }
        }
    }
}

/// What the clocks of one commitment on a case have in common.
struct ClockStart<'a> {
    context: &'a DerivationContext<'a>,
    commitment: &'a Commitment,
    /// Index of the first terms of the commitment among the terms of all.
    number: usize,
    input: &'a CommitmentInput<'a>,
}

impl<'a> ClockStart<'a> {
    /// Returns a clock with the terms in force at `terms_from`.
    #[inline]
    fn clock(&self, period: ClockPeriod, terms_from: Timestamp) -> CommitmentClock<'a> {
        let ClockStart { context, commitment, number, input } = *self;
        let place = commitment.terms_at(terms_from);
        let terms = &commitment.terms[place];
        let group = if terms.by_first_attributes { input.first_group } else { input.current_group };
        CommitmentClock {
            context,
            commitment,
            terms,
            choices: group.choices[number + place],
            named_times: input.named_times,
            zone: context.standard.zones.get(usize::from(group.zone)),
            groups: input.groups,
            from: period.from,
            until: period.until,
            is_latest: period.is_latest,
        }
    }
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
    groups: &'a CaseGroups,
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
        let first_facts = (facts.all.len(), facts.placed.len());
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
            self.report_clock(facts, first_facts, &rule, &pauses, &clock);
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
            let late = until.millis_since(deadline);
            self.add_miss(facts, rule, pauses, deadline, Some((until, late)));
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
                self.add_miss(facts, rule, pauses, deadline, None);
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

    /// Adds the miss of the deadline, and its late fulfillment with the delay in milliseconds, where
    /// the commitment counts them.
    fn add_miss(
        &self,
        facts: &mut CaseFacts,
        rule: &CaseDeadlineRule<'_>,
        pauses: &[PauseSpan],
        deadline: Timestamp,
        late: Option<(Timestamp, i64)>,
    ) {
        let kind = |place: u16| self.commitment.first_fact.offset_by(place);
        let missed =
            Fact { kind: kind(place::MISSED), label: None, time: deadline, value: Fact::UNKNOWN };
        let late = late.map(|(until, delay)| Fact {
            kind: kind(place::LATE),
            label: None,
            time: until,
            value: delay,
        });
        let used = [Some(missed), late].into_iter().flatten();
        let used = used.filter(|fact| self.context.used_kinds[usize::from(fact.kind.0)]);
        let Some(holder) = self.commitment.holder else { return facts.all.extend(used) };
        let clock = MissedClock { from: self.from, deadline, rule, pauses };
        let parts = miss_parts(holder, &facts.holds, self.groups, clock);
        match parts.first().copied() {
            Some((group, _)) if holder.rule != HolderRule::Shares => {
                facts.placed.extend(used.map(|fact| PlacedFact { group, fact }));
            }
            _ => facts.all.extend(used),
        }
        if self.is_used(place::MISSED_SHARE) {
            facts.placed.extend(parts.into_iter().map(|(group, part)| PlacedFact {
                group,
                fact: Fact { kind: kind(place::MISSED_SHARE), value: part, ..missed },
            }));
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
