//! `POST /v1/ticket`: a ticket for one connection to the live board, for browsers, which cannot send a token there.

use super::Service;
use super::problem::Problem;
use super::reading::JSON;
use crate::access::grant::Grant;
use crate::access::ticket::LIFE;
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
pub async fn issue(State(service): State<Arc<Service>>, Extension(grant): Extension<Grant>) -> Result<Response, Problem> {
    let seconds = LIFE.as_secs();
    match service.tickets.issue(grant.token, Instant::now()) {
        Some(ticket) => Ok((JSON, json!({ "ticket": ticket.reveal(), "expires_in": seconds }).to_string()).into_response()),
        None => {
            let detail = "too many tickets wait for their use; fetch one only to connect at once";
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(seconds as u16))
        }
    }
}
