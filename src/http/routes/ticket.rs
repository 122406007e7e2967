//! `POST /v1/ticket`: issues a ticket for one connection to the live board.
//!
//! Browsers need it because they cannot send an `Authorization` header with a WebSocket.

use super::board::JSON_HEADERS;
use crate::access::grant::AccessGrant;
use crate::access::ticket::TICKET_LIFETIME;
use crate::http::HttpService;
use crate::http::problem::HttpProblem;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;
use tokio::time::Instant;

/// Issues a single-use ticket with the permissions of the request's token.
///
/// # Errors
/// If too many unused tickets exist.
pub async fn issue_ticket(
    State(service): State<Arc<HttpService>>,
    Extension(grant): Extension<AccessGrant>,
) -> Result<Response, HttpProblem> {
    let seconds = TICKET_LIFETIME.as_secs();
    match service.tickets.issue_ticket(grant.token, Instant::now()) {
        Some(ticket) => Ok((
            JSON_HEADERS,
            json!({ "ticket": ticket.reveal(), "expires_in": seconds }).to_string(),
        )
            .into_response()),
        None => {
            let detail = "too many unused tickets; request a ticket only right before connecting";
            Err(HttpProblem::new(StatusCode::TOO_MANY_REQUESTS, detail)
                .with_retry_after(seconds as u16))
        }
    }
}
