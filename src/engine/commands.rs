//! The way into the engine: a bounded channel of commands, each batch with the way back for its answer.

use super::readiness::Readiness;
use crate::clock::WallClock;
use crate::domain::alerts::incident_log::{IncidentUpdate as Said, IncidentUpdateError};
use crate::domain::board::trend::{self, IndicatorTrends};
use crate::domain::events::batch::Batch;
use crate::domain::events::event::CaseKey;
use crate::domain::explain::case_history::CaseHistory;
use crate::domain::explain::explanation::{Explanation, ExplanationRequest};
use crate::domain::explain::open_cases::{OpenCaseQuery, OpenCases};
use crate::domain::monitor::ApplyResult;
use crate::domain::standard::{EventSchema, Standard};
use crate::journal::BatchCodec;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// What the engine can be told.
#[derive(Debug)]
pub enum EngineCommand {
    /// Take these events and say what became of them.
    Apply(SubmittedBatch),
    /// Say which cases stand behind a reading.
    Explain {
        /// The reading.
        request: ExplanationRequest,
        /// Where the answer goes.
        answer: oneshot::Sender<Explanation>,
    },
    /// Tell the history of the cases with this name.
    CaseHistory {
        /// The case; without it those called like the subject, whatever their source.
        case: Option<CaseKey>,
        /// The subject.
        subject: String,
        /// Where the answer goes.
        answer: oneshot::Sender<Vec<CaseHistory>>,
    },
    /// List open cases.
    OpenCases {
        /// Which.
        request: OpenCaseQuery,
        /// Where the answer goes.
        answer: oneshot::Sender<OpenCases>,
    },
    /// Say how indicators went over the last hours.
    Trends {
        /// Which, where and over how many hours.
        request: trend::TrendRequest,
        /// Where the answer goes; none if there is no history.
        answer: oneshot::Sender<Option<IndicatorTrends>>,
    },
    /// Go by this standard from now on, and say what became of what is remembered.
    ChangeStandard {
        /// The standard.
        standard: Arc<Standard>,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<StandardChange, EngineUnavailable>>,
    },
    /// Somebody says something of an alert.
    UpdateIncident {
        /// What.
        update: Said,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<(), IncidentUpdateFailure>>,
    },
    /// History is complete: from now on time is what this clock shows.
    StartClock(WallClock),
}

/// Why what somebody said of an alert was not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IncidentUpdateFailure {
    /// It does not fit the alert.
    #[error(transparent)]
    Invalid(#[from] IncidentUpdateError),
    /// It cannot be kept.
    #[error(transparent)]
    Unavailable(#[from] EngineUnavailable),
}

/// Events that want to be taken.
#[derive(Debug)]
pub struct SubmittedBatch {
    /// The events.
    pub batch: Batch,
    /// The same as the journal will have them, made by whoever sends them and not by the engine; none without a journal.
    pub encoded: Option<BatchCodec>,
    /// How they were understood, which may no longer be the schema in force when their turn comes.
    pub schema: Arc<EventSchema>,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<ApplyResult, EngineUnavailable>>,
}

/// What became of what the core remembered when it took another standard.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct StandardChange {
    /// How many cases it remembers.
    pub cases: usize,
    /// How many cases had been forgotten before: what they meant is no longer counted.
    pub forgotten: u64,
    /// How many remembered events the new standard does not know.
    pub unknown_events: u64,
    /// How long the core stood still.
    pub took: Duration,
}

/// Why a batch was not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EngineUnavailable {
    /// The channel is full: the service can't keep up.
    #[error("the service cannot keep up")]
    QueueFull,
    /// The engine has ended.
    #[error("the service is stopping")]
    Stopping,
    /// The journal cannot be written, for this reason.
    #[error("the journal cannot be written: {0}")]
    JournalUnwritable(Arc<str>),
}

/// A way into the engine. The engine works as long as there is one.
#[derive(Clone, Debug)]
pub struct EngineHandle {
    commands: mpsc::Sender<EngineCommand>,
    readiness: watch::Receiver<Readiness>,
    schema: watch::Receiver<Arc<EventSchema>>,
    has_journal: bool,
}

/// An answer that is on its way.
#[derive(Debug)]
pub struct PendingAcknowledgement(oneshot::Receiver<Result<ApplyResult, EngineUnavailable>>);

impl EngineHandle {
    pub(super) fn new(
        commands: mpsc::Sender<EngineCommand>,
        status: watch::Receiver<Readiness>,
        schema: watch::Receiver<Arc<EventSchema>>,
        journaled: bool,
    ) -> EngineHandle {
        EngineHandle { commands, readiness: status, schema, has_journal: journaled }
    }

    /// How events are to be understood now.
    #[must_use]
    pub fn schema(&self) -> Arc<EventSchema> {
        self.schema.borrow().clone()
    }

    /// What the engine is doing.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.readiness.borrow().clone()
    }

    /// Hands over a batch that was decoded by `schema`, if there is room for it.
    ///
    /// # Errors
    /// If there is none, or nobody to take it.
    pub fn try_submit(
        &self,
        batch: Batch,
        schema: Arc<EventSchema>,
    ) -> Result<PendingAcknowledgement, EngineUnavailable> {
        match self.commands.try_reserve() {
            Ok(place) => Ok(self.send_batch(place, batch, schema)),
            Err(mpsc::error::TrySendError::Full(())) => Err(EngineUnavailable::QueueFull),
            Err(mpsc::error::TrySendError::Closed(())) => Err(EngineUnavailable::Stopping),
        }
    }

    /// Hands over a batch that was decoded by `schema`, as soon as there is room for it.
    ///
    /// # Errors
    /// If there is nobody to take it.
    pub async fn submit_batch(
        &self,
        batch: Batch,
        schema: Arc<EventSchema>,
    ) -> Result<PendingAcknowledgement, EngineUnavailable> {
        let place = self.commands.reserve().await.map_err(|_| EngineUnavailable::Stopping)?;
        Ok(self.send_batch(place, batch, schema))
    }

    fn send_batch(
        &self,
        place: mpsc::Permit<'_, EngineCommand>,
        batch: Batch,
        schema: Arc<EventSchema>,
    ) -> PendingAcknowledgement {
        let (answer, receiver) = oneshot::channel();
        let packed = self.has_journal.then(|| BatchCodec::encode_batch(&batch));
        place.send(EngineCommand::Apply(SubmittedBatch { batch, encoded: packed, schema, answer }));
        PendingAcknowledgement(receiver)
    }

    /// Asks for something that the core knows beyond its board: `command` is given the way back for the answer.
    ///
    /// # Errors
    /// If there is nobody to answer.
    pub async fn request_answer<A>(
        &self,
        command: impl FnOnce(oneshot::Sender<A>) -> EngineCommand,
    ) -> Result<A, EngineUnavailable> {
        let (answer, receiver) = oneshot::channel();
        self.commands.send(command(answer)).await.map_err(|_| EngineUnavailable::Stopping)?;
        receiver.await.map_err(|_| EngineUnavailable::Stopping)
    }

    /// Gives the core another standard, once everything is applied that was handed over before.
    ///
    /// # Errors
    /// If there is no engine any more, or it cannot write that down.
    pub async fn change_standard(
        &self,
        standard: Arc<Standard>,
    ) -> Result<StandardChange, EngineUnavailable> {
        self.request_answer(|answer| EngineCommand::ChangeStandard { standard, answer }).await?
    }

    /// Sets the engine's clock going; from then on it is ready.
    ///
    /// # Errors
    /// If there is no engine any more.
    pub async fn start_clock(&self, clock: WallClock) -> Result<(), EngineUnavailable> {
        self.commands
            .send(EngineCommand::StartClock(clock))
            .await
            .map_err(|_| EngineUnavailable::Stopping)?;
        match self.readiness.clone().wait_for(Readiness::has_board).await {
            Ok(_) => Ok(()),
            Err(_) => Err(EngineUnavailable::Stopping),
        }
    }
}

impl PendingAcknowledgement {
    /// What became of the batch.
    ///
    /// # Errors
    /// If the engine ended before it came to it, or could not write it down.
    pub async fn wait(self) -> Result<ApplyResult, EngineUnavailable> {
        self.0.await.map_err(|_| EngineUnavailable::Stopping)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_full_queue_and_stopped_engine() {
        let (commands, queue) = mpsc::channel(1);
        let feed = EngineHandle::new(
            commands,
            watch::channel(Readiness::Ready).1,
            watch::channel(Arc::default()).1,
            false,
        );
        assert!(feed.try_submit(Batch::default(), Arc::default()).is_ok());
        assert_eq!(
            feed.try_submit(Batch::default(), Arc::default()).err(),
            Some(EngineUnavailable::QueueFull)
        );
        drop(queue);
        assert_eq!(
            feed.try_submit(Batch::default(), Arc::default()).err(),
            Some(EngineUnavailable::Stopping)
        );
    }
}
