//! `target` and `targets` of an indicator: one target for all scopes, and targets by scope and date.

use super::read_number;
use crate::domain::standard::{
    DatedTargets, ScopedTarget, Standard, Target, TargetDirection, TargetStart,
};
use crate::domain::time::timestamp::Timestamp;
use crate::standard_file::fact_lists::read_conditions;
use crate::standard_file::time_keys::start_of_day;
use crate::toml_document::TomlTable;

/// Maximum number of entries of `targets`.
const TARGETS_MAX: usize = 1_000;

/// Reads the targets of an indicator. `seconds` is true if its unit is seconds.
pub(super) fn read_targets(
    indicator: &TomlTable<'_>,
    seconds: bool,
    standard: &Standard,
) -> DatedTargets {
    let mut entries: Vec<ScopedTarget> = Vec::new();
    if let Some(table) = indicator.optional_table("target") {
        let target = read_target(&table, seconds);
        table.report_unknown_keys();
        let entry = |target| ScopedTarget { conditions: Vec::new(), from: None, target };
        entries.extend(target.map(entry));
    }
    let tables = indicator.table_list("targets");
    if tables.len() > TARGETS_MAX {
        let message = format!("{} targets are too many: at most {TARGETS_MAX}", tables.len());
        indicator.report_problem("targets", message);
        return DatedTargets::new(Timestamp(i64::MIN), entries);
    }
    for table in tables {
        let conditions = read_conditions(&table, standard);
        check_conditions(&table, &conditions, standard);
        let from = read_start(&table, standard);
        let target = read_target(&table, seconds);
        table.report_unknown_keys();
        let Some(target) = target else { continue };
        let entry = ScopedTarget { conditions, from, target };
        check_against_others(&table, &entry, &entries, standard);
        entries.push(entry);
    }
    DatedTargets::new(Timestamp(i64::MIN), entries)
}

/// Reads `from`, the first day of a target.
fn read_start(table: &TomlTable<'_>, standard: &Standard) -> Option<TargetStart> {
    let day = table.optional_date("from")?;
    let since = start_of_day(day, standard.zones.get(0));
    if since.is_none() {
        table.report_problem("from", format!("the day {day} is out of range"));
    }
    since.map(|since| TargetStart { since, day })
}

/// Reports conditions that no scope meets.
fn check_conditions(
    table: &TomlTable<'_>,
    conditions: &[(usize, Vec<String>)],
    standard: &Standard,
) {
    if conditions.iter().any(|(_, values)| values.is_empty()) {
        table.report_problem("where", "the list of values is empty, so no scope has this target");
    }
    let dimensions: Vec<usize> = conditions.iter().map(|(dimension, _)| *dimension).collect();
    if standard.narrowest_scope_with(&dimensions).is_none() {
        let names: Vec<&str> = dimensions
            .iter()
            .map(|dimension| standard.schema.dimensions[*dimension].as_str())
            .collect();
        let message = format!(
            "no scope has {}, so no scope has this target; add [\"{}\"] to `scopes`",
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and "),
            names.join("\", \"")
        );
        table.report_problem("where", message);
    }
}

/// Reports an entry with another direction than the earlier ones, or with the precedence of one
/// that applies to the same scopes.
fn check_against_others(
    table: &TomlTable<'_>,
    entry: &ScopedTarget,
    earlier: &[ScopedTarget],
    standard: &Standard,
) {
    if earlier.first().is_some_and(|first| first.target.better != entry.target.better) {
        table.report_problem(
            threshold_key(entry.target.better),
            "all targets of an indicator need the same direction: `at_least` or `at_most`",
        );
    }
    let is_tie = |other: &&ScopedTarget| {
        other.conditions.len() == entry.conditions.len()
            && other.from == entry.from
            && overlap(other, entry, standard)
    };
    if let Some(other) = earlier.iter().find(is_tie) {
        let limit = threshold_key(other.target.better);
        let message = format!(
            "a scope can match this entry and the one with `{limit} = {}`, and both have the same \
             number of dimensions and the same `from`; make one of them narrower or later",
            other.target.value
        );
        table.report_problem("", message);
    }
}

/// Returns the key of the threshold of a target.
fn threshold_key(better: TargetDirection) -> &'static str {
    match better {
        TargetDirection::Higher => "at_least",
        TargetDirection::Lower => "at_most",
    }
}

/// Returns true if one scope can meet the conditions of both targets.
fn overlap(left: &ScopedTarget, right: &ScopedTarget, standard: &Standard) -> bool {
    let has_common_value = |dimension: &usize, values: &[String]| {
        let known = left.conditions.iter().find(|(known, _)| known == dimension);
        known.is_none_or(|(_, known)| known.iter().any(|value| values.contains(value)))
    };
    let dimensions: Vec<usize> =
        left.conditions.iter().chain(&right.conditions).map(|(dimension, _)| *dimension).collect();
    right.conditions.iter().all(|(dimension, values)| has_common_value(dimension, values))
        && standard.narrowest_scope_with(&dimensions).is_some()
}

/// Reads `at_least` or `at_most`, and `warning`, in the unit of the indicator.
fn read_target(table: &TomlTable<'_>, seconds: bool) -> Option<Target> {
    let number = |key: &str| read_number(table, key, seconds);
    let (at_least, at_most, warning) = (number("at_least"), number("at_most"), number("warning"));
    let (better, value) = match (at_least, at_most) {
        (Some(value), None) => (TargetDirection::Higher, value),
        (None, Some(value)) => (TargetDirection::Lower, value),
        (Some(_), Some(_)) => {
            table.report_problem(
                "at_most",
                "a target has one threshold: `at_least` or `at_most`, not both",
            );
            return None;
        }
        (None, None) => {
            table.report_problem("", "a target needs its threshold: `at_least` or `at_most`");
            return None;
        }
    };
    let is_valid = warning.is_none_or(|warning| {
        if better == TargetDirection::Higher { warning >= value } else { warning <= value }
    });
    if !is_valid {
        table.report_problem("warning", "`warning` must be on the good side of the target");
    }
    Some(Target { better, value, warning })
}

#[cfg(test)]
mod tests {
    use crate::describe::describe_targets;
    use crate::domain::standard::Standard;
    use crate::standard_file::parse_standard;

    fn parse_targets(targets: &str) -> Result<Standard, String> {
        let text = format!(
            r#"
name = "x"
version = "1"
title = {{ en = "X", zh = "某" }}
time_zone = "Asia/Shanghai"
dimensions = ["center", "queue", "tier"]
scopes = [["center"], ["center", "queue"]]
windows = ["30m"]
[indicator.rate]
title = {{ en = "R", zh = "率" }}
ratio = {{ good = ["call.answered"], of = ["call.offered"] }}
{targets}
"#
        );
        parse_standard("x.toml", &text).map_err(|problems| format!("{problems:#?}"))
    }

    #[test]
    fn reports_ambiguous_and_unreachable_targets() {
        let hefei = "where = { center = \"hefei\" }";
        for (targets, remedy) in [
            (format!("[{{ {hefei}, at_least = 0.9 }}, {{ {hefei}, at_least = 0.8 }}]"), "narrower"),
            (
                format!(
                    "[{{ {hefei}, at_least = 0.9 }}, \
                     {{ where = {{ center = [\"wuhu\", \"hefei\"] }}, at_least = 0.8 }}]"
                ),
                "the one with `at_least = 0.9`",
            ),
            (
                format!(
                    "[{{ {hefei}, at_least = 0.9 }}, \
                     {{ where = {{ queue = \"vip\" }}, at_least = 0.8 }}]"
                ),
                "a scope can match this entry",
            ),
            (
                "[{ at_least = 0.9, from = 2026-07-01 }, { at_least = 0.8, from = 2026-07-01 }]"
                    .into(),
                "later",
            ),
            ("[{ where = { city = \"hefei\" }, at_least = 0.9 }]".into(), "declared are: center"),
            (
                "[{ where = { tier = \"vip\" }, at_least = 0.9 }]".into(),
                "add [\\\"tier\\\"] to `scopes`",
            ),
            ("[{ where = { center = [] }, at_least = 0.9 }]".into(), "the list of values is empty"),
            (format!("[{{ at_least = 0.8 }}, {{ {hefei}, at_most = 0.9 }}]"), "the same direction"),
            (format!("[{{ {hefei} }}]"), "`at_least` or `at_most`"),
            (format!("[{{ {hefei}, at_least = 0.9, warning = 0.8 }}]"), "on the good side"),
            (format!("[{{ {hefei}, at_least = 0.9, from = \"soon\" }}]"), "must be a day"),
            (format!("[{{ {hefei}, at_least = 0.9, until = 2026-07-01 }}]"), "unknown key `until`"),
        ] {
            let problems = parse_targets(&format!("targets = {targets}")).expect_err(&targets);
            assert!(problems.contains(remedy), "{targets}: {problems}");
        }
        let both = "target = { at_least = 0.8 }\ntargets = [{ at_least = 0.9 }]";
        assert!(parse_targets(both).expect_err(both).contains("`at_least = 0.8`"));
    }

    #[test]
    fn describes_targets_in_order_of_precedence() {
        let standard = parse_targets(
            "target = { at_least = 0.85 }\ntargets = [\n\
             { where = { center = \"hefei\" }, at_least = 0.9, from = 2026-07-01 },\n\
             { where = { center = \"hefei\", queue = \"vip\" }, at_least = 0.95 },\n\
             { where = { center = \"hefei\" }, at_least = 0.88 }]",
        )
        .expect("valid targets");
        let texts = describe_targets(&standard, &standard.indicators[0]);
        let (en, zh): (Vec<String>, Vec<String>) =
            texts.into_iter().map(|text| (text.en, text.zh)).unzip();
        assert_eq!(
            en,
            [
                "where center is hefei where queue is vip: at least 95 %",
                "where center is hefei, from 2026-07-01: at least 90 %",
                "where center is hefei: at least 88 %",
                "at least 85 %",
            ]
        );
        assert_eq!(zh[1], "中心为`hefei`，2026-07-01起：不低于90%");
    }
}
