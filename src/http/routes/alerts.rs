//! `GET /v1/alerts`: what fires, what is about to, and the shortfalls that nobody has closed yet; `POST /v1/alerts/acknowledge` and
//! `POST /v1/alerts/close`: somebody takes care of one, or says what was done about it.

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

/// How many alerts are told if nobody says otherwise, and the most of them.
const LIMIT_DEFAULT: usize = 500;
const LIMIT_MAX: usize = 10_000;
/// The longest body of an answer, in bytes.
const BODY_BYTES_MAX: usize = 16 << 10;

/// Which alerts are wanted.
struct AlertsQuery {
    states: Vec<IncidentStatus>,
    pending: bool,
    query: QueryParameters,
    limit: usize,
}

impl AlertsQuery {
    /// Without a word about it: what fires, what is about to, and the shortfalls that are open.
    fn new(
        query: Vec<(String, String)>,
        dimensions: &[String],
    ) -> Result<AlertsQuery, HttpProblem> {
        let query = QueryParameters::new(query, &["state", "policy", "limit"], dimensions)?;
        let limit = query.parse_limit(LIMIT_DEFAULT, LIMIT_MAX)?;
        let (mut standings, mut pending) = (Vec::new(), false);
        for state in query.get_all("state") {
            match IncidentStatus::ALL.iter().find(|(name, _)| *name == state) {
                Some((_, standing)) => standings.push(*standing),
                None if state == "pending" => pending = true,
                None if state == "all" => {
                    standings.extend(IncidentStatus::ALL.map(|(_, standing)| standing));
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
        if standings.is_empty() && !pending {
            (standings, pending) = (vec![IncidentStatus::Active, IncidentStatus::Open], true);
        }
        Ok(AlertsQuery { states: standings, pending, query, limit })
    }

    fn matches_alert(&self, policy: &str, scope: &[(String, String)]) -> bool {
        self.query.get("policy").is_none_or(|wanted| wanted == policy)
            && self.query.fixed.iter().all(|wanted| scope.contains(wanted))
    }
}

/// The alerts: what fires first, then the open shortfalls, then those closed; of each the newest first.
///
/// # Errors
/// If the query names what is not there.
pub async fn list_alerts(
    State(service): State<Arc<HttpService>>,
    Extension(grant): Extension<AccessGrant>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, HttpProblem> {
    let wanted = AlertsQuery::new(query, &service.boards.borrow().standard.schema.dimensions)?;
    let view = service.alerts.borrow().clone();
    let seen = |scope: &[(String, String)]| {
        grant.view.is_visible(|| scope.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    };
    let shown = |incident: &&Arc<Incident>| {
        wanted.states.contains(&incident.status())
            && wanted.matches_alert(&incident.subject.policy, incident.dimension_values())
            && seen(incident.dimension_values())
    };
    let mut alerts: Vec<&Arc<Incident>> = view.incident_log.incidents().filter(shown).collect();
    let place = |incident: &Incident| {
        IncidentStatus::ALL.iter().position(|(_, standing)| *standing == incident.status())
    };
    alerts
        .sort_by_key(|incident| (place(incident), std::cmp::Reverse(incident.sequence_numbers.0)));
    let count = alerts.len();
    let alerts: Vec<Value> = alerts
        .into_iter()
        .take(wanted.limit)
        .map(|incident| alert_json(incident, &service.links))
        .collect();
    let waiting = view.pending.iter().filter(|one| {
        wanted.pending && wanted.matches_alert(&one.subject.policy, &one.subject.scope)
    });
    let waiting: Vec<Value> =
        waiting.filter(|one| seen(&one.subject.scope)).map(pending_json).collect();
    let mut answer =
        json!({ "as_of": view.as_of, "count": count, "alerts": alerts, "pending": waiting });
    if grant.view.is_unrestricted() {
        // Figures of the whole are for those who see it.
        answer["overflow"] = view.overflow.into();
        answer["follow_ups_dropped"] = view.incident_log.dropped_follow_ups().into();
    }
    Ok((JSON_HEADERS, answer.to_string()).into_response())
}

/// What somebody says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlertActionRequest {
    id: String,
    owner: String,
    note: String,
}

/// Somebody takes care of an alert.
///
/// # Errors
/// Why it was not noted.
pub async fn acknowledge_alert(
    State(service): State<Arc<HttpService>>,
    body: Bytes,
) -> Result<Response, HttpProblem> {
    submit_action(&service, &body, false).await
}

/// Somebody says what was done about an alert that is over.
///
/// # Errors
/// Why it was not noted.
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
            format!("an answer has at most {BODY_BYTES_MAX} bytes"),
        ));
    }
    let example =
        "send {\"id\": \"0123456789abcdef\", \"owner\": \"Li\", \"note\": \"two more agents\"}";
    let said: AlertActionRequest = serde_json::from_slice(body)
        .map_err(|error| bad_request(format!("this is no answer ({error}); {example}")))?;
    let id = u64::from_str_radix(&said.id, 16).map_err(|_| {
        bad_request(format!("`id` is that of an alert, 16 hexadecimal digits; {example}"))
    })?;
    let said = IncidentUpdate { id, closes, owner: said.owner, note: said.note };
    let answered = service
        .intake
        .feed()
        .request_answer(|answer| EngineCommand::UpdateIncident { update: said, answer })
        .await;
    answered
        .map_err(IncidentUpdateFailure::Unavailable)
        .flatten()
        .map_err(|why| action_problem(&why))?;
    let view = service.alerts.borrow().clone();
    let alert = view
        .incident_log
        .get(id)
        .map_or(Value::Null, |incident| alert_json(incident, &service.links));
    Ok((JSON_HEADERS, alert.to_string()).into_response())
}

fn action_problem(why: &IncidentUpdateFailure) -> HttpProblem {
    let detail = why.to_string();
    match why {
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
