//! The way into the engine: a bounded channel of commands, each batch with the way back for its answer.

use super::clock::Clock;
use super::status::Status;
use crate::domain::alert::ledger::{Answer as Said, Unanswered};
use crate::domain::event::{Batch, CaseKey};
use crate::domain::explain::history::History;
use crate::domain::explain::risk::{Open, Wanted};
use crate::domain::explain::{Asked, Explained};
use crate::domain::monitor::Applied;
use crate::domain::standard::{Schema, Standard};
use crate::domain::trend::{self, Trends};
use crate::journal::Packed;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// What the engine can be told.
#[derive(Debug)]
pub enum Command {
    /// Take these events and say what became of them.
    Apply(Arrival),
    /// Say which cases stand behind a reading.
    Explain {
        /// The reading.
        asked: Asked,
        /// Where the answer goes.
        answer: oneshot::Sender<Explained>,
    },
    /// Tell the history of the cases with this name.
    Case {
        /// The case; without it those called like the subject, whatever their source.
        case: Option<CaseKey>,
        /// The subject.
        subject: String,
        /// Where the answer goes.
        answer: oneshot::Sender<Vec<History>>,
    },
    /// List open cases.
    Cases {
        /// Which.
        wanted: Wanted,
        /// Where the answer goes.
        answer: oneshot::Sender<Open>,
    },
    /// Say how indicators went over the last hours.
    Trends {
        /// Which, where and over how many hours.
        asked: trend::Asked,
        /// Where the answer goes; none if there is no history.
        answer: oneshot::Sender<Option<Trends>>,
    },
    /// Go by this standard from now on, and say what became of what is remembered.
    Adopt {
        /// The standard.
        standard: Arc<Standard>,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<TookOver, Refused>>,
    },
    /// Somebody says something of an alert.
    Answer {
        /// What.
        said: Said,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<(), Unheard>>,
    },
    /// History is complete: from now on time is what this clock shows.
    Start(Clock),
}

/// Why what somebody said of an alert was not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unheard {
    /// It does not fit the alert.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
    /// It cannot be kept.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Events that want to be taken.
#[derive(Debug)]
pub struct Arrival {
    /// The events.
    pub batch: Batch,
    /// The same as the journal will have them, made by whoever sends them and not by the engine; none without a journal.
    pub packed: Option<Packed>,
    /// How they were understood, which may no longer be the schema in force when their turn comes.
    pub schema: Arc<Schema>,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Applied, Refused>>,
}

/// What became of what the core remembered when it took another standard.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TookOver {
    /// How many cases it remembers.
    pub cases: usize,
    /// How many cases had been forgotten before: what they meant is no longer counted.
    pub forgotten: u64,
    /// How many remembered events the new standard does not know.
    pub left_out: u64,
    /// How long the core stood still.
    pub took: Duration,
}

/// Why a batch was not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// The channel is full: the service can't keep up.
    #[error("the service cannot keep up")]
    Full,
    /// The engine has ended.
    #[error("the service is stopping")]
    Stopping,
    /// The journal cannot be written, for this reason.
    #[error("the journal cannot be written: {0}")]
    Unwritten(Arc<str>),
}

/// A way into the engine. The engine works as long as there is one.
#[derive(Clone, Debug)]
pub struct Feed {
    commands: mpsc::Sender<Command>,
    status: watch::Receiver<Status>,
    schema: watch::Receiver<Arc<Schema>>,
    journaled: bool,
}

/// An answer that is on its way.
#[derive(Debug)]
pub struct Answer(oneshot::Receiver<Result<Applied, Refused>>);

impl Feed {
    pub(super) fn new(
        commands: mpsc::Sender<Command>,
        status: watch::Receiver<Status>,
        schema: watch::Receiver<Arc<Schema>>,
        journaled: bool,
    ) -> Feed {
        Feed { commands, status, schema, journaled }
    }

    /// How events are to be understood now.
    #[must_use]
    pub fn schema(&self) -> Arc<Schema> {
        self.schema.borrow().clone()
    }

    /// What the engine is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Hands over a batch that was decoded by `schema`, if there is room for it.
    ///
    /// # Errors
    /// If there is none, or nobody to take it.
    pub fn offer(&self, batch: Batch, schema: Arc<Schema>) -> Result<Answer, Refused> {
        match self.commands.try_reserve() {
            Ok(place) => Ok(self.put(place, batch, schema)),
            Err(mpsc::error::TrySendError::Full(())) => Err(Refused::Full),
            Err(mpsc::error::TrySendError::Closed(())) => Err(Refused::Stopping),
        }
    }

    /// Hands over a batch that was decoded by `schema`, as soon as there is room for it.
    ///
    /// # Errors
    /// If there is nobody to take it.
    pub async fn send(&self, batch: Batch, schema: Arc<Schema>) -> Result<Answer, Refused> {
        let place = self.commands.reserve().await.map_err(|_| Refused::Stopping)?;
        Ok(self.put(place, batch, schema))
    }

    fn put(&self, place: mpsc::Permit<'_, Command>, batch: Batch, schema: Arc<Schema>) -> Answer {
        let (answer, receiver) = oneshot::channel();
        let packed = self.journaled.then(|| Packed::pack(&batch));
        place.send(Command::Apply(Arrival { batch, packed, schema, answer }));
        Answer(receiver)
    }

    /// Asks for something that the core knows beyond its board: `command` is given the way back for the answer.
    ///
    /// # Errors
    /// If there is nobody to answer.
    pub async fn ask<A>(&self, command: impl FnOnce(oneshot::Sender<A>) -> Command) -> Result<A, Refused> {
        let (answer, receiver) = oneshot::channel();
        self.commands.send(command(answer)).await.map_err(|_| Refused::Stopping)?;
        receiver.await.map_err(|_| Refused::Stopping)
    }

    /// Gives the core another standard, once everything is applied that was handed over before.
    ///
    /// # Errors
    /// If there is no engine any more, or it cannot write that down.
    pub async fn adopt(&self, standard: Arc<Standard>) -> Result<TookOver, Refused> {
        self.ask(|answer| Command::Adopt { standard, answer }).await?
    }

    /// Sets the engine's clock going; from then on it is ready.
    ///
    /// # Errors
    /// If there is no engine any more.
    pub async fn start(&self, clock: Clock) -> Result<(), Refused> {
        self.commands.send(Command::Start(clock)).await.map_err(|_| Refused::Stopping)?;
        match self.status.clone().wait_for(Status::has_board).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Refused::Stopping),
        }
    }
}

impl Answer {
    /// What became of the batch.
    ///
    /// # Errors
    /// If the engine ended before it came to it, or could not write it down.
    pub async fn wait(self) -> Result<Applied, Refused> {
        self.0.await.map_err(|_| Refused::Stopping)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses_and_a_closed_one_says_so() {
        let (commands, queue) = mpsc::channel(1);
        let feed = Feed::new(commands, watch::channel(Status::Ready).1, watch::channel(Arc::default()).1, false);
        assert!(feed.offer(Batch::default(), Arc::default()).is_ok());
        assert_eq!(feed.offer(Batch::default(), Arc::default()).err(), Some(Refused::Full));
        drop(queue);
        assert_eq!(feed.offer(Batch::default(), Arc::default()).err(), Some(Refused::Stopping));
    }
}
