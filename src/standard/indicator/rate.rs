//! `rate = { of = [..], per = 10000, population = "users" }`: how many for each so many users.

use super::super::formula::{Takes, tallies};
use super::super::population::find;
use crate::document::Value;
use crate::domain::standard::indicator::PER;
use crate::domain::standard::{Formula, Standard};

/// The formula, as far as it can be understood.
pub(super) fn read(body: &Value<'_>, standard: &Standard) -> Option<Formula> {
    let table = body.table()?;
    let of = table.required("of", "a list of facts").map(|list| tallies(&list, Takes::Moments, standard)).unwrap_or_default();
    let per = table.required("per", "a number of users, as in 10000").and_then(|value| {
        let number = value.integer()?;
        let per = PER.iter().map(|(per, _)| *per).find(|per| i64::try_from(*per) == Ok(number));
        if per.is_none() {
            let known: Vec<String> = PER.iter().map(|(per, _)| per.to_string()).collect();
            value.problem(format!("`per` cannot be {number}; write one of {}", known.join(", ")));
        }
        per
    });
    let population = table.required("population", "the name of a population, as in \"users\"");
    let population = population.and_then(|value| find(&value, &standard.populations));
    table.finish();
    Some(Formula::Rate { of, per: per?, population: population? })
}
