//! `POST /v1/reload`: the configuration is read again, and its standard, tokens and certificate are taken, without a restart.

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

/// A reload that is asked for: where the answer goes.
#[derive(Debug)]
pub struct ReloadRequest(pub oneshot::Sender<Result<ReloadReport, ReloadError>>);

/// What became of a reload.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ReloadReport {
    /// The standard's name.
    pub name: String,
    /// Its newest version.
    pub version: String,
    /// How many cases were taken over.
    pub cases: usize,
    /// How many cases had been forgotten before: what they meant is no longer counted.
    pub forgotten_cases: u64,
    /// How many remembered events the new standard does not know.
    pub left_out_events: u64,
    /// How long the core stood still, in seconds.
    pub seconds: f64,
}

/// Why everything stayed as it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReloadError {
    /// There is no file to read again.
    NoConfiguration,
    /// The files are at fault.
    Problems(Vec<toml_document::TomlProblem>),
    /// The service would be open to other machines by mistake.
    Exposed(ExposedListenerError),
    /// That another standard is in force cannot be written into the journal.
    JournalFailed(Arc<str>),
    /// The service is stopping.
    Stopping,
}

impl std::fmt::Display for ReloadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReloadError::NoConfiguration => {
                f.write_str("the service runs without a configuration, on the built-in standard; start it with `--config FILE` to reload")
            }
            ReloadError::Problems(problems) => write!(f, "the files have {} problems; everything stays as it was", problems.len()),
            ReloadError::Exposed(exposed) => write!(f, "{exposed}; everything stays as it was"),
            ReloadError::JournalFailed(reason) => write!(f, "the standard stays as it was, for the journal cannot be written: {reason}"),
            ReloadError::Stopping => f.write_str("the service is stopping"),
        }
    }
}

/// Reads the configuration again.
///
/// # Errors
/// Why everything stays as it is.
pub async fn reload_configuration(
    State(service): State<Arc<HttpService>>,
) -> Result<Json<ReloadReport>, HttpProblem> {
    let (answer, receiver) = oneshot::channel();
    if service.reload.try_send(ReloadRequest(answer)).is_err() {
        return Err(HttpProblem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "other reloads are waiting already",
        )
        .with_retry_after(1));
    }
    receiver.await.unwrap_or(Err(ReloadError::Stopping)).map(Json).map_err(reload_problem)
}

fn reload_problem(refused: ReloadError) -> HttpProblem {
    let detail = refused.to_string();
    match refused {
        ReloadError::NoConfiguration => HttpProblem::new(StatusCode::CONFLICT, detail),
        ReloadError::Exposed(_) => HttpProblem::new(StatusCode::UNPROCESSABLE_ENTITY, detail),
        ReloadError::JournalFailed(_) | ReloadError::Stopping => {
            HttpProblem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
        ReloadError::Problems(problems) => {
            let written =
                problems.iter().map(|one| json!({ "file": one.file, "line": one.line, "column": one.column, "message": one.message }));
            HttpProblem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
                .with_member("problems", written.collect::<Value>())
        }
    }
}
