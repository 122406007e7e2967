//! The service over HTTP: routes with what each needs, what every answer carries, and errors as problems (RFC 9457).
//!
//! [`routes`] is the one list of them: the router is made of it, and the tests of access go through it. A route says there
//! what it needs, and the guard stands before it.
//!
//! | route | here |
//! |---|---|
//! | `POST /v1/events` | [`events`] |
//! | `/v1/ranking` | [`ranking`] |
//! | `/v1/live`, `/v1/stream` | [`live`] |
//! | `/v1/board`, `/v1/standard`, `/v1/rejected` | [`reading`] |
//! | `/metrics` | [`metrics`] |
//! | `/v1/explain`, `/v1/cases` | [`explain`] |
//! | `/v1/trend` | [`trend`] |
//! | `/v1/alerts`, `POST /v1/alerts/acknowledge`, `POST /v1/alerts/close` | [`alerts`] |
//! | `/standard` | [`standard`] |
//! | `POST /v1/reload` | [`reload`] |
//! | `POST /v1/ticket` | [`ticket`] |
//! | `/healthz`, `/readyz` | below |
//! | `/` and the files of the wallboard | [`pages`] |
//!
//! [`server`] is below all of them: connections, TLS and their limits.

pub mod alerts;
pub mod events;
pub mod explain;
mod guard;
mod headers;
pub mod live;
pub mod metrics;
pub mod pages;
pub mod problem;
mod query;
pub mod ranking;
pub mod reading;
pub mod reload;
pub mod server;
pub mod standard;
pub mod ticket;
pub mod trend;
mod versions;

use self::problem::Problem;
use crate::access::rate::Rate;
use crate::access::ticket::Tickets;
use crate::access::{Access, Need};
use crate::domain::alert::View;
use crate::edition::Edition;
use crate::engine::status::Status;
use crate::ingest::http::Intake;
use crate::ingest::rejected::Memory;
use crate::publish::alert::Links;
use crate::publish::live::Live;
use crate::publish::trend::Answers;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
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
    /// The alerts.
    pub alerts: watch::Receiver<Arc<View>>,
    /// Where the service is for others.
    pub links: Links,
    /// Who may what; a reload changes it.
    pub access: watch::Receiver<Arc<Access>>,
    /// Tickets for the live board.
    pub tickets: Tickets,
    /// How many requests an address has made.
    pub rate: Rate,
    /// Whether connections are encrypted.
    pub tls: bool,
    /// How many scopes of each kind are in `/metrics`.
    pub scopes: usize,
    /// Where a reload is asked for.
    pub reload: mpsc::Sender<reload::Request>,
    /// The live board.
    pub live: Live,
    /// Knows the connections to the live board, which outlive the request that opened them.
    pub connections: TaskTracker,
    /// How indicators went, as told in the last seconds.
    pub trends: Answers,
    /// One question about single cases at a time: each is a look at all of them, and counting comes first.
    pub questions: Semaphore,
}

/// A route: what is there, and who may have it.
pub struct Route {
    /// Its method; one that is read by `GET` is also read by `HEAD`.
    pub method: Method,
    /// Its path.
    pub path: &'static str,
    /// What it needs; `None` for what anybody may have.
    pub need: Option<Need>,
    /// Whether it shows the board, which nobody may see before it is whole.
    pub shows: bool,
    handler: MethodRouter<Arc<Service>>,
}

/// Every route but the files of the wallboard, which anybody may have: they hold no figures.
#[must_use]
pub fn routes() -> Vec<Route> {
    let read = |path, need, handler| Route { method: Method::GET, path, need, shows: false, handler };
    let show = |path, need, handler| Route { shows: true, ..read(path, Some(need), handler) };
    let write = |path, need, handler| Route { method: Method::POST, ..read(path, Some(need), handler) };
    vec![
        write("/v1/events", Need::Ingest, post(events::take)),
        show("/v1/live", Need::Live, get(live::live)),
        show("/v1/stream", Need::Live, get(live::stream)),
        show("/v1/board", Need::Read, get(reading::board)),
        show("/v1/ranking", Need::Read, get(ranking::ranking)),
        read("/v1/standard", Some(Need::Read), get(reading::standard)),
        show("/v1/trend", Need::Read, get(trend::trend)),
        show("/v1/explain", Need::Read, get(explain::explain)),
        show("/v1/cases", Need::Read, get(explain::cases)),
        show("/v1/alerts", Need::Read, get(alerts::list)),
        write("/v1/alerts/acknowledge", Need::Admin, post(alerts::acknowledge)),
        write("/v1/alerts/close", Need::Admin, post(alerts::close)),
        read("/standard", Some(Need::Read), get(standard::page)),
        read("/v1/rejected", Some(Need::Rejected), get(reading::rejected)),
        write("/v1/reload", Need::Admin, post(reload::reload)),
        write("/v1/ticket", Need::Read, post(ticket::issue)),
        read("/metrics", Some(Need::Read), get(metrics::metrics)),
        read("/healthz", None, get(async || "alive\n")),
        read("/readyz", None, get(ready)),
    ]
}

/// The routes with their guards. They hold the way into the engine until they are dropped.
pub fn router(service: Arc<Service>) -> Router {
    let mut router = Router::new();
    for Route { path, need, shows, handler, .. } in routes() {
        let handler = if shows { handler.route_layer(from_fn_with_state(service.clone(), whole)) } else { handler };
        let guarded = match need {
            Some(need) => handler.route_layer(from_fn_with_state((need, service.clone()), guard::guard)),
            None => handler,
        };
        router = router.route(path, guarded);
    }
    let tls = service.tls;
    router
        .fallback(pages::serve)
        .method_not_allowed_fallback(not_allowed)
        .layer(from_fn_with_state(service.clone(), guard::count))
        .with_state(service)
        .layer(map_response(move |response| std::future::ready(headers::secure(response, tls))))
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
