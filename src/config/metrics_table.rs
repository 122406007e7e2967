//! `[metrics]`: how much of the board Prometheus is told.

use super::limits_table::number_within;
use crate::toml_document::TomlTable;

/// How much Prometheus is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetricsSettings {
    /// How many scopes of each kind are in `/metrics`; see [`crate::publish::prometheus`] for those beyond.
    pub scopes: usize,
}

impl Default for MetricsSettings {
    fn default() -> Self {
        MetricsSettings { scopes: 1_000 }
    }
}

/// Reads `[metrics]`.
pub(super) fn read_metrics_table(table: &TomlTable<'_>) -> MetricsSettings {
    let metrics = MetricsSettings {
        scopes: number_within(table, "scopes", 1..=100_000)
            .unwrap_or(MetricsSettings::default().scopes),
    };
    table.report_unknown_keys();
    metrics
}
