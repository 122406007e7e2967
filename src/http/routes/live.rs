//! `GET /v1/live` and `GET /v1/stream`: the live board over a WebSocket and as server-sent events.
//!
//! Connections outlive the request that opened them. They hold no reference to [`HttpService`],
//! which keeps the engine's input open, so the engine can stop before they close.

use crate::access::RequestPeer;
use crate::access::grant::AccessGrant;
use crate::http::HttpService;
use crate::http::guard;
use crate::http::problem::HttpProblem;
use crate::publish::live::server_sent_events;
use crate::publish::live::websocket::WebSocketConnection;
use crate::publish::live::{ClientMessage, ResumePoint};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

/// Headers of the event stream. A proxy must neither cache nor buffer it.
const EVENT_STREAM_HEADERS: [(HeaderName, &str); 3] = [
    (CONTENT_TYPE, "text/event-stream"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("x-accel-buffering"), "no"),
];

/// `GET /v1/live`: serves the live board over a WebSocket.
///
/// # Errors
/// If the request is not a WebSocket handshake or there are too many live connections.
pub async fn get_live(
    State(service): State<Arc<HttpService>>,
    Extension(grant): Extension<AccessGrant>,
    Extension(peer): Extension<RequestPeer>,
    mut request: Request,
) -> Result<Response, HttpProblem> {
    let response = create_response_with_body(&request, Body::empty).map_err(|error| {
        HttpProblem::new(
            StatusCode::BAD_REQUEST,
            format!("connect with a WebSocket, or read `/v1/stream`: {error}"),
        )
    })?;
    let permit = acquire_live_permit(&service)?;
    let (live, open) = (service.live.clone(), service.connections.token());
    let (view, revoked) = (
        grant.view.clone(),
        Box::pin(guard::wait_until_revoked(service.access.clone(), grant, peer)),
    );
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let socket = WebSocketConnection::new(TokioIo::new(upgraded)).await;
            live.serve_client(socket, permit, view, None, revoked).await;
        }
        drop(open);
    });
    Ok(response)
}

/// `GET /v1/stream`: serves the live board as server-sent events.
///
/// The query parameters `subscribe` and `resume` are JSON, as in a message over the WebSocket. The
/// header `Last-Event-ID` of a reconnecting browser takes precedence over `resume`.
///
/// # Errors
/// If the query is invalid or there are too many live connections.
pub async fn get_stream(
    State(service): State<Arc<HttpService>>,
    Extension(grant): Extension<AccessGrant>,
    Extension(peer): Extension<RequestPeer>,
    headers: HeaderMap,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, HttpProblem> {
    let bad = |detail| HttpProblem::new(StatusCode::BAD_REQUEST, detail);
    let subscription = parse_stream_query(&query, &headers)
        .and_then(|subscribe| service.live.resolve_subscription(subscribe, &grant.view))
        .map_err(bad)?;
    let permit = acquire_live_permit(&service)?;
    let (live, open) = (service.live.clone(), service.connections.token());
    let (view, revoked) = (
        grant.view.clone(),
        Box::pin(guard::wait_until_revoked(service.access.clone(), grant, peer)),
    );
    let (stream, body) = server_sent_events::open_event_stream();
    tokio::spawn(async move {
        live.serve_client(stream, permit, view, Some(subscription), revoked).await;
        drop(open);
    });
    Ok((EVENT_STREAM_HEADERS, body).into_response())
}

/// Parses the subscription of an event stream.
fn parse_stream_query(
    query: &[(String, String)],
    headers: &HeaderMap,
) -> Result<ClientMessage, String> {
    let known = ["subscribe", "resume", "ticket"];
    if let Some((name, _)) = query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(format!(
            "unknown parameter `{name}`; use `subscribe` and `resume`, each as JSON, or `ticket`"
        ));
    }
    let part =
        |name| query.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let mut subscribe = ClientMessage::from_parts(part("subscribe"), part("resume"))?;
    let last =
        headers.get("last-event-id").and_then(|id| ResumePoint::from_event_id(id.to_str().ok()?));
    subscribe.resume = last.or(subscribe.resume);
    Ok(subscribe)
}

fn acquire_live_permit(service: &HttpService) -> Result<OwnedSemaphorePermit, HttpProblem> {
    service.live.acquire_permit().ok_or_else(|| {
        let detail = "the limit of live connections (`limits.live_clients`) is reached; try again \
             later or use `GET /v1/board`";
        HttpProblem::new(StatusCode::SERVICE_UNAVAILABLE, detail).with_retry_after(10)
    })
}
