//! Lists of facts in formulas: a fact's name, or a table that limits which of them count.

use crate::document::{Table, Value, nearest};
use crate::domain::fact::{FactKind, Measure};
use crate::domain::standard::{Standard, Tally};

/// What a place in a formula takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Facts that happen at a moment.
    Moments,
    /// Facts that have durations.
    Durations,
    /// Answers of customers.
    Answers,
    /// Facts that stand for a while.
    Standing,
}

/// The kind of fact named by a string.
pub(super) fn fact(value: &Value<'_>, standard: &Standard) -> Option<FactKind> {
    let name = value.string()?;
    let found = standard.kinds.find(name);
    if found.is_none() {
        let family = name.split('.').next().unwrap_or_default();
        let of_family: Vec<&str> = standard.kinds.names().filter(|known| known.split('.').next() == Some(family)).collect();
        let hint = match nearest(name, standard.kinds.names()) {
            Some(known) => format!("did you mean `{known}`?"),
            None if of_family.is_empty() => "its families and commitments must be declared first".to_owned(),
            None => format!("`{family}` has: {}", of_family.join(", ")),
        };
        value.problem(format!("there is no fact `{name}`; {hint}"));
    }
    found
}

/// A list of facts, each with its limits.
pub(super) fn tallies(value: &Value<'_>, takes: Takes, standard: &Standard) -> Vec<Tally> {
    let mut tallies: Vec<Tally> = Vec::new();
    for entry in value.array().unwrap_or_default() {
        for tally in read(&entry, takes, standard) {
            if tallies.contains(&tally) {
                entry.problem("this is in the list already and would be counted twice");
            }
            tallies.push(tally);
        }
    }
    if value.as_array().is_some_and(|list| list.is_empty()) {
        value.problem("the list is empty; name at least one fact, as in [\"call.answered\"]");
    }
    tallies.sort();
    tallies
}

fn read(entry: &Value<'_>, takes: Takes, standard: &Standard) -> Vec<Tally> {
    let Some(table) = entry.as_table() else {
        let kind = fact(entry, standard).filter(|kind| suits(entry, *kind, takes, standard));
        return kind.map(|kind| Tally { kind, values: None, conditions: Vec::new() }).into_iter().collect();
    };
    let kind = table.required("fact", "the name of a fact, as in \"call.answered\"").and_then(|value| fact(&value, standard));
    let kind = kind.filter(|kind| suits(entry, *kind, takes, standard));
    // A duration that nobody knows lies below every limit: it never counts as in time, nor as late.
    let limits = [
        table.duration("within").map(|millis| (i64::MIN + 1, millis)),
        table.duration("below").map(|millis| (i64::MIN + 1, millis - 1)),
        table.duration("beyond").map(|millis| (millis + 1, i64::MAX)),
    ];
    let answers: Option<Vec<i64>> =
        table.value("answers").and_then(|value| value.array()).map(|list| list.iter().filter_map(Value::integer).collect());
    let conditions = conditions(&table, standard);
    table.finish();
    let Some(kind) = kind else { return Vec::new() };
    let measure = standard.kinds.measure(kind);
    let mut limits = limits.into_iter().flatten();
    let limit = limits.next();
    if limits.next().is_some() {
        entry.problem("one limit is enough: `within` (<=), `below` (<) or `beyond` (>)");
    }
    if limit.is_some() && measure != Measure::Duration {
        entry.problem(format!("`{}` has no duration that could be limited", standard.kinds.name(kind)));
    }
    match answers {
        Some(_) if measure != Measure::Answer => {
            entry.problem(format!("`{}` has no answers; `answers` limits `survey.rated`", standard.kinds.name(kind)));
            Vec::new()
        }
        Some(answers) => {
            answers.into_iter().map(|answer| Tally { kind, values: Some((answer, answer)), conditions: conditions.clone() }).collect()
        }
        None => vec![Tally { kind, values: limit, conditions }],
    }
}

fn conditions(entry: &Table<'_>, standard: &Standard) -> Vec<(usize, Vec<String>)> {
    let Some(table) = entry.table("where") else { return Vec::new() };
    let mut conditions = Vec::new();
    for (name, value) in table.entries() {
        let Some(place) = standard.schema.dimensions.iter().position(|dimension| dimension == name) else {
            value.problem(format!("`{name}` is not a dimension; declared are: {}", standard.schema.dimensions.join(", ")));
            continue;
        };
        let wanted = match value.as_str() {
            Some(one) => vec![one],
            None => value.strings().unwrap_or_default(),
        };
        conditions.push((place, wanted.into_iter().map(str::to_owned).collect()));
    }
    conditions.sort();
    conditions
}

/// Whether a place in a formula takes this kind of fact; a problem if not.
fn suits(entry: &Value<'_>, kind: FactKind, takes: Takes, standard: &Standard) -> bool {
    let measure = standard.kinds.measure(kind);
    let name = standard.kinds.name(kind);
    let what = match takes {
        Takes::Moments if measure == Measure::Standing => "stands for a while; count facts that happen at a moment here",
        Takes::Durations if measure != Measure::Duration => "has no duration",
        Takes::Answers if measure != Measure::Answer => "is no answer of a customer; `survey.rated` is",
        Takes::Standing if measure != Measure::Standing => "happens at a moment; a level counts what stands now, as `call.waiting` does",
        _ => return true,
    };
    entry.problem(format!("`{name}` {what}"));
    false
}
