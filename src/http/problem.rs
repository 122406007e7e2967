//! Errors as `application/problem+json` (RFC 9457): what is wrong and what to do about it.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

/// An error answer.
#[derive(Debug)]
pub struct HttpProblem {
    status: StatusCode,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl HttpProblem {
    /// A problem of this status, explained.
    #[must_use]
    pub fn new(status: StatusCode, detail: impl Into<String>) -> HttpProblem {
        let mut members = Map::new();
        members.insert("type".to_owned(), "about:blank".into());
        members.insert("title".to_owned(), status.canonical_reason().unwrap_or("Error").into());
        members.insert("status".to_owned(), status.as_u16().into());
        members.insert("detail".to_owned(), detail.into().into());
        HttpProblem { status, members, headers: Vec::new() }
    }

    /// With one more member.
    #[must_use]
    pub fn with_member(mut self, member: &str, value: impl Into<Value>) -> HttpProblem {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// With a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &'static str) -> HttpProblem {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    /// Asks to be tried again after so many seconds.
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
