//! Words: what a standard means, in plain English and Chinese, made from its formulas and not written beside them.
//!
//! [`indicator`] and [`target`] say how a figure comes about, [`commitment`] what is promised, [`policy`] who is told when, [`reason`] why a case was not
//! counted. The table of facts stands in `names`.

mod alert_policies;
mod commitments;
mod exclusion_reasons;
mod fact_names;
mod formulas;

pub use self::alert_policies::describe_policy;
pub use self::commitments::describe_commitment;
pub use self::exclusion_reasons::describe_reason;
pub use self::fact_names::describe_fact;
pub use self::formulas::{describe_indicator, describe_tallies, describe_target, describe_targets};

use crate::domain::events::event::Symbol;
use crate::domain::standard::{LocalizedTitle, Standard};
use crate::domain::time::timestamp::{HOUR, MINUTE, SECOND};

/// The same in both languages.
fn bilingual_text(en: impl Into<String>, zh: impl Into<String>) -> LocalizedTitle {
    LocalizedTitle { en: en.into(), zh: zh.into() }
}

/// `20 s`, `10 min`, `48 h`, `3 days`.
fn describe_duration(millis: i64) -> LocalizedTitle {
    const DAY: i64 = 24 * HOUR;
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

/// `a, b and c`.
fn join_list(parts: &[String], last: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., one] => format!("{} {last} {one}", most.join(", ")),
    }
}

/// The text of a word of the standard.
fn symbol_text(standard: &Standard, word: Symbol) -> String {
    crate::domain::explain::explanation::symbol_text(word, standard, &Default::default())
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
        let said = |name: &str| {
            let found =
                standard.indicators.iter().find(|indicator| indicator.name == name).expect(name);
            let said = describe_indicator(&standard, found);
            (said.en, said.zh)
        };
        let both = |en: &str, zh: &str| (en.to_owned(), zh.to_owned());
        assert_eq!(
            said("service_level_20s"),
            both(
                "answered calls with a wait of at most 20 s, divided by answered, abandoned and overflowed calls",
                "20秒内应答的通话数 ÷ (应答 + 放弃 + 溢出)的通话数"
            )
        );
        assert_eq!(
            said("repair_timeliness_due"),
            both(
                "kept promises “repair”, divided by kept and missed promises “repair”",
                "兑现的“repair”承诺数 ÷ (兑现 + 未兑现)的“repair”承诺数"
            )
        );
        assert_eq!(
            said("calls_waiting"),
            both("number of calls waiting now", "当前排队中的通话数")
        );
        assert_eq!(
            said("satisfaction_rate"),
            both(
                "answered surveys with an answer of 4 or 5, divided by answered surveys",
                "答案为4或5的已作答的评价数 ÷ 已作答的评价数"
            )
        );
        assert_eq!(
            said("one_shot_resolution"),
            both(
                "contacts that no other contact of the same customer followed within 72 h and that were not spoilt by ended calls with \
                 resolved false and served tickets with resolved false, divided by all contacts of known customers; contacts are \
                 answered calls and called tickets",
                "72小时内同一客户未再次接触且未发生(是否解决为false的结束的通话 + 是否解决为false的办结的票号)的接触数 ÷ \
                 已知客户的全部接触数;接触指:(应答的通话 + 叫号的票号)"
            )
        );
    }

    #[test]
    fn describes_targets_and_durations_with_units() {
        let standard = built_in_standard();
        let said = |name: &str| {
            let found =
                standard.indicators.iter().find(|indicator| indicator.name == name).expect(name);
            describe_target(found, None).map(|said| (said.en, said.zh))
        };
        assert_eq!(
            said("answer_rate"),
            Some((
                "at least 85 %, in danger below 90 %".to_owned(),
                "不低于85%,低于90%为预警".to_owned()
            ))
        );
        assert_eq!(
            said("hall_wait"),
            Some((
                "at most 10 min, in danger above 8 min".to_owned(),
                "不高于10分钟,高于8分钟为预警".to_owned()
            ))
        );
        assert_eq!(said("handling_time"), None);
        assert_eq!(describe_duration(90_000).en, "90 s");
        assert_eq!(describe_duration(7 * 24 * HOUR).zh, "7天");
    }

    #[test]
    fn every_built_in_fact_has_a_display_name() {
        let standard = built_in_standard();
        for name in standard.kinds.names() {
            let kind = standard.kinds.find_kind(name).expect(name);
            let said = describe_fact(&standard, kind);
            assert!(
                !said.en.contains('.') && !said.zh.contains('.'),
                "{name} is only called {}",
                said.en
            );
        }
    }

    #[test]
    fn describes_commitments_with_all_terms() {
        let standard = built_in_standard();
        let repair =
            standard.commitments.iter().find(|one| one.name == "repair").expect("a commitment");
        let sentences: Vec<String> =
            describe_commitment(&standard, repair).into_iter().map(|said| said.en).collect();
        assert_eq!(
            sentences,
            [
                "From opened repairs until resolved repairs.",
                "Deadline: the due time that the case's events say; the last one said holds.",
                "Void if this comes first: cancelled repairs.",
                "Pauses that customer, third_party or force_majeure is liable for: the clock stands.",
                "Any other pause: the clock runs on.",
                "A reopening changes nothing: the first verdict stands.",
                "Warnings: 50%, 80%, 4h and 1h (of the time allowed, or before the deadline).",
                "Due soon: 4 h before the deadline.",
            ]
        );
    }
}
