//! `difference = { first = "vip_answer_rate", second = "answer_rate" }`: what one indicator has more than another.

use crate::domain::standard::{Formula, Standard};
use crate::standard_file::warn_of_old_name;
use crate::toml_document::{TomlTable, TomlValue, nearest_match};

/// The formula and the families of both; the indicators must stand above it.
pub(super) fn read_difference(body: &TomlValue<'_>, standard: &Standard) -> Option<(Formula, u64)> {
    let table = body.require_table()?;
    let (first, second) = (
        find_earlier_indicator(&table, "first", standard),
        find_earlier_indicator(&table, "second", standard),
    );
    table.report_unknown_keys();
    let (first, second) = (first?, second?);
    let (one, other) = (&standard.indicators[first], &standard.indicators[second]);
    let (unit, now) = (one.unit(), one.formula.is_current_state());
    if first == second {
        table.report_problem(
            "second",
            "an indicator differs in nothing from itself; name another one",
        );
        return None;
    }
    if unit != other.unit() {
        table.report_problem(
            "second",
            format!(
                "`{}` is a {unit} and `{}` a {}: only the like can be compared",
                one.name,
                other.name,
                other.unit()
            ),
        );
        return None;
    }
    if now != other.formula.is_current_state() {
        table.report_problem(
            "second",
            format!(
                "one of `{}` and `{}` is about now, the other about windows",
                one.name, other.name
            ),
        );
        return None;
    }
    let families = one.families | other.families;
    Some((Formula::Difference { first, second, unit, now }, families))
}

fn find_earlier_indicator(table: &TomlTable<'_>, key: &str, standard: &Standard) -> Option<usize> {
    let value = table.required_value(key, "the name of an indicator")?;
    let name = value.require_string()?;
    let place = standard.find_indicator(name);
    warn_of_old_name(&value, standard, place);
    if place.is_none() {
        let near = nearest_match(
            name,
            standard.indicators.iter().map(|indicator| indicator.name.as_str()),
        );
        let hint = near.map_or_else(
            || "declare it above this one".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        value.report_problem(format!("there is no indicator `{name}` above this one; {hint}"));
    }
    place
}
