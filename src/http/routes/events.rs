//! `POST /v1/events`: the intake's result as an answer.

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

/// Takes the events of a body.
///
/// # Errors
/// The reason why they were not taken, and how many of them were before it came to that.
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
    let IntakeFailure { kind: cause, detail, answer: taken } = failure;
    let again = "; send the same body again, what was taken counts as a duplicate then";
    let (status, reason, advice) = match cause {
        IntakeFailureKind::Unreadable => (StatusCode::BAD_REQUEST, "unreadable", ""),
        IntakeFailureKind::Timeout => (StatusCode::REQUEST_TIMEOUT, "silent", again),
        IntakeFailureKind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", ""),
        IntakeFailureKind::UnsupportedMedia => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", "")
        }
        IntakeFailureKind::Overloaded => (StatusCode::TOO_MANY_REQUESTS, "overloaded", again),
        IntakeFailureKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", again),
    };
    Metric::EventsRefused.add_labeled("reason", reason, 1);
    let problem = HttpProblem::new(status, detail + advice)
        .with_member("accepted", taken.accepted)
        .with_member("duplicates", taken.duplicates)
        .with_member("rejected_total", taken.rejected_total);
    match cause {
        IntakeFailureKind::UnsupportedMedia => problem.with_header(ACCEPT_ENCODING, "gzip, zstd"),
        IntakeFailureKind::Overloaded | IntakeFailureKind::Unavailable => {
            problem.with_retry_after(1)
        }
        IntakeFailureKind::Unreadable
        | IntakeFailureKind::Timeout
        | IntakeFailureKind::TooLarge => problem,
    }
}
