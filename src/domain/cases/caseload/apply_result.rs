//! Result of applying a batch, and the reasons for refusing an event.

use crate::domain::cases::store::case_record;

/// Reason for which a well-formed event was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EventRefusal {
    /// The event's time is too far ahead of the clock.
    #[error("`time` is ahead of the server's clock; check the clock of the source")]
    Ahead,
    /// The event's time is beyond the horizon, and no open calendar window covers it.
    #[error("`time` is beyond the horizon; the event is too old to correct any result")]
    Late,
    /// The standard changed after decoding and no longer contains the event type.
    #[error("the standard was reloaded and no longer contains this `type`")]
    Unknown,
    /// The case has reached the maximum number of events.
    #[error(
        "the case already has {} events, the maximum per case",
        case_record::OBSERVATIONS_PER_CASE_MAX
    )]
    Full,
}

impl EventRefusal {
    /// Returns the name of the reason in the API and in metrics.
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

/// Result of applying a batch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ApplyResult {
    /// Number of new events.
    pub accepted: u64,
    /// Number of duplicates.
    pub duplicates: u64,
    /// Number of cases begun because their subject was used again after its last case had ended.
    pub subjects_reused: u64,
    /// Refused events by their index in the batch.
    pub refused: Vec<(usize, EventRefusal)>,
}
