//! `[benchmark.NAME]`: an outside series, whose values come as events.

use crate::domain::events::event::Symbol;
use crate::domain::standard::{Benchmark, EventSchema};
use crate::standard_file::{check_name, read_title};
use crate::toml_document::{TomlTable, nearest_match};

/// Reads the outside series of the file. Invalid ones are skipped.
pub(super) fn read_benchmarks(root: &TomlTable<'_>, families: &[String]) -> Vec<Benchmark> {
    let Some(table) = root.optional_table("benchmark") else { return Vec::new() };
    if families.iter().any(|family| family == EventSchema::BENCHMARK_FAMILY) {
        root.report_problem(
            "benchmark",
            "the family `benchmark` exists already; give the orders or contacts another name",
        );
        return Vec::new();
    }
    let mut benchmarks: Vec<Benchmark> = Vec::new();
    for (name, value) in table.entries() {
        check_name(&value, name);
        let Some(table) = value.require_table() else { continue };
        let title = read_title(&table);
        let unit = read_unit(&table);
        table.report_unknown_keys();
        let symbol = Symbol::from_text(name);
        benchmarks.extend(unit.map(|unit| Benchmark {
            name: name.to_owned(),
            symbol,
            title,
            unit,
        }));
    }
    benchmarks
}

fn read_unit(table: &TomlTable<'_>) -> Option<&'static str> {
    let value = table.required_value("unit", "the unit of its values, as in \"count\"")?;
    let name = value.require_string()?;
    let unit = Benchmark::units().find(|unit| *unit == name);
    if unit.is_none() {
        let units: Vec<&str> = Benchmark::units().collect();
        let hint = match nearest_match(name, units.iter().copied()) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("use one of {}", units.join(", ")),
        };
        value.report_problem(format!("`{name}` is not a unit; {hint}"));
    }
    unit
}
