//! `[indicator.NAME]`: a formula over facts, with title and target.

mod benchmark;
mod coverage_keys;
mod difference;
mod estimated_wait;
mod first_contact;
mod mean_level;
mod net_promoter;
mod rate;
mod share;
mod targets;
mod weighted;

use super::fact_lists::{AcceptedFacts, read_tallies};
use super::labels_key;
use crate::domain::facts::catalog::FactMeasure;
use crate::domain::standard::score_scale::ScoreScale;
use crate::domain::standard::{FactTally, Formula, Indicator, ScoreScheme, Standard};
use crate::standard_file::{check_name, read_title};
use crate::toml_document::{TomlTable, TomlValue};

/// Adds the indicator to the standard. An indicator without a valid formula is not added.
pub(super) fn read_indicator(name: &str, value: &TomlValue<'_>, standard: &mut Standard) {
    check_name(value, name);
    let Some(table) = value.require_table() else { return };
    let title = read_title(&table);
    let formula = read_formula(name, value, &table, standard);
    let seconds = formula.as_ref().is_none_or(|(formula, _)| formula.unit() == "seconds");
    let targets = targets::read_targets(&table, seconds, standard);
    let small_sample = table.optional_integer("small_sample").unwrap_or(0);
    let small_sample = u64::try_from(small_sample).unwrap_or_else(|_| {
        table.report_problem("small_sample", "a number of cases cannot be negative");
        0
    });
    let labels = labels_key::read_indicator_labels(&table);
    let coverage = coverage_keys::read_coverage(&table, standard);
    table.report_unknown_keys();
    if let Some((formula, families)) = formula {
        let has_no_sample = matches!(
            formula,
            Formula::Count { .. }
                | Formula::MissCount { .. }
                | Formula::MeanLevel { .. }
                | Formula::Rate { .. }
                | Formula::Difference { .. }
                | Formula::Benchmark { .. }
                | Formula::BenchmarkRatio { .. }
                | Formula::Weighted(_)
        );
        if small_sample > 0 && has_no_sample {
            table.report_problem(
                "small_sample",
                "this formula has no number of cases; remove `small_sample`",
            );
        }
        let (name, targets) = (name.to_owned(), vec![targets]);
        if coverage.windows.is_some() && formula.is_current_state() {
            table.report_problem(
                "windows",
                "this formula measures the current state without windows; remove `windows`",
            );
        }
        let indicator =
            Indicator { name, title, formula, targets, small_sample, families, labels, coverage };
        warn_of_metric_name(&indicator, value);
        standard.indicators.push(indicator);
    }
}

/// Reads `count = ["call.offered"]`, or the shares of misses as in `count = ["reply.missed_share"]`.
fn read_count(list: &TomlValue<'_>, standard: &Standard) -> Formula {
    let of = read_tallies(list, AcceptedFacts::Counts, standard);
    let is_share =
        |tally: &FactTally| standard.kinds.fact_measure(tally.kind) == FactMeasure::MissShare;
    if !of.iter().any(is_share) {
        return Formula::Count { of };
    }
    if !of.iter().all(is_share) {
        list.report_problem(
            "shares of misses and whole facts cannot be added; use an indicator for each",
        );
    }
    Formula::MissCount { of }
}

/// Leaves a warning for each objection of Prometheus' linter to the indicator's metrics.
fn warn_of_metric_name(indicator: &Indicator, value: &TomlValue<'_>) {
    for objection in indicator.metric_objections() {
        value.report_warning(format!(
            "`promtool check metrics` refuses `{}`: {objection}",
            indicator.metric_name()
        ));
    }
}

/// Reads the formula and the bit set of its families. Returns `None` if the formula is invalid.
fn read_formula(
    name: &str,
    value: &TomlValue<'_>,
    table: &TomlTable<'_>,
    standard: &mut Standard,
) -> Option<(Formula, u64)> {
    let kinds = [
        "ratio",
        "duration",
        "count",
        "level",
        "mean_level",
        "score",
        "nps",
        "one_shot",
        "share",
        "rate",
        "difference",
        "weighted",
        "benchmark",
        "estimated_wait",
    ];
    let formulas: Vec<(&str, TomlValue<'_>)> =
        kinds.iter().filter_map(|kind| Some((*kind, table.value(kind)?))).collect();
    let [(kind, body)] = formulas[..] else {
        let problem =
            if formulas.is_empty() { "needs a formula" } else { "has more than one formula" };
        value.report_problem(format!(
            "`{name}` {problem}; use one of {}",
            kinds.map(|kind| format!("`{kind}`")).join(", ")
        ));
        return None;
    };
    let oldest =
        if kind == "level" { table.optional_bool("oldest").unwrap_or(false) } else { false };
    let weights = if kind == "score" { read_weights(table) } else { Vec::new() };
    let formula = match kind {
        "ratio" => {
            let ratio = body.require_table()?;
            if ratio.value("of").is_some_and(|of| of.as_table().is_some()) {
                let formula = benchmark::read_benchmark_ratio(&ratio, standard);
                ratio.report_unknown_keys();
                return formula.map(|formula| with_families(formula, standard));
            }
            let side = |key: &str| {
                let list = ratio.required_value(key, "a list of facts");
                list.map(|list| read_tallies(&list, AcceptedFacts::Moments, standard))
                    .unwrap_or_default()
            };
            let (good, of) = (side("good"), side("of"));
            ratio.report_unknown_keys();
            Formula::Ratio { good, of, matures_ms: None }
        }
        "duration" => {
            Formula::Duration { of: read_tallies(&body, AcceptedFacts::Durations, standard) }
        }
        "count" => read_count(&body, standard),
        "level" if oldest => {
            Formula::Oldest { of: read_tallies(&body, AcceptedFacts::CurrentStates, standard) }
        }
        "level" => {
            Formula::Level { of: read_tallies(&body, AcceptedFacts::CurrentStates, standard) }
        }
        "mean_level" => mean_level::read_mean_level(&body, standard)?,
        "score" => Formula::Score {
            of: read_tallies(&body, AcceptedFacts::Answers, standard),
            weights,
            scheme: ScoreScheme::Weighted,
        },
        "nps" => net_promoter::read_net_promoter(&body, standard)?,
        "share" => share::read_share(&body, standard)?,
        "rate" => rate::read_rate(&body, standard)?,
        "estimated_wait" => estimated_wait::read_estimated_wait(&body, standard)?,
        "difference" => return difference::read_difference(&body, standard),
        "weighted" => return weighted::read_weighted(&body, standard),
        "benchmark" => return benchmark::read_benchmark(&body, standard),
        _ => return first_contact::read_first_contact(name, &body, standard),
    };
    Some(with_families(formula, standard))
}

/// Returns a formula with the families of its facts, as a bit set.
fn with_families(formula: Formula, standard: &Standard) -> (Formula, u64) {
    let bits = formula.fact_tallies().map(|tally| family_bit(standard, tally));
    let families = bits.fold(0, |families, bit| families | bit);
    (formula, families)
}

fn family_bit(standard: &Standard, tally: &FactTally) -> u64 {
    1 << (standard.kinds.family(tally.kind).0 & 63)
}

fn read_weights(table: &TomlTable<'_>) -> Vec<f64> {
    let list = table.required_value(
        "weights",
        "the weights of ratings 1, 2, 3 ..., as in [0.0, 0.2, 0.5, 0.8, 1.0]",
    );
    let weights: Vec<f64> = list
        .and_then(|list| list.require_array())
        .unwrap_or_default()
        .iter()
        .filter_map(TomlValue::require_float)
        .collect();
    if weights.len() != usize::from(ScoreScale::ANSWERS) {
        table.report_problem(
            "weights",
            format!("ratings 1 to 5 need five weights, not {}", weights.len()),
        );
    }
    weights
}

/// Reads a number in the unit of the indicator. With `seconds`, the value is a duration with a
/// unit.
pub(super) fn read_number(table: &TomlTable<'_>, key: &str, seconds: bool) -> Option<f64> {
    let value = table.value(key)?;
    match value.as_str() {
        Some(_) if seconds => value.require_duration().map(|millis| millis as f64 / 1_000.0),
        None if seconds => {
            value.report_problem(format!("`{key}` of a duration needs a unit, as in \"20s\""));
            None
        }
        _ => value.require_float(),
    }
}

#[cfg(test)]
mod tests {
    use crate::standard_file::parse_standard;

    const FORMULAS_HEAD: &str = r#"
name = "x"
version = "1"
date_of_effect = 2026-01-01
title = { en = "X", zh = "某" }
time_zone = "UTC"
dimensions = ["center"]
windows = ["30m", "today"]
orders = ["repair"]
[population.users]
by = "center"
values = { hefei = 100 }
[source.hefei]
source = "/acd/hefei"
silent_after = "5m"
[indicator.answered]
title = { en = "A", zh = "甲" }
ratio = { good = ["call.answered"], of = ["call.offered"] }
[indicator.wait]
title = { en = "W", zh = "乙" }
duration = ["call.answered"]
[indicator.waiting]
title = { en = "N", zh = "丙" }
level = ["call.waiting"]
"#;

    #[test]
    fn reports_formula_mistakes_with_remedy() {
        for (formula, remedy) in [
            (
                "share = { part = [\"agent.talking_time\"], whole = [\"agent.ready_time\"] }",
                "`agent.talking_time` is in `part` but not here",
            ),
            ("share = { part = [\"agent.talking_time\"] }", "needs a key `whole`"),
            (
                "share = { part = [\"agent.ready\"], whole = [\"agent.ready\"] }",
                "`agent.ready` has no duration",
            ),
            (
                "rate = { of = [\"repair.opened\"], per = 5000, population = \"users\" }",
                "`per` cannot be 5000; use one of 100, 1000, 10000",
            ),
            (
                "rate = { of = [\"repair.opened\"], per = 1000, population = \"user\" }",
                "did you mean `users`?",
            ),
            (
                "rate = { of = [\"repair.opened\"], per = 1000, population = \"homes\" }",
                "declare it: `[population.homes]`",
            ),
            (
                "rate = { of = [\"repair.open\"], per = 1000, population = \"users\" }",
                "`repair.open` is a state",
            ),
            (
                "rate = { of = [\"repair.opened\"], per = 100, population = \"users\" }\nsmall_sample = 5",
                "remove `small_sample`",
            ),
            ("nps = { promoters = [5] }", "needs a key `of`"),
            ("nps = { of = [\"call.answered\"] }", "`call.answered` is not a rating"),
            ("nps = { of = [\"survey.rated\"], promoters = [9, 10] }", "`9` is not an answer"),
            ("nps = { of = [\"survey.rated\"], detractors = [] }", "the list is empty"),
            (
                "nps = { of = [\"survey.rated\"], promoters = [4, 5], detractors = [1, 4] }",
                "answer 4 is in `promoters` and in `detractors`",
            ),
            ("difference = { first = \"anwered\", second = \"wait\" }", "did you mean `answered`?"),
            ("difference = { first = \"later\", second = \"wait\" }", "declare it above this one"),
            ("difference = { first = \"answered\", second = \"wait\" }", "both need the same unit"),
            ("difference = { first = \"wait\", second = \"wait\" }", "must differ from `first`"),
            (
                "estimated_wait = { waiting = [\"call.waiting\"], handling = [\"call.handled\"], agents = [\"agent.ready\"], window = \"1h\" }",
                "`windows` has: 30m, today",
            ),
            (
                "estimated_wait = { waiting = [\"call.offered\"], handling = [\"call.handled\"], agents = [\"agent.ready\"], window = \"30m\" }",
                "use a state",
            ),
            (
                "duration = [\"call.answered\"]\nlabels = { qualty = \"empathy\" }",
                "did you mean `quality`?",
            ),
            (
                "duration = [\"call.answered\"]\nlabels = { quality = \"empthy\" }",
                "did you mean `empathy`?",
            ),
            (
                "duration = [\"call.answered\"]\nlabels = { stage = \"tomorrow\" }",
                "use one of: before, during, after",
            ),
            (
                "weighted.parts = [{ indicator = \"wait\", weight = 1 }]",
                "`wait` has no target, so it earns no points",
            ),
            ("weighted.parts = []", "the list is empty"),
            (
                "weighted.parts = [{ indicator = \"answered\", weight = 0 }]",
                "a weight must be above 0",
            ),
            ("mean_level = [\"agent.offline\"]", "is not working time"),
            ("mean_level = [\"call.offered\"]", "use a state"),
            (
                "duration = [\"call.answered\"]\nwindows = [\"5m\"]",
                "`5m` is not a window of the standard; `windows` has: 30m, today",
            ),
            (
                "duration = [\"call.answered\"]\nscopes = [[\"center\"]]",
                "this is not a scope of the standard; `scopes` has: []",
            ),
            (
                "level = [\"call.waiting\"]\nwindows = [\"30m\"]",
                "measures the current state without windows",
            ),
            ("duration = [\"call.answered\"]\nscopes = []", "the list is empty"),
            (
                "share = { part = [\"agent.talking_time\"], whole = [\"agent.talking_time\"] }\nlevel = [\"call.waiting\"]",
                "more than one formula",
            ),
        ] {
            let text = format!(
                "{FORMULAS_HEAD}[indicator.last]\ntitle = {{ en = \"L\", zh = \"末\" }}\n{formula}\n"
            );
            let problems = parse_standard("x.toml", &text).expect_err(formula);
            assert!(
                problems
                    .iter()
                    .any(|problem| problem.message.contains(remedy) && problem.line > 22),
                "{formula}\n{problems:#?}"
            );
        }
    }

    #[test]
    fn reports_population_and_source_mistakes_with_remedy() {
        for (table, remedy) in [
            ("[population.homes]\nby = \"centre\"\nvalues = { a = 1 }", "declared are: center"),
            ("[population.homes]\nby = \"center\"\nvalues = { a = 0 }", "needs at least one user"),
            ("[population.homes]\nby = \"center\"\nvalues = { a = 1.5 }", "must be a whole number"),
            ("[population.homes]\nby = \"center\"\nvalues = {}", "`values` is empty"),
            ("[population.homes]\nby = \"center\"", "needs a key `values`"),
            ("[source.wuhu]\nsilent_after = \"5m\"", "needs a key `source`"),
            ("[source.wuhu]\nsource = \"/acd/wuhu\"", "needs a key `silent_after`"),
            (
                "[source.wuhu]\nsource = \"/acd/hefei\"\nsilent_after = \"5m\"",
                "the source `/acd/hefei` is declared already",
            ),
            (
                "[source.wuhu]\nsource = \"/acd/wuhu\"\nsilent_after = \"5m\"\nfamilies = [\"cal\"]",
                "did you mean `call`?",
            ),
            (
                "[source.wuhu]\nsource = \"/acd/wuhu\"\nsilent_after = \"5m\"\nwhere = { city = \"wuhu\" }",
                "`city` is not a dimension",
            ),
            (
                "[source.wuhu]\nsource = \"/acd/wuhu\"\nsilent_after = \"5m\"\nevery = \"5m\"",
                "unknown key `every`",
            ),
        ] {
            let problems =
                parse_standard("x.toml", &format!("{FORMULAS_HEAD}{table}\n")).expect_err(table);
            assert!(
                problems
                    .iter()
                    .any(|problem| problem.message.contains(remedy) && problem.line > 22),
                "{table}\n{problems:#?}"
            );
        }
        let standard = parse_standard("x.toml", FORMULAS_HEAD).expect("valid standard");
        assert_eq!(
            (
                standard.schema.source_number("/acd/hefei"),
                standard.schema.source_number("/acd/wuhu")
            ),
            (1, 0)
        );
        assert_eq!(standard.sources[0].families, u64::MAX);
    }
}
