//! Why something was not counted, as a sentence.

use super::fact_names::{FactName, describe_fact, fact_name};
use super::formulas::{chinese_field_name, describe_values};
use crate::describe::bilingual_text;
use crate::domain::explain::explanation::ExclusionReason;
use crate::domain::facts::catalog::FactKind;
use crate::domain::standard::{FactTally, Formula, Indicator, LocalizedTitle, Standard};

/// Why something was left out of an indicator; `word` is the text that belongs to the reason.
#[must_use]
pub fn describe_reason(
    standard: &Standard,
    indicator: &Indicator,
    reason: ExclusionReason,
    word: Option<&str>,
) -> LocalizedTitle {
    match reason {
        ExclusionReason::Value { kind, good } => {
            let called = fact_name(standard, kind);
            let wanted = describe_values(&tallies_of_kind(indicator, kind, good));
            let (en, zh) = (
                format!("the {} is not {}", called.value_name.en, wanted.en),
                format!("{}不符合“{}”", called.value_name.zh, wanted.zh),
            );
            describe_fact_reason(&called, good, &en, &zh)
        }
        ExclusionReason::UnknownValue { kind, good } => {
            let called = fact_name(standard, kind);
            let (en, zh) = (
                format!("the {} is not known", called.value_name.en),
                format!("{}未知", called.value_name.zh),
            );
            describe_fact_reason(&called, good, &en, &zh)
        }
        ExclusionReason::Label { kind, good } => {
            let field = standard.kinds.label_field(kind).unwrap_or("word");
            let (en, zh) = (
                format!("another {field}, or none, was said"),
                format!("{}不符或未说明", chinese_field_name(field)),
            );
            describe_fact_reason(&fact_name(standard, kind), good, &en, &zh)
        }
        ExclusionReason::Attributes { kind, good } => describe_fact_reason(
            &fact_name(standard, kind),
            good,
            "the formula wants cases with other attributes",
            "工单属性不符合公式条件",
        ),
        ExclusionReason::Void { commitment, kind } => {
            let (name, by) =
                (&standard.commitments[commitment].name, describe_fact(standard, kind));
            bilingual_text(
                format!("promise “{name}” is void: {} came first", by.en),
                format!("“{name}”承诺作废:先发生了{}", by.zh),
            )
        }
        ExclusionReason::Excused { commitment, .. } => {
            let name = &standard.commitments[commitment].name;
            let (party, party_zh) = (word.unwrap_or("a party not named"), word.unwrap_or("未说明"));
            bilingual_text(
                format!("promise “{name}” is excused: {party} is liable"),
                format!("“{name}”承诺免责:责任方为{party_zh}"),
            )
        }
        ExclusionReason::Undecided { commitment } => {
            let name = &standard.commitments[commitment].name;
            bilingual_text(
                format!("promise “{name}” is not decided yet"),
                format!("“{name}”承诺尚未判定"),
            )
        }
        ExclusionReason::NoDeadline { commitment } => {
            let name = &standard.commitments[commitment].name;
            bilingual_text(
                format!("promise “{name}” has no deadline for the case"),
                format!("“{name}”承诺对该工单无时限"),
            )
        }
        ExclusionReason::ExcludedContact => {
            bilingual_text("the indicator leaves such contacts out", "该指标不计此类接触")
        }
        ExclusionReason::NotMatured => bilingual_text(
            "another contact may still follow: its time has not passed",
            "复联观察期未满",
        ),
        ExclusionReason::NoCustomer => {
            bilingual_text("nobody said which customer it was", "未说明客户")
        }
        ExclusionReason::NoDimension(dimension) => {
            let name = standard.schema.dimensions.get(dimension).map_or("?", String::as_str);
            bilingual_text(format!("the case said no {name}"), format!("未说明{name}"))
        }
        ExclusionReason::BeforeWindow => {
            bilingual_text("it happened before the window begins", "发生在统计时段之前")
        }
        ExclusionReason::Other => bilingual_text("further reasons", "其他原因"),
    }
}

fn describe_fact_reason(called: &FactName, good: bool, en: &str, zh: &str) -> LocalizedTitle {
    let (only, only_zh) =
        if good { (", so not in the numerator", ",不计入分子") } else { ("", "") };
    bilingual_text(
        format!("{}: {en}{only}", called.english_phrase()),
        format!("{}:{zh}{only_zh}", called.chinese_phrase()),
    )
}

/// The tallies of a side that count this kind.
fn tallies_of_kind(indicator: &Indicator, kind: FactKind, good: bool) -> Vec<FactTally> {
    let tallies = match &indicator.formula {
        Formula::Ratio { good: numerator, .. } | Formula::Share { part: numerator, .. } if good => {
            numerator
        }
        Formula::Difference { .. } => return Vec::new(),
        Formula::EstimatedWait { waiting, agents, .. } => {
            return waiting
                .iter()
                .chain(agents)
                .filter(|tally| tally.kind == kind)
                .cloned()
                .collect();
        }
        Formula::Ratio { of, .. }
        | Formula::Share { whole: of, .. }
        | Formula::Rate { of, .. }
        | Formula::Duration { of }
        | Formula::Level { of }
        | Formula::Oldest { of }
        | Formula::Score { of, .. } => of,
    };
    tallies.iter().filter(|tally| tally.kind == kind).cloned().collect()
}
