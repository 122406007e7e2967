//! Targets of the compared ratios, by scope and date.

use super::calendar::{CaseZone, local_time};
use jiff::civil::{Date, date};

/// Target of the scopes with these values, from a date on.
struct OracleTarget {
    /// Dimensions, each with the accepted values.
    conditions: &'static [(&'static str, &'static [&'static str])],
    from: Option<Date>,
    at_least: f64,
    warning: f64,
}

const fn target(
    conditions: &'static [(&'static str, &'static [&'static str])],
    from: Option<Date>,
    at_least: f64,
    warning: f64,
) -> OracleTarget {
    OracleTarget { conditions, from, at_least, warning }
}

/// Targets of every ratio.
const RATIO_TARGETS: [OracleTarget; 9] = [
    target(&[], None, 0.5, 0.75),
    target(&[], Some(date(2026, 3, 29)), 0.3, 0.6),
    target(&[("center", &["berlin"])], None, 0.6, 0.8),
    target(&[("center", &["berlin", "hefei"])], Some(date(2026, 3, 3)), 0.4, 0.5),
    target(&[("center", &["berlin"])], Some(date(2026, 10, 25)), 0.9, 1.0),
    target(&[("tier", &["vip", "gold"])], Some(date(2026, 10, 4)), 0.2, 0.45),
    target(&[("center", &["berlin"]), ("tier", &["vip"])], Some(date(2026, 3, 28)), 0.1, 0.35),
    target(&[("class", &["outage"])], Some(date(2026, 3, 1)), 0.7, 0.7),
    target(&[("queue", &["sales"])], None, 0.65, 0.9),
];

/// Returns the target and the warning threshold of a ratio in a scope such as
/// `center=berlin tier=vip`.
pub(crate) fn ratio_target(scope: &str, now: i64) -> (f64, f64) {
    let today = local_time(now, CaseZone::Shanghai).date();
    let mut best: Option<&OracleTarget> = None;
    for candidate in &RATIO_TARGETS {
        let has_begun = candidate.from.is_none_or(|from| from <= today);
        let matches = candidate.conditions.iter().all(|(dimension, values)| {
            values.iter().any(|value| {
                let wanted = format!("{dimension}={value}");
                scope.split(' ').any(|part| part == wanted)
            })
        });
        let wins = best.is_none_or(|best| {
            let (new, old) = (candidate.conditions.len(), best.conditions.len());
            new > old || (new == old && candidate.from > best.from)
        });
        if has_begun && matches && wins {
            best = Some(candidate);
        }
    }
    let best = best.expect("the first target matches every scope");
    (best.at_least, best.warning)
}

/// Returns the keys `target` and `targets` of a ratio.
pub(crate) fn targets_toml() -> String {
    let entry = |target: &OracleTarget| {
        let limits = format!("at_least = {}, warning = {}", target.at_least, target.warning);
        let conditions: Vec<String> = target
            .conditions
            .iter()
            .map(|(dimension, values)| format!("{dimension} = {values:?}"))
            .collect();
        let from = target.from.map_or_else(String::new, |from| format!(", from = {from}"));
        format!("{{ where = {{ {} }}, {limits}{from} }}", conditions.join(", "))
    };
    let entries: Vec<String> = RATIO_TARGETS.iter().map(entry).collect();
    format!("targets = [\n{}\n]", entries.join(",\n"))
}
