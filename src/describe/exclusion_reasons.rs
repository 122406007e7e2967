//! Reasons for which facts are excluded from an indicator, as sentences.

use super::fact_names::{FactName, describe_fact, fact_name};
use super::formulas::{chinese_dimension_name, chinese_field_name, chinese_label, describe_values};
use crate::describe::bilingual_text;
use crate::domain::explain::explanation::ExclusionReason;
use crate::domain::facts::catalog::FactKind;
use crate::domain::standard::{FactTally, Formula, Indicator, LocalizedTitle, Standard};

/// Describes the reason for an exclusion. `label` is the text of the reason's label, such as the
/// liable party; `None` if the case has none.
#[must_use]
pub fn describe_reason(
    standard: &Standard,
    indicator: &Indicator,
    reason: ExclusionReason,
    label: Option<&str>,
) -> LocalizedTitle {
    match reason {
        ExclusionReason::Value { kind, good } => {
            let fact = fact_name(standard, kind);
            let limit = describe_values(&tallies_of_kind(indicator, kind, good));
            let (en, zh) = (
                format!("the {} is not {}", fact.value_name.en, limit.en),
                format!("{}不符合“{}”", fact.value_name.zh, limit.zh),
            );
            describe_fact_reason(&fact, good, &en, &zh)
        }
        ExclusionReason::UnknownValue { kind, good } => {
            let fact = fact_name(standard, kind);
            let (en, zh) = (
                format!("the {} is unknown", fact.value_name.en),
                format!("{}未知", fact.value_name.zh),
            );
            describe_fact_reason(&fact, good, &en, &zh)
        }
        ExclusionReason::Label { kind, good } => {
            let field = standard.kinds.label_field(kind).unwrap_or("label");
            let (en, zh) = (
                format!("the {field} differs or is missing"),
                format!("{}不符或未说明", chinese_field_name(field)),
            );
            describe_fact_reason(&fact_name(standard, kind), good, &en, &zh)
        }
        ExclusionReason::OutsideCalendar { kind, calendar, good } => {
            let name = &standard.calendars[calendar].name;
            let (en, zh) = (
                format!("it happened outside the hours of the calendar `{name}`"),
                format!("发生在`{name}`时段之外"),
            );
            describe_fact_reason(&fact_name(standard, kind), good, &en, &zh)
        }
        ExclusionReason::Attributes { kind, good } => describe_fact_reason(
            &fact_name(standard, kind),
            good,
            "the attributes of the case do not match the formula",
            "属性不符合公式条件",
        ),
        ExclusionReason::Void { commitment, kind } => {
            let (name, cause) =
                (&standard.commitments[commitment].name, describe_fact(standard, kind));
            bilingual_text(
                format!("commitment “{name}” is void: {} came first", cause.en),
                format!("`{name}`承诺作废：先发生了{}", cause.zh),
            )
        }
        ExclusionReason::Excused { commitment, .. } => {
            let name = &standard.commitments[commitment].name;
            let party = label.unwrap_or("an unnamed party");
            let party_zh = label.map_or_else(|| "未说明".to_owned(), chinese_label);
            bilingual_text(
                format!("commitment “{name}” is excused: {party} is liable"),
                format!("`{name}`承诺免责：责任方为{party_zh}"),
            )
        }
        ExclusionReason::Undecided { commitment } => {
            let name = &standard.commitments[commitment].name;
            bilingual_text(
                format!("commitment “{name}” is not decided yet"),
                format!("`{name}`承诺尚未判定"),
            )
        }
        ExclusionReason::NoDeadline { commitment } => {
            let name = &standard.commitments[commitment].name;
            bilingual_text(
                format!("commitment “{name}” has no deadline for the case"),
                format!("`{name}`承诺对该工单无时限"),
            )
        }
        ExclusionReason::ExcludedContact => {
            bilingual_text("the indicator excludes such contacts", "该指标不计此类接触")
        }
        ExclusionReason::NotMatured => bilingual_text(
            "the follow-up period has not ended, another contact may still come",
            "观察期未满，客户仍可能再次接触",
        ),
        ExclusionReason::NotResolved => {
            bilingual_text("the order has not been resolved", "工单尚未办结")
        }
        ExclusionReason::NoCustomer => bilingual_text("the customer is unknown", "未提供客户"),
        ExclusionReason::NoDimension(dimension) => {
            let name = standard.schema.dimensions.get(dimension).map_or("?", String::as_str);
            bilingual_text(
                format!("the case has no {name}"),
                format!("未提供{}", chinese_dimension_name(name)),
            )
        }
        ExclusionReason::BeforeWindow => {
            bilingual_text("it happened before the window begins", "发生在统计时段之前")
        }
        ExclusionReason::Other => bilingual_text("other reasons", "其他原因"),
    }
}

fn describe_fact_reason(fact: &FactName, good: bool, en: &str, zh: &str) -> LocalizedTitle {
    let (effect, effect_zh) =
        if good { (", so not in the numerator", "，不计入分子") } else { ("", "") };
    bilingual_text(
        format!("{}: {en}{effect}", fact.english_phrase()),
        format!("{}：{zh}{effect_zh}", fact.chinese_phrase()),
    )
}

/// Returns the tallies of `kind` in the numerator if `good`, otherwise in the denominator.
fn tallies_of_kind(indicator: &Indicator, kind: FactKind, good: bool) -> Vec<FactTally> {
    let tallies = match &indicator.formula {
        Formula::Ratio { good: numerator, .. } | Formula::Share { part: numerator, .. } if good => {
            numerator
        }
        Formula::Difference { .. } | Formula::Weighted(_) | Formula::Benchmark { .. } => {
            return Vec::new();
        }
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
        | Formula::BenchmarkRatio { good: of, .. }
        | Formula::Duration { of }
        | Formula::Count { of }
        | Formula::MissCount { of }
        | Formula::Level { of }
        | Formula::MeanLevel { of }
        | Formula::Oldest { of }
        | Formula::Score { of, .. } => of,
    };
    tallies.iter().filter(|tally| tally.kind == kind).cloned().collect()
}
