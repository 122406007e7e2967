//! `[population.NAME]`: how many users there are, by the values of a dimension.

use super::check_name;
use crate::document::{Table, Value, nearest};
use crate::domain::standard::population::Population;

/// All populations of the file.
pub(super) fn read(root: &Table<'_>, dimensions: &[String]) -> Vec<Population> {
    let Some(table) = root.table("population") else { return Vec::new() };
    table.entries().filter_map(|(name, value)| one(name, &value, dimensions)).collect()
}

fn one(name: &str, value: &Value<'_>, dimensions: &[String]) -> Option<Population> {
    check_name(value, name);
    let table = value.table()?;
    let by = table.required("by", "a dimension, as in \"center\"").and_then(|value| {
        let wanted = value.string()?;
        let place = dimensions.iter().position(|dimension| dimension == wanted);
        if place.is_none() {
            value.problem(format!("`{wanted}` is not a dimension; declared are: {}", dimensions.join(", ")));
        }
        place
    });
    let values = table.required("values", "how many users each has, as in { hefei = 120000 }").and_then(|value| value.table());
    table.finish();
    let mut numbers = std::collections::BTreeMap::new();
    for (of, value) in values.iter().flat_map(Table::entries) {
        match value.integer().map(u64::try_from) {
            Some(Ok(users @ 1..)) => _ = numbers.insert(of.to_owned(), users),
            Some(_) => value.problem(format!("`{of}` needs at least one user; leave it out if nobody knows how many there are")),
            None => {}
        }
    }
    if values.as_ref().is_some_and(Table::is_empty) {
        table.problem("values", "nobody is counted here; write a number of users for each value, as in { hefei = 120000 }");
    }
    Some(Population { name: name.to_owned(), by: by?, values: numbers })
}

/// The place of the population with the name that a value says.
pub(super) fn find(value: &Value<'_>, populations: &[Population]) -> Option<usize> {
    let name = value.string()?;
    let place = populations.iter().position(|population| population.name == name);
    if place.is_none() {
        let known = populations.iter().map(|population| population.name.as_str());
        let hint = match nearest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("declare it: `[population.{name}]` with `by` and `values`"),
        };
        value.problem(format!("there is no population `{name}`; {hint}"));
    }
    place
}
