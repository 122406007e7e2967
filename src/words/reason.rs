//! Why something was not counted, as a sentence.

use super::both;
use super::formula::{field_zh, values};
use super::names::{Called, called, fact};
use crate::domain::explain::Reason;
use crate::domain::fact::FactKind;
use crate::domain::standard::{Formula, Indicator, Standard, Tally, Title};

/// Why something was left out of an indicator; `word` is the text that belongs to the reason.
#[must_use]
pub fn reason(standard: &Standard, indicator: &Indicator, reason: Reason, word: Option<&str>) -> Title {
    match reason {
        Reason::Value { kind, good } => {
            let called = called(standard, kind);
            let wanted = values(&own(indicator, kind, good));
            let (en, zh) =
                (format!("the {} is not {}", called.measure.en, wanted.en), format!("{}不符合“{}”", called.measure.zh, wanted.zh));
            about(&called, good, &en, &zh)
        }
        Reason::Unknown { kind, good } => {
            let called = called(standard, kind);
            let (en, zh) = (format!("the {} is not known", called.measure.en), format!("{}未知", called.measure.zh));
            about(&called, good, &en, &zh)
        }
        Reason::Word { kind, good } => {
            let field = standard.kinds.word(kind).unwrap_or("word");
            let (en, zh) = (format!("another {field}, or none, was said"), format!("{}不符或未说明", field_zh(field)));
            about(&called(standard, kind), good, &en, &zh)
        }
        Reason::Attributes { kind, good } => {
            about(&called(standard, kind), good, "the formula wants cases with other attributes", "工单属性不符合公式条件")
        }
        Reason::Void { commitment, kind } => {
            let (name, by) = (&standard.commitments[commitment].name, fact(standard, kind));
            both(format!("promise “{name}” is void: {} came first", by.en), format!("“{name}”承诺作废:先发生了{}", by.zh))
        }
        Reason::Excused { commitment, .. } => {
            let name = &standard.commitments[commitment].name;
            let (party, party_zh) = (word.unwrap_or("a party not named"), word.unwrap_or("未说明"));
            both(format!("promise “{name}” is excused: {party} is liable"), format!("“{name}”承诺免责:责任方为{party_zh}"))
        }
        Reason::Undecided { commitment } => {
            let name = &standard.commitments[commitment].name;
            both(format!("promise “{name}” is not decided yet"), format!("“{name}”承诺尚未判定"))
        }
        Reason::NoDeadline { commitment } => {
            let name = &standard.commitments[commitment].name;
            both(format!("promise “{name}” has no deadline for the case"), format!("“{name}”承诺对该工单无时限"))
        }
        Reason::PassedOn => both("the indicator leaves such contacts out", "该指标不计此类接触"),
        Reason::Unripe => both("another contact may still follow: its time has not passed", "复联观察期未满"),
        Reason::NoCustomer => both("nobody said which customer it was", "未说明客户"),
        Reason::NoDimension(dimension) => {
            let name = standard.schema.dimensions.get(dimension).map_or("?", String::as_str);
            both(format!("the case said no {name}"), format!("未说明{name}"))
        }
        Reason::BeforeWindow => both("it happened before the window begins", "发生在统计时段之前"),
        Reason::Other => both("further reasons", "其他原因"),
    }
}

fn about(called: &Called, good: bool, en: &str, zh: &str) -> Title {
    let (only, only_zh) = if good { (", so not in the numerator", ",不计入分子") } else { ("", "") };
    both(format!("{}: {en}{only}", called.en()), format!("{}:{zh}{only_zh}", called.zh()))
}

/// The tallies of a side that count this kind.
fn own(indicator: &Indicator, kind: FactKind, good: bool) -> Vec<Tally> {
    let tallies = match &indicator.formula {
        Formula::Ratio { good: numerator, .. } | Formula::Share { part: numerator, .. } if good => numerator,
        Formula::Difference { .. } => return Vec::new(),
        Formula::EstimatedWait { waiting, agents, .. } => {
            return waiting.iter().chain(agents).filter(|tally| tally.kind == kind).cloned().collect();
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
