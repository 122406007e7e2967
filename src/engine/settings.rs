//! What an engine needs to know.

use crate::domain::standard::Standard;
use crate::engine::AcknowledgementLevel;
use crate::journal::{self, FileStorage, RetentionLimits};
use std::sync::Arc;
use std::time::Duration;

/// What an engine needs to know.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// What is promised and measured.
    pub standard: Arc<Standard>,
    /// How often a board is published.
    pub publish_every: Duration,
    /// How many commands may wait. One more is refused: see [`super::commands::Feed::offer`].
    pub queue_batches: usize,
    /// Where what is accepted is kept; without it nothing is.
    pub journal: Option<RetentionSettings>,
}

/// How what is accepted is kept.
#[derive(Clone, Debug)]
pub struct RetentionSettings {
    /// Where the files lie.
    pub disk: Arc<dyn FileStorage>,
    /// How the journal is laid out.
    pub journal: journal::JournalSettings,
    /// What an acknowledgement means.
    pub acknowledge: AcknowledgementLevel,
    /// How much of the journal stays when recovery does not need it any more.
    pub retention: RetentionLimits,
    /// After how many milliseconds a snapshot is made, if anything has happened.
    pub snapshot_ms: i64,
    /// After how many events a snapshot is made, however little time has passed.
    pub snapshot_events: u64,
}
