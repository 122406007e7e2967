//! What keeps the engine's promise: "accepted" means that it is in the journal.
//!
//! How safe an accepted event is can be chosen:
//!
//! | `acknowledge` | an event is acknowledged when | what a crash can take |
//! |---|---|---|
//! | `disk` | it is on disk | nothing |
//! | `soon` | it is counted; it is on disk at the next board, or after a megabyte | at most what was acknowledged since |
//! | `memory` | it is counted; there is no journal | everything |
//!
//! A journal that cannot be written, because the disk is full or gone, takes no events; each is refused with the reason. The
//! board goes on, and with every board the journal is tried again.

use super::clock::timed;
use crate::domain::time::{SECOND, Timestamp};
use crate::journal::{Error, Journal, Record, Sequence};
use crate::telemetry::Metric;
use std::sync::Arc;

/// How safe an event is when it is acknowledged, where there is a journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Acknowledge {
    /// It is on disk.
    #[default]
    Disk,
    /// It will be on disk soon.
    Soon,
}

/// How many bytes of acknowledged events may wait to be written.
const WAITING_BYTES: usize = 1 << 20;
/// How often the journal hears of the time when nothing else happens, in milliseconds.
const IDLE_MS: i64 = 10 * SECOND;

/// The journal as the engine writes it.
#[derive(Debug)]
pub(super) struct Durable {
    journal: Journal,
    acknowledge: Acknowledge,
    /// Acknowledged, but not yet written.
    waiting: Vec<Record>,
    waiting_bytes: usize,
    /// What the clock showed when the journal last heard of it.
    ticked: Timestamp,
    /// Why it could not be written, as long as that is so.
    failing: Option<Arc<str>>,
}

impl Durable {
    pub(super) fn new(journal: Journal, acknowledge: Acknowledge) -> Durable {
        Metric::JournalFailing.set(0.0);
        Durable { journal, acknowledge, waiting: Vec::new(), waiting_bytes: 0, ticked: Timestamp(i64::MIN), failing: None }
    }

    /// The place of the last record, once everything that waits is written.
    pub(super) fn last(&self) -> Sequence {
        Sequence(self.journal.last().0 + self.waiting.len() as u64)
    }

    /// Why nothing can be written, if that is so.
    pub(super) fn failing(&self) -> Option<&Arc<str>> {
        self.failing.as_ref()
    }

    /// The journal itself, to be pruned.
    pub(super) fn journal(&mut self) -> &mut Journal {
        &mut self.journal
    }

    /// Closes the journal after the last word. If that fails the next start takes longer, and nothing is lost.
    pub(super) fn close(self) {
        if let Err(error) = self.journal.close() {
            tracing::warn!(%error, "the journal was not closed in good order; the next start takes longer");
        }
    }

    /// Makes these records as safe as an acknowledgement promises.
    ///
    /// # Errors
    /// The reason why that is not possible now. None of them may be acknowledged then; if the disk has them all the same, they
    /// are passed over once something else is written.
    pub(super) fn promise(&mut self, records: Vec<Record>) -> Result<(), Arc<str>> {
        if let Some(reason) = &self.failing {
            return Err(reason.clone());
        }
        match self.acknowledge {
            Acknowledge::Disk => self.write(&records),
            Acknowledge::Soon => {
                self.note_ticks(&records);
                self.waiting_bytes += records.iter().map(bytes).sum::<usize>();
                self.waiting.extend(records);
                if self.waiting_bytes >= WAITING_BYTES {
                    // What was acknowledged before it failed is kept, and tried again.
                    let _ = self.flush();
                }
                Ok(())
            }
        }
    }

    /// Writes these records at once, and what waits before them.
    ///
    /// # Errors
    /// As for [`Durable::promise`].
    pub(super) fn write(&mut self, records: &[Record]) -> Result<(), Arc<str>> {
        self.flush()?;
        if !records.is_empty() {
            self.append(records)?;
        }
        self.note_ticks(records);
        Ok(())
    }

    /// Does what is to be done with every board: writes what waits, tells the journal the time now and then, and tries it
    /// again if it could not be written: with every board, however the clock stands.
    pub(super) fn attend(&mut self, now: Timestamp, revision: u64) {
        let idle = now.0.saturating_sub(self.ticked.0) >= IDLE_MS;
        let again = self.failing.is_some();
        if !idle && !again && self.waiting.is_empty() {
            return;
        }
        let tick = (idle || again).then_some(Record::Tick { now, revision });
        // Why it failed is told to whoever sends events next.
        let _ = self.write(tick.as_slice());
    }

    fn flush(&mut self) -> Result<(), Arc<str>> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        let written = self.append(&waiting);
        match &written {
            Ok(()) => self.waiting_bytes = 0,
            Err(_) => self.waiting = waiting,
        }
        written
    }

    fn append(&mut self, records: &[Record]) -> Result<(), Arc<str>> {
        let (written, took) = timed(|| self.journal.append(records));
        match written {
            Ok(_) => {
                Metric::JournalSeconds.record(took);
                Metric::JournalBytes.add(records.iter().map(bytes).sum::<usize>() as u64);
                if self.failing.take().is_some() {
                    Metric::JournalFailing.set(0.0);
                    tracing::info!("the journal can be written again; events are taken");
                }
                Ok(())
            }
            Err(error) => Err(self.fail(&error)),
        }
    }

    fn fail(&mut self, error: &Error) -> Arc<str> {
        let reason: Arc<str> = error.to_string().into();
        if self.failing.as_ref() != Some(&reason) {
            tracing::error!("the journal cannot be written, so no events are taken: {reason}");
        }
        Metric::JournalFailing.set(1.0);
        self.failing = Some(reason.clone());
        reason
    }

    fn note_ticks(&mut self, records: &[Record]) {
        let ticks = records.iter().filter_map(Record::clock);
        self.ticked = ticks.fold(self.ticked, Timestamp::max);
    }
}

/// About how many bytes a record takes.
fn bytes(record: &Record) -> usize {
    match record {
        Record::Batch(packed) => packed.bytes(),
        Record::Standard { files, .. } => files.iter().map(|(_, text)| text.len()).sum(),
        Record::Answer { answer, .. } => answer.owner.len() + answer.note.len(),
        Record::Tick { .. } | Record::Look { .. } | Record::Stop { .. } => 16,
    }
}
