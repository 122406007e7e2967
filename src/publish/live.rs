//! The live board over WebSocket: the whole board first, then what changes, then a beat for every edition without change.
//!
//! Nothing is queued for a client: it is sent what changed since the edition it saw last, however many came between.
//! Beats come from the engine's editions and not from a timer of their own, so a wall that hears one knows that the engine
//! works. A connection ends when the editions do.

use super::filter::{Filter, Wanted};
use super::frame::Frames;
use crate::access::grant::View;
use crate::edition::Edition;
use crate::telemetry::Metric;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

/// How long a client may take to say what it wants.
const GREETING: Duration = Duration::from_secs(10);
/// How long a frame may take to leave. A client that is slower is dropped; it will come back for a fresh board.
const SENDING: Duration = Duration::from_secs(20);
/// How often a client is asked whether it is there. One that has not said a word since the last time is dropped.
const PING: Duration = Duration::from_secs(30);
/// The longest message of a client.
pub const MESSAGE_BYTES: usize = 64 << 10;

/// What connections to the live board share.
#[derive(Clone, Debug)]
pub struct Live {
    editions: watch::Receiver<Arc<Edition>>,
    frames: Arc<Frames>,
    places: Arc<Semaphore>,
}

/// A client's message.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// What it wants to see; everything if it does not say.
    pub subscribe: Option<Wanted>,
    /// Where it stopped, if it comes back.
    pub resume: Option<Resume>,
}

impl Subscribe {
    /// Reads a message.
    ///
    /// # Errors
    /// A sentence for the client saying what is wrong with it.
    pub fn parse(text: &str) -> Result<Subscribe, String> {
        serde_json::from_str(text).map_err(|error| format!("not a subscription: {error}"))
    }
}

/// Where a client that comes back stopped.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The epoch of the last edition that it saw.
    pub epoch: String,
    /// The revision of that edition.
    pub revision: u64,
}

/// What a client said that it wants.
struct Wish {
    wanted: Wanted,
    /// The same with the places of the standard of this epoch.
    filter: Arc<Filter>,
    epoch: Arc<str>,
    /// The revision the client has; none if it needs the whole board.
    seen: Option<u64>,
}

impl Wish {
    /// What is wanted of an edition.
    fn new(wanted: Wanted, view: &Arc<View>, edition: &Edition) -> Result<Wish, String> {
        let filter = Arc::new(Filter::new(&wanted, view, &edition.standard)?);
        Ok(Wish { wanted, filter, epoch: edition.epoch.clone(), seen: None })
    }
}

/// Why a connection ends.
enum End {
    /// The client went, or cannot be reached.
    Gone,
    /// It is too slow, or silent.
    Dropped(&'static str),
    /// It is told why.
    Told(u16, String),
}

impl Live {
    /// A live board of these editions for at most so many clients.
    #[must_use]
    pub fn new(editions: watch::Receiver<Arc<Edition>>, clients: usize) -> Live {
        Live { editions, frames: Arc::default(), places: Arc::new(Semaphore::new(clients)) }
    }

    /// A place for one more client, if there is one.
    #[must_use]
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// Serves a client, who sees what `view` shows, until it goes, the editions end, or it is no longer let in: `shut_out`
    /// says why.
    pub async fn serve(
        self,
        mut socket: WebSocket,
        place: OwnedSemaphorePermit,
        view: Arc<View>,
        shut_out: impl Future<Output = &'static str>,
    ) {
        Metric::LiveClients.change(1.0);
        let followed = tokio::select! {
            biased;
            reason = shut_out => Err(refuse(reason)),
            followed = self.follow(&mut socket, &view) => followed,
        };
        let end = match followed {
            Ok(()) => End::Told(close_code::AWAY, "the service is stopping".to_owned()),
            Err(end) => end,
        };
        match end {
            End::Gone => {}
            End::Dropped(reason) => Metric::LiveClientsDropped.count("reason", reason, 1),
            End::Told(code, mut reason) => {
                // A close frame holds 123 bytes of reason.
                let cut = (0..=123.min(reason.len())).rev().find(|at| reason.is_char_boundary(*at)).unwrap_or(0);
                reason.truncate(cut);
                let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
                // The client's own close frame ends the stream of messages; one that sends none is not waited for.
                let _ = timeout(Duration::from_secs(1), async {
                    if socket.send(close).await.is_ok() {
                        while let Some(Ok(_)) = socket.recv().await {}
                    }
                })
                .await;
            }
        }
        Metric::LiveClients.change(-1.0);
        drop(place);
    }

    async fn follow(&self, socket: &mut WebSocket, view: &Arc<View>) -> Result<(), End> {
        let mut editions = self.editions.clone();
        let mut wish = loop {
            match timeout(GREETING, socket.recv()).await {
                Ok(message) => {
                    if let Some(wish) = self.read(message, view)? {
                        break wish;
                    }
                }
                Err(_) => return Err(refuse("say what you want to see; send {} for everything")),
            }
        };
        editions.mark_changed();
        let mut heard = true;
        let mut ping = tokio::time::interval(PING);
        ping.reset();
        loop {
            tokio::select! {
                more = editions.changed() => {
                    if more.is_err() {
                        return Ok(());
                    }
                    let edition = editions.borrow_and_update().clone();
                    if edition.epoch != wish.epoch {
                        wish = Wish::new(wish.wanted, view, &edition).map_err(|error| refuse(&format!("the standard has changed: {error}")))?;
                    }
                    let revision = edition.board.revision;
                    let text = self.frames.clone().text(edition, wish.filter.clone(), wish.seen).await;
                    send(socket, Message::Text(text)).await?;
                    wish.seen = Some(revision);
                }
                message = socket.recv() => {
                    heard = true;
                    if let Some(other) = self.read(message, view)? {
                        wish = Wish { seen: None, ..other };
                        editions.mark_changed();
                    }
                }
                _ = ping.tick() => {
                    if !std::mem::take(&mut heard) {
                        return Err(End::Dropped("silent"));
                    }
                    send(socket, Message::Ping(axum::body::Bytes::new())).await?;
                }
            }
        }
    }

    /// What a client says, if it says what it wants.
    fn read(&self, message: Option<Result<Message, axum::Error>>, view: &Arc<View>) -> Result<Option<Wish>, End> {
        let text = match message {
            None | Some(Err(_) | Ok(Message::Close(_))) => return Err(End::Gone),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(None),
            Some(Ok(Message::Binary(_))) => return Err(End::Told(close_code::UNSUPPORTED, "send text, not binary".to_owned())),
            Some(Ok(Message::Text(text))) => text,
        };
        let subscribe = Subscribe::parse(&text).map_err(|error| refuse(&error))?;
        let edition = self.editions.borrow().clone();
        let mut wish = Wish::new(subscribe.subscribe.unwrap_or_default(), view, &edition).map_err(|error| refuse(&error))?;
        // A client that saw this run of the service can go on from there.
        let resume = subscribe.resume.filter(|resume| *resume.epoch == *edition.epoch && edition.reaches_back_to(resume.revision));
        wish.seen = resume.map(|resume| resume.revision);
        Ok(Some(wish))
    }
}

fn refuse(reason: &str) -> End {
    End::Told(close_code::POLICY, reason.to_owned())
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    match timeout(SENDING, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Dropped("slow")),
    }
}
