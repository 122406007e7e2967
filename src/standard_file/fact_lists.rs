//! Lists of facts in formulas: a fact's name, or a table that limits which of them count.

use crate::domain::events::event::Symbol;
use crate::domain::facts::catalog::{FactKind, FactMeasure};
use crate::domain::standard::{FactTally, Standard};
use crate::toml_document::{TomlTable, TomlValue, nearest_match};

/// What a place in a formula takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AcceptedFacts {
    /// Facts that happen at a moment.
    Moments,
    /// Facts that have durations.
    Durations,
    /// Answers of customers.
    Answers,
    /// Facts that stand for a while.
    CurrentStates,
}

/// The kind of fact named by a string.
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
            None if of_family.is_empty() => {
                "its families and commitments must be declared first".to_owned()
            }
            None => format!("`{family}` has: {}", of_family.join(", ")),
        };
        value.report_problem(format!("there is no fact `{name}`; {hint}"));
    }
    found
}

/// A list of facts, each with its limits.
pub(super) fn read_tallies(
    value: &TomlValue<'_>,
    takes: AcceptedFacts,
    standard: &Standard,
) -> Vec<FactTally> {
    let mut tallies: Vec<FactTally> = Vec::new();
    for entry in value.require_array().unwrap_or_default() {
        for tally in read_tally(&entry, takes, standard) {
            if tallies.contains(&tally) {
                entry.report_problem("this is in the list already and would be counted twice");
            }
            tallies.push(tally);
        }
    }
    if value.as_array().is_some_and(|list| list.is_empty()) {
        value
            .report_problem("the list is empty; name at least one fact, as in [\"call.answered\"]");
    }
    tallies.sort();
    tallies
}

fn read_tally(entry: &TomlValue<'_>, takes: AcceptedFacts, standard: &Standard) -> Vec<FactTally> {
    let Some(table) = entry.as_table() else {
        let kind =
            find_fact(entry, standard).filter(|kind| check_accepted(entry, *kind, takes, standard));
        return kind
            .map(|kind| FactTally {
                kind,
                values: None,
                labels: Vec::new(),
                conditions: Vec::new(),
            })
            .into_iter()
            .collect();
    };
    let kind = table
        .required_value("fact", "the name of a fact, as in \"call.answered\"")
        .and_then(|value| find_fact(&value, standard));
    let kind = kind.filter(|kind| check_accepted(entry, *kind, takes, standard));
    // A duration that nobody knows lies below every limit: it never counts as in time, nor as late.
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
    let words = read_fact_labels(&table, kind, standard);
    let conditions = read_conditions(&table, standard);
    table.report_unknown_keys();
    let Some(kind) = kind else { return Vec::new() };
    let measure = standard.kinds.fact_measure(kind);
    let mut limits = limits.into_iter().flatten();
    let limit = limits.next();
    if limits.next().is_some() {
        entry.report_problem(
            "one limit is enough: `within` (<=), `below` (<), `beyond` (>) or `from` (>=)",
        );
    }
    if limit.is_some() && measure != FactMeasure::Duration {
        entry.report_problem(format!(
            "`{}` has no duration that could be limited",
            standard.kinds.name(kind)
        ));
    }
    match answers {
        Some(_) if measure != FactMeasure::Answer => {
            entry.report_problem(format!(
                "`{}` has no answers; `answers` limits `survey.rated`",
                standard.kinds.name(kind)
            ));
            Vec::new()
        }
        Some(answers) => {
            let tally = |answer| FactTally {
                kind,
                values: Some((answer, answer)),
                labels: words.clone(),
                conditions: conditions.clone(),
            };
            answers.into_iter().map(tally).collect()
        }
        None => vec![FactTally { kind, values: limit, labels: words, conditions }],
    }
}

/// The fields that limit facts to those with certain words.
const FACT_LABEL_FIELDS: [&str; 7] =
    ["reason", "to", "resolved", "level", "satisfied", "at", "liable"];

/// `reason = ["full"]`, `resolved = true`: the words of which the fact must have one.
fn read_fact_labels(
    table: &TomlTable<'_>,
    kind: Option<FactKind>,
    standard: &Standard,
) -> Vec<Symbol> {
    let own = kind.and_then(|kind| standard.kinds.label_field(kind));
    let mut words = Vec::new();
    for name in FACT_LABEL_FIELDS {
        let Some(value) = table.value(name) else { continue };
        if let (Some(kind), true) = (kind, own != Some(name)) {
            let fact = standard.kinds.name(kind);
            let instead = own
                .map_or_else(|| "it takes no words".to_owned(), |own| format!("it takes `{own}`"));
            value.report_problem(format!("`{fact}` cannot be limited by `{name}`; {instead}"));
            continue;
        }
        let texts = match (value.as_bool(), value.as_str()) {
            (Some(yes), _) => vec![if yes { "true" } else { "false" }],
            (_, Some(one)) => vec![one],
            _ => value.require_strings().unwrap_or_default(),
        };
        words.extend(texts.into_iter().map(Symbol::from_text));
    }
    words.sort_unstable();
    words.dedup();
    words
}

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
        let wanted = match value.as_str() {
            Some(one) => vec![one],
            None => value.require_strings().unwrap_or_default(),
        };
        conditions.push((place, wanted.into_iter().map(str::to_owned).collect()));
    }
    conditions.sort();
    conditions
}

/// Whether a place in a formula takes this kind of fact; a problem if not.
fn check_accepted(
    entry: &TomlValue<'_>,
    kind: FactKind,
    takes: AcceptedFacts,
    standard: &Standard,
) -> bool {
    let measure = standard.kinds.fact_measure(kind);
    let name = standard.kinds.name(kind);
    let what = match takes {
        AcceptedFacts::Moments if measure == FactMeasure::CurrentState => {
            "stands for a while; count facts that happen at a moment here"
        }
        AcceptedFacts::Durations if measure != FactMeasure::Duration => "has no duration",
        AcceptedFacts::Answers if measure != FactMeasure::Answer => {
            "is no answer of a customer; `survey.rated` is"
        }
        AcceptedFacts::CurrentStates if measure != FactMeasure::CurrentState => {
            "happens at a moment; a level counts what stands now, as `call.waiting` does"
        }
        _ => return true,
    };
    entry.report_problem(format!("`{name}` {what}"));
    false
}
