//! Incidents of single orders that reached a grade of a policy.

use super::incident::{AlertSubject, Incident};
use crate::domain::cases::at_risk_orders::Key;
use crate::domain::cases::case_names::CaseName;
use crate::domain::standard::Standard;
use crate::domain::standard::alert_policy::{AlertPolicy, AlertRule, OrderRule};
use crate::domain::time::timestamp::Timestamp;

/// What there is to say of an order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct OrderDescription {
    /// What it is called, where that is known.
    pub name: Option<CaseName>,
    /// The dimensions it has values of.
    pub attributes: Vec<(String, String)>,
    /// Its deadline; none while its clock stands.
    pub deadline: Option<Timestamp>,
}

/// The incident of an order that reaches a grade.
pub(in crate::domain) fn order_incident(
    policy: &AlertPolicy,
    rule: &OrderRule,
    key: &Key,
    order: OrderDescription,
    now: Timestamp,
    standard: &Standard,
) -> Incident {
    let grade = &rule.grades[key.grade];
    let subject = AlertSubject {
        policy: policy.name.clone(),
        scope: Vec::new(),
        case: Some(key.case),
        grade: Some(grade.text.clone()),
    };
    let OrderDescription { name, attributes, deadline } = order;
    Incident {
        case: name,
        attributes,
        deadline,
        severity: grade.severity,
        to: grade.receiver.clone(),
        ..super::incident::new_incident(
            policy,
            subject,
            &standard.commitments[rule.commitment].name,
            now,
        )
    }
}

/// The same grade in the policy at a place of a new standard; none if there is none.
pub(in crate::domain) fn translate_key(
    key: Key,
    policy: usize,
    old: &Standard,
    new: &Standard,
) -> Option<Key> {
    let (AlertRule::Orders(was), AlertRule::Orders(is)) =
        (&old.policies[key.policy].rule, &new.policies[policy].rule)
    else {
        return None;
    };
    let text = &was.grades.get(key.grade)?.text;
    let grade = is.grades.iter().position(|grade| grade.text == *text)?;
    Some(Key { policy, grade, ..key })
}

/// Whether there is such a policy and grade.
pub(in crate::domain) fn is_valid_key(key: &Key, standard: &Standard) -> bool {
    let rule = standard.policies.get(key.policy).map(|policy| &policy.rule);
    matches!(rule, Some(AlertRule::Orders(rule)) if key.grade < rule.grades.len())
}
