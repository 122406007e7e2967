//! `benchmark`: the value of an outside series, and ratios to it.

use crate::domain::standard::{Formula, Standard};
use crate::standard_file::fact_lists::{AcceptedFacts, read_tallies};
use crate::toml_document::{TomlTable, TomlValue, nearest_match};

/// Reads `benchmark = "industry_appeals"`. Its readings are in every scope.
pub(super) fn read_benchmark(body: &TomlValue<'_>, standard: &Standard) -> Option<(Formula, u64)> {
    let series = find_series(body, standard)?;
    let families = standard.schema.families.len();
    let all = u64::MAX.checked_shr(64 - families.min(64) as u32).unwrap_or(0);
    Some((Formula::Benchmark { series, unit: standard.benchmarks[series].unit }, all))
}

/// Reads `of = { benchmark = "industry_appeals" }` of a ratio. Returns `None` if `of` is a list of
/// facts.
pub(super) fn read_benchmark_ratio(ratio: &TomlTable<'_>, standard: &Standard) -> Option<Formula> {
    let of = ratio.value("of")?.as_table()?;
    let series = of
        .required_value("benchmark", "an outside series, as in \"industry_appeals\"")
        .and_then(|value| find_series(&value, standard));
    of.report_unknown_keys();
    let good = ratio.required_value("good", "a list of facts");
    let good = good.map(|list| read_tallies(&list, AcceptedFacts::Moments, standard));
    Some(Formula::BenchmarkRatio { good: good.unwrap_or_default(), series: series? })
}

fn find_series(value: &TomlValue<'_>, standard: &Standard) -> Option<usize> {
    let name = value.require_string()?;
    let place = standard.benchmarks.iter().position(|benchmark| benchmark.name == name);
    if place.is_none() {
        let known = standard.benchmarks.iter().map(|benchmark| benchmark.name.as_str());
        let hint = match nearest_match(name, known) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("declare it: `[benchmark.{name}]`"),
        };
        value.report_problem(format!("there is no benchmark `{name}`; {hint}"));
    }
    place
}
