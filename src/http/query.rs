//! Queries about cases and history: names of their own, a limit, and the standard's dimensions.

use super::problem::Problem;
use crate::domain::explain::{MOST, USUAL};
use crate::domain::standard::Standard;
use crate::publish::filter::unknown;
use axum::http::StatusCode;

/// A query, sorted by what it asks for.
#[derive(Default)]
pub(super) struct Sorted {
    /// Those with a name of their own.
    named: Vec<(String, String)>,
    /// Dimensions with their values.
    pub(super) fixed: Vec<(String, String)>,
    pub(super) limit: usize,
}

impl Sorted {
    pub(super) fn new(query: Vec<(String, String)>, names: &[&str], standard: &Standard) -> Result<Sorted, Problem> {
        let mut sorted = Sorted { limit: USUAL, ..Sorted::default() };
        for (name, value) in query {
            match name.as_str() {
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
                    sorted.limit = limit.ok_or_else(|| bad(format!("`limit` is a number from 1 to {MOST}")))?;
                }
                _ if names.contains(&name.as_str()) => sorted.named.push((name, value)),
                _ if standard.schema.dimensions.contains(&name) => sorted.fixed.push((name, value)),
                _ => {
                    let known = names.iter().copied().chain(["limit"]).map(str::to_owned);
                    return Err(bad(unknown("parameter", &name, known.chain(standard.schema.dimensions.iter().cloned()))));
                }
            }
        }
        Ok(sorted)
    }

    /// The value of a name, the first if it comes more than once.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.named.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The values of a name, which may come more than once or with commas between values.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.named
            .iter()
            .filter(move |(known, _)| known == name)
            .flat_map(|(_, values)| values.split(','))
            .filter(|value| !value.is_empty())
    }
}

/// Says what is wrong with a query.
pub(super) fn bad(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}
