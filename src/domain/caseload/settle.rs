//! Counting the difference that a change of a case makes.

use super::{Caseload, swept};
use crate::domain::at_risk_orders;
use crate::domain::changes::{Changes, Counted, Seen};
use crate::domain::customer::{self, contact::contacts};
use crate::domain::event::{Customer, Word};
use crate::domain::fact::{Fact, FactKind, Facts};
use crate::domain::standard::{OneShot, Standard};
use crate::domain::time::Timestamp;

/// Where the facts of a case count.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    group: u32,
    customer: Option<Customer>,
    topic: Option<Word>,
    case: u64,
}

/// Who must hear of a fact.
#[derive(Clone, Copy, Default, Debug)]
pub(in crate::domain) struct Concerns {
    /// The cells.
    pub(super) cells: bool,
    /// The one-shot indicators.
    pub(super) contacts: bool,
    /// Those who watch open orders.
    pub(in crate::domain) orders: bool,
}

impl Concerns {
    /// Those of each kind of fact.
    pub(super) fn of(standard: &Standard) -> Vec<Concerns> {
        let told = standard.summed_kinds().into_iter().zip(at_risk_orders::telling(standard));
        let contacts = |kind: FactKind| standard.one_shots.iter().flat_map(OneShot::tallies).any(|tally| tally.kind == kind);
        standard.kinds.all().zip(told).map(|(kind, (cells, orders))| Concerns { cells, contacts: contacts(kind), orders }).collect()
    }
}

impl Caseload {
    /// Counts the difference between the facts before and after a change of a case; `rung` says that it was a timer that
    /// changed them, which is gone now.
    pub(in crate::domain) fn settle(&mut self, slot: u32, rung: bool) {
        let forget = self.forgettable(&self.after);
        let Caseload { before, after, now, cases, timers, expiries, changes, groups, concerns, standard, endangered, .. } = self;
        if let Some(wake) = after.wake.filter(|wake| rung || before.wake != Some(*wake)) {
            timers.set(wake, slot);
        }
        if let Some(expires) = after.expires.filter(|expires| before.expires != Some(*expires)) {
            expiries.set(expires, slot);
        }
        if let Some(forget) = forget.filter(|forget| *forget > *now) {
            timers.set(forget, slot);
        }
        let record = cases.record_mut(slot);
        record.settle(after.open);
        if before.families != after.families || before.group != after.group {
            see(changes, before, -1);
            see(changes, after, 1);
        }
        // What makes a fact count elsewhere: if none of it changed, facts that stay need not be touched.
        let key = record.key();
        let place = |facts: &Facts| Place { group: facts.group, customer: facts.customer, topic: facts.topic, case: key };
        let (old, here) = (place(before), place(after));
        let mut change = Change { concerns, counted: &mut changes.counted, concerned: Concerns::default() };
        if old == here {
            let same = before.all.iter().zip(&after.all).take_while(|(one, other)| one == other).count();
            change.count_difference(here.group, &mut before.all[same..], &mut after.all[same..]);
        } else {
            before.all.iter().for_each(|fact| change.count(old.group, fact, -1));
            after.all.iter().for_each(|fact| change.count(here.group, fact, 1));
        }
        let concerned = change.concerned;
        if concerned.orders
            && let Some(endangered) = endangered
        {
            endangered.change((slot, key), before, after, groups, standard);
        }
        if concerned.contacts && (before.customer.is_some() || after.customer.is_some()) {
            self.meet(key);
        }
    }

    /// Counts the difference between what the contacts of a case were and what they are now.
    #[inline(never)]
    fn meet(&mut self, key: u64) {
        let Caseload { before, after, standard, groups, customers, concerns, changes: to, .. } = self;
        let one_shots = &standard.one_shots;
        let contacts = |facts: &Facts| match facts.customer {
            Some(_) => contacts(one_shots, facts, &groups.get(facts.group).attributes, key),
            None => Vec::new(),
        };
        let (gone, new) = (contacts(before), contacts(after));
        let (mut gone, mut new) = (&gone[..], &new[..]);
        if before.customer == after.customer {
            let same = gone.iter().zip(new).take_while(|(one, other)| one == other).count();
            (gone, new) = (&gone[same..], &new[same..]);
            let same = gone.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| one == other).count();
            (gone, new) = (&gone[..gone.len() - same], &new[..new.len() - same]);
        }
        let mut changes = Vec::new();
        if let Some(customer) = before.customer {
            gone.iter().for_each(|contact| customers.remove(one_shots, customer, *contact, &mut changes));
        }
        if let Some(customer) = after.customer {
            new.iter().for_each(|contact| customers.add(one_shots, customer, *contact, &mut changes));
        }
        changes.iter().for_each(|change| add(concerns, to, change));
    }

    /// Lets contacts ripen: those whose repeat windows end in the minutes that have passed since `then`.
    pub(super) fn ripen(&mut self, then: Timestamp) {
        let reached = swept(self.now);
        if swept(then) == reached || self.standard.one_shots.is_empty() {
            return;
        }
        let mut changes = Vec::new();
        self.customers.ripen(&self.standard.one_shots, reached, &mut changes);
        changes.iter().for_each(|change| add(&self.concerns, &mut self.changes, change));
    }
}

/// A change of a case being counted.
struct Change<'m> {
    concerns: &'m [Concerns],
    counted: &'m mut Vec<Counted>,
    /// Who must hear of it.
    concerned: Concerns,
}

impl Change<'_> {
    /// Counts the facts that are gone and those that are new; what is among both stays.
    fn count_difference(&mut self, group: u32, gone: &mut [Fact], new: &mut [Fact]) {
        gone.sort_unstable();
        new.sort_unstable();
        let (mut gone, mut new) = (gone.iter().peekable(), new.iter().peekable());
        loop {
            match (gone.peek(), new.peek()) {
                (Some(one), Some(other)) if one == other => _ = (gone.next(), new.next()),
                (Some(one), other) if other.is_none_or(|other| one < other) => {
                    self.count(group, one, -1);
                    gone.next();
                }
                (_, Some(other)) => {
                    self.count(group, other, 1);
                    new.next();
                }
                (_, None) => break,
            }
        }
    }

    /// Counts a fact once more, or takes it back.
    #[inline]
    fn count(&mut self, group: u32, fact: &Fact, times: i32) {
        let Concerns { cells, contacts, orders } = self.concerns[usize::from(fact.kind.0)];
        self.concerned.orders |= orders;
        self.concerned.contacts |= contacts;
        if cells {
            self.counted.push(Counted { fact: *fact, group, times });
        }
    }
}

/// Notes a case that counts so many times more in its group.
fn see(changes: &mut Changes, facts: &Facts, times: i64) {
    if facts.families != 0 {
        changes.seen.push(Seen { group: facts.group, families: facts.families, times });
    }
}

/// Notes a fact that the contacts of a customer have changed, if the cells sum it.
fn add(concerns: &[Concerns], changes: &mut Changes, (group, fact, times): &customer::Change) {
    if concerns[usize::from(fact.kind.0)].cells {
        changes.counted.push(Counted { fact: *fact, group: *group, times: *times });
    }
}
