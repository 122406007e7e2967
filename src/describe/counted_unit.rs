//! Unit that an indicator counts: contacts, or the legs of contacts.

use crate::describe::bilingual_text;
use crate::domain::facts::catalog::CountedUnit;
use crate::domain::standard::{LocalizedTitle, Standard};
use std::collections::BTreeSet;

/// Describes what the readings of an indicator count in a kind of scope: `counts contacts`. Returns
/// `None` for an indicator that is not about contacts.
#[must_use]
pub fn describe_counted_unit(
    standard: &Standard,
    indicator: usize,
    scope_kind: usize,
) -> Option<LocalizedTitle> {
    standard.counted_unit(indicator, scope_kind).map(describe_unit)
}

/// Describes what the readings of an indicator count in all scopes, as in `counts contacts; legs in
/// scopes with queue`. Returns `None` for an indicator that is not about contacts.
#[must_use]
pub fn describe_counted_units(standard: &Standard, indicator: usize) -> Option<LocalizedTitle> {
    let units: BTreeSet<&str> = (0..standard.scopes.len())
        .filter_map(|kind| standard.counted_unit(indicator, kind))
        .map(CountedUnit::name)
        .collect();
    if units.len() < 2 {
        return (0..standard.scopes.len())
            .find_map(|kind| describe_counted_unit(standard, indicator, kind));
    }
    let leg_dimensions = standard.schema.dimensions.iter().enumerate();
    let leg_dimensions: Vec<&str> = leg_dimensions
        .filter(|(place, _)| {
            standard.schema.is_leg_scope(&[*place])
                && standard.scopes.iter().any(|scope| scope.contains(place))
        })
        .map(|(_, name)| name.as_str())
        .collect();
    Some(bilingual_text(
        format!("counts contacts; legs in scopes with {}", leg_dimensions.join(" or ")),
        format!("按接触计数；含{}的范围按接触段计数", leg_dimensions.join("、")),
    ))
}

fn describe_unit(unit: CountedUnit) -> LocalizedTitle {
    match unit {
        CountedUnit::Contacts => bilingual_text("counts contacts", "按接触计数"),
        CountedUnit::Legs => bilingual_text("counts legs", "按接触段计数"),
    }
}
