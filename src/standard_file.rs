//! Parser of standard files: reads a TOML file, checks it and builds a [`Standard`].
//!
//! Names become indexes. All problems are reported at once, each with its line and a remedy. The
//! built-in standard is an embedded file of the same format. Each version of a standard is a file
//! of its own; [`parse_versions`] combines them.

mod alert_table;
mod benchmark_table;
mod calendar_files;
mod calendar_table;
mod commitment_table;
mod fact_lists;
mod indicator_table;
mod labels_key;
mod merge_versions;
mod metric_names;
mod named_parts;
mod population_table;
mod score_keys;
mod source_table;
mod time_keys;

pub use self::calendar_table::summary::{CalendarSummary, SpecialDayCounts};

use self::calendar_files::CalendarFiles;
use super::toml_document::{TomlDocument, TomlProblem, TomlTable, TomlValue, nearest_match};
use crate::domain::events::event::Symbol;
use crate::domain::facts::catalog::{FactKind, FactKinds, FactMeasure, place};
use crate::domain::standard::{EventSchema, LocalizedTitle, Standard};
use crate::domain::time::timestamp::DAY;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Content of the built-in standard file.
pub const BUILT_IN: &str = include_str!("../standards/telecom.toml");

/// Name of the built-in standard in problem messages.
pub const BUILT_IN_NAME: &str = "the built-in standard";

/// Parses and checks a single standard file. `file` is its name in problem messages.
///
/// # Errors
///
/// Returns all problems of the file, in the order of its lines.
pub fn parse_standard(file: &str, text: &str) -> Result<Standard, Vec<TomlProblem>> {
    parse_versions(&[(file.to_owned(), text.to_owned())])
}

/// Parses, checks and combines the versions of a standard, given as file names and contents.
///
/// See [`Standard::versions`]. Texts of iCalendar files among them are used instead of the files on
/// disk. [`Standard::files`] contains those of the result.
///
/// # Errors
///
/// Returns all problems of all files and of their combination. An empty list of files is an error
/// without problems.
pub fn parse_versions(files: &[(String, String)]) -> Result<Standard, Vec<TomlProblem>> {
    parse_with_warnings(files).0
}

/// Parses and combines the versions that a journal holds. They were in force, so they are accepted
/// even if their names collide in `/metrics`, which earlier versions of firstline allowed.
///
/// # Errors
///
/// Returns all problems of all files and of their combination.
pub fn parse_recorded_versions(files: &[(String, String)]) -> Result<Standard, Vec<TomlProblem>> {
    parse_files(files, StandardOrigin::Journal).0
}

/// Where the files of a standard come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum StandardOrigin {
    /// Files that their author can change.
    Files,
    /// A journal, which holds standards as they were.
    Journal,
}

/// Parses, checks and combines versions like [`parse_versions`], and returns the warnings beside the
/// result: old names of keys and indicators, and indicators whose metrics Prometheus' linter
/// refuses. Files that are not TOML have none.
pub fn parse_with_warnings(
    files: &[(String, String)],
) -> (Result<Standard, Vec<TomlProblem>>, Vec<TomlProblem>) {
    parse_files(files, StandardOrigin::Files)
}

fn parse_files(
    files: &[(String, String)],
    origin: StandardOrigin,
) -> (Result<Standard, Vec<TomlProblem>>, Vec<TomlProblem>) {
    let (mut parsed, mut problems, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    let (calendar_files, standards) = CalendarFiles::separate(files);
    for (file, text) in standards {
        match TomlDocument::parse(file, text) {
            Ok(document) => {
                let mut standard = read_document(&document.root_table(), &calendar_files);
                document.visit_texts(&mut |text| {
                    _ = standard.label_texts.insert(Symbol::from_text(text), text.to_owned());
                });
                warnings.extend(document.warnings());
                parsed.push((document, standard));
            }
            Err(problem) => problems.push(problem),
        }
    }
    let combined = merge_versions::combine_versions(parsed, origin, &mut problems);
    let standard = match combined {
        Some(standard) if problems.is_empty() => {
            let (_, standards) = CalendarFiles::separate(files);
            let files = standards.into_iter().cloned().chain(calendar_files.into_used());
            Ok(Standard { files: files.collect(), ..standard })
        }
        _ => Err(problems),
    };
    (standard, warnings)
}

/// Returns the warnings of standards, see [`parse_with_warnings`].
#[must_use]
pub fn find_warnings(files: &[(String, String)]) -> Vec<TomlProblem> {
    parse_with_warnings(files).1
}

/// Returns a summary of each calendar of a standard file. Problems are left to [`parse_standard`].
#[must_use]
pub fn summarize_calendars(file: &str, text: &str) -> Vec<CalendarSummary> {
    let Ok(document) = TomlDocument::parse(file, text) else { return Vec::new() };
    let root = document.root_table();
    let zone = time_keys::read_time_zones(&root, &[]);
    let calendars = calendar_table::read_calendars(&root, zone.get(0), &CalendarFiles::default());
    calendars.into_iter().map(|(_, summary)| summary).collect()
}

/// Reads the valid parts of a standard and reports the others as problems.
fn read_document(root: &TomlTable<'_>, calendar_files: &CalendarFiles) -> Standard {
    let text = |key: &str| root.required_string(key).unwrap_or_default().to_owned();
    let dimensions = read_dimensions(root);
    let contacts = read_contact_families(root);
    let orders = read_order_families(root, &contacts);
    let declared: Vec<String> = contacts.iter().chain(&orders).cloned().collect();
    let benchmarks = benchmark_table::read_benchmarks(root, &declared);
    let names = benchmarks.iter().map(|benchmark| benchmark.name.clone()).collect();
    let schema = EventSchema::new(dimensions, &contacts, &orders, names);
    let zones = time_keys::read_time_zones(root, &schema.dimensions);
    let calendars = calendar_table::read_calendars(root, zones.get(0), calendar_files);
    let mut standard = Standard {
        name: text("name"),
        version: text("version"),
        date_of_effect: root
            .optional_date("date_of_effect")
            .map(|date| date.to_string())
            .unwrap_or_default(),
        versions: Vec::new(),
        title: read_title(root),
        zones,
        scopes: read_scopes(root, &schema.dimensions),
        windows: time_keys::read_windows(root),
        holder_dimensions: 0,
        publishes_agents: root.optional_bool("publish_agents").unwrap_or(false),
        stale_after_ms: root.optional_duration("stale_after"),
        expiry: Vec::new(),
        reuse_after_ms: root
            .optional_duration("reuse_after")
            .unwrap_or(Standard::REUSE_AFTER_DEFAULT_MS),
        horizon: time_keys::read_horizon(root),
        sources: Vec::new(),
        benchmarks,
        populations: population_table::read_populations(root, &schema.dimensions),
        kinds: FactKinds::new(&schema.families_with_life_cycle().collect::<Vec<_>>()),
        schema,
        calendars: calendars.into_iter().map(|(calendar, _)| calendar).collect(),
        commitments: Vec::new(),
        first_contact_rules: Vec::new(),
        indicators: Vec::new(),
        policies: Vec::new(),
        label_texts: BTreeMap::new(),
        files: Arc::default(),
    };
    standard.schema.changing_dimensions =
        read_changing_dimensions(root, &standard.schema.dimensions);
    standard.schema.leg_dimensions = read_leg_dimensions(root, &standard.schema.dimensions);
    standard.holder_dimensions =
        read_dimension_set(root, "holders", &standard.schema.dimensions).unwrap_or(0);
    standard.schema.score_scale = score_keys::read_scale(root);
    source_table::read_sources(root, &mut standard);
    standard.expiry = read_expiry(root, &standard.kinds);
    if let Some(table) = root.optional_table("commitment") {
        for (name, value) in table.entries() {
            commitment_table::read_commitment(name, &value, &mut standard);
        }
    }
    match root
        .required_value("indicator", "a table for each indicator, as in `[indicator.answer_rate]`")
        .and_then(|value| value.require_table())
    {
        Some(table) => {
            for (name, value) in table.entries() {
                indicator_table::read_indicator(name, &value, &mut standard);
            }
        }
        None => return standard,
    }
    alert_table::read_policies(root, &mut standard);
    root.report_unknown_keys();
    standard
}

/// Remedy for invalid names.
const NAME_HELP: &str = "use lower-case letters, digits and `_`, beginning with a letter";

/// Returns true if a name can be part of metric and fact names.
fn is_valid_name(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(rest) && name.len() <= 60
}

/// Leaves a warning if a value is the old name of the indicator at `place`.
fn warn_of_old_name(value: &TomlValue<'_>, standard: &Standard, place: Option<usize>) {
    let Some((name, place)) = value.as_str().zip(place) else { return };
    let current = &standard.indicators[place].name;
    if current != name {
        value.report_warning(format!("`{name}` is now `{current}`; the old name still works"));
    }
}

/// Reports a problem if `name` is not a valid name.
fn check_name(value: &TomlValue<'_>, name: &str) {
    if !is_valid_name(name) {
        value.report_problem(format!("`{name}` is not a valid name; {NAME_HELP}"));
    }
}

fn read_title(owner: &TomlTable<'_>) -> LocalizedTitle {
    let Some(table) = owner
        .required_value("title", "a table, as in { en = \"Answer rate\", zh = \"接通率\" }")
        .and_then(|value| value.require_table())
    else {
        return LocalizedTitle::default();
    };
    let text = |key: &str| table.required_string(key).unwrap_or_default().to_owned();
    let title = LocalizedTitle { en: text("en"), zh: text("zh") };
    table.report_unknown_keys();
    title
}

fn read_dimensions(root: &TomlTable<'_>) -> Vec<String> {
    let names = root.optional_strings("dimensions").unwrap_or_default();
    if names.len() > EventSchema::MAX_DIMENSIONS {
        root.report_problem(
            "dimensions",
            format!(
                "{} dimensions are too many: at most {}",
                names.len(),
                EventSchema::MAX_DIMENSIONS
            ),
        );
    }
    for (place, name) in names.iter().enumerate() {
        if !is_valid_name(name) {
            root.report_problem(
                "dimensions",
                format!("`{name}` is not a valid dimension; {NAME_HELP}"),
            );
        } else if names[..place].contains(name) {
            root.report_problem("dimensions", format!("`{name}` is listed twice"));
        } else if ["customer", "window", "scope"].contains(name) {
            root.report_problem(
                "dimensions",
                format!(
                    "`{name}` cannot be a dimension; it would expose ids or hide a system label"
                ),
            );
        }
    }
    names.into_iter().take(EventSchema::MAX_DIMENSIONS).map(str::to_owned).collect()
}

/// Reads `changing = ["class"]`, the dimensions whose latest value applies, as a bit set.
fn read_changing_dimensions(root: &TomlTable<'_>, dimensions: &[String]) -> u16 {
    read_dimension_set(root, "changing", dimensions).unwrap_or(0)
}

/// Dimensions whose scopes count legs, unless the standard names others.
const DEFAULT_LEG_DIMENSIONS: [&str; 2] = ["queue", "agent"];

/// Reads `leg_dimensions = ["queue", "agent"]`, the dimensions whose scopes count legs, as a bit
/// set.
fn read_leg_dimensions(root: &TomlTable<'_>, dimensions: &[String]) -> u16 {
    read_dimension_set(root, "leg_dimensions", dimensions).unwrap_or_else(|| {
        let places = (0..).zip(dimensions);
        places
            .filter(|(_, name)| DEFAULT_LEG_DIMENSIONS.contains(&name.as_str()))
            .fold(0, |bits, (place, _)| bits | 1 << place)
    })
}

/// Reads a list of dimensions as a bit set. Returns `None` if the key is absent.
fn read_dimension_set(root: &TomlTable<'_>, key: &str, dimensions: &[String]) -> Option<u16> {
    let names = root.optional_strings(key)?;
    Some(names.iter().fold(
        0,
        |bits, name| match dimensions.iter().position(|known| known == name) {
            Some(place) => bits | 1 << place,
            None => {
                root.report_problem(
                    key,
                    format!("`{name}` is not a dimension; declared are: {}", dimensions.join(", ")),
                );
                bits
            }
        },
    ))
}

/// Time in ms after which a call-back that nobody made expires, unless the standard names another.
const DEFAULT_CALLBACK_EXPIRY_MS: i64 = DAY;

/// Reads `[expire]`: the time in ms after which a state without an end event expires.
fn read_expiry(root: &TomlTable<'_>, kinds: &FactKinds) -> Vec<(FactKind, i64)> {
    let mut expiry: Vec<(FactKind, i64)> = kinds
        .contact_kinds(place::contact::CALLBACK)
        .map(|kind| (kind, DEFAULT_CALLBACK_EXPIRY_MS))
        .collect();
    let Some(table) = root.optional_table("expire") else { return expiry };
    for (name, value) in table.entries() {
        let Some(millis) = value.require_duration() else { continue };
        let leg_state = kinds.find_kind(name).and_then(|kind| {
            kinds.leg_kinds().find(|(leg, _)| *leg == kind).map(|(_, contact)| contact)
        });
        match kinds.find_kind(name) {
            Some(kind) if kinds.fact_measure(kind) == FactMeasure::CurrentState => {
                if let Some(contact) = leg_state {
                    value.report_problem(format!(
                        "`{name}` expires with `{0}`; use `{0}`",
                        kinds.name(contact)
                    ));
                }
                expiry.retain(|(known, _)| *known != kind);
                expiry.push((kind, millis));
            }
            Some(_) => {
                value.report_problem(format!(
                    "`{name}` is a moment and cannot expire; only states can, as in `call.waiting`"
                ));
            }
            None => {
                let states = kinds.names().filter(|name| {
                    kinds
                        .find_kind(name)
                        .is_some_and(|kind| kinds.fact_measure(kind) == FactMeasure::CurrentState)
                });
                let hint = nearest_match(name, states)
                    .map_or_else(String::new, |known| format!("; did you mean `{known}`?"));
                value.report_problem(format!("there is no state `{name}`{hint}"));
            }
        }
    }
    expiry
}

/// Reads `contacts = ["call", "chat"]`: families with the life cycle of calls. `call` always exists.
fn read_contact_families(root: &TomlTable<'_>) -> Vec<String> {
    let mut names = read_families(root, "contacts", &[]);
    names.retain(|name| name != "call");
    names
}

/// Reads `orders = ["repair"]`.
fn read_order_families(root: &TomlTable<'_>, contacts: &[String]) -> Vec<String> {
    read_families(root, "orders", contacts)
}

/// Reads a list of families. Names of built-in families and of `others` are a problem, as are names
/// whose facts would be those of another family.
fn read_families(root: &TomlTable<'_>, key: &str, others: &[String]) -> Vec<String> {
    let names = root.optional_strings(key).unwrap_or_default();
    let is_built_in =
        |name: &str| EventSchema::BUILT_IN_FAMILIES.iter().any(|(known, _)| *known == name);
    for (place, name) in names.iter().enumerate() {
        if !is_valid_name(name) {
            root.report_problem(key, format!("`{name}` is not a valid family; {NAME_HELP}"));
        } else if names[..place].contains(name)
            || others.iter().any(|known| known == name)
            || (is_built_in(name) && !(key == "contacts" && *name == "call"))
        {
            root.report_problem(key, format!("the family `{name}` exists already"));
        } else if *name == "leg" || name.ends_with("_leg") {
            root.report_problem(
                key,
                format!("`{name}` cannot be a family; its facts would be those of legs"),
            );
        }
    }
    // One is left for the values of outside series.
    let taken = EventSchema::BUILT_IN_FAMILIES.len() + 1 + others.len();
    let room = EventSchema::MAX_FAMILIES.saturating_sub(taken);
    if names.len() > room {
        root.report_problem(
            key,
            format!("{} families are too many: there is room for {room}", names.len()),
        );
    }
    names.into_iter().take(room).map(str::to_owned).collect()
}

fn read_scopes(root: &TomlTable<'_>, dimensions: &[String]) -> Vec<Vec<usize>> {
    let mut scopes: Vec<Vec<usize>> = Vec::new();
    for value in root.value("scopes").and_then(|value| value.require_array()).unwrap_or_default() {
        let mut scope = Vec::new();
        for name in value.require_strings().unwrap_or_default() {
            match dimensions.iter().position(|dimension| dimension == name) {
                Some(place) if !scope.contains(&place) => scope.push(place),
                Some(_) => value.report_problem(format!("`{name}` is listed twice")),
                None => value.report_problem(format!(
                    "`{name}` is not a dimension; declared are: {}",
                    dimensions.join(", ")
                )),
            }
        }
        if scopes.contains(&scope) {
            value.report_problem("this scope is listed already");
        }
        scopes.push(scope);
    }
    if !scopes.contains(&Vec::new()) {
        scopes.insert(0, Vec::new());
    }
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_standard_is_valid_and_has_documented_indicators() {
        let standard = parse_standard(BUILT_IN_NAME, BUILT_IN)
            .unwrap_or_else(|problems| panic!("{problems:#?}"));
        for name in [
            "answer_rate",
            "service_level_15s",
            "service_level_20s",
            "abandonment_rate",
            "speed_of_answer",
            "calls_waiting",
            "longest_wait_now",
            "hall_wait",
            "hall_called_in_time",
            "desk_in_time",
            "repair_timeliness_closed",
            "repair_timeliness_due",
            "time_to_restore",
            "repairs_open",
            "repairs_overdue",
            "repairs_due_4h",
            "one_shot_resolution",
            "reopen_rate",
            "satisfaction_rate",
            "satisfaction_score",
        ] {
            assert!(standard.indicators.iter().any(|indicator| indicator.name == name), "{name}");
        }
    }

    #[test]
    fn reports_all_problems_at_once_with_line_and_remedy() {
        let text = r#"
name = "x"
version = "1"
title = { en = "X" }
time_zone = "Asia/Shanghei"
dimensions = ["center"]
scopes = [["centre"]]
windows = ["30m", "5s"]
orders = ["repair"]
[commitment.repair]
from = "repair.opened"
until = "call.answered"
within = "48"
[indicator.answer_rate]
title = { en = "A", zh = "B" }
ratoi.good = ["call.answered"]
[indicator.level]
title = { en = "A", zh = "B" }
ratio.good = [{ fact = "call.anwsered", within = "20s" }, "call.waiting"]
ratio.of = [{ fact = "call.offered", within = "20s" }]
target = { at_least = 0.8, at_most = 0.9 }
"#;
        let problems = parse_standard("x.toml", text).expect_err("invalid standard");
        let lines: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
        let all = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        for (line, excerpt) in [
            (4, "zh"),
            (5, "Asia/Shanghei"),
            (7, "centre"),
            (8, "5s"),
            (12, "repair"),
            (13, "48"),
            (16, "did you mean `ratio`"),
            (19, "did you mean `call.answered`"),
            (19, "call.waiting"),
            (20, "call.offered"),
            (21, "at_most"),
        ] {
            let found = problems
                .iter()
                .any(|problem| problem.line == line && problem.message.contains(excerpt));
            assert!(found, "line {line} does not mention {excerpt}:\n{all}\n{lines:?}");
        }
    }
}
