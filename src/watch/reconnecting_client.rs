//! Keeps a board up to date: connects, takes frames, comes back after a break and goes on where it stopped.
//!
//! # Limits
//! Sixteen frames wait to be taken; then the connection is read no further, and the service sends one delta for all that was
//! missed. A connection is tried again as [`super::backoff`] says, without end.

use super::backoff::Backoff;
use super::client::{ServiceClient, WatchError, parse_frame};
use super::latest_values::{FrameGap, LatestBoard, ReceivedFrame};
use super::standard_info::ServedStandard;
use super::view::{WatchOptions, subscription_json};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// How many frames may wait to be taken.
const FRAME_BUFFER: usize = 16;

/// What is known of a service.
pub struct ReconnectingClient {
    client: ServiceClient,
    choice: WatchOptions,
    /// The last values.
    pub board: LatestBoard,
    /// The standard in force; none before the first connection.
    pub standard: Option<ServedStandard>,
    /// When the last frame came.
    pub last_received: Option<Instant>,
    /// Why there is no connection, as long as there is none.
    pub lost_reason: Option<String>,
    connection: Option<LiveConnection>,
    backoff: Backoff,
    /// When to connect, if there is no connection.
    reconnect_at: Instant,
}

/// What comes from a connection.
enum ConnectionUpdate {
    Standard(ServedStandard),
    Frame(ReceivedFrame),
    Lost(WatchError),
}

/// A connection at work; it ends when it is dropped.
struct LiveConnection {
    updates: mpsc::Receiver<ConnectionUpdate>,
    task: JoinHandle<()>,
}

impl ReconnectingClient {
    /// Knows nothing yet, and connects when it is asked for the next change. `seed` is chance's part in the pauses between
    /// attempts.
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

    /// Waits for what changes next in what is known. May be dropped while it waits, without loss.
    pub async fn wait_for_change(&mut self) {
        let news = match &mut self.connection {
            Some(connection) => connection.updates.recv().await,
            None => {
                sleep_until(self.reconnect_at).await;
                self.connection =
                    Some(LiveConnection::start(&self.client, &self.choice, &self.board));
                return;
            }
        };
        match news {
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
                    // Without its head it does not resume, and is sent everything.
                    self.board.head = None;
                    self.schedule_reconnect();
                }
            },
            Some(ConnectionUpdate::Lost(error)) => {
                self.lost_reason = Some(error.to_string());
                self.schedule_reconnect();
            }
            // Its work has ended without a word, which only a panic does.
            None => self.schedule_reconnect(),
        }
    }

    fn schedule_reconnect(&mut self) {
        (self.connection, self.reconnect_at) = (None, Instant::now() + self.backoff.next_pause());
    }
}

impl LiveConnection {
    /// Connects, and goes on from where the board stands.
    fn start(client: &ServiceClient, choice: &WatchOptions, board: &LatestBoard) -> LiveConnection {
        let (sender, news) = mpsc::channel(FRAME_BUFFER);
        let (client, choice) = (client.clone(), choice.clone());
        let resume = board
            .head
            .as_ref()
            .map(|head| json!({ "epoch": head.epoch, "revision": head.revision }));
        let work = async move {
            let followed = async {
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
            if let Err(error) = followed.await {
                let _ = sender.send(ConnectionUpdate::Lost(error)).await;
            }
        };
        LiveConnection { updates: news, task: tokio::spawn(work) }
    }
}

impl Drop for LiveConnection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests;
