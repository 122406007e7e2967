//! Settings of the engine.

use crate::domain::standard::Standard;
use crate::engine::AcknowledgementLevel;
use crate::journal::{self, FileStorage, RetentionLimits};
use std::sync::Arc;
use std::time::Duration;

/// Settings of the engine.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// Service standard.
    pub standard: Arc<Standard>,
    /// Interval between published boards.
    pub publish_every: Duration,
    /// Capacity of the command channel. Further batches are refused: see
    /// [`super::commands::EngineHandle::try_submit`].
    pub queue_batches: usize,
    /// Journal settings; `None` runs without persistence.
    pub journal: Option<RetentionSettings>,
}

/// Settings of the journal and snapshots.
#[derive(Clone, Debug)]
pub struct RetentionSettings {
    /// Storage of the files.
    pub disk: Arc<dyn FileStorage>,
    /// Layout of the journal.
    pub journal: journal::JournalSettings,
    /// Durability of acknowledged events.
    pub acknowledge: AcknowledgementLevel,
    /// Retention of journal records that recovery no longer needs.
    pub retention: RetentionLimits,
    /// Maximum time between snapshots in milliseconds, if events arrived.
    pub snapshot_ms: i64,
    /// Maximum number of events between snapshots.
    pub snapshot_events: u64,
}
