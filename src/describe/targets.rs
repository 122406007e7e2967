//! Targets as sentences.

use crate::describe::{bilingual_text, describe_duration};
use crate::domain::standard::{Indicator, LocalizedTitle, Standard, Target, TargetDirection};
use crate::domain::time::timestamp::{SECOND, Timestamp};

/// Describes the target in force at a time: `at least 85 %, warning below 90 %`.
///
/// Without a time, the oldest version applies. Returns `None` without a target.
#[must_use]
pub fn describe_target(indicator: &Indicator, at: Option<Timestamp>) -> Option<LocalizedTitle> {
    Some(describe_threshold(indicator, indicator.target_at(at)?))
}

/// Describes the targets of all versions, newest first:
/// `version 2, from 2026-07-01: at least 90 %`.
///
/// A single version has only its target. The list is empty if no version has a target.
#[must_use]
pub fn describe_targets(standard: &Standard, indicator: &Indicator) -> Vec<LocalizedTitle> {
    let describe = |target: Option<Target>| {
        target.map_or_else(
            || bilingual_text("none", "无"),
            |target| describe_threshold(indicator, target),
        )
    };
    if indicator.targets.iter().all(|dated| dated.target.is_none()) {
        return Vec::new();
    }
    if let [only] = indicator.targets[..] {
        return vec![describe(only.target)];
    }
    let each = standard.versions.iter().zip(&indicator.targets).map(|(version, dated)| {
        let (target, from) = (describe(dated.target), &version.date_of_effect);
        bilingual_text(
            format!("version {}, from {from}: {}", version.version, target.en),
            format!("第{}版，{from}起：{}", version.version, target.zh),
        )
    });
    each.collect()
}

/// Formats a value of an indicator with its unit: `85 %`, `20 s`.
pub(super) fn describe_value(indicator: &Indicator, value: f64) -> LocalizedTitle {
    match indicator.unit() {
        "ratio" => {
            let percent = (value * 1e6).round() / 1e4;
            bilingual_text(format!("{percent} %"), format!("{percent}%"))
        }
        "seconds" => describe_duration((value * SECOND as f64).round() as i64),
        _ => bilingual_text(value.to_string(), value.to_string()),
    }
}

fn describe_threshold(indicator: &Indicator, target: Target) -> LocalizedTitle {
    let value = |value: f64| describe_value(indicator, value);
    let limit = value(target.value);
    let (bound, beyond) = match target.better {
        TargetDirection::Higher => {
            (bilingual_text("at least", "不低于"), bilingual_text("below", "低于"))
        }
        TargetDirection::Lower => {
            (bilingual_text("at most", "不高于"), bilingual_text("above", "高于"))
        }
    };
    let warning = target.warning.map(value).map_or_else(LocalizedTitle::default, |warning| {
        bilingual_text(
            format!(", warning {} {}", beyond.en, warning.en),
            format!("，{}{}为预警", beyond.zh, warning.zh),
        )
    });
    bilingual_text(
        format!("{} {}{}", bound.en, limit.en, warning.en),
        format!("{}{}{}", bound.zh, limit.zh, warning.zh),
    )
}
