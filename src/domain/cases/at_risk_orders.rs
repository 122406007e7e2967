//! Orders at risk: the alert grades that each open order has reached.
//!
//! A commitment derives the fact `warned` at the time of a warning, and `overdue` at its deadline.
//! Each order schedules its own evaluation at these times, so that no scan of open orders is
//! needed. The table follows from the facts of the open orders and changes only with them. It is
//! not stored but rebuilt when alerts are first evaluated. A replay without alerts does not build
//! it.
//!
//! A grade is active from its warning until the commitment is met or void, the order is closed, or
//! its deadline moves away. Several grades of an order can be active together. Their number is at
//! most the number of open orders times the number of grades.

use super::groups::CaseGroups;
use crate::domain::facts::catalog::{CaseFacts, place::commitment as place};
use crate::domain::standard::Standard;
use crate::domain::standard::alert_policy::{AlertRule, OrderRule};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Grade of an alert policy that an order has reached.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Key {
    /// Index of the policy in the standard.
    pub policy: usize,
    /// Index of the grade in the policy.
    pub grade: usize,
    /// Key of the order's case.
    pub case: u64,
}

/// Reached grades with the slots of their orders in the case table.
#[derive(Debug, Default)]
pub struct AtRiskOrders {
    slots: BTreeMap<Key, u32>,
}

/// Returns, for each kind of fact, true if grades depend on it.
#[must_use]
pub fn grade_relevant_kinds(standard: &Standard) -> Vec<bool> {
    let mut kinds = vec![false; standard.kinds.count()];
    for policy in &standard.policies {
        let AlertRule::Orders(rule) = &policy.rule else { continue };
        let facts = standard.commitments[rule.commitment].first_fact;
        [place::WARNED, place::RUNNING, place::OVERDUE]
            .iter()
            .for_each(|fact| kinds[usize::from(facts.offset_by(*fact).0)] = true);
    }
    kinds
}

impl AtRiskOrders {
    /// Updates the grades of an order after a change of its facts.
    pub fn update_order(
        &mut self,
        (slot, case): (u32, u64),
        before: &CaseFacts,
        after: &CaseFacts,
        groups: &CaseGroups,
        standard: &Standard,
    ) {
        for (policy, rule) in standard.policies.iter().enumerate() {
            let AlertRule::Orders(rule) = &rule.rule else { continue };
            let (was, is) = (
                reached_grades(rule, before, groups, standard),
                reached_grades(rule, after, groups, standard),
            );
            for grade in (0..rule.grades.len()).filter(|grade| (was ^ is) & (1 << grade) != 0) {
                let key = Key { policy, grade, case };
                if is & (1 << grade) != 0 {
                    self.slots.insert(key, slot);
                } else {
                    self.slots.remove(&key);
                }
            }
        }
    }

    /// Returns true if an order has reached a grade.
    #[must_use]
    pub fn contains(&self, key: &Key) -> bool {
        self.slots.contains_key(key)
    }

    /// Iterates over all reached grades in an order that is independent of arrival.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, u32)> {
        self.slots.iter().map(|(key, slot)| (key, *slot))
    }
}

/// Returns the grades that an order has reached, as a bit set.
fn reached_grades(
    rule: &OrderRule,
    facts: &CaseFacts,
    groups: &CaseGroups,
    standard: &Standard,
) -> u64 {
    let commitment = &standard.commitments[rule.commitment];
    let facts_of = |place: u16| {
        facts.all.iter().filter(move |fact| fact.kind == commitment.first_fact.offset_by(place))
    };
    let Some(running) = facts_of(place::RUNNING).map(|fact| fact.time).next() else { return 0 };
    if !groups.get(facts.group).attributes.fulfill_conditions(&rule.conditions) {
        return 0;
    }
    let grades = rule.grades.iter().enumerate().filter(|(_, grade)| match grade.warning {
        None => facts_of(place::OVERDUE).next().is_some(),
        // A reopened order starts a new clock. Warnings of an earlier clock do not count.
        Some(_) => {
            facts_of(place::WARNED).any(|fact| fact.label == grade.warning && fact.time >= running)
        }
    });
    grades.fold(0, |bits, (place, _)| bits | 1 << place)
}
