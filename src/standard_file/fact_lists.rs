//! Lists of facts in formulas: names of facts, or tables with limits.

use crate::domain::events::event::Symbol;
use crate::domain::facts::catalog::{FactKind, FactMeasure, place::order};
use crate::domain::standard::{FactTally, Standard};
use crate::standard_file::named_parts::find_calendar;
use crate::toml_document::{TomlTable, TomlValue, nearest_match};

/// Facts that a part of a formula accepts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AcceptedFacts {
    /// Facts at a moment, counted as whole ones.
    Moments,
    /// Facts at a moment, or shares of misses.
    Counts,
    /// Facts with a duration.
    Durations,
    /// Ratings of customers.
    Answers,
    /// States that last.
    CurrentStates,
}

/// Reads the name of a fact. Returns `None` if there is no such fact.
pub(super) fn find_fact(value: &TomlValue<'_>, standard: &Standard) -> Option<FactKind> {
    let name = value.require_string()?;
    let found = standard.kinds.find_kind(name);
    if found.is_none() {
        let family = name.split('.').next().unwrap_or_default();
        let of_family: Vec<&str> = standard
            .kinds
            .names()
            .filter(|known| known.split('.').next() == Some(family))
            .collect();
        let hint = match nearest_match(name, standard.kinds.names()) {
            Some(known) => format!("did you mean `{known}`?"),
            None if of_family.is_empty() => "declare its family or commitment above".to_owned(),
            None => format!("`{family}` has: {}", of_family.join(", ")),
        };
        value.report_problem(format!("there is no fact `{name}`; {hint}"));
    }
    found
}

/// Reads a list of facts with their limits.
pub(super) fn read_tallies(
    value: &TomlValue<'_>,
    accepted: AcceptedFacts,
    standard: &Standard,
) -> Vec<FactTally> {
    let mut tallies: Vec<FactTally> = Vec::new();
    for entry in value.require_array().unwrap_or_default() {
        for tally in read_tally(&entry, accepted, standard) {
            if tallies.contains(&tally) {
                entry.report_problem("this fact is listed already and would be counted twice");
            }
            tallies.push(tally);
        }
    }
    if value.as_array().is_some_and(|list| list.is_empty()) {
        value.report_problem("the list is empty; add a fact, as in [\"call.answered\"]");
    }
    tallies.sort();
    tallies
}

fn read_tally(
    entry: &TomlValue<'_>,
    accepted: AcceptedFacts,
    standard: &Standard,
) -> Vec<FactTally> {
    let Some(table) = entry.as_table() else {
        let kind = find_fact(entry, standard)
            .filter(|kind| check_accepted(entry, *kind, accepted, standard));
        return kind.map(FactTally::of_kind).into_iter().collect();
    };
    let kind = table
        .required_value("fact", "the name of a fact, as in \"call.answered\"")
        .and_then(|value| find_fact(&value, standard));
    let kind = kind.filter(|kind| check_accepted(entry, *kind, accepted, standard));
    // An unknown duration is `i64::MIN`, outside all limits. It counts neither as on time nor as
    // late.
    let limits = [
        table.optional_duration("within").map(|millis| (i64::MIN + 1, millis)),
        table.optional_duration("below").map(|millis| (i64::MIN + 1, millis - 1)),
        table.optional_duration("beyond").map(|millis| (millis + 1, i64::MAX)),
        table.optional_duration("from").map(|millis| (millis, i64::MAX)),
    ];
    let answers: Option<Vec<i64>> = table
        .value("answers")
        .and_then(|value| value.require_array())
        .map(|list| list.iter().filter_map(TomlValue::require_integer).collect());
    let labels = read_fact_labels(&table, kind, standard);
    let conditions = read_conditions(&table, standard);
    let calendar = read_calendar(&table, accepted, standard);
    table.report_unknown_keys();
    let Some(kind) = kind else { return Vec::new() };
    let measure = standard.kinds.fact_measure(kind);
    let mut limits = limits.into_iter().flatten();
    let limit = limits.next();
    if limits.next().is_some() {
        entry.report_problem(
            "a fact has one limit: `within` (<=), `below` (<), `beyond` (>) or `from` (>=)",
        );
    }
    if limit.is_some() && measure != FactMeasure::Duration {
        entry.report_problem(format!("`{}` has no duration to limit", standard.kinds.name(kind)));
    }
    match answers {
        Some(_) if measure != FactMeasure::Answer => {
            entry.report_problem(format!(
                "`{}` has no ratings; `answers` is for `survey.rated`",
                standard.kinds.name(kind)
            ));
            Vec::new()
        }
        Some(answers) => {
            let tally = |answer| FactTally {
                kind,
                values: Some((answer, answer)),
                labels: labels.clone(),
                conditions: conditions.clone(),
                calendar,
            };
            answers.into_iter().map(tally).collect()
        }
        None => vec![FactTally { kind, values: limit, labels, conditions, calendar }],
    }
}

/// Reads `calendar = "busy_hour"`, the calendar in whose open hours the facts count.
fn read_calendar(
    table: &TomlTable<'_>,
    accepted: AcceptedFacts,
    standard: &Standard,
) -> Option<usize> {
    let value = table.value("calendar")?;
    if accepted == AcceptedFacts::CurrentStates {
        value.report_problem("a state has no time in a calendar; remove `calendar`");
        return None;
    }
    find_calendar(&value, standard)
}

/// Event fields whose values limit facts.
const FACT_LABEL_FIELDS: [&str; 9] =
    ["reason", "to", "resolved", "level", "satisfied", "at", "liable", "question", "owner"];

/// Reads limits on labels, as in `reason = ["full"]` or `resolved = true`. A fact needs one of
/// them.
fn read_fact_labels(
    table: &TomlTable<'_>,
    kind: Option<FactKind>,
    standard: &Standard,
) -> Vec<Symbol> {
    let label_field = kind.and_then(|kind| standard.kinds.label_field(kind));
    let mut labels = Vec::new();
    for name in FACT_LABEL_FIELDS {
        let Some(value) = table.value(name) else { continue };
        if let (Some(kind), true) = (kind, label_field != Some(name)) {
            let fact = standard.kinds.name(kind);
            let remedy = label_field
                .map_or_else(|| format!("remove `{name}`"), |field| format!("use `{field}`"));
            value.report_problem(format!("`{fact}` cannot be limited by `{name}`; {remedy}"));
            continue;
        }
        let texts = match (value.as_bool(), value.as_str()) {
            (Some(flag), _) => vec![if flag { "true" } else { "false" }],
            (_, Some(text)) => vec![text],
            _ => value.require_strings().unwrap_or_default(),
        };
        labels.extend(texts.into_iter().map(Symbol::from_text));
    }
    labels.sort_unstable();
    labels.dedup();
    labels
}

/// Reads `where = { tier = "vip" }` as dimension indexes with their accepted values, sorted.
pub(super) fn read_conditions(
    entry: &TomlTable<'_>,
    standard: &Standard,
) -> Vec<(usize, Vec<String>)> {
    let Some(table) = entry.optional_table("where") else { return Vec::new() };
    let mut conditions = Vec::new();
    for (name, value) in table.entries() {
        let Some(place) = standard.schema.dimensions.iter().position(|dimension| dimension == name)
        else {
            value.report_problem(format!(
                "`{name}` is not a dimension; declared are: {}",
                standard.schema.dimensions.join(", ")
            ));
            continue;
        };
        let values = match value.as_str() {
            Some(text) => vec![text],
            None => value.require_strings().unwrap_or_default(),
        };
        conditions.push((place, values.into_iter().map(str::to_owned).collect()));
    }
    conditions.sort();
    conditions
}

/// Returns true if a part of a formula accepts this kind of fact. Reports a problem if not.
fn check_accepted(
    entry: &TomlValue<'_>,
    kind: FactKind,
    accepted: AcceptedFacts,
    standard: &Standard,
) -> bool {
    let measure = standard.kinds.fact_measure(kind);
    let name = standard.kinds.name(kind);
    if standard.holder_dimensions == 0 && standard.kinds.order_place(kind) == Some(order::HELD) {
        entry.report_problem(format!(
            "`{name}` needs the dimensions that name a unit; add `holders = [\"center\"]` above"
        ));
        return false;
    }
    let problem = match accepted {
        AcceptedFacts::Counts
            if measure == FactMeasure::MissShare && !standard.counts_apart(kind) =>
        {
            "needs the units that share a miss; add `holder` to the commitment"
        }
        AcceptedFacts::Moments | AcceptedFacts::Counts if measure == FactMeasure::CurrentState => {
            "is a state; use a fact at a moment"
        }
        AcceptedFacts::Moments if measure == FactMeasure::MissShare => {
            "is a share of a miss; use it in `count`"
        }
        AcceptedFacts::Durations if measure != FactMeasure::Duration => "has no duration",
        AcceptedFacts::Answers if measure != FactMeasure::Answer => {
            "is not a rating; use `survey.rated`"
        }
        AcceptedFacts::CurrentStates if measure != FactMeasure::CurrentState => {
            "is a fact at a moment; use a state, as in `call.waiting`"
        }
        _ => return true,
    };
    entry.report_problem(format!("`{name}` {problem}"));
    false
}
