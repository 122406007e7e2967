//! The wallboard's files, embedded. They may be kept, but must be asked for: after an update a wall shows the new page.
//!
//! All files together have a version, which every answer carries and the HTML holds: an open page that hears of another one
//! takes it by itself.

use crate::http::headers::SAME_ORIGIN_FRAME_HEADERS;
use crate::http::problem::HttpProblem;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use rust_embed::Embed;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt::Write;

/// Carries the version of all files together.
const PAGE_VERSION_HEADER: HeaderName = HeaderName::from_static("x-firstline-page");
/// The wallboard.
const WALLBOARD_PAGE: &str = "index.html";
/// Builds addresses of displays.
const CONFIGURE_PAGE: &str = "configure.html";
/// The address of that page in earlier versions.
const OLD_CONFIGURE_PAGE: &str = "build.html";
/// Stands in the HTML for that version.
const VERSION_PLACEHOLDER: &str = "{version}";

#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/dashboards/wallboard"]
struct WallboardFiles;

/// Answers with a file; `/` is the wallboard.
///
/// # Errors
/// If there is no such file.
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
            "there is nothing at this address; the wallboard is at `/`, the board at `/v1/board`",
        ));
    };
    if method != Method::GET && method != Method::HEAD {
        return Err(HttpProblem::new(StatusCode::METHOD_NOT_ALLOWED, "this is a file: `GET` it")
            .with_header(ALLOW, "GET, HEAD"));
    }
    let version = files_version();
    let (tag, content) = match path.ends_with(".html") {
        // What it says changes with any other file.
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
    let tag = format!("\"{tag}\"");
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .any(|value| value.to_str().is_ok_and(|tags| tags.contains(&tag)));
    let headers = [
        (CONTENT_TYPE, content_type(path).to_owned()),
        (CACHE_CONTROL, "no-cache".to_owned()),
        (ETAG, tag),
        (PAGE_VERSION_HEADER, version),
    ];
    let answer = match known {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => (headers, content).into_response(),
    };
    Ok(if path == WALLBOARD_PAGE {
        (SAME_ORIGIN_FRAME_HEADERS, answer).into_response()
    } else {
        answer
    })
}

/// Of all files; where they are embedded their hashes are known already.
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
