//! From what a source said to events of the core: names checked, identities hashed, attributes gathered into a batch.
//!
//! Pure: bytes in, a batch or a rejection out. What is not understood is never dropped silently.

use super::raw::RawEvent;
use crate::domain::event::Batch;
use crate::domain::standard::Schema;
use std::sync::Arc;

/// Why an event was not taken, in words for whoever sent it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// The event's `id`, if it could be read.
    pub id: Option<String>,
    /// What is wrong and what to do.
    pub reason: String,
}

/// The secrets that go into hashes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys {
    /// Seeds the identities of cases and events.
    pub seed: u64,
    /// The key under which customers are hashed.
    pub customer: [u8; 16],
}

/// Turns events into batches.
pub struct Decoder {
    schema: Arc<Schema>,
    keys: Keys,
    batch: Batch,
}

impl Decoder {
    /// A decoder for events as `schema` understands them.
    #[must_use]
    pub fn new(schema: Arc<Schema>, keys: Keys) -> Decoder {
        Decoder { schema, keys, batch: Batch::default() }
    }

    /// Reads a JSON CloudEvent and adds it to the batch.
    ///
    /// # Errors
    /// The rejection, if the event cannot be understood; the batch is unchanged.
    pub fn json(&mut self, bytes: &[u8]) -> Result<(), Rejection> {
        let _ = (bytes, &self.schema, &self.keys);
        Err(Rejection { id: None, reason: "not yet".into() })
    }

    /// Adds an event that another source has read.
    ///
    /// # Errors
    /// As [`Decoder::json`].
    pub fn event(&mut self, raw: &RawEvent<'_>) -> Result<(), Rejection> {
        let _ = raw;
        Err(Rejection { id: None, reason: "not yet".into() })
    }

    /// The batch gathered so far; the decoder begins a new one.
    #[must_use]
    pub fn take(&mut self) -> Batch {
        std::mem::take(&mut self.batch)
    }

    /// How many events the batch has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batch.events.len()
    }

    /// Whether the batch has no events.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.batch.events.is_empty()
    }
}
