//! `POST /v1/reload`: reloads the configuration with its standard, tokens and certificate.

use crate::access::ExposedListenerError;
use crate::http::HttpService;
use crate::http::problem::HttpProblem;
use crate::toml_document;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::oneshot;

/// A request to reload, with the channel for its result.
#[derive(Debug)]
pub struct ReloadRequest(pub oneshot::Sender<Result<ReloadReport, ReloadError>>);

/// Result of a successful reload.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ReloadReport {
    /// The standard's name.
    pub name: String,
    /// The standard's newest version.
    pub version: String,
    /// Number of cases taken over.
    pub cases: usize,
    /// Number of cases already forgotten. Their facts are no longer counted.
    pub forgotten_cases: u64,
    /// Number of remembered events with a type unknown to the new standard.
    pub left_out_events: u64,
    /// Time in seconds during which ingest paused.
    pub seconds: f64,
}

/// Reason for a failed reload. The running configuration stays in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReloadError {
    /// The service was started without a configuration file.
    NoConfiguration,
    /// The configuration or a standard has problems.
    Problems(Vec<toml_document::TomlProblem>),
    /// The new configuration would expose the service to other machines without tokens.
    Exposed(ExposedListenerError),
    /// The new standard cannot be written to the journal.
    JournalFailed(Arc<str>),
    /// The service is stopping.
    Stopping,
}

impl std::fmt::Display for ReloadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReloadError::NoConfiguration => f.write_str(
                "the service runs without a configuration file; \
                     start it with `--config FILE` to reload",
            ),
            ReloadError::Problems(problems) => write!(
                f,
                "the files have {} problems; the running configuration stays in force",
                problems.len()
            ),
            ReloadError::Exposed(exposed) => {
                write!(f, "{exposed}; the running configuration stays in force")
            }
            ReloadError::JournalFailed(reason) => write!(
                f,
                "the journal cannot be written: {reason}; \
                 the running configuration stays in force"
            ),
            ReloadError::Stopping => f.write_str("the service is stopping"),
        }
    }
}

/// Reloads the configuration and waits for the result.
///
/// # Errors
/// If the reload fails or another reload is already queued.
pub async fn reload_configuration(
    State(service): State<Arc<HttpService>>,
) -> Result<Json<ReloadReport>, HttpProblem> {
    let (answer, receiver) = oneshot::channel();
    if service.reload.try_send(ReloadRequest(answer)).is_err() {
        return Err(HttpProblem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "another reload is already queued; try again later",
        )
        .with_retry_after(1));
    }
    receiver.await.unwrap_or(Err(ReloadError::Stopping)).map(Json).map_err(reload_problem)
}

fn reload_problem(error: ReloadError) -> HttpProblem {
    let detail = error.to_string();
    match error {
        ReloadError::NoConfiguration => HttpProblem::new(StatusCode::CONFLICT, detail),
        ReloadError::Exposed(_) => HttpProblem::new(StatusCode::UNPROCESSABLE_ENTITY, detail),
        ReloadError::JournalFailed(_) | ReloadError::Stopping => {
            HttpProblem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
        ReloadError::Problems(problems) => {
            let list = problems.iter().map(|problem| {
                json!({
                    "file": problem.file,
                    "line": problem.line,
                    "column": problem.column,
                    "message": problem.message,
                })
            });
            HttpProblem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
                .with_member("problems", list.collect::<Value>())
        }
    }
}
