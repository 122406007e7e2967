//! HTTP API: routes with their permissions, security headers, and errors as problem details
//! (RFC 9457).
//!
//! [`all_routes`] is the single list of routes. The router and the access tests are built from it.
//! Each route declares the permission it requires, and the guard middleware checks it.
//!
//! | route | module |
//! |---|---|
//! | `POST /v1/events` | [`events`] |
//! | `/v1/ranking` | [`ranking`] |
//! | `/v1/live`, `/v1/stream` | [`live`] |
//! | `/v1/board`, `/v1/standard`, `/v1/rejected` | [`board`] |
//! | `/metrics` | [`metrics`] |
//! | `/v1/explain`, `/v1/cases` | [`explain`] |
//! | `/v1/trend` | [`trend`] |
//! | `/v1/alerts`, `POST /v1/alerts/acknowledge`, `POST /v1/alerts/close` | [`alerts`] |
//! | `/standard` | [`standard_page`] |
//! | `POST /v1/reload` | [`reload`] |
//! | `POST /v1/ticket` | [`ticket`] |
//! | `/v1/openapi.json` | [`openapi_json`], from the documentation in [`openapi`] |
//! | `/healthz`, `/readyz` | this module |
//! | `/` and the files of the wallboard | [`pages`] |
//!
//! [`server`] handles connections, TLS and their limits.

mod guard;
mod gzip;
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

/// Shared state of all routes.
#[derive(Debug)]
pub struct HttpService {
    /// Receives events and passes them to the engine.
    pub intake: HttpIntake,
    /// The most recently rejected events.
    pub rejected: Arc<RejectedEvents>,
    /// The latest published board.
    pub boards: watch::Receiver<Arc<PublishedBoard>>,
    /// The latest state of all alerts.
    pub alerts: watch::Receiver<Arc<AlertOverview>>,
    /// Links to the service for notifications and alerts.
    pub links: ServiceLinks,
    /// Tokens and permissions. A reload replaces them.
    pub access: watch::Receiver<Arc<AccessControl>>,
    /// Single-use tickets for the live board.
    pub tickets: TicketStore,
    /// Request rate limit per client address.
    pub rate: RateLimit,
    /// True if connections are encrypted.
    pub tls: bool,
    /// Maximum number of scopes of each kind in `/metrics`.
    pub metrics_scopes_max: usize,
    /// Accepts requests to reload the configuration.
    pub reload: mpsc::Sender<reload::ReloadRequest>,
    /// Publishes the live board to WebSocket and SSE clients.
    pub live: LiveBoard,
    /// Tracks live connections, which outlive the request that opened them.
    pub connections: TaskTracker,
    /// Recently computed trends.
    pub trends: TrendCache,
    /// Limits case queries to one at a time. Each one scans all cases on the engine's thread.
    pub questions: Semaphore,
}

/// A route with the permission it requires.
pub struct Route {
    /// HTTP method. A `GET` route also answers `HEAD`.
    pub method: Method,
    /// URL path.
    pub path: &'static str,
    /// Required permission. `None` for a public route.
    pub need: Option<RoutePermission>,
    /// True if the route reads the board. Such a route answers 503 until the board is complete.
    pub needs_board: bool,
    /// Documentation for `/v1/openapi.json` and the reference page.
    pub documentation: &'static RouteDocumentation,
    handler: MethodRouter<Arc<HttpService>>,
}

/// Returns every route except the wallboard's files, which are public and contain no data.
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
        read(
            "/v1/schema/event.json",
            None,
            &openapi::GET_EVENT_SCHEMA,
            get(board::get_event_schema),
        ),
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

/// Builds the router with its guards. The router keeps the engine's input open until it is dropped.
pub fn build_router(service: Arc<HttpService>) -> Router {
    let mut router = Router::new();
    for Route { path, need, needs_board, handler, .. } in all_routes() {
        let handler = if needs_board {
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

/// Refuses a request with 503 until the board is complete.
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
            "this address does not support `{method}`; see the header `Allow` for those it does"
        ),
    )
}
