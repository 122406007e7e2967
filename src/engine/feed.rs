//! The way into the engine: a bounded channel of commands, each batch with the way back for its answer.

use super::clock::Clock;
use crate::domain::event::{Batch, CaseKey};
use crate::domain::explain::history::History;
use crate::domain::explain::risk::{Open, Wanted};
use crate::domain::explain::{Asked, Explained};
use crate::domain::monitor::Applied;
use tokio::sync::{mpsc, oneshot, watch};

/// What the engine can be told.
#[derive(Debug)]
pub enum Command {
    /// Take these events and say what became of them.
    Apply {
        /// The events.
        batch: Batch,
        /// Where the answer goes.
        answer: oneshot::Sender<Applied>,
    },
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
    /// History is complete: from now on time is what this clock shows.
    Start(Clock),
}

/// Why a batch was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// The channel is full: the service can't keep up.
    #[error("the service cannot keep up")]
    Full,
    /// The engine has ended.
    #[error("the service is stopping")]
    Stopping,
}

/// A way into the engine. The engine works as long as there is one.
#[derive(Clone, Debug)]
pub struct Feed {
    commands: mpsc::Sender<Command>,
    ready: watch::Receiver<bool>,
}

/// An answer that is on its way.
#[derive(Debug)]
pub struct Answer(oneshot::Receiver<Applied>);

impl Feed {
    pub(super) fn new(commands: mpsc::Sender<Command>, ready: watch::Receiver<bool>) -> Feed {
        Feed { commands, ready }
    }

    /// Whether the engine has its history and takes events.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// Hands over a batch if there is room for it.
    ///
    /// # Errors
    /// If there is none, or nobody to take it.
    pub fn offer(&self, batch: Batch) -> Result<Answer, Refused> {
        let (answer, receiver) = oneshot::channel();
        match self.commands.try_send(Command::Apply { batch, answer }) {
            Ok(()) => Ok(Answer(receiver)),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Refused::Full),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Refused::Stopping),
        }
    }

    /// Hands over a batch as soon as there is room for it.
    ///
    /// # Errors
    /// If there is nobody to take it.
    pub async fn send(&self, batch: Batch) -> Result<Answer, Refused> {
        let (answer, receiver) = oneshot::channel();
        self.commands.send(Command::Apply { batch, answer }).await.map_err(|_| Refused::Stopping)?;
        Ok(Answer(receiver))
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

    /// Sets the engine's clock going; from then on it is ready.
    ///
    /// # Errors
    /// If there is no engine any more.
    pub async fn start(&self, clock: Clock) -> Result<(), Refused> {
        self.commands.send(Command::Start(clock)).await.map_err(|_| Refused::Stopping)?;
        match self.ready.clone().wait_for(|ready| *ready).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Refused::Stopping),
        }
    }
}

impl Answer {
    /// What became of the batch.
    ///
    /// # Errors
    /// If the engine ended before it came to it.
    pub async fn wait(self) -> Result<Applied, Refused> {
        self.0.await.map_err(|_| Refused::Stopping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses_and_a_closed_one_says_so() {
        let (commands, queue) = mpsc::channel(1);
        let feed = Feed::new(commands, watch::channel(true).1);
        assert!(feed.offer(Batch::default()).is_ok());
        assert_eq!(feed.offer(Batch::default()).err(), Some(Refused::Full));
        drop(queue);
        assert_eq!(feed.offer(Batch::default()).err(), Some(Refused::Stopping));
    }
}
