//! `rate = { of = [..], per = 10000, population = "users" }`: cases per number of users.

use crate::domain::standard::indicator::RATE_BASES;
use crate::domain::standard::{Formula, Standard};
use crate::standard_file::fact_lists::{AcceptedFacts, read_tallies};
use crate::standard_file::population_table::find_population;
use crate::toml_document::TomlValue;

/// Reads the formula. Returns `None` without a valid `per` and `population`.
pub(super) fn read_rate(body: &TomlValue<'_>, standard: &Standard) -> Option<Formula> {
    let table = body.require_table()?;
    let of = table
        .required_value("of", "a list of facts")
        .map(|list| read_tallies(&list, AcceptedFacts::Moments, standard))
        .unwrap_or_default();
    let per = table.required_value("per", "a number of users, as in 10000").and_then(|value| {
        let number = value.require_integer()?;
        let per =
            RATE_BASES.iter().map(|(per, _)| *per).find(|per| i64::try_from(*per) == Ok(number));
        if per.is_none() {
            let known: Vec<String> = RATE_BASES.iter().map(|(per, _)| per.to_string()).collect();
            value.report_problem(format!(
                "`per` cannot be {number}; use one of {}",
                known.join(", ")
            ));
        }
        per
    });
    let population =
        table.required_value("population", "the name of a population, as in \"users\"");
    let population = population.and_then(|value| find_population(&value, &standard.populations));
    table.report_unknown_keys();
    Some(Formula::Rate { of, per: per?, population: population? })
}
