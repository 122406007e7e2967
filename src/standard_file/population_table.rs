//! `[population.NAME]`: number of users by the values of a dimension.

use crate::domain::standard::population::PopulationTable;
use crate::standard_file::check_name;
use crate::toml_document::{TomlTable, TomlValue, nearest_match};

/// Reads the populations of the file. Invalid ones are skipped.
pub(super) fn read_populations(
    root: &TomlTable<'_>,
    dimensions: &[String],
) -> Vec<PopulationTable> {
    let Some(table) = root.optional_table("population") else { return Vec::new() };
    table.entries().filter_map(|(name, value)| read_population(name, &value, dimensions)).collect()
}

fn read_population(
    name: &str,
    value: &TomlValue<'_>,
    dimensions: &[String],
) -> Option<PopulationTable> {
    check_name(value, name);
    let table = value.require_table()?;
    let by = table.required_value("by", "a dimension, as in \"center\"").and_then(|value| {
        let name = value.require_string()?;
        let place = dimensions.iter().position(|dimension| dimension == name);
        if place.is_none() {
            value.report_problem(format!(
                "`{name}` is not a dimension; declared are: {}",
                dimensions.join(", ")
            ));
        }
        place
    });
    let values = table
        .required_value("values", "the number of users of each value, as in { hefei = 120000 }")
        .and_then(|value| value.require_table());
    table.report_unknown_keys();
    let mut numbers = std::collections::BTreeMap::new();
    for (key, value) in values.iter().flat_map(TomlTable::entries) {
        match value.require_integer().map(u64::try_from) {
            Some(Ok(users @ 1..)) => _ = numbers.insert(key.to_owned(), users),
            Some(_) => value.report_problem(format!(
                "`{key}` needs at least one user; remove it if the number is unknown"
            )),
            None => {}
        }
    }
    if values.as_ref().is_some_and(TomlTable::is_empty) {
        table.report_problem(
            "values",
            "`values` is empty; add the number of users of each value, as in { hefei = 120000 }",
        );
    }
    Some(PopulationTable { name: name.to_owned(), dimension: by?, users_by_value: numbers })
}

/// Returns the index of the population named by `value`. Returns `None` if there is no such one.
pub(super) fn find_population(
    value: &TomlValue<'_>,
    populations: &[PopulationTable],
) -> Option<usize> {
    let name = value.require_string()?;
    let place = populations.iter().position(|population| population.name == name);
    if place.is_none() {
        let known = populations.iter().map(|population| population.name.as_str());
        let hint = match nearest_match(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("declare it: `[population.{name}]` with `by` and `values`"),
        };
        value.report_problem(format!("there is no population `{name}`; {hint}"));
    }
    place
}
