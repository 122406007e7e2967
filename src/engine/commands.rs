//! Commands to the engine, through a bounded channel. Each command carries the channel for its
//! answer.

use super::readiness::Readiness;
use crate::clock::WallClock;
use crate::domain::alerts::incident_log::{IncidentUpdate, IncidentUpdateError};
use crate::domain::board::trend::{self, IndicatorTrends};
use crate::domain::events::batch::Batch;
use crate::domain::events::event::CaseKey;
use crate::domain::explain::case_history::CaseHistory;
use crate::domain::explain::explanation::{Explanation, ExplanationRequest};
use crate::domain::explain::open_cases::{OpenCaseQuery, OpenCases};
use crate::domain::monitor::ApplyResult;
use crate::domain::standard::{EventSchema, Standard};
use crate::domain::time::timestamp::Timestamp;
use crate::journal::EncodedBatch;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Command to the engine.
#[derive(Debug)]
pub enum EngineCommand {
    /// Applies events and returns the outcome.
    Apply(SubmittedBatch),
    /// Explains a reading.
    Explain {
        /// Reading to explain.
        request: ExplanationRequest,
        /// Channel for the answer.
        answer: oneshot::Sender<Explanation>,
    },
    /// Returns case histories.
    CaseHistory {
        /// Case; `None` selects all cases named `subject` from any source.
        case: Option<CaseKey>,
        /// Subject of the cases.
        subject: String,
        /// Time that selects one of the cases of a subject that was used again.
        at: Timestamp,
        /// Channel for the answer.
        answer: oneshot::Sender<Vec<CaseHistory>>,
    },
    /// Lists open cases.
    OpenCases {
        /// Filter and limit.
        request: OpenCaseQuery,
        /// Channel for the answer.
        answer: oneshot::Sender<OpenCases>,
    },
    /// Returns the trends of indicators over the last hours.
    Trends {
        /// Indicators, scope and period.
        request: trend::TrendRequest,
        /// Channel for the answer, which is `None` without history.
        answer: oneshot::Sender<Option<IndicatorTrends>>,
    },
    /// Switches to another standard and returns the outcome.
    ChangeStandard {
        /// New standard.
        standard: Arc<Standard>,
        /// Channel for the answer.
        answer: oneshot::Sender<Result<StandardChange, EngineUnavailable>>,
    },
    /// Acknowledges or closes an incident.
    UpdateIncident {
        /// Acknowledgement or closing note.
        update: IncidentUpdate,
        /// Channel for the answer.
        answer: oneshot::Sender<Result<(), IncidentUpdateFailure>>,
    },
    /// Starts the clock, after the history is complete.
    StartClock(WallClock),
}

/// Reasons for a failed incident update.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IncidentUpdateFailure {
    /// The update is invalid for the incident.
    #[error(transparent)]
    Invalid(#[from] IncidentUpdateError),
    /// The engine cannot store it.
    #[error(transparent)]
    Unavailable(#[from] EngineUnavailable),
}

/// Batch submitted to the engine.
#[derive(Debug)]
pub struct SubmittedBatch {
    /// Decoded events.
    pub batch: Batch,
    /// The same events in the journal's encoding, made on the sender's thread; `None` without a
    /// journal.
    pub encoded: Option<EncodedBatch>,
    /// Schema of the decoded events, which may be outdated when the batch is applied.
    pub schema: Arc<EventSchema>,
    /// Channel for the result.
    pub answer: oneshot::Sender<Result<ApplyResult, EngineUnavailable>>,
}

/// Outcome of a change of the standard.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct StandardChange {
    /// Remembered cases.
    pub cases: usize,
    /// Cases that were forgotten before the change and are no longer counted.
    pub forgotten: u64,
    /// Remembered events that the new standard does not know.
    pub unknown_events: u64,
    /// Duration of the change, during which the engine applied nothing else.
    pub took: Duration,
}

/// Reasons for refusing a command.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EngineUnavailable {
    /// The command channel is full.
    #[error("the service cannot keep up")]
    QueueFull,
    /// The engine has stopped.
    #[error("the service is stopping")]
    Stopping,
    /// The journal cannot be written, for this reason.
    #[error("the journal cannot be written: {0}")]
    JournalUnwritable(Arc<str>),
}

/// Handle for sending commands. The engine runs as long as a handle exists.
#[derive(Clone, Debug)]
pub struct EngineHandle {
    commands: mpsc::Sender<EngineCommand>,
    readiness: watch::Receiver<Readiness>,
    schema: watch::Receiver<Arc<EventSchema>>,
    has_journal: bool,
}

/// A submitted batch whose result is pending.
#[derive(Debug)]
pub struct PendingAcknowledgement(oneshot::Receiver<Result<ApplyResult, EngineUnavailable>>);

impl EngineHandle {
    pub(super) fn new(
        commands: mpsc::Sender<EngineCommand>,
        readiness: watch::Receiver<Readiness>,
        schema: watch::Receiver<Arc<EventSchema>>,
        has_journal: bool,
    ) -> EngineHandle {
        EngineHandle { commands, readiness, schema, has_journal }
    }

    /// Returns the schema of the current standard.
    #[must_use]
    pub fn schema(&self) -> Arc<EventSchema> {
        self.schema.borrow().clone()
    }

    /// Returns the readiness of the engine.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.readiness.borrow().clone()
    }

    /// Submits a batch that was decoded with `schema`, without waiting.
    ///
    /// # Errors
    /// Returns an error if the channel is full or the engine has stopped.
    pub fn try_submit(
        &self,
        batch: Batch,
        schema: Arc<EventSchema>,
    ) -> Result<PendingAcknowledgement, EngineUnavailable> {
        match self.commands.try_reserve() {
            Ok(permit) => Ok(self.send_batch(permit, batch, schema)),
            Err(mpsc::error::TrySendError::Full(())) => Err(EngineUnavailable::QueueFull),
            Err(mpsc::error::TrySendError::Closed(())) => Err(EngineUnavailable::Stopping),
        }
    }

    /// Submits a batch that was decoded with `schema`, waiting for room in the channel.
    ///
    /// # Errors
    /// Returns an error if the engine has stopped.
    pub async fn submit_batch(
        &self,
        batch: Batch,
        schema: Arc<EventSchema>,
    ) -> Result<PendingAcknowledgement, EngineUnavailable> {
        let permit = self.commands.reserve().await.map_err(|_| EngineUnavailable::Stopping)?;
        Ok(self.send_batch(permit, batch, schema))
    }

    fn send_batch(
        &self,
        permit: mpsc::Permit<'_, EngineCommand>,
        batch: Batch,
        schema: Arc<EventSchema>,
    ) -> PendingAcknowledgement {
        let (answer, receiver) = oneshot::channel();
        let encoded = self.has_journal.then(|| EncodedBatch::encode_batch(&batch));
        permit.send(EngineCommand::Apply(SubmittedBatch { batch, encoded, schema, answer }));
        PendingAcknowledgement(receiver)
    }

    /// Sends the command that `command` builds from an answer channel, and waits for the answer.
    ///
    /// # Errors
    /// Returns an error if the engine has stopped.
    pub async fn request_answer<A>(
        &self,
        command: impl FnOnce(oneshot::Sender<A>) -> EngineCommand,
    ) -> Result<A, EngineUnavailable> {
        let (answer, receiver) = oneshot::channel();
        self.commands.send(command(answer)).await.map_err(|_| EngineUnavailable::Stopping)?;
        receiver.await.map_err(|_| EngineUnavailable::Stopping)
    }

    /// Switches to another standard, after all batches submitted before.
    ///
    /// # Errors
    /// Returns an error if the engine has stopped or the journal cannot be written.
    pub async fn change_standard(
        &self,
        standard: Arc<Standard>,
    ) -> Result<StandardChange, EngineUnavailable> {
        self.request_answer(|answer| EngineCommand::ChangeStandard { standard, answer }).await?
    }

    /// Starts the engine's clock and waits until the engine is ready.
    ///
    /// # Errors
    /// Returns an error if the engine has stopped.
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
    /// Waits for the result of the batch.
    ///
    /// # Errors
    /// Returns an error if the engine stopped before, or the journal cannot be written.
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
        let handle = EngineHandle::new(
            commands,
            watch::channel(Readiness::Ready).1,
            watch::channel(Arc::default()).1,
            false,
        );
        assert!(handle.try_submit(Batch::default(), Arc::default()).is_ok());
        assert_eq!(
            handle.try_submit(Batch::default(), Arc::default()).err(),
            Some(EngineUnavailable::QueueFull)
        );
        drop(queue);
        assert_eq!(
            handle.try_submit(Batch::default(), Arc::default()).err(),
            Some(EngineUnavailable::Stopping)
        );
    }
}
