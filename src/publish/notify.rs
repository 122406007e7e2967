//! Notifications: alerts sent to other systems, each receiver by a task of its own.
//!
//! What is to be told is not queued anywhere: it follows from the alerts that the core remembers and from how far a receiver has
//! heard them. So a receiver that is down costs no memory, and neither does a long list of receivers. What can't be sent is tried
//! again, after a second and then after twice as long each time, up to [`LONGEST`].

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

/// How long a receiver may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long is waited at first before something is sent again.
const RETRY_DELAY_MIN: Duration = Duration::from_secs(1);
/// How long is waited at most.
pub const RETRY_DELAY_MAX: Duration = Duration::from_secs(5 * 60);
/// How much of an answer is read, to say why something was refused.
const ANSWER_BYTES_MAX: usize = 2_048;

/// Who is told, and how to reach the service from there.
#[derive(Clone, Debug, Default)]
pub struct NotificationReceivers {
    /// Where the service is for those who are told.
    pub links: alert_json::ServiceLinks,
    /// The addresses of the peers of an Alertmanager; each is told everything.
    pub alertmanagers: Vec<Uri>,
    /// How often an Alertmanager is told again what fires.
    pub resend_interval: Duration,
    /// What an Alertmanager wants to be shown.
    pub alertmanager_token: Option<TokenSecret>,
    /// The webhooks.
    pub webhooks: Vec<WebhookSettings>,
}

/// A plain receiver.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Its name; policies name it in `to`.
    pub name: String,
    /// Its address.
    pub url: Uri,
    /// What it wants to be shown.
    pub token: Option<TokenSecret>,
    /// What it knows our messages by.
    pub secret: Option<TokenSecret>,
}

/// Why something was not delivered.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DeliveryFailure {
    /// The receiver cannot be reached, or cannot take it now: another time it may.
    #[error("{0}")]
    Temporary(String),
    /// The receiver will never take it.
    #[error("{0}")]
    Permanent(String),
}

/// Sends by HTTP.
#[derive(Clone, Debug)]
pub struct NotificationSender {
    client: Client<HttpsConnector<HttpConnector>, Body>,
}

impl NotificationSender {
    /// A sender that trusts whom this machine trusts. Where it trusts nobody, only plain connections can be made.
    ///
    /// # Errors
    /// If the encryption has no version that it may use.
    pub fn new() -> Result<NotificationSender, tokio_rustls::rustls::Error> {
        let connector = match HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(ring::default_provider())
        {
            Ok(builder) => builder,
            Err(error) => {
                tracing::warn!(
                    "this machine has no certificates to trust, so notifications cannot be encrypted: {error}"
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

    /// Posts a JSON text, and measures how long that takes.
    ///
    /// # Errors
    /// Why it was not taken.
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
        let answered = async {
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
        let asked = Instant::now();
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, answered).await;
        Metric::NotificationSeconds.record_duration(asked.elapsed());
        answer.unwrap_or_else(|_| {
            Err(DeliveryFailure::Temporary(format!(
                "no answer within {} s",
                ANSWER_TIMEOUT.as_secs()
            )))
        })
    }
}

/// What an answer means.
fn classify_answer(status: StatusCode, text: &str) -> Result<(), DeliveryFailure> {
    let said = format!("it answered {status}: {}", text.trim());
    match status {
        _ if status.is_success() => Ok(()),
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND => Err(DeliveryFailure::Temporary(said)),
        _ if status.is_client_error() => Err(DeliveryFailure::Permanent(said)),
        _ => Err(DeliveryFailure::Temporary(said)),
    }
}

/// An error with its causes, as far as they say more.
fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}

/// The header that shows a token; none if it cannot stand in one.
pub(super) fn bearer_header(token: &TokenSecret) -> Option<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal())).ok()?;
    value.set_sensitive(true);
    Some((AUTHORIZATION, value))
}

/// How long to wait after so many failures in a row.
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
        for (status, gives_up) in [
            (200, None),
            (204, None),
            (400, Some(true)),
            (404, Some(false)),
            (422, Some(true)),
            (429, Some(false)),
            (503, Some(false)),
        ] {
            let judged =
                classify_answer(StatusCode::from_u16(status).expect("a status"), "why").err();
            assert_eq!(
                judged.map(|why| matches!(why, DeliveryFailure::Permanent(_))),
                gives_up,
                "{status}"
            );
        }
    }
}
