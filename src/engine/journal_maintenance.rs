//! What an engine with a journal has beside the core, and what it does for it with every board and at the end.

use super::acknowledgement::Acknowledgements;
use super::readiness::Readiness;
use super::recovery::{self, RecoverySources};
use super::snapshotter::{self, Snapshotter};
use super::state::EngineState;
use crate::domain::time::timestamp::Timestamp;
use crate::engine::Engine;
use crate::journal::{JournalRecord, SequenceNumber};

/// What an engine with a journal has beside the core.
#[derive(Debug)]
pub(super) struct JournalMaintenance {
    pub(super) acknowledgements: Acknowledgements,
    sources: RecoverySources,
    snapshotter: Snapshotter,
    /// When a snapshot was last asked for.
    snapshot_requested_at: Option<Timestamp>,
    /// Up to where the journal was pruned.
    pruned_until: SequenceNumber,
    /// Whether the journal never heard when this run began, so that the core knows more than it.
    pub(super) is_start_unrecorded: bool,
}

impl JournalMaintenance {
    pub(super) fn new(
        durable: Acknowledgements,
        sources: RecoverySources,
        keeper: Snapshotter,
    ) -> JournalMaintenance {
        JournalMaintenance {
            acknowledgements: durable,
            sources,
            snapshotter: keeper,
            snapshot_requested_at: None,
            pruned_until: SequenceNumber::default(),
            is_start_unrecorded: false,
        }
    }

    /// Says the last word to the journal, and leaves a snapshot.
    pub(super) fn shut_down(
        self,
        mut state: EngineState,
        revision: u64,
    ) -> Result<(), recovery::RecoveryError> {
        let JournalMaintenance {
            acknowledgements: mut durable,
            sources,
            snapshotter: keeper,
            is_start_unrecorded: unheard,
            ..
        } = self;
        keeper.stop();
        let tick = state.monitor.clock_time().map(|now| JournalRecord::Tick { now, revision });
        let records: Vec<JournalRecord> =
            tick.into_iter().chain([JournalRecord::Stop { revision }]).collect();
        durable
            .write_records(&records)
            .map_err(|reason| recovery::RecoveryError::JournalUnwritable { reason })?;
        (state.sequence, state.revision, state.stopped_cleanly) =
            (durable.last_sequence(), revision, true);
        let RecoverySources { journal, snapshots } = sources;
        drop(journal);
        durable.close_journal();
        if unheard {
            // The next start reads what the journal says.
            return Ok(());
        }
        recovery::write_snapshot(&state, &snapshots)?;
        snapshotter::remove_old_snapshots(&snapshots)
    }
}

impl Engine {
    /// What is to be done for the journal with every board.
    pub(super) fn maintain_journal(&mut self, now: Timestamp, revision: u64) {
        let (Some(kept), Some(keeping)) = (&mut self.maintenance, &self.retention_settings) else {
            return;
        };
        kept.acknowledgements.flush_or_tick(now, revision);
        self.state.sequence = kept.acknowledgements.last_sequence();
        let status = kept
            .acknowledgements
            .failure_reason()
            .map_or(Readiness::Ready, |reason| Readiness::Failing(reason.clone()));
        self.readiness.send_if_modified(|known| std::mem::replace(known, status.clone()) != status);
        let since = now.millis_since(*kept.snapshot_requested_at.get_or_insert(now));
        let unsaved = self.state.events_since_snapshot;
        let due =
            unsaved >= keeping.snapshot_events || (since >= keeping.snapshot_ms && unsaved > 0);
        if due
            && kept
                .snapshotter
                .request_snapshot(kept.acknowledgements.journal_mut().last_sequence())
        {
            (kept.snapshot_requested_at, self.state.events_since_snapshot) = (Some(now), 0);
        }
        let needed = kept.snapshotter.needed_after();
        if needed > kept.pruned_until {
            kept.pruned_until = needed;
            match kept.acknowledgements.journal_mut().prune_segments(needed, keeping.retention, now)
            {
                Ok(pruned) => tracing::debug!(?pruned, "the journal is pruned"),
                Err(error) => tracing::error!("the journal cannot be pruned: {error}"),
            }
        }
    }
}
