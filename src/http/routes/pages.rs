//! The wallboard's embedded files.
//!
//! Browsers may cache the files but must revalidate them, so a display shows the new page after an
//! upgrade. Every response carries a version of all files together, and the HTML contains it too.
//! An open page reloads itself when that version changes.

use crate::http::gzip::{accepts_gzip, compress_gzip};
use crate::http::headers::SAME_ORIGIN_FRAME_HEADERS;
use crate::http::problem::HttpProblem;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use rust_embed::Embed;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt::Write;

/// Response header with the version of all files.
const PAGE_VERSION_HEADER: HeaderName = HeaderName::from_static("x-firstline-page");
const WALLBOARD_PAGE: &str = "index.html";
/// Builds addresses of displays.
const CONFIGURE_PAGE: &str = "configure.html";
/// The address of that page in earlier versions.
const OLD_CONFIGURE_PAGE: &str = "build.html";
/// Placeholder in the HTML for that version.
const VERSION_PLACEHOLDER: &str = "{version}";

#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/dashboards/wallboard"]
struct WallboardFiles;

/// Serves a file. `/` is the wallboard.
///
/// # Errors
/// With 404 if the file does not exist, or 405 if the method is neither `GET` nor `HEAD`.
pub async fn serve_page(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    let path = match uri.path().trim_start_matches('/') {
        "" => WALLBOARD_PAGE,
        path => path,
    };
    if path == OLD_CONFIGURE_PAGE {
        let target = uri.query().map_or_else(
            || format!("/{CONFIGURE_PAGE}"),
            |query| format!("/{CONFIGURE_PAGE}?{query}"),
        );
        return Ok(Redirect::permanent(&target).into_response());
    }
    let Some(file) = WallboardFiles::get(path) else {
        return Err(HttpProblem::new(
            StatusCode::NOT_FOUND,
            "no page at this address; the wallboard is at `/`, the board at `/v1/board`",
        ));
    };
    if method != Method::GET && method != Method::HEAD {
        return Err(HttpProblem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this address is a file; use `GET`",
        )
        .with_header(ALLOW, "GET, HEAD"));
    }
    let version = files_version();
    let (tag, content) = match path.ends_with(".html") {
        // The HTML contains the version, so its tag changes with any file.
        true => (
            version.clone(),
            Cow::Owned(
                String::from_utf8_lossy(&file.data)
                    .replace(VERSION_PLACEHOLDER, &version)
                    .into_bytes(),
            ),
        ),
        false => (hex_digits(&file.metadata.sha256_hash()), file.data),
    };
    let accepts_gzip = accepts_gzip(&headers);
    let tag = format!("\"{tag}{}\"", if accepts_gzip { "-gzip" } else { "" });
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .any(|value| value.to_str().is_ok_and(|tags| tags.contains(&tag)));
    let headers = [
        (CONTENT_TYPE, content_type(path).to_owned()),
        (CACHE_CONTROL, "no-cache".to_owned()),
        (ETAG, tag),
        (VARY, "accept-encoding".to_owned()),
        (PAGE_VERSION_HEADER, version),
    ];
    let answer = match known {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => match accepts_gzip.then(|| compress_gzip(&content)) {
            Some(Ok(compressed)) => {
                (headers, [(CONTENT_ENCODING, "gzip")], compressed).into_response()
            }
            _ => (headers, content).into_response(),
        },
    };
    Ok(if path == WALLBOARD_PAGE {
        (SAME_ORIGIN_FRAME_HEADERS, answer).into_response()
    } else {
        answer
    })
}

/// Returns a hash over all files as hexadecimal digits.
fn files_version() -> String {
    let mut names: Vec<Cow<'static, str>> = WallboardFiles::iter().collect();
    names.sort();
    let mut hash = Sha256::new();
    for file in names.iter().filter_map(|name| WallboardFiles::get(name)) {
        hash.update(file.metadata.sha256_hash());
    }
    hex_digits(&hash.finalize())
}

fn hex_digits(hash: &[u8]) -> String {
    hash.iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json" | "webmanifest") => "application/json",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
