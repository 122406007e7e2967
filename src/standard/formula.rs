//! Lists of facts in formulas: a fact's name, or a table that limits which of them count.

use crate::document::{Table, Value, nearest};
use crate::domain::event::Word;
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
        return kind.map(|kind| Tally { kind, values: None, words: Vec::new(), conditions: Vec::new() }).into_iter().collect();
    };
    let kind = table.required("fact", "the name of a fact, as in \"call.answered\"").and_then(|value| fact(&value, standard));
    let kind = kind.filter(|kind| suits(entry, *kind, takes, standard));
    // A duration that nobody knows lies below every limit: it never counts as in time, nor as late.
    let limits = [
        table.duration("within").map(|millis| (i64::MIN + 1, millis)),
        table.duration("below").map(|millis| (i64::MIN + 1, millis - 1)),
        table.duration("beyond").map(|millis| (millis + 1, i64::MAX)),
        table.duration("from").map(|millis| (millis, i64::MAX)),
    ];
    let answers: Option<Vec<i64>> =
        table.value("answers").and_then(|value| value.array()).map(|list| list.iter().filter_map(Value::integer).collect());
    let words = words(&table, kind, standard);
    let conditions = conditions(&table, standard);
    table.finish();
    let Some(kind) = kind else { return Vec::new() };
    let measure = standard.kinds.measure(kind);
    let mut limits = limits.into_iter().flatten();
    let limit = limits.next();
    if limits.next().is_some() {
        entry.problem("one limit is enough: `within` (<=), `below` (<), `beyond` (>) or `from` (>=)");
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
            let tally = |answer| Tally { kind, values: Some((answer, answer)), words: words.clone(), conditions: conditions.clone() };
            answers.into_iter().map(tally).collect()
        }
        None => vec![Tally { kind, values: limit, words, conditions }],
    }
}

/// The fields that limit facts to those with certain words.
const WORDS: [&str; 7] = ["reason", "to", "resolved", "level", "satisfied", "at", "liable"];

/// `reason = ["full"]`, `resolved = true`: the words of which the fact must have one.
fn words(table: &Table<'_>, kind: Option<FactKind>, standard: &Standard) -> Vec<Word> {
    let own = kind.and_then(|kind| standard.kinds.word(kind));
    let mut words = Vec::new();
    for name in WORDS {
        let Some(value) = table.value(name) else { continue };
        if let (Some(kind), true) = (kind, own != Some(name)) {
            let fact = standard.kinds.name(kind);
            let instead = own.map_or_else(|| "it takes no words".to_owned(), |own| format!("it takes `{own}`"));
            value.problem(format!("`{fact}` cannot be limited by `{name}`; {instead}"));
            continue;
        }
        let texts = match (value.as_bool(), value.as_str()) {
            (Some(yes), _) => vec![if yes { "true" } else { "false" }],
            (_, Some(one)) => vec![one],
            _ => value.strings().unwrap_or_default(),
        };
        words.extend(texts.into_iter().map(Word::of));
    }
    words.sort_unstable();
    words.dedup();
    words
}

pub(super) fn conditions(entry: &Table<'_>, standard: &Standard) -> Vec<(usize, Vec<String>)> {
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
