//! Client of the live board that reconnects and resumes from the last revision.
//!
//! # Limits
//! At most `FRAME_BUFFER` frames wait to be applied. The client then stops reading, and the service
//! sends one delta for all skipped revisions. Attempts to reconnect never end. Their pauses are
//! those of [`super::backoff`].

use super::backoff::Backoff;
use super::client::{ServiceClient, WatchError, parse_frame};
use super::latest_values::{FrameGap, LatestBoard, ReceivedFrame};
use super::standard_info::ServedStandard;
use super::view::{WatchOptions, subscription_json};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// Maximum number of frames that wait to be applied.
const FRAME_BUFFER: usize = 16;

/// Latest state of a service, kept up to date over a live connection.
pub struct ReconnectingClient {
    client: ServiceClient,
    choice: WatchOptions,
    /// Last received values.
    pub board: LatestBoard,
    /// Standard in force. `None` before the first connection.
    pub standard: Option<ServedStandard>,
    /// Time of the last frame. `None` before the first one.
    pub last_received: Option<Instant>,
    /// Reason for the lost connection. `None` while connected.
    pub lost_reason: Option<String>,
    connection: Option<LiveConnection>,
    backoff: Backoff,
    /// Time of the next attempt while disconnected.
    reconnect_at: Instant,
}

/// Message from the connection task.
enum ConnectionUpdate {
    Standard(ServedStandard),
    Frame(ReceivedFrame),
    Lost(WatchError),
}

/// A running connection. Dropping it closes it.
struct LiveConnection {
    updates: mpsc::Receiver<ConnectionUpdate>,
    task: JoinHandle<()>,
}

impl ReconnectingClient {
    /// Creates a client that connects on the first call of [`Self::wait_for_change`].
    ///
    /// `seed` determines the jitter of the pauses between attempts.
    #[must_use]
    pub fn new(client: ServiceClient, choice: WatchOptions, seed: u64) -> ReconnectingClient {
        ReconnectingClient {
            client,
            choice,
            board: LatestBoard::default(),
            standard: None,
            last_received: None,
            lost_reason: None,
            connection: None,
            backoff: Backoff::new(seed),
            reconnect_at: Instant::now(),
        }
    }

    /// Waits for the next change of the state. It is cancel safe.
    pub async fn wait_for_change(&mut self) {
        let update = match &mut self.connection {
            Some(connection) => connection.updates.recv().await,
            None => {
                sleep_until(self.reconnect_at).await;
                self.connection =
                    Some(LiveConnection::start(&self.client, &self.choice, &self.board));
                return;
            }
        };
        match update {
            Some(ConnectionUpdate::Standard(standard)) => self.standard = Some(standard),
            Some(ConnectionUpdate::Frame(frame)) => match self.board.apply_frame(frame) {
                Ok(()) => {
                    (self.last_received, self.lost_reason) = (Some(Instant::now()), None);
                    self.backoff.reset();
                }
                Err(gap) => {
                    if gap == FrameGap::ChangedEpoch {
                        self.board = LatestBoard::default();
                    }
                    // Without a head the client does not resume and receives the whole board.
                    self.board.head = None;
                    self.schedule_reconnect();
                }
            },
            Some(ConnectionUpdate::Lost(error)) => {
                self.lost_reason = Some(error.to_string());
                self.schedule_reconnect();
            }
            // The task ended without a message, which happens only after a panic.
            None => self.schedule_reconnect(),
        }
    }

    fn schedule_reconnect(&mut self) {
        (self.connection, self.reconnect_at) = (None, Instant::now() + self.backoff.next_pause());
    }
}

impl LiveConnection {
    /// Connects in a task of its own and resumes from the revision of `board`.
    fn start(client: &ServiceClient, choice: &WatchOptions, board: &LatestBoard) -> LiveConnection {
        let (sender, updates) = mpsc::channel(FRAME_BUFFER);
        let (client, choice) = (client.clone(), choice.clone());
        let resume = board
            .head
            .as_ref()
            .map(|head| json!({ "epoch": head.epoch, "revision": head.revision }));
        let work = async move {
            let receive = async {
                let standard = client.fetch_standard().await?;
                let mut hello = json!({ "subscribe": subscription_json(&standard, &choice) });
                if let Some(resume) = resume {
                    hello["resume"] = resume;
                }
                let mut frames = client.open_live_board(&hello).await?;
                let _ = sender.send(ConnectionUpdate::Standard(standard)).await;
                loop {
                    let frame = parse_frame(&frames.next_frame().await?)?;
                    if sender.send(ConnectionUpdate::Frame(frame)).await.is_err() {
                        return Ok(());
                    }
                }
            };
            if let Err(error) = receive.await {
                let _ = sender.send(ConnectionUpdate::Lost(error)).await;
            }
        };
        LiveConnection { updates, task: tokio::spawn(work) }
    }
}

impl Drop for LiveConnection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests;
