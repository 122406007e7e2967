//! The receivers of alerts, set to work: each is a task of its own, and ends when it is told to, or with the alerts.
//!
//! Nothing waits for them when the service stops: what they have not said yet they say after the next start.

use crate::domain::alerts::evaluation::AlertOverview;
use crate::journal::{DeliveryCursors, FileStorage};
use crate::publish::notify::alertmanager::AlertmanagerPeer;
use crate::publish::notify::webhook::WebhookReceiver;
use crate::publish::notify::{NotificationReceivers, NotificationSender};
use anyhow::Context;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Sets all receivers to work.
///
/// # Errors
/// If there is no encryption, or it cannot be kept how far they have heard.
pub(super) fn start_receivers(
    receivers: NotificationReceivers,
    disk: Option<Arc<dyn FileStorage>>,
    alerts: &watch::Receiver<Arc<AlertOverview>>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    if receivers.alertmanagers.is_empty() && receivers.webhooks.is_empty() {
        return Ok(());
    }
    let sender = NotificationSender::new().context("notifications cannot be encrypted")?;
    for url in &receivers.alertmanagers {
        let peer = AlertmanagerPeer::new(url, &receivers, sender.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(peer.run(alerts.clone())));
    }
    let cursors = match disk.filter(|_| !receivers.webhooks.is_empty()) {
        Some(disk) => Some(Arc::new(
            DeliveryCursors::open(&*disk)
                .context("it cannot be kept who has heard of which alert")?,
        )),
        None => None,
    };
    for webhook in receivers.webhooks {
        let receiver =
            WebhookReceiver::new(webhook, sender.clone(), receivers.links.clone(), cursors.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(receiver.run(alerts.clone())));
    }
    Ok(())
}
