//! Security headers of every response.
//!
//! They restrict content to this origin, disable content type sniffing and referrers, forbid
//! framing, and deny access to the user's devices.
//!
//! The wallboard is the only page that may be framed, and only by a page of this service. The page
//! that configures a display shows it as a preview.

use axum::http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

const SECURITY_HEADERS: [(HeaderName, &str); 7] = [
    // `'self'` also covers the WebSocket of the same host.
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    // For browsers without support for `frame-ancestors`.
    (X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    // The wallboard keeps the display awake and needs no other permission.
    (
        HeaderName::from_static("permissions-policy"),
        "screen-wake-lock=(self), camera=(), microphone=(), geolocation=(), payment=(), usb=(), \
         serial=(), bluetooth=()",
    ),
];

/// Headers that allow the wallboard to be framed by a page of the same origin.
pub(super) const SAME_ORIGIN_FRAME_HEADERS: [(HeaderName, &str); 2] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'self'",
    ),
    (X_FRAME_OPTIONS, "SAMEORIGIN"),
];

/// HTTP Strict Transport Security (RFC 6797), valid for one year.
const STRICT_TRANSPORT_HEADER: (HeaderName, &str) = (STRICT_TRANSPORT_SECURITY, "max-age=31536000");

/// Adds the security headers to a response. A header that the response already has is not changed.
pub(super) fn add_security_headers(mut response: Response, tls: bool) -> Response {
    for (name, value) in SECURITY_HEADERS.into_iter().chain(tls.then_some(STRICT_TRANSPORT_HEADER))
    {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
