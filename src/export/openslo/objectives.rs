//! Objectives of an indicator: one for the whole organization, one for each scope with a target.

use super::dns_name;
use crate::domain::standard::{Indicator, LocalizedTitle, Standard, Target};
use crate::domain::time::timestamp::Timestamp;
use crate::export::promql::newest_target;
use std::collections::BTreeSet;

/// Maximum number of scopes of an indicator. Further ones have no objective.
const SCOPES_MAX: usize = 1_000;
/// Maximum length of a name in OpenSLO.
const NAME_LENGTH_MAX: usize = 63;

/// Objective of an indicator in one scope.
pub(super) struct Objective<'s> {
    pub(super) indicator: &'s Indicator,
    /// Name of both documents, unique in the export.
    pub(super) name: String,
    /// Title of the indicator with the scope.
    pub(super) title: LocalizedTitle,
    /// Selector of the scope's counters: `scope="center",center="hefei"`.
    pub(super) selector: String,
    /// Last target of the scope.
    pub(super) target: Target,
}

/// Returns the objectives of an indicator. Targets are those after the last date of the standard.
///
/// `names` contains the names of the documents so far and those of all indicators.
pub(super) fn indicator_objectives<'s>(
    standard: &'s Standard,
    indicator: &'s Indicator,
    names: &mut BTreeSet<String>,
) -> Vec<Objective<'s>> {
    let overall = newest_target(indicator).map(|target| Objective {
        indicator,
        name: dns_name(&indicator.name),
        title: indicator.title.clone(),
        selector: "scope=\"all\"".to_owned(),
        target,
    });
    let mut objectives: Vec<Objective<'s>> = overall.into_iter().collect();
    for scope in named_scopes(indicator) {
        let (dimensions, values): (Vec<usize>, Vec<Box<str>>) = scope.into_iter().unzip();
        let at = Some(Timestamp(i64::MAX));
        let target = indicator.scoped_target_at(&dimensions, &values, at);
        let kind = standard.narrowest_scope_with(&dimensions);
        let Some((target, kind)) = target.zip(kind) else { continue };
        let kind = standard.scope_label_value(kind);
        let selector = standard.scope_labels(&kind, &dimensions, &values);
        let name = scope_name(indicator, &values, names);
        names.insert(name.clone());
        let title = |title: &str| format!("{title} ({})", values.join(", "));
        objectives.push(Objective {
            indicator,
            name,
            title: LocalizedTitle {
                en: title(&indicator.title.en),
                zh: title(&indicator.title.zh),
            },
            selector,
            target: target.target,
        });
    }
    objectives
}

/// Returns each combination of values that the targets of the newest version name.
fn named_scopes(indicator: &Indicator) -> BTreeSet<Vec<(usize, Box<str>)>> {
    let mut scopes = BTreeSet::new();
    for entry in indicator.targets.first().into_iter().flat_map(|dated| &dated.entries) {
        let mut combinations: Vec<Vec<(usize, Box<str>)>> = vec![Vec::new()];
        for (dimension, values) in &entry.conditions {
            let extended = combinations.iter().flat_map(|known| {
                values.iter().map(move |value| {
                    let mut scope = known.clone();
                    scope.push((*dimension, value.as_str().into()));
                    scope
                })
            });
            combinations = extended.take(SCOPES_MAX).collect();
        }
        scopes.extend(combinations);
    }
    scopes.remove(&Vec::new());
    scopes.into_iter().take(SCOPES_MAX).collect()
}

/// Returns the name of a scope's objective: `answer-rate-hefei`. Names are DNS labels, so other
/// characters than letters and digits become `-`. A number makes the name unique.
fn scope_name(indicator: &Indicator, values: &[Box<str>], names: &BTreeSet<String>) -> String {
    let mut name = dns_name(&indicator.name);
    for value in values {
        let simple = |letter: char| {
            if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' }
        };
        let text: String = value.chars().map(simple).collect();
        let text = text.trim_matches('-');
        if !text.is_empty() {
            name = format!("{name}-{text}");
        }
    }
    // Leaves room for the number. Names are ASCII.
    name.truncate(NAME_LENGTH_MAX - 5);
    let name = name.trim_end_matches('-');
    let mut unique = name.to_owned();
    let mut number = 2;
    while names.contains(&unique) {
        unique = format!("{name}-{number}");
        number += 1;
    }
    unique
}
