//! What there is to read: the board now; the standard; the rejected events.

use super::Service;
use super::problem::Problem;
use super::versions;
use crate::access::grant::Grant;
use crate::domain::standard::alert::Policy;
use crate::domain::standard::{Commitment, Indicator, Standard};
use crate::domain::time::Timestamp;
use crate::domain::window::Window;
use crate::publish::filter::{Filter, Wanted};
use crate::publish::frame;
use crate::words;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const JSON: [(HeaderName, &str); 2] = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];

/// `GET /v1/board`: the board now. The query filters: `indicator`, `label`, `window`, `by` and the names of dimensions, each
/// more than once or with commas between values.
///
/// # Errors
/// If the query names what is not there.
pub async fn board(
    State(service): State<Arc<Service>>,
    Extension(grant): Extension<Grant>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let bad = |detail| Problem::new(StatusCode::BAD_REQUEST, detail);
    let edition = service.editions.borrow().clone();
    let filter = Filter::new(&wanted(query, &edition.standard).map_err(bad)?, &grant.view, &edition.standard).map_err(bad)?;
    let write = move || frame::write(&edition, &filter, None);
    let text = tokio::task::spawn_blocking(write).await.map_err(|_| unwritten())?;
    Ok((JSON, text).into_response())
}

fn wanted(query: Vec<(String, String)>, standard: &Standard) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    let mut fixed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, values) in query {
        let list = match name.as_str() {
            "indicator" => wanted.indicators.get_or_insert_default(),
            "label" => wanted.labels.get_or_insert_default(),
            "window" => wanted.windows.get_or_insert_default(),
            "by" => wanted.by.get_or_insert_default(),
            _ if standard.schema.dimensions.contains(&name) => fixed.entry(name).or_default(),
            _ => {
                let known = standard.schema.dimensions.join("`, `");
                let remedy = format!("use `indicator`, `label`, `window`, `by` or a dimension: `{known}`");
                return Err(format!("the board cannot be filtered by `{name}`; {remedy}"));
            }
        };
        list.extend(values.split(',').filter(|value| !value.is_empty()).map(String::from));
    }
    wanted.fixed = (!fixed.is_empty()).then_some(fixed);
    Ok(wanted)
}

/// `GET /v1/standard`: what is promised and measured.
pub async fn standard(State(service): State<Arc<Service>>) -> Response {
    let edition = service.editions.borrow().clone();
    let (standard, as_of) = (&*edition.standard, edition.board.as_of);
    let dimensions = |scope: &Vec<usize>| scope.iter().map(|place| standard.schema.dimensions[*place].as_str()).collect::<Vec<_>>();
    let written = json!({
        "name": standard.name,
        "version": standard.version,
        "date_of_effect": standard.date_of_effect,
        "versions": versions::versions(standard, as_of),
        "title": standard.title,
        "time_zone": zone(standard.zones.get(0)),
        "zones": zones(standard),
        "indicators": standard.indicators.iter().map(|one| indicator(one, standard, as_of)).collect::<Vec<_>>(),
        "commitments": standard.commitments.iter().map(|one| commitment(standard, one)).collect::<Vec<_>>(),
        "alerts": standard.policies.iter().map(|one| alert(standard, one)).collect::<Vec<_>>(),
        "dimensions": standard.schema.dimensions,
        "scopes": standard.scopes.iter().map(dimensions).collect::<Vec<_>>(),
        "windows": standard.windows.iter().map(Window::to_string).collect::<Vec<_>>(),
    });
    (JSON, written.to_string()).into_response()
}

fn zone(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

/// Where cases live if not in the standard's own time zone; null if all do.
fn zones(standard: &Standard) -> Value {
    let Some(dimension) = standard.zones.dimension() else { return Value::Null };
    let values = standard.zones.values().map(|(value, place)| (value.to_owned(), Value::from(zone(place))));
    json!({ "by": standard.schema.dimensions[dimension], "values": values.collect::<serde_json::Map<_, _>>() })
}

fn indicator(indicator: &Indicator, standard: &Standard, as_of: Option<Timestamp>) -> Value {
    let (target, warning, better) = versions::parts(indicator.target_at(as_of));
    json!({
        "name": indicator.name,
        "title": indicator.title,
        "kind": indicator.formula.name(),
        "formula": words::indicator(standard, indicator),
        "unit": indicator.unit(),
        "labels": indicator.labels.iter().copied().collect::<BTreeMap<_, _>>(),
        "target": target,
        "warning": warning,
        "better": better,
        "targets": versions::targets(indicator, standard),
    })
}

fn commitment(standard: &Standard, commitment: &Commitment) -> Value {
    json!({ "name": commitment.name, "words": words::commitment(standard, commitment) })
}

fn alert(standard: &Standard, policy: &Policy) -> Value {
    json!({ "name": policy.name, "title": policy.title, "severity": policy.severity.name(), "words": words::policy(standard, policy) })
}

/// `GET /v1/rejected`: the last rejected events, the newest first; those of its sources for a sender that is limited to some,
/// and then `total` counts only what is remembered of them.
pub async fn rejected(State(service): State<Arc<Service>>, Extension(grant): Extension<Grant>) -> Json<Value> {
    let (mut total, mut rejected) = service.rejected.read();
    if !grant.sources.0.is_empty() {
        rejected.retain(|one| one.source.as_deref().is_some_and(|source| grant.sources.allow(source)));
        total = rejected.len() as u64;
    }
    Json(json!({ "total": total, "rejected": rejected }))
}

pub(super) fn unwritten() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be written; the service's log says more")
}
