//! Keeps a board up to date: connects, takes frames, comes back after a break and goes on where it stopped.
//!
//! # Limits
//! Sixteen frames wait to be taken; then the connection is read no further, and the service sends one delta for all that was
//! missed. A connection is tried again as [`super::retry`] says, without end.

use super::board::{Board, Frame, Gap};
use super::retry::Retry;
use super::standard::Standard;
use super::view::{Choice, subscription};
use super::wire::{Client, Error, read};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// How many frames may wait to be taken.
const WAITING: usize = 16;

/// What is known of a service.
pub struct Follower {
    client: Client,
    choice: Choice,
    /// The last values.
    pub board: Board,
    /// The standard in force; none before the first connection.
    pub standard: Option<Standard>,
    /// When the last frame came.
    pub heard: Option<Instant>,
    /// Why there is no connection, as long as there is none.
    pub lost: Option<String>,
    connection: Option<Connection>,
    retry: Retry,
    /// When to connect, if there is no connection.
    again: Instant,
}

/// What comes from a connection.
enum News {
    Standard(Standard),
    Frame(Frame),
    Lost(Error),
}

/// A connection at work; it ends when it is dropped.
struct Connection {
    news: mpsc::Receiver<News>,
    work: JoinHandle<()>,
}

impl Follower {
    /// Knows nothing yet, and connects when it is asked for the next change. `seed` is chance's part in the pauses between
    /// attempts.
    #[must_use]
    pub fn new(client: Client, choice: Choice, seed: u64) -> Follower {
        Follower {
            client,
            choice,
            board: Board::default(),
            standard: None,
            heard: None,
            lost: None,
            connection: None,
            retry: Retry::new(seed),
            again: Instant::now(),
        }
    }

    /// Waits for what changes next in what is known. May be dropped while it waits, without loss.
    pub async fn next(&mut self) {
        let news = match &mut self.connection {
            Some(connection) => connection.news.recv().await,
            None => {
                sleep_until(self.again).await;
                self.connection = Some(Connection::start(&self.client, &self.choice, &self.board));
                return;
            }
        };
        match news {
            Some(News::Standard(standard)) => self.standard = Some(standard),
            Some(News::Frame(frame)) => match self.board.take(frame) {
                Ok(()) => {
                    (self.heard, self.lost) = (Some(Instant::now()), None);
                    self.retry.reset();
                }
                Err(gap) => {
                    if gap == Gap::Epoch {
                        self.board = Board::default();
                    }
                    // Without its head it does not resume, and is sent everything.
                    self.board.head = None;
                    self.pause();
                }
            },
            Some(News::Lost(error)) => {
                self.lost = Some(error.to_string());
                self.pause();
            }
            // Its work has ended without a word, which only a panic does.
            None => self.pause(),
        }
    }

    fn pause(&mut self) {
        (self.connection, self.again) = (None, Instant::now() + self.retry.pause());
    }
}

impl Connection {
    /// Connects, and goes on from where the board stands.
    fn start(client: &Client, choice: &Choice, board: &Board) -> Connection {
        let (sender, news) = mpsc::channel(WAITING);
        let (client, choice) = (client.clone(), choice.clone());
        let resume = board.head.as_ref().map(|head| json!({ "epoch": head.epoch, "revision": head.revision }));
        let work = async move {
            let followed = async {
                let standard = client.standard().await?;
                let mut hello = json!({ "subscribe": subscription(&standard, &choice) });
                if let Some(resume) = resume {
                    hello["resume"] = resume;
                }
                let mut frames = client.live(&hello).await?;
                let _ = sender.send(News::Standard(standard)).await;
                loop {
                    let frame = read(&frames.next().await?)?;
                    if sender.send(News::Frame(frame)).await.is_err() {
                        return Ok(());
                    }
                }
            };
            if let Err(error) = followed.await {
                let _ = sender.send(News::Lost(error)).await;
            }
        };
        Connection { news, work: tokio::spawn(work) }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.work.abort();
    }
}

#[cfg(test)]
mod tests;
