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

use crate::clock::measure_time;
use crate::domain::time::timestamp::{SECOND, Timestamp};
use crate::journal::{Journal, JournalError, JournalRecord, SequenceNumber};
use crate::telemetry::Metric;
use std::sync::Arc;

/// How safe an event is when it is acknowledged, where there is a journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AcknowledgementLevel {
    /// It is on disk.
    #[default]
    Disk,
    /// It will be on disk soon.
    Soon,
}

/// How many bytes of acknowledged events may wait to be written.
const PENDING_BYTES_MAX: usize = 1 << 20;
/// How often the journal hears of the time when nothing else happens, in milliseconds.
const IDLE_TICK_MS: i64 = 10 * SECOND;

/// The journal as the engine writes it.
#[derive(Debug)]
pub(super) struct Acknowledgements {
    journal: Journal,
    level: AcknowledgementLevel,
    /// Acknowledged, but not yet written.
    pending_records: Vec<JournalRecord>,
    pending_bytes: usize,
    /// What the clock showed when the journal last heard of it.
    last_tick: Timestamp,
    /// Why it could not be written, as long as that is so.
    failure: Option<Arc<str>>,
}

impl Acknowledgements {
    pub(super) fn new(journal: Journal, acknowledge: AcknowledgementLevel) -> Acknowledgements {
        Metric::JournalFailing.set(0.0);
        Acknowledgements {
            journal,
            level: acknowledge,
            pending_records: Vec::new(),
            pending_bytes: 0,
            last_tick: Timestamp(i64::MIN),
            failure: None,
        }
    }

    /// The place of the last record, once everything that waits is written.
    pub(super) fn last_sequence(&self) -> SequenceNumber {
        SequenceNumber(self.journal.last_sequence().0 + self.pending_records.len() as u64)
    }

    /// Why nothing can be written, if that is so.
    pub(super) fn failure_reason(&self) -> Option<&Arc<str>> {
        self.failure.as_ref()
    }

    /// The journal itself, to be pruned.
    pub(super) fn journal_mut(&mut self) -> &mut Journal {
        &mut self.journal
    }

    /// Closes the journal after the last word. If that fails the next start takes longer, and nothing is lost.
    pub(super) fn close_journal(self) {
        if let Err(error) = self.journal.close_cleanly() {
            tracing::warn!(%error, "the journal was not closed in good order; the next start takes longer");
        }
    }

    /// Makes these records as safe as an acknowledgement promises.
    ///
    /// # Errors
    /// The reason why that is not possible now. None of them may be acknowledged then; if the disk has them all the same, they
    /// are passed over once something else is written.
    pub(super) fn append_acknowledged(
        &mut self,
        records: Vec<JournalRecord>,
    ) -> Result<(), Arc<str>> {
        if let Some(reason) = &self.failure {
            return Err(reason.clone());
        }
        match self.level {
            AcknowledgementLevel::Disk => self.write_records(&records),
            AcknowledgementLevel::Soon => {
                self.update_last_tick(&records);
                self.pending_bytes += records.iter().map(record_bytes).sum::<usize>();
                self.pending_records.extend(records);
                if self.pending_bytes >= PENDING_BYTES_MAX {
                    // What was acknowledged before it failed is kept, and tried again.
                    let _ = self.flush_pending();
                }
                Ok(())
            }
        }
    }

    /// Writes these records at once, and what waits before them.
    ///
    /// # Errors
    /// As for [`Durable::promise`].
    pub(super) fn write_records(&mut self, records: &[JournalRecord]) -> Result<(), Arc<str>> {
        self.flush_pending()?;
        if !records.is_empty() {
            self.append_to_journal(records)?;
        }
        self.update_last_tick(records);
        Ok(())
    }

    /// Does what is to be done with every board: writes what waits, tells the journal the time now and then, and tries it
    /// again if it could not be written: with every board, however the clock stands.
    pub(super) fn flush_or_tick(&mut self, now: Timestamp, revision: u64) {
        let idle = now.0.saturating_sub(self.last_tick.0) >= IDLE_TICK_MS;
        let again = self.failure.is_some();
        if !idle && !again && self.pending_records.is_empty() {
            return;
        }
        let tick = (idle || again).then_some(JournalRecord::Tick { now, revision });
        // Why it failed is told to whoever sends events next.
        let _ = self.write_records(tick.as_slice());
    }

    fn flush_pending(&mut self) -> Result<(), Arc<str>> {
        if self.pending_records.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.pending_records);
        let written = self.append_to_journal(&waiting);
        match &written {
            Ok(()) => self.pending_bytes = 0,
            Err(_) => self.pending_records = waiting,
        }
        written
    }

    fn append_to_journal(&mut self, records: &[JournalRecord]) -> Result<(), Arc<str>> {
        let (written, took) = measure_time(|| self.journal.append_records(records));
        match written {
            Ok(_) => {
                Metric::JournalSeconds.record_duration(took);
                Metric::JournalBytes.add(records.iter().map(record_bytes).sum::<usize>() as u64);
                if self.failure.take().is_some() {
                    Metric::JournalFailing.set(0.0);
                    tracing::info!("the journal can be written again; events are taken");
                }
                Ok(())
            }
            Err(error) => Err(self.record_failure(&error)),
        }
    }

    fn record_failure(&mut self, error: &JournalError) -> Arc<str> {
        let reason: Arc<str> = error.to_string().into();
        if self.failure.as_ref() != Some(&reason) {
            tracing::error!("the journal cannot be written, so no events are taken: {reason}");
        }
        Metric::JournalFailing.set(1.0);
        self.failure = Some(reason.clone());
        reason
    }

    fn update_last_tick(&mut self, records: &[JournalRecord]) {
        let ticks = records.iter().filter_map(JournalRecord::clock_time);
        self.last_tick = ticks.fold(self.last_tick, Timestamp::max);
    }
}

/// About how many bytes a record takes.
fn record_bytes(record: &JournalRecord) -> usize {
    match record {
        JournalRecord::Batch(packed) => packed.encoded_bytes(),
        JournalRecord::Standard { files, .. } => files.iter().map(|(_, text)| text.len()).sum(),
        JournalRecord::IncidentUpdate { answer, .. } => answer.owner.len() + answer.note.len(),
        JournalRecord::Tick { .. }
        | JournalRecord::AlertEvaluation { .. }
        | JournalRecord::Stop { .. } => 16,
    }
}
