//! Starts and ends of the clocks of a commitment on a case.

use crate::domain::facts::catalog::{CaseFacts, Fact, FactKind};
use crate::domain::facts::commitment_clock::StopReason;
use crate::domain::standard::{Commitment, CommitmentTerms, ReopeningEffect};
use crate::domain::time::timestamp::Timestamp;

/// One clock: its start and the fact that fulfilled the commitment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ClockPeriod {
    /// Start of the clock.
    pub(super) from: Timestamp,
    /// Time of the fact that fulfilled the commitment; `None` without one.
    pub(super) until: Option<Timestamp>,
    /// True if no later clock of this commitment was started.
    pub(super) is_latest: bool,
}

/// Returns the time of the fact that starts the first clock; `None` if there is none.
pub(super) fn first_start(facts: &CaseFacts, commitment: &Commitment) -> Option<Timestamp> {
    first_fact_time(facts, commitment.from)
}

/// Returns the clock of a commitment with a single one, which starts at `from`. `None` for a
/// commitment that recurs or that a reopening starts again.
#[inline]
pub(super) fn only_clock(
    facts: &CaseFacts,
    commitment: &Commitment,
    terms: &CommitmentTerms,
    from: Timestamp,
) -> Option<ClockPeriod> {
    let is_plain = !commitment.recurs
        && commitment.from != commitment.until
        && (terms.reopening == ReopeningEffect::FirstVerdict || facts.stops.is_empty());
    let until = || first_fact_time(facts, commitment.until);
    is_plain.then(|| ClockPeriod { from, until: until(), is_latest: true })
}

/// Returns the clocks of a commitment whose first one starts at `from`.
pub(super) fn clock_periods(
    facts: &CaseFacts,
    commitment: &Commitment,
    terms: &CommitmentTerms,
    from: Timestamp,
) -> Vec<ClockPeriod> {
    if commitment.recurs {
        return recurring_clocks(facts, commitment, &terms.void);
    }
    if commitment.from == commitment.until {
        let until = next_fact_time(facts, commitment.from);
        return vec![ClockPeriod { from, until, is_latest: true }];
    }
    let reopened = if terms.reopening == ReopeningEffect::FirstVerdict {
        Vec::new()
    } else {
        order_reopenings(facts)
    };
    let first = first_fact_time(facts, commitment.until);
    match (terms.reopening, reopened.last()) {
        (ReopeningEffect::Resumes, Some(last)) => {
            let until = first_fact_time_between(facts, commitment.until, last, None);
            vec![ClockPeriod { from, until, is_latest: true }]
        }
        (ReopeningEffect::Restarts, Some(_)) => {
            let restarted = reopened.iter().enumerate().map(|(place, reopened_at)| {
                let next = reopened.get(place + 1);
                let until = first_fact_time_between(facts, commitment.until, reopened_at, next);
                ClockPeriod { from: reopened_at.time, until, is_latest: next.is_none() }
            });
            let first = ClockPeriod { from, until: first, is_latest: first.is_none() };
            std::iter::once(first).chain(restarted).collect()
        }
        _ => vec![ClockPeriod { from, until: first, is_latest: true }],
    }
}

/// Returns the clocks of a recurring commitment. A `from` starts a clock if none runs, and the next
/// `until` or voiding fact ends it. If both are the same kind, each fact also starts the next clock.
fn recurring_clocks(
    facts: &CaseFacts,
    commitment: &Commitment,
    void: &[FactKind],
) -> Vec<ClockPeriod> {
    let mut clocks: Vec<ClockPeriod> = Vec::new();
    let mut runs = false;
    for fact in facts_in_order(facts) {
        let ends = fact.kind == commitment.until;
        if runs && (ends || void.contains(&fact.kind)) {
            if let Some(clock) = clocks.last_mut().filter(|_| ends) {
                clock.until = Some(fact.time);
            }
            runs = false;
        }
        if !runs && fact.kind == commitment.from {
            clocks.iter_mut().for_each(|clock| clock.is_latest = false);
            clocks.push(ClockPeriod { from: fact.time, until: None, is_latest: true });
            runs = true;
        }
    }
    clocks
}

/// Returns the facts by time, those of the same time in the order of their derivation.
fn facts_in_order(facts: &CaseFacts) -> Vec<Fact> {
    let mut all = facts.all.clone();
    all.sort_by_key(|fact| fact.time);
    all
}

/// Returns the time of the first fact of a kind; `None` if there is no such fact.
fn first_fact_time(facts: &CaseFacts, kind: FactKind) -> Option<Timestamp> {
    facts.all.iter().filter(|fact| fact.kind == kind).map(|fact| fact.time).min()
}

/// Returns the time of the second fact of a kind; `None` if there is no such fact.
fn next_fact_time(facts: &CaseFacts, kind: FactKind) -> Option<Timestamp> {
    let mut times: Vec<Timestamp> =
        facts.all.iter().filter(|fact| fact.kind == kind).map(|fact| fact.time).collect();
    times.sort_unstable();
    times.get(1).copied()
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
