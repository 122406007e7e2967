//! Order rules: incidents of single orders that reach a grade of a policy.

use super::incident::{AlertSubject, Incident};
use crate::domain::cases::at_risk_orders::Key;
use crate::domain::cases::case_names::CaseName;
use crate::domain::standard::Standard;
use crate::domain::standard::alert_policy::{AlertPolicy, AlertRule, OrderRule};
use crate::domain::time::timestamp::Timestamp;

/// Description of an order in an incident.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct OrderDescription {
    /// Source and subject, if known.
    pub name: Option<CaseName>,
    /// Dimensions with their values.
    pub attributes: Vec<(String, String)>,
    /// Deadline; `None` while its clock is paused.
    pub deadline: Option<Timestamp>,
}

/// Builds the incident of an order that reaches a grade.
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

/// Translates a key to the policy at an index of a new standard; `None` if that policy has no grade
/// with the same text.
pub(in crate::domain) fn translate_key(
    key: Key,
    policy: usize,
    old: &Standard,
    new: &Standard,
) -> Option<Key> {
    let (AlertRule::Orders(old_rule), AlertRule::Orders(new_rule)) =
        (&old.policies[key.policy].rule, &new.policies[policy].rule)
    else {
        return None;
    };
    let text = &old_rule.grades.get(key.grade)?.text;
    let grade = new_rule.grades.iter().position(|grade| grade.text == *text)?;
    Some(Key { policy, grade, ..key })
}

/// Returns true if the key's policy is an order rule that has the key's grade.
pub(in crate::domain) fn is_valid_key(key: &Key, standard: &Standard) -> bool {
    let rule = standard.policies.get(key.policy).map(|policy| &policy.rule);
    matches!(rule, Some(AlertRule::Orders(rule)) if key.grade < rule.grades.len())
}
