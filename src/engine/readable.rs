//! Batches as the standard in force understands them, whichever was in force when they were decoded.

use super::feed::{Arrival, Refused};
use crate::domain::event::Batch;
use crate::domain::monitor::translate::Translation;
use crate::domain::monitor::{Applied, Refusal};
use crate::domain::standard::Schema;
use crate::journal::Packed;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A batch that the standard in force understands.
pub(super) struct Readable {
    /// The events.
    pub(super) batch: Batch,
    /// The same as the journal will have them.
    pub(super) packed: Option<Packed>,
    /// What is missing of what was sent.
    pub(super) unknown: Unknown,
    /// Where the answer goes.
    pub(super) answer: oneshot::Sender<Result<Applied, Refused>>,
}

impl Readable {
    /// A batch that was decoded before the standard changed is translated first.
    pub(super) fn new(arrival: Arrival, in_force: &Arc<Schema>) -> Readable {
        let Arrival { batch, packed, schema, answer } = arrival;
        if Arc::ptr_eq(in_force, &schema) {
            return Readable { batch, packed, unknown: Unknown::default(), answer };
        }
        let (known, places) = Translation::new(&schema, in_force).batch(&batch);
        let packed = packed.map(|_| Packed::pack(&known));
        Readable { batch: known, packed, unknown: Unknown { of: batch.events.len(), known: places }, answer }
    }
}

/// The events of a batch that the standard in force does not know: all of so many, but for those at these places.
#[derive(Default)]
pub(super) struct Unknown {
    of: usize,
    known: Vec<usize>,
}

impl Unknown {
    /// Tells what became of the known events by their places in the whole batch, and that the others are refused.
    pub(super) fn give_back(self, applied: &mut Applied) {
        if self.of == 0 {
            return;
        }
        for (place, _) in &mut applied.refused {
            *place = self.known[*place];
        }
        let unknown = (0..self.of).filter(|place| self.known.binary_search(place).is_err());
        applied.refused.extend(unknown.map(|place| (place, Refusal::Unknown)));
    }
}
