//! Query strings with fixed parameters and the standard's dimensions.

use super::problem::HttpProblem;
use crate::publish::reading_filter::unknown_name;
use axum::http::StatusCode;

/// Query parameters, separated into fixed parameters and dimensions.
pub(super) struct QueryParameters {
    /// Fixed parameters in the order of the query.
    parameters: Vec<(String, String)>,
    /// Dimensions with the values to filter by.
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

    /// Returns the first value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns all values of a parameter, which may be repeated or hold comma-separated values.
    pub(super) fn get_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.parameters
            .iter()
            .filter(move |(known, _)| known == name)
            .flat_map(|(_, values)| values.split(','))
    }

    /// Returns the parameter `limit`, or `default` if it is absent.
    ///
    /// # Errors
    /// If `limit` is not a number from 1 to `max`.
    pub(super) fn parse_limit(&self, default: usize, max: usize) -> Result<usize, HttpProblem> {
        let Some(text) = self.get("limit") else { return Ok(default) };
        let limit = text.parse().ok().filter(|limit| (1..=max).contains(limit));
        limit.ok_or_else(|| bad_request(format!("`limit` must be a number from 1 to {max}")))
    }
}

/// Returns a problem with status 400.
pub(super) fn bad_request(detail: String) -> HttpProblem {
    HttpProblem::new(StatusCode::BAD_REQUEST, detail)
}
