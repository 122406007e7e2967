//! `[source.NAME]`: a source that is known by name, with the rhythm in which it speaks.

use super::check_name;
use super::formula::conditions;
use crate::document::{Table, Value, nearest};
use crate::domain::standard::Standard;
use crate::domain::standard::source::Source;

/// Adds every source of the file to the standard.
pub(super) fn read(root: &Table<'_>, standard: &mut Standard) {
    let Some(table) = root.table("source") else { return };
    for (name, value) in table.entries() {
        one(name, &value, standard);
    }
    if standard.sources.len() > Source::MOST {
        root.problem("source", format!("{} sources are too many: at most {}", standard.sources.len(), Source::MOST));
        standard.sources.truncate(Source::MOST);
        standard.schema.sources.truncate(Source::MOST);
    }
}

fn one(name: &str, value: &Value<'_>, standard: &mut Standard) {
    check_name(value, name);
    let Some(table) = value.table() else { return };
    let said = table.required("source", "what its events call it, as in \"/acd/hefei\"").and_then(|value| value.string());
    let silent_after_ms = table.required("silent_after", "a duration, as in \"5m\"").and_then(|value| value.duration());
    let conditions = conditions(&table, standard);
    let families = families(&table, &standard.schema.families);
    table.finish();
    let (Some(said), Some(silent_after_ms)) = (said, silent_after_ms) else { return };
    if standard.schema.sources.iter().any(|known| known == said) {
        table.problem("source", format!("the source `{said}` is declared already"));
        return;
    }
    standard.schema.sources.push(said.to_owned());
    standard.sources.push(Source { name: name.to_owned(), silent_after_ms, conditions, families });
}

/// The families that a source tells of, a bit each; all of them if it does not say.
fn families(table: &Table<'_>, known: &[String]) -> u64 {
    let Some(value) = table.value("families") else { return u64::MAX };
    let mut families = 0;
    for name in value.strings().unwrap_or_default() {
        match known.iter().position(|family| family == name) {
            Some(place) => families |= 1 << place,
            None => {
                let near = nearest(name, known.iter().map(String::as_str));
                let hint = near.map_or_else(|| format!("there are: {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
                value.problem(format!("there is no family `{name}`; {hint}"));
            }
        }
    }
    families
}
