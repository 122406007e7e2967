//! The wallboard's files, embedded. They may be kept, but must be asked for: after an update a wall shows the new page.

use super::problem::Problem;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::{Embed, EmbeddedFile};
use std::fmt::Write;

#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/dashboards/wallboard"]
struct Wallboard;

/// Answers with a file; `/` is the wallboard.
///
/// # Errors
/// If there is no such file.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let Some(file) = Wallboard::get(path) else {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "there is nothing at this address; the wallboard is at `/`, the board at `/v1/board`",
        ));
    };
    if method != Method::GET && method != Method::HEAD {
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this is a file: `GET` it").header(ALLOW, "GET, HEAD"));
    }
    let tag = tag(&file);
    let known = headers.get_all(IF_NONE_MATCH).iter().any(|value| value.to_str().is_ok_and(|tags| tags.contains(&tag)));
    let headers = [(CONTENT_TYPE, content_type(path).to_owned()), (CACHE_CONTROL, "no-cache".to_owned()), (ETAG, tag)];
    match known {
        true => Ok((StatusCode::NOT_MODIFIED, headers).into_response()),
        false => Ok((headers, file.data).into_response()),
    }
}

fn tag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let digits = hash[..16].iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    format!("\"{digits}\"")
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
