//! Alertmanager: active alerts are sent to every peer through its API, repeatedly.
//!
//! Alertmanager identifies an alert by its labels, so repetition is harmless and needs no cursor.
//! An active alert is sent at once and then every `resend`. Its end time lies four intervals ahead,
//! so Alertmanager resolves it if firstline stays away for longer.
//!
//! An ended alert is sent with its true end until the peer accepts it, and for five more minutes.
//! After a restart, alerts that ended in the last 15 minutes are sent again.

use super::alert_json::{ServiceLinks, alert_summary};
use crate::clock::WallClock;
use crate::domain::alerts::evaluation::AlertOverview;
use crate::domain::alerts::incident::Incident;
use crate::domain::time::timestamp::{MINUTE, Timestamp};
use crate::publish::notify::{
    NotificationReceivers, NotificationSender, bearer_header, retry_delay,
};
use crate::telemetry::Metric;
use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, Uri};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Time for which an ended alert is sent again after the peer accepted it.
const RESOLVED_RESEND_TIME: Duration = Duration::from_secs(5 * 60);
/// Maximum age in milliseconds of ended alerts that are sent after a restart.
const RECENT_MS: i64 = 15 * MINUTE;
/// Maximum number of alerts per request.
const ALERTS_PER_REQUEST: usize = 500;

/// Labels set by firstline. A dimension with such a name gets the prefix `dimension_`.
const RESERVED_LABELS: [&str; 10] = [
    "alertname",
    "severity",
    "indicator",
    "commitment",
    "window",
    "receiver",
    "grade",
    "source",
    "subject",
    "alertstate",
];

/// The delivery task of one Alertmanager peer.
#[derive(Debug)]
pub struct AlertmanagerPeer {
    sender: NotificationSender,
    url: Uri,
    headers: Vec<(HeaderName, HeaderValue)>,
    links: ServiceLinks,
    resend: Duration,
    name: String,
    /// Active alerts of the last evaluation; `None` before the first.
    firing: Option<BTreeSet<u64>>,
    /// Ended alerts, with the time when the peer accepted the end; `None` if it has not.
    resolved: BTreeMap<u64, Option<Instant>>,
}

impl AlertmanagerPeer {
    /// Creates the task for the peer at an address.
    #[must_use]
    pub fn new(
        url: &Uri,
        receivers: &NotificationReceivers,
        sender: NotificationSender,
    ) -> AlertmanagerPeer {
        let name = url.authority().map_or_else(String::new, ToString::to_string);
        let headers =
            receivers.alertmanager_token.as_ref().and_then(bearer_header).into_iter().collect();
        let (links, resend) = (receivers.links.clone(), receivers.resend_interval);
        AlertmanagerPeer {
            sender,
            url: url.clone(),
            headers,
            links,
            resend,
            name: format!("alertmanager {name}"),
            firing: None,
            resolved: BTreeMap::new(),
        }
    }

    /// Sends active and ended alerts until evaluation ends.
    pub async fn run(mut self, mut alerts: watch::Receiver<Arc<AlertOverview>>) {
        let mut failures = 0;
        let mut due = Instant::now();
        loop {
            let view = alerts.borrow_and_update().clone();
            let has_changed = self.update_alerts(&view);
            if (has_changed && failures == 0) || Instant::now() >= due {
                match self.send_alerts(&view).await {
                    Ok(()) => (failures, due) = (0, Instant::now() + self.resend),
                    Err(why) => {
                        failures += 1;
                        due = Instant::now() + retry_delay(failures).min(self.resend);
                        tracing::warn!(
                            receiver = self.name,
                            "alerts could not be delivered and are retried soon: {why}"
                        );
                    }
                }
            }
            tokio::select! {
                changed = alerts.changed() => if changed.is_err() { return },
                () = tokio::time::sleep_until(due) => {}
            }
        }
    }

    /// Updates the active and the ended alerts. Returns true if any of them is new.
    fn update_alerts(&mut self, view: &AlertOverview) -> bool {
        if view.as_of.is_none() {
            return false;
        }
        let firing: BTreeSet<u64> = view
            .incident_log
            .incidents()
            .filter(|incident| incident.ended_at.is_none())
            .map(|incident| incident.id)
            .collect();
        let resolved_before = self.resolved.len();
        match &self.firing {
            Some(fired) => fired
                .difference(&firing)
                .for_each(|id| _ = self.resolved.entry(*id).or_insert(None)),
            None => {
                let as_of = view.as_of.unwrap_or_default();
                let recent = |incident: &&Arc<Incident>| {
                    incident.ended_at.is_some_and(|ended| as_of.millis_since(ended) <= RECENT_MS)
                };
                self.resolved.extend(
                    view.incident_log
                        .incidents()
                        .filter(recent)
                        .map(|incident| (incident.id, None)),
                );
            }
        }
        // Alerts that started and ended between two evaluations are skipped: no peer knows them.
        let has_changed =
            self.firing.as_ref() != Some(&firing) || self.resolved.len() > resolved_before;
        self.firing = Some(firing);
        has_changed
    }

    async fn send_alerts(&mut self, view: &AlertOverview) -> Result<(), String> {
        let now = WallClock::Wall.now();
        let until = now.plus_millis(
            i64::try_from(self.resend.as_millis()).unwrap_or(i64::MAX).saturating_mul(4),
        );
        self.resolved.retain(|id, accepted| {
            view.incident_log.get(*id).is_some()
                && accepted.is_none_or(|accepted| accepted.elapsed() < RESOLVED_RESEND_TIME)
        });
        let alerts = self
            .firing
            .iter()
            .flatten()
            .chain(self.resolved.keys())
            .filter_map(|id| view.incident_log.get(*id));
        let alerts: Vec<Value> =
            alerts.map(|incident| alertmanager_json(incident, now, until, &self.links)).collect();
        for portion in alerts.chunks(ALERTS_PER_REQUEST) {
            let body = Bytes::from(Value::from(portion).to_string());
            let sent = self.sender.post_json(&self.url, &self.headers, body).await;
            Metric::Notifications.add_for_receiver(
                &self.name,
                if sent.is_ok() { "delivered" } else { "failed" },
                1,
            );
            sent.map_err(|why| why.to_string())?;
        }
        self.resolved
            .values_mut()
            .for_each(|accepted| _ = accepted.get_or_insert_with(Instant::now));
        Ok(())
    }
}

/// Formats an alert for Alertmanager. Its start and its true end are at most `now`, because the
/// clock of a demonstration may run ahead of Alertmanager's clock.
fn alertmanager_json(
    incident: &Incident,
    now: Timestamp,
    until: Timestamp,
    links: &ServiceLinks,
) -> Value {
    let mut labels = Map::new();
    for (name, value) in incident.subject.scope.iter() {
        let name = if RESERVED_LABELS.contains(&name.as_str()) {
            format!("dimension_{name}")
        } else {
            name.clone()
        };
        labels.insert(name, value.clone().into());
    }
    let mut put = |name: &str, value: Option<&str>| {
        value.into_iter().for_each(|value| _ = labels.insert(name.to_owned(), value.into()));
    };
    put("alertname", Some(&incident.subject.policy));
    put("severity", Some(incident.severity.name()));
    put(
        if incident.subject.case.is_some() { "commitment" } else { "indicator" },
        Some(&incident.about),
    );
    put("window", incident.window.as_deref());
    put("receiver", incident.to.as_deref());
    put("grade", incident.subject.grade.as_deref());
    match (&incident.case, incident.subject.case) {
        (Some(name), _) => {
            put("source", Some(&name.source));
            put("subject", Some(&name.subject));
        }
        (None, Some(case)) => put("subject", Some(&format!("{case:016x}"))),
        (None, None) => {}
    }
    let mut annotations = Map::new();
    let mut put = |name: &str, value: Option<String>| {
        value.into_iter().for_each(|value| _ = annotations.insert(name.to_owned(), value.into()));
    };
    let summary = alert_summary(incident);
    put("summary", Some(summary.en));
    put("summary_zh", Some(summary.zh));
    put("runbook", incident.runbook.clone());
    put(
        "value",
        incident.figures.as_ref().and_then(|figures| figures.last).map(|value| value.to_string()),
    );
    put("target", incident.figures.as_ref().map(|figures| figures.target.to_string()));
    put("deadline", incident.deadline.map(|deadline| deadline.to_string()));
    put("id", Some(incident.hex_id()));
    put("board", links.board_url());
    let explain = links.explain_url(incident);
    put("explain", explain.clone());
    let starts = incident.fired_at.min(now);
    let ends = incident.ended_at.map_or(until, |ended| ended.min(now).max(starts));
    let mut alert =
        json!({ "labels": labels, "annotations": annotations, "startsAt": starts, "endsAt": ends });
    if let (Some(url), Some(alert)) = (explain.or_else(|| links.board_url()), alert.as_object_mut())
    {
        alert.insert("generatorURL".to_owned(), url.into());
    }
    alert
}
