//! `labels = { quality = "responsiveness", stage = "during" }`: by what an indicator is put together with others.

use crate::document::{Table, nearest};
use crate::domain::standard::label::{LABELS, Label};

/// The labels of an indicator, in the order of [`LABELS`].
pub(super) fn read(indicator: &Table<'_>) -> Vec<Label> {
    let Some(table) = indicator.table("labels") else { return Vec::new() };
    let mut labels = Vec::new();
    for (key, values) in LABELS {
        let Some(value) = table.value(key) else { continue };
        let Some(word) = value.string() else { continue };
        match values.iter().find(|known| **known == word) {
            Some(known) => labels.push((key, *known)),
            None => {
                let near = nearest(word, values.iter().copied());
                let hint = near.map_or_else(|| format!("write one of: {}", values.join(", ")), |near| format!("did you mean `{near}`?"));
                value.problem(format!("`{key}` cannot be `{word}`; {hint}"));
            }
        }
    }
    table.finish();
    labels
}
