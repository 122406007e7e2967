//! `GET /v1/openapi.json`: the description of all routes.

use crate::http::openapi;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use std::sync::LazyLock;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi::openapi_document().to_string());

/// Returns the OpenAPI 3.1 document. It holds no figures.
pub async fn get_openapi_document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}
