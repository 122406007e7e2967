//! `GET /v1/trend`: how indicators went over the last hours, for the lines of a wallboard.

use super::Service;
use super::explain::{ask, hidden};
use super::problem::Problem;
use super::query::{Sorted, bad};
use super::reading::JSON;
use crate::access::grant::Grant;
use crate::engine::feed::Command;
use crate::publish::trend;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// `?indicator=answer_rate,speed_of_answer&center=hefei&hours=8&window=1h`: a value for every quarter of an hour, or for the
/// window that ended with it. Indicators that have no trend are not there.
///
/// # Errors
/// If the query names what is not there, the standard has no rolling window, or the service is too busy.
pub async fn trend(
    State(service): State<Arc<Service>>,
    Extension(grant): Extension<Grant>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let edition = service.editions.borrow().clone();
    let query = Sorted::new(query, &["indicator", "hours", "window"], &edition.standard.schema.dimensions)?;
    let names: Vec<&str> = query.all("indicator").filter(|name| !name.is_empty()).collect();
    let asked = trend::asked(&edition.standard, &names, &query.fixed, query.get("window"), query.get("hours")).map_err(bad)?;
    if !grant.view.shows(|| query.fixed.iter().map(|(name, value)| (name.as_str(), value.as_str()))) {
        return Err(hidden(&grant.view));
    }
    if let Some(text) = service.trends.get(&asked, &edition) {
        return Ok((JSON, text).into_response());
    }
    let trends = ask(&service, |answer| Command::Trends { asked: asked.clone(), answer }).await?;
    let trends = trends.ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "the standard declares no rolling window, such as `24h`, and only these leave a trend")
    })?;
    let text = trend::write(&edition, &asked, &trends);
    service.trends.put(asked, &edition, text.clone());
    Ok((JSON, text).into_response())
}
