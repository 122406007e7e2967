//! What a standard says of its versions, as `/v1/standard` writes it.

use crate::domain::standard::{Indicator, Standard, Target};
use crate::domain::time::timestamp::Timestamp;
use serde_json::{Value, json};

/// The versions, the newest first, and which of them is in force.
pub(crate) fn versions_json(standard: &Standard, as_of: Option<Timestamp>) -> Value {
    let in_force = standard.version_at(as_of);
    let written = standard
        .versions
        .iter()
        .map(|one| json!({ "version": one.version, "date_of_effect": one.date_of_effect, "in_force": Some(one) == in_force }));
    written.collect()
}

/// What each version aims at, the newest first.
pub(crate) fn targets_json(indicator: &Indicator, standard: &Standard) -> Value {
    let written = standard.versions.iter().zip(&indicator.targets).map(|(version, dated)| {
        let (target, warning, better) = target_parts(dated.target);
        json!({
            "version": version.version, "date_of_effect": version.date_of_effect, "target": target, "warning": warning, "better": better,
        })
    });
    written.collect()
}

/// The threshold of a target, that of its warning, and which side of them is good.
pub(crate) fn target_parts(
    target: Option<Target>,
) -> (Option<f64>, Option<f64>, Option<&'static str>) {
    let better = target.map(|target| target.better.name());
    (target.map(|target| target.value), target.and_then(|target| target.warning), better)
}
