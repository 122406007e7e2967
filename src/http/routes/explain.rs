//! `GET /v1/explain` and `GET /v1/cases`: queries about individual cases.
//!
//! Each query scans every remembered case on the engine's thread, so only one runs at a time.
//! A query that waits longer than `ANSWER_TIMEOUT` gets 503 with `Retry-After`.

use super::board::JSON_HEADERS;
use crate::access::grant::{AccessGrant, GrantedView};
use crate::domain::board::reading::Board;
use crate::domain::explain::explanation::{
    ExplanationRequest, LISTED_CASES_DEFAULT, LISTED_CASES_MAX,
};
use crate::domain::time::timestamp::Timestamp;
use crate::engine::commands::{EngineCommand, EngineUnavailable};
use crate::http::HttpService;
use crate::http::problem::HttpProblem;
use crate::http::query::{QueryParameters, bad_request};
use crate::publish::explain_json;
use crate::publish::reading_filter::unknown_name;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;

/// Maximum time a query waits for its answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// `GET /v1/explain`: explains a reading or one case.
///
/// With `indicator`, `window` and dimensions it returns the cases behind a reading. With `subject`
/// it returns the history of one case. `source` is required if several sources have that subject.
///
/// # Errors
/// If the query is invalid, a name in it is unknown, or the service is busy.
pub async fn get_explanation(
    State(service): State<Arc<HttpService>>,
    Extension(grant): Extension<AccessGrant>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, HttpProblem> {
    let view = &grant.view;
    let standard = service.boards.borrow().standard.clone();
    let query = QueryParameters::new(
        query,
        &["indicator", "window", "source", "subject", "at", "limit"],
        &standard.schema.dimensions,
    )?;
    let limit = query.parse_limit(LISTED_CASES_DEFAULT, LISTED_CASES_MAX)?;
    let body = match (query.get("indicator"), query.get("subject")) {
        (Some(indicator), None) => {
            let request = explain_json::resolve_explanation_request(
                &standard,
                indicator,
                &query.fixed,
                query.get("window"),
                limit,
            )
            .map_err(bad_request)?;
            if !view.is_visible(|| {
                query.fixed.iter().map(|(name, value)| (name.as_str(), value.as_str()))
            }) {
                return Err(forbidden_scope_problem(view));
            }
            let explained = query_engine(&service, |answer| EngineCommand::Explain {
                request: request.clone(),
                answer,
            })
            .await?;
            if explained.reading().is_none() {
                return Err(no_cases_problem(&service.boards.borrow().board, &request, view));
            }
            let view = view.clone();
            tokio::task::spawn_blocking(move || {
                explain_json::explanation_json(&explain_json::redact_explanation(explained, &view))
                    .to_string()
            })
            .await
        }
        (None, Some(subject)) => {
            let case = query.get("source").map(|source| service.intake.case_key(source, subject));
            let at = query.get("at").map_or(Ok(Timestamp::MAX), |text| {
                Timestamp::parse(text).map_err(|problem| bad_request(format!("`at`: {problem}")))
            })?;
            let mut histories = query_engine(&service, |answer| EngineCommand::CaseHistory {
                case,
                subject: subject.to_owned(),
                at,
                answer,
            })
            .await?;
            // A hidden case gets the same answer as an unknown one.
            histories.retain(|history| explain_json::is_history_visible(view, history));
            if histories.len() > 1 {
                let sources: Vec<&str> = histories
                    .iter()
                    .filter_map(|history| history.name.as_ref())
                    .map(|name| name.source.as_str())
                    .collect();
                return Err(bad_request(format!(
                    "several sources have a case with this subject; add `source`, one of: {}",
                    sources.join(", ")
                )));
            }
            let Some(history) = histories.pop() else {
                return Err(HttpProblem::new(
                    StatusCode::NOT_FOUND,
                    "no remembered case has this subject; use `source` and `subject` as its \
                     events have them",
                ));
            };
            tokio::task::spawn_blocking(move || explain_json::history_json(&history).to_string())
                .await
        }
        _ => {
            return Err(bad_request(
                "nothing to explain; give `indicator` with `window` and dimensions, or \
                 `subject` with `source`"
                    .to_owned(),
            ));
        }
    };
    Ok((JSON_HEADERS, body.map_err(|_| unwritten_answer_problem())?).into_response())
}

/// `GET /v1/cases`: lists open cases with a commitment, those with the least time left first.
///
/// # Errors
/// If the query is invalid, a name in it is unknown, or the service is busy.
pub async fn list_open_cases(
    State(service): State<Arc<HttpService>>,
    Extension(grant): Extension<AccessGrant>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, HttpProblem> {
    let standard = service.boards.borrow().standard.clone();
    let query = QueryParameters::new(
        query,
        &["risk", "family", "commitment", "limit"],
        &standard.schema.dimensions,
    )?;
    let limit = query.parse_limit(LISTED_CASES_DEFAULT, LISTED_CASES_MAX)?;
    let risks: Vec<String> = query.get_all("risk").map(str::to_owned).collect();
    let request = explain_json::resolve_open_case_request(
        &standard,
        &risks,
        query.get("family"),
        query.get("commitment"),
        &query.fixed,
        limit,
    )
    .map_err(bad_request)?;
    let request = explain_json::restrict_open_case_request(request, &grant.view, &standard);
    let open =
        query_engine(&service, |answer| EngineCommand::OpenCases { request, answer }).await?;
    let body =
        tokio::task::spawn_blocking(move || explain_json::open_cases_json(&open).to_string()).await;
    Ok((JSON_HEADERS, body.map_err(|_| unwritten_answer_problem())?).into_response())
}

/// Sends a query to the engine and waits for the answer. Queries run one after another.
///
/// # Errors
/// With 503 if the engine is busy, is stopping, or does not answer within `ANSWER_TIMEOUT`.
pub(crate) async fn query_engine<A>(
    service: &HttpService,
    command: impl FnOnce(tokio::sync::oneshot::Sender<A>) -> EngineCommand,
) -> Result<A, HttpProblem> {
    let answer = async {
        let _permit = service.questions.acquire().await.map_err(|_| EngineUnavailable::Stopping)?;
        service.intake.feed().request_answer(command).await
    };
    let unavailable = match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(unavailable)) => unavailable,
        Err(_) => EngineUnavailable::QueueFull,
    };
    Err(HttpProblem::new(StatusCode::SERVICE_UNAVAILABLE, unavailable.to_string())
        .with_retry_after(1))
}

/// Returns a problem with status 403 that lists the scopes the token may read.
pub(crate) fn forbidden_scope_problem(view: &GrantedView) -> HttpProblem {
    let allowed = view.0.iter().map(|(dimension, values)| {
        format!("`{dimension}` one of {}", values.iter().cloned().collect::<Vec<_>>().join(", "))
    });
    let detail = format!(
        "this token may only read scopes with {}; request one of these",
        allowed.collect::<Vec<_>>().join(" and ")
    );
    HttpProblem::new(StatusCode::FORBIDDEN, detail)
}

/// Returns a problem with status 404 for a scope without cases. It suggests a similar value among
/// those the token may read.
fn no_cases_problem(
    board: &Board,
    request: &ExplanationRequest,
    view: &GrantedView,
) -> HttpProblem {
    let visible = board
        .readings
        .iter()
        .filter(|reading| view.is_visible(|| board.scope_values(&reading.key)));
    let scopes = || {
        visible
            .clone()
            .map(|reading| &reading.key.scope)
            .filter(|scope| scope.kind == request.scope.kind)
    };
    let dimensions = board.standard.scopes[request.scope.kind].iter().enumerate();
    for ((index, dimension), value) in dimensions.zip(&request.scope.values) {
        let mut known: Vec<String> = scopes()
            .filter_map(|scope| scope.values.get(index))
            .map(|value| value.to_string())
            .collect();
        known.sort();
        known.dedup();
        if !known.iter().any(|known| **known == **value) {
            known.truncate(20);
            let kind =
                format!("value of `{}` with cases", board.standard.schema.dimensions[*dimension]);
            return HttpProblem::new(
                StatusCode::NOT_FOUND,
                unknown_name(&kind, value, known.into_iter()),
            );
        }
    }
    HttpProblem::new(StatusCode::NOT_FOUND, "this scope has no cases for this indicator")
}

fn unwritten_answer_problem() -> HttpProblem {
    HttpProblem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the answer could not be written; see the log of the service",
    )
}
