//! Queries with names of their own and the standard's dimensions.

use super::problem::HttpProblem;
use crate::publish::reading_filter::unknown_name;
use axum::http::StatusCode;

/// A query, sorted by what it asks for.
pub(super) struct QueryParameters {
    /// Those with a name of their own.
    parameters: Vec<(String, String)>,
    /// Dimensions with their values.
    pub(super) fixed: Vec<(String, String)>,
}

impl QueryParameters {
    pub(super) fn new(
        query: Vec<(String, String)>,
        names: &[&str],
        dimensions: &[String],
    ) -> Result<QueryParameters, HttpProblem> {
        let mut sorted = QueryParameters { parameters: Vec::new(), fixed: Vec::new() };
        for (name, value) in query {
            if names.contains(&name.as_str()) {
                sorted.parameters.push((name, value));
            } else if dimensions.contains(&name) {
                sorted.fixed.push((name, value));
            } else {
                let known =
                    names.iter().copied().map(str::to_owned).chain(dimensions.iter().cloned());
                return Err(bad_request(unknown_name("parameter", &name, known)));
            }
        }
        Ok(sorted)
    }

    /// The value of a name, the first if it comes more than once.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The values of a name, which may come more than once or with commas between values.
    pub(super) fn get_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.parameters
            .iter()
            .filter(move |(known, _)| known == name)
            .flat_map(|(_, values)| values.split(','))
    }

    /// How many are wanted by the name `limit`, which is `usual` if nobody says otherwise.
    pub(super) fn parse_limit(&self, usual: usize, most: usize) -> Result<usize, HttpProblem> {
        let Some(text) = self.get("limit") else { return Ok(usual) };
        let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| bad_request(format!("`limit` is a number from 1 to {most}")))
    }
}

/// Says what is wrong with a query.
pub(super) fn bad_request(detail: String) -> HttpProblem {
    HttpProblem::new(StatusCode::BAD_REQUEST, detail)
}
