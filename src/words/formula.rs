//! Formulas and targets as sentences.

use super::names::{Called, called};
use super::{both, duration, list, word};
use crate::domain::standard::{Better, Formula, Indicator, Standard, Tally, Title};
use crate::domain::time::SECOND;

/// How an indicator comes about: `answered calls, divided by answered, abandoned and overflowed calls`.
#[must_use]
pub fn indicator(standard: &Standard, indicator: &Indicator) -> Title {
    match &indicator.formula {
        Formula::Ratio { good, of, matures_ms: Some(within) } => one_shot(standard, good, of, *within),
        Formula::Ratio { good, of, matures_ms: None } => {
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
    }
}

fn one_shot(standard: &Standard, good: &[Tally], of: &[Tally], within_ms: i64) -> Title {
    let own = |tally: &Tally| standard.one_shots.iter().find(|one| tally.kind == one.facts || tally.kind == one.facts.plus(1));
    let contacts = good.iter().chain(of).find_map(own).map(|one| one.contacts.clone()).unwrap_or_default();
    let (en, zh): (Vec<String>, Vec<String>) = contacts.iter().map(|kind| called(standard, *kind)).map(|one| (one.en(), one.zh())).unzip();
    let within = duration(within_ms);
    both(
        format!(
            "contacts that no other contact of the same customer followed within {}, divided by all contacts of known customers; \
             contacts are {}",
            within.en,
            list(&en, "and")
        ),
        format!("{}内同一客户未再次接触的接触数 ÷ 已知客户的全部接触数;接触指:{}", within.zh, zh.join("、")),
    )
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

/// What is promised of an indicator: `at least 85 %, in danger below 90 %`.
#[must_use]
pub fn target(indicator: &Indicator) -> Option<Title> {
    let target = indicator.target?;
    let value = |value: f64| match indicator.unit() {
        "ratio" => {
            let percent = (value * 1e6).round() / 1e4;
            both(format!("{percent} %"), format!("{percent}%"))
        }
        "seconds" => duration((value * SECOND as f64).round() as i64),
        _ => both(value.to_string(), value.to_string()),
    };
    let limit = value(target.value);
    let (most, beyond) = match target.better {
        Better::Higher => (both("at least", "不低于"), both("below", "低于")),
        Better::Lower => (both("at most", "不高于"), both("above", "高于")),
    };
    let danger = target.warning.map(value).map_or_else(Title::default, |warning| {
        both(format!(", in danger {} {}", beyond.en, warning.en), format!(",{}{}为预警", beyond.zh, warning.zh))
    });
    Some(both(format!("{} {}{}", most.en, limit.en, danger.en), format!("{}{}{}", most.zh, limit.zh, danger.zh)))
}
