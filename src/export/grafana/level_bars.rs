//! Bars in the colors of the levels, for indicators whose scopes have targets of their own.
//!
//! Thresholds of a panel apply to all its series. So each level has a query and a fixed color.

use crate::domain::standard::Indicator;
use crate::export::promql::PromqlQueries;
use serde_json::{Value, json};

/// Levels in `/metrics` with their colors.
const LEVEL_COLORS: [(u8, &str); 4] = [(0, "blue"), (1, "green"), (2, "yellow"), (3, "red")];

/// Returns one query for each level.
pub(super) fn level_queries(indicator: &Indicator, selector: &str) -> Vec<String> {
    let (value, name) = (PromqlQueries::value_series(indicator), &indicator.name);
    let query = |(level, _): &(u8, &str)| {
        format!("{value}{{{selector}}} and sla_{name}_level{{{selector}}} == {level}")
    };
    LEVEL_COLORS.iter().map(query).collect()
}

/// Returns the overrides of a panel that set the color of each query's series.
pub(super) fn level_colors() -> Value {
    let overrides = ('A'..='Z').zip(LEVEL_COLORS).map(|(name, (_, color))| {
        json!({
            "matcher": { "id": "byFrameRefID", "options": name.to_string() },
            "properties": [{ "id": "color", "value": { "mode": "fixed", "fixedColor": color } }],
        })
    });
    overrides.collect()
}
