//! Inputs for deriving the facts of a case, apart from its observations.

use crate::domain::cases::leg_settings::LegSettings;
use crate::domain::events::event::PackedTimestamp;
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::Timestamp;

/// Standard, used kinds of facts and time reached, as the life cycles need them.
#[derive(Clone, Copy, Debug)]
pub struct DerivationContext<'a> {
    /// Current standard.
    pub standard: &'a Standard,
    /// For each kind of fact, true if an indicator, commitment or alert uses it.
    pub used_kinds: &'a [bool],
    /// For each kind of current state, its expiry in milliseconds.
    pub expiry: &'a [Option<i64>],
    /// Families with at least one commitment, as a bit set.
    pub committed_families: u64,
    /// How contacts and legs are counted.
    pub legs: LegSettings,
    /// Time reached.
    pub now: Timestamp,
    /// Time before which current states have expired.
    pub expired_before: Timestamp,
}

/// Times named by an order's events. Later events override earlier ones.
#[derive(Clone, Copy, Default, Debug)]
pub struct NamedTimes {
    /// Due time.
    pub due: Option<PackedTimestamp>,
    /// Start of the agreed visit.
    pub appointment: Option<PackedTimestamp>,
}
