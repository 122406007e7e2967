//! Alert policies as sentences.

use super::formula::value;
use super::{both, duration, list};
use crate::domain::standard::alert::{Figure, Grade, Measure, NoData, Orders, Pace, Policy, Rule};
use crate::domain::standard::{Better, Indicator, Standard, Title};

/// When a policy tells whom, a sentence each.
#[must_use]
pub fn policy(standard: &Standard, policy: &Policy) -> Vec<Title> {
    let mut said = match &policy.rule {
        Rule::Figure(rule) => figure(standard, rule),
        Rule::Orders(rule) => orders(standard, rule),
    };
    if let (Rule::Figure(_), Some(to)) = (&policy.rule, &policy.to) {
        said.push(both(format!("Told: {to}, as {}.", policy.severity.name()), format!("通知:{to},级别{}。", policy.severity.name())));
    }
    if policy.follow_up {
        said.push(both("It stays on the list of shortfalls until somebody closes it.", "列入短板清单,直至有人办结。"));
    }
    said
}

fn figure(standard: &Standard, rule: &Figure) -> Vec<Title> {
    let indicator = &standard.indicators[rule.indicator];
    let scopes = rule.scopes.iter().map(|kind| match &standard.scopes[*kind][..] {
        [] => both("the whole organisation", "全部"),
        dimensions => {
            let names: Vec<&str> = dimensions.iter().map(|place| &*standard.schema.dimensions[*place]).collect();
            both(format!("each {}", names.join(" and ")), format!("每个{}", names.join("+")))
        }
    });
    let (en, zh): (Vec<String>, Vec<String>) = scopes.map(|scope| (scope.en, scope.zh)).unzip();
    let mut said = vec![both(
        format!("Looks at “{}” of {}.", indicator.title.en, list(&en, "and")),
        format!("监看{}的“{}”。", zh.join("、"), indicator.title.zh),
    )];
    said.push(when(standard, rule, indicator));
    if rule.keep_firing_ms > 0 {
        let keep = duration(rule.keep_firing_ms);
        said.push(both(format!("It must be good again for {}.", keep.en), format!("恢复须持续{}。", keep.zh)));
    }
    // Fewer than one is no data, of which the next sentence speaks.
    if rule.min_count > 1 {
        said.push(both(format!("Fewer than {} cases change nothing.", rule.min_count), format!("样本少于{}时保持原状。", rule.min_count)));
    }
    said.push(match rule.no_data {
        NoData::Hold => both("Without data all stays as it is.", "无数据时保持原状。"),
        NoData::ClearAfter(millis) => {
            both(format!("Without data for {} it is over.", duration(millis).en), format!("无数据达{}即解除。", duration(millis).zh))
        }
        NoData::FireAfter(millis) => {
            both(format!("Without data for {} it fires.", duration(millis).en), format!("无数据达{}即告警。", duration(millis).zh))
        }
    });
    said
}

/// When it fires and when it ends.
fn when(standard: &Standard, rule: &Figure, indicator: &Indicator) -> Title {
    let window = |place: &usize| standard.windows[*place].to_string();
    let lasting = if rule.for_ms > 0 {
        let lasting = duration(rule.for_ms);
        both(format!(" for {}", lasting.en), format!("持续{}", lasting.zh))
    } else {
        Title::default()
    };
    match &rule.measure {
        Measure::Value { window: over, fire, clear } => {
            let (over, over_zh) =
                over.as_ref().map(window).map_or_else(Default::default, |over| (format!(" over {over}"), format!("{over}内")));
            let fires = match fire {
                None => both("when its target is missed", "未达目标"),
                Some(limit) => {
                    let (en, zh) = if limit.better == Better::Higher { ("below", "低于") } else { ("above", "高于") };
                    let said = value(indicator, limit.value);
                    both(format!("{en} {}", said.en), format!("{zh}{}", said.zh))
                }
            };
            let ends = match (clear, fire) {
                (Some(clear), _) => {
                    let said = value(indicator, *clear);
                    both(format!("; ends at {}", said.en), format!(";恢复至{}解除", said.zh))
                }
                (None, None) => both("; ends where the target is no longer in danger", ";脱离预警区解除"),
                (None, Some(_)) => Title::default(),
            };
            both(
                format!("Fires {}{over}{}{}.", fires.en, lasting.en, ends.en),
                format!("{over_zh}{}{}告警{}。", fires.zh, lasting.zh, ends.zh),
            )
        }
        Measure::Burn { windows, pace, calendar } => {
            let windows: Vec<String> = windows.iter().map(window).collect();
            let pace = match pace {
                Pace::Times(times) => both(format!("{times} times the even pace"), format!("均速的{times}倍")),
                Pace::Share { share, of } => {
                    let of = crate::domain::window::Window::Calendar(*of);
                    let percent = (share * 1e4).round() / 1e2;
                    both(
                        format!("a pace at which the first of them takes {percent} % of what “{of}” allows"),
                        format!("首个窗口耗用“{of}”额度{percent}%的速度"),
                    )
                }
            };
            let hours = calendar.map_or_else(Title::default, |calendar| {
                let name = &standard.calendars[calendar].name;
                both(format!(", in the hours of “{name}”"), format!("(按“{name}”的服务时间)"))
            });
            both(
                format!(
                    "Fires when the error budget is used up faster than {} over {}{}{}.",
                    pace.en,
                    list(&windows, "and"),
                    lasting.en,
                    hours.en
                ),
                format!("误差额度在{}内消耗均快于{}{}时告警{}。", windows.join("和"), pace.zh, lasting.zh, hours.zh),
            )
        }
    }
}

fn orders(standard: &Standard, rule: &Orders) -> Vec<Title> {
    let name = &standard.commitments[rule.commitment].name;
    let (mut en, mut zh) = (String::new(), String::new());
    for (dimension, values) in &rule.conditions {
        let dimension = &standard.schema.dimensions[*dimension];
        en += &format!(" where {dimension} is {}", list(values, "or"));
        zh += &format!("({dimension}为{})", values.join("或"));
    }
    let mut said =
        vec![both(format!("Looks at open orders with the promise “{name}”{en}."), format!("监看有“{name}”承诺的在途工单{zh}。"))];
    said.extend(rule.grades.iter().map(grade));
    said
}

fn grade(grade: &Grade) -> Title {
    let when = match (&grade.warning, grade.text.ends_with('%')) {
        (None, _) => both("overdue", "超时"),
        (Some(_), true) => both(format!("{} of the time used", grade.text), format!("已用时限{}", grade.text)),
        (Some(_), false) => both(format!("{} left", grade.text), format!("剩余{}", grade.text)),
    };
    let to = grade.to.as_deref().map_or_else(|| both("everybody", "全部接收人"), |to| both(to, to));
    let severity = grade.severity.name();
    both(format!("{}: tells {}, as {severity}.", when.en, to.en), format!("{}:通知{},级别{severity}。", when.zh, to.zh))
}
