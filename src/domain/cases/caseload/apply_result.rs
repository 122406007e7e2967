//! What became of a batch, and why an event of it was not taken.

use crate::domain::cases::store::case_record;

/// Why an event was not taken, though it could be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EventRefusal {
    /// Its time lies too far ahead of the clock.
    #[error("its `time` lies ahead of the service's clock; check the clock of the source")]
    Ahead,
    /// Its time lies beyond the horizon, and no calendar window that is still open covers it.
    #[error("its `time` lies beyond the horizon: it is too old to correct anything")]
    Late,
    /// The standard has changed since it was read, and knows its type no longer.
    #[error("the standard has changed and no longer knows its `type`")]
    Unknown,
    /// Its case is full.
    #[error(
        "its case has {} events already, the most there can be",
        case_record::OBSERVATIONS_PER_CASE_MAX
    )]
    Full,
}

impl EventRefusal {
    /// What it is called for other programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            EventRefusal::Ahead => "ahead",
            EventRefusal::Late => "late",
            EventRefusal::Unknown => "unknown",
            EventRefusal::Full => "full",
        }
    }
}

/// What became of a batch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ApplyResult {
    /// How many events were new.
    pub accepted: u64,
    /// How many were known.
    pub duplicates: u64,
    /// The places in the batch of those refused.
    pub refused: Vec<(usize, EventRefusal)>,
}
