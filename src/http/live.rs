//! `GET /v1/live` and `GET /v1/stream`: connections to the live board, over a WebSocket and as server-sent events.
//!
//! Both outlive the request that opened them. Neither holds the service itself, which holds the way into the engine: that must
//! be free to end before the connections do.

use super::problem::Problem;
use super::{Service, guard};
use crate::access::Peer;
use crate::access::grant::Grant;
use crate::publish::live::{Resume, Subscribe};
use crate::publish::socket::Socket;
use crate::publish::stream;
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

/// A proxy must neither keep the stream nor gather it.
const EVENTS: [(HeaderName, &str); 3] =
    [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store"), (HeaderName::from_static("x-accel-buffering"), "no")];

/// `GET /v1/live`: the live board over a WebSocket.
///
/// # Errors
/// If it is no WebSocket, or there are too many.
pub async fn live(
    State(service): State<Arc<Service>>,
    Extension(grant): Extension<Grant>,
    Extension(peer): Extension<Peer>,
    mut request: Request,
) -> Result<Response, Problem> {
    let response = create_response_with_body(&request, Body::empty)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("connect with a WebSocket, or read `/v1/stream`: {error}")))?;
    let place = place(&service)?;
    let (live, open) = (service.live.clone(), service.connections.token());
    let (view, shut_out) = (grant.view.clone(), Box::pin(guard::shut_out(service.access.clone(), grant, peer)));
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let socket = Socket::new(TokioIo::new(upgraded)).await;
            live.serve(socket, place, view, None, shut_out).await;
        }
        drop(open);
    });
    Ok(response)
}

/// `GET /v1/stream`: the live board as server-sent events. The query has `subscribe` and `resume` as JSON, each as in a message
/// over the WebSocket; the header `Last-Event-ID` of a browser that comes back goes before `resume`.
///
/// # Errors
/// If the query cannot be understood, or there are too many.
pub async fn stream(
    State(service): State<Arc<Service>>,
    Extension(grant): Extension<Grant>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let bad = |detail| Problem::new(StatusCode::BAD_REQUEST, detail);
    let wish = subscribe(&query, &headers).and_then(|subscribe| service.live.wish(subscribe, &grant.view)).map_err(bad)?;
    let place = place(&service)?;
    let (live, open) = (service.live.clone(), service.connections.token());
    let (view, shut_out) = (grant.view.clone(), Box::pin(guard::shut_out(service.access.clone(), grant, peer)));
    let (line, body) = stream::open();
    tokio::spawn(async move {
        live.serve(line, place, view, Some(wish), shut_out).await;
        drop(open);
    });
    Ok((EVENTS, body).into_response())
}

/// What a stream is asked for.
fn subscribe(query: &[(String, String)], headers: &HeaderMap) -> Result<Subscribe, String> {
    let known = ["subscribe", "resume", "ticket"];
    if let Some((name, _)) = query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(format!("the stream knows no `{name}`; write `subscribe` and `resume`, each as JSON, or `ticket`"));
    }
    let part = |name| query.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let mut subscribe = Subscribe::of_parts(part("subscribe"), part("resume"))?;
    let last = headers.get("last-event-id").and_then(|id| Resume::of_event(id.to_str().ok()?));
    subscribe.resume = last.or(subscribe.resume);
    Ok(subscribe)
}

fn place(service: &Service) -> Result<OwnedSemaphorePermit, Problem> {
    service.live.place().ok_or_else(|| {
        let detail = "there are as many live connections as `limits.live_clients` allows; `GET /v1/board` still answers";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(10)
    })
}
