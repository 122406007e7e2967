//! A delivery: the events of one body on their way to the engine, and what became of each.
//!
//! While the engine applies one batch the next is decoded; never more than one waits.

use super::{Failure, Intake};
use crate::access::grant::Sources;
use crate::engine::feed::{Answer, Refused};
use crate::ingest::rejected::{REMEMBERED, Rejected};
use crate::ingest::wire::Decoder;
use crate::telemetry::Metric;
use bytes::Bytes;
use serde::Serialize;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// How long a piece of a body waits for room in the engine's queue.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of the events of a body.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Taken {
    /// How many were new.
    pub accepted: u64,
    /// How many were known.
    pub duplicates: u64,
    /// The first [`REMEMBERED`] that were rejected.
    pub rejected: Vec<Refusal>,
    /// How many were rejected in all.
    pub rejected_total: u64,
}

/// An event that was rejected.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Refusal {
    /// Its place in the body, from 0: the number of the event, or of the line.
    pub index: u64,
    /// Its `id`, if it could be read.
    pub id: Option<String>,
    /// What is wrong with it.
    pub error: String,
    #[serde(skip)]
    remembered: Rejected,
}

/// The events of a body on their way.
pub(super) struct Delivery<'a> {
    intake: &'a Intake,
    decoder: Decoder,
    /// Those not yet sent, as [`Piece::events`].
    events: Vec<(u64, Range<usize>)>,
    waiting: Option<(Answer, Piece)>,
    taken: Taken,
}

/// The texts of the events of a batch, to tell which one the core refused.
struct Piece {
    text: Bytes,
    /// For each event of the batch its index in the body and where its text is.
    events: Vec<(u64, Range<usize>)>,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(intake: &'a Intake, sources: Arc<Sources>) -> Delivery<'a> {
        Delivery { intake, decoder: intake.decoder(sources), events: Vec::new(), waiting: None, taken: Taken::default() }
    }

    /// How many events wait to be sent.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Adds an event, which stands here in a text that is sent with it.
    pub(super) fn add(&mut self, index: u64, text: &[u8], at: Range<usize>) {
        let json = &text[at.clone()];
        match self.decoder.json(json) {
            Ok(()) => self.events.push((index, at)),
            Err(rejection) => self.reject(index, json, rejection.id, rejection.reason),
        }
    }

    /// Tells of an event that cannot be understood.
    pub(super) fn reject(&mut self, index: u64, json: &[u8], id: Option<String>, error: String) {
        Metric::EventsReceived.count("outcome", "rejected", 1);
        Metric::EventsRejected.count("reason", "unreadable", 1);
        self.tell(index, json, id, error);
    }

    fn tell(&mut self, index: u64, json: &[u8], id: Option<String>, error: String) {
        self.taken.rejected_total += 1;
        if self.taken.rejected.len() < REMEMBERED {
            let remembered = Rejected::new(json, id, error.clone());
            self.taken.rejected.push(Refusal { index, id: remembered.id.clone(), error, remembered });
        }
    }

    /// Sends what was added to the engine, and keeps the text it stands in until the answer. If nothing of the body was sent before,
    /// the engine must have room at once.
    pub(super) async fn send(&mut self, text: Bytes) -> Result<(), Failure> {
        if self.decoder.is_empty() {
            return Ok(());
        }
        let batch = self.decoder.take();
        let (feed, schema) = (&self.intake.feed, self.decoder.schema().clone());
        let answer = match self.waiting {
            None => feed.offer(batch, schema)?,
            Some(_) => tokio::time::timeout(PATIENCE, feed.send(batch, schema)).await.unwrap_or(Err(Refused::Full))?,
        };
        let piece = Piece { text, events: std::mem::take(&mut self.events) };
        if let Some(before) = self.waiting.replace((answer, piece)) {
            self.note(before).await?;
        }
        Ok(())
    }

    /// Waits for the engine's answer to all that was sent.
    pub(super) async fn settle(&mut self) -> Result<(), Failure> {
        match self.waiting.take() {
            Some(waiting) => self.note(waiting).await,
            None => Ok(()),
        }
    }

    async fn note(&mut self, (answer, piece): (Answer, Piece)) -> Result<(), Failure> {
        let applied = answer.wait().await?;
        self.taken.accepted += applied.accepted;
        self.taken.duplicates += applied.duplicates;
        for (place, refusal) in applied.refused {
            let Some((index, at)) = piece.events.get(place).cloned() else { continue };
            self.tell(index, &piece.text[at], None, refusal.to_string());
        }
        Ok(())
    }

    /// What became of the events; the rejected ones are remembered.
    pub(super) fn finish(mut self) -> Taken {
        self.taken.rejected.sort_by_key(|refusal| refusal.index);
        let rejected = self.taken.rejected.iter().map(|refusal| refusal.remembered.clone());
        self.intake.rejected.add(rejected, self.taken.rejected_total);
        self.intake.keep(self.decoder);
        self.taken
    }
}
