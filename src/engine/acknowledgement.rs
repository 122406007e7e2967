//! Acknowledgement of events: an acknowledged event is in the journal.
//!
//! The durability of an acknowledged event is configurable:
//!
//! | `acknowledge` | acknowledged when | a crash loses |
//! |---|---|---|
//! | `disk` | the event is on disk | nothing |
//! | `soon` | applied; on disk with the next board or after 1 MiB | at most the events since then |
//! | `memory` | applied; there is no journal | everything |
//!
//! While the journal cannot be written, for example because the disk is full, all events are
//! refused with the reason. Boards continue, and each board retries the journal.

use crate::clock::measure_time;
use crate::domain::time::timestamp::{SECOND, Timestamp};
use crate::journal::{Journal, JournalError, JournalRecord, SequenceNumber};
use crate::telemetry::Metric;
use std::sync::Arc;

/// Durability of an acknowledged event, with a journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AcknowledgementLevel {
    /// The event is on disk.
    #[default]
    Disk,
    /// The event will be on disk with the next board or after 1 MiB.
    Soon,
}

/// Maximum size of acknowledged but unwritten events, in bytes.
const PENDING_BYTES_MAX: usize = 1 << 20;
/// Interval between ticks in the journal while idle, in milliseconds.
const IDLE_TICK_MS: i64 = 10 * SECOND;

/// Writes the engine's records to the journal.
#[derive(Debug)]
pub(super) struct Acknowledgements {
    journal: Journal,
    level: AcknowledgementLevel,
    /// Acknowledged records that are not yet written.
    pending_records: Vec<JournalRecord>,
    pending_bytes: usize,
    /// Time of the last tick in the journal.
    last_tick: Timestamp,
    /// Reason of the last failed write, until a write succeeds.
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

    /// Returns the sequence number of the last record, counting pending records as written.
    pub(super) fn last_sequence(&self) -> SequenceNumber {
        SequenceNumber(self.journal.last_sequence().0 + self.pending_records.len() as u64)
    }

    /// Returns the reason while the journal cannot be written.
    pub(super) fn failure_reason(&self) -> Option<&Arc<str>> {
        self.failure.as_ref()
    }

    /// Returns the journal, for pruning.
    pub(super) fn journal_mut(&mut self) -> &mut Journal {
        &mut self.journal
    }

    /// Closes the journal. A failure loses nothing, but the next start takes longer.
    pub(super) fn close_journal(self) {
        if let Err(error) = self.journal.close_cleanly() {
            tracing::warn!(%error, "journal not closed cleanly; the next start takes longer");
        }
    }

    /// Stores records with the configured durability.
    ///
    /// # Errors
    /// Returns the reason if the journal cannot be written. None of the records may be acknowledged
    /// then. Any that reached the disk are superseded by the next write.
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
                    // On failure the acknowledged records stay pending and are retried.
                    let _ = self.flush_pending();
                }
                Ok(())
            }
        }
    }

    /// Writes the pending records and then these records.
    ///
    /// # Errors
    /// As for [`Acknowledgements::append_acknowledged`].
    pub(super) fn write_records(&mut self, records: &[JournalRecord]) -> Result<(), Arc<str>> {
        self.flush_pending()?;
        if !records.is_empty() {
            self.append_to_journal(records)?;
        }
        self.update_last_tick(records);
        Ok(())
    }

    /// Runs with every board: writes pending records, writes a tick when idle, and retries a failed
    /// journal.
    pub(super) fn flush_or_tick(&mut self, now: Timestamp, revision: u64) {
        let idle = now.0.saturating_sub(self.last_tick.0) >= IDLE_TICK_MS;
        let again = self.failure.is_some();
        if !idle && !again && self.pending_records.is_empty() {
            return;
        }
        let tick = (idle || again).then_some(JournalRecord::Tick { now, revision });
        // The next sender of events gets the reason of a failure.
        let _ = self.write_records(tick.as_slice());
    }

    fn flush_pending(&mut self) -> Result<(), Arc<str>> {
        if self.pending_records.is_empty() {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending_records);
        let written = self.append_to_journal(&pending);
        match &written {
            Ok(()) => self.pending_bytes = 0,
            Err(_) => self.pending_records = pending,
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
                    tracing::info!("journal is writable again; accepting events");
                }
                Ok(())
            }
            Err(error) => Err(self.record_failure(&error)),
        }
    }

    fn record_failure(&mut self, error: &JournalError) -> Arc<str> {
        let reason: Arc<str> = error.to_string().into();
        if self.failure.as_ref() != Some(&reason) {
            tracing::error!("journal cannot be written; refusing events until it can: {reason}");
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

/// Returns the approximate size of a record in bytes.
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
