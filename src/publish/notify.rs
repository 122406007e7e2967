//! Alert notifications to other systems, with one task per receiver.
//!
//! Notifications are not queued. They are derived from the incident log and the receiver's delivery
//! cursor, so an unreachable receiver needs no memory. Failed deliveries are retried with
//! exponential backoff, from one second up to [`RETRY_DELAY_MAX`].

pub mod alert_json;
pub mod alertmanager;
pub mod webhook;

use crate::access::token::TokenSecret;
use crate::telemetry::Metric;
use axum::body::{Body, Bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderName, HeaderValue, Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Maximum time for a receiver's response.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Delay before the first retry.
const RETRY_DELAY_MIN: Duration = Duration::from_secs(1);
/// Maximum delay before a retry.
pub const RETRY_DELAY_MAX: Duration = Duration::from_secs(5 * 60);
/// Maximum number of response bytes read, to report the reason of a refusal.
const ANSWER_BYTES_MAX: usize = 2_048;

/// The receivers of notifications, and the address of this service for their links.
#[derive(Clone, Debug, Default)]
pub struct NotificationReceivers {
    /// Links back to this service.
    pub links: alert_json::ServiceLinks,
    /// The addresses of Alertmanager peers. Each gets all alerts.
    pub alertmanagers: Vec<Uri>,
    /// Interval at which active alerts are sent again to an Alertmanager.
    pub resend_interval: Duration,
    /// Bearer token for Alertmanager.
    pub alertmanager_token: Option<TokenSecret>,
    /// The webhooks.
    pub webhooks: Vec<WebhookSettings>,
}

/// A webhook receiver.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Its name, used by policies in `to`.
    pub name: String,
    /// Its address.
    pub url: Uri,
    /// Bearer token for the receiver.
    pub token: Option<TokenSecret>,
    /// Key of the HMAC signature of messages.
    pub secret: Option<TokenSecret>,
}

/// Reason of a failed delivery.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DeliveryFailure {
    /// The receiver is unreachable or temporarily refuses. A retry may succeed.
    #[error("{0}")]
    Temporary(String),
    /// The receiver refuses permanently.
    #[error("{0}")]
    Permanent(String),
}

/// HTTP client for notifications.
#[derive(Clone, Debug)]
pub struct NotificationSender {
    client: Client<HttpsConnector<HttpConnector>, Body>,
}

impl NotificationSender {
    /// Creates a client that trusts the machine's root certificates. Without any, only plain HTTP
    /// works.
    ///
    /// # Errors
    /// Returns an error if no TLS version is available.
    pub fn new() -> Result<NotificationSender, tokio_rustls::rustls::Error> {
        let connector = match HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(ring::default_provider())
        {
            Ok(builder) => builder,
            Err(error) => {
                tracing::warn!(
                    "no root certificates found, so notifications over HTTPS fail: {error}; \
                     install CA certificates"
                );
                let config =
                    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
                        .with_safe_default_protocol_versions()?;
                let config =
                    config.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
                HttpsConnectorBuilder::new().with_tls_config(config)
            }
        };
        let connector = connector.https_or_http().enable_http1().build();
        Ok(NotificationSender { client: Client::builder(TokioExecutor::new()).build(connector) })
    }

    /// Posts a JSON text and records the duration.
    ///
    /// # Errors
    /// Returns the reason if the receiver did not accept the text.
    pub async fn post_json(
        &self,
        url: &Uri,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Result<(), DeliveryFailure> {
        let mut request = Request::post(url).header(CONTENT_TYPE, "application/json");
        request = request.header(USER_AGENT, concat!("firstline/", env!("CARGO_PKG_VERSION")));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Body::from(body))
            .map_err(|error| DeliveryFailure::Permanent(error.to_string()))?;
        let exchange = async {
            let answer = self
                .client
                .request(request)
                .await
                .map_err(|error| DeliveryFailure::Temporary(error_chain(&error)))?;
            let status = answer.status();
            let text = axum::body::to_bytes(Body::new(answer.into_body()), ANSWER_BYTES_MAX)
                .await
                .unwrap_or_default();
            classify_answer(status, &String::from_utf8_lossy(&text))
        };
        let started = Instant::now();
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, exchange).await;
        Metric::NotificationSeconds.record_duration(started.elapsed());
        answer.unwrap_or_else(|_| {
            Err(DeliveryFailure::Temporary(format!(
                "no answer within {} s",
                ANSWER_TIMEOUT.as_secs()
            )))
        })
    }
}

/// Maps a response to the outcome of the delivery.
fn classify_answer(status: StatusCode, text: &str) -> Result<(), DeliveryFailure> {
    let reason = format!("the receiver answered {status}: {}", text.trim());
    match status {
        _ if status.is_success() => Ok(()),
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND => Err(DeliveryFailure::Temporary(reason)),
        _ if status.is_client_error() => Err(DeliveryFailure::Permanent(reason)),
        _ => Err(DeliveryFailure::Temporary(reason)),
    }
}

/// Formats an error with the chain of its causes.
fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}

/// Returns the `Authorization` header of a token; `None` if the token is not a valid header value.
pub(super) fn bearer_header(token: &TokenSecret) -> Option<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal())).ok()?;
    value.set_sensitive(true);
    Some((AUTHORIZATION, value))
}

/// Returns the delay after a number of consecutive failures.
pub(super) fn retry_delay(failures: u32) -> Duration {
    RETRY_DELAY_MIN.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(RETRY_DELAY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_delay_doubles_up_to_five_minutes() {
        let seconds: Vec<u64> =
            [1, 2, 3, 9, 10, 40].map(|failures| retry_delay(failures).as_secs()).into();
        assert_eq!(seconds, [1, 2, 4, 256, 300, 300]);
    }

    #[test]
    fn only_permanent_failures_are_not_retried() {
        for (status, is_permanent) in [
            (200, None),
            (204, None),
            (400, Some(true)),
            (404, Some(false)),
            (422, Some(true)),
            (429, Some(false)),
            (503, Some(false)),
        ] {
            let failure =
                classify_answer(StatusCode::from_u16(status).expect("a valid status"), "why").err();
            assert_eq!(
                failure.map(|why| matches!(why, DeliveryFailure::Permanent(_))),
                is_permanent,
                "{status}"
            );
        }
    }
}
