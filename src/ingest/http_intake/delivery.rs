//! Delivery of one body's events to the engine, with the outcome of each event.
//!
//! The next batch is decoded while the engine applies the previous one. At most one batch is
//! pending.

use crate::access::grant::AllowedSources;
use crate::engine::commands::{EngineUnavailable, PendingAcknowledgement};
use crate::ingest::decode::EventDecoder;
use crate::ingest::http_intake::{HttpIntake, IntakeFailure};
use crate::ingest::rejected_events::{REJECTED_EVENTS_MAX, RejectedEvent};
use crate::telemetry::Metric;
use bytes::Bytes;
use serde::Serialize;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Maximum time that a later part of a body waits for room in the engine's queue.
const QUEUE_WAIT_MAX: Duration = Duration::from_secs(10);

/// Maximum number of warnings in an answer.
pub const WARNINGS_MAX: usize = 100;

/// Outcome of the events of a body.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct IntakeAnswer {
    /// Number of new events.
    pub accepted: u64,
    /// Number of events that were received before.
    pub duplicates: u64,
    /// Rejected events, at most the first [`REJECTED_EVENTS_MAX`].
    pub rejected: Vec<IntakeRejection>,
    /// Number of all rejected events.
    pub rejected_total: u64,
    /// Fields that accepted events were taken without, at most the first [`WARNINGS_MAX`].
    pub warnings: Vec<IntakeWarning>,
    /// Number of all such fields.
    pub warnings_total: u64,
}

/// A field that an accepted event was taken without.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct IntakeWarning {
    /// Position in the body from 0: the number of the event or of the line.
    pub index: u64,
    /// The event's `id`, if it could be read.
    pub id: Option<String>,
    /// Name of the field in the event's `data`.
    pub field: String,
    /// Problem of the field.
    pub warning: String,
    #[serde(skip)]
    listed_event: RejectedEvent,
}

/// A rejected event.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct IntakeRejection {
    /// Position in the body from 0: the number of the event or of the line.
    pub index: u64,
    /// The event's `id`, if it could be read.
    pub id: Option<String>,
    /// Reason of the rejection.
    pub error: String,
    #[serde(skip)]
    rejected_event: RejectedEvent,
}

/// Delivery of one body.
pub(super) struct BodyDelivery<'a> {
    intake: &'a HttpIntake,
    decoder: EventDecoder,
    /// Events not sent yet, in the form of [`DeliveryPart::events`].
    events: Vec<(u64, Range<usize>)>,
    pending: Option<(PendingAcknowledgement, DeliveryPart)>,
    answer: IntakeAnswer,
}

/// Texts of the events of a batch, needed to describe the events that the core rejects.
struct DeliveryPart {
    text: Bytes,
    /// Index in the body and range in `text` of each event of the batch.
    events: Vec<(u64, Range<usize>)>,
}

impl<'a> BodyDelivery<'a> {
    pub(super) fn new(intake: &'a HttpIntake, sources: Arc<AllowedSources>) -> BodyDelivery<'a> {
        BodyDelivery {
            intake,
            decoder: intake.take_decoder(sources),
            events: Vec::new(),
            pending: None,
            answer: IntakeAnswer::default(),
        }
    }

    /// Returns the number of events not sent yet.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Adds the event at `at` in `text`. The same text must be passed to the next `send_batch`.
    pub(super) fn add_event(&mut self, index: u64, text: &[u8], at: Range<usize>) {
        let json = &text[at.clone()];
        match self.decoder.decode_json(json) {
            Ok(()) => {
                self.events.push((index, at));
                if !self.decoder.dropped_fields().is_empty() {
                    self.record_dropped_fields(index, json);
                }
            }
            Err(rejection) => self.reject_event(index, json, rejection.id, rejection.reason),
        }
    }

    /// Counts and records the fields that the last event was taken without.
    fn record_dropped_fields(&mut self, index: u64, json: &[u8]) {
        for dropped in self.decoder.dropped_fields() {
            Metric::FieldsDropped.add_for_field(&dropped.counted_as);
            self.answer.warnings_total += 1;
            if self.answer.warnings.len() < WARNINGS_MAX {
                let listed = RejectedEvent::accepted_without(json, dropped);
                self.answer.warnings.push(IntakeWarning {
                    index,
                    id: listed.id.clone(),
                    field: dropped.field.clone(),
                    warning: dropped.warning.clone(),
                    listed_event: listed,
                });
            }
        }
    }

    /// Counts and records an event that cannot be decoded.
    pub(super) fn reject_event(
        &mut self,
        index: u64,
        json: &[u8],
        id: Option<String>,
        error: String,
    ) {
        Metric::EventsReceived.add_labeled("outcome", "rejected", 1);
        Metric::EventsRejected.add_labeled("reason", "unreadable", 1);
        self.record_rejection(index, json, id, error);
    }

    fn record_rejection(&mut self, index: u64, json: &[u8], id: Option<String>, error: String) {
        self.answer.rejected_total += 1;
        if self.answer.rejected.len() < REJECTED_EVENTS_MAX {
            let rejected_event = RejectedEvent::new(json, id, error.clone());
            self.answer.rejected.push(IntakeRejection {
                index,
                id: rejected_event.id.clone(),
                error,
                rejected_event,
            });
        }
    }

    /// Sends the added events to the engine and holds their text until the answer. The first batch
    /// of a body is not queued: it fails at once if the engine has no room.
    pub(super) async fn send_batch(&mut self, text: Bytes) -> Result<(), IntakeFailure> {
        if self.decoder.is_empty() {
            return Ok(());
        }
        let batch = self.decoder.take_batch();
        let (feed, schema) = (&self.intake.feed, self.decoder.schema().clone());
        let acknowledgement = match self.pending {
            None => feed.try_submit(batch, schema)?,
            Some(_) => tokio::time::timeout(QUEUE_WAIT_MAX, feed.submit_batch(batch, schema))
                .await
                .unwrap_or(Err(EngineUnavailable::QueueFull))?,
        };
        let part = DeliveryPart { text, events: std::mem::take(&mut self.events) };
        if let Some(previous) = self.pending.replace((acknowledgement, part)) {
            self.record_engine_answer(previous).await?;
        }
        Ok(())
    }

    /// Waits for the engine's answer to all batches sent.
    pub(super) async fn wait_for_pending(&mut self) -> Result<(), IntakeFailure> {
        match self.pending.take() {
            Some(pending) => self.record_engine_answer(pending).await,
            None => Ok(()),
        }
    }

    async fn record_engine_answer(
        &mut self,
        (acknowledgement, part): (PendingAcknowledgement, DeliveryPart),
    ) -> Result<(), IntakeFailure> {
        let applied = acknowledgement.wait().await?;
        self.answer.accepted += applied.accepted;
        self.answer.duplicates += applied.duplicates;
        for (position, rejection) in applied.refused {
            let Some((index, at)) = part.events.get(position).cloned() else { continue };
            self.record_rejection(index, &part.text[at], None, rejection.to_string());
        }
        Ok(())
    }

    /// Returns the outcome of all events and adds the rejected ones to the list of rejected events.
    pub(super) fn into_answer(mut self) -> IntakeAnswer {
        self.answer.rejected.sort_by_key(|rejection| rejection.index);
        let rejected =
            self.answer.rejected.iter().map(|rejection| rejection.rejected_event.clone());
        let warned = self.answer.warnings.iter().map(|warning| warning.listed_event.clone());
        self.intake
            .rejected_events
            .record_rejected(rejected.chain(warned), self.answer.rejected_total);
        self.intake.return_decoder(self.decoder);
        self.answer
    }
}
