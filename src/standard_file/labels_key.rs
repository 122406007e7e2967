//! `labels = { quality = "responsiveness", stage = "during" }`: groups of an indicator in reports.

use crate::domain::standard::label::{INDICATOR_LABELS, IndicatorLabel};
use crate::toml_document::{TomlTable, nearest_match};

/// Reads the labels of an indicator, in the order of [`INDICATOR_LABELS`].
pub(super) fn read_indicator_labels(indicator: &TomlTable<'_>) -> Vec<IndicatorLabel> {
    let Some(table) = indicator.optional_table("labels") else { return Vec::new() };
    let mut labels = Vec::new();
    for (key, values) in INDICATOR_LABELS {
        let Some(value) = table.value(key) else { continue };
        let Some(label) = value.require_string() else { continue };
        match values.iter().find(|known| **known == label) {
            Some(known) => labels.push((key, *known)),
            None => {
                let near = nearest_match(label, values.iter().copied());
                let hint = near.map_or_else(
                    || format!("use one of: {}", values.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                value.report_problem(format!("`{key}` cannot be `{label}`; {hint}"));
            }
        }
    }
    table.report_unknown_keys();
    labels
}
