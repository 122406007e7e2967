//! `GET /v1/board`, `GET /v1/standard` and `GET /v1/rejected`.

use super::standard_versions;
use crate::access::grant::AccessGrant;
use crate::describe;
use crate::domain::standard::alert_policy::AlertPolicy;
use crate::domain::standard::{Commitment, DatedTargets, Indicator, Standard, TargetDirection};
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::Window;
use crate::http::HttpService;
use crate::http::problem::HttpProblem;
use crate::publish::live::frame;
use crate::publish::reading_filter::{FilterRequest, ReadingFilter};
use crate::reference::event_schema::event_json_schema;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) const JSON_HEADERS: [(HeaderName, &str); 2] =
    [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];

/// `GET /v1/schema/event.json`: the JSON Schema of an event under the standard in force.
pub async fn get_event_schema(State(service): State<Arc<HttpService>>) -> Response {
    let standard = service.boards.borrow().board.standard.clone();
    (JSON_HEADERS, event_json_schema(&standard.schema).to_string()).into_response()
}

/// `GET /v1/board`: returns the latest board.
///
/// Query parameters filter it: `indicator`, `label`, `window`, `by` and the names of dimensions.
/// Each may be repeated or hold comma-separated values.
///
/// # Errors
/// If a name in the query is unknown.
pub async fn get_board(
    State(service): State<Arc<HttpService>>,
    Extension(grant): Extension<AccessGrant>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, HttpProblem> {
    let bad = |detail| HttpProblem::new(StatusCode::BAD_REQUEST, detail);
    let published = service.boards.borrow().clone();
    let filter = ReadingFilter::new(
        &parse_filter_query(query, &published.standard).map_err(bad)?,
        &grant.view,
        &published.standard,
    )
    .map_err(bad)?;
    let write = move || frame::write_frame(&published, &filter, None);
    let text = tokio::task::spawn_blocking(write).await.map_err(|_| unwritten_answer_problem())?;
    Ok((JSON_HEADERS, text).into_response())
}

fn parse_filter_query(
    query: Vec<(String, String)>,
    standard: &Standard,
) -> Result<FilterRequest, String> {
    let mut filter = FilterRequest::default();
    let mut fixed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, values) in query {
        let list = match name.as_str() {
            "indicator" => filter.indicators.get_or_insert_default(),
            "label" => filter.labels.get_or_insert_default(),
            "window" => filter.windows.get_or_insert_default(),
            "by" => filter.by.get_or_insert_default(),
            _ if standard.schema.dimensions.contains(&name) => fixed.entry(name).or_default(),
            _ => {
                let known = standard.schema.dimensions.join("`, `");
                let remedy =
                    format!("use `indicator`, `label`, `window`, `by` or a dimension: `{known}`");
                return Err(format!("the board cannot be filtered by `{name}`; {remedy}"));
            }
        };
        list.extend(values.split(',').filter(|value| !value.is_empty()).map(String::from));
    }
    filter.fixed = (!fixed.is_empty()).then_some(fixed);
    Ok(filter)
}

/// `GET /v1/standard`: returns the standard's indicators, commitments and alert policies.
pub async fn get_standard(State(service): State<Arc<HttpService>>) -> Response {
    let published = service.boards.borrow().clone();
    let (standard, as_of) = (&*published.standard, published.board.as_of);
    let dimensions = |scope: &Vec<usize>| {
        scope.iter().map(|index| standard.schema.dimensions[*index].as_str()).collect::<Vec<_>>()
    };
    let indicators: Vec<Value> = standard
        .indicators
        .iter()
        .map(|indicator| indicator_json(indicator, standard, as_of))
        .collect();
    let commitments: Vec<Value> = standard
        .commitments
        .iter()
        .map(|commitment| commitment_json(standard, commitment))
        .collect();
    let policies: Vec<Value> =
        standard.policies.iter().map(|policy| policy_json(standard, policy)).collect();
    let body = json!({
        "name": standard.name,
        "version": standard.version,
        "date_of_effect": standard.date_of_effect,
        "versions": standard_versions::versions_json(standard, as_of),
        "title": standard.title,
        "time_zone": zone_name(standard.zones.get(0)),
        "zones": zones_json(standard),
        "indicators": indicators,
        "commitments": commitments,
        "alerts": policies,
        "dimensions": standard.schema.dimensions,
        "scopes": standard.scopes.iter().map(dimensions).collect::<Vec<_>>(),
        "windows": standard.windows.iter().map(Window::to_string).collect::<Vec<_>>(),
    });
    (JSON_HEADERS, body.to_string()).into_response()
}

fn zone_name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

/// Returns the time zones by dimension value. Null if the standard has a single time zone.
fn zones_json(standard: &Standard) -> Value {
    let Some(dimension) = standard.zones.dimension() else { return Value::Null };
    let values = standard
        .zones
        .dimension_zones()
        .map(|(value, zone)| (value.to_owned(), Value::from(zone_name(zone))));
    json!({
        "by": standard.schema.dimensions[dimension],
        "values": values.collect::<serde_json::Map<_, _>>(),
    })
}

fn indicator_json(indicator: &Indicator, standard: &Standard, as_of: Option<Timestamp>) -> Value {
    let (target, warning, _) = standard_versions::target_parts(indicator.overall_target_at(as_of));
    let targets = indicator.targets_at(as_of);
    let better = targets.and_then(DatedTargets::direction).map(TargetDirection::name);
    let scopes = (0..standard.scopes.len())
        .filter(|kind| standard.covers_scope(indicator, *kind))
        .map(|kind| standard.scopes[kind].iter().map(|place| &standard.schema.dimensions[*place]));
    let scopes: Vec<Vec<&String>> = scopes.map(Iterator::collect).collect();
    let windows = standard.windows.iter().enumerate().filter(|(place, _)| {
        !indicator.formula.is_current_state() && standard.covers_window(indicator, *place)
    });
    let windows: Vec<String> = windows.map(|(_, window)| window.to_string()).collect();
    json!({
        "name": indicator.name,
        "title": indicator.title,
        "kind": indicator.formula.name(),
        "formula": describe::describe_indicator(standard, indicator),
        "unit": indicator.unit(),
        "scopes": scopes,
        "windows": windows,
        "labels": indicator.labels.iter().copied().collect::<BTreeMap<_, _>>(),
        "target": target,
        "warning": warning,
        "better": better,
        "targets": standard_versions::targets_json(indicator, standard),
    })
}

fn commitment_json(standard: &Standard, commitment: &Commitment) -> Value {
    json!({ "name": commitment.name, "words": describe::describe_commitment(standard, commitment) })
}

fn policy_json(standard: &Standard, policy: &AlertPolicy) -> Value {
    json!({
        "name": policy.name,
        "title": policy.title,
        "severity": policy.severity.name(),
        "words": describe::describe_policy(standard, policy),
    })
}

/// `GET /v1/rejected`: returns the last rejected events, the newest first.
///
/// A token limited to some sources sees only their events. `total` then counts only the remembered
/// ones.
pub async fn list_rejected_events(
    State(service): State<Arc<HttpService>>,
    Extension(grant): Extension<AccessGrant>,
) -> Json<Value> {
    let (mut total, mut rejected) = service.rejected.newest_first();
    if !grant.sources.0.is_empty() {
        rejected.retain(|event| {
            event.source.as_deref().is_some_and(|source| grant.sources.allows_source(source))
        });
        total = rejected.len() as u64;
    }
    Json(json!({ "total": total, "rejected": rejected }))
}

pub(crate) fn unwritten_answer_problem() -> HttpProblem {
    HttpProblem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the answer could not be written; see the log of the service",
    )
}
