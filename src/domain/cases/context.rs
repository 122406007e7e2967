//! What deriving the facts of a case is given beside its observations.

use crate::domain::events::event::PackedTimestamp;
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::Timestamp;

/// What the life cycles need to know: the standard, which facts anyone wants, and the time reached.
#[derive(Clone, Copy, Debug)]
pub struct DerivationContext<'a> {
    /// The standard in force.
    pub standard: &'a Standard,
    /// For each kind of fact, whether an indicator or commitment uses it.
    pub used_kinds: &'a [bool],
    /// For each kind of standing fact, after how many milliseconds it expires.
    pub expiry: &'a [Option<i64>],
    /// The families of whose cases something is promised, a bit each.
    pub committed_families: u64,
    /// The time reached.
    pub now: Timestamp,
    /// Standing facts that expire before this time have expired.
    pub expired_before: Timestamp,
}

/// The times an order's events have named; the last ones said hold.
#[derive(Clone, Copy, Default, Debug)]
pub struct NamedTimes {
    /// When it is due.
    pub due: Option<PackedTimestamp>,
    /// When somebody was to come.
    pub appointment: Option<PackedTimestamp>,
}
