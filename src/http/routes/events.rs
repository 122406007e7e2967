//! `POST /v1/events`: receives events and reports the result.

use crate::access::grant::AccessGrant;
use crate::http::HttpService;
use crate::http::problem::HttpProblem;
use crate::ingest::http_intake::delivery::IntakeAnswer;
use crate::ingest::http_intake::{IntakeFailure, IntakeFailureKind};
use crate::telemetry::Metric;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::ACCEPT_ENCODING;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use std::sync::Arc;

/// Receives the events of a request body.
///
/// # Errors
/// With the reason and the number of events accepted before the failure.
pub async fn post_events(
    State(service): State<Arc<HttpService>>,
    Extension(grant): Extension<AccessGrant>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<IntakeAnswer>, HttpProblem> {
    service
        .intake
        .receive_body(&headers, body, &grant.sources)
        .await
        .map(Json)
        .map_err(intake_problem)
}

fn intake_problem(failure: IntakeFailure) -> HttpProblem {
    let IntakeFailure { kind, detail, answer } = failure;
    let retry = "; send the same body again, events already accepted then count as duplicates";
    let (status, reason, advice) = match kind {
        IntakeFailureKind::Unreadable => (StatusCode::BAD_REQUEST, "unreadable", ""),
        IntakeFailureKind::Timeout => (StatusCode::REQUEST_TIMEOUT, "silent", retry),
        IntakeFailureKind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", ""),
        IntakeFailureKind::UnsupportedMedia => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", "")
        }
        IntakeFailureKind::Overloaded => (StatusCode::TOO_MANY_REQUESTS, "overloaded", retry),
        IntakeFailureKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", retry),
    };
    Metric::EventsRefused.add_labeled("reason", reason, 1);
    let problem = HttpProblem::new(status, detail + advice)
        .with_member("accepted", answer.accepted)
        .with_member("duplicates", answer.duplicates)
        .with_member("rejected_total", answer.rejected_total);
    match kind {
        IntakeFailureKind::UnsupportedMedia => problem.with_header(ACCEPT_ENCODING, "gzip, zstd"),
        IntakeFailureKind::Overloaded | IntakeFailureKind::Unavailable => {
            problem.with_retry_after(1)
        }
        IntakeFailureKind::Unreadable
        | IntakeFailureKind::Timeout
        | IntakeFailureKind::TooLarge => problem,
    }
}
