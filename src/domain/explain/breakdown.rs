//! The ledger of one reading: every fact that its formula speaks of is written to the side that counted it, or to the
//! reason for which it was left out.
//!
//! It repeats the conditions of [`crate::domain::cells::cell`] fact by fact, with words instead of sums; `tests/explain.rs` holds
//! that both come to the same numbers.

use super::bounded_list::{BoundedList, ListOrder};
use super::explanation::{ExclusionReason, REASONS_MAX};
use crate::domain::cases::customer::contact::Contact;
use crate::domain::cases::customer::{ContactOutcome, CustomerContacts};
use crate::domain::events::event::Attributes;
use crate::domain::facts::catalog::{CaseFacts, Fact, FactKind, place};
use crate::domain::facts::commitment_clock::ClockState;
use crate::domain::standard::indicator::answer_tallies;
use crate::domain::standard::{Commitment, FactTally, FirstContactRule, Formula, Standard};
use crate::domain::time::timestamp::Timestamp;
use std::collections::BTreeMap;

/// A case whose facts were told.
#[derive(Clone, Copy, Debug)]
pub struct ExplainedCase<'a> {
    /// Its key.
    pub case: u64,
    /// What it means.
    pub facts: &'a CaseFacts,
    /// Its attributes.
    pub attributes: &'a Attributes,
    /// How it stands to the scope that is explained.
    pub membership: ScopeMembership,
    /// Where the window begins for it.
    pub begin: Timestamp,
}

/// How a case stands to a scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScopeMembership {
    /// It is one of its cases.
    Inside,
    /// It said no value for this dimension, and would belong to it else.
    MissingDimension(usize),
    /// It belongs to another.
    Outside,
}

impl ScopeMembership {
    /// How cases with these attributes stand to the scope with these dimensions and values.
    #[must_use]
    pub fn new(
        dimensions: &[usize],
        values: &[Box<str>],
        attributes: &Attributes,
    ) -> ScopeMembership {
        let mut belongs = ScopeMembership::Inside;
        for (dimension, wanted) in dimensions.iter().zip(values) {
            match attributes.values().get(*dimension).and_then(Option::as_deref) {
                Some(value) if *value == **wanted => {}
                Some(_) => return ScopeMembership::Outside,
                None if belongs == ScopeMembership::Inside => {
                    belongs = ScopeMembership::MissingDimension(*dimension)
                }
                None => {}
            }
        }
        belongs
    }
}

/// One side of the formula while it is written.
#[derive(Debug)]
struct BreakdownColumn {
    tallies: Vec<FactTally>,
    counts: Vec<i64>,
    list: BoundedList,
}

/// What is written down.
#[derive(Debug)]
pub struct Breakdown<'a> {
    /// Whether only what stands now counts.
    counts_current_state: bool,
    /// Whether facts without a value are left out.
    requires_value: bool,
    /// The one-shot indicator that is explained, with its place.
    first_contact: Option<(usize, &'a FirstContactRule)>,
    /// The commitments whose facts the formula counts.
    commitments: Vec<(usize, &'a Commitment)>,
    good: Option<BreakdownColumn>,
    of: BreakdownColumn,
    excluded: BTreeMap<ExclusionReason, BoundedList>,
    limit: usize,
}

/// The facts of a commitment that say how it ended.
const OUTCOME_FACTS: [u16; 5] = {
    use place::commitment::{KEPT, KEPT_DUE, LATE, MISSED, NET};
    [KEPT, MISSED, LATE, KEPT_DUE, NET]
};

/// What a finished ledger says of one side: each tally with its count, and the list.
pub type BreakdownSide = (Vec<(FactTally, i64)>, BoundedList);

impl<'a> Breakdown<'a> {
    /// An empty ledger for a formula.
    #[must_use]
    pub fn new(standard: &'a Standard, formula: &Formula, limit: usize) -> Breakdown<'a> {
        let (good, of, order): (Option<&Vec<FactTally>>, Vec<FactTally>, ListOrder) = match formula
        {
            Formula::Ratio { good, of, .. } => (Some(good), of.clone(), ListOrder::Newest),
            Formula::Duration { of } => (None, of.clone(), ListOrder::Longest),
            Formula::Score { of, weights } => (
                None,
                answer_tallies(of, weights.len()).into_iter().flatten().collect(),
                ListOrder::Newest,
            ),
            Formula::Level { of } | Formula::Oldest { of } => (None, of.clone(), ListOrder::Oldest),
            Formula::Share { part, whole } => (Some(part), whole.clone(), ListOrder::Longest),
            Formula::Rate { of, .. } => (None, of.clone(), ListOrder::Newest),
            // Those who wait, and the agents; the mean handling time is a figure of its own.
            Formula::EstimatedWait { waiting, agents, .. } => {
                (None, waiting.iter().chain(agents).cloned().collect(), ListOrder::Oldest)
            }
            // The two indicators explain it.
            Formula::Difference { .. } => (None, Vec::new(), ListOrder::Newest),
        };
        let column = |tallies: Vec<FactTally>| BreakdownColumn {
            counts: vec![0; tallies.len()],
            tallies,
            list: BoundedList::new(order, limit),
        };
        let speaks_of =
            |kind: FactKind| good.into_iter().flatten().chain(&of).any(|tally| tally.kind == kind);
        let own = |first: FactKind, places: &[u16]| {
            places.iter().any(|place| speaks_of(first.offset_by(*place)))
        };
        let commitments = standard
            .commitments
            .iter()
            .enumerate()
            .filter(|(_, one)| own(one.first_fact, &OUTCOME_FACTS));
        Breakdown {
            counts_current_state: matches!(
                formula,
                Formula::Level { .. } | Formula::Oldest { .. } | Formula::EstimatedWait { .. }
            ),
            requires_value: matches!(formula, Formula::Duration { .. } | Formula::Share { .. }),
            first_contact: standard.first_contact_rules.iter().enumerate().find(|(_, one_shot)| {
                own(one_shot.first_fact, &[place::one_shot::CONTACTS, place::one_shot::ONCE])
            }),
            commitments: commitments.collect(),
            good: good.cloned().map(column),
            of: column(of),
            excluded: BTreeMap::new(),
            limit,
        }
    }

    /// Whether a one-shot indicator is explained: its facts are not those of cases but of customers.
    #[must_use]
    pub fn is_first_contact(&self) -> bool {
        self.first_contact.is_some()
    }

    /// Writes down what a case contributes.
    pub fn add_case(&mut self, told: &ExplainedCase<'_>) {
        if told.membership == ScopeMembership::Outside {
            return;
        }
        for fact in &told.facts.all {
            if let Some((_, one_shot)) = self.first_contact {
                self.add_contact_without_customer(one_shot, told, fact);
            } else if self.counts_kind(fact.kind) {
                self.add_fact(told, fact);
            }
        }
        if !self.counts_current_state && told.membership == ScopeMembership::Inside {
            self.add_clocks(told);
        }
    }

    fn counts_kind(&self, kind: FactKind) -> bool {
        let columns = self.good.iter().chain([&self.of]);
        columns.flat_map(|column| &column.tallies).any(|tally| tally.kind == kind)
    }

    fn add_fact(&mut self, told: &ExplainedCase<'_>, fact: &Fact) {
        if !self.counts_current_state && fact.time < told.begin {
            return self.exclude_fact(ExclusionReason::BeforeWindow, told.case, fact);
        }
        if let ScopeMembership::MissingDimension(dimension) = told.membership {
            return self.exclude_fact(ExclusionReason::NoDimension(dimension), told.case, fact);
        }
        let (standing, measured) = (self.counts_current_state, self.requires_value);
        let mut why = None;
        for (good, column) in
            self.good.iter_mut().map(|column| (true, column)).chain([(false, &mut self.of)])
        {
            let mut counted = false;
            let mut missed = None;
            for (tally, count) in column
                .tallies
                .iter()
                .zip(&mut column.counts)
                .filter(|(tally, _)| tally.kind == fact.kind)
            {
                match exclusion_reason(tally, fact, told.attributes, standing, measured, good) {
                    None => {
                        counted = true;
                        *count += 1;
                        column.list.add(told.case, fact, None);
                    }
                    Some(reason) => missed = missed.or(Some(reason)),
                }
            }
            // What the denominator leaves out is no matter of the numerator.
            if !counted {
                why = missed.or(why);
            }
        }
        if let Some(reason) = why {
            self.exclude_fact(reason, told.case, fact);
        }
    }

    /// Promises that were neither kept nor missed.
    fn add_clocks(&mut self, told: &ExplainedCase<'_>) {
        for (number, commitment) in self.commitments.clone() {
            let clocks = || {
                told.facts.clock_reports.iter().flatten().filter(|clock| clock.commitment == number)
            };
            let counts = |place: u16| self.counts_kind(commitment.first_fact.offset_by(place));
            let (promised, missed, excused) = (
                counts(place::commitment::PROMISED),
                counts(place::commitment::MISSED),
                counts(place::commitment::EXCUSED),
            );
            let started = told
                .facts
                .all
                .iter()
                .find(|fact| fact.kind == commitment.from && fact.time >= told.begin);
            if let Some(started) = started.filter(|_| clocks().next().is_none()) {
                self.exclude_fact(
                    ExclusionReason::NoDeadline { commitment: number },
                    told.case,
                    started,
                );
            }
            for clock in clocks() {
                let end = clock.from.plus_millis(clock.gross_ms);
                let reason = match clock.state {
                    _ if promised => continue,
                    ClockState::Void(_) | ClockState::Excused(_) if excused || end < told.begin => {
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
                        if clock.until.is_none() && !missed =>
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
                self.exclude_fact(reason, told.case, &fact);
            }
        }
    }

    /// A contact of a case whose customer nobody named.
    fn add_contact_without_customer(
        &mut self,
        one_shot: &FirstContactRule,
        told: &ExplainedCase<'_>,
        fact: &Fact,
    ) {
        if one_shot.contacts.iter().any(|tally| tally.kind == fact.kind)
            && told.facts.customer.is_none()
            && told.membership == ScopeMembership::Inside
        {
            let reason = if fact.time < told.begin {
                ExclusionReason::BeforeWindow
            } else {
                ExclusionReason::NoCustomer
            };
            self.exclude_fact(reason, told.case, fact);
        }
    }

    /// Writes down the contacts of a customer; `place` says of a contact's group how it stands to the scope, and where the
    /// window begins for it.
    pub fn add_contacts(
        &mut self,
        customers: &CustomerContacts,
        contacts: &[Contact],
        place: impl Fn(u32) -> (ScopeMembership, Timestamp),
    ) {
        let Some((number, one_shot)) = self.first_contact else { return };
        let ripens = if one_shot.counted_when_matured { one_shot.within_ms } else { 0 };
        for (at, meaning) in customers.contact_outcomes(one_shot, number, contacts) {
            let contact = &contacts[at];
            let kind = one_shot.first_fact.offset_by(place::one_shot::CONTACTS);
            let fact = Fact {
                kind,
                label: None,
                time: contact.time.plus_millis(ripens),
                value: Fact::UNKNOWN,
            };
            let (belongs, begin) = place(contact.group);
            match (belongs, meaning) {
                (ScopeMembership::Outside, _) => continue,
                _ if fact.time < begin => {
                    self.exclude_fact(ExclusionReason::BeforeWindow, contact.case, &fact)
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
                    let repeated = if let ContactOutcome::Repeated(by) = meaning {
                        Some((contacts[by].case, contacts[by].time))
                    } else {
                        None
                    };
                    for (good, column) in self
                        .good
                        .iter_mut()
                        .map(|column| (true, column))
                        .chain([(false, &mut self.of)])
                    {
                        if meaning == ContactOutcome::Resolved || !good {
                            column.counts.iter_mut().for_each(|count| *count += 1);
                            column.list.add(contact.case, &fact, repeated);
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

    /// Closes the ledger: numerator, denominator, and what was left out.
    #[must_use]
    pub fn finish(
        self,
    ) -> (Option<BreakdownSide>, BreakdownSide, BTreeMap<ExclusionReason, BoundedList>) {
        let written = |column: BreakdownColumn| {
            (column.tallies.into_iter().zip(column.counts).collect(), column.list)
        };
        (self.good.map(written), written(self.of), self.excluded)
    }
}

/// Why a tally does not count a fact of its kind; `None` if it does.
fn exclusion_reason(
    tally: &FactTally,
    fact: &Fact,
    attributes: &Attributes,
    standing: bool,
    measured: bool,
    good: bool,
) -> Option<ExclusionReason> {
    let kind = fact.kind;
    if !tally.fits_attributes(attributes) {
        return Some(ExclusionReason::Attributes { kind, good });
    }
    // What stands has no value and no word.
    if standing {
        return None;
    }
    if !tally.labels.is_empty() && !fact.label.is_some_and(|word| tally.labels.contains(&word)) {
        return Some(ExclusionReason::Label { kind, good });
    }
    if fact.value == Fact::UNKNOWN && (measured || tally.values.is_some()) {
        return Some(ExclusionReason::UnknownValue { kind, good });
    }
    let (low, high) = tally.values.unwrap_or((i64::MIN, i64::MAX));
    (fact.value < low || high < fact.value).then_some(ExclusionReason::Value { kind, good })
}
