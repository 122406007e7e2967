//! Webhooks: each firing and each end is told once, in their order, as JSON.
//!
//! **What is promised: at least once, and never in another order.** How far a receiver has heard is written down after each message,
//! so a crash between sending and writing repeats one message; it carries the same `Idempotency-Key` then, by which a
//! receiver knows it. A receiver that is down is waited for; the messages behind it wait too, and follow from what the core
//! remembers: up to the ten thousand alerts that ended last. Those beyond are counted as lost. A receiver that is new hears
//! of everything since the oldest alert that fires. What a receiver refuses for good (most of the answers 4xx) is logged and passed over.

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

/// A receiver at work.
#[derive(Debug)]
pub struct WebhookReceiver {
    webhook: WebhookSettings,
    sender: NotificationSender,
    links: ServiceLinks,
    /// Where it is written down how far it has heard; none where nothing is kept.
    cursors: Option<Arc<DeliveryCursors>>,
    /// How far that is; none of a receiver that is new.
    last_delivered: Option<u64>,
}

impl WebhookReceiver {
    /// A receiver, and where it is written down how far it has heard.
    #[must_use]
    pub fn new(
        webhook: WebhookSettings,
        sender: NotificationSender,
        links: ServiceLinks,
        cursors: Option<Arc<DeliveryCursors>>,
    ) -> WebhookReceiver {
        let heard = cursors.as_ref().map(|cursors| cursors.get(&webhook.name)).transpose();
        let heard = heard.map(Option::flatten).unwrap_or_else(|error| {
            tracing::error!(
                receiver = webhook.name,
                "it is not known what it has heard, so it is told again what fires: {error}"
            );
            None
        });
        WebhookReceiver { webhook, sender, links, cursors, last_delivered: heard }
    }

    /// Notes how far it has heard.
    async fn store_cursor(&mut self, told: u64) {
        self.last_delivered = Some(told);
        let Some(cursors) = self.cursors.clone() else { return };
        let name = self.webhook.name.clone();
        let noted = tokio::task::spawn_blocking(move || cursors.set(&name, told)).await;
        if let Ok(Err(error)) = noted {
            tracing::error!(
                receiver = self.webhook.name,
                "what it has heard is not written down; after a restart it hears it again: {error}"
            );
        }
    }

    /// Tells it everything, until the alerts end.
    pub async fn run(mut self, mut alerts: watch::Receiver<Arc<AlertOverview>>) {
        let mut failures = 0;
        loop {
            let view = alerts.borrow_and_update().clone();
            // Before the first look, or before the journal is read, there is nothing to say.
            let heard = view.as_of.is_none() || self.catch_up(&view.incident_log).await;
            failures = if heard { 0 } else { failures + 1 };
            if failures > 0 {
                tokio::time::sleep(retry_delay(failures)).await;
            } else if alerts.changed().await.is_err() {
                return;
            }
        }
    }

    /// Tells it what it has not heard yet; false if it could not take something now.
    async fn catch_up(&mut self, ledger: &IncidentLog) -> bool {
        let receiver = self.webhook.name.clone();
        let heard = match self.last_delivered {
            Some(heard) => heard,
            None => {
                let heard = initial_cursor(ledger);
                self.store_cursor(heard).await;
                heard
            }
        };
        let (messages, lost) = messages_after(ledger, heard, &receiver);
        if lost > 0 {
            tracing::error!(
                receiver,
                lost,
                "the receiver was away for too long: alerts were forgotten before it heard of them"
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
                        "the receiver refuses an alert, which is passed over: {why}"
                    );
                }
                Err(DeliveryFailure::Temporary(why)) => {
                    tracing::warn!(receiver, "an alert could not be told and is told again: {why}");
                    return false;
                }
            }
            waiting -= 1;
            self.store_cursor(number).await;
        }
        Metric::NotificationsWaiting.set_for_receiver(&receiver, 0.0);
        if self.last_delivered != Some(ledger.last_sequence()) {
            self.store_cursor(ledger.last_sequence()).await;
        }
        true
    }

    async fn send_message(&self, incident: &Incident, fired: bool) -> Result<(), DeliveryFailure> {
        let event = if fired { "fired" } else { "ended" };
        let message = json!({ "version": 1, "event": event, "alert": alert_json(incident, &self.links), "board": self.links.board_url() });
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

/// What is to be told.
type WebhookMessage = (Arc<Incident>, bool);

/// Where a receiver begins that is new: just before the oldest alert that fires.
fn initial_cursor(ledger: &IncidentLog) -> u64 {
    let firing = ledger.incidents().filter(|incident| incident.ended_at.is_none());
    firing
        .map(|incident| incident.sequence_numbers.0.saturating_sub(1))
        .min()
        .unwrap_or(ledger.last_sequence())
}

/// The messages to a receiver that has heard so far, by their numbers, and how many were forgotten before it could hear of them.
fn messages_after(
    ledger: &IncidentLog,
    heard: u64,
    receiver: &str,
) -> (BTreeMap<u64, WebhookMessage>, u64) {
    let mut messages = BTreeMap::new();
    let mut known = 0;
    for incident in ledger.incidents() {
        let (fired, ended) = incident.sequence_numbers;
        for (number, is_fired) in [(Some(fired), true), (ended, false)] {
            let Some(number) = number.filter(|number| *number > heard) else { continue };
            known += 1;
            if incident.to.as_deref().is_none_or(|to| to == receiver) {
                messages.insert(number, (incident.clone(), is_fired));
            }
        }
    }
    (messages, ledger.last_sequence().saturating_sub(heard).saturating_sub(known))
}

/// `sha256=` and the HMAC of the body under the secret, in hexadecimal digits.
fn hmac_signature(secret: &str, body: &[u8]) -> String {
    // A key of this kind of HMAC has any length.
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
