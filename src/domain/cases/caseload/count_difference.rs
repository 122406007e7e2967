//! Difference counting: retracts the facts that no longer hold and adds the new ones.

use crate::domain::cases::at_risk_orders;
use crate::domain::cases::caseload::Caseload;
use crate::domain::cases::changes::{CaseChanges, Counted, Seen};
use crate::domain::cases::context::expired_before;
use crate::domain::cases::customer;
use crate::domain::cases::customer::contact::derive_contacts;
use crate::domain::events::event::{CustomerKey, Symbol};
use crate::domain::facts::catalog::{CaseFacts, Fact, FactKind, PlacedFact};
use crate::domain::standard::{FirstContactRule, Formula, Indicator, Standard};
use crate::domain::time::timestamp::Timestamp;

/// Properties of a case that decide where its facts count.
#[derive(Clone, Copy, PartialEq, Eq)]
struct AggregationKey {
    group: u32,
    contact_group: u32,
    customer: Option<CustomerKey>,
    topic: Option<Symbol>,
    case: u64,
}

/// Consumers of a kind of fact.
#[derive(Clone, Copy, Default, Debug)]
pub(in crate::domain) struct FactConsumers {
    /// Cells of the board.
    pub(super) cells: bool,
    /// Maxima of durations.
    pub(super) maxima: bool,
    /// First contact indicators.
    pub(super) contacts: bool,
    /// Alerts on open orders.
    pub(in crate::domain) orders: bool,
}

impl FactConsumers {
    /// Returns the consumers of each kind of fact.
    pub(super) fn by_fact_kind(standard: &Standard) -> Vec<FactConsumers> {
        let cells_and_orders = standard
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
        let maxima = |kind: FactKind| {
            standard
                .indicators
                .iter()
                .filter(|indicator| matches!(indicator.formula, Formula::Duration { .. }))
                .flat_map(Indicator::fact_tallies)
                .any(|tally| tally.kind == kind)
        };
        standard
            .kinds
            .iter()
            .zip(cells_and_orders)
            .map(|(kind, (cells, orders))| FactConsumers {
                cells,
                maxima: maxima(kind),
                contacts: contacts(kind),
                orders,
            })
            .collect()
    }
}

impl Caseload {
    /// Counts the difference between the facts before and after a change of a case.
    ///
    /// `timer_fired` must be true if a timer caused the change, since that timer is used up.
    pub(in crate::domain) fn count_case_difference(&mut self, slot: u32, timer_fired: bool) {
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
            consumers,
            standard,
            at_risk_orders,
            ..
        } = self;
        if let Some(wake) = after
            .next_evaluation
            .filter(|wake| timer_fired || before.next_evaluation != Some(*wake))
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
        if before.families != after.families
            || before.group != after.group
            || before.contact_group != after.contact_group
            || before.placed_groups != after.placed_groups
        {
            record_group_counts(changes, before, -1);
            record_group_counts(changes, after, 1);
        }
        // Unchanged facts count at the same place unless one of these properties changed.
        let key = record.key();
        let aggregation_key = |facts: &CaseFacts| AggregationKey {
            group: facts.group,
            contact_group: facts.contact_group,
            customer: facts.customer,
            topic: facts.topic,
            case: key,
        };
        let (old, here) = (aggregation_key(before), aggregation_key(after));
        let mut change = DifferenceCounter {
            consumers,
            counted: &mut changes.fact_counts,
            affected: FactConsumers::default(),
        };
        if old == here && here.contact_group == here.group {
            let same =
                before.all.iter().zip(&after.all).take_while(|(one, other)| one == other).count();
            change.count_difference(here.group, &mut before.all[same..], &mut after.all[same..]);
        } else {
            change.count_all(before, -1);
            change.count_all(after, 1);
        }
        change.count_placed_difference(&mut before.placed, &mut after.placed);
        let affected = change.affected;
        let families = before.families | after.families;
        if affected.orders
            && let Some(at_risk_orders) = at_risk_orders
        {
            at_risk_orders.update_order((slot, key), before, after, groups, standard);
        }
        if affected.contacts && (before.customer.is_some() || after.customer.is_some()) {
            self.count_contact_difference(key);
        }
        if self.timed_kinds.include_family(families) {
            self.count_state_changes();
        }
    }

    /// Counts the difference between the contacts of a case before and after a change.
    #[inline(never)]
    fn count_contact_difference(&mut self, key: u64) {
        let Caseload {
            before,
            after,
            standard,
            groups,
            customers,
            consumers,
            changes: case_changes,
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
                customers.remove_contact(one_shots, customer, *contact, &mut changes);
            });
        }
        if let Some(customer) = after.customer {
            new.iter().for_each(|contact| {
                customers.add_contact(one_shots, customer, *contact, &mut changes);
            });
        }
        record_contact_changes(consumers, case_changes, &changes);
    }

    /// Counts the contacts of all remembered cases again for the first contact rules in `rules`, a
    /// bit set by index in the standard.
    pub(in crate::domain) fn recount_first_contact(&mut self, rules: u16) {
        let mut changes = Vec::new();
        let one_shots = self.standard.clone();
        let one_shots = &one_shots.first_contact_rules;
        self.customers.remove_rules(one_shots, rules, &mut changes);
        let slots: Vec<u32> = self.cases.occupied_slots().collect();
        for slot in slots {
            self.derive_facts(slot, false);
            let Some(customer) = self.after.customer else { continue };
            let attributes = &self.groups.get(self.after.group).attributes;
            let key = self.cases.record(slot).key();
            for contact in derive_contacts(one_shots, &self.after, attributes, key) {
                self.customers.add_to_rules(one_shots, rules, (customer, contact), &mut changes);
            }
        }
        record_contact_changes(&self.consumers, &mut self.changes, &changes);
    }

    /// Counts contacts whose repeat windows ended between `then` and the time reached.
    pub(super) fn mature_contacts(&mut self, then: Timestamp) {
        let reached = expired_before(self.now);
        if expired_before(then) == reached || self.standard.first_contact_rules.is_empty() {
            return;
        }
        let mut changes = Vec::new();
        self.customers.mature_contacts(&self.standard.first_contact_rules, reached, &mut changes);
        record_contact_changes(&self.consumers, &mut self.changes, &changes);
    }
}

/// Counter of one case's difference.
struct DifferenceCounter<'m> {
    consumers: &'m [FactConsumers],
    counted: &'m mut Vec<Counted>,
    /// Consumers of the facts that changed.
    affected: FactConsumers,
}

impl DifferenceCounter<'_> {
    /// Retracts the facts only in `gone` and adds those only in `new`.
    fn count_difference(&mut self, group: u32, gone: &mut [Fact], new: &mut [Fact]) {
        visit_difference(gone, new, |fact, times| self.count_fact(group, fact, times));
    }

    /// Adds (`times` = 1) or retracts (-1) all facts of a case that count in its own groups.
    fn count_all(&mut self, facts: &CaseFacts, times: i32) {
        for (group, facts) in facts.by_group() {
            facts.iter().for_each(|fact| self.count_fact(group, fact, times));
        }
    }

    /// Retracts the placed facts only in `gone` and adds those only in `new`.
    fn count_placed_difference(&mut self, gone: &mut [PlacedFact], new: &mut [PlacedFact]) {
        visit_difference(gone, new, |placed, times| {
            self.count_fact(placed.group, &placed.fact, times);
        });
    }

    /// Adds (`times` = 1) or retracts (-1) a fact.
    #[inline]
    fn count_fact(&mut self, group: u32, fact: &Fact, times: i32) {
        let FactConsumers { cells, contacts, orders, .. } =
            self.consumers[usize::from(fact.kind.0)];
        self.affected.orders |= orders;
        self.affected.contacts |= contacts;
        if cells {
            self.counted.push(Counted { fact: *fact, group, times });
        }
    }
}

/// Visits the facts of a case whose durations count in a maximum, each with its group.
pub(super) fn visit_maximum_facts(
    consumers: &[FactConsumers],
    facts: &CaseFacts,
    mut visit: impl FnMut(u32, Fact),
) {
    let by_group = facts.by_group().into_iter();
    let own = by_group.flat_map(|(group, facts)| facts.iter().map(move |fact| (group, fact)));
    let placed = facts.placed.iter().map(|placed| (placed.group, &placed.fact));
    own.chain(placed)
        .filter(|(_, fact)| consumers[usize::from(fact.kind.0)].maxima)
        .for_each(|(group, fact)| visit(group, *fact));
}

/// Sorts both lists. Visits the entries only in `gone` with -1 and those only in `new` with 1.
#[inline]
pub(super) fn visit_difference<T: Ord>(
    gone: &mut [T],
    new: &mut [T],
    mut visit: impl FnMut(&T, i32),
) {
    gone.sort_unstable();
    new.sort_unstable();
    let (mut gone, mut new) = (gone.iter().peekable(), new.iter().peekable());
    loop {
        match (gone.peek(), new.peek()) {
            (Some(one), Some(other)) if one == other => _ = (gone.next(), new.next()),
            (Some(one), other) if other.is_none_or(|other| one < other) => {
                visit(one, -1);
                gone.next();
            }
            (_, Some(other)) => {
                visit(other, 1);
                new.next();
            }
            (_, None) => break,
        }
    }
}

/// Records a change of the number of cases in the groups of a case, of its legs and of its
/// holders.
fn record_group_counts(changes: &mut CaseChanges, facts: &CaseFacts, times: i64) {
    if facts.families == 0 {
        return;
    }
    let contact_group = Some(facts.contact_group).filter(|group| *group != facts.group);
    let groups = facts.placed_groups.iter().copied().chain([facts.group]).chain(contact_group);
    changes.case_counts.extend(groups.map(|group| Seen { group, families: facts.families, times }));
}

/// Records the changes of first contact facts that the cells count.
fn record_contact_changes(
    consumers: &[FactConsumers],
    case_changes: &mut CaseChanges,
    changes: &[customer::ContactChange],
) {
    let counted = changes.iter().filter(|(_, fact, _)| consumers[usize::from(fact.kind.0)].cells);
    let counted =
        counted.map(|(group, fact, times)| Counted { fact: *fact, group: *group, times: *times });
    case_changes.fact_counts.extend(counted);
}
