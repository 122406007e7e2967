//! `nps = { of = ["survey.rated"] }`: share of promoters minus share of detractors, in points.

use crate::domain::standard::score_scale::ScoreScale;
use crate::domain::standard::{Formula, ScoreScheme, Standard};
use crate::standard_file::fact_lists::{AcceptedFacts, read_tallies};
use crate::toml_document::{TomlTable, TomlValue};

/// Answers of promoters unless the standard names others. On a scale from 0 to 10 these are the
/// scores 9 and 10.
const DEFAULT_PROMOTERS: [u8; 1] = [5];

/// Answers of detractors unless the standard names others. On a scale from 0 to 10 these are the
/// scores 0 to 6.
const DEFAULT_DETRACTORS: [u8; 3] = [1, 2, 3];

/// Reads the formula. Returns `None` if it has no list of facts.
pub(super) fn read_net_promoter(body: &TomlValue<'_>, standard: &Standard) -> Option<Formula> {
    let table = body.require_table()?;
    let of = table.required_value("of", "a list of facts with answers");
    let promoters = read_answers(&table, "promoters", &DEFAULT_PROMOTERS);
    let detractors = read_answers(&table, "detractors", &DEFAULT_DETRACTORS);
    table.report_unknown_keys();
    if let Some(both) = promoters.iter().find(|answer| detractors.contains(answer)) {
        table.report_problem(
            "detractors",
            format!("answer {both} is in `promoters` and in `detractors`; remove it from one"),
        );
    }
    let weight = |answer: u8| {
        let net = i8::from(promoters.contains(&answer)) - i8::from(detractors.contains(&answer));
        100.0 * f64::from(net)
    };
    Some(Formula::Score {
        of: read_tallies(&of?, AcceptedFacts::Answers, standard),
        weights: (1..=ScoreScale::ANSWERS).map(weight).collect(),
        scheme: ScoreScheme::NetPromoter,
    })
}

/// Reads a list of answers.
fn read_answers(table: &TomlTable<'_>, key: &str, default: &[u8]) -> Vec<u8> {
    let Some(list) = table.value(key).and_then(|value| value.require_array()) else {
        return default.to_vec();
    };
    if list.is_empty() {
        table.report_problem(key, "the list is empty; add an answer from 1 to 5");
    }
    let mut answers = Vec::new();
    for value in list {
        let Some(number) = value.require_integer() else { continue };
        match u8::try_from(number).ok().filter(|answer| (1..=ScoreScale::ANSWERS).contains(answer))
        {
            Some(answer) => answers.push(answer),
            None => value.report_problem(format!(
                "`{number}` is not an answer; scores of every scale are converted to answers \
                 from 1 (worst) to {} (best)",
                ScoreScale::ANSWERS
            )),
        }
    }
    answers
}
