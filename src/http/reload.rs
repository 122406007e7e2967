//! `POST /v1/reload`: the configuration's standard is read again and taken, without a restart.
//!
//! There is no access control yet. Until there is, only the machine itself may ask, and no web page that is open on it: a
//! request that was passed on by a proxy, or sent by a browser, is refused.

use super::Service;
use super::problem::Problem;
use crate::document;
use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{FORWARDED, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
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

/// Why the standard stayed as it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// There is no file to read again.
    Nothing,
    /// The files are at fault.
    Problems(Vec<document::Problem>),
    /// The service is stopping.
    Stopping,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refused::Nothing => {
                f.write_str("the service runs without a configuration, on the built-in standard; start it with `--config FILE` to reload")
            }
            Refused::Problems(problems) => write!(f, "the files have {} problems; the old standard stays in force", problems.len()),
            Refused::Stopping => f.write_str("the service is stopping"),
        }
    }
}

/// Reads the standard again.
///
/// # Errors
/// Who must not ask, or why the standard stays as it is.
pub async fn reload(
    State(service): State<Arc<Service>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Json<Reloaded>, Problem> {
    let passed_on = headers.contains_key(FORWARDED) || headers.contains_key("x-forwarded-for") || headers.contains_key(ORIGIN);
    if !from.ip().to_canonical().is_loopback() || passed_on {
        let detail =
            "only programs on the machine itself may ask for a reload, as `curl -X POST http://127.0.0.1:8080/v1/reload` does there";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
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
        Refused::Stopping => Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail),
        Refused::Problems(problems) => {
            let written =
                problems.iter().map(|one| json!({ "file": one.file, "line": one.line, "column": one.column, "message": one.message }));
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("problems", written.collect::<Value>())
        }
    }
}
