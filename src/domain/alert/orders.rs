//! Orders in danger: which grades of which policies each open order has reached.
//!
//! Nobody looks for them. A commitment tells the fact `warned` when the time of a warning comes, and `overdue` when that of its
//! deadline does; each order has asked to be judged again just then. What stands here follows from the facts of the open orders, and
//! is changed only where these change; so it is not written down either, but found anew when somebody first looks for alerts. A core
//! that nobody asks for alerts, as in a replay, keeps none of it.
//!
//! A grade stands from its warning on until the promise is kept or void, the order is closed, or its deadline moves away; later
//! grades stand beside it. There are at most as many as open orders times grades.

use super::incident::{Incident, Subject};
use crate::domain::cell::fulfils;
use crate::domain::explain::Name;
use crate::domain::fact::{Facts, place::commitment as place};
use crate::domain::group::Groups;
use crate::domain::standard::Standard;
use crate::domain::standard::alert::{Orders, Policy, Rule};
use crate::domain::time::Timestamp;
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

/// What there is to say of an order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Order {
    /// What it is called, where that is known.
    pub name: Option<Name>,
    /// The dimensions it has values of.
    pub attributes: Vec<(String, String)>,
    /// Its deadline; none while its clock stands.
    pub deadline: Option<Timestamp>,
}

/// The orders in danger, with their places among the cases.
#[derive(Debug, Default)]
pub struct Endangered {
    all: BTreeMap<Key, u32>,
}

/// For each kind of fact, whether grades follow from it.
#[must_use]
pub fn telling(standard: &Standard) -> Vec<bool> {
    let mut kinds = vec![false; standard.kinds.count()];
    for policy in &standard.policies {
        let Rule::Orders(rule) = &policy.rule else { continue };
        let facts = standard.commitments[rule.commitment].facts;
        [place::WARNED, place::RUNNING, place::OVERDUE].iter().for_each(|fact| kinds[usize::from(facts.plus(*fact).0)] = true);
    }
    kinds
}

impl Endangered {
    /// The facts of the order at a place have changed.
    pub fn change(&mut self, (slot, case): (u32, u64), before: &Facts, after: &Facts, groups: &Groups, standard: &Standard) {
        for (policy, rule) in standard.policies.iter().enumerate() {
            let Rule::Orders(rule) = &rule.rule else { continue };
            let (was, is) = (reached(rule, before, groups, standard), reached(rule, after, groups, standard));
            for grade in (0..rule.grades.len()).filter(|grade| (was ^ is) & (1 << grade) != 0) {
                let key = Key { policy, grade, case };
                if is & (1 << grade) != 0 {
                    self.all.insert(key, slot);
                } else {
                    self.all.remove(&key);
                }
            }
        }
    }

    /// Whether an order has reached a grade.
    #[must_use]
    pub fn has(&self, key: &Key) -> bool {
        self.all.contains_key(key)
    }

    /// All that were reached, with the places of the orders; in an order that does not depend on who came first.
    pub fn all(&self) -> impl Iterator<Item = (&Key, u32)> {
        self.all.iter().map(|(key, slot)| (key, *slot))
    }
}

/// The grades that an order has reached, a bit each.
fn reached(rule: &Orders, facts: &Facts, groups: &Groups, standard: &Standard) -> u64 {
    let commitment = &standard.commitments[rule.commitment];
    let said = |place: u16| facts.all.iter().filter(move |fact| fact.kind == commitment.facts.plus(place));
    let Some(running) = said(place::RUNNING).map(|fact| fact.time).next() else { return 0 };
    if !fulfils(&rule.conditions, &groups.get(facts.group).attributes) {
        return 0;
    }
    let grades = rule.grades.iter().enumerate().filter(|(_, grade)| match grade.warning {
        None => said(place::OVERDUE).next().is_some(),
        // A reopened order starts a new clock, and what an earlier one said is said.
        Some(_) => said(place::WARNED).any(|fact| fact.word == grade.warning && fact.time >= running),
    });
    grades.fold(0, |bits, (place, _)| bits | 1 << place)
}

/// The incident of an order that reaches a grade.
pub(super) fn incident(policy: &Policy, rule: &Orders, key: &Key, order: Order, now: Timestamp, standard: &Standard) -> Incident {
    let grade = &rule.grades[key.grade];
    let subject = Subject { policy: policy.name.clone(), scope: Vec::new(), case: Some(key.case), grade: Some(grade.text.clone()) };
    let Order { name, attributes, deadline } = order;
    Incident {
        case: name,
        attributes,
        deadline,
        severity: grade.severity,
        to: grade.to.clone(),
        ..super::incident(policy, subject, &standard.commitments[rule.commitment].name, now)
    }
}

/// The same grade in the policy at a place of a new standard; none if there is none.
pub(super) fn translate(key: Key, policy: usize, old: &Standard, new: &Standard) -> Option<Key> {
    let (Rule::Orders(was), Rule::Orders(is)) = (&old.policies[key.policy].rule, &new.policies[policy].rule) else { return None };
    let text = &was.grades.get(key.grade)?.text;
    let grade = is.grades.iter().position(|grade| grade.text == *text)?;
    Some(Key { policy, grade, ..key })
}

/// Whether there is such a policy and grade.
pub(super) fn is_sound(key: &Key, standard: &Standard) -> bool {
    let rule = standard.policies.get(key.policy).map(|policy| &policy.rule);
    matches!(rule, Some(Rule::Orders(rule)) if key.grade < rule.grades.len())
}
