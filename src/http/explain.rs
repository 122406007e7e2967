//! `GET /v1/explain` and `GET /v1/cases`: questions that the core answers beyond its board.
//!
//! Each is a look at every remembered case on the engine's own thread, so there is one at a time; others wait, and are told
//! to come back if it takes too long.

use super::Service;
use super::problem::Problem;
use super::query::{Sorted, bad};
use super::reading::JSON;
use crate::access::grant::{Grant, View};
use crate::domain::board::Board;
use crate::domain::explain::{Asked, MOST, USUAL};
use crate::engine::feed::{Command, Refused};
use crate::publish::explain;
use crate::publish::filter::unknown;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;

/// How long a question waits for its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// `GET /v1/explain`: with `indicator`, a window and dimensions the cases behind a reading; with `subject`, and `source` if
/// several have such a case, one case's history.
///
/// # Errors
/// If the query names what is not there, or the service is too busy.
pub async fn explain(
    State(service): State<Arc<Service>>,
    Extension(grant): Extension<Grant>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let view = &grant.view;
    let standard = service.editions.borrow().standard.clone();
    let query = Sorted::new(query, &["indicator", "window", "source", "subject", "limit"], &standard.schema.dimensions)?;
    let limit = query.limit(USUAL, MOST)?;
    let written = match (query.get("indicator"), query.get("subject")) {
        (Some(indicator), None) => {
            let asked = explain::asked(&standard, indicator, &query.fixed, query.get("window"), limit).map_err(bad)?;
            if !view.shows(|| query.fixed.iter().map(|(name, value)| (name.as_str(), value.as_str()))) {
                return Err(hidden(view));
            }
            let explained = ask(&service, |answer| Command::Explain { asked: asked.clone(), answer }).await?;
            if explained.reading().is_none() {
                return Err(no_cases(&service.editions.borrow().board, &asked, view));
            }
            let view = view.clone();
            tokio::task::spawn_blocking(move || explain::reading(&explain::explained_within(explained, &view)).to_string()).await
        }
        (None, Some(subject)) => {
            let case = query.get("source").map(|source| service.intake.case(source, subject));
            let mut histories = ask(&service, |answer| Command::Case { case, subject: subject.to_owned(), answer }).await?;
            // A case that is hidden is told as one that is not there.
            histories.retain(|history| explain::shows(view, history));
            if histories.len() > 1 {
                let sources: Vec<&str> = histories.iter().filter_map(|one| one.name.as_ref()).map(|name| name.source.as_str()).collect();
                return Err(bad(format!("several sources have such a case; add `source`, one of: {}", sources.join(", "))));
            }
            let Some(history) = histories.pop() else {
                return Err(Problem::new(
                    StatusCode::NOT_FOUND,
                    "no case of this name is remembered; `source` and `subject` are those of its events",
                ));
            };
            tokio::task::spawn_blocking(move || explain::history(&history).to_string()).await
        }
        _ => {
            return Err(bad(
                "say what is to be explained: `indicator`, with `window` and dimensions, or `subject`, with `source`".to_owned()
            ));
        }
    };
    Ok((JSON, written.map_err(|_| unwritten())?).into_response())
}

/// `GET /v1/cases`: open cases with a promise to keep, those with the least time left first.
///
/// # Errors
/// As for an explanation.
pub async fn cases(
    State(service): State<Arc<Service>>,
    Extension(grant): Extension<Grant>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let standard = service.editions.borrow().standard.clone();
    let query = Sorted::new(query, &["risk", "family", "commitment", "limit"], &standard.schema.dimensions)?;
    let limit = query.limit(USUAL, MOST)?;
    let risks: Vec<String> = query.all("risk").map(str::to_owned).collect();
    let wanted = explain::wanted(&standard, &risks, query.get("family"), query.get("commitment"), &query.fixed, limit).map_err(bad)?;
    let wanted = explain::wanted_within(wanted, &grant.view, &standard);
    let open = ask(&service, |answer| Command::Cases { wanted, answer }).await?;
    let written = tokio::task::spawn_blocking(move || explain::open(&open).to_string()).await;
    Ok((JSON, written.map_err(|_| unwritten())?).into_response())
}

/// Asks the core, after those who asked before.
pub(super) async fn ask<A>(service: &Service, command: impl FnOnce(tokio::sync::oneshot::Sender<A>) -> Command) -> Result<A, Problem> {
    let answer = async {
        let _turn = service.questions.acquire().await.map_err(|_| Refused::Stopping)?;
        service.intake.feed().ask(command).await
    };
    let refused = match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(refused)) => refused,
        Err(_) => Refused::Full,
    };
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, refused.to_string()).retry_after(1))
}

/// Says that a scope lies outside of what may be seen, and what lies inside.
pub(super) fn hidden(view: &View) -> Problem {
    let seen =
        view.0.iter().map(|(dimension, values)| format!("`{dimension}` one of {}", values.iter().cloned().collect::<Vec<_>>().join(", ")));
    let detail = format!("this token sees only scopes with {}; ask for one of these", seen.collect::<Vec<_>>().join(" and "));
    Problem::new(StatusCode::FORBIDDEN, detail)
}

/// Says that a scope has no cases, and which value was perhaps meant, of those that may be seen.
fn no_cases(board: &Board, asked: &Asked, view: &View) -> Problem {
    let shown = board.readings.iter().filter(|reading| view.shows(|| board.scope(&reading.key)));
    let scopes = || shown.clone().map(|reading| &reading.key.scope).filter(|scope| scope.kind == asked.scope.kind);
    let dimensions = board.standard.scopes[asked.scope.kind].iter().enumerate();
    for ((place, dimension), value) in dimensions.zip(&asked.scope.values) {
        let mut known: Vec<String> = scopes().filter_map(|scope| scope.values.get(place)).map(|value| value.to_string()).collect();
        known.sort();
        known.dedup();
        if !known.iter().any(|known| **known == **value) {
            known.truncate(20);
            let what = format!("value of `{}` with cases", board.standard.schema.dimensions[*dimension]);
            return Problem::new(StatusCode::NOT_FOUND, unknown(&what, value, known.into_iter()));
        }
    }
    Problem::new(StatusCode::NOT_FOUND, "this scope has no cases that the indicator speaks of")
}

fn unwritten() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be written; the service's log says more")
}
