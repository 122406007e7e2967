//! `[commitment.NAME]`: a promise with a clock.

mod deadline;

use super::fact_lists::find_fact;
use crate::domain::events::event::Symbol;
use crate::domain::facts::catalog::{FactKind, FactMeasure};
use crate::domain::facts::commitment_clock::PauseEffect;
use crate::domain::standard::{
    Commitment, CommitmentTerms, CommitmentWarning, PauseTerms, ReopeningEffect, Standard,
    WarningTime,
};
use crate::domain::time::timestamp::Timestamp;
use crate::standard_file::check_name;
use crate::toml_document::{TomlTable, TomlValue};

/// Adds the commitment to the standard, as far as it can be understood.
pub(super) fn read_commitment(name: &str, value: &TomlValue<'_>, standard: &mut Standard) {
    check_name(value, name);
    let Some(table) = value.require_table() else { return };
    let from = read_clock_end(&table, "from", standard);
    let until = read_clock_end(&table, "until", standard);
    let terms = read_terms(&table, standard);
    table.report_unknown_keys();
    let (Some(from), Some(until)) = (from, until) else { return };
    let family = standard.kinds.family(from);
    for (key, kind) in
        std::iter::once(("until", until)).chain(terms.void.iter().map(|kind| ("void", *kind)))
    {
        if standard.kinds.family(kind) != family {
            let (one, other) = (standard.kinds.name(from), standard.kinds.name(kind));
            table.report_problem(key, format!("`{other}` is not a fact of the same cases as `{one}`; a commitment is on one family"));
        }
    }
    if terms.choices.is_empty() {
        return;
    }
    if standard.kinds.find_kind(&format!("{name}.kept")).is_some() {
        value.report_problem(format!("the facts of `{name}` exist already; choose another name"));
        return;
    }
    let facts = standard.kinds.add_commitment(name, family);
    standard.commitments.push(Commitment {
        name: name.to_owned(),
        family,
        from,
        until,
        terms: vec![terms],
        first_fact: facts,
    });
}

fn read_clock_end(table: &TomlTable<'_>, key: &str, standard: &Standard) -> Option<FactKind> {
    let value = table.required_value(key, "a fact, as in \"repair.opened\"")?;
    let kind = find_fact(&value, standard)?;
    if standard.kinds.fact_measure(kind) == FactMeasure::CurrentState {
        value.report_problem(format!(
            "`{}` stands for a while; a clock needs a fact that happens at a moment",
            standard.kinds.name(kind)
        ));
        return None;
    }
    Some(kind)
}

fn read_terms(table: &TomlTable<'_>, standard: &Standard) -> CommitmentTerms {
    let void = table.value("void").and_then(|value| value.require_array()).unwrap_or_default();
    let reopening = [
        ("first", ReopeningEffect::FirstVerdict),
        ("resumes", ReopeningEffect::Resumes),
        ("restarts", ReopeningEffect::Restarts),
    ];
    CommitmentTerms {
        since: Timestamp(i64::MIN),
        choices: deadline::read_deadline_choices(table, standard),
        void: void.iter().filter_map(|value| find_fact(value, standard)).collect(),
        excused_by: read_symbols(table, "excused_by"),
        pauses: read_pauses(table),
        reopening: table
            .optional_choice("reopening", &reopening)
            .unwrap_or(ReopeningEffect::FirstVerdict),
        by_first_attributes: table
            .optional_choice("chosen_by", &[("now", false), ("first", true)])
            .unwrap_or(false),
        warnings: read_warnings(table),
        due_soon_ms: table.optional_duration("due_soon"),
    }
}

fn read_symbols(table: &TomlTable<'_>, key: &str) -> Vec<Symbol> {
    table.optional_strings(key).unwrap_or_default().into_iter().map(Symbol::from_text).collect()
}

/// `pauses = "excused"`, or a list of `{ reason = [..], liable = [..], clock = "excused" }` of which the first that fits holds.
fn read_pauses(table: &TomlTable<'_>) -> Vec<PauseTerms> {
    let does = [
        ("excused", PauseEffect::Excused),
        ("counted", PauseEffect::Counted),
        ("ignored", PauseEffect::Ignored),
    ];
    let Some(value) = table.value("pauses") else { return Vec::new() };
    if value.as_str().is_some() {
        return value
            .require_choice(&does)
            .map(|does| PauseTerms { reasons: Vec::new(), liable: Vec::new(), effect: does })
            .into_iter()
            .collect();
    }
    let mut pauses = Vec::new();
    for entry in value.require_array().unwrap_or_default() {
        let Some(pause) = entry.require_table() else { continue };
        let (reasons, liable) = (read_symbols(&pause, "reason"), read_symbols(&pause, "liable"));
        let does = pause
            .required_value("clock", "what the pause does: \"excused\", \"counted\" or \"ignored\"")
            .and_then(|value| value.require_choice(&does));
        pause.report_unknown_keys();
        pauses.extend(does.map(|does| PauseTerms { reasons, liable, effect: does }));
    }
    pauses
}

/// `warn = ["50%", "2h"]`: when so much of the time allowed is gone, or so long before the deadline.
fn read_warnings(table: &TomlTable<'_>) -> Vec<CommitmentWarning> {
    let mut warnings = Vec::new();
    for value in table.value("warn").and_then(|value| value.require_array()).unwrap_or_default() {
        let Some(text) = value.require_string() else { continue };
        let at = match text.strip_suffix('%') {
            Some(percent) => match percent.parse() {
                Ok(percent @ 1..=99) => Some(WarningTime::Percent(percent)),
                _ => {
                    value.report_problem(format!(
                        "`{text}` is no warning: write 1% to 99% of the time allowed, or a duration before the deadline"
                    ));
                    None
                }
            },
            None => value.require_duration().map(WarningTime::Before),
        };
        warnings.extend(at.map(|at| CommitmentWarning { label: Symbol::from_text(text), at }));
    }
    warnings
}
