//! `difference = { first = "vip_answer_rate", second = "answer_rate" }`: one indicator minus
//! another.

use crate::domain::standard::{Formula, Standard};
use crate::standard_file::warn_of_old_name;
use crate::toml_document::{TomlTable, TomlValue, nearest_match};

/// Reads the formula and the families of both indicators, which must be declared above. Returns
/// `None` if they cannot be subtracted.
pub(super) fn read_difference(body: &TomlValue<'_>, standard: &Standard) -> Option<(Formula, u64)> {
    let table = body.require_table()?;
    let (first, second) = (
        find_earlier_indicator(&table, "first", standard),
        find_earlier_indicator(&table, "second", standard),
    );
    table.report_unknown_keys();
    let (first, second) = (first?, second?);
    let (minuend, subtrahend) = (&standard.indicators[first], &standard.indicators[second]);
    let (unit, now) = (minuend.unit(), minuend.formula.is_current_state());
    if first == second {
        table.report_problem("second", "`second` must differ from `first`");
        return None;
    }
    if unit != subtrahend.unit() {
        table.report_problem(
            "second",
            format!(
                "the unit of `{}` is {unit}, that of `{}` is {}; both need the same unit",
                minuend.name,
                subtrahend.name,
                subtrahend.unit()
            ),
        );
        return None;
    }
    if now != subtrahend.formula.is_current_state() {
        table.report_problem(
            "second",
            format!(
                "only one of `{}` and `{}` is a current state; use two of a kind",
                minuend.name, subtrahend.name
            ),
        );
        return None;
    }
    let families = minuend.families | subtrahend.families;
    Some((Formula::Difference { first, second, unit, now }, families))
}

/// Returns the indicator that a key names; `None` with a problem if none is declared above.
pub(super) fn find_earlier_indicator(
    table: &TomlTable<'_>,
    key: &str,
    standard: &Standard,
) -> Option<usize> {
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
