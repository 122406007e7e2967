//! `scopes = [["agent"]]` and `windows = ["today"]` of an indicator: where and over which windows it
//! has readings.

use crate::domain::standard::Standard;
use crate::domain::standard::indicator::IndicatorCoverage;
use crate::standard_file::named_parts::find_window;
use crate::toml_document::{TomlTable, TomlValue};

/// Reads both keys. Without them the indicator has readings everywhere.
pub(super) fn read_coverage(table: &TomlTable<'_>, standard: &Standard) -> IndicatorCoverage {
    let scopes = table.value("scopes").and_then(|list| {
        let entries = list.require_array()?;
        report_empty_list(&list, entries.is_empty(), "scopes");
        Some(entries.iter().filter_map(|entry| read_scope(entry, standard)).collect())
    });
    let windows = table.value("windows").and_then(|list| {
        let entries = list.require_array()?;
        report_empty_list(&list, entries.is_empty(), "windows");
        let window = |entry| find_window(entry, standard).map(|place| standard.windows[place]);
        Some(entries.iter().filter_map(window).collect())
    });
    IndicatorCoverage { scopes, windows }
}

fn report_empty_list(list: &TomlValue<'_>, is_empty: bool, key: &str) {
    if is_empty {
        list.report_problem(format!("the list is empty; remove `{key}` for all {key}"));
    }
}

/// Returns the kind of scope with these dimensions.
fn read_scope(entry: &TomlValue<'_>, standard: &Standard) -> Option<usize> {
    let names = entry.require_strings()?;
    let dimension = |place: &usize| standard.schema.dimensions[*place].as_str();
    let kind = standard.scopes.iter().position(|scope| {
        scope.len() == names.len() && scope.iter().all(|place| names.contains(&dimension(place)))
    });
    if kind.is_none() {
        let known = standard.scopes.iter().map(|scope| {
            let names: Vec<String> =
                scope.iter().map(|place| format!("\"{}\"", dimension(place))).collect();
            format!("[{}]", names.join(", "))
        });
        let known: Vec<String> = known.collect();
        entry.report_problem(format!(
            "this is not a scope of the standard; `scopes` has: {}",
            known.join(", ")
        ));
    }
    kind
}
