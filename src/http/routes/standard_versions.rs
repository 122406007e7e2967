//! Versions of a standard and their targets as JSON for `/v1/standard`.

use crate::domain::standard::{Indicator, ScopedTarget, Standard, Target, TargetDirection};
use crate::domain::time::timestamp::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Returns the versions, the newest first, with a flag for the version in force.
pub(crate) fn versions_json(standard: &Standard, as_of: Option<Timestamp>) -> Value {
    let in_force = standard.version_at(as_of);
    let versions = standard.versions.iter().map(|version| {
        json!({
            "version": version.version,
            "date_of_effect": version.date_of_effect,
            "in_force": Some(version) == in_force,
        })
    });
    versions.collect()
}

/// Returns the target of each version, the newest first.
pub(crate) fn targets_json(indicator: &Indicator, standard: &Standard) -> Value {
    let versions = standard.versions.iter().zip(&indicator.targets).map(|(version, dated)| {
        let at = Timestamp(i64::MAX);
        let overall = dated.target_at(&[], &[], at).map(|entry| entry.target);
        let (target, warning, _) = target_parts(overall);
        let entries: Vec<Value> =
            dated.entries.iter().map(|entry| entry_json(entry, standard)).collect();
        json!({
            "version": version.version,
            "date_of_effect": version.date_of_effect,
            "target": target,
            "warning": warning,
            "better": dated.direction().map(TargetDirection::name),
            "entries": entries,
        })
    });
    versions.collect()
}

/// Returns a target with the scopes and the date of its validity.
fn entry_json(entry: &ScopedTarget, standard: &Standard) -> Value {
    let (target, warning, better) = target_parts(Some(entry.target));
    let conditions = entry.conditions.iter().map(|(dimension, values)| {
        (standard.schema.dimensions[*dimension].clone(), values.clone())
    });
    json!({
        "where": conditions.collect::<BTreeMap<String, Vec<String>>>(),
        "from": entry.from.map(|from| from.day.to_string()),
        "target": target,
        "warning": warning,
        "better": better,
    })
}

/// Returns the threshold of a target, its warning threshold, and its direction (`higher` or
/// `lower`).
pub(crate) fn target_parts(
    target: Option<Target>,
) -> (Option<f64>, Option<f64>, Option<&'static str>) {
    let better = target.map(|target| target.better.name());
    (target.map(|target| target.value), target.and_then(|target| target.warning), better)
}
