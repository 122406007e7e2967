//! `[population.NAME]`: how many users there are, by the values of a dimension.

use crate::domain::standard::population::PopulationTable;
use crate::standard_file::check_name;
use crate::toml_document::{TomlTable, TomlValue, nearest_match};

/// All populations of the file.
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
        let wanted = value.require_string()?;
        let place = dimensions.iter().position(|dimension| dimension == wanted);
        if place.is_none() {
            value.report_problem(format!(
                "`{wanted}` is not a dimension; declared are: {}",
                dimensions.join(", ")
            ));
        }
        place
    });
    let values = table
        .required_value("values", "how many users each has, as in { hefei = 120000 }")
        .and_then(|value| value.require_table());
    table.report_unknown_keys();
    let mut numbers = std::collections::BTreeMap::new();
    for (of, value) in values.iter().flat_map(TomlTable::entries) {
        match value.require_integer().map(u64::try_from) {
            Some(Ok(users @ 1..)) => _ = numbers.insert(of.to_owned(), users),
            Some(_) => value.report_problem(format!(
                "`{of}` needs at least one user; leave it out if nobody knows how many there are"
            )),
            None => {}
        }
    }
    if values.as_ref().is_some_and(TomlTable::is_empty) {
        table.report_problem("values", "nobody is counted here; write a number of users for each value, as in { hefei = 120000 }");
    }
    Some(PopulationTable { name: name.to_owned(), dimension: by?, users_by_value: numbers })
}

/// The place of the population with the name that a value says.
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
