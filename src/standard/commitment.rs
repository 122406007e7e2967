//! `[commitment.NAME]`: a promise with a clock.

mod deadline;

use super::check_name;
use super::formula::fact;
use crate::document::{Table, Value};
use crate::domain::event::Word;
use crate::domain::fact::clock::PauseDoes;
use crate::domain::fact::{FactKind, Measure};
use crate::domain::standard::{Commitment, Pause, Reopening, Standard, Terms, WarnAt, Warning};
use crate::domain::time::Timestamp;

/// Adds the commitment to the standard, as far as it can be understood.
pub(super) fn read(name: &str, value: &Value<'_>, standard: &mut Standard) {
    check_name(value, name);
    let Some(table) = value.table() else { return };
    let from = end(&table, "from", standard);
    let until = end(&table, "until", standard);
    let terms = terms(&table, standard);
    table.finish();
    let (Some(from), Some(until)) = (from, until) else { return };
    let family = standard.kinds.family(from);
    for (key, kind) in std::iter::once(("until", until)).chain(terms.void.iter().map(|kind| ("void", *kind))) {
        if standard.kinds.family(kind) != family {
            let (one, other) = (standard.kinds.name(from), standard.kinds.name(kind));
            table.problem(key, format!("`{other}` is not a fact of the same cases as `{one}`; a commitment is on one family"));
        }
    }
    if terms.choices.is_empty() {
        return;
    }
    if standard.kinds.find(&format!("{name}.kept")).is_some() {
        value.problem(format!("the facts of `{name}` exist already; choose another name"));
        return;
    }
    let facts = standard.kinds.add_commitment(name, family);
    standard.commitments.push(Commitment { name: name.to_owned(), family, from, until, terms: vec![terms], facts });
}

fn end(table: &Table<'_>, key: &str, standard: &Standard) -> Option<FactKind> {
    let value = table.required(key, "a fact, as in \"repair.opened\"")?;
    let kind = fact(&value, standard)?;
    if standard.kinds.measure(kind) == Measure::Standing {
        value.problem(format!("`{}` stands for a while; a clock needs a fact that happens at a moment", standard.kinds.name(kind)));
        return None;
    }
    Some(kind)
}

fn terms(table: &Table<'_>, standard: &Standard) -> Terms {
    let void = table.value("void").and_then(|value| value.array()).unwrap_or_default();
    let reopening = [("first", Reopening::First), ("resumes", Reopening::Resumes), ("restarts", Reopening::Restarts)];
    Terms {
        since: Timestamp(i64::MIN),
        choices: deadline::choices(table, standard),
        void: void.iter().filter_map(|value| fact(value, standard)).collect(),
        excused_by: words(table, "excused_by"),
        pauses: pauses(table),
        reopening: table.choice("reopening", &reopening).unwrap_or(Reopening::First),
        by_first_attributes: table.choice("chosen_by", &[("now", false), ("first", true)]).unwrap_or(false),
        warnings: warnings(table),
        due_soon_ms: table.duration("due_soon"),
    }
}

fn words(table: &Table<'_>, key: &str) -> Vec<Word> {
    table.strings(key).unwrap_or_default().into_iter().map(Word::of).collect()
}

/// `pauses = "excused"`, or a list of `{ reason = [..], liable = [..], clock = "excused" }` of which the first that fits holds.
fn pauses(table: &Table<'_>) -> Vec<Pause> {
    let does = [("excused", PauseDoes::Excused), ("counted", PauseDoes::Counted), ("ignored", PauseDoes::Ignored)];
    let Some(value) = table.value("pauses") else { return Vec::new() };
    if value.as_str().is_some() {
        return value.choice(&does).map(|does| Pause { reasons: Vec::new(), liable: Vec::new(), does }).into_iter().collect();
    }
    let mut pauses = Vec::new();
    for entry in value.array().unwrap_or_default() {
        let Some(pause) = entry.table() else { continue };
        let (reasons, liable) = (words(&pause, "reason"), words(&pause, "liable"));
        let does =
            pause.required("clock", "what the pause does: \"excused\", \"counted\" or \"ignored\"").and_then(|value| value.choice(&does));
        pause.finish();
        pauses.extend(does.map(|does| Pause { reasons, liable, does }));
    }
    pauses
}

/// `warn = ["50%", "2h"]`: when so much of the time allowed is gone, or so long before the deadline.
fn warnings(table: &Table<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for value in table.value("warn").and_then(|value| value.array()).unwrap_or_default() {
        let Some(text) = value.string() else { continue };
        let at = match text.strip_suffix('%') {
            Some(percent) => match percent.parse() {
                Ok(percent @ 1..=99) => Some(WarnAt::Percent(percent)),
                _ => {
                    value
                        .problem(format!("`{text}` is no warning: write 1% to 99% of the time allowed, or a duration before the deadline"));
                    None
                }
            },
            None => value.duration().map(WarnAt::Before),
        };
        warnings.extend(at.map(|at| Warning { word: Word::of(text), at }));
    }
    warnings
}
