//! Translation of batches that were decoded before a change of the standard.

use super::commands::{EngineUnavailable, SubmittedBatch};
use crate::domain::events::batch::Batch;
use crate::domain::monitor::{ApplyResult, EventRefusal};
use crate::domain::standard::EventSchema;
use crate::domain::standard::schema_translation::SchemaTranslation;
use crate::journal::EncodedBatch;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A batch in the schema of the current standard.
pub(super) struct BatchTranslation {
    /// Events known to the standard.
    pub(super) batch: Batch,
    /// The same events in the journal's encoding; `None` without a journal.
    pub(super) encoded: Option<EncodedBatch>,
    /// Events unknown to the standard.
    pub(super) unknown: UnknownEvents,
    /// Channel for the result.
    pub(super) answer: oneshot::Sender<Result<ApplyResult, EngineUnavailable>>,
}

impl BatchTranslation {
    /// Translates a submitted batch if the schema has changed since it was decoded.
    pub(super) fn new(
        submitted: SubmittedBatch,
        current_schema: &Arc<EventSchema>,
    ) -> BatchTranslation {
        let SubmittedBatch { batch, encoded, schema, answer } = submitted;
        if Arc::ptr_eq(current_schema, &schema) {
            return BatchTranslation { batch, encoded, unknown: UnknownEvents::default(), answer };
        }
        let (known, places) =
            SchemaTranslation::new(&schema, current_schema).translate_batch(&batch);
        let encoded = encoded.map(|_| EncodedBatch::encode_batch(&known));
        BatchTranslation {
            batch: known,
            encoded,
            unknown: UnknownEvents { total: batch.events.len(), known: places },
            answer,
        }
    }
}

/// Submitted events that the current standard does not know: `total` minus those at the indices in
/// `known`.
#[derive(Default)]
pub(super) struct UnknownEvents {
    total: usize,
    known: Vec<usize>,
}

impl UnknownEvents {
    /// Maps rejected events to their indices in the submitted batch and adds the unknown events as
    /// rejected.
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
