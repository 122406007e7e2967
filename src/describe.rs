//! Descriptions of a standard in plain English and Chinese.
//!
//! The sentences are generated from the checked standard, so they always match what is computed.
//! [`describe_indicator`] and [`describe_target`] explain a reading. [`describe_commitment`] lists
//! the terms of a commitment. [`describe_policy`] lists when an alert fires and whom it notifies.
//! [`describe_reason`] explains an excluded case. The names of facts are in `fact_names`.

mod alert_policies;
mod commitments;
mod counted_unit;
mod exclusion_reasons;
mod fact_names;
mod formulas;
mod net_promoter;
mod targets;
mod weighted;

pub use self::alert_policies::describe_policy;
pub use self::commitments::describe_commitment;
pub use self::counted_unit::{describe_counted_unit, describe_counted_units};
pub use self::exclusion_reasons::describe_reason;
pub use self::fact_names::describe_fact;
pub use self::formulas::{chinese_dimension_name, describe_indicator, describe_tallies};
pub use self::targets::{describe_newest_targets, describe_target, describe_targets};

use crate::domain::events::event::Symbol;
use crate::domain::standard::{LocalizedTitle, Standard};
use crate::domain::time::period::Period;
use crate::domain::time::timestamp::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::time::window::Window;

fn bilingual_text(en: impl Into<String>, zh: impl Into<String>) -> LocalizedTitle {
    LocalizedTitle { en: en.into(), zh: zh.into() }
}

/// Formats a duration in ms: `20 s`, `10 min`, `48 h`. Whole days are used above three days.
fn describe_duration(millis: i64) -> LocalizedTitle {
    match millis {
        0 => bilingual_text("0 s", "0秒"),
        _ if millis % DAY == 0 && millis > 3 * DAY => {
            bilingual_text(format!("{} days", millis / DAY), format!("{}天", millis / DAY))
        }
        _ if millis % HOUR == 0 => {
            bilingual_text(format!("{} h", millis / HOUR), format!("{}小时", millis / HOUR))
        }
        _ if millis % MINUTE == 0 => {
            bilingual_text(format!("{} min", millis / MINUTE), format!("{}分钟", millis / MINUTE))
        }
        _ => {
            let seconds = millis as f64 / SECOND as f64;
            bilingual_text(format!("{seconds} s"), format!("{seconds}秒"))
        }
    }
}

/// Names the time range of a window: `over the last 30 min`, `近30分钟`; `today`, `今日`.
#[must_use]
pub fn describe_window(window: Window) -> LocalizedTitle {
    match window {
        Window::Rolling(millis) => {
            let length = describe_duration(millis);
            bilingual_text(format!("over the last {}", length.en), format!("近{}", length.zh))
        }
        Window::Calendar(Period::QuarterHour) => {
            bilingual_text("in the current quarter hour", "当前15分钟")
        }
        Window::Calendar(Period::HalfHour) => {
            bilingual_text("in the current half hour", "当前30分钟")
        }
        Window::Calendar(Period::Day) => bilingual_text("today", "今日"),
        Window::Calendar(Period::Week) => bilingual_text("this week", "本周"),
        Window::Calendar(Period::Month) => bilingual_text("this month", "本月"),
        Window::All => bilingual_text("since the first event", "全部时段"),
    }
}

/// Joins parts as `a, b and c`, with `conjunction` before the last one.
fn join_list(parts: &[String], conjunction: &str) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} {conjunction} {last}", first.join(", ")),
    }
}

/// Formats conditions on dimensions: ` where tier is vip`, ``客户等级为`vip` ``.
fn describe_conditions(standard: &Standard, conditions: &[(usize, Vec<String>)]) -> LocalizedTitle {
    let parts = conditions.iter().map(|(dimension, values)| {
        let name = &standard.schema.dimensions[*dimension];
        let quoted: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
        (
            format!(" where {name} is {}", join_list(values, "or")),
            format!("{}为{}", chinese_dimension_name(name), quoted.join("或")),
        )
    });
    let (en, zh): (Vec<String>, Vec<String>) = parts.unzip();
    bilingual_text(en.concat(), zh.join("且"))
}

/// Returns the text behind a label of the standard.
fn symbol_text(standard: &Standard, label: Symbol) -> String {
    crate::domain::explain::explanation::symbol_text(label, standard, &Default::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard_file::{BUILT_IN, BUILT_IN_NAME, parse_standard};

    fn built_in_standard() -> Standard {
        parse_standard(BUILT_IN_NAME, BUILT_IN).unwrap_or_else(|problems| panic!("{problems:#?}"))
    }

    #[test]
    fn describes_indicators_in_both_languages() {
        let standard = built_in_standard();
        let describe = |name: &str| {
            let indicator =
                standard.indicators.iter().find(|indicator| indicator.name == name).expect(name);
            let text = describe_indicator(&standard, indicator);
            (text.en, text.zh)
        };
        let both = |en: &str, zh: &str| (en.to_owned(), zh.to_owned());
        assert_eq!(
            describe("service_level_20s"),
            both(
                "answered calls with a wait of at most 20 s, divided by answered, abandoned and \
                 overflowed calls",
                "20秒内应答的通话数 ÷ （应答 + 放弃 + 溢出）的通话数"
            )
        );
        assert_eq!(
            describe("repair_timeliness_due"),
            both(
                "kept commitments “repair”, divided by kept and missed commitments “repair”",
                "兑现的`repair`承诺数 ÷ （兑现 + 未兑现）的`repair`承诺数"
            )
        );
        assert_eq!(
            describe("calls_waiting"),
            both("number of calls waiting now", "当前排队中的通话数")
        );
        assert_eq!(
            describe("vip_answer_rate").1,
            "客户等级为`vip`且应答的通话数 ÷ （客户等级为`vip`且应答 + 客户等级为`vip`且放弃 + \
             客户等级为`vip`且溢出）的通话数"
        );
        assert_eq!(
            describe("satisfaction_rate"),
            both(
                "answered surveys with a rating of 4 or 5, divided by answered surveys",
                "评分为4或5且已作答的评价数 ÷ 已作答的评价数"
            )
        );
        assert_eq!(
            describe("one_shot_resolution"),
            both(
                "contacts that were not followed by another contact of the same customer within \
                 72 h and not invalidated by ended calls marked unresolved and served tickets \
                 marked unresolved, divided by all contacts of known customers; contacts are \
                 answered calls and called tickets",
                "72小时内同一客户未再次接触且未发生（未解决且结束的通话 + 未解决且办结的票号）的接触数 ÷ \
                 已知客户的全部接触数；接触指：（应答的通话 + 叫号的票号）"
            )
        );
    }

    #[test]
    fn describes_targets_and_durations_with_units() {
        let standard = built_in_standard();
        let describe = |name: &str| {
            let indicator =
                standard.indicators.iter().find(|indicator| indicator.name == name).expect(name);
            indicator
                .overall_target_at(None)
                .map(|target| describe_target(indicator, target))
                .map(|text| (text.en, text.zh))
        };
        assert_eq!(
            describe("answer_rate"),
            Some((
                "at least 85 %, warning below 90 %".to_owned(),
                "不低于85%，低于90%为预警".to_owned()
            ))
        );
        assert_eq!(
            describe("hall_wait"),
            Some((
                "at most 10 min, warning above 8 min".to_owned(),
                "不高于10分钟，高于8分钟为预警".to_owned()
            ))
        );
        assert_eq!(describe("handling_time"), None);
        assert_eq!(describe_duration(90_000).en, "90 s");
        assert_eq!(describe_duration(7 * 24 * HOUR).zh, "7天");
        assert_eq!(describe_window(Window::Rolling(30 * MINUTE)).zh, "近30分钟");
        assert_eq!(describe_window(Window::Calendar(Period::Day)).zh, "今日");
    }

    #[test]
    fn every_built_in_fact_has_a_display_name() {
        let standard = built_in_standard();
        for name in standard.kinds.names() {
            let kind = standard.kinds.find_kind(name).expect(name);
            let text = describe_fact(&standard, kind);
            assert!(
                !text.en.contains('.') && !text.zh.contains('.'),
                "{name} is only called {}",
                text.en
            );
        }
    }

    #[test]
    fn describes_commitments_with_all_terms() {
        let standard = built_in_standard();
        let repair = standard
            .commitments
            .iter()
            .find(|commitment| commitment.name == "repair")
            .expect("built-in commitment");
        let (en, zh): (Vec<String>, Vec<String>) = describe_commitment(&standard, repair)
            .into_iter()
            .map(|text| (text.en, text.zh))
            .unzip();
        assert_eq!(
            en,
            [
                "The clock of repairs runs from “opened” to “resolved”.",
                "Deadline: the due time in the case's events; the latest value applies.",
                "Void if one of these happens first: cancelled repairs.",
                "Pauses for which customer, third_party or force_majeure is liable stop the clock.",
                "During any other pause the clock continues.",
                "Reopening does not change the first verdict.",
                "Warnings: at 50 % and 80 % of the time allowed; 4 h and 1 h before the deadline.",
                "Due soon from 4 h before the deadline.",
            ]
        );
        assert_eq!(
            zh,
            [
                "故障单自受理起计时，至办结止。",
                "时限：事件给出的时限（`due`），以最后一次为准。",
                "若先发生以下情况则作废：取消的故障单。",
                "暂停（责任方：客户、第三方、不可抗力）期间停止计时。",
                "其他暂停期间继续计时。",
                "重开不改变首次判定。",
                "预警：已用时限的50%、80%；到期前4小时、1小时。",
                "到期前4小时起为即将到期。",
            ]
        );
    }

    #[test]
    fn describes_alert_policies_in_both_languages() {
        let standard = built_in_standard();
        let describe = |name: &str| {
            let policy =
                standard.policies.iter().find(|policy| policy.name == name).expect("policy");
            let texts = describe_policy(&standard, policy).into_iter();
            let (en, zh): (Vec<String>, Vec<String>) = texts.map(|text| (text.en, text.zh)).unzip();
            (en.join(" "), zh.concat())
        };
        assert_eq!(
            describe("answer_rate_low"),
            (
                "Evaluates “Answer rate” of each center. Fires when the value, measured over the \
                 last 30 min, misses its target for 5 min. Ends when the target is met without a \
                 warning. It ends only after the condition has cleared for 5 min. With fewer than \
                 20 cases the alert keeps its state. Without data the alert keeps its state. Each \
                 breach stays on the follow-up list until someone closes it."
                    .to_owned(),
                "监控每个中心的“接通率”。近30分钟的值未达标，持续5分钟时告警；恢复达标且脱离预警时解除。\
                 恢复须持续5分钟才解除。样本少于20个时保持原状态。无数据时保持原状态。\
                 每次未达标均列入短板整改清单，直至办结。"
                    .to_owned()
            )
        );
        assert_eq!(
            describe("repair_deadline"),
            (
                "Evaluates open orders with the commitment “repair”. 4 h left: notifies desk, \
                 severity warning. 1 h left: notifies duty_officer, severity warning. Overdue: \
                 notifies manager, severity critical."
                    .to_owned(),
                "监控有`repair`承诺的在途工单。剩余4小时：通知`desk`，级别：警告。\
                 剩余1小时：通知`duty_officer`，级别：警告。已超时：通知`manager`，级别：严重。"
                    .to_owned()
            )
        );
    }
}
