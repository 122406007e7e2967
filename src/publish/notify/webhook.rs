//! Webhooks: one JSON message for the start and one for the end of each alert, in order.
//!
//! **Delivery is at least once and in order.** The cursor is stored after each message. A crash
//! between sending and storing repeats one message with the same `Idempotency-Key`, by which the
//! receiver detects the duplicate.
//!
//! An unreachable receiver delays its later messages. They are derived from the incident log, which
//! retains the ten thousand alerts that ended last. Older messages are counted as lost. A new
//! receiver gets everything since the start of the oldest active alert. A message that is refused
//! permanently (most 4xx responses) is logged and skipped.

use super::alert_json::{ServiceLinks, alert_json};
use crate::domain::alerts::evaluation::AlertOverview;
use crate::domain::alerts::incident::Incident;
use crate::domain::alerts::incident_log::IncidentLog;
use crate::journal::DeliveryCursors;
use crate::publish::notify::{
    DeliveryFailure, NotificationSender, WebhookSettings, bearer_header, retry_delay,
};
use crate::telemetry::Metric;
use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use tokio::sync::watch;

/// The delivery task of one webhook.
#[derive(Debug)]
pub struct WebhookReceiver {
    webhook: WebhookSettings,
    sender: NotificationSender,
    links: ServiceLinks,
    /// Storage of the cursor; `None` without a data directory.
    cursors: Option<Arc<DeliveryCursors>>,
    /// Number of the last delivered message; `None` for a new receiver.
    last_delivered: Option<u64>,
}

impl WebhookReceiver {
    /// Creates the task and loads the cursor.
    #[must_use]
    pub fn new(
        webhook: WebhookSettings,
        sender: NotificationSender,
        links: ServiceLinks,
        cursors: Option<Arc<DeliveryCursors>>,
    ) -> WebhookReceiver {
        let stored = cursors.as_ref().map(|cursors| cursors.get(&webhook.name)).transpose();
        let last_delivered = stored.map(Option::flatten).unwrap_or_else(|error| {
            tracing::error!(
                receiver = webhook.name,
                "the delivery cursor cannot be read, so active alerts are sent again: {error}"
            );
            None
        });
        WebhookReceiver { webhook, sender, links, cursors, last_delivered }
    }

    /// Stores the number of the last delivered message.
    async fn store_cursor(&mut self, number: u64) {
        self.last_delivered = Some(number);
        let Some(cursors) = self.cursors.clone() else { return };
        let name = self.webhook.name.clone();
        let stored = tokio::task::spawn_blocking(move || cursors.set(&name, number)).await;
        if let Ok(Err(error)) = stored {
            tracing::error!(
                receiver = self.webhook.name,
                "the delivery cursor cannot be stored; messages repeat after a restart: {error}"
            );
        }
    }

    /// Delivers messages until evaluation ends.
    pub async fn run(mut self, mut alerts: watch::Receiver<Arc<AlertOverview>>) {
        let mut failures = 0;
        loop {
            let view = alerts.borrow_and_update().clone();
            // Before the first evaluation, the incident log is not complete.
            let is_delivered = view.as_of.is_none() || self.catch_up(&view.incident_log).await;
            failures = if is_delivered { 0 } else { failures + 1 };
            if failures > 0 {
                tokio::time::sleep(retry_delay(failures)).await;
            } else if alerts.changed().await.is_err() {
                return;
            }
        }
    }

    /// Delivers all pending messages. Returns false after a temporary failure.
    async fn catch_up(&mut self, incident_log: &IncidentLog) -> bool {
        let receiver = self.webhook.name.clone();
        let cursor = match self.last_delivered {
            Some(number) => number,
            None => {
                let number = initial_cursor(incident_log);
                self.store_cursor(number).await;
                number
            }
        };
        let (messages, lost) = messages_after(incident_log, cursor, &receiver);
        if lost > 0 {
            tracing::error!(
                receiver,
                lost,
                "the receiver was unreachable for too long; its oldest alerts are lost"
            );
            Metric::Notifications.add_for_receiver(&receiver, "lost", lost);
        }
        let mut waiting = messages.len();
        for (number, (incident, fired)) in messages {
            Metric::NotificationsWaiting.set_for_receiver(&receiver, waiting as f64);
            match self.send_message(&incident, fired).await {
                Ok(()) => {}
                Err(DeliveryFailure::Permanent(why)) => {
                    tracing::error!(
                        receiver,
                        alert = incident.hex_id(),
                        "the receiver refuses an alert, which is skipped: {why}"
                    );
                }
                Err(DeliveryFailure::Temporary(why)) => {
                    tracing::warn!(
                        receiver,
                        "an alert could not be delivered and is retried: {why}"
                    );
                    return false;
                }
            }
            waiting -= 1;
            self.store_cursor(number).await;
        }
        Metric::NotificationsWaiting.set_for_receiver(&receiver, 0.0);
        if self.last_delivered != Some(incident_log.last_sequence()) {
            self.store_cursor(incident_log.last_sequence()).await;
        }
        true
    }

    async fn send_message(&self, incident: &Incident, fired: bool) -> Result<(), DeliveryFailure> {
        let event = if fired { "fired" } else { "ended" };
        let message = json!({
            "version": 1,
            "event": event,
            "alert": alert_json(incident, &self.links),
            "board": self.links.board_url(),
        });
        let body = Bytes::from(message.to_string());
        let key = format!("{}-{event}", incident.hex_id());
        let mut headers: Vec<(HeaderName, HeaderValue)> =
            self.webhook.token.as_ref().and_then(bearer_header).into_iter().collect();
        let mut put = |name: &'static str, value: &str| {
            headers.extend(
                HeaderValue::from_str(value)
                    .ok()
                    .map(|value| (HeaderName::from_static(name), value)),
            );
        };
        put("idempotency-key", &key);
        if let Some(secret) = &self.webhook.secret {
            put("firstline-signature", &hmac_signature(secret.reveal(), &body));
        }
        let sent = self.sender.post_json(&self.webhook.url, &headers, body).await;
        let outcome = match &sent {
            Ok(()) => "delivered",
            Err(DeliveryFailure::Temporary(_)) => "failed",
            Err(DeliveryFailure::Permanent(_)) => "refused",
        };
        Metric::Notifications.add_for_receiver(&self.webhook.name, outcome, 1);
        sent
    }
}

/// An incident, and true for its start or false for its end.
type WebhookMessage = (Arc<Incident>, bool);

/// Returns the cursor of a new receiver, just before the oldest active alert.
fn initial_cursor(incident_log: &IncidentLog) -> u64 {
    let firing = incident_log.incidents().filter(|incident| incident.ended_at.is_none());
    firing
        .map(|incident| incident.sequence_numbers.0.saturating_sub(1))
        .min()
        .unwrap_or(incident_log.last_sequence())
}

/// Returns the messages after a cursor by number, and the number of lost messages.
fn messages_after(
    incident_log: &IncidentLog,
    cursor: u64,
    receiver: &str,
) -> (BTreeMap<u64, WebhookMessage>, u64) {
    let mut messages = BTreeMap::new();
    let mut known = 0;
    for incident in incident_log.incidents() {
        let (fired, ended) = incident.sequence_numbers;
        for (number, is_fired) in [(Some(fired), true), (ended, false)] {
            let Some(number) = number.filter(|number| *number > cursor) else { continue };
            known += 1;
            if incident.to.as_deref().is_none_or(|to| to == receiver) {
                messages.insert(number, (incident.clone(), is_fired));
            }
        }
    }
    (messages, incident_log.last_sequence().saturating_sub(cursor).saturating_sub(known))
}

/// Returns `sha256=` and the HMAC-SHA256 of the body in hexadecimal digits.
fn hmac_signature(secret: &str, body: &[u8]) -> String {
    // HMAC accepts keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    mac.finalize().into_bytes().iter().fold("sha256=".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn signature_matches_rfc_4231_test_case_2() {
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hmac_signature("Jefe", b"what do ya want for nothing?"), expected);
    }
}
