//! Formulas as sentences.

use super::fact_names::{FactName, fact_name};
use super::net_promoter::describe_net_promoter;
use super::weighted::describe_weighted_score;
use crate::describe::{
    bilingual_text, describe_conditions, describe_duration, describe_window, join_list, symbol_text,
};
use crate::domain::standard::{
    FactTally, FirstContactRule, Formula, Indicator, LocalizedTitle, ScoreScheme, Standard,
};
use crate::domain::time::timestamp::SECOND;

/// Describes a formula: `answered calls, divided by answered and abandoned calls`.
#[must_use]
pub fn describe_indicator(standard: &Standard, indicator: &Indicator) -> LocalizedTitle {
    match &indicator.formula {
        Formula::Ratio { good, of, .. } => {
            if let Some(rule) = standard
                .first_contact_rules
                .iter()
                .find(|rule| of.iter().any(|tally| tally.kind == rule.first_fact))
            {
                return describe_first_contact(standard, rule);
            }
            let (good, of) = (describe_tallies(standard, good), describe_tallies(standard, of));
            bilingual_text(
                format!("{}, divided by {}", good.en, of.en),
                format!("{}数 ÷ {}数", good.zh, of.zh),
            )
        }
        Formula::Duration { of } => {
            let of = describe_durations(standard, of);
            bilingual_text(
                format!("mean, percentiles and maximum of {}", of.en),
                format!("{}：平均值、百分位数和最大值", of.zh),
            )
        }
        Formula::Count { of } | Formula::MissCount { of } => {
            describe_each(standard, of, ("number of ", ""), ("", "数"))
        }
        Formula::Level { of } => {
            describe_each(standard, of, ("number of ", " now"), ("当前", "数"))
        }
        Formula::MeanLevel { of } => {
            let en = ("mean number of ", ", weighted by time");
            describe_each(standard, of, en, ("", "数按时间加权的平均值"))
        }
        Formula::Oldest { of } => {
            let en = ("age of the oldest of the ", " now");
            describe_each(standard, of, en, ("当前", "的最长持续时间"))
        }
        Formula::Score { of, weights, scheme: ScoreScheme::NetPromoter } => {
            describe_net_promoter(&describe_tallies(standard, of), weights)
        }
        Formula::Score { of, weights, scheme: ScoreScheme::Weighted } => {
            let of = describe_tallies(standard, of);
            let list_weights = |separator: &str, verb: &str| {
                let each = weights
                    .iter()
                    .enumerate()
                    .map(|(place, weight)| format!("{}{verb}{weight}", place + 1));
                each.collect::<Vec<_>>().join(separator)
            };
            bilingual_text(
                format!("mean score of {}, where rating {}", of.en, list_weights(", ", " counts ")),
                format!("{}的平均得分：{}", of.zh, list_weights("、", "分计")),
            )
        }
        Formula::Share { part, whole, states } => {
            let [part, whole] = match states {
                None => [part, whole].map(|of| describe_durations(standard, of)),
                Some(states) => states.each_ref().map(|of| describe_state_time(standard, of)),
            };
            bilingual_text(
                format!("{}, divided by {}", part.en, whole.en),
                format!("{} ÷ {}", part.zh, whole.zh),
            )
        }
        Formula::Rate { of, per, population } => {
            let (of, users) =
                (describe_tallies(standard, of), &standard.populations[*population].name);
            bilingual_text(
                format!("{} per {per} of the population “{users}”", of.en),
                format!("每{per}名用户（`{users}`）的{}数", of.zh),
            )
        }
        Formula::Difference { first, second, .. } => {
            let title = |place: &usize| &standard.indicators[*place].title;
            let (first, second) = (title(first), title(second));
            bilingual_text(
                format!("“{}” minus “{}”", first.en, second.en),
                format!("“{}”减“{}”", first.zh, second.zh),
            )
        }
        Formula::Weighted(formula) => describe_weighted_score(standard, formula),
        Formula::Benchmark { series, .. } => describe_series(standard, *series),
        Formula::BenchmarkRatio { good, series } => {
            let (good, series) =
                (describe_tallies(standard, good), describe_series(standard, *series));
            bilingual_text(
                format!("number of {}, divided by the {}", good.en, series.en),
                format!("{}数 ÷ {}", good.zh, series.zh),
            )
        }
        Formula::EstimatedWait { waiting, handling, agents, window } => {
            let (waiting, agents) =
                (describe_tallies(standard, waiting), describe_tallies(standard, agents));
            let (handling, window) = (
                describe_durations(standard, handling),
                describe_window(standard.windows[*window]),
            );
            bilingual_text(
                format!(
                    "(number of {} + 1) × mean of {} {} ÷ number of {}",
                    waiting.en, handling.en, window.en, agents.en
                ),
                format!(
                    "（当前{}数 + 1）× {}{}的平均值 ÷ 当前{}数",
                    waiting.zh, window.zh, handling.zh, agents.zh
                ),
            )
        }
    }
}

/// Describes the value of an outside series in a window.
fn describe_series(standard: &Standard, series: usize) -> LocalizedTitle {
    let title = &standard.benchmarks[series].title;
    bilingual_text(
        format!(
            "value of the outside series “{}” for the period of the window, or for the newest period \
             that has ended",
            title.en
        ),
        format!("外部数据“{}”在该时段的值，缺失时取最近已结束时段的值", title.zh),
    )
}

fn describe_first_contact(standard: &Standard, rule: &FirstContactRule) -> LocalizedTitle {
    let counted: Vec<FactTally> = rule.counted_tallies().cloned().collect();
    let (contacts, within) =
        (describe_tallies(standard, &counted), describe_duration(rule.within_ms));
    let (mut en, mut zh) = if rule.repeats == rule.contacts {
        (
            format!(
                "contacts that were not followed by another contact of the same customer within {}",
                within.en
            ),
            format!("{}内同一客户未再次接触", within.zh),
        )
    } else {
        let repeats = describe_tallies(standard, &rule.repeats);
        (
            format!(
                "contacts that were not followed within {} by a repeat of the same customer \
                 (repeats are {})",
                within.en, repeats.en
            ),
            format!("{}内同一客户未再次接触（再次接触指：{}）", within.zh, repeats.zh),
        )
    };
    if !rule.invalidated_by.is_empty() {
        let invalidating = describe_tallies(standard, &rule.invalidated_by);
        en += &format!(" and not invalidated by {}", invalidating.en);
        zh += &format!("且未发生{}", invalidating.zh);
    }
    en += &format!(", divided by all contacts of known customers; contacts are {}", contacts.en);
    zh += &format!("的接触数 ÷ 已知客户的全部接触数；接触指：{}", contacts.zh);
    if !rule.excluded_by.is_empty() {
        let excluding = describe_tallies(standard, &rule.excluded_by);
        en += &format!("; contacts with {} are excluded", excluding.en);
        zh += &format!("；有{}的不计", excluding.zh);
    }
    if rule.counted_when_matured {
        en += &format!("; each contact counts after {}", within.en);
        zh += &format!("；每次接触满{}后计入", within.zh);
    }
    bilingual_text(en, zh)
}

/// Describes a list of tallies: `answered calls with a wait of at most 20 s`, `20秒内应答的通话`.
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
        let after: Vec<String> = parts
            .iter()
            .filter(plain)
            .filter(|part| !part.fact_name.is_outcome_first)
            .map(|part| part.fact_name.outcome.en.clone())
            .collect();
        let noun = parts.first().map(|part| part.fact_name.noun.en.clone()).unwrap_or_default();
        if !before.is_empty() {
            en.push(format!("{} {noun}", join_list(&before, "and")));
        }
        if !after.is_empty() {
            en.push(format!("{noun} {}", join_list(&after, "or")));
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
        [only] => format!("{}{}", only.zh_limits, only.fact_name.chinese_phrase()),
        [first, ..] if same_noun => {
            let each: Vec<String> = parts
                .iter()
                .map(|part| format!("{}{}", part.zh_limits, part.fact_name.outcome.zh))
                .collect();
            format!("（{}）的{}", each.join(" + "), first.fact_name.noun.zh)
        }
        _ => {
            let each: Vec<String> = parts
                .iter()
                .map(|part| format!("{}{}", part.zh_limits, part.fact_name.chinese_phrase()))
                .collect();
            format!("（{}）", each.join(" + "))
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

/// Splits tallies into parts. Tallies that differ only in their exact value share a part.
fn formula_parts(standard: &Standard, tallies: &[FactTally]) -> Vec<FormulaPart> {
    let differ_in_value = |left: &FactTally, right: &FactTally| {
        let exact = |tally: &FactTally| tally.values.is_some_and(|(low, high)| low == high);
        exact(left)
            && exact(right)
            && (left.kind, &left.labels, &left.conditions)
                == (right.kind, &right.labels, &right.conditions)
    };
    tallies
        .chunk_by(differ_in_value)
        .map(|chunk| {
            let fact_name = fact_name(standard, chunk[0].kind);
            let limits = describe_limits(standard, &fact_name, chunk);
            FormulaPart { fact_name, en_limits: limits.en, zh_limits: limits.zh }
        })
        .collect()
}

/// Describes the limits of tallies of one kind: ` with a wait of at most 20 s where tier is vip`.
/// Empty without limits.
fn describe_limits(
    standard: &Standard,
    fact_name: &FactName,
    tallies: &[FactTally],
) -> LocalizedTitle {
    let tally = &tallies[0];
    let LocalizedTitle { mut en, mut zh } = describe_conditions(standard, &tally.conditions);
    if !zh.is_empty() {
        zh += "且";
    }
    if !tally.labels.is_empty() {
        let field = standard.kinds.label_field(tally.kind).unwrap_or("label");
        let texts: Vec<String> =
            tally.labels.iter().map(|label| symbol_text(standard, *label)).collect();
        let limit = describe_label_limit(field, &texts);
        en += &limit.en;
        zh += &limit.zh;
    }
    if let Some(calendar) = tally.calendar {
        let name = &standard.calendars[calendar].name;
        en += &format!(" in the hours of the calendar `{name}`");
        zh += &format!("在`{name}`时段且");
    }
    let value = describe_values(tallies);
    if !value.en.is_empty() {
        let name = &fact_name.value_name;
        let article = if name.en.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        en = format!(" with {article} {} of {}{en}", name.en, value.en);
        // `20秒内应答的通话` is idiomatic Chinese. Other limits name their value.
        zh += &if value.zh.ends_with('内') {
            value.zh
        } else {
            format!("{}{}且", name.zh, value.zh)
        };
    }
    bilingual_text(en, zh)
}

/// Describes a limit on labels: ` with reason full`, ``原因为`full`且``.
fn describe_label_limit(field: &str, texts: &[String]) -> LocalizedTitle {
    match (field, texts.join("/").as_str()) {
        ("resolved", "true") => bilingual_text(" marked resolved", "已解决且"),
        ("resolved", "false") => bilingual_text(" marked unresolved", "未解决且"),
        ("satisfied", "true") => bilingual_text(" marked satisfied", "客户满意且"),
        ("satisfied", "false") => bilingual_text(" marked dissatisfied", "客户不满意且"),
        _ => {
            let texts_zh: Vec<String> = texts.iter().map(|text| chinese_label(text)).collect();
            bilingual_text(
                format!(" with {field} {}", join_list(texts, "or")),
                format!("{}为{}且", chinese_field_name(field), texts_zh.join("或")),
            )
        }
    }
}

/// Describes the values that tallies accept: `at most 20 s`, `4 or 5`. Empty if all values count.
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
        // Exclusive limits are stored as the next whole millisecond.
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

/// Describes facts, with a text before and one after them in each language.
fn describe_each(
    standard: &Standard,
    of: &[FactTally],
    en: (&str, &str),
    zh: (&str, &str),
) -> LocalizedTitle {
    let of = describe_tallies(standard, of);
    bilingual_text(format!("{}{}{}", en.0, of.en, en.1), format!("{}{}{}", zh.0, of.zh, zh.1))
}

/// Describes the durations of tallies: `the talk time of ended calls`.
fn describe_durations(standard: &Standard, of: &[FactTally]) -> LocalizedTitle {
    let (value, of) = (describe_value_names(standard, of), describe_tallies(standard, of));
    bilingual_text(format!("the {} of {}", value.en, of.en), format!("{}的{}", of.zh, value.zh))
}

/// Describes the time in states: `the time of agents in conversation or in wrap-up`.
fn describe_state_time(standard: &Standard, states: &[FactTally]) -> LocalizedTitle {
    let of = describe_tallies(standard, states);
    bilingual_text(format!("the time of {}", of.en), format!("{}的时长", of.zh))
}

fn describe_value_names(standard: &Standard, of: &[FactTally]) -> LocalizedTitle {
    let mut names: Vec<LocalizedTitle> =
        of.iter().map(|tally| fact_name(standard, tally.kind).value_name).collect();
    names.dedup();
    let (en, zh): (Vec<String>, Vec<String>) =
        names.into_iter().map(|name| (name.en, name.zh)).unzip();
    bilingual_text(join_list(&en, "or"), zh.join("或"))
}

/// Returns the Chinese name of a dimension, as on the wallboard. Other names are set in backticks.
#[must_use]
pub fn chinese_dimension_name(name: &str) -> String {
    let known = match name {
        "center" => "中心",
        "queue" => "队列",
        "region" => "区域",
        "channel" => "渠道",
        "tier" => "客户等级",
        "product" => "产品",
        "class" => "类别",
        "grade" => "级别",
        "area" => "片区",
        _ => return format!("`{name}`"),
    };
    known.to_owned()
}

/// Returns the Chinese text of a label. Labels without one are set in backticks.
pub(super) fn chinese_label(text: &str) -> String {
    let known = match text {
        "customer" => "客户",
        "third_party" => "第三方",
        "force_majeure" => "不可抗力",
        "true" => "是",
        "false" => "否",
        _ => return format!("`{text}`"),
    };
    known.to_owned()
}

/// Returns the Chinese name of an event field.
pub(super) fn chinese_field_name(field: &str) -> &'static str {
    match field {
        "reason" => "原因",
        "to" => "转至",
        "resolved" => "是否解决",
        "level" => "级别",
        "satisfied" => "是否满意",
        "at" => "预警点",
        "liable" => "责任方",
        _ => "标记",
    }
}
