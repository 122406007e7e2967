//! Commitments: promises with a clock, judged from the facts of a case and the time reached.
//!
//! A commitment is missed **the moment its deadline passes**, whether or not the case has ended. What was done later is
//! told as `late`, beside the miss. A case asks to be judged again when one of its deadlines comes (`Facts::wake_at`).
//!
//! The clock stands during excused pauses: then there is no deadline, and afterwards it lies later. Two clocks can be read:
//! the gross one from start to end (`kept`), and the net one without pauses and closed hours (`net`).

pub mod clock_report;
mod deadline;

use self::deadline::{CaseDeadlineRule, DeadlineClock, PauseSpan};
use super::context::{DerivationContext, NamedTimes};
use super::groups::CaseGroup;
use crate::domain::events::event::Symbol;
use crate::domain::facts::catalog::{CaseFacts, Fact, FactKind, place::commitment as place};
use crate::domain::facts::commitment_clock::{PauseEffect, StopReason};
use crate::domain::standard::{Commitment, CommitmentTerms, ReopeningEffect};
use crate::domain::time::timestamp::Timestamp;
use jiff::tz::TimeZone;

/// What is known of a case beside its facts.
#[derive(Clone, Copy, Debug)]
pub struct CommitmentInput<'a> {
    /// The group it belongs to.
    pub current_group: &'a CaseGroup,
    /// The group it belonged to when it was first heard of.
    pub first_group: &'a CaseGroup,
    /// The times its events have named.
    pub named_times: NamedTimes,
}

/// Adds what the commitments mean for the case whose facts are told in `facts`.
#[inline]
pub fn evaluate_commitments(
    context: &DerivationContext<'_>,
    judged: &CommitmentInput<'_>,
    facts: &mut CaseFacts,
) {
    let families = facts.families;
    let mut number = 0;
    for commitment in &context.standard.commitments {
        if families & (1 << commitment.family.0) != 0 {
            evaluate_commitment(context, commitment, number, judged, facts);
        }
        number += commitment.terms.len();
    }
}

/// Judges one commitment; `number` is that of its first terms among those of all.
fn evaluate_commitment(
    context: &DerivationContext<'_>,
    commitment: &Commitment,
    number: usize,
    judged: &CommitmentInput<'_>,
    facts: &mut CaseFacts,
) {
    let Some(from) = first_fact_time(facts, commitment.from) else { return };
    let place = commitment.terms_at(from);
    let terms = &commitment.terms[place];
    let group = if terms.by_first_attributes { judged.first_group } else { judged.current_group };
    let promise = |from: Timestamp, until: Option<Timestamp>, last: bool| {
        let choices = group.choices[number + place];
        CommitmentClock {
            context,
            commitment,
            terms,
            choices,
            named_times: judged.named_times,
            zone: context.standard.zones.get(usize::from(group.zone)),
            from,
            until,
            is_latest: last,
        }
    };
    let reopened = if terms.reopening == ReopeningEffect::FirstVerdict {
        Vec::new()
    } else {
        order_reopenings(facts)
    };
    match (terms.reopening, reopened.last()) {
        (ReopeningEffect::Resumes, Some(last)) => {
            promise(from, first_fact_time_between(facts, commitment.until, last, None), true)
                .evaluate_clock(facts);
        }
        (ReopeningEffect::Restarts, Some(_)) => {
            let first = first_fact_time(facts, commitment.until);
            promise(from, first, first.is_none()).evaluate_clock(facts);
            for (place, reopened_at) in reopened.iter().enumerate() {
                let next = reopened.get(place + 1);
                promise(
                    reopened_at.time,
                    first_fact_time_between(facts, commitment.until, reopened_at, next),
                    next.is_none(),
                )
                .evaluate_clock(facts);
            }
        }
        _ => promise(from, first_fact_time(facts, commitment.until), true).evaluate_clock(facts),
    }
}

/// When the first fact of a kind happened.
fn first_fact_time(facts: &CaseFacts, kind: FactKind) -> Option<Timestamp> {
    facts.all.iter().filter(|fact| fact.kind == kind).map(|fact| fact.time).min()
}

/// When a resolved order was reopened, and how many facts had been told by then.
struct OrderReopening {
    time: Timestamp,
    facts_before: usize,
}

fn order_reopenings(facts: &CaseFacts) -> Vec<OrderReopening> {
    let closed = facts.stops.iter().filter(|stop| stop.reason == StopReason::Closed);
    closed
        .filter_map(|stop| Some(OrderReopening { time: stop.end?, facts_before: stop.told }))
        .collect()
}

/// When the first fact of a kind happened between two reopenings. What happened at the very moment of one belongs to the side on
/// which it was told: resolved and reopened within one millisecond, an order is open.
fn first_fact_time_between(
    facts: &CaseFacts,
    kind: FactKind,
    after: &OrderReopening,
    before: Option<&OrderReopening>,
) -> Option<Timestamp> {
    let before = |(place, fact): &(usize, &Fact)| {
        before.is_none_or(|before| *place < before.facts_before || fact.time < before.time)
    };
    let own = facts
        .all
        .iter()
        .enumerate()
        .skip(after.facts_before)
        .filter(|(_, fact)| fact.kind == kind && fact.time >= after.time);
    own.filter(before).map(|(_, fact)| fact.time).min()
}

/// One clock of a commitment on a case.
struct CommitmentClock<'a> {
    context: &'a DerivationContext<'a>,
    commitment: &'a Commitment,
    terms: &'a CommitmentTerms,
    /// Which choices of a deadline the case has.
    choices: u32,
    named_times: NamedTimes,
    zone: &'a TimeZone,
    from: Timestamp,
    until: Option<Timestamp>,
    /// Whether no other clock has started after this one.
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
        let stretches = self.excused_pauses(facts);
        let clock = rule.deadline_clock(self.from, &stretches, 100);
        let deadline = clock.deadline();
        let (from, now) = (self.from, self.context.now);
        let void = self.void_time(facts);
        let own = facts.all.len();
        self.add_fact(facts, place::PROMISED, from, Fact::UNKNOWN);
        let kept = self.until.filter(|until| {
            deadline.is_none_or(|deadline| *until <= deadline)
                && void.is_none_or(|void| *until <= void)
        });
        let voided = void.filter(|void| {
            deadline.is_none_or(|deadline| *void <= deadline)
                && self.until.is_none_or(|until| *void <= until)
        });
        // Done late, but by somebody else's fault: the miss that was told when the deadline passed is taken back.
        let excused = self
            .until
            .filter(|_| facts.liable.is_some_and(|liable| self.terms.excused_by.contains(&liable)));
        match (kept, voided.or(excused)) {
            (Some(until), _) => {
                self.add_fact(facts, place::KEPT, until, until.millis_since(from));
                match deadline {
                    Some(deadline) if now >= deadline => {
                        self.add_fact(facts, place::KEPT_DUE, deadline, Fact::UNKNOWN)
                    }
                    Some(deadline) if self.is_used(place::KEPT_DUE) => {
                        facts.evaluate_again_at(deadline)
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
            (None, None) => self.add_unfulfilled_facts(facts, &clock, void),
        }
        if self.until.is_some() && self.is_used(place::NET) {
            self.add_net_time(facts, &rule);
        }
        if !self.terms.warnings.is_empty() && self.is_used(place::WARNED) {
            self.add_warnings(facts, &rule, &stretches, &clock, voided);
        }
        if facts.clock_reports.is_some() {
            self.report_clock(facts, own, &rule, &stretches, &clock);
        }
    }

    /// Neither kept nor void so far.
    fn add_unfulfilled_facts(
        &self,
        facts: &mut CaseFacts,
        clock: &DeadlineClock,
        void: Option<Timestamp>,
    ) {
        let (from, now) = (self.from, self.context.now);
        if let (Some(until), Some(deadline)) = (self.until, clock.deadline()) {
            // `until` lies behind the deadline, but a clock that runs ahead may have said it before its time.
            self.add_fact(facts, place::MISSED, deadline, Fact::UNKNOWN);
            self.add_fact(facts, place::LATE, until, until.millis_since(deadline));
            return;
        }
        // Nobody can keep the promise any more once the case is closed: it is missed when its time comes, but stands no longer.
        let stands = self.is_latest && facts.open && void.is_none();
        if stands {
            self.add_fact(facts, place::RUNNING, from, Fact::UNKNOWN);
        }
        match *clock {
            DeadlineClock::StoppedSince(since) if stands => {
                self.add_fact(facts, place::STOPPED, since, Fact::UNKNOWN)
            }
            DeadlineClock::StoppedSince(_) | DeadlineClock::Never => {}
            DeadlineClock::EndsAt(deadline) if now >= deadline => {
                self.add_fact(facts, place::MISSED, deadline, Fact::UNKNOWN);
                if stands {
                    self.add_fact(facts, place::OVERDUE, deadline, Fact::UNKNOWN);
                }
            }
            DeadlineClock::EndsAt(deadline) => {
                facts.evaluate_again_at(deadline);
                match self.terms.due_soon_ms.map(|millis| deadline.plus_millis(-millis).max(from)) {
                    Some(soon) if now < soon => facts.evaluate_again_at(soon),
                    Some(soon) if stands => {
                        self.add_fact(facts, place::DUE_SOON, soon, Fact::UNKNOWN)
                    }
                    Some(_) | None => {}
                }
            }
        }
    }

    /// Tells how long it took on the net clock.
    fn add_net_time(&self, facts: &mut CaseFacts, rule: &CaseDeadlineRule<'_>) {
        let Some(until) = self.until else { return };
        let pauses = self.pause_spans(facts, |does| does != PauseEffect::Ignored);
        let net = rule.open_time_ms(self.from, until, &pauses);
        self.add_fact(facts, place::NET, until, net);
    }

    /// Tells the warnings whose time has come before the promise was kept or void.
    fn add_warnings(
        &self,
        facts: &mut CaseFacts,
        rule: &CaseDeadlineRule<'_>,
        stretches: &[PauseSpan],
        clock: &DeadlineClock,
        voided: Option<Timestamp>,
    ) {
        for warning in &self.terms.warnings {
            let Some(at) = rule.warning_time(warning.at, self.from, stretches, clock) else {
                continue;
            };
            if self.until.is_some_and(|until| until <= at) || voided.is_some_and(|void| void <= at)
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

    /// The first deadline that fits the case.
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

    /// When the promise became void.
    #[inline]
    fn void_time(&self, facts: &CaseFacts) -> Option<Timestamp> {
        let voids = facts
            .all
            .iter()
            .filter(|fact| self.terms.void.contains(&fact.kind) && fact.time >= self.from);
        voids.map(|fact| fact.time).min()
    }

    /// The stretches in which the clock stands.
    #[inline]
    fn excused_pauses(&self, facts: &CaseFacts) -> Vec<PauseSpan> {
        self.pause_spans(facts, |does| does == PauseEffect::Excused)
    }

    /// What a pause does to the clock.
    fn pause_effect(&self, reason: Option<Symbol>, liable: Option<Symbol>) -> PauseEffect {
        let among = |words: &[Symbol], word: Option<Symbol>| {
            words.is_empty() || word.is_some_and(|word| words.contains(&word))
        };
        let pause = self
            .terms
            .pauses
            .iter()
            .find(|pause| among(&pause.reasons, reason) && among(&pause.liable, liable));
        pause.map_or(PauseEffect::Counted, |pause| pause.effect)
    }

    /// The pauses of which the terms say something that `fits`, and the stretches in which a resuming order was closed; cut to
    /// the time between start and end.
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
