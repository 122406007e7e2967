//! `GET /v1/explain` and `GET /v1/cases`: questions that the core answers beyond its board.
//!
//! Each is a look at every remembered case on the engine's own thread, so there is one at a time; others wait, and are told
//! to come back if it takes too long.

use super::board::JSON_HEADERS;
use crate::access::grant::{AccessGrant, GrantedView};
use crate::domain::board::reading::Board;
use crate::domain::explain::explanation::{
    ExplanationRequest, LISTED_CASES_DEFAULT, LISTED_CASES_MAX,
};
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

/// How long a question waits for its answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// `GET /v1/explain`: with `indicator`, a window and dimensions the cases behind a reading; with `subject`, and `source` if
/// several have such a case, one case's history.
///
/// # Errors
/// If the query names what is not there, or the service is too busy.
pub async fn get_explanation(
    State(service): State<Arc<HttpService>>,
    Extension(grant): Extension<AccessGrant>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, HttpProblem> {
    let view = &grant.view;
    let standard = service.boards.borrow().standard.clone();
    let query = QueryParameters::new(
        query,
        &["indicator", "window", "source", "subject", "limit"],
        &standard.schema.dimensions,
    )?;
    let limit = query.parse_limit(LISTED_CASES_DEFAULT, LISTED_CASES_MAX)?;
    let written = match (query.get("indicator"), query.get("subject")) {
        (Some(indicator), None) => {
            let asked = explain_json::resolve_explanation_request(
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
                request: asked.clone(),
                answer,
            })
            .await?;
            if explained.reading().is_none() {
                return Err(no_cases_problem(&service.boards.borrow().board, &asked, view));
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
            let mut histories = query_engine(&service, |answer| EngineCommand::CaseHistory {
                case,
                subject: subject.to_owned(),
                answer,
            })
            .await?;
            // A case that is hidden is told as one that is not there.
            histories.retain(|history| explain_json::is_history_visible(view, history));
            if histories.len() > 1 {
                let sources: Vec<&str> = histories
                    .iter()
                    .filter_map(|one| one.name.as_ref())
                    .map(|name| name.source.as_str())
                    .collect();
                return Err(bad_request(format!(
                    "several sources have such a case; add `source`, one of: {}",
                    sources.join(", ")
                )));
            }
            let Some(history) = histories.pop() else {
                return Err(HttpProblem::new(
                    StatusCode::NOT_FOUND,
                    "no case of this name is remembered; `source` and `subject` are those of its events",
                ));
            };
            tokio::task::spawn_blocking(move || explain_json::history_json(&history).to_string())
                .await
        }
        _ => {
            return Err(bad_request(
                "say what is to be explained: `indicator`, with `window` and dimensions, or `subject`, with `source`".to_owned(),
            ));
        }
    };
    Ok((JSON_HEADERS, written.map_err(|_| unwritten_answer_problem())?).into_response())
}

/// `GET /v1/cases`: open cases with a promise to keep, those with the least time left first.
///
/// # Errors
/// As for an explanation.
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
    let wanted = explain_json::resolve_open_case_request(
        &standard,
        &risks,
        query.get("family"),
        query.get("commitment"),
        &query.fixed,
        limit,
    )
    .map_err(bad_request)?;
    let wanted = explain_json::restrict_open_case_request(wanted, &grant.view, &standard);
    let open =
        query_engine(&service, |answer| EngineCommand::OpenCases { request: wanted, answer })
            .await?;
    let written =
        tokio::task::spawn_blocking(move || explain_json::open_cases_json(&open).to_string()).await;
    Ok((JSON_HEADERS, written.map_err(|_| unwritten_answer_problem())?).into_response())
}

/// Asks the core, after those who asked before.
pub(crate) async fn query_engine<A>(
    service: &HttpService,
    command: impl FnOnce(tokio::sync::oneshot::Sender<A>) -> EngineCommand,
) -> Result<A, HttpProblem> {
    let answer = async {
        let _turn = service.questions.acquire().await.map_err(|_| EngineUnavailable::Stopping)?;
        service.intake.feed().request_answer(command).await
    };
    let refused = match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(refused)) => refused,
        Err(_) => EngineUnavailable::QueueFull,
    };
    Err(HttpProblem::new(StatusCode::SERVICE_UNAVAILABLE, refused.to_string()).with_retry_after(1))
}

/// Says that a scope lies outside of what may be seen, and what lies inside.
pub(crate) fn forbidden_scope_problem(view: &GrantedView) -> HttpProblem {
    let seen = view.0.iter().map(|(dimension, values)| {
        format!("`{dimension}` one of {}", values.iter().cloned().collect::<Vec<_>>().join(", "))
    });
    let detail = format!(
        "this token sees only scopes with {}; ask for one of these",
        seen.collect::<Vec<_>>().join(" and ")
    );
    HttpProblem::new(StatusCode::FORBIDDEN, detail)
}

/// Says that a scope has no cases, and which value was perhaps meant, of those that may be seen.
fn no_cases_problem(board: &Board, asked: &ExplanationRequest, view: &GrantedView) -> HttpProblem {
    let shown = board
        .readings
        .iter()
        .filter(|reading| view.is_visible(|| board.scope_values(&reading.key)));
    let scopes = || {
        shown
            .clone()
            .map(|reading| &reading.key.scope)
            .filter(|scope| scope.kind == asked.scope.kind)
    };
    let dimensions = board.standard.scopes[asked.scope.kind].iter().enumerate();
    for ((place, dimension), value) in dimensions.zip(&asked.scope.values) {
        let mut known: Vec<String> = scopes()
            .filter_map(|scope| scope.values.get(place))
            .map(|value| value.to_string())
            .collect();
        known.sort();
        known.dedup();
        if !known.iter().any(|known| **known == **value) {
            known.truncate(20);
            let what =
                format!("value of `{}` with cases", board.standard.schema.dimensions[*dimension]);
            return HttpProblem::new(
                StatusCode::NOT_FOUND,
                unknown_name(&what, value, known.into_iter()),
            );
        }
    }
    HttpProblem::new(StatusCode::NOT_FOUND, "this scope has no cases that the indicator speaks of")
}

fn unwritten_answer_problem() -> HttpProblem {
    HttpProblem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the answer could not be written; the service's log says more",
    )
}
