//! `holder` and `miss_counts_for`: the unit for which a miss counts.

use crate::domain::standard::{HolderRule, MissHolder, Standard};
use crate::toml_document::{TomlTable, nearest_match};

/// Reads `holder = "center"` and `miss_counts_for = "at_deadline"`. The dimension becomes one of the
/// standard's holder dimensions.
pub(super) fn read_miss_holder(
    table: &TomlTable<'_>,
    standard: &mut Standard,
) -> Option<MissHolder> {
    let rule = table.optional_choice("miss_counts_for", &HolderRule::NAMES);
    let Some(name) = table.optional_string("holder") else {
        if table.value("miss_counts_for").is_some() {
            table.report_problem(
                "miss_counts_for",
                "name the dimension of the units too, as in `holder = \"center\"`",
            );
        }
        return None;
    };
    let dimensions = &standard.schema.dimensions;
    let Some(dimension) = dimensions.iter().position(|known| known == name) else {
        let hint = match nearest_match(name, dimensions.iter().map(String::as_str)) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("declared are: {}", dimensions.join(", ")),
        };
        table.report_problem("holder", format!("`{name}` is not a dimension; {hint}"));
        return None;
    };
    if standard.narrowest_scope_with(&[dimension]).is_none() {
        table.report_problem(
            "holder",
            format!("no kind of scope has `{name}`; add it to `scopes`, as in `[\"{name}\"]`"),
        );
    }
    standard.holder_dimensions |= 1 << dimension;
    Some(MissHolder { dimension, rule: rule.unwrap_or(HolderRule::AtDeadline) })
}
