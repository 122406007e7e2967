//! Counting the difference that a change of a case makes.

use crate::domain::cases::at_risk_orders;
use crate::domain::cases::caseload::{Caseload, expired_before};
use crate::domain::cases::changes::{CaseChanges, Counted, Seen};
use crate::domain::cases::customer;
use crate::domain::cases::customer::contact::derive_contacts;
use crate::domain::events::event::{CustomerKey, Symbol};
use crate::domain::facts::catalog::{CaseFacts, Fact, FactKind};
use crate::domain::standard::{FirstContactRule, Standard};
use crate::domain::time::timestamp::Timestamp;

/// Where the facts of a case count.
#[derive(Clone, Copy, PartialEq, Eq)]
struct AggregationKey {
    group: u32,
    customer: Option<CustomerKey>,
    topic: Option<Symbol>,
    case: u64,
}

/// Who must hear of a fact.
#[derive(Clone, Copy, Default, Debug)]
pub(in crate::domain) struct FactConsumers {
    /// The cells.
    pub(super) cells: bool,
    /// The one-shot indicators.
    pub(super) contacts: bool,
    /// Those who watch open orders.
    pub(in crate::domain) orders: bool,
}

impl FactConsumers {
    /// Those of each kind of fact.
    pub(super) fn by_fact_kind(standard: &Standard) -> Vec<FactConsumers> {
        let told = standard
            .counted_fact_kinds()
            .into_iter()
            .zip(at_risk_orders::grade_relevant_kinds(standard));
        let contacts = |kind: FactKind| {
            standard
                .first_contact_rules
                .iter()
                .flat_map(FirstContactRule::fact_tallies)
                .any(|tally| tally.kind == kind)
        };
        standard
            .kinds
            .iter()
            .zip(told)
            .map(|(kind, (cells, orders))| FactConsumers {
                cells,
                contacts: contacts(kind),
                orders,
            })
            .collect()
    }
}

impl Caseload {
    /// Counts the difference between the facts before and after a change of a case; `rung` says that it was a timer that
    /// changed them, which is gone now.
    pub(in crate::domain) fn count_case_difference(&mut self, slot: u32, rung: bool) {
        let forget = self.forget_time(&self.after);
        let Caseload {
            before,
            after,
            now,
            cases,
            timers,
            expiries,
            changes,
            groups,
            consumers: concerns,
            standard,
            at_risk_orders: endangered,
            ..
        } = self;
        if let Some(wake) =
            after.next_evaluation.filter(|wake| rung || before.next_evaluation != Some(*wake))
        {
            timers.schedule(wake, slot);
        }
        if let Some(expires) =
            after.expires_at.filter(|expires| before.expires_at != Some(*expires))
        {
            expiries.schedule(expires, slot);
        }
        if let Some(forget) = forget.filter(|forget| *forget > *now) {
            timers.schedule(forget, slot);
        }
        let record = cases.record_mut(slot);
        record.mark_settled(after.open);
        if before.families != after.families || before.group != after.group {
            record_group_count(changes, before, -1);
            record_group_count(changes, after, 1);
        }
        // What makes a fact count elsewhere: if none of it changed, facts that stay need not be touched.
        let key = record.key();
        let place = |facts: &CaseFacts| AggregationKey {
            group: facts.group,
            customer: facts.customer,
            topic: facts.topic,
            case: key,
        };
        let (old, here) = (place(before), place(after));
        let mut change = DifferenceCounter {
            consumers: concerns,
            counted: &mut changes.fact_counts,
            affected: FactConsumers::default(),
        };
        if old == here {
            let same =
                before.all.iter().zip(&after.all).take_while(|(one, other)| one == other).count();
            change.count_difference(here.group, &mut before.all[same..], &mut after.all[same..]);
        } else {
            before.all.iter().for_each(|fact| change.count_fact(old.group, fact, -1));
            after.all.iter().for_each(|fact| change.count_fact(here.group, fact, 1));
        }
        let concerned = change.affected;
        if concerned.orders
            && let Some(endangered) = endangered
        {
            endangered.update_order((slot, key), before, after, groups, standard);
        }
        if concerned.contacts && (before.customer.is_some() || after.customer.is_some()) {
            self.count_contact_difference(key);
        }
    }

    /// Counts the difference between what the contacts of a case were and what they are now.
    #[inline(never)]
    fn count_contact_difference(&mut self, key: u64) {
        let Caseload {
            before,
            after,
            standard,
            groups,
            customers,
            consumers: concerns,
            changes: to,
            ..
        } = self;
        let one_shots = &standard.first_contact_rules;
        let contacts = |facts: &CaseFacts| match facts.customer {
            Some(_) => derive_contacts(one_shots, facts, &groups.get(facts.group).attributes, key),
            None => Vec::new(),
        };
        let (gone, new) = (contacts(before), contacts(after));
        let (mut gone, mut new) = (&gone[..], &new[..]);
        if before.customer == after.customer {
            let same = gone.iter().zip(new).take_while(|(one, other)| one == other).count();
            (gone, new) = (&gone[same..], &new[same..]);
            let same = gone
                .iter()
                .rev()
                .zip(new.iter().rev())
                .take_while(|(one, other)| one == other)
                .count();
            (gone, new) = (&gone[..gone.len() - same], &new[..new.len() - same]);
        }
        let mut changes = Vec::new();
        if let Some(customer) = before.customer {
            gone.iter().for_each(|contact| {
                customers.remove_contact(one_shots, customer, *contact, &mut changes)
            });
        }
        if let Some(customer) = after.customer {
            new.iter().for_each(|contact| {
                customers.add_contact(one_shots, customer, *contact, &mut changes)
            });
        }
        changes.iter().for_each(|change| record_contact_change(concerns, to, change));
    }

    /// Lets contacts ripen: those whose repeat windows end in the minutes that have passed since `then`.
    pub(super) fn mature_contacts(&mut self, then: Timestamp) {
        let reached = expired_before(self.now);
        if expired_before(then) == reached || self.standard.first_contact_rules.is_empty() {
            return;
        }
        let mut changes = Vec::new();
        self.customers.mature_contacts(&self.standard.first_contact_rules, reached, &mut changes);
        changes
            .iter()
            .for_each(|change| record_contact_change(&self.consumers, &mut self.changes, change));
    }
}

/// A change of a case being counted.
struct DifferenceCounter<'m> {
    consumers: &'m [FactConsumers],
    counted: &'m mut Vec<Counted>,
    /// Who must hear of it.
    affected: FactConsumers,
}

impl DifferenceCounter<'_> {
    /// Counts the facts that are gone and those that are new; what is among both stays.
    fn count_difference(&mut self, group: u32, gone: &mut [Fact], new: &mut [Fact]) {
        gone.sort_unstable();
        new.sort_unstable();
        let (mut gone, mut new) = (gone.iter().peekable(), new.iter().peekable());
        loop {
            match (gone.peek(), new.peek()) {
                (Some(one), Some(other)) if one == other => _ = (gone.next(), new.next()),
                (Some(one), other) if other.is_none_or(|other| one < other) => {
                    self.count_fact(group, one, -1);
                    gone.next();
                }
                (_, Some(other)) => {
                    self.count_fact(group, other, 1);
                    new.next();
                }
                (_, None) => break,
            }
        }
    }

    /// Counts a fact once more, or takes it back.
    #[inline]
    fn count_fact(&mut self, group: u32, fact: &Fact, times: i32) {
        let FactConsumers { cells, contacts, orders } = self.consumers[usize::from(fact.kind.0)];
        self.affected.orders |= orders;
        self.affected.contacts |= contacts;
        if cells {
            self.counted.push(Counted { fact: *fact, group, times });
        }
    }
}

/// Notes a case that counts so many times more in its group.
fn record_group_count(changes: &mut CaseChanges, facts: &CaseFacts, times: i64) {
    if facts.families != 0 {
        changes.case_counts.push(Seen { group: facts.group, families: facts.families, times });
    }
}

/// Notes a fact that the contacts of a customer have changed, if the cells sum it.
fn record_contact_change(
    concerns: &[FactConsumers],
    changes: &mut CaseChanges,
    (group, fact, times): &customer::ContactChange,
) {
    if concerns[usize::from(fact.kind.0)].cells {
        changes.fact_counts.push(Counted { fact: *fact, group: *group, times: *times });
    }
}
