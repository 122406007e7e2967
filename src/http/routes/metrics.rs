//! `/metrics`: the service's own metrics and the board, in the requested format and encoding.

use crate::access::grant::{AccessGrant, GrantedView};
use crate::domain::board::published_board::PublishedBoard;
use crate::http::HttpService;
use crate::http::gzip::{accepts_gzip, compress_gzip};
use crate::http::problem::HttpProblem;
use crate::publish::prometheus::{self, MetricsFormat, MetricsSelection};
use crate::telemetry;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// `GET /metrics`: returns the service's own metrics and, once it is complete, the board.
///
/// A token restricted to some scopes gets only the board.
///
/// # Errors
/// If the response cannot be written.
pub async fn get_metrics(
    State(service): State<Arc<HttpService>>,
    Extension(grant): Extension<AccessGrant>,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    let published = service.boards.borrow().clone();
    let board_complete = service.intake.feed().readiness().has_board();
    let (format, gzip, scopes) = (
        MetricsFormat::from_accept_header(&joined_header_values(&headers, &ACCEPT)),
        accepts_gzip(&headers),
        service.metrics_scopes_max,
    );
    // Formatting and compression take milliseconds of CPU time and would block other connections.
    let write = move || {
        let text = metrics_text(&published, &grant.view, scopes, board_complete, format);
        if gzip { compress_gzip(text.as_bytes()).map(Bytes::from) } else { Ok(Bytes::from(text)) }
    };
    let body = tokio::task::spawn_blocking(write)
        .await
        .ok()
        .and_then(Result::ok)
        .ok_or_else(super::board::unwritten_answer_problem)?;
    let mut response = (
        [
            (CONTENT_TYPE, format.content_type()),
            (CACHE_CONTROL, "no-store"),
            (VARY, "accept, accept-encoding"),
        ],
        body,
    )
        .into_response();
    if gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

fn metrics_text(
    published: &PublishedBoard,
    view: &GrantedView,
    scopes: usize,
    board_complete: bool,
    format: MetricsFormat,
) -> String {
    let mut text = match (view.is_unrestricted(), format) {
        (false, _) => String::new(),
        (true, MetricsFormat::Text) => telemetry::prometheus_recorder().render(),
        (true, MetricsFormat::OpenMetrics) => {
            prometheus::to_open_metrics(&telemetry::prometheus_recorder().render())
        }
    };
    if board_complete {
        text += &prometheus::write_metrics(
            published,
            MetricsSelection { view, scopes_max: scopes },
            format,
        );
    }
    text + format.end_marker()
}

/// Returns all values of a header, joined by commas. Values that are not text are left out.
fn joined_header_values(headers: &HeaderMap, name: &HeaderName) -> String {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect::<Vec<_>>()
        .join(",")
}
