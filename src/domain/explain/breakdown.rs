//! Breakdown of one reading. Each fact of the formula's kinds is assigned to the side that counted
//! it or to the reason that excluded it.
//!
//! It repeats the conditions of [`crate::domain::cells::cell`] fact by fact. `tests/explain.rs`
//! verifies that both give the same numbers.

use super::bounded_list::{BoundedList, ListOrder, UnresolvedCause};
use super::explanation::{ExclusionReason, REASONS_MAX};
use super::fact_check::FactCheck;
use super::scope_membership::ScopeMembership;
use super::timed_states::TimedStates;
use crate::domain::cases::changes::CaseState;
use crate::domain::cases::customer::contact::{Contact, invalidating_fact};
use crate::domain::cases::customer::{ContactOutcome, CustomerContacts};
use crate::domain::events::event::Attributes;
use crate::domain::facts::catalog::{CaseFacts, Fact, FactKind, place};
use crate::domain::facts::commitment_clock::ClockState;
use crate::domain::standard::indicator::answer_tallies;
use crate::domain::standard::{Commitment, FactTally, FirstContactRule, Formula, Standard};
use crate::domain::time::timestamp::Timestamp;
use std::collections::BTreeMap;

/// Facts of a case, or of a leg, that count in one group.
#[derive(Clone, Copy, Debug)]
pub struct ExplainedCase<'a> {
    /// Key of the case.
    pub case: u64,
    /// All derived facts of the case.
    pub facts: &'a CaseFacts,
    /// Facts that count in the group.
    pub counted: &'a [Fact],
    /// True to list the commitments of the case without an outcome.
    pub with_clocks: bool,
    /// Attributes of the group.
    pub attributes: &'a Attributes,
    /// Membership in the explained scope.
    pub membership: ScopeMembership,
    /// Start of the window in the case's time zone.
    pub begin: Timestamp,
}

/// One side of the formula while facts are added.
#[derive(Debug)]
struct BreakdownColumn {
    tallies: Vec<FactTally>,
    counts: Vec<i64>,
    list: BoundedList,
}

/// Assigns facts to the sides of a formula or to the reasons that excluded them.
#[derive(Debug)]
pub struct Breakdown<'a> {
    /// True if the formula counts current states and not facts in a window.
    counts_current_state: bool,
    /// True if facts without a value are excluded.
    requires_value: bool,
    /// Rule of the first contact resolution indicator that is explained, with its index.
    first_contact: Option<(usize, &'a FirstContactRule)>,
    /// Invalidating fact of each invalidated contact, by case and time of the contact.
    invalidated: BTreeMap<(u64, Timestamp), (FactKind, Timestamp)>,
    standard: &'a Standard,
    timed_states: TimedStates,
    /// Commitments whose outcome facts the formula counts, with their indices.
    commitments: Vec<(usize, &'a Commitment)>,
    good: Option<BreakdownColumn>,
    of: BreakdownColumn,
    excluded: BTreeMap<ExclusionReason, BoundedList>,
    limit: usize,
}

/// Offsets of the facts that record the outcome of a commitment.
const OUTCOME_FACTS: [u16; 5] = {
    use place::commitment::{KEPT, KEPT_DUE, LATE, MISSED, NET};
    [KEPT, MISSED, LATE, KEPT_DUE, NET]
};

/// One side of a finished breakdown: each tally with its count, and the facts.
pub type BreakdownSide = (Vec<(FactTally, i64)>, BoundedList);

impl<'a> Breakdown<'a> {
    /// Returns an empty breakdown for a formula and a window that covers the time until `end`. It
    /// lists at most `limit` facts per side and reason.
    #[must_use]
    pub fn new(
        standard: &'a Standard,
        formula: &Formula,
        end: Timestamp,
        limit: usize,
    ) -> Breakdown<'a> {
        let (good, of, order): (Option<&Vec<FactTally>>, Vec<FactTally>, ListOrder) = match formula
        {
            Formula::Ratio { good, of, .. } => (Some(good), of.clone(), ListOrder::Newest),
            Formula::Duration { of } => (None, of.clone(), ListOrder::Longest),
            Formula::Score { of, weights, .. } => (
                None,
                answer_tallies(of, weights.len()).into_iter().flatten().collect(),
                ListOrder::Newest,
            ),
            Formula::Level { of } | Formula::Oldest { of } => (None, of.clone(), ListOrder::Oldest),
            Formula::MeanLevel { of } => (None, of.clone(), ListOrder::Longest),
            Formula::Share { part, whole, .. } => (Some(part), whole.clone(), ListOrder::Longest),
            Formula::Count { of }
            | Formula::MissCount { of }
            | Formula::Rate { of, .. }
            | Formula::BenchmarkRatio { good: of, .. } => (None, of.clone(), ListOrder::Newest),
            // The mean handling time is an indicator of its own and is explained there.
            Formula::EstimatedWait { waiting, agents, .. } => {
                (None, waiting.iter().chain(agents).cloned().collect(), ListOrder::Oldest)
            }
            // A difference and a weighted score are explained by their indicators.
            Formula::Difference { .. } | Formula::Weighted(_) | Formula::Benchmark { .. } => {
                (None, Vec::new(), ListOrder::Newest)
            }
        };
        let column = |tallies: Vec<FactTally>| BreakdownColumn {
            counts: vec![0; tallies.len()],
            tallies,
            list: BoundedList::new(order, limit),
        };
        let counts_kind =
            |kind: FactKind| good.into_iter().flatten().chain(&of).any(|tally| tally.kind == kind);
        let counts_any = |first: FactKind, places: &[u16]| {
            places.iter().any(|place| counts_kind(first.offset_by(*place)))
        };
        let commitments = standard
            .commitments
            .iter()
            .enumerate()
            .filter(|(_, commitment)| counts_any(commitment.first_fact, &OUTCOME_FACTS));
        Breakdown {
            counts_current_state: matches!(
                formula,
                Formula::Level { .. } | Formula::Oldest { .. } | Formula::EstimatedWait { .. }
            ),
            requires_value: matches!(formula, Formula::Duration { .. } | Formula::Share { .. }),
            first_contact: standard.first_contact_rules.iter().enumerate().find(|(_, rule)| {
                counts_any(rule.first_fact, &[place::one_shot::CONTACTS, place::one_shot::ONCE])
            }),
            invalidated: BTreeMap::new(),
            standard,
            timed_states: TimedStates::new(formula, &standard.kinds, end),
            commitments: commitments.collect(),
            good: good.cloned().map(column),
            of: column(of),
            excluded: BTreeMap::new(),
            limit,
        }
    }

    /// Returns true if a first contact resolution indicator is explained. Its facts belong to
    /// customers, not cases.
    #[must_use]
    pub fn is_first_contact(&self) -> bool {
        self.first_contact.is_some()
    }

    /// Adds the facts of a case.
    pub fn add_case(&mut self, explained: &ExplainedCase<'_>) {
        if explained.membership == ScopeMembership::Outside {
            return;
        }
        for fact in explained.counted {
            if let Some((_, rule)) = self.first_contact {
                self.add_uncounted_contact(rule, explained, fact);
                self.add_invalidating_fact(rule, explained, fact);
            } else if let Some((kind, state)) = self.timed_states.clip_fact(fact, explained.begin) {
                self.add_fact(explained, kind, &state);
            } else if self.counts_kind(fact.kind) && !self.timed_states.is_mean() {
                self.add_fact(explained, fact.kind, fact);
            }
        }
        if explained.with_clocks
            && !self.counts_current_state
            && explained.membership == ScopeMembership::Inside
        {
            self.add_clocks(explained);
        }
    }

    /// Adds a state that lasted from `start` to `end`, or still lasts, to the mean of its level.
    pub fn add_state(
        &mut self,
        explained: &ExplainedCase<'_>,
        state: CaseState,
        range: (Timestamp, Option<Timestamp>),
    ) {
        let is_counted =
            explained.membership != ScopeMembership::Outside && self.counts_kind(state.kind);
        let fact = self.timed_states.clip_state(state, range, explained.begin);
        if let Some(fact) = fact.filter(|_| is_counted) {
            self.add_fact(explained, state.kind, &fact);
        }
    }

    fn counts_kind(&self, kind: FactKind) -> bool {
        let columns = self.good.iter().chain([&self.of]);
        columns.flat_map(|column| &column.tallies).any(|tally| tally.kind == kind)
    }

    /// Adds a fact that the formula counts as one of `kind`: an active state as its duration so far.
    fn add_fact(&mut self, explained: &ExplainedCase<'_>, kind: FactKind, fact: &Fact) {
        let is_active = self.counts_current_state || fact.kind != kind;
        if !is_active && fact.time < explained.begin {
            return self.exclude_fact(ExclusionReason::BeforeWindow, explained.case, fact);
        }
        if let ScopeMembership::MissingDimension(dimension) = explained.membership {
            return self.exclude_fact(
                ExclusionReason::NoDimension(dimension),
                explained.case,
                fact,
            );
        }
        let (current_state, requires_value) = (self.counts_current_state, self.requires_value);
        let standard = self.standard;
        let mut reason = None;
        for (good, column) in
            self.good.iter_mut().map(|column| (true, column)).chain([(false, &mut self.of)])
        {
            let mut counted = false;
            let mut mismatch = None;
            for (tally, count) in column
                .tallies
                .iter()
                .zip(&mut column.counts)
                .filter(|(tally, _)| tally.kind == kind)
            {
                let check = FactCheck { standard, current_state, requires_value, good };
                match check.exclusion_reason(tally, fact, explained.attributes) {
                    None => {
                        counted = true;
                        *count += 1;
                        column.list.add(explained.case, fact, None);
                    }
                    Some(reason) => mismatch = mismatch.or(Some(reason)),
                }
            }
            // A fact that the denominator excludes is not listed as excluded from the numerator.
            if !counted {
                reason = mismatch.or(reason);
            }
        }
        if let Some(reason) = reason {
            self.exclude_fact(reason, explained.case, fact);
        }
    }

    /// Lists commitments without an outcome as excluded.
    fn add_clocks(&mut self, explained: &ExplainedCase<'_>) {
        for (number, commitment) in self.commitments.clone() {
            let clocks = || {
                explained
                    .facts
                    .clock_reports
                    .iter()
                    .flatten()
                    .filter(|clock| clock.commitment == number)
            };
            let counts = |place: u16| self.counts_kind(commitment.first_fact.offset_by(place));
            let (counts_promised, counts_missed, counts_excused) = (
                counts(place::commitment::PROMISED),
                counts(place::commitment::MISSED),
                counts(place::commitment::EXCUSED),
            );
            let started = explained
                .facts
                .all
                .iter()
                .find(|fact| fact.kind == commitment.from && fact.time >= explained.begin);
            if let Some(started) = started.filter(|_| clocks().next().is_none()) {
                self.exclude_fact(
                    ExclusionReason::NoDeadline { commitment: number },
                    explained.case,
                    started,
                );
            }
            for clock in clocks() {
                let end = clock.from.plus_millis(clock.gross_ms);
                let reason = match clock.state {
                    _ if counts_promised => continue,
                    ClockState::Void(_) | ClockState::Excused(_)
                        if counts_excused || end < explained.begin =>
                    {
                        continue;
                    }
                    ClockState::Void(kind) => ExclusionReason::Void { commitment: number, kind },
                    ClockState::Excused(liable) => {
                        ExclusionReason::Excused { commitment: number, liable }
                    }
                    ClockState::Running
                    | ClockState::DueSoon
                    | ClockState::Stopped(_)
                    | ClockState::Over => ExclusionReason::Undecided { commitment: number },
                    ClockState::Overdue | ClockState::Missed
                        if clock.until.is_none() && !counts_missed =>
                    {
                        ExclusionReason::Undecided { commitment: number }
                    }
                    ClockState::Overdue | ClockState::Missed | ClockState::Kept => continue,
                };
                let undecided = matches!(reason, ExclusionReason::Undecided { .. });
                let fact = Fact {
                    kind: commitment.from,
                    label: None,
                    time: if undecided { clock.from } else { end },
                    value: Fact::UNKNOWN,
                };
                self.exclude_fact(reason, explained.case, &fact);
            }
        }
    }

    /// Lists an order that was never resolved, or a contact of a case without a customer, as
    /// excluded.
    fn add_uncounted_contact(
        &mut self,
        rule: &FirstContactRule,
        explained: &ExplainedCase<'_>,
        fact: &Fact,
    ) {
        let is_counted = |fact: &Fact| rule.counted_tallies().any(|tally| tally.kind == fact.kind);
        let family = self.standard.kinds.family(fact.kind);
        let is_unresolved_order = fact.kind
            == self.standard.kinds.first_kind(family).offset_by(place::order::OPENED)
            && rule.resolutions.iter().any(|tally| {
                self.standard.kinds.family(tally.kind) == family
                    && tally.fits_attributes(explained.attributes)
            })
            && !explained.facts.all.iter().any(is_counted);
        let reason = match explained.facts.customer {
            _ if explained.membership != ScopeMembership::Inside => return,
            _ if is_unresolved_order && explained.facts.open => ExclusionReason::NotResolved,
            Some(_) if !is_unresolved_order => return,
            None if !is_unresolved_order && !is_counted(fact) => return,
            _ if fact.time < explained.begin => ExclusionReason::BeforeWindow,
            _ if is_unresolved_order => ExclusionReason::NotResolved,
            _ => ExclusionReason::NoCustomer,
        };
        self.exclude_fact(reason, explained.case, fact);
    }

    /// Records the fact that invalidates a contact of the case, if there is one.
    fn add_invalidating_fact(
        &mut self,
        rule: &FirstContactRule,
        explained: &ExplainedCase<'_>,
        fact: &Fact,
    ) {
        if rule.counted_tallies().any(|tally| tally.kind == fact.kind)
            && let Some(by) = invalidating_fact(rule, explained.facts, explained.attributes, fact)
        {
            self.invalidated.insert((explained.case, fact.time), (by.kind, by.time));
        }
    }

    /// Adds the contacts of a customer. `locate` returns the scope membership of a contact's group
    /// and the start of the window for it.
    pub fn add_contacts(
        &mut self,
        customers: &CustomerContacts,
        contacts: &[Contact],
        locate: impl Fn(u32) -> (ScopeMembership, Timestamp),
    ) {
        let Some((number, rule)) = self.first_contact else { return };
        let matures_after_ms = if rule.counted_when_matured { rule.within_ms } else { 0 };
        for (at, outcome) in customers.contact_outcomes(rule, number, contacts) {
            let contact = &contacts[at];
            let kind = rule.first_fact.offset_by(place::one_shot::CONTACTS);
            let fact = Fact {
                kind,
                label: None,
                time: contact.time.plus_millis(matures_after_ms),
                value: Fact::UNKNOWN,
            };
            let (membership, begin) = locate(contact.group);
            match (membership, outcome) {
                (ScopeMembership::Outside, _) => continue,
                _ if fact.time < begin => {
                    self.exclude_fact(ExclusionReason::BeforeWindow, contact.case, &fact);
                }
                (ScopeMembership::MissingDimension(dimension), _) => {
                    self.exclude_fact(ExclusionReason::NoDimension(dimension), contact.case, &fact);
                }
                (ScopeMembership::Inside, ContactOutcome::LeftOut) => {
                    self.exclude_fact(ExclusionReason::ExcludedContact, contact.case, &fact);
                }
                (ScopeMembership::Inside, ContactOutcome::NotMatured) => {
                    self.exclude_fact(ExclusionReason::NotMatured, contact.case, &fact);
                }
                (ScopeMembership::Inside, _) => {
                    let cause = match outcome {
                        ContactOutcome::Repeated(by) => {
                            Some(UnresolvedCause::Repeat(contacts[by].case, contacts[by].time))
                        }
                        ContactOutcome::Invalidated => self
                            .invalidated
                            .get(&(contact.case, contact.time))
                            .map(|(kind, time)| UnresolvedCause::Fact(*kind, *time)),
                        _ => None,
                    };
                    for (good, column) in self
                        .good
                        .iter_mut()
                        .map(|column| (true, column))
                        .chain([(false, &mut self.of)])
                    {
                        if outcome == ContactOutcome::Resolved || !good {
                            column.counts.iter_mut().for_each(|count| *count += 1);
                            column.list.add(contact.case, &fact, cause);
                        }
                    }
                }
            }
        }
    }

    fn exclude_fact(&mut self, reason: ExclusionReason, case: u64, fact: &Fact) {
        let many = self.excluded.len() >= REASONS_MAX && !self.excluded.contains_key(&reason);
        let limit = self.limit;
        let list = self
            .excluded
            .entry(if many { ExclusionReason::Other } else { reason })
            .or_insert_with(|| BoundedList::new(ListOrder::Newest, limit));
        list.add(case, fact, None);
    }

    /// Returns the numerator, the denominator and the excluded facts by reason.
    #[must_use]
    pub fn finish(
        self,
    ) -> (Option<BreakdownSide>, BreakdownSide, BTreeMap<ExclusionReason, BoundedList>) {
        let finish_side = |column: BreakdownColumn| {
            (column.tallies.into_iter().zip(column.counts).collect(), column.list)
        };
        (self.good.map(finish_side), finish_side(self.of), self.excluded)
    }
}
