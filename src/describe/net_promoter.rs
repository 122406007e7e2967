//! Description of Net Promoter Scores.

use crate::describe::bilingual_text;
use crate::domain::standard::LocalizedTitle;

/// Describes a Net Promoter Score of the answers `of`.
pub(super) fn describe_net_promoter(of: &LocalizedTitle, weights: &[f64]) -> LocalizedTitle {
    let answers = |separator: &str, belongs: fn(f64) -> bool| {
        let places = (1..).zip(weights).filter(|(_, weight)| belongs(**weight));
        places.map(|(place, _): (i32, _)| place.to_string()).collect::<Vec<_>>().join(separator)
    };
    let promoters = |separator| answers(separator, |weight| weight > 0.0);
    let detractors = |separator| answers(separator, |weight| weight < 0.0);
    bilingual_text(
        format!(
            "share of promoters minus share of detractors in points, of {}; promoters answer {}, \
             detractors {}, of 5 answers",
            of.en,
            promoters(", "),
            detractors(", ")
        ),
        format!(
            "{}中推荐者占比减去贬损者占比（百分点）；五级评分中推荐者为{}，贬损者为{}",
            of.zh,
            promoters("、"),
            detractors("、")
        ),
    )
}
