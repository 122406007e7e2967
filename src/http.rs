//! The service over HTTP: routes, what every answer carries, and errors as problems (RFC 9457).
//!
//! | route | here |
//! |---|---|
//! | `POST /v1/events` | [`events`] |
//! | `/v1/ranking` | [`ranking`] |
//! | `/v1/live`, `/v1/board`, `/v1/standard`, `/v1/rejected`, `/metrics` | [`reading`] |
//! | `/v1/explain`, `/v1/cases` | [`explain`] |
//! | `/standard` | [`standard`] |
//! | `POST /v1/reload` | [`reload`] |
//! | `/healthz`, `/readyz` | below |
//! | `/` and the files of the wallboard | [`pages`] |

pub mod events;
pub mod explain;
pub mod pages;
pub mod problem;
pub mod ranking;
pub mod reading;
pub mod reload;
pub mod standard;
mod versions;

use self::problem::Problem;
use crate::edition::Edition;
use crate::engine::status::Status;
use crate::ingest::http::Intake;
use crate::ingest::rejected::Memory;
use crate::publish::live::Live;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::task::TaskTracker;

/// What the routes work with.
#[derive(Debug)]
pub struct Service {
    /// Takes events.
    pub intake: Intake,
    /// The events that were rejected.
    pub rejected: Arc<Memory>,
    /// The boards.
    pub editions: watch::Receiver<Arc<Edition>>,
    /// Where a reload is asked for.
    pub reload: mpsc::Sender<reload::Request>,
    /// The live board.
    pub live: Live,
    /// Knows the connections to the live board, which outlive the request that opened them.
    pub connections: TaskTracker,
    /// One question about single cases at a time: each is a look at all of them, and counting comes first.
    pub questions: Semaphore,
}

/// The routes. They hold the way into the engine until they are dropped.
pub fn router(service: Arc<Service>) -> Router {
    let whole = from_fn_with_state(service.clone(), whole);
    Router::new()
        .route("/v1/live", get(reading::live))
        .route("/v1/board", get(reading::board))
        .route("/v1/ranking", get(ranking::ranking))
        .route("/v1/explain", get(explain::explain))
        .route("/v1/cases", get(explain::cases))
        .route_layer(whole)
        .route("/v1/events", post(events::take))
        .route("/v1/standard", get(reading::standard))
        .route("/standard", get(standard::page))
        .route("/v1/rejected", get(reading::rejected))
        .route("/v1/reload", post(reload::reload))
        .route("/metrics", get(reading::metrics))
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .fallback(pages::serve)
        .method_not_allowed_fallback(not_allowed)
        .with_state(service)
        .layer(map_response(secure))
}

async fn ready(State(service): State<Arc<Service>>) -> Result<&'static str, Problem> {
    match service.intake.feed().status() {
        Status::Ready => Ok("ready\n"),
        status => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, status.to_string()).retry_after(1)),
    }
}

/// Until the board is whole nobody is shown a part of it.
async fn whole(State(service): State<Arc<Service>>, request: Request, next: Next) -> Result<Response, Problem> {
    let status = service.intake.feed().status();
    match status.has_board() {
        true => Ok(next.run(request).await),
        false => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, status.to_string()).retry_after(1)),
    }
}

async fn not_allowed(method: Method) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("there is something at this address, but not for `{method}`; see the header `Allow`"),
    )
}

/// What a browser must be told about every answer: load nothing from elsewhere, guess no types, give no addresses away.
async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'self'; connect-src 'self' ws: wss:"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
