//! `weighted = { parts = [{ indicator = "answer_rate", weight = 3 }, ..], min_weight = 2 }`: a
//! score of several indicators.

use super::difference::find_earlier_indicator;
use crate::domain::standard::weighted::{WeightedFormula, WeightedPart};
use crate::domain::standard::{Formula, Standard};
use crate::toml_document::{TomlTable, TomlValue};

/// Reads the formula and the families of its parts, which must be declared above. Returns `None` if
/// a part cannot be scored.
pub(super) fn read_weighted(body: &TomlValue<'_>, standard: &Standard) -> Option<(Formula, u64)> {
    let table = body.require_table()?;
    let list = table.required_value("parts", "a list of indicators with their weights")?;
    let entries = list.require_array()?;
    let mut parts: Vec<WeightedPart> = Vec::new();
    let mut is_valid = true;
    for entry in &entries {
        let part = read_part(entry, standard);
        if part.is_some_and(|part| parts.iter().any(|known| known.indicator == part.indicator)) {
            entry.report_problem("this indicator is a part already; add the weights");
            is_valid = false;
        }
        is_valid &= part.is_some();
        parts.extend(part);
    }
    if entries.is_empty() {
        list.report_problem(
            "the list is empty; add a part, as in { indicator = \"wait\", weight = 2 }",
        );
    }
    let all_weight: f64 = parts.iter().map(|part| part.weight).sum();
    let min_weight = table.value("min_weight").and_then(|value| {
        let weight = value.require_float()?;
        if is_valid && !(weight > 0.0 && weight <= all_weight) {
            value.report_problem(format!(
                "`min_weight` must be above 0 and at most {all_weight}, the weight of all parts"
            ));
        }
        Some(weight)
    });
    table.report_unknown_keys();
    if !is_valid || parts.is_empty() {
        return None;
    }
    let indicators = || parts.iter().map(|part| &standard.indicators[part.indicator]);
    let families = indicators().fold(0, |all, indicator| all | indicator.families);
    let is_current_state = indicators().all(|indicator| indicator.formula.is_current_state());
    let min_weight = min_weight.unwrap_or(all_weight / 2.0);
    let formula = WeightedFormula { parts, min_weight, is_current_state };
    Some((Formula::Weighted(formula), families))
}

fn read_part(entry: &TomlValue<'_>, standard: &Standard) -> Option<WeightedPart> {
    let table = entry.require_table()?;
    let indicator = find_earlier_indicator(&table, "indicator", standard);
    let weight = read_weight(&table);
    table.report_unknown_keys();
    let (indicator, weight) = (indicator?, weight?);
    let named = &standard.indicators[indicator];
    if !named.has_target() {
        table.report_problem(
            "indicator",
            format!("`{}` has no target, so it earns no points; give it one", named.name),
        );
        return None;
    }
    Some(WeightedPart { indicator, weight })
}

fn read_weight(table: &TomlTable<'_>) -> Option<f64> {
    let value = table.required_value("weight", "a number above 0")?;
    let weight = value.require_float()?;
    if weight > 0.0 && weight.is_finite() {
        return Some(weight);
    }
    value.report_problem("a weight must be above 0; leave out a part that does not count");
    None
}
