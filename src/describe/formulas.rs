//! Formulas and targets as sentences.

use super::fact_names::{FactName, fact_name};
use crate::describe::{bilingual_text, describe_duration, join_list, symbol_text};
use crate::domain::standard::{
    FactTally, FirstContactRule, Formula, Indicator, LocalizedTitle, Standard, Target,
    TargetDirection,
};
use crate::domain::time::timestamp::{SECOND, Timestamp};

/// How an indicator comes about: `answered calls, divided by answered, abandoned and overflowed calls`.
#[must_use]
pub fn describe_indicator(standard: &Standard, indicator: &Indicator) -> LocalizedTitle {
    match &indicator.formula {
        Formula::Ratio { good, of, .. } => {
            if let Some(own) = standard
                .first_contact_rules
                .iter()
                .find(|one| of.iter().any(|tally| tally.kind == one.first_fact))
            {
                return describe_first_contact(standard, own);
            }
            let (good, of) = (describe_tallies(standard, good), describe_tallies(standard, of));
            bilingual_text(
                format!("{}, divided by {}", good.en, of.en),
                format!("{}数 ÷ {}数", good.zh, of.zh),
            )
        }
        Formula::Duration { of } => {
            let (what, of) = (describe_measure(standard, of), describe_tallies(standard, of));
            bilingual_text(
                format!("mean, percentiles and maximum of the {} of {}", what.en, of.en),
                format!("{}的{}:平均值、百分位和最大值", of.zh, what.zh),
            )
        }
        Formula::Level { of } => {
            let of = describe_tallies(standard, of);
            bilingual_text(format!("number of {} now", of.en), format!("当前{}数", of.zh))
        }
        Formula::Oldest { of } => {
            let of = describe_tallies(standard, of);
            bilingual_text(
                format!("for how long the oldest of the {} has been so now", of.en),
                format!("当前{}中最早一个已持续的时间", of.zh),
            )
        }
        Formula::Score { of, weights } => {
            let of = describe_tallies(standard, of);
            let counts = |separator: &str, means: &str| {
                let each = weights
                    .iter()
                    .enumerate()
                    .map(|(place, weight)| format!("{}{means}{weight}", place + 1));
                each.collect::<Vec<_>>().join(separator)
            };
            bilingual_text(
                format!(
                    "mean of what the answers of {} count: {}",
                    of.en,
                    counts(", ", " counts ")
                ),
                format!("{}的平均得分:{}", of.zh, counts("、", "分计")),
            )
        }
        Formula::Share { part, whole } => {
            let (part, whole) =
                (describe_durations(standard, part), describe_durations(standard, whole));
            bilingual_text(
                format!("{}, divided by {}", part.en, whole.en),
                format!("{} ÷ {}", part.zh, whole.zh),
            )
        }
        Formula::Rate { of, per, population } => {
            let (of, users) =
                (describe_tallies(standard, of), &standard.populations[*population].name);
            bilingual_text(
                format!("{} for each {per} of the population `{users}`", of.en),
                format!("每{per}个“{users}”的{}数", of.zh),
            )
        }
        Formula::Difference { first, second, .. } => {
            let title = |place: &usize| &standard.indicators[*place].title;
            let (first, second) = (title(first), title(second));
            bilingual_text(
                format!("“{}” less “{}”", first.en, second.en),
                format!("“{}”减“{}”", first.zh, second.zh),
            )
        }
        Formula::EstimatedWait { waiting, handling, agents, window } => {
            let (waiting, agents) =
                (describe_tallies(standard, waiting), describe_tallies(standard, agents));
            let (handling, window) =
                (describe_durations(standard, handling), standard.windows[*window]);
            bilingual_text(
                format!(
                    "(number of {} + 1) × mean of {} over {window} ÷ number of {}",
                    waiting.en, handling.en, agents.en
                ),
                format!(
                    "(当前{}数 + 1) × {window}内{}的平均值 ÷ 当前{}数",
                    waiting.zh, handling.zh, agents.zh
                ),
            )
        }
    }
}

fn describe_first_contact(standard: &Standard, one_shot: &FirstContactRule) -> LocalizedTitle {
    let (contacts, within) =
        (describe_tallies(standard, &one_shot.contacts), describe_duration(one_shot.within_ms));
    let mut en = format!(
        "contacts that no other contact of the same customer followed within {}",
        within.en
    );
    let mut zh = format!("{}内同一客户未再次接触", within.zh);
    if !one_shot.invalidated_by.is_empty() {
        let spoilt = describe_tallies(standard, &one_shot.invalidated_by);
        en += &format!(" and that were not spoilt by {}", spoilt.en);
        zh += &format!("且未发生{}", spoilt.zh);
    }
    en += &format!(", divided by all contacts of known customers; contacts are {}", contacts.en);
    zh += &format!("的接触数 ÷ 已知客户的全部接触数;接触指:{}", contacts.zh);
    if !one_shot.excluded_by.is_empty() {
        let left_out = describe_tallies(standard, &one_shot.excluded_by);
        en += &format!("; contacts with {} are left out", left_out.en);
        zh += &format!(";有{}的不计", left_out.zh);
    }
    if one_shot.counted_when_matured {
        en += &format!("; each counts when its {} have passed", within.en);
        zh += &format!(";每次接触满{}后计入", within.zh);
    }
    bilingual_text(en, zh)
}

/// A list of tallies: `answered calls with a wait of at most 20 s`, `20秒内应答的通话`.
#[must_use]
pub fn describe_tallies(standard: &Standard, tallies: &[FactTally]) -> LocalizedTitle {
    let parts = formula_parts(standard, tallies);
    let plain = |part: &&FormulaPart| part.en_limits.is_empty();
    let same_noun = parts.iter().all(|part| part.fact_name.noun == parts[0].fact_name.noun);
    let mut en: Vec<String> = Vec::new();
    if same_noun {
        let before: Vec<String> = parts
            .iter()
            .filter(plain)
            .filter(|part| part.fact_name.is_outcome_first)
            .map(|part| part.fact_name.outcome.en.clone())
            .collect();
        let behind: Vec<String> = parts
            .iter()
            .filter(plain)
            .filter(|part| !part.fact_name.is_outcome_first)
            .map(|part| part.fact_name.outcome.en.clone())
            .collect();
        let noun = parts.first().map(|part| part.fact_name.noun.en.clone()).unwrap_or_default();
        if !before.is_empty() {
            en.push(format!("{} {noun}", join_list(&before, "and")));
        }
        if !behind.is_empty() {
            en.push(format!("{noun} {}", join_list(&behind, "or")));
        }
        en.extend(
            parts
                .iter()
                .filter(|part| !plain(part))
                .map(|part| format!("{}{}", part.fact_name.english_phrase(), part.en_limits)),
        );
    } else {
        en.extend(
            parts
                .iter()
                .map(|part| format!("{}{}", part.fact_name.english_phrase(), part.en_limits)),
        );
    }
    let zh = match &parts[..] {
        [one] => format!("{}{}", one.zh_limits, one.fact_name.chinese_phrase()),
        [first, ..] if same_noun => {
            let each: Vec<String> = parts
                .iter()
                .map(|part| format!("{}{}", part.zh_limits, part.fact_name.outcome.zh))
                .collect();
            format!("({})的{}", each.join(" + "), first.fact_name.noun.zh)
        }
        _ => {
            let each: Vec<String> = parts
                .iter()
                .map(|part| format!("{}{}", part.zh_limits, part.fact_name.chinese_phrase()))
                .collect();
            format!("({})", each.join(" + "))
        }
    };
    bilingual_text(join_list(&en, "and"), zh)
}

struct FormulaPart {
    fact_name: FactName,
    /// ` with a wait of at most 20 s`.
    en_limits: String,
    /// `20秒内`.
    zh_limits: String,
}

/// The tallies one by one; those that differ only in their answer are one.
fn formula_parts(standard: &Standard, tallies: &[FactTally]) -> Vec<FormulaPart> {
    let same = |one: &FactTally, other: &FactTally| {
        let exact = |tally: &FactTally| tally.values.is_some_and(|(low, high)| low == high);
        exact(one)
            && exact(other)
            && (one.kind, &one.labels, &one.conditions)
                == (other.kind, &other.labels, &other.conditions)
    };
    tallies
        .chunk_by(same)
        .map(|chunk| {
            let called = fact_name(standard, chunk[0].kind);
            let said = describe_limits(standard, &called, chunk);
            FormulaPart { fact_name: called, en_limits: said.en, zh_limits: said.zh }
        })
        .collect()
}

/// What limits tallies of one kind: ` with a wait of at most 20 s where tier is vip`.
fn describe_limits(
    standard: &Standard,
    called: &FactName,
    tallies: &[FactTally],
) -> LocalizedTitle {
    let (mut en, mut zh) = (String::new(), String::new());
    let tally = &tallies[0];
    for (dimension, values) in &tally.conditions {
        let name = &standard.schema.dimensions[*dimension];
        en += &format!(" where {name} is {}", join_list(values, "or"));
        zh += &format!("{name}为{}的", values.join("或"));
    }
    if !tally.labels.is_empty() {
        let field = standard.kinds.label_field(tally.kind).unwrap_or("word");
        let texts: Vec<String> =
            tally.labels.iter().map(|one| symbol_text(standard, *one)).collect();
        en += &format!(" with {field} {}", join_list(&texts, "or"));
        zh += &format!("{}为{}的", chinese_field_name(field), texts.join("或"));
    }
    let value = describe_values(tallies);
    if !value.en.is_empty() {
        let article =
            if called.value_name.en.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        en = format!(" with {article} {} of {}{en}", called.value_name.en, value.en);
        // `20秒内应答的通话` is how people say it; other limits name what they limit.
        zh += &if value.zh.ends_with('内') {
            value.zh
        } else {
            format!("{}{}的", called.value_name.zh, value.zh)
        };
    }
    bilingual_text(en, zh)
}

/// The values that fit: `at most 20 s`, `4 or 5`.
pub(super) fn describe_values(tallies: &[FactTally]) -> LocalizedTitle {
    let exact: Vec<String> = tallies
        .iter()
        .filter_map(|tally| tally.values)
        .filter(|(low, high)| low == high)
        .map(|(low, _)| low.to_string())
        .collect();
    if !exact.is_empty() {
        return bilingual_text(join_list(&exact, "or"), format!("为{}", exact.join("或")));
    }
    match tallies.first().and_then(|tally| tally.values) {
        // Limits below and beyond are kept as the next whole millisecond.
        Some((_, high)) if high != i64::MAX && high.rem_euclid(SECOND) == SECOND - 1 => {
            let limit = describe_duration(high + 1);
            bilingual_text(format!("less than {}", limit.en), format!("不足{}", limit.zh))
        }
        Some((_, high)) if high != i64::MAX => {
            let limit = describe_duration(high);
            bilingual_text(format!("at most {}", limit.en), format!("{}内", limit.zh))
        }
        Some((low, _)) if low.rem_euclid(SECOND) == 1 => {
            let limit = describe_duration(low - 1);
            bilingual_text(format!("more than {}", limit.en), format!("超过{}", limit.zh))
        }
        Some((low, _)) => {
            let limit = describe_duration(low);
            bilingual_text(format!("at least {}", limit.en), format!("至少{}", limit.zh))
        }
        None => LocalizedTitle::default(),
    }
}

/// The durations of tallies: `the conversation time of ended calls`.
fn describe_durations(standard: &Standard, of: &[FactTally]) -> LocalizedTitle {
    let (what, of) = (describe_measure(standard, of), describe_tallies(standard, of));
    bilingual_text(format!("the {} of {}", what.en, of.en), format!("{}的{}", of.zh, what.zh))
}

fn describe_measure(standard: &Standard, of: &[FactTally]) -> LocalizedTitle {
    let mut measures: Vec<LocalizedTitle> =
        of.iter().map(|tally| fact_name(standard, tally.kind).value_name).collect();
    measures.dedup();
    let (en, zh): (Vec<String>, Vec<String>) =
        measures.into_iter().map(|measure| (measure.en, measure.zh)).unzip();
    bilingual_text(join_list(&en, "or"), zh.join("或"))
}

/// What a field of an event is called in Chinese.
pub(super) fn chinese_field_name(field: &str) -> &'static str {
    match field {
        "reason" => "原因",
        "to" => "去向",
        "resolved" => "是否解决",
        "level" => "级别",
        "satisfied" => "是否满意",
        "at" => "预警点",
        "liable" => "责任方",
        _ => "标记",
    }
}

/// What is promised of an indicator at a time: `at least 85 %, in danger below 90 %`.
#[must_use]
pub fn describe_target(indicator: &Indicator, at: Option<Timestamp>) -> Option<LocalizedTitle> {
    Some(describe_threshold(indicator, indicator.target_at(at)?))
}

/// What every version of the standard aims at, the newest first: `version 2, from 2026-07-01: at least 90 %`. A single version
/// says its target alone.
#[must_use]
pub fn describe_targets(standard: &Standard, indicator: &Indicator) -> Vec<LocalizedTitle> {
    let said = |target: Option<Target>| {
        target.map_or_else(
            || bilingual_text("none", "无"),
            |target| describe_threshold(indicator, target),
        )
    };
    if indicator.targets.iter().all(|dated| dated.target.is_none()) {
        return Vec::new();
    }
    if let [only] = indicator.targets[..] {
        return vec![said(only.target)];
    }
    let each = standard.versions.iter().zip(&indicator.targets).map(|(version, dated)| {
        let (said, from) = (said(dated.target), &version.date_of_effect);
        bilingual_text(
            format!("version {}, from {from}: {}", version.version, said.en),
            format!("第{}版,{from}起:{}", version.version, said.zh),
        )
    });
    each.collect()
}

/// A value of an indicator with its unit: `85 %`, `20 s`.
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
    let (most, beyond) = match target.better {
        TargetDirection::Higher => {
            (bilingual_text("at least", "不低于"), bilingual_text("below", "低于"))
        }
        TargetDirection::Lower => {
            (bilingual_text("at most", "不高于"), bilingual_text("above", "高于"))
        }
    };
    let danger = target.warning.map(value).map_or_else(LocalizedTitle::default, |warning| {
        bilingual_text(
            format!(", in danger {} {}", beyond.en, warning.en),
            format!(",{}{}为预警", beyond.zh, warning.zh),
        )
    });
    bilingual_text(
        format!("{} {}{}", most.en, limit.en, danger.en),
        format!("{}{}{}", most.zh, limit.zh, danger.zh),
    )
}
