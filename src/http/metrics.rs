//! `/metrics`: the service's own figures and the board, in the format and the encoding that were asked for.

use super::Service;
use super::problem::Problem;
use crate::access::grant::{Grant, View};
use crate::edition::Edition;
use crate::publish::prometheus::{self, Format, Shown};
use crate::telemetry;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::sync::Arc;

/// `GET /metrics`: the service's own figures, unless only a part of the board may be seen, and the board once it is whole.
///
/// # Errors
/// If it could not be written.
pub async fn metrics(
    State(service): State<Arc<Service>>,
    Extension(grant): Extension<Grant>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let edition = service.editions.borrow().clone();
    let whole = service.intake.feed().status().has_board();
    let (format, gzip, scopes) = (Format::wanted(&all(&headers, &ACCEPT)), wants_gzip(&all(&headers, &ACCEPT_ENCODING)), service.scopes);
    // Writing and compressing take milliseconds of a processor, which the connections are not to wait for.
    let write = move || {
        let text = text(&edition, &grant.view, scopes, whole, format);
        if gzip { compress(text.as_bytes()).map(Bytes::from) } else { Ok(Bytes::from(text)) }
    };
    let body = tokio::task::spawn_blocking(write).await.ok().and_then(Result::ok).ok_or_else(super::reading::unwritten)?;
    let mut response =
        ([(CONTENT_TYPE, format.content_type()), (CACHE_CONTROL, "no-store"), (VARY, "accept, accept-encoding")], body).into_response();
    if gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

fn text(edition: &Edition, view: &View, scopes: usize, whole: bool, format: Format) -> String {
    let mut text = match (view.is_everything(), format) {
        (false, _) => String::new(),
        (true, Format::Text) => telemetry::recorder().render(),
        (true, Format::OpenMetrics) => prometheus::as_open_metrics(&telemetry::recorder().render()),
    };
    if whole {
        text += &prometheus::write(edition, Shown { view, scopes }, format);
    }
    text + format.end()
}

/// All values of a header, put together; what is no text is left out.
fn all(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",")
}

fn wants_gzip(accept: &str) -> bool {
    accept.split(',').any(|coding| {
        let (name, parameter) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = parameter.trim().strip_prefix("q=").is_some_and(|quality| quality.parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// As fast as it can be: what is saved beyond that costs more than the local network does.
fn compress(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 8), Compression::fast());
    encoder.write_all(text)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::wants_gzip;

    #[test]
    fn gzip_is_for_those_who_take_it() {
        for (accept, wants) in
            [("", false), ("gzip", true), ("deflate, gzip;q=1.0, *;q=0.5", true), ("gzip;q=0", false), ("zstd", false), ("GZIP", true)]
        {
            assert_eq!(wants_gzip(accept), wants, "{accept}");
        }
    }
}
