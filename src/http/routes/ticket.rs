//! `POST /v1/ticket`: a ticket for one connection to the live board, for browsers, which cannot send a token there.

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

/// Gives a ticket to whoever may see the board.
///
/// # Errors
/// If too many are out.
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
            let detail = "too many tickets wait for their use; fetch one only to connect at once";
            Err(HttpProblem::new(StatusCode::TOO_MANY_REQUESTS, detail)
                .with_retry_after(seconds as u16))
        }
    }
}
