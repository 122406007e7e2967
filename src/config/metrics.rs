//! `[metrics]`: how much of the board Prometheus is told.

use super::limits::number;
use crate::document::Table;

/// How much Prometheus is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Metrics {
    /// How many scopes of each kind are in `/metrics`; see [`crate::publish::prometheus`] for those beyond.
    pub scopes: usize,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics { scopes: 1_000 }
    }
}

/// Reads `[metrics]`.
pub(super) fn read(table: &Table<'_>) -> Metrics {
    let metrics = Metrics { scopes: number(table, "scopes", 1..=100_000).unwrap_or(Metrics::default().scopes) };
    table.finish();
    metrics
}
