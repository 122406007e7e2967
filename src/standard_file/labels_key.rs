//! `labels = { quality = "responsiveness", stage = "during" }`: by what an indicator is put together with others.

use crate::domain::standard::label::{INDICATOR_LABELS, IndicatorLabel};
use crate::toml_document::{TomlTable, nearest_match};

/// The labels of an indicator, in the order of [`LABELS`].
pub(super) fn read_indicator_labels(indicator: &TomlTable<'_>) -> Vec<IndicatorLabel> {
    let Some(table) = indicator.optional_table("labels") else { return Vec::new() };
    let mut labels = Vec::new();
    for (key, values) in INDICATOR_LABELS {
        let Some(value) = table.value(key) else { continue };
        let Some(word) = value.require_string() else { continue };
        match values.iter().find(|known| **known == word) {
            Some(known) => labels.push((key, *known)),
            None => {
                let near = nearest_match(word, values.iter().copied());
                let hint = near.map_or_else(
                    || format!("write one of: {}", values.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                value.report_problem(format!("`{key}` cannot be `{word}`; {hint}"));
            }
        }
    }
    table.report_unknown_keys();
    labels
}
