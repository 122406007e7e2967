//! `POST /v1/events`: the intake's result as an answer.

use super::Service;
use super::problem::Problem;
use crate::access::grant::Grant;
use crate::ingest::http::delivery::Taken;
use crate::ingest::http::{Cause, Failure};
use crate::telemetry::Metric;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::ACCEPT_ENCODING;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use std::sync::Arc;

/// Takes the events of a body.
///
/// # Errors
/// The reason why they were not taken, and how many of them were before it came to that.
pub async fn take(
    State(service): State<Arc<Service>>,
    Extension(grant): Extension<Grant>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Taken>, Problem> {
    service.intake.take(&headers, body, &grant.sources).await.map(Json).map_err(explain)
}

fn explain(failure: Failure) -> Problem {
    let Failure { cause, detail, taken } = failure;
    let again = "; send the same body again, what was taken counts as a duplicate then";
    let (status, reason, advice) = match cause {
        Cause::Unreadable => (StatusCode::BAD_REQUEST, "unreadable", ""),
        Cause::Silent => (StatusCode::REQUEST_TIMEOUT, "silent", again),
        Cause::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", ""),
        Cause::Media => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", ""),
        Cause::Overloaded => (StatusCode::TOO_MANY_REQUESTS, "overloaded", again),
        Cause::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", again),
    };
    Metric::EventsRefused.count("reason", reason, 1);
    let problem = Problem::new(status, detail + advice)
        .with("accepted", taken.accepted)
        .with("duplicates", taken.duplicates)
        .with("rejected_total", taken.rejected_total);
    match cause {
        Cause::Media => problem.header(ACCEPT_ENCODING, "gzip, zstd"),
        Cause::Overloaded | Cause::Unavailable => problem.retry_after(1),
        Cause::Unreadable | Cause::Silent | Cause::TooLarge => problem,
    }
}
