//! Formulas and targets as sentences.

use super::names::{Called, called};
use super::{both, duration, list, word};
use crate::domain::standard::{Better, Formula, Indicator, OneShot, Standard, Tally, Target, Title};
use crate::domain::time::{SECOND, Timestamp};

/// How an indicator comes about: `answered calls, divided by answered, abandoned and overflowed calls`.
#[must_use]
pub fn indicator(standard: &Standard, indicator: &Indicator) -> Title {
    match &indicator.formula {
        Formula::Ratio { good, of, .. } => {
            if let Some(own) = standard.one_shots.iter().find(|one| of.iter().any(|tally| tally.kind == one.facts)) {
                return one_shot(standard, own);
            }
            let (good, of) = (tallies(standard, good), tallies(standard, of));
            both(format!("{}, divided by {}", good.en, of.en), format!("{}数 ÷ {}数", good.zh, of.zh))
        }
        Formula::Duration { of } => {
            let (what, of) = (measure(standard, of), tallies(standard, of));
            both(
                format!("mean, percentiles and maximum of the {} of {}", what.en, of.en),
                format!("{}的{}:平均值、百分位和最大值", of.zh, what.zh),
            )
        }
        Formula::Level { of } => {
            let of = tallies(standard, of);
            both(format!("number of {} now", of.en), format!("当前{}数", of.zh))
        }
        Formula::Oldest { of } => {
            let of = tallies(standard, of);
            both(format!("for how long the oldest of the {} has been so now", of.en), format!("当前{}中最早一个已持续的时间", of.zh))
        }
        Formula::Score { of, weights } => {
            let of = tallies(standard, of);
            let counts = |separator: &str, means: &str| {
                let each = weights.iter().enumerate().map(|(place, weight)| format!("{}{means}{weight}", place + 1));
                each.collect::<Vec<_>>().join(separator)
            };
            both(
                format!("mean of what the answers of {} count: {}", of.en, counts(", ", " counts ")),
                format!("{}的平均得分:{}", of.zh, counts("、", "分计")),
            )
        }
        Formula::Share { part, whole } => {
            let (part, whole) = (durations(standard, part), durations(standard, whole));
            both(format!("{}, divided by {}", part.en, whole.en), format!("{} ÷ {}", part.zh, whole.zh))
        }
        Formula::Rate { of, per, population } => {
            let (of, users) = (tallies(standard, of), &standard.populations[*population].name);
            both(format!("{} for each {per} of the population `{users}`", of.en), format!("每{per}个“{users}”的{}数", of.zh))
        }
        Formula::Difference { first, second, .. } => {
            let title = |place: &usize| &standard.indicators[*place].title;
            let (first, second) = (title(first), title(second));
            both(format!("“{}” less “{}”", first.en, second.en), format!("“{}”减“{}”", first.zh, second.zh))
        }
        Formula::EstimatedWait { waiting, handling, agents, window } => {
            let (waiting, agents) = (tallies(standard, waiting), tallies(standard, agents));
            let (handling, window) = (durations(standard, handling), standard.windows[*window]);
            both(
                format!("(number of {} + 1) × mean of {} over {window} ÷ number of {}", waiting.en, handling.en, agents.en),
                format!("(当前{}数 + 1) × {window}内{}的平均值 ÷ 当前{}数", waiting.zh, handling.zh, agents.zh),
            )
        }
    }
}

fn one_shot(standard: &Standard, one_shot: &OneShot) -> Title {
    let (contacts, within) = (tallies(standard, &one_shot.contacts), duration(one_shot.within_ms));
    let mut en = format!("contacts that no other contact of the same customer followed within {}", within.en);
    let mut zh = format!("{}内同一客户未再次接触", within.zh);
    if !one_shot.spoilt_by.is_empty() {
        let spoilt = tallies(standard, &one_shot.spoilt_by);
        en += &format!(" and that were not spoilt by {}", spoilt.en);
        zh += &format!("且未发生{}", spoilt.zh);
    }
    en += &format!(", divided by all contacts of known customers; contacts are {}", contacts.en);
    zh += &format!("的接触数 ÷ 已知客户的全部接触数;接触指:{}", contacts.zh);
    if !one_shot.leave_out.is_empty() {
        let left_out = tallies(standard, &one_shot.leave_out);
        en += &format!("; contacts with {} are left out", left_out.en);
        zh += &format!(";有{}的不计", left_out.zh);
    }
    if one_shot.matured {
        en += &format!("; each counts when its {} have passed", within.en);
        zh += &format!(";每次接触满{}后计入", within.zh);
    }
    both(en, zh)
}

/// A list of tallies: `answered calls with a wait of at most 20 s`, `20秒内应答的通话`.
#[must_use]
pub fn tallies(standard: &Standard, tallies: &[Tally]) -> Title {
    let parts = parts(standard, tallies);
    let plain = |part: &&Part| part.en_limits.is_empty();
    let same_noun = parts.iter().all(|part| part.called.noun == parts[0].called.noun);
    let mut en: Vec<String> = Vec::new();
    if same_noun {
        let before: Vec<String> =
            parts.iter().filter(plain).filter(|part| part.called.before).map(|part| part.called.what.en.clone()).collect();
        let behind: Vec<String> =
            parts.iter().filter(plain).filter(|part| !part.called.before).map(|part| part.called.what.en.clone()).collect();
        let noun = parts.first().map(|part| part.called.noun.en.clone()).unwrap_or_default();
        if !before.is_empty() {
            en.push(format!("{} {noun}", list(&before, "and")));
        }
        if !behind.is_empty() {
            en.push(format!("{noun} {}", list(&behind, "or")));
        }
        en.extend(parts.iter().filter(|part| !plain(part)).map(|part| format!("{}{}", part.called.en(), part.en_limits)));
    } else {
        en.extend(parts.iter().map(|part| format!("{}{}", part.called.en(), part.en_limits)));
    }
    let zh = match &parts[..] {
        [one] => format!("{}{}", one.zh_limits, one.called.zh()),
        [first, ..] if same_noun => {
            let each: Vec<String> = parts.iter().map(|part| format!("{}{}", part.zh_limits, part.called.what.zh)).collect();
            format!("({})的{}", each.join(" + "), first.called.noun.zh)
        }
        _ => {
            let each: Vec<String> = parts.iter().map(|part| format!("{}{}", part.zh_limits, part.called.zh())).collect();
            format!("({})", each.join(" + "))
        }
    };
    both(list(&en, "and"), zh)
}

struct Part {
    called: Called,
    /// ` with a wait of at most 20 s`.
    en_limits: String,
    /// `20秒内`.
    zh_limits: String,
}

/// The tallies one by one; those that differ only in their answer are one.
fn parts(standard: &Standard, tallies: &[Tally]) -> Vec<Part> {
    let same = |one: &Tally, other: &Tally| {
        let exact = |tally: &Tally| tally.values.is_some_and(|(low, high)| low == high);
        exact(one) && exact(other) && (one.kind, &one.words, &one.conditions) == (other.kind, &other.words, &other.conditions)
    };
    tallies
        .chunk_by(same)
        .map(|chunk| {
            let called = called(standard, chunk[0].kind);
            let said = limits(standard, &called, chunk);
            Part { called, en_limits: said.en, zh_limits: said.zh }
        })
        .collect()
}

/// What limits tallies of one kind: ` with a wait of at most 20 s where tier is vip`.
fn limits(standard: &Standard, called: &Called, tallies: &[Tally]) -> Title {
    let (mut en, mut zh) = (String::new(), String::new());
    let tally = &tallies[0];
    for (dimension, values) in &tally.conditions {
        let name = &standard.schema.dimensions[*dimension];
        en += &format!(" where {name} is {}", list(values, "or"));
        zh += &format!("{name}为{}的", values.join("或"));
    }
    if !tally.words.is_empty() {
        let field = standard.kinds.word(tally.kind).unwrap_or("word");
        let texts: Vec<String> = tally.words.iter().map(|one| word(standard, *one)).collect();
        en += &format!(" with {field} {}", list(&texts, "or"));
        zh += &format!("{}为{}的", field_zh(field), texts.join("或"));
    }
    let value = values(tallies);
    if !value.en.is_empty() {
        let article = if called.measure.en.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        en = format!(" with {article} {} of {}{en}", called.measure.en, value.en);
        // `20秒内应答的通话` is how people say it; other limits name what they limit.
        zh += &if value.zh.ends_with('内') { value.zh } else { format!("{}{}的", called.measure.zh, value.zh) };
    }
    both(en, zh)
}

/// The values that fit: `at most 20 s`, `4 or 5`.
pub(super) fn values(tallies: &[Tally]) -> Title {
    let exact: Vec<String> =
        tallies.iter().filter_map(|tally| tally.values).filter(|(low, high)| low == high).map(|(low, _)| low.to_string()).collect();
    if !exact.is_empty() {
        return both(list(&exact, "or"), format!("为{}", exact.join("或")));
    }
    match tallies.first().and_then(|tally| tally.values) {
        // Limits below and beyond are kept as the next whole millisecond.
        Some((_, high)) if high != i64::MAX && high.rem_euclid(SECOND) == SECOND - 1 => {
            let limit = duration(high + 1);
            both(format!("less than {}", limit.en), format!("不足{}", limit.zh))
        }
        Some((_, high)) if high != i64::MAX => {
            let limit = duration(high);
            both(format!("at most {}", limit.en), format!("{}内", limit.zh))
        }
        Some((low, _)) if low.rem_euclid(SECOND) == 1 => {
            let limit = duration(low - 1);
            both(format!("more than {}", limit.en), format!("超过{}", limit.zh))
        }
        Some((low, _)) => {
            let limit = duration(low);
            both(format!("at least {}", limit.en), format!("至少{}", limit.zh))
        }
        None => Title::default(),
    }
}

/// The durations of tallies: `the conversation time of ended calls`.
fn durations(standard: &Standard, of: &[Tally]) -> Title {
    let (what, of) = (measure(standard, of), tallies(standard, of));
    both(format!("the {} of {}", what.en, of.en), format!("{}的{}", of.zh, what.zh))
}

fn measure(standard: &Standard, of: &[Tally]) -> Title {
    let mut measures: Vec<Title> = of.iter().map(|tally| called(standard, tally.kind).measure).collect();
    measures.dedup();
    let (en, zh): (Vec<String>, Vec<String>) = measures.into_iter().map(|measure| (measure.en, measure.zh)).unzip();
    both(list(&en, "or"), zh.join("或"))
}

/// What a field of an event is called in Chinese.
pub(super) fn field_zh(field: &str) -> &'static str {
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
pub fn target(indicator: &Indicator, at: Option<Timestamp>) -> Option<Title> {
    Some(aim(indicator, indicator.target_at(at)?))
}

/// What every version of the standard aims at, the newest first: `version 2, from 2026-07-01: at least 90 %`. A single version
/// says its target alone.
#[must_use]
pub fn targets(standard: &Standard, indicator: &Indicator) -> Vec<Title> {
    let said = |target: Option<Target>| target.map_or_else(|| both("none", "无"), |target| aim(indicator, target));
    if indicator.targets.iter().all(|dated| dated.target.is_none()) {
        return Vec::new();
    }
    if let [only] = indicator.targets[..] {
        return vec![said(only.target)];
    }
    let each = standard.versions.iter().zip(&indicator.targets).map(|(version, dated)| {
        let (said, from) = (said(dated.target), &version.date_of_effect);
        both(format!("version {}, from {from}: {}", version.version, said.en), format!("第{}版,{from}起:{}", version.version, said.zh))
    });
    each.collect()
}

/// A value of an indicator with its unit: `85 %`, `20 s`.
pub(super) fn value(indicator: &Indicator, value: f64) -> Title {
    match indicator.unit() {
        "ratio" => {
            let percent = (value * 1e6).round() / 1e4;
            both(format!("{percent} %"), format!("{percent}%"))
        }
        "seconds" => duration((value * SECOND as f64).round() as i64),
        _ => both(value.to_string(), value.to_string()),
    }
}

fn aim(indicator: &Indicator, target: Target) -> Title {
    let value = |value: f64| self::value(indicator, value);
    let limit = value(target.value);
    let (most, beyond) = match target.better {
        Better::Higher => (both("at least", "不低于"), both("below", "低于")),
        Better::Lower => (both("at most", "不高于"), both("above", "高于")),
    };
    let danger = target.warning.map(value).map_or_else(Title::default, |warning| {
        both(format!(", in danger {} {}", beyond.en, warning.en), format!(",{}{}为预警", beyond.zh, warning.zh))
    });
    both(format!("{} {}{}", most.en, limit.en, danger.en), format!("{}{}{}", most.zh, limit.zh, danger.zh))
}
