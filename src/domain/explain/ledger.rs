//! The ledger of one reading: every fact that its formula speaks of is written to the side that counted it, or to the
//! reason for which it was left out.
//!
//! It repeats the conditions of [`crate::domain::cell`] fact by fact, with words instead of sums; `tests/explain.rs` holds
//! that both come to the same numbers.

use super::list::{List, Order};
use super::{REASONS, Reason};
use crate::domain::customer::contact::Contact;
use crate::domain::customer::{Customers, Meaning};
use crate::domain::event::Attributes;
use crate::domain::fact::clock::Course;
use crate::domain::fact::{Fact, FactKind, Facts, place};
use crate::domain::standard::indicator::answers;
use crate::domain::standard::{Commitment, Formula, OneShot, Standard, Tally};
use crate::domain::time::Timestamp;
use std::collections::BTreeMap;

/// A case whose facts were told.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Its key.
    pub case: u64,
    /// What it means.
    pub facts: &'a Facts,
    /// Its attributes.
    pub attributes: &'a Attributes,
    /// How it stands to the scope that is explained.
    pub belongs: Belongs,
    /// Where the window begins for it.
    pub begin: Timestamp,
}

/// How a case stands to a scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Belongs {
    /// It is one of its cases.
    Yes,
    /// It said no value for this dimension, and would belong to it else.
    Unsaid(usize),
    /// It belongs to another.
    No,
}

impl Belongs {
    /// How cases with these attributes stand to the scope with these dimensions and values.
    #[must_use]
    pub fn new(dimensions: &[usize], values: &[Box<str>], attributes: &Attributes) -> Belongs {
        let mut belongs = Belongs::Yes;
        for (dimension, wanted) in dimensions.iter().zip(values) {
            match attributes.values().get(*dimension).and_then(Option::as_deref) {
                Some(value) if *value == **wanted => {}
                Some(_) => return Belongs::No,
                None if belongs == Belongs::Yes => belongs = Belongs::Unsaid(*dimension),
                None => {}
            }
        }
        belongs
    }
}

/// One side of the formula while it is written.
#[derive(Debug)]
struct Column {
    tallies: Vec<Tally>,
    counts: Vec<i64>,
    list: List,
}

/// What is written down.
#[derive(Debug)]
pub struct Ledger<'a> {
    /// Whether only what stands now counts.
    standing: bool,
    /// Whether facts without a value are left out.
    measured: bool,
    /// The one-shot indicator that is explained, with its place.
    one_shot: Option<(usize, &'a OneShot)>,
    /// The commitments whose facts the formula counts.
    commitments: Vec<(usize, &'a Commitment)>,
    good: Option<Column>,
    of: Column,
    left_out: BTreeMap<Reason, List>,
    limit: usize,
}

/// The facts of a commitment that say how it ended.
const DECISIONS: [u16; 5] = {
    use place::commitment::{KEPT, KEPT_DUE, LATE, MISSED, NET};
    [KEPT, MISSED, LATE, KEPT_DUE, NET]
};

/// What a finished ledger says of one side: each tally with its count, and the list.
pub type Written = (Vec<(Tally, i64)>, List);

impl<'a> Ledger<'a> {
    /// An empty ledger for a formula.
    #[must_use]
    pub fn new(standard: &'a Standard, formula: &Formula, limit: usize) -> Ledger<'a> {
        let (good, of, order): (Option<&Vec<Tally>>, Vec<Tally>, Order) = match formula {
            Formula::Ratio { good, of, .. } => (Some(good), of.clone(), Order::Newest),
            Formula::Duration { of } => (None, of.clone(), Order::Longest),
            Formula::Score { of, weights } => (None, answers(of, weights.len()).into_iter().flatten().collect(), Order::Newest),
            Formula::Level { of } | Formula::Oldest { of } => (None, of.clone(), Order::Oldest),
            Formula::Share { part, whole } => (Some(part), whole.clone(), Order::Longest),
            Formula::Rate { of, .. } => (None, of.clone(), Order::Newest),
            // Those who wait, and the agents; the mean handling time is a figure of its own.
            Formula::EstimatedWait { waiting, agents, .. } => (None, waiting.iter().chain(agents).cloned().collect(), Order::Oldest),
            // The two indicators explain it.
            Formula::Difference { .. } => (None, Vec::new(), Order::Newest),
        };
        let column = |tallies: Vec<Tally>| Column { counts: vec![0; tallies.len()], tallies, list: List::new(order, limit) };
        let speaks_of = |kind: FactKind| good.into_iter().flatten().chain(&of).any(|tally| tally.kind == kind);
        let own = |first: FactKind, places: &[u16]| places.iter().any(|place| speaks_of(first.plus(*place)));
        let commitments = standard.commitments.iter().enumerate().filter(|(_, one)| own(one.facts, &DECISIONS));
        Ledger {
            standing: matches!(formula, Formula::Level { .. } | Formula::Oldest { .. } | Formula::EstimatedWait { .. }),
            measured: matches!(formula, Formula::Duration { .. } | Formula::Share { .. }),
            one_shot: standard
                .one_shots
                .iter()
                .enumerate()
                .find(|(_, one_shot)| own(one_shot.facts, &[place::one_shot::CONTACTS, place::one_shot::ONCE])),
            commitments: commitments.collect(),
            good: good.cloned().map(column),
            of: column(of),
            left_out: BTreeMap::new(),
            limit,
        }
    }

    /// Whether a one-shot indicator is explained: its facts are not those of cases but of customers.
    #[must_use]
    pub fn is_one_shot(&self) -> bool {
        self.one_shot.is_some()
    }

    /// Writes down what a case contributes.
    pub fn take(&mut self, told: &Told<'_>) {
        if told.belongs == Belongs::No {
            return;
        }
        for fact in &told.facts.all {
            if let Some((_, one_shot)) = self.one_shot {
                self.take_contact_without_customer(one_shot, told, fact);
            } else if self.speaks_of(fact.kind) {
                self.take_fact(told, fact);
            }
        }
        if !self.standing && told.belongs == Belongs::Yes {
            self.take_clocks(told);
        }
    }

    fn speaks_of(&self, kind: FactKind) -> bool {
        let columns = self.good.iter().chain([&self.of]);
        columns.flat_map(|column| &column.tallies).any(|tally| tally.kind == kind)
    }

    fn take_fact(&mut self, told: &Told<'_>, fact: &Fact) {
        if !self.standing && fact.time < told.begin {
            return self.leave_out(Reason::BeforeWindow, told.case, fact);
        }
        if let Belongs::Unsaid(dimension) = told.belongs {
            return self.leave_out(Reason::NoDimension(dimension), told.case, fact);
        }
        let (standing, measured) = (self.standing, self.measured);
        let mut why = None;
        for (good, column) in self.good.iter_mut().map(|column| (true, column)).chain([(false, &mut self.of)]) {
            let mut counted = false;
            let mut missed = None;
            for (tally, count) in column.tallies.iter().zip(&mut column.counts).filter(|(tally, _)| tally.kind == fact.kind) {
                match misfit(tally, fact, told.attributes, standing, measured, good) {
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
            self.leave_out(reason, told.case, fact);
        }
    }

    /// Promises that were neither kept nor missed.
    fn take_clocks(&mut self, told: &Told<'_>) {
        for (number, commitment) in self.commitments.clone() {
            let clocks = || told.facts.clocks.iter().flatten().filter(|clock| clock.commitment == number);
            let counts = |place: u16| self.speaks_of(commitment.facts.plus(place));
            let (promised, missed, excused) =
                (counts(place::commitment::PROMISED), counts(place::commitment::MISSED), counts(place::commitment::EXCUSED));
            let started = told.facts.all.iter().find(|fact| fact.kind == commitment.from && fact.time >= told.begin);
            if let Some(started) = started.filter(|_| clocks().next().is_none()) {
                self.leave_out(Reason::NoDeadline { commitment: number }, told.case, started);
            }
            for clock in clocks() {
                let end = clock.from.plus(clock.gross_ms);
                let reason = match clock.course {
                    _ if promised => continue,
                    Course::Void(_) | Course::Excused(_) if excused || end < told.begin => continue,
                    Course::Void(kind) => Reason::Void { commitment: number, kind },
                    Course::Excused(liable) => Reason::Excused { commitment: number, liable },
                    Course::Running | Course::DueSoon | Course::Stopped(_) | Course::Over => Reason::Undecided { commitment: number },
                    Course::Overdue | Course::Missed if clock.until.is_none() && !missed => Reason::Undecided { commitment: number },
                    Course::Overdue | Course::Missed | Course::Kept => continue,
                };
                let undecided = matches!(reason, Reason::Undecided { .. });
                let fact = Fact { kind: commitment.from, word: None, time: if undecided { clock.from } else { end }, value: Fact::UNKNOWN };
                self.leave_out(reason, told.case, &fact);
            }
        }
    }

    /// A contact of a case whose customer nobody named.
    fn take_contact_without_customer(&mut self, one_shot: &OneShot, told: &Told<'_>, fact: &Fact) {
        if one_shot.contacts.iter().any(|tally| tally.kind == fact.kind) && told.facts.customer.is_none() && told.belongs == Belongs::Yes {
            let reason = if fact.time < told.begin { Reason::BeforeWindow } else { Reason::NoCustomer };
            self.leave_out(reason, told.case, fact);
        }
    }

    /// Writes down the contacts of a customer; `place` says of a contact's group how it stands to the scope, and where the
    /// window begins for it.
    pub fn take_contacts(&mut self, customers: &Customers, contacts: &[Contact], place: impl Fn(u32) -> (Belongs, Timestamp)) {
        let Some((number, one_shot)) = self.one_shot else { return };
        let ripens = if one_shot.matured { one_shot.within_ms } else { 0 };
        for (at, meaning) in customers.meanings(one_shot, number, contacts) {
            let contact = &contacts[at];
            let kind = one_shot.facts.plus(place::one_shot::CONTACTS);
            let fact = Fact { kind, word: None, time: contact.time.plus(ripens), value: Fact::UNKNOWN };
            let (belongs, begin) = place(contact.group);
            match (belongs, meaning) {
                (Belongs::No, _) => continue,
                _ if fact.time < begin => self.leave_out(Reason::BeforeWindow, contact.case, &fact),
                (Belongs::Unsaid(dimension), _) => self.leave_out(Reason::NoDimension(dimension), contact.case, &fact),
                (Belongs::Yes, Meaning::LeftOut) => self.leave_out(Reason::PassedOn, contact.case, &fact),
                (Belongs::Yes, Meaning::Unripe) => self.leave_out(Reason::Unripe, contact.case, &fact),
                (Belongs::Yes, _) => {
                    let repeated = if let Meaning::Repeated(by) = meaning { Some((contacts[by].case, contacts[by].time)) } else { None };
                    for (good, column) in self.good.iter_mut().map(|column| (true, column)).chain([(false, &mut self.of)]) {
                        if meaning == Meaning::Once || !good {
                            column.counts.iter_mut().for_each(|count| *count += 1);
                            column.list.add(contact.case, &fact, repeated);
                        }
                    }
                }
            }
        }
    }

    fn leave_out(&mut self, reason: Reason, case: u64, fact: &Fact) {
        let many = self.left_out.len() >= REASONS && !self.left_out.contains_key(&reason);
        let limit = self.limit;
        let list = self.left_out.entry(if many { Reason::Other } else { reason }).or_insert_with(|| List::new(Order::Newest, limit));
        list.add(case, fact, None);
    }

    /// Closes the ledger: numerator, denominator, and what was left out.
    #[must_use]
    pub fn close(self) -> (Option<Written>, Written, BTreeMap<Reason, List>) {
        let written = |column: Column| (column.tallies.into_iter().zip(column.counts).collect(), column.list);
        (self.good.map(written), written(self.of), self.left_out)
    }
}

/// Why a tally does not count a fact of its kind; `None` if it does.
fn misfit(tally: &Tally, fact: &Fact, attributes: &Attributes, standing: bool, measured: bool, good: bool) -> Option<Reason> {
    let kind = fact.kind;
    if !tally.fits(attributes) {
        return Some(Reason::Attributes { kind, good });
    }
    // What stands has no value and no word.
    if standing {
        return None;
    }
    if !tally.words.is_empty() && !fact.word.is_some_and(|word| tally.words.contains(&word)) {
        return Some(Reason::Word { kind, good });
    }
    if fact.value == Fact::UNKNOWN && (measured || tally.values.is_some()) {
        return Some(Reason::Unknown { kind, good });
    }
    let (low, high) = tally.values.unwrap_or((i64::MIN, i64::MAX));
    (fact.value < low || high < fact.value).then_some(Reason::Value { kind, good })
}
