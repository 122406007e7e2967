//! `GET /v1/trend`: indicators over the last hours, for the charts of a wallboard.

use super::board::JSON_HEADERS;
use super::explain::{forbidden_scope_problem, query_engine};
use crate::access::grant::AccessGrant;
use crate::engine::commands::EngineCommand;
use crate::http::HttpService;
use crate::http::problem::HttpProblem;
use crate::http::query::{QueryParameters, bad_request};
use crate::publish::trend_json;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Returns one value for every quarter of an hour.
///
/// With `window`, each value covers the window that ends with that quarter. Indicators without a
/// trend are left out. Example:
/// `?indicator=answer_rate,speed_of_answer&center=hefei&hours=8&window=1h`.
///
/// # Errors
/// If a name in the query is unknown, the standard has no rolling window, or the service is busy.
pub async fn get_trend(
    State(service): State<Arc<HttpService>>,
    Extension(grant): Extension<AccessGrant>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, HttpProblem> {
    let published = service.boards.borrow().clone();
    let query = QueryParameters::new(
        query,
        &["indicator", "hours", "window"],
        &published.standard.schema.dimensions,
    )?;
    let names: Vec<&str> = query.get_all("indicator").filter(|name| !name.is_empty()).collect();
    let request = trend_json::resolve_trend_request(
        &published.standard,
        &names,
        &query.fixed,
        query.get("window"),
        query.get("hours"),
    )
    .map_err(bad_request)?;
    if !grant
        .view
        .is_visible(|| query.fixed.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    {
        return Err(forbidden_scope_problem(&grant.view));
    }
    if let Some(text) = service.trends.get(&request, &published) {
        return Ok((JSON_HEADERS, text).into_response());
    }
    let trends =
        query_engine(&service, |answer| EngineCommand::Trends { request: request.clone(), answer })
            .await?;
    let trends = trends.ok_or_else(|| {
        HttpProblem::new(
            StatusCode::NOT_FOUND,
            "the standard declares no rolling window, so there is no trend; add one such as \
             `24h` to its windows",
        )
    })?;
    let text = trend_json::write_trends(&published, &request, &trends);
    service.trends.put(request, &published, text.clone());
    Ok((JSON_HEADERS, text).into_response())
}
