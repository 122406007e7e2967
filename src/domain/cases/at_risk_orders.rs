//! Orders in danger: which grades of which policies each open order has reached.
//!
//! Nobody looks for them. A commitment tells the fact `warned` when the time of a warning comes, and `overdue` when that of its
//! deadline does; each order has asked to be judged again just then. What stands here follows from the facts of the open orders, and
//! is changed only where these change; so it is not written down either, but found anew when somebody first looks for alerts. A core
//! that nobody asks for alerts, as in a replay, keeps none of it.
//!
//! A grade stands from its warning on until the promise is kept or void, the order is closed, or its deadline moves away; later
//! grades stand beside it. There are at most as many as open orders times grades.

use super::groups::CaseGroups;
use crate::domain::facts::catalog::{CaseFacts, place::commitment as place};
use crate::domain::standard::Standard;
use crate::domain::standard::alert_policy::{AlertRule, OrderRule};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A grade that an order has reached.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Key {
    /// The policy: its place in the standard.
    pub policy: usize,
    /// The grade: its place in the policy.
    pub grade: usize,
    /// The order.
    pub case: u64,
}

/// The orders in danger, with their places among the cases.
#[derive(Debug, Default)]
pub struct AtRiskOrders {
    slots: BTreeMap<Key, u32>,
}

/// For each kind of fact, whether grades follow from it.
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
    /// The facts of the order at a place have changed.
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

    /// Whether an order has reached a grade.
    #[must_use]
    pub fn contains(&self, key: &Key) -> bool {
        self.slots.contains_key(key)
    }

    /// All that were reached, with the places of the orders; in an order that does not depend on who came first.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, u32)> {
        self.slots.iter().map(|(key, slot)| (key, *slot))
    }
}

/// The grades that an order has reached, a bit each.
fn reached_grades(
    rule: &OrderRule,
    facts: &CaseFacts,
    groups: &CaseGroups,
    standard: &Standard,
) -> u64 {
    let commitment = &standard.commitments[rule.commitment];
    let said = |place: u16| {
        facts.all.iter().filter(move |fact| fact.kind == commitment.first_fact.offset_by(place))
    };
    let Some(running) = said(place::RUNNING).map(|fact| fact.time).next() else { return 0 };
    if !groups.get(facts.group).attributes.fulfill_conditions(&rule.conditions) {
        return 0;
    }
    let grades = rule.grades.iter().enumerate().filter(|(_, grade)| match grade.warning {
        None => said(place::OVERDUE).next().is_some(),
        // A reopened order starts a new clock, and what an earlier one said is said.
        Some(_) => {
            said(place::WARNED).any(|fact| fact.label == grade.warning && fact.time >= running)
        }
    });
    grades.fold(0, |bits, (place, _)| bits | 1 << place)
}
