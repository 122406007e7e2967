//! Batches as the standard in force understands them, whichever was in force when they were decoded.

use super::commands::{EngineUnavailable, SubmittedBatch};
use crate::domain::events::batch::Batch;
use crate::domain::monitor::{ApplyResult, EventRefusal};
use crate::domain::standard::EventSchema;
use crate::domain::standard::schema_translation::SchemaTranslation;
use crate::journal::BatchCodec;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A batch that the standard in force understands.
pub(super) struct BatchTranslation {
    /// The events.
    pub(super) batch: Batch,
    /// The same as the journal will have them.
    pub(super) encoded: Option<BatchCodec>,
    /// What is missing of what was sent.
    pub(super) unknown: UnknownEvents,
    /// Where the answer goes.
    pub(super) answer: oneshot::Sender<Result<ApplyResult, EngineUnavailable>>,
}

impl BatchTranslation {
    /// A batch that was decoded before the standard changed is translated first.
    pub(super) fn new(arrival: SubmittedBatch, in_force: &Arc<EventSchema>) -> BatchTranslation {
        let SubmittedBatch { batch, encoded: packed, schema, answer } = arrival;
        if Arc::ptr_eq(in_force, &schema) {
            return BatchTranslation {
                batch,
                encoded: packed,
                unknown: UnknownEvents::default(),
                answer,
            };
        }
        let (known, places) = SchemaTranslation::new(&schema, in_force).translate_batch(&batch);
        let packed = packed.map(|_| BatchCodec::encode_batch(&known));
        BatchTranslation {
            batch: known,
            encoded: packed,
            unknown: UnknownEvents { total: batch.events.len(), known: places },
            answer,
        }
    }
}

/// The events of a batch that the standard in force does not know: all of so many, but for those at these places.
#[derive(Default)]
pub(super) struct UnknownEvents {
    total: usize,
    known: Vec<usize>,
}

impl UnknownEvents {
    /// Tells what became of the known events by their places in the whole batch, and that the others are refused.
    pub(super) fn report_refusals(self, applied: &mut ApplyResult) {
        if self.total == 0 {
            return;
        }
        for (place, _) in &mut applied.refused {
            *place = self.known[*place];
        }
        let unknown = (0..self.total).filter(|place| self.known.binary_search(place).is_err());
        applied.refused.extend(unknown.map(|place| (place, EventRefusal::Unknown)));
    }
}
