//! Webhooks: each firing and each end is told once, in their order, as JSON.
//!
//! **What is promised: at least once, and never in another order.** How far a receiver has heard is written down after each message,
//! so a crash between sending and writing repeats one message; it carries the same `Idempotency-Key` then, by which a
//! receiver knows it. A receiver that is down is waited for; the messages behind it wait too, and follow from what the core
//! remembers: up to the ten thousand alerts that ended last. Those beyond are counted as lost. A receiver that is new hears
//! of everything since the oldest alert that fires. What a receiver refuses for good (most of the answers 4xx) is logged and passed over.

use super::alert::{Links, written};
use super::notify::{Sender, Undelivered, Webhook, backoff, bearer};
use crate::domain::alert::View;
use crate::domain::alert::incident::Incident;
use crate::domain::alert::ledger::Ledger;
use crate::journal::Cursors;
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
pub struct Receiver {
    webhook: Webhook,
    sender: Sender,
    links: Links,
    /// Where it is written down how far it has heard; none where nothing is kept.
    cursors: Option<Arc<Cursors>>,
    /// How far that is; none of a receiver that is new.
    heard: Option<u64>,
}

impl Receiver {
    /// A receiver, and where it is written down how far it has heard.
    #[must_use]
    pub fn new(webhook: Webhook, sender: Sender, links: Links, cursors: Option<Arc<Cursors>>) -> Receiver {
        let heard = cursors.as_ref().map(|cursors| cursors.get(&webhook.name)).transpose();
        let heard = heard.map(Option::flatten).unwrap_or_else(|error| {
            tracing::error!(receiver = webhook.name, "it is not known what it has heard, so it is told again what fires: {error}");
            None
        });
        Receiver { webhook, sender, links, cursors, heard }
    }

    /// Notes how far it has heard.
    async fn note(&mut self, told: u64) {
        self.heard = Some(told);
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
    pub async fn run(mut self, mut alerts: watch::Receiver<Arc<View>>) {
        let mut failures = 0;
        loop {
            let view = alerts.borrow_and_update().clone();
            // Before the first look, or before the journal is read, there is nothing to say.
            let heard = view.as_of.is_none() || self.catch_up(&view.ledger).await;
            failures = if heard { 0 } else { failures + 1 };
            if failures > 0 {
                tokio::time::sleep(backoff(failures)).await;
            } else if alerts.changed().await.is_err() {
                return;
            }
        }
    }

    /// Tells it what it has not heard yet; false if it could not take something now.
    async fn catch_up(&mut self, ledger: &Ledger) -> bool {
        let receiver = self.webhook.name.clone();
        let heard = match self.heard {
            Some(heard) => heard,
            None => {
                let heard = beginning(ledger);
                self.note(heard).await;
                heard
            }
        };
        let (messages, lost) = after(ledger, heard, &receiver);
        if lost > 0 {
            tracing::error!(receiver, lost, "the receiver was away for too long: alerts were forgotten before it heard of them");
            Metric::Notifications.count_sent(&receiver, "lost", lost);
        }
        let mut waiting = messages.len();
        for (number, (incident, fired)) in messages {
            Metric::NotificationsWaiting.set_of(&receiver, waiting as f64);
            match self.send(&incident, fired).await {
                Ok(()) => {}
                Err(Undelivered::Never(why)) => {
                    tracing::error!(receiver, alert = incident.name(), "the receiver refuses an alert, which is passed over: {why}");
                }
                Err(Undelivered::Later(why)) => {
                    tracing::warn!(receiver, "an alert could not be told and is told again: {why}");
                    return false;
                }
            }
            waiting -= 1;
            self.note(number).await;
        }
        Metric::NotificationsWaiting.set_of(&receiver, 0.0);
        if self.heard != Some(ledger.told()) {
            self.note(ledger.told()).await;
        }
        true
    }

    async fn send(&self, incident: &Incident, fired: bool) -> Result<(), Undelivered> {
        let event = if fired { "fired" } else { "ended" };
        let message = json!({ "version": 1, "event": event, "alert": written(incident, &self.links), "board": self.links.board() });
        let body = Bytes::from(message.to_string());
        let key = format!("{}-{event}", incident.name());
        let mut headers: Vec<(HeaderName, HeaderValue)> = self.webhook.token.as_ref().and_then(bearer).into_iter().collect();
        let mut put = |name: &'static str, value: &str| {
            headers.extend(HeaderValue::from_str(value).ok().map(|value| (HeaderName::from_static(name), value)));
        };
        put("idempotency-key", &key);
        if let Some(secret) = &self.webhook.secret {
            put("firstline-signature", &signature(secret.reveal(), &body));
        }
        let sent = self.sender.post(&self.webhook.url, &headers, body).await;
        let outcome = match &sent {
            Ok(()) => "delivered",
            Err(Undelivered::Later(_)) => "failed",
            Err(Undelivered::Never(_)) => "refused",
        };
        Metric::Notifications.count_sent(&self.webhook.name, outcome, 1);
        sent
    }
}

/// What is to be told.
type Message = (Arc<Incident>, bool);

/// Where a receiver begins that is new: just before the oldest alert that fires.
fn beginning(ledger: &Ledger) -> u64 {
    let firing = ledger.all().filter(|incident| incident.ended_at.is_none());
    firing.map(|incident| incident.told.0.saturating_sub(1)).min().unwrap_or(ledger.told())
}

/// The messages to a receiver that has heard so far, by their numbers, and how many were forgotten before it could hear of them.
fn after(ledger: &Ledger, heard: u64, receiver: &str) -> (BTreeMap<u64, Message>, u64) {
    let mut messages = BTreeMap::new();
    let mut known = 0;
    for incident in ledger.all() {
        let (fired, ended) = incident.told;
        for (number, is_fired) in [(Some(fired), true), (ended, false)] {
            let Some(number) = number.filter(|number| *number > heard) else { continue };
            known += 1;
            if incident.to.as_deref().is_none_or(|to| to == receiver) {
                messages.insert(number, (incident.clone(), is_fired));
            }
        }
    }
    (messages, ledger.told().saturating_sub(heard).saturating_sub(known))
}

/// `sha256=` and the HMAC of the body under the secret, in hexadecimal digits.
fn signature(secret: &str, body: &[u8]) -> String {
    // A key of this kind of HMAC has any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
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
    fn signatures_are_those_of_the_standard() {
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signature("Jefe", b"what do ya want for nothing?"), expected);
    }
}
