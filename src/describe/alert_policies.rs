//! Alert policies as sentences.

use super::formulas::describe_value;
use crate::describe::{bilingual_text, describe_duration, join_list};
use crate::domain::standard::alert_policy::{
    AlertMeasure, AlertPolicy, AlertRule, BurnRateThreshold, IndicatorRule, NoDataAction,
    OrderRule, OrderRuleGrade,
};
use crate::domain::standard::{Indicator, LocalizedTitle, Standard, TargetDirection};

/// When a policy tells whom, a sentence each.
#[must_use]
pub fn describe_policy(standard: &Standard, policy: &AlertPolicy) -> Vec<LocalizedTitle> {
    let mut said = match &policy.rule {
        AlertRule::Indicator(rule) => describe_indicator_rule(standard, rule),
        AlertRule::Orders(rule) => describe_order_rule(standard, rule),
    };
    if let (AlertRule::Indicator(_), Some(to)) = (&policy.rule, &policy.receiver) {
        said.push(bilingual_text(
            format!("Told: {to}, as {}.", policy.severity.name()),
            format!("通知:{to},级别{}。", policy.severity.name()),
        ));
    }
    if policy.follow_up {
        said.push(bilingual_text(
            "It stays on the list of shortfalls until somebody closes it.",
            "列入短板清单,直至有人办结。",
        ));
    }
    said
}

fn describe_indicator_rule(standard: &Standard, rule: &IndicatorRule) -> Vec<LocalizedTitle> {
    let indicator = &standard.indicators[rule.indicator];
    let scopes = rule.scopes.iter().map(|kind| match &standard.scopes[*kind][..] {
        [] => bilingual_text("the whole organisation", "全部"),
        dimensions => {
            let names: Vec<&str> =
                dimensions.iter().map(|place| &*standard.schema.dimensions[*place]).collect();
            bilingual_text(
                format!("each {}", names.join(" and ")),
                format!("每个{}", names.join("+")),
            )
        }
    });
    let (en, zh): (Vec<String>, Vec<String>) = scopes.map(|scope| (scope.en, scope.zh)).unzip();
    let mut said = vec![bilingual_text(
        format!("Looks at “{}” of {}.", indicator.title.en, join_list(&en, "and")),
        format!("监看{}的“{}”。", zh.join("、"), indicator.title.zh),
    )];
    said.push(describe_firing(standard, rule, indicator));
    if rule.keep_firing_ms > 0 {
        let keep = describe_duration(rule.keep_firing_ms);
        said.push(bilingual_text(
            format!("It must be good again for {}.", keep.en),
            format!("恢复须持续{}。", keep.zh),
        ));
    }
    // Fewer than one is no data, of which the next sentence speaks.
    if rule.min_count > 1 {
        said.push(bilingual_text(
            format!("Fewer than {} cases change nothing.", rule.min_count),
            format!("样本少于{}时保持原状。", rule.min_count),
        ));
    }
    said.push(match rule.no_data {
        NoDataAction::Hold => {
            bilingual_text("Without data all stays as it is.", "无数据时保持原状。")
        }
        NoDataAction::ClearAfter(millis) => bilingual_text(
            format!("Without data for {} it is over.", describe_duration(millis).en),
            format!("无数据达{}即解除。", describe_duration(millis).zh),
        ),
        NoDataAction::FireAfter(millis) => bilingual_text(
            format!("Without data for {} it fires.", describe_duration(millis).en),
            format!("无数据达{}即告警。", describe_duration(millis).zh),
        ),
    });
    said
}

/// When it fires and when it ends.
fn describe_firing(
    standard: &Standard,
    rule: &IndicatorRule,
    indicator: &Indicator,
) -> LocalizedTitle {
    let window = |place: &usize| standard.windows[*place].to_string();
    let lasting = if rule.for_ms > 0 {
        let lasting = describe_duration(rule.for_ms);
        bilingual_text(format!(" for {}", lasting.en), format!("持续{}", lasting.zh))
    } else {
        LocalizedTitle::default()
    };
    match &rule.measure {
        AlertMeasure::Value { window: over, fire, clear } => {
            let (over, over_zh) = over.as_ref().map(window).map_or_else(Default::default, |over| {
                (format!(" over {over}"), format!("{over}内"))
            });
            let fires = match fire {
                None => bilingual_text("when its target is missed", "未达目标"),
                Some(limit) => {
                    let (en, zh) = if limit.better == TargetDirection::Higher {
                        ("below", "低于")
                    } else {
                        ("above", "高于")
                    };
                    let said = describe_value(indicator, limit.value);
                    bilingual_text(format!("{en} {}", said.en), format!("{zh}{}", said.zh))
                }
            };
            let ends = match (clear, fire) {
                (Some(clear), _) => {
                    let said = describe_value(indicator, *clear);
                    bilingual_text(
                        format!("; ends at {}", said.en),
                        format!(";恢复至{}解除", said.zh),
                    )
                }
                (None, None) => bilingual_text(
                    "; ends where the target is no longer in danger",
                    ";脱离预警区解除",
                ),
                (None, Some(_)) => LocalizedTitle::default(),
            };
            bilingual_text(
                format!("Fires {}{over}{}{}.", fires.en, lasting.en, ends.en),
                format!("{over_zh}{}{}告警{}。", fires.zh, lasting.zh, ends.zh),
            )
        }
        AlertMeasure::BurnRate { windows, threshold: pace, calendar } => {
            let windows: Vec<String> = windows.iter().map(window).collect();
            let pace = match pace {
                BurnRateThreshold::Times(times) => bilingual_text(
                    format!("{times} times the even pace"),
                    format!("均速的{times}倍"),
                ),
                BurnRateThreshold::BudgetShare { share, period: of } => {
                    let of = crate::domain::time::window::Window::Calendar(*of);
                    let percent = (share * 1e4).round() / 1e2;
                    bilingual_text(
                        format!(
                            "a pace at which the first of them takes {percent} % of what “{of}” allows"
                        ),
                        format!("首个窗口耗用“{of}”额度{percent}%的速度"),
                    )
                }
            };
            let hours = calendar.map_or_else(LocalizedTitle::default, |calendar| {
                let name = &standard.calendars[calendar].name;
                bilingual_text(
                    format!(", in the hours of “{name}”"),
                    format!("(按“{name}”的服务时间)"),
                )
            });
            bilingual_text(
                format!(
                    "Fires when the error budget is used up faster than {} over {}{}{}.",
                    pace.en,
                    join_list(&windows, "and"),
                    lasting.en,
                    hours.en
                ),
                format!(
                    "误差额度在{}内消耗均快于{}{}时告警{}。",
                    windows.join("和"),
                    pace.zh,
                    lasting.zh,
                    hours.zh
                ),
            )
        }
    }
}

fn describe_order_rule(standard: &Standard, rule: &OrderRule) -> Vec<LocalizedTitle> {
    let name = &standard.commitments[rule.commitment].name;
    let (mut en, mut zh) = (String::new(), String::new());
    for (dimension, values) in &rule.conditions {
        let dimension = &standard.schema.dimensions[*dimension];
        en += &format!(" where {dimension} is {}", join_list(values, "or"));
        zh += &format!("({dimension}为{})", values.join("或"));
    }
    let mut said = vec![bilingual_text(
        format!("Looks at open orders with the promise “{name}”{en}."),
        format!("监看有“{name}”承诺的在途工单{zh}。"),
    )];
    said.extend(rule.grades.iter().map(describe_grade));
    said
}

fn describe_grade(grade: &OrderRuleGrade) -> LocalizedTitle {
    let when = match (&grade.warning, grade.text.ends_with('%')) {
        (None, _) => bilingual_text("overdue", "超时"),
        (Some(_), true) => bilingual_text(
            format!("{} of the time used", grade.text),
            format!("已用时限{}", grade.text),
        ),
        (Some(_), false) => {
            bilingual_text(format!("{} left", grade.text), format!("剩余{}", grade.text))
        }
    };
    let to = grade
        .receiver
        .as_deref()
        .map_or_else(|| bilingual_text("everybody", "全部接收人"), |to| bilingual_text(to, to));
    let severity = grade.severity.name();
    bilingual_text(
        format!("{}: tells {}, as {severity}.", when.en, to.en),
        format!("{}:通知{},级别{severity}。", when.zh, to.zh),
    )
}
