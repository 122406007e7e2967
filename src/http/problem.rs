//! Error responses as `application/problem+json` (RFC 9457).

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

/// An error response with status, details and headers.
#[derive(Debug)]
pub struct HttpProblem {
    status: StatusCode,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl HttpProblem {
    /// Creates a problem. `detail` states the cause and the remedy.
    #[must_use]
    pub fn new(status: StatusCode, detail: impl Into<String>) -> HttpProblem {
        let mut members = Map::new();
        members.insert("type".to_owned(), "about:blank".into());
        members.insert("title".to_owned(), status.canonical_reason().unwrap_or("Error").into());
        members.insert("status".to_owned(), status.as_u16().into());
        members.insert("detail".to_owned(), detail.into().into());
        HttpProblem { status, members, headers: Vec::new() }
    }

    /// Adds an extension member.
    #[must_use]
    pub fn with_member(mut self, member: &str, value: impl Into<Value>) -> HttpProblem {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &'static str) -> HttpProblem {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    /// Adds `Retry-After` with a delay in seconds.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u16) -> HttpProblem {
        self.headers.push((RETRY_AFTER, seconds.into()));
        self
    }
}

impl IntoResponse for HttpProblem {
    fn into_response(self) -> Response {
        let body = Value::Object(self.members).to_string();
        let mut response =
            (self.status, [(CONTENT_TYPE, "application/problem+json")], body).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}
