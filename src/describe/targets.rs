//! Targets as sentences.

use crate::describe::{bilingual_text, describe_conditions, describe_duration};
use crate::domain::standard::{
    Indicator, LocalizedTitle, ScopedTarget, Standard, Target, TargetDirection,
};
use crate::domain::time::timestamp::SECOND;

/// Describes the targets of all versions, newest first, each in the order of precedence:
/// `version 2, from 2026-07-01: at least 90 %`, `where center is hefei: at least 95 %`.
///
/// A single version has only its targets. The list is empty if no version has a target.
#[must_use]
pub fn describe_targets(standard: &Standard, indicator: &Indicator) -> Vec<LocalizedTitle> {
    if !indicator.has_target() {
        return Vec::new();
    }
    if let [only] = &indicator.targets[..] {
        let none = LocalizedTitle::default();
        let entries = only.entries.iter();
        return entries.map(|entry| describe_entry(standard, indicator, &none, entry)).collect();
    }
    let mut texts = Vec::new();
    for (version, dated) in standard.versions.iter().zip(&indicator.targets) {
        let (name, from) = (&version.version, &version.date_of_effect);
        let prefix =
            bilingual_text(format!("version {name}, from {from}"), format!("第{name}版，{from}起"));
        if dated.entries.is_empty() {
            texts
                .push(bilingual_text(format!("{}: none", prefix.en), format!("{}：无", prefix.zh)));
        }
        let entries = dated.entries.iter();
        texts.extend(entries.map(|entry| describe_entry(standard, indicator, &prefix, entry)));
    }
    texts
}

/// Describes the targets of the newest version in one line.
#[must_use]
pub fn describe_newest_targets(standard: &Standard, indicator: &Indicator) -> LocalizedTitle {
    let none = LocalizedTitle::default();
    let entries = indicator.targets.first().into_iter().flat_map(|dated| &dated.entries);
    let texts = entries.map(|entry| describe_entry(standard, indicator, &none, entry));
    let (en, zh): (Vec<String>, Vec<String>) = texts.map(|text| (text.en, text.zh)).unzip();
    bilingual_text(en.join("; "), zh.join("；"))
}

/// Describes a target with its version, conditions and date.
fn describe_entry(
    standard: &Standard,
    indicator: &Indicator,
    version: &LocalizedTitle,
    entry: &ScopedTarget,
) -> LocalizedTitle {
    let conditions = describe_conditions(standard, &entry.conditions);
    let from = entry.from.map_or_else(LocalizedTitle::default, |from| {
        bilingual_text(format!("from {}", from.day), format!("{}起", from.day))
    });
    let join = |parts: [&str; 3], comma: &str, colon: &str| {
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { String::new() } else { parts.join(comma) + colon }
    };
    let target = describe_target(indicator, entry.target);
    bilingual_text(
        join([&version.en, conditions.en.trim_start(), &from.en], ", ", ": ") + &target.en,
        join([&version.zh, &conditions.zh, &from.zh], "，", "：") + &target.zh,
    )
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

/// Describes a target: `at least 85 %, warning below 90 %`.
#[must_use]
pub fn describe_target(indicator: &Indicator, target: Target) -> LocalizedTitle {
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
