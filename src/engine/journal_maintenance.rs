//! Journal maintenance: pending writes, snapshots and pruning with every board, and the final
//! records at shutdown.

use super::acknowledgement::Acknowledgements;
use super::readiness::Readiness;
use super::recovery::{self, RecoverySources};
use super::snapshotter::{self, Snapshotter};
use super::state::EngineState;
use crate::domain::time::timestamp::Timestamp;
use crate::engine::Engine;
use crate::journal::{JournalRecord, SequenceNumber};

/// Parts of an engine with a journal.
#[derive(Debug)]
pub(super) struct JournalMaintenance {
    pub(super) acknowledgements: Acknowledgements,
    sources: RecoverySources,
    snapshotter: Snapshotter,
    /// Time of the last snapshot request.
    snapshot_requested_at: Option<Timestamp>,
    /// Record up to which the journal is pruned.
    pruned_until: SequenceNumber,
    /// True if the start of this run could not be recorded, so the state is ahead of the journal.
    pub(super) is_start_unrecorded: bool,
}

impl JournalMaintenance {
    pub(super) fn new(
        acknowledgements: Acknowledgements,
        sources: RecoverySources,
        snapshotter: Snapshotter,
    ) -> JournalMaintenance {
        JournalMaintenance {
            acknowledgements,
            sources,
            snapshotter,
            snapshot_requested_at: None,
            pruned_until: SequenceNumber::default(),
            is_start_unrecorded: false,
        }
    }

    /// Writes the stop record, closes the journal and writes a snapshot.
    pub(super) fn shut_down(
        self,
        mut state: EngineState,
        revision: u64,
    ) -> Result<(), recovery::RecoveryError> {
        let JournalMaintenance {
            mut acknowledgements,
            sources,
            snapshotter,
            is_start_unrecorded,
            ..
        } = self;
        snapshotter.stop();
        let tick = state.monitor.clock_time().map(|now| JournalRecord::Tick { now, revision });
        let records: Vec<JournalRecord> =
            tick.into_iter().chain([JournalRecord::Stop { revision }]).collect();
        acknowledgements
            .write_records(&records)
            .map_err(|reason| recovery::RecoveryError::JournalUnwritable { reason })?;
        (state.sequence, state.revision, state.stopped_cleanly) =
            (acknowledgements.last_sequence(), revision, true);
        let RecoverySources { journal, snapshots } = sources;
        drop(journal);
        acknowledgements.close_journal();
        if is_start_unrecorded {
            // A snapshot would be ahead of the journal; the next start replays the journal.
            return Ok(());
        }
        recovery::write_snapshot(&state, &snapshots)?;
        snapshotter::remove_old_snapshots(&snapshots)
    }
}

impl Engine {
    /// Writes pending records and requests a snapshot or pruning if due. Runs with every board.
    pub(super) fn maintain_journal(&mut self, now: Timestamp, revision: u64) {
        let (Some(maintenance), Some(retention_settings)) =
            (&mut self.maintenance, &self.retention_settings)
        else {
            return;
        };
        maintenance.acknowledgements.flush_or_tick(now, revision);
        self.state.sequence = maintenance.acknowledgements.last_sequence();
        let readiness = maintenance
            .acknowledgements
            .failure_reason()
            .map_or(Readiness::Ready, |reason| Readiness::Failing(reason.clone()));
        self.readiness
            .send_if_modified(|known| std::mem::replace(known, readiness.clone()) != readiness);
        let since = now.millis_since(*maintenance.snapshot_requested_at.get_or_insert(now));
        let unsaved = self.state.events_since_snapshot;
        let due = unsaved >= retention_settings.snapshot_events
            || (since >= retention_settings.snapshot_ms && unsaved > 0);
        if due
            && maintenance
                .snapshotter
                .request_snapshot(maintenance.acknowledgements.journal_mut().last_sequence())
        {
            (maintenance.snapshot_requested_at, self.state.events_since_snapshot) = (Some(now), 0);
        }
        let needed = maintenance.snapshotter.needed_after();
        if needed > maintenance.pruned_until {
            maintenance.pruned_until = needed;
            match maintenance.acknowledgements.journal_mut().prune_segments(
                needed,
                retention_settings.retention,
                now,
            ) {
                Ok(pruned) => tracing::debug!(?pruned, "journal pruned"),
                Err(error) => tracing::error!(
                    "journal segments cannot be pruned; disk usage will grow: {error}"
                ),
            }
        }
    }
}
