//! Starts the alert receivers. Each is a task of its own that ends on shutdown or when the alert
//! channel closes.
//!
//! Shutdown does not wait for them. Undelivered notifications are sent after the next start.

use crate::domain::alerts::evaluation::AlertOverview;
use crate::journal::{DeliveryCursors, FileStorage};
use crate::publish::notify::alertmanager::AlertmanagerPeer;
use crate::publish::notify::webhook::WebhookReceiver;
use crate::publish::notify::{NotificationReceivers, NotificationSender};
use anyhow::Context;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Starts a task per receiver.
///
/// # Errors
/// Returns an error if TLS cannot be set up or the delivery positions cannot be opened.
pub(super) fn start_receivers(
    receivers: NotificationReceivers,
    disk: Option<Arc<dyn FileStorage>>,
    alerts: &watch::Receiver<Arc<AlertOverview>>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    if receivers.alertmanagers.is_empty() && receivers.webhooks.is_empty() {
        return Ok(());
    }
    let sender = NotificationSender::new().context("TLS for notifications cannot be set up")?;
    for url in &receivers.alertmanagers {
        let peer = AlertmanagerPeer::new(url, &receivers, sender.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(peer.run(alerts.clone())));
    }
    let cursors = match disk.filter(|_| !receivers.webhooks.is_empty()) {
        Some(disk) => Some(Arc::new(
            DeliveryCursors::open(&*disk)
                .context("the delivery positions of alert receivers cannot be opened")?,
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
