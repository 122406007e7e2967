//! Alerts and their follow-up.
//!
//! - `GET /v1/alerts`: firing and pending alerts, and open breaches that need a follow-up.
//! - `POST /v1/alerts/acknowledge`: records the owner of an alert.
//! - `POST /v1/alerts/close`: records the follow-up of an alert that no longer fires.

use super::board::JSON_HEADERS;
use crate::access::grant::AccessGrant;
use crate::domain::alerts::incident::{Incident, IncidentStatus};
use crate::domain::alerts::incident_log::{IncidentUpdate, IncidentUpdateError};
use crate::engine::commands::{EngineCommand, EngineUnavailable, IncidentUpdateFailure};
use crate::http::HttpService;
use crate::http::problem::HttpProblem;
use crate::http::query::{QueryParameters, bad_request};
use crate::publish::notify::alert_json::{alert_json, pending_json};
use crate::publish::reading_filter::unknown_name;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Default and maximum number of alerts in a response.
const LIMIT_DEFAULT: usize = 500;
const LIMIT_MAX: usize = 10_000;
/// Maximum size of a request body, in bytes.
const BODY_BYTES_MAX: usize = 16 << 10;

/// Filter of `GET /v1/alerts`.
struct AlertsQuery {
    states: Vec<IncidentStatus>,
    pending: bool,
    query: QueryParameters,
    limit: usize,
}

impl AlertsQuery {
    /// Parses the query. Without `state` it selects firing and pending alerts and open breaches.
    fn new(
        query: Vec<(String, String)>,
        dimensions: &[String],
    ) -> Result<AlertsQuery, HttpProblem> {
        let query = QueryParameters::new(query, &["state", "policy", "limit"], dimensions)?;
        let limit = query.parse_limit(LIMIT_DEFAULT, LIMIT_MAX)?;
        let (mut states, mut pending) = (Vec::new(), false);
        for state in query.get_all("state") {
            match IncidentStatus::ALL.iter().find(|(name, _)| *name == state) {
                Some((_, status)) => states.push(*status),
                None if state == "pending" => pending = true,
                None if state == "all" => {
                    states.extend(IncidentStatus::ALL.map(|(_, status)| status));
                    pending = true;
                }
                None => {
                    let known = IncidentStatus::ALL
                        .iter()
                        .map(|(name, _)| *name)
                        .chain(["pending", "all"])
                        .map(str::to_owned);
                    return Err(bad_request(unknown_name("state", state, known)));
                }
            }
        }
        if states.is_empty() && !pending {
            (states, pending) = (vec![IncidentStatus::Active, IncidentStatus::Open], true);
        }
        Ok(AlertsQuery { states, pending, query, limit })
    }

    fn matches_alert(&self, policy: &str, scope: &[(String, String)]) -> bool {
        self.query.get("policy").is_none_or(|name| name == policy)
            && self.query.fixed.iter().all(|value| scope.contains(value))
    }
}

/// Lists firing alerts, then open breaches, then closed ones, the newest first in each group.
///
/// # Errors
/// If the query is invalid or a name in it is unknown.
pub async fn list_alerts(
    State(service): State<Arc<HttpService>>,
    Extension(grant): Extension<AccessGrant>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, HttpProblem> {
    let filter = AlertsQuery::new(query, &service.boards.borrow().standard.schema.dimensions)?;
    let overview = service.alerts.borrow().clone();
    let visible = |scope: &[(String, String)]| {
        grant.view.is_visible(|| scope.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    };
    let shown = |incident: &&Arc<Incident>| {
        filter.states.contains(&incident.status())
            && filter.matches_alert(&incident.subject.policy, incident.dimension_values())
            && visible(incident.dimension_values())
    };
    let mut alerts: Vec<&Arc<Incident>> = overview.incident_log.incidents().filter(shown).collect();
    let place = |incident: &Incident| {
        IncidentStatus::ALL.iter().position(|(_, status)| *status == incident.status())
    };
    alerts
        .sort_by_key(|incident| (place(incident), std::cmp::Reverse(incident.sequence_numbers.0)));
    let count = alerts.len();
    let alerts: Vec<Value> = alerts
        .into_iter()
        .take(filter.limit)
        .map(|incident| alert_json(incident, &service.links))
        .collect();
    let pending = overview.pending.iter().filter(|alert| {
        filter.pending && filter.matches_alert(&alert.subject.policy, &alert.subject.scope)
    });
    let pending: Vec<Value> =
        pending.filter(|alert| visible(&alert.subject.scope)).map(pending_json).collect();
    let mut answer =
        json!({ "as_of": overview.as_of, "count": count, "alerts": alerts, "pending": pending });
    if grant.view.is_unrestricted() {
        // These totals cover all scopes, so a restricted token must not see them.
        answer["overflow"] = overview.overflow.into();
        answer["follow_ups_dropped"] = overview.incident_log.dropped_follow_ups().into();
    }
    Ok((JSON_HEADERS, answer.to_string()).into_response())
}

/// Body of a request to acknowledge or close an alert.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlertActionRequest {
    id: String,
    owner: String,
    note: String,
}

/// `POST /v1/alerts/acknowledge`: records the owner of an alert.
///
/// # Errors
/// If the body is invalid, the alert is unknown, or the engine is unavailable.
pub async fn acknowledge_alert(
    State(service): State<Arc<HttpService>>,
    body: Bytes,
) -> Result<Response, HttpProblem> {
    submit_action(&service, &body, false).await
}

/// `POST /v1/alerts/close`: records the follow-up of an alert that no longer fires.
///
/// # Errors
/// If the body is invalid, the alert is unknown, still fires or is already closed, or the engine
/// is unavailable.
pub async fn close_alert(
    State(service): State<Arc<HttpService>>,
    body: Bytes,
) -> Result<Response, HttpProblem> {
    submit_action(&service, &body, true).await
}

async fn submit_action(
    service: &HttpService,
    body: &[u8],
    closes: bool,
) -> Result<Response, HttpProblem> {
    if body.len() > BODY_BYTES_MAX {
        return Err(HttpProblem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the request body exceeds {BODY_BYTES_MAX} bytes; shorten `note`"),
        ));
    }
    let example =
        "send {\"id\": \"0123456789abcdef\", \"owner\": \"Li\", \"note\": \"two more agents\"}";
    let action: AlertActionRequest = serde_json::from_slice(body)
        .map_err(|error| bad_request(format!("invalid request body ({error}); {example}")))?;
    let id = u64::from_str_radix(&action.id, 16).map_err(|_| {
        bad_request(format!("`id` must be the id of an alert, 16 hexadecimal digits; {example}"))
    })?;
    let update = IncidentUpdate { id, closes, owner: action.owner, note: action.note };
    let answered = service
        .intake
        .feed()
        .request_answer(|answer| EngineCommand::UpdateIncident { update, answer })
        .await;
    answered
        .map_err(IncidentUpdateFailure::Unavailable)
        .flatten()
        .map_err(|failure| action_problem(&failure))?;
    let overview = service.alerts.borrow().clone();
    let alert = overview
        .incident_log
        .get(id)
        .map_or(Value::Null, |incident| alert_json(incident, &service.links));
    Ok((JSON_HEADERS, alert.to_string()).into_response())
}

fn action_problem(failure: &IncidentUpdateFailure) -> HttpProblem {
    let detail = failure.to_string();
    match failure {
        IncidentUpdateFailure::Invalid(IncidentUpdateError::Unknown) => {
            HttpProblem::new(StatusCode::NOT_FOUND, detail)
        }
        IncidentUpdateFailure::Invalid(IncidentUpdateError::InvalidText) => bad_request(detail),
        IncidentUpdateFailure::Invalid(
            IncidentUpdateError::Firing | IncidentUpdateError::Closed,
        ) => HttpProblem::new(StatusCode::CONFLICT, detail),
        IncidentUpdateFailure::Unavailable(
            EngineUnavailable::QueueFull
            | EngineUnavailable::Stopping
            | EngineUnavailable::JournalUnwritable(_),
        ) => HttpProblem::new(StatusCode::SERVICE_UNAVAILABLE, detail).with_retry_after(1),
    }
}
