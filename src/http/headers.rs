//! What a browser must be told about every answer: load nothing from elsewhere, guess no types, give no addresses away, show
//! the page in no other page's frame, and ask for none of the user's devices.
//!
//! One page may stand in a frame, and only in one of this service's own pages: the wallboard, which the page that makes its
//! address shows in small. Nobody else can lay it under something to be clicked, and there is little to click: a wall changes nothing.

use axum::http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

const SECURITY_HEADERS: [(HeaderName, &str); 7] = [
    // `'self'` means the WebSocket of the same host too.
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    // For browsers that do not know `frame-ancestors`.
    (X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    // The wall's screen stays awake; it needs nothing else.
    (
        HeaderName::from_static("permissions-policy"),
        "screen-wake-lock=(self), camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), bluetooth=()",
    ),
];

/// The same two for the wallboard.
pub(super) const SAME_ORIGIN_FRAME_HEADERS: [(HeaderName, &str); 2] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    ),
    (X_FRAME_OPTIONS, "SAMEORIGIN"),
];

/// A browser that came over TLS once shall not come without it for a year.
const STRICT_TRANSPORT_HEADER: (HeaderName, &str) = (STRICT_TRANSPORT_SECURITY, "max-age=31536000");

/// Adds them to an answer; what it says of them itself stands.
pub(super) fn add_security_headers(mut response: Response, tls: bool) -> Response {
    for (name, value) in SECURITY_HEADERS.into_iter().chain(tls.then_some(STRICT_TRANSPORT_HEADER))
    {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
