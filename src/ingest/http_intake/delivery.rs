//! A delivery: the events of one body on their way to the engine, and what became of each.
//!
//! While the engine applies one batch the next is decoded; never more than one waits.

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

/// How long a piece of a body waits for room in the engine's queue.
const QUEUE_WAIT_MAX: Duration = Duration::from_secs(10);

/// What became of the events of a body.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct IntakeAnswer {
    /// How many were new.
    pub accepted: u64,
    /// How many were known.
    pub duplicates: u64,
    /// The first [`REMEMBERED`] that were rejected.
    pub rejected: Vec<IntakeRejection>,
    /// How many were rejected in all.
    pub rejected_total: u64,
}

/// An event that was rejected.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct IntakeRejection {
    /// Its place in the body, from 0: the number of the event, or of the line.
    pub index: u64,
    /// Its `id`, if it could be read.
    pub id: Option<String>,
    /// What is wrong with it.
    pub error: String,
    #[serde(skip)]
    rejected_event: RejectedEvent,
}

/// The events of a body on their way.
pub(super) struct BodyDelivery<'a> {
    intake: &'a HttpIntake,
    decoder: EventDecoder,
    /// Those not yet sent, as [`Piece::events`].
    events: Vec<(u64, Range<usize>)>,
    pending: Option<(PendingAcknowledgement, DeliveryPart)>,
    answer: IntakeAnswer,
}

/// The texts of the events of a batch, to tell which one the core refused.
struct DeliveryPart {
    text: Bytes,
    /// For each event of the batch its index in the body and where its text is.
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

    /// How many events wait to be sent.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Adds an event, which stands here in a text that is sent with it.
    pub(super) fn add_event(&mut self, index: u64, text: &[u8], at: Range<usize>) {
        let json = &text[at.clone()];
        match self.decoder.decode_json(json) {
            Ok(()) => self.events.push((index, at)),
            Err(rejection) => self.reject_event(index, json, rejection.id, rejection.reason),
        }
    }

    /// Tells of an event that cannot be understood.
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
            let remembered = RejectedEvent::new(json, id, error.clone());
            self.answer.rejected.push(IntakeRejection {
                index,
                id: remembered.id.clone(),
                error,
                rejected_event: remembered,
            });
        }
    }

    /// Sends what was added to the engine, and keeps the text it stands in until the answer. If nothing of the body was sent before,
    /// the engine must have room at once.
    pub(super) async fn send_batch(&mut self, text: Bytes) -> Result<(), IntakeFailure> {
        if self.decoder.is_empty() {
            return Ok(());
        }
        let batch = self.decoder.take_batch();
        let (feed, schema) = (&self.intake.feed, self.decoder.schema().clone());
        let answer = match self.pending {
            None => feed.try_submit(batch, schema)?,
            Some(_) => tokio::time::timeout(QUEUE_WAIT_MAX, feed.submit_batch(batch, schema))
                .await
                .unwrap_or(Err(EngineUnavailable::QueueFull))?,
        };
        let piece = DeliveryPart { text, events: std::mem::take(&mut self.events) };
        if let Some(before) = self.pending.replace((answer, piece)) {
            self.record_engine_answer(before).await?;
        }
        Ok(())
    }

    /// Waits for the engine's answer to all that was sent.
    pub(super) async fn wait_for_pending(&mut self) -> Result<(), IntakeFailure> {
        match self.pending.take() {
            Some(waiting) => self.record_engine_answer(waiting).await,
            None => Ok(()),
        }
    }

    async fn record_engine_answer(
        &mut self,
        (answer, piece): (PendingAcknowledgement, DeliveryPart),
    ) -> Result<(), IntakeFailure> {
        let applied = answer.wait().await?;
        self.answer.accepted += applied.accepted;
        self.answer.duplicates += applied.duplicates;
        for (place, refusal) in applied.refused {
            let Some((index, at)) = piece.events.get(place).cloned() else { continue };
            self.record_rejection(index, &piece.text[at], None, refusal.to_string());
        }
        Ok(())
    }

    /// What became of the events; the rejected ones are remembered.
    pub(super) fn into_answer(mut self) -> IntakeAnswer {
        self.answer.rejected.sort_by_key(|refusal| refusal.index);
        let rejected = self.answer.rejected.iter().map(|refusal| refusal.rejected_event.clone());
        self.intake.rejected_events.record_rejected(rejected, self.answer.rejected_total);
        self.intake.return_decoder(self.decoder);
        self.answer
    }
}
