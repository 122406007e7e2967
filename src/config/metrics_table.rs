//! Parses `[metrics]`: the part of the board in `/metrics`.

use super::limits_table::number_within;
use crate::toml_document::TomlTable;

/// Settings of `/metrics`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetricsSettings {
    /// Maximum number of scopes of each kind in `/metrics`. See [`crate::publish::prometheus`] for
    /// the scopes beyond it.
    pub scopes: usize,
}

impl Default for MetricsSettings {
    fn default() -> Self {
        MetricsSettings { scopes: 1_000 }
    }
}

/// Reads `[metrics]`. Missing keys take their defaults.
pub(super) fn read_metrics_table(table: &TomlTable<'_>) -> MetricsSettings {
    let metrics = MetricsSettings {
        scopes: number_within(table, "scopes", 1..=100_000)
            .unwrap_or(MetricsSettings::default().scopes),
    };
    table.report_unknown_keys();
    metrics
}
