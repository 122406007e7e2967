//! What an engine with a journal has beside the core, and what it does for it with every board and at the end.

use super::Engine;
use super::durable::Durable;
use super::keeper::{self, Keeper};
use super::recovery::{self, Sources};
use super::state::State;
use super::status::Status;
use crate::domain::time::Timestamp;
use crate::journal::{Record, Sequence};

/// What an engine with a journal has beside the core.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) durable: Durable,
    sources: Sources,
    keeper: Keeper,
    /// When a snapshot was last asked for.
    asked: Option<Timestamp>,
    /// Up to where the journal was pruned.
    pruned: Sequence,
    /// Whether the journal never heard when this run began, so that the core knows more than it.
    pub(super) unheard: bool,
}

impl Kept {
    pub(super) fn new(durable: Durable, sources: Sources, keeper: Keeper) -> Kept {
        Kept { durable, sources, keeper, asked: None, pruned: Sequence::default(), unheard: false }
    }

    /// Says the last word to the journal, and leaves a snapshot.
    pub(super) fn stop(self, mut state: State, revision: u64) -> Result<(), recovery::Error> {
        let Kept { mut durable, sources, keeper, unheard, .. } = self;
        keeper.stop();
        let tick = state.monitor.clock().map(|now| Record::Tick { now, revision });
        let records: Vec<Record> = tick.into_iter().chain([Record::Stop { revision }]).collect();
        durable.write(&records).map_err(|reason| recovery::Error::Unwritten { reason })?;
        (state.at, state.revision, state.stopped) = (durable.last(), revision, true);
        let Sources { journal, snapshots } = sources;
        drop(journal);
        durable.close();
        if unheard {
            // The next start reads what the journal says.
            return Ok(());
        }
        recovery::save(&state, &snapshots)?;
        keeper::tidy(&snapshots)
    }
}

impl Engine {
    /// What is to be done for the journal with every board.
    pub(super) fn keep(&mut self, now: Timestamp, revision: u64) {
        let (Some(kept), Some(keeping)) = (&mut self.kept, &self.keeping) else { return };
        kept.durable.attend(now, revision);
        self.state.at = kept.durable.last();
        let status = kept.durable.failing().map_or(Status::Ready, |reason| Status::Failing(reason.clone()));
        self.status.send_if_modified(|known| std::mem::replace(known, status.clone()) != status);
        let since = now.since(*kept.asked.get_or_insert(now));
        let unsaved = self.state.unsaved;
        let due = unsaved >= keeping.snapshot_events || (since >= keeping.snapshot_ms && unsaved > 0);
        if due && kept.keeper.ask(kept.durable.journal().last()) {
            (kept.asked, self.state.unsaved) = (Some(now), 0);
        }
        let needed = kept.keeper.needed();
        if needed > kept.pruned {
            kept.pruned = needed;
            match kept.durable.journal().prune(needed, keeping.retention, now) {
                Ok(pruned) => tracing::debug!(?pruned, "the journal is pruned"),
                Err(error) => tracing::error!("the journal cannot be pruned: {error}"),
            }
        }
    }
}
