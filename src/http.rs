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
//! | `/v1/openapi.json` | [`openapi_json`], from the documentation in [`openapi`] |
//! | `/healthz`, `/readyz` | below |
//! | `/` and the files of the wallboard | [`pages`] |
//!
//! [`server`] is below all of them: connections, TLS and their limits.

mod guard;
mod headers;
pub mod openapi;
pub mod problem;
mod query;
pub mod routes;
pub mod server;

use self::openapi::RouteDocumentation;
use self::problem::HttpProblem;
use self::routes::alerts;
use self::routes::board;
use self::routes::events;
use self::routes::explain;
use self::routes::live;
use self::routes::metrics;
use self::routes::openapi_json;
use self::routes::pages;
use self::routes::ranking;
use self::routes::reload;
use self::routes::standard_page;
use self::routes::ticket;
use self::routes::trend;
use super::access::{AccessControl, RoutePermission};
use crate::access::rate_limit::RateLimit;
use crate::access::ticket::TicketStore;
use crate::domain::alerts::evaluation::AlertOverview;
use crate::domain::board::published_board::PublishedBoard;
use crate::engine::readiness::Readiness;
use crate::ingest::http_intake::HttpIntake;
use crate::ingest::rejected_events::RejectedEvents;
use crate::publish::live::LiveBoard;
use crate::publish::notify::alert_json::ServiceLinks;
use crate::publish::trend_json::TrendCache;
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
pub struct HttpService {
    /// Takes events.
    pub intake: HttpIntake,
    /// The events that were rejected.
    pub rejected: Arc<RejectedEvents>,
    /// The boards.
    pub boards: watch::Receiver<Arc<PublishedBoard>>,
    /// The alerts.
    pub alerts: watch::Receiver<Arc<AlertOverview>>,
    /// Where the service is for others.
    pub links: ServiceLinks,
    /// Who may what; a reload changes it.
    pub access: watch::Receiver<Arc<AccessControl>>,
    /// Tickets for the live board.
    pub tickets: TicketStore,
    /// How many requests an address has made.
    pub rate: RateLimit,
    /// Whether connections are encrypted.
    pub tls: bool,
    /// How many scopes of each kind are in `/metrics`.
    pub metrics_scopes_max: usize,
    /// Where a reload is asked for.
    pub reload: mpsc::Sender<reload::ReloadRequest>,
    /// The live board.
    pub live: LiveBoard,
    /// Knows the connections to the live board, which outlive the request that opened them.
    pub connections: TaskTracker,
    /// How indicators went, as told in the last seconds.
    pub trends: TrendCache,
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
    pub need: Option<RoutePermission>,
    /// Whether it shows the board, which nobody may see before it is whole.
    pub needs_board: bool,
    /// What `/v1/openapi.json` and the reference page tell about it.
    pub documentation: &'static RouteDocumentation,
    handler: MethodRouter<Arc<HttpService>>,
}

/// Every route but the files of the wallboard, which anybody may have: they hold no figures.
#[must_use]
pub fn all_routes() -> Vec<Route> {
    use RoutePermission::{Admin, Ingest, Live, Read, Rejected};
    let read = |path, need, documentation, handler| Route {
        method: Method::GET,
        path,
        need,
        needs_board: false,
        documentation,
        handler,
    };
    let show = |path, need, documentation, handler| Route {
        needs_board: true,
        ..read(path, Some(need), documentation, handler)
    };
    let write = |path, need, documentation, handler| Route {
        method: Method::POST,
        ..read(path, Some(need), documentation, handler)
    };
    vec![
        write("/v1/events", Ingest, &openapi::POST_EVENTS, post(events::post_events)),
        show("/v1/live", Live, &openapi::GET_LIVE, get(live::get_live)),
        show("/v1/stream", Live, &openapi::GET_STREAM, get(live::get_stream)),
        show("/v1/board", Read, &openapi::GET_BOARD, get(board::get_board)),
        show("/v1/ranking", Read, &openapi::GET_RANKING, get(ranking::get_ranking)),
        read("/v1/standard", Some(Read), &openapi::GET_STANDARD, get(board::get_standard)),
        show("/v1/trend", Read, &openapi::GET_TREND, get(trend::get_trend)),
        show("/v1/explain", Read, &openapi::GET_EXPLANATION, get(explain::get_explanation)),
        show("/v1/cases", Read, &openapi::LIST_CASES, get(explain::list_open_cases)),
        show("/v1/alerts", Read, &openapi::LIST_ALERTS, get(alerts::list_alerts)),
        write(
            "/v1/alerts/acknowledge",
            Admin,
            &openapi::ACKNOWLEDGE_ALERT,
            post(alerts::acknowledge_alert),
        ),
        write("/v1/alerts/close", Admin, &openapi::CLOSE_ALERT, post(alerts::close_alert)),
        read(
            "/standard",
            Some(Read),
            &openapi::GET_STANDARD_PAGE,
            get(standard_page::get_standard_page),
        ),
        read(
            "/v1/rejected",
            Some(Rejected),
            &openapi::LIST_REJECTED,
            get(board::list_rejected_events),
        ),
        write("/v1/reload", Admin, &openapi::RELOAD, post(reload::reload_configuration)),
        write("/v1/ticket", Read, &openapi::ISSUE_TICKET, post(ticket::issue_ticket)),
        read("/metrics", Some(Read), &openapi::GET_METRICS, get(metrics::get_metrics)),
        read(
            "/v1/openapi.json",
            None,
            &openapi::GET_OPENAPI,
            get(openapi_json::get_openapi_document),
        ),
        read("/healthz", None, &openapi::GET_LIVENESS, get(async || "alive\n")),
        read("/readyz", None, &openapi::GET_READINESS, get(check_readiness)),
    ]
}

/// The routes with their guards. They hold the way into the engine until they are dropped.
pub fn build_router(service: Arc<HttpService>) -> Router {
    let mut router = Router::new();
    for Route { path, need, needs_board: shows, handler, .. } in all_routes() {
        let handler = if shows {
            handler.route_layer(from_fn_with_state(service.clone(), require_complete_board))
        } else {
            handler
        };
        let guarded = match need {
            Some(need) => handler
                .route_layer(from_fn_with_state((need, service.clone()), guard::authorize_request)),
            None => handler,
        };
        router = router.route(path, guarded);
    }
    let tls = service.tls;
    router
        .fallback(pages::serve_page)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(service.clone(), guard::limit_request_rate))
        .with_state(service)
        .layer(map_response(move |response| {
            std::future::ready(headers::add_security_headers(response, tls))
        }))
}

async fn check_readiness(
    State(service): State<Arc<HttpService>>,
) -> Result<&'static str, HttpProblem> {
    match service.intake.feed().readiness() {
        Readiness::Ready => Ok("ready\n"),
        status => Err(HttpProblem::new(StatusCode::SERVICE_UNAVAILABLE, status.to_string())
            .with_retry_after(1)),
    }
}

/// Until the board is whole nobody is shown a part of it.
async fn require_complete_board(
    State(service): State<Arc<HttpService>>,
    request: Request,
    next: Next,
) -> Result<Response, HttpProblem> {
    let status = service.intake.feed().readiness();
    match status.has_board() {
        true => Ok(next.run(request).await),
        false => Err(HttpProblem::new(StatusCode::SERVICE_UNAVAILABLE, status.to_string())
            .with_retry_after(1)),
    }
}

async fn method_not_allowed(method: Method) -> HttpProblem {
    HttpProblem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!(
            "there is something at this address, but not for `{method}`; see the header `Allow`"
        ),
    )
}
