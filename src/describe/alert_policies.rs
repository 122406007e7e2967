//! Alert policies as sentences.

use super::targets::describe_value;
use crate::describe::{
    bilingual_text, chinese_dimension_name, describe_conditions, describe_duration,
    describe_window, join_list,
};
use crate::domain::standard::alert_policy::{
    AlertMeasure, AlertPolicy, AlertRule, BurnRateThreshold, IndicatorRule, NoDataAction,
    OrderRule, OrderRuleGrade, Severity,
};
use crate::domain::standard::{Indicator, LocalizedTitle, Standard, TargetDirection, WarningTime};
use crate::domain::time::period::Period;
use crate::domain::time::window::Window;

/// Describes when a policy fires and whom it notifies, one sentence per element.
#[must_use]
pub fn describe_policy(standard: &Standard, policy: &AlertPolicy) -> Vec<LocalizedTitle> {
    let mut sentences = match &policy.rule {
        AlertRule::Indicator(rule) => describe_indicator_rule(standard, rule),
        AlertRule::Orders(rule) => describe_order_rule(standard, rule),
    };
    if let (AlertRule::Indicator(_), Some(receiver)) = (&policy.rule, &policy.receiver) {
        let severity = describe_severity(policy.severity);
        sentences.push(bilingual_text(
            format!("Notifies {receiver}, severity {}.", severity.en),
            format!("通知`{receiver}`，级别：{}。", severity.zh),
        ));
    }
    if policy.follow_up {
        sentences.push(bilingual_text(
            "Each breach stays on the follow-up list until someone closes it.",
            "每次未达标均列入短板整改清单，直至办结。",
        ));
    }
    sentences
}

fn describe_severity(severity: Severity) -> LocalizedTitle {
    let zh = match severity {
        Severity::Warning => "警告",
        Severity::Critical => "严重",
    };
    bilingual_text(severity.name(), zh)
}

fn describe_indicator_rule(standard: &Standard, rule: &IndicatorRule) -> Vec<LocalizedTitle> {
    let indicator = &standard.indicators[rule.indicator];
    let scopes = rule.scopes.iter().map(|kind| match &standard.scopes[*kind][..] {
        [] => bilingual_text("the whole organization", "全部范围"),
        dimensions => {
            let names: Vec<&str> =
                dimensions.iter().map(|place| &*standard.schema.dimensions[*place]).collect();
            let names_zh: Vec<String> =
                names.iter().map(|name| chinese_dimension_name(name)).collect();
            bilingual_text(
                format!("each {}", names.join(" and ")),
                format!("每个{}", names_zh.join("及")),
            )
        }
    });
    let (en, zh): (Vec<String>, Vec<String>) = scopes.map(|scope| (scope.en, scope.zh)).unzip();
    let mut sentences = vec![bilingual_text(
        format!("Evaluates “{}” of {}.", indicator.title.en, join_list(&en, "and")),
        format!("监控{}的“{}”。", zh.join("、"), indicator.title.zh),
    )];
    sentences.push(describe_firing(standard, rule, indicator));
    if rule.keep_firing_ms > 0 {
        let hold = describe_duration(rule.keep_firing_ms);
        sentences.push(bilingual_text(
            format!("It ends only after the condition has cleared for {}.", hold.en),
            format!("恢复须持续{}才解除。", hold.zh),
        ));
    }
    // A minimum of one case is the same as having data, which the next sentence covers.
    if rule.min_count > 1 {
        sentences.push(bilingual_text(
            format!("With fewer than {} cases the alert keeps its state.", rule.min_count),
            format!("样本少于{}个时保持原状态。", rule.min_count),
        ));
    }
    sentences.push(match rule.no_data {
        NoDataAction::Hold => {
            bilingual_text("Without data the alert keeps its state.", "无数据时保持原状态。")
        }
        NoDataAction::ClearAfter(millis) => bilingual_text(
            format!("Ends after {} without data.", describe_duration(millis).en),
            format!("无数据达{}时解除。", describe_duration(millis).zh),
        ),
        NoDataAction::FireAfter(millis) => bilingual_text(
            format!("Fires after {} without data.", describe_duration(millis).en),
            format!("无数据达{}时告警。", describe_duration(millis).zh),
        ),
    });
    sentences
}

/// Describes the conditions under which an indicator rule fires and ends.
fn describe_firing(
    standard: &Standard,
    rule: &IndicatorRule,
    indicator: &Indicator,
) -> LocalizedTitle {
    let for_duration = if rule.for_ms > 0 {
        let length = describe_duration(rule.for_ms);
        bilingual_text(format!(" for {}", length.en), format!("，持续{}", length.zh))
    } else {
        LocalizedTitle::default()
    };
    match &rule.measure {
        AlertMeasure::Value { window, fire, clear } => {
            let value = window.map_or_else(
                || bilingual_text("the value", "当前值"),
                |place| {
                    let range = describe_window(standard.windows[place]);
                    bilingual_text(
                        format!("the value, measured {},", range.en),
                        format!("{}的值", range.zh),
                    )
                },
            );
            let fires = match fire {
                None => bilingual_text("misses its target", "未达标"),
                Some(limit) => {
                    let (en, zh) = if limit.better == TargetDirection::Higher {
                        ("below", "低于")
                    } else {
                        ("above", "高于")
                    };
                    let number = describe_value(indicator, limit.value);
                    bilingual_text(format!("is {en} {}", number.en), format!("{zh}{}", number.zh))
                }
            };
            let ends = match (clear, fire) {
                (Some(clear), _) => {
                    let number = describe_value(indicator, *clear);
                    bilingual_text(
                        format!(" Ends when it is back at {}.", number.en),
                        format!("；恢复至{}时解除", number.zh),
                    )
                }
                (None, None) => bilingual_text(
                    " Ends when the target is met without a warning.",
                    "；恢复达标且脱离预警时解除",
                ),
                (None, Some(_)) => LocalizedTitle::default(),
            };
            bilingual_text(
                format!("Fires when {} {}{}.{}", value.en, fires.en, for_duration.en, ends.en),
                format!("{}{}{}时告警{}。", value.zh, fires.zh, for_duration.zh, ends.zh),
            )
        }
        AlertMeasure::BurnRate { windows, threshold, calendar } => {
            let lengths: Vec<LocalizedTitle> =
                windows.iter().map(|place| window_length(standard.windows[*place])).collect();
            let speed = describe_burn_rate(*threshold, lengths.first());
            let hours = calendar.map_or_else(LocalizedTitle::default, |calendar| {
                let name = &standard.calendars[calendar].name;
                bilingual_text(
                    format!(", in the opening hours of calendar “{name}”"),
                    format!("（按日历`{name}`的服务时间计算）"),
                )
            });
            let (en, zh): (Vec<String>, Vec<String>) =
                lengths.into_iter().map(|length| (length.en, length.zh)).unzip();
            bilingual_text(
                format!(
                    "Fires when the error budget burns faster than {} over the last {}{}{}.",
                    speed.en,
                    join_list(&en, "and"),
                    for_duration.en,
                    hours.en
                ),
                format!(
                    "近{}的容错额度消耗均快于{}{}{}时告警。",
                    zh.join("和近"),
                    speed.zh,
                    hours.zh,
                    for_duration.zh
                ),
            )
        }
    }
}

fn window_length(window: Window) -> LocalizedTitle {
    match window {
        Window::Rolling(millis) => describe_duration(millis),
        Window::Calendar(_) | Window::All => describe_window(window),
    }
}

/// Describes the threshold of a burn rate. `longest` is the length of the rule's longest window.
fn describe_burn_rate(
    threshold: BurnRateThreshold,
    longest: Option<&LocalizedTitle>,
) -> LocalizedTitle {
    match threshold {
        BurnRateThreshold::Times(times) => bilingual_text(
            format!("{times} times the sustainable rate"),
            format!("匀速消耗的{times}倍"),
        ),
        BurnRateThreshold::BudgetShare { share, period } => {
            let percent = (share * 1e4).round() / 1e2;
            let longest = longest.cloned().unwrap_or_default();
            let (en, zh) = match period {
                Period::QuarterHour => ("15-minute", "15分钟"),
                Period::HalfHour => ("30-minute", "30分钟"),
                Period::Day => ("daily", "当日"),
                Period::Week => ("weekly", "本周"),
                Period::Month => ("monthly", "本月"),
            };
            bilingual_text(
                format!("{percent} % of the {en} budget in {}", longest.en),
                format!("每{}消耗{zh}额度的{percent}%", longest.zh),
            )
        }
    }
}

fn describe_order_rule(standard: &Standard, rule: &OrderRule) -> Vec<LocalizedTitle> {
    let name = &standard.commitments[rule.commitment].name;
    let mut conditions = describe_conditions(standard, &rule.conditions);
    if !rule.conditions.is_empty() {
        conditions.zh = format!("（{}）", conditions.zh);
    }
    let mut sentences = vec![bilingual_text(
        format!("Evaluates open orders with the commitment “{name}”{}.", conditions.en),
        format!("监控有`{name}`承诺的在途工单{}。", conditions.zh),
    )];
    sentences.extend(rule.grades.iter().map(|grade| describe_grade(standard, rule, grade)));
    sentences
}

fn describe_grade(standard: &Standard, rule: &OrderRule, grade: &OrderRuleGrade) -> LocalizedTitle {
    let warning = standard.commitments[rule.commitment]
        .terms
        .iter()
        .flat_map(|terms| &terms.warnings)
        .find(|warning| Some(warning.label) == grade.warning);
    let reached = match (&grade.warning, warning.map(|warning| warning.at)) {
        (None, _) => bilingual_text("Overdue", "已超时"),
        (Some(_), Some(WarningTime::Percent(percent))) => {
            bilingual_text(format!("{percent} % of the time used"), format!("已用时限的{percent}%"))
        }
        (Some(_), Some(WarningTime::Before(millis))) => {
            let left = describe_duration(millis);
            bilingual_text(format!("{} left", left.en), format!("剩余{}", left.zh))
        }
        (Some(_), None) => bilingual_text(grade.text.clone(), format!("`{}`", grade.text)),
    };
    let receiver = grade.receiver.as_deref().map_or_else(
        || bilingual_text("all receivers", "全部接收人"),
        |receiver| bilingual_text(receiver, format!("`{receiver}`")),
    );
    let severity = describe_severity(grade.severity);
    bilingual_text(
        format!("{}: notifies {}, severity {}.", reached.en, receiver.en, severity.en),
        format!("{}：通知{}，级别：{}。", reached.zh, receiver.zh, severity.zh),
    )
}
