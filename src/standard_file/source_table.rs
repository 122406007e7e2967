//! `[source.NAME]`: a declared event source with its maximum silence.

use super::fact_lists::read_conditions;
use crate::domain::standard::Standard;
use crate::domain::standard::source::DeclaredSource;
use crate::standard_file::check_name;
use crate::standard_file::named_parts::find_calendar;
use crate::toml_document::{TomlTable, TomlValue, nearest_match};

/// Adds the sources of the file to the standard.
pub(super) fn read_sources(root: &TomlTable<'_>, standard: &mut Standard) {
    let Some(table) = root.optional_table("source") else { return };
    for (name, value) in table.entries() {
        read_source(name, &value, standard);
    }
    if standard.sources.len() > DeclaredSource::MAX_SOURCES {
        root.report_problem(
            "source",
            format!(
                "{} sources are too many: at most {}",
                standard.sources.len(),
                DeclaredSource::MAX_SOURCES
            ),
        );
        standard.sources.truncate(DeclaredSource::MAX_SOURCES);
        standard.schema.sources.truncate(DeclaredSource::MAX_SOURCES);
    }
}

fn read_source(name: &str, value: &TomlValue<'_>, standard: &mut Standard) {
    check_name(value, name);
    let Some(table) = value.require_table() else { return };
    let source = table
        .required_value("source", "the `source` of its events, as in \"/acd/hefei\"")
        .and_then(|value| value.require_string());
    let reuse_after_ms = table.optional_duration("reuse_after");
    let silent_after_ms = if table.value("reuse_after").is_some() {
        table.optional_duration("silent_after").or(Some(DeclaredSource::NEVER_SILENT))
    } else {
        table
            .required_value("silent_after", "a duration, as in \"5m\"")
            .and_then(|value| value.require_duration())
    };
    let silence_calendar =
        table.value("calendar").and_then(|value| find_calendar(&value, standard));
    if table.value("calendar").is_some() && table.value("silent_after").is_none() {
        table.report_problem("calendar", "a `calendar` needs `silent_after`");
    }
    let conditions = read_conditions(&table, standard);
    let families = read_source_families(&table, &standard.schema.families);
    table.report_unknown_keys();
    let (Some(source), Some(silent_after_ms)) = (source, silent_after_ms) else { return };
    if standard.schema.sources.iter().any(|known| known == source) {
        table.report_problem("source", format!("the source `{source}` is declared already"));
        return;
    }
    standard.schema.sources.push(source.to_owned());
    standard.sources.push(DeclaredSource {
        name: name.to_owned(),
        silent_after_ms,
        silence_calendar,
        reuse_after_ms,
        conditions,
        families,
    });
}

/// Reads the families of a source as a bit set. The default is all families.
fn read_source_families(table: &TomlTable<'_>, known: &[String]) -> u64 {
    let Some(value) = table.value("families") else { return u64::MAX };
    let mut families = 0;
    for name in value.require_strings().unwrap_or_default() {
        match known.iter().position(|family| family == name) {
            Some(place) => families |= 1 << place,
            None => {
                let near = nearest_match(name, known.iter().map(String::as_str));
                let hint = near.map_or_else(
                    || format!("there are: {}", known.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                value.report_problem(format!("there is no family `{name}`; {hint}"));
            }
        }
    }
    families
}
