//! `POST /v1/reload`: the configuration is read again, and its standard, tokens and certificate are taken, without a restart.

use super::Service;
use super::problem::Problem;
use crate::access::Exposed;
use crate::document;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::oneshot;

/// A reload that is asked for: where the answer goes.
#[derive(Debug)]
pub struct Request(pub oneshot::Sender<Result<Reloaded, Refused>>);

/// What became of a reload.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Reloaded {
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
pub enum Refused {
    /// There is no file to read again.
    Nothing,
    /// The files are at fault.
    Problems(Vec<document::Problem>),
    /// The service would be open to other machines by mistake.
    Exposed(Exposed),
    /// That another standard is in force cannot be written into the journal.
    Unwritten(Arc<str>),
    /// The service is stopping.
    Stopping,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refused::Nothing => {
                f.write_str("the service runs without a configuration, on the built-in standard; start it with `--config FILE` to reload")
            }
            Refused::Problems(problems) => write!(f, "the files have {} problems; everything stays as it was", problems.len()),
            Refused::Exposed(exposed) => write!(f, "{exposed}; everything stays as it was"),
            Refused::Unwritten(reason) => write!(f, "the standard stays as it was, for the journal cannot be written: {reason}"),
            Refused::Stopping => f.write_str("the service is stopping"),
        }
    }
}

/// Reads the configuration again.
///
/// # Errors
/// Why everything stays as it is.
pub async fn reload(State(service): State<Arc<Service>>) -> Result<Json<Reloaded>, Problem> {
    let (answer, receiver) = oneshot::channel();
    if service.reload.try_send(Request(answer)).is_err() {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "other reloads are waiting already").retry_after(1));
    }
    receiver.await.unwrap_or(Err(Refused::Stopping)).map(Json).map_err(explain)
}

fn explain(refused: Refused) -> Problem {
    let detail = refused.to_string();
    match refused {
        Refused::Nothing => Problem::new(StatusCode::CONFLICT, detail),
        Refused::Exposed(_) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail),
        Refused::Unwritten(_) | Refused::Stopping => Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail),
        Refused::Problems(problems) => {
            let written =
                problems.iter().map(|one| json!({ "file": one.file, "line": one.line, "column": one.column, "message": one.message }));
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("problems", written.collect::<Value>())
        }
    }
}
