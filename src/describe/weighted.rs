//! Weighted scores as sentences.

use crate::describe::{bilingual_text, join_list};
use crate::domain::standard::weighted::WeightedFormula;
use crate::domain::standard::{LocalizedTitle, Standard};

/// Describes a weighted score: `score from 0 to 100 for reaching the targets of “Answer rate”
/// (weight 3) and “Wait” (weight 1)`.
pub(super) fn describe_weighted_score(
    standard: &Standard,
    formula: &WeightedFormula,
) -> LocalizedTitle {
    let titles =
        formula.parts.iter().map(|part| (&standard.indicators[part.indicator].title, part.weight));
    let en = titles.clone().map(|(title, weight)| format!("“{}” (weight {weight})", title.en));
    let zh = titles.map(|(title, weight)| format!("“{}”（权重{weight}）", title.zh));
    let (en, zh): (Vec<String>, Vec<String>) = (en.collect(), zh.collect());
    bilingual_text(
        format!("score from 0 to 100 for reaching the targets of {}", join_list(&en, "and")),
        format!("{}的目标完成得分，0至100分", zh.join("、")),
    )
}
